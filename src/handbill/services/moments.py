"""Turns the words for a time into the time of a post: a moment, an offset from a date of its
review, or the next free slot of its account."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from handbill.domain import offsets
from handbill.domain.durations import parse_duration
from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.when import Moment, parse
from handbill.domain.zones import Fold, fold_named, show, zone
from handbill.errors import InputProblem
from handbill.inputs import TimeIn
from handbill.models import Account, Review
from handbill.services import anchors, slotting
from handbill.services.desk import Desk
from handbill.services.guessing import guess
from handbill.store.posts import Timing

#: Asks a person whether a guessed time is the one that was meant.
Confirm = Callable[[str, Moment], bool]

NOW, SLOT = "now", "slot"


@dataclass(frozen=True)
class About:
    """What a post is about, and as what: its time may hang on that."""

    review: Review | None = None
    kind: Kind = Kind.REVIEW
    #: Slots that other posts of the same batch have taken.
    taken: Collection[datetime] = ()


@dataclass(frozen=True)
class Due:
    """The time of a post, and what it hangs on, if it does."""

    timing: Timing
    anchor: str | None = None


def when(desk: Desk, account: Account, asked: TimeIn, about: About, confirm: Confirm) -> Due:
    """Resolve the words for a time. Raises InputProblem for the past, a gap, an unmade choice, and
    for an offset from what is not known."""
    now, where = desk.clock(), zone(asked.zone or account.zone)
    moment, anchor = _found(desk, account, asked, about, where) or (None, None)
    if moment is None:
        moment = _plain(asked, now, where, confirm)
    if moment.at < now:
        raise InputProblem(
            f"{show(moment.at, where)} is past; it is {show(now, where)}.",
            "Give a later time, or --now.",
        )
    return Due(timing(account, moment, asked.no_later_than), anchor)


def timing(account: Account, moment: Moment, limit: str | None) -> Timing:
    """A moment with the last instant allowed."""
    late = account.lateness_limit if limit is None else parse_duration(limit)
    try:
        return Timing(moment.at, moment.wall, moment.zone, moment.at + late)
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give an earlier time.") from None


def _found(
    desk: Desk, account: Account, asked: TimeIn, about: About, where: ZoneInfo
) -> tuple[Moment, str | None] | None:
    """A slot, or an offset; None for any other words."""
    text, now = (asked.at or "").strip(), desk.clock()
    if text.lower() == SLOT:
        return slotting.next_free(desk, account, _earliest(desk, about, now), about.taken), None
    offset = offsets.parse(text)
    if offset is None:
        return None
    if about.review is None:
        raise InputProblem(
            f"'{text}' hangs on a date of a review.", "Say which one: --review REVIEW"
        )
    fold = fold_named(asked.fold) or Fold.LATER
    known = anchors.of(desk, about.review)
    return offsets.resolve(offset, known, where, now, fold), str(offset)


def _earliest(desk: Desk, about: About, now: datetime) -> datetime:
    """From when on a post may have a slot: after the embargo that holds it."""
    if about.review is None:
        return now
    holds = [Hold(e.kind, e.until, e.zone) for e in anchors.in_force(desk, about.review)]
    held = holding(holds, about.kind)
    return max(now, held.until) if held else now


def _plain(asked: TimeIn, now: datetime, where: ZoneInfo, confirm: Confirm) -> Moment:
    text = (asked.at or "").strip()
    if text.lower() == NOW:  # this very moment, not the next whole second
        return replace(Moment.of(now, where), at=now)
    fold = fold_named(asked.fold)
    exact = parse(text, now, where, fold)
    if exact is not None:
        return exact
    guessed = guess(text, now, where, fold)
    if guessed is not None and confirm(text, guessed):
        return guessed
    reading = f" Handbill would read {show(guessed.at, where)}." if guessed else ""
    raise InputProblem(
        f"'{text}' is not a time that Handbill is sure of.{reading}",
        "Write 2026-11-27 18:30, fri 18:30, tomorrow 9am, +2h or now"
        + (", or add --yes." if guessed else "."),
    )

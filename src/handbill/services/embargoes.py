"""Sets, moves and lifts embargoes, and refuses at the door what would leave before one lifts.

What is refused here would be held by the store all the same; a person should know at once.
"""

import getpass
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.lifecycle import Status
from handbill.domain.text.quotes import contains
from handbill.domain.text.sentences import sentences
from handbill.domain.when import Moment, parse
from handbill.domain.zones import Fold, show, zone
from handbill.errors import InputProblem, NotFound
from handbill.inputs import TimeIn
from handbill.models import Account, Embargo, Review
from handbill.services import anchors, retiming, works
from handbill.services.desk import Desk
from handbill.services.retiming import WAITING, Moving
from handbill.store import embargoes, listings, reviews
from handbill.store.embargoes import Said, Told, Which
from handbill.store.listings import Entry

#: What stands for the end of an embargo in offsets.
NAMES = ("embargo", "reaction-embargo")


@dataclass(frozen=True)
class Effect:
    """What becomes of the posts about a review when an embargo on it changes."""

    #: Posts that hang on it, with the times that they would have.
    follow: Sequence[Moving]
    #: Posts that are due before it lifts, with the lift as their time.
    held: Sequence[Moving]
    #: Posts that are out, in doubt, or in a worker's hands: for them it may be too late.
    gone: Sequence[Entry]
    #: Posts that are due and may leave at once.
    free: Sequence[Entry]
    #: Posts that hang on it and cannot follow: they keep their time, each with the reason.
    loose: Sequence[tuple[Entry, str]] = ()

    @property
    def moves(self) -> list[Moving]:
        """All that can get a new time."""
        return [*self.follow, *self.held]


@dataclass(frozen=True)
class Change:
    """An embargo as it would be."""

    review: Review
    kind: Kind
    lifts: Moment
    before: Embargo | None
    effect: Effect

    @property
    def loosens(self) -> bool:
        """Whether an embargo in force would lift earlier than it does."""
        was = self.before
        return was is not None and was.lifted_at is None and self.lifts.at < was.until


def listing(desk: Desk, slug: str) -> tuple[Review, Sequence[Embargo]]:
    """A review and all its embargoes, in force or not. Raises NotFound."""
    review = reviews.named(desk.engine, slug)
    return review, embargoes.of_review(desk.engine, review.id or 0)


def plan(desk: Desk, slug: str, kind: Kind, asked: TimeIn) -> Change:
    """What setting an embargo would do; nothing is changed yet.

    Of an hour that the clocks show twice the later one is meant. Raises InputProblem for a time
    that they skip, that is past, or that cannot be read.
    """
    review, known = listing(desk, slug)
    now, where = desk.clock(), zone(asked.zone or "UTC")
    moment = parse((asked.at or "").strip(), now, where, Fold.LATER)
    if moment is None:
        raise InputProblem(
            f"'{(asked.at or '')[:40]}' is not a time that Handbill is sure of.",
            "Write 2026-11-27 18:30 with --zone America/New_York, or 2026-11-27T18:30-05:00.",
        )
    if moment.at <= now:
        raise InputProblem(
            f"{show(moment.at, where)} is past; it is {show(now, where)}.",
            f"Give a later time. One that is in force ends by: {_lifting(review, kind)}",
        )
    before = next((one for one in known if one.kind is kind), None)
    holds = _with(desk, review, Hold(kind, moment.at, moment.zone))
    effect = _effect(desk, review, holds, now)
    return Change(review, kind, moment, before, effect)


def _lifting(review: Review, kind: Kind) -> str:
    return f"handbill review embargo lift {review.slug} --kind {kind} --yes-i-may"


def _with(desk: Desk, review: Review, new: Hold) -> list[Hold]:
    """The review's embargoes with this one among them."""
    others = embargoes.holds(desk.engine, review.id or 0)
    return [*(one for one in others if one.kind is not new.kind), new]


def _effect(desk: Desk, review: Review, holds: Sequence[Hold], now: datetime) -> Effect:
    entries = listings.about(desk.engine, [review.id or 0])
    known = anchors.of(desk, review) | works.ends_of(holds)
    follow, loose = _following(entries, lambda _review: known, now)
    moved = {moving.entry.post.id for moving in follow}
    held, free = [], []
    for entry in entries:
        post, lift = entry.post, holding(holds, entry.post.kind)
        if post.id in moved or post.status not in WAITING or post.due_at is None or lift is None:
            continue
        if post.due_at < lift.until and lift.until > now:
            there = Moment.of(lift.until, zone(post.zone))
            held.append(Moving(entry, retiming.at(entry, there)))
        elif post.due_at <= now and post.status is Status.QUEUED:
            free.append(entry)
    gone = [entry for entry in entries if entry.post.status in retiming.GONE]
    moved |= {moving.entry.post.id for moving in held}
    loose = [(entry, why) for entry, why in loose if entry.post.id not in moved]
    return Effect(follow, held, gone, free, loose)


def _following(
    entries: Sequence[Entry], anchors: Callable[[Review], retiming.Known], now: datetime
) -> tuple[list[Moving], list[tuple[Entry, str]]]:
    """Posts that hang on an embargo and can follow it; one that cannot keeps its time."""
    diff = retiming.each(entries, NAMES, anchors, now)
    return diff.moves, diff.loose


def keep(desk: Desk, change: Change, *, move: bool) -> Told:
    """Set the embargo as planned, and if so wished move the posts."""
    which = Which(change.review.id or 0, change.kind)
    moves = [moving.move for moving in change.effect.moves] if move else []
    return embargoes.put(desk.engine, which, change.lifts, moves, Said(desk.clock(), _who()))


def _who() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # in a container a user need not have a name
        return "a person"


# Lifting early


@dataclass(frozen=True)
class Lifting:
    """An embargo in force that a person wants to end, and what would become due."""

    review: Review
    embargo: Embargo
    effect: Effect


def plan_lift(desk: Desk, slug: str, kind: Kind | None) -> Lifting:
    """What lifting an embargo early would do; nothing is changed yet.

    Raises NotFound when none is in force, and InputProblem when it is not clear which is meant.
    """
    review, known = listing(desk, slug)
    now = desk.clock()
    wanted = [one for one in known if one.lifted_at is None and one.until > now]
    wanted = [one for one in wanted if kind in (None, one.kind)]
    if not wanted:
        raise NotFound(
            f"No embargo on {slug} is in force.", f"See: handbill review embargo list {slug}"
        )
    if len(wanted) > 1:
        raise InputProblem(f"{slug} has two embargoes in force.", "Say which: --kind reaction.")
    (embargo,) = wanted
    holds = _with(desk, review, Hold(embargo.kind, now, embargo.zone))
    return Lifting(review, embargo, _effect(desk, review, holds, now))


def lift(desk: Desk, lifting: Lifting, why: str) -> Told:
    """End an embargo before its time; what hangs on it moves with it. Raises TooLate."""
    which = Which(lifting.review.id or 0, lifting.embargo.kind)
    moves = [moving.move for moving in lifting.effect.follow]
    return embargoes.lift(desk.engine, which, moves, Said(desk.clock(), _who(), why))


# At the door


def refuse_early(
    desk: Desk, account: Account, review: Review | None, kind: Kind, due: datetime | None
) -> None:
    """Raise InputProblem for a post that would be due before the embargo that holds it lifts."""
    if review is None or due is None:
        return
    hold = holding(embargoes.holds(desk.engine, review.id or 0), kind)
    if hold is None or due >= hold.until or hold.until <= desk.clock():
        return
    here, there = zone(account.zone), zone(hold.zone)
    also = "" if here.key == there.key else f", that is {show(hold.until, here)}"
    name = "embargo" if kind is Kind.REVIEW else "reaction-embargo"
    raise InputProblem(
        f"{review.slug} is under embargo until {show(hold.until, there)}{also}; "
        f"{show(due, here)} is before that.",
        f"Give a later time: --at {name}+0, or any after the lift.",
    )


#: So much of a review is looked through for what a reaction must not say yet, in characters; and a
#: sentence must be so long to be the review's own.
_LOOKED_THROUGH, _OWN = 120_000, 25


def refuse_giving_away(
    desk: Desk, review: Review | None, kind: Kind, texts: Sequence[str], quote: str | None = None
) -> None:
    """Raise InputProblem for a first reaction that leads to the review or quotes it, and for a post
    about nothing that leads to a review under embargo."""
    if review is None:
        return _refuse_unattached(desk, texts)
    if kind is not Kind.REACTION:
        return None
    if any(_leads_to(review.link, text) for text in texts):
        raise InputProblem(
            f"A first reaction may not contain the link of {review.slug}.",
            "Leave the link away, or queue it as a teaser of the review: --kind review.",
        )
    text = " ".join(review.text[:_LOOKED_THROUGH].split())  # lines may be cut anywhere
    own = [text[one.start : one.end] for one in sentences(text)]
    if quote or any(contains(t, one) for t in texts for one in own if len(one) >= _OWN):
        raise InputProblem(
            f"A first reaction may not quote {review.slug}: that is the review itself.",
            "Say it in other words, or queue it as a teaser of the review: --kind review.",
        )
    return None


def _leads_to(link: str | None, text: str) -> bool:
    plain = (link or "").split("://")[-1].rstrip("/").casefold()
    return bool(plain) and plain in text.casefold()


def _refuse_unattached(desk: Desk, texts: Sequence[str]) -> None:
    for review in embargoes.reviews_held(desk.engine, desk.clock()):
        if any(_leads_to(review.link, text) for text in texts):
            raise InputProblem(
                f"This has the link of {review.slug}, which is under embargo.",
                f"Queue it for that review, and it waits: --review {review.slug} --at embargo+0",
            )

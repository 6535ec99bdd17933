"""Finds the new times of posts that hang on something which moves: a release date, an embargo."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handbill.domain import offsets, plans
from handbill.domain.lifecycle import Status
from handbill.domain.offsets import Anchor
from handbill.domain.when import Moment
from handbill.domain.zones import show, zone
from handbill.errors import InputProblem
from handbill.models import Review
from handbill.store.listings import Entry
from handbill.store.posts import Move, Timing

#: What each name stands for, for posts about one review.
Known = Mapping[str, Anchor]

WAITING = (Status.DRAFT, Status.QUEUED)
GONE = (Status.PUBLISHING, Status.IN_DOUBT, Status.PUBLISHED)


@dataclass(frozen=True)
class Moving:
    """A post and the time that it would have."""

    entry: Entry
    timing: Timing

    @property
    def move(self) -> Move:
        """As the store makes it."""
        post = self.entry.post
        return Move(post.id or 0, post.revision, self.timing)


@dataclass
class Diff:
    """What would become of the posts that hang on something, if it moved."""

    moves: list[Moving] = field(default_factory=list)
    #: Those that are out, in doubt or under way: they stay.
    stay: list[Entry] = field(default_factory=list)
    #: Those that lose what they hang on: they keep their time, each with the reason.
    loose: list[tuple[Entry, str]] = field(default_factory=list)
    #: Numbers of all waiting posts that hang on it, moved or not.
    shown: list[int] = field(default_factory=list)


def compare(
    entries: Sequence[Entry],
    names: Collection[str],
    anchors: Callable[[Review], Known],
    now: datetime,
) -> Diff:
    """What moves when the anchors of these names do. Raises InputProblem for a queued post whose
    new time is past, or is one that its clocks skip."""
    found = Diff()
    for entry in entries:
        post, review = entry.post, entry.review
        if review is None or plans.anchor_of(post.anchor) not in names:
            continue
        if post.status not in (*WAITING, *GONE):
            continue
        if post.status in WAITING:
            found.shown.append(post.id or 0)
        offset = offsets.parse(post.anchor or "")
        if offset is None:
            if post.status in WAITING:
                found.loose.append((entry, _has_a_slot(entry)))
            continue
        known = anchors(review)
        try:
            moment = offsets.resolve(offset, known, zone(post.zone), now)
        except InputProblem as problem:
            if post.status in GONE:
                continue
            if not _is_known(offset.anchor, known):
                found.loose.append((entry, problem.says))
                continue
            raise InputProblem(f"Post #{post.id}: {problem.says}", problem.cure) from None
        if moment.at == post.due_at:
            continue
        if post.status in GONE:
            found.stay.append(entry)
            continue
        _refuse_past(entry, moment, now)
        found.moves.append(Moving(entry, at(entry, moment)))
    return found


def each(
    entries: Sequence[Entry],
    names: Collection[str],
    anchors: Callable[[Review], Known],
    now: datetime,
) -> Diff:
    """`compare`, but a post that cannot move keeps its time and holds up no other."""
    found = Diff()
    for entry in entries:
        try:
            one = compare([entry], names, anchors, now)
        except InputProblem as problem:
            one = Diff(loose=[(entry, problem.says)], shown=[entry.post.id or 0])
        found.moves += one.moves
        found.stay += one.stay
        found.loose += one.loose
        found.shown += one.shown
    return found


def _has_a_slot(entry: Entry) -> str:
    number = entry.post.id
    return (
        "It has a slot, which was chosen by that. Apply its plan again, or give it a time: "
        f"handbill queue reschedule {number} --at WHEN"
    )


def _is_known(name: str, anchors: Mapping[str, Anchor]) -> bool:
    return name in anchors or (name == "release" and any(n in anchors for n in offsets.RELEASES))


def _refuse_past(entry: Entry, moment: Moment, now: datetime) -> None:
    if entry.post.status is Status.QUEUED and moment.at < now:
        raise InputProblem(
            f"Post #{entry.post.id} ({entry.post.anchor}) would be due "
            f"{show(moment.at, zone(moment.zone))}, which is past.",
            f"First give it a time of its own (handbill queue reschedule {entry.post.id} --at WHEN)"
            f", or give it up: handbill queue cancel {entry.post.id}",
        )


def at(entry: Entry, moment: Moment) -> Timing:
    """A post's time at that moment; its limit keeps its length."""
    post, limit = entry.post, entry.account.lateness_limit
    if post.no_later_than and post.due_at:
        limit = post.no_later_than - post.due_at
    try:
        return Timing(moment.at, moment.wall, moment.zone, moment.at + limit)
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give an earlier time.") from None

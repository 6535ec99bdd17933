"""When the posts of a plan are due: its offsets and slots, on the clocks of each account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handbill.domain import offsets, plans, slots
from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.offsets import Anchor
from handbill.domain.plans import Turn, When
from handbill.domain.when import Moment
from handbill.domain.zones import show, zone
from handbill.errors import InputProblem
from handbill.models import Account, Review
from handbill.services import anchors, slotting
from handbill.services.desk import Desk
from handbill.store.listings import Entry


@dataclass(frozen=True)
class Dates:
    """What the times of a review's posts hang on, as known now."""

    now: datetime
    anchors: Mapping[str, Anchor]
    holds: Sequence[Hold]
    #: The review; and once more, if it names no work and so has none of its dates.
    slug: str = ""
    workless: str | None = None


@dataclass(frozen=True)
class Found:
    """A time, what it hangs on, and what a person should know about it."""

    moment: Moment
    anchor: str | None
    remarks: Sequence[str] = ()


def dates(desk: Desk, review: Review) -> Dates:
    """The dates of a review."""
    held = [Hold(one.kind, one.until, one.zone) for one in anchors.in_force(desk, review)]
    workless = review.slug if review.work_id is None else None
    return Dates(desk.clock(), anchors.of(desk, review), held, review.slug, workless)


def find(
    account: Account, turn: Turn, known: Dates, made: Entry | None, taken: Collection[datetime]
) -> Found:
    """When a turn of a plan is due. A time that a person set on the post stays; so does a slot
    that still serves. Raises InputProblem: no anchor is known, no slots, a skipped hour."""
    if made is not None and made.post.anchor is None and (kept := as_kept(made)) is not None:
        return Found(kept, None, ["Its time was set by hand."])
    why: list[InputProblem] = []
    for when in turn.when:
        try:
            return _at(account, turn, when, known, (made, taken))
        except InputProblem as problem:
            why.append(problem)
    raise _together(why, known)


def _together(why: Sequence[InputProblem], known: Dates) -> InputProblem:
    """One problem of several: any of the ways out will do."""
    cures = list(dict.fromkeys(problem.cure for problem in why if problem.cure))
    words = "; or: ".join(cures).replace(" REVIEW", f" {known.slug}")
    return InputProblem(why[0].says, words)


def _at(
    account: Account,
    turn: Turn,
    when: When,
    known: Dates,
    before: tuple[Entry | None, Collection[datetime]],
) -> Found:
    where, (made, taken) = zone(account.zone), before
    if when.offset is not None:
        _refuse_workless(when.offset.anchor, known)
    if not when.slot and when.offset is not None:
        moment = offsets.resolve(when.offset, known.anchors, where, known.now)
        wall = datetime.fromisoformat(moment.wall)
        odd = plans.remarks_on_clock(wall, where) if when.offset.clock else []
        return Found(moment, str(when), odd)
    after = max(plans.base(when, known.anchors, where, known.now), known.now)
    if (hold := holding(known.holds, turn.step.kind)) is not None:
        after = max(after, hold.until)
    return Found(
        _same_slot(account, where, when, made, known, taken)
        or slotting.first_free(account, after, taken),
        str(when),
    )


def _refuse_workless(anchor: str, known: Dates) -> None:
    """Raise InputProblem for a date of a work where the review names none."""
    if known.workless and anchor not in known.anchors and anchor not in anchors.OF_REVIEWS:
        raise InputProblem(
            f"'{anchor}' is a date of the work, and the review names no work.",
            f"Name it: handbill review edit {known.workless} --work TITLE",
        )


def _same_slot(
    account: Account,
    where: ZoneInfo,
    when: When,
    made: Entry | None,
    known: Dates,
    taken: Collection[datetime],
) -> Moment | None:
    """The slot that the post has, if it still is one, free, ahead, and late enough."""
    kept = as_kept(made) if made else None
    if made is None or kept is None or made.post.anchor != str(when) or kept.at in taken:
        return None
    hold = holding(known.holds, made.post.kind)
    begins = plans.base(when, known.anchors, where, known.now) if when.offset else known.now
    earliest = max(begins, known.now, hold.until if hold else known.now)
    return kept if kept.at > earliest and slots.is_one(kept.at, account.slots, where) else None


def as_kept(entry: Entry) -> Moment | None:
    """The time of a post."""
    post = entry.post
    if post.due_at is None:
        return None
    return Moment.of(post.due_at, zone(post.zone))


def refuse_embargoed(moment: Moment, kind: Kind, known: Dates) -> None:
    """Raise InputProblem for a time before the embargo lifts."""
    hold = holding(known.holds, kind)
    if hold is not None and moment.at < hold.until:
        raise InputProblem(
            f"{show(moment.at, zone(moment.zone))} is before the embargo lifts: "
            f"{show(hold.until, zone(hold.zone))}.",
            "Choose a later time in the plan, such as embargo+0.",
        )


def refuse_past(moment: Moment, known: Dates) -> None:
    """Raise InputProblem for a time that is over."""
    if moment.at < known.now:
        where = zone(moment.zone)
        raise InputProblem(f"{show(moment.at, where)} is past; it is {show(known.now, where)}.")

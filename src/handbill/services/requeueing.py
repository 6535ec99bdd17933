"""Queues missed or failed posts again, spread over the time ahead, so that they do not flood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from handbill.domain.durations import parse_duration
from handbill.domain.lifecycle import LABELS, Status
from handbill.domain.when import Moment
from handbill.domain.zones import zone
from handbill.errors import InputProblem, NotFound
from handbill.inputs import TimeIn
from handbill.models import Account
from handbill.services import embargoes, moments, wording
from handbill.services.desk import Desk
from handbill.services.moments import About, Confirm
from handbill.services.pricing import Purse
from handbill.store import accounts, listings, posts
from handbill.store.listings import Entry
from handbill.store.posts import Timing

#: What can be queued again.
OVER = (Status.MISSED, Status.FAILED)


@dataclass(frozen=True)
class Turn:
    """A post and its new time."""

    entry: Entry
    timing: Timing


def named(desk: Desk, numbers: Sequence[int]) -> list[Entry]:
    """The posts of these numbers. Raises NotFound, or InputProblem for one that is not over."""
    entries = [listings.get(desk.engine, number) for number in sorted(set(numbers))]
    for entry in entries:
        if entry.post.status not in OVER:
            label = LABELS[entry.post.status].lower()
            raise InputProblem(
                f"Post #{entry.post.id} is neither missed nor failed; it is {label}.",
                f"See: handbill queue show {entry.post.id}",
            )
    return entries


def over(desk: Desk, statuses: Sequence[Status], account: str | None) -> list[Entry]:
    """All posts in these statuses. Raises NotFound when there are none."""
    if account:
        accounts.named(desk.engine, account)
    entries = listings.queue(desk.engine, statuses, account)
    if not entries:
        words = " or ".join(LABELS[status].lower() for status in statuses)
        where = f" on {account}" if account else ""
        raise NotFound(f"Nothing{where} is {words}.", "See: handbill status")
    return entries


def plan(
    desk: Desk, entries: Sequence[Entry], asked: TimeIn, every: str | None, confirm: Confirm
) -> list[Turn]:
    """A timetable: each account's first post at the time asked for, the others behind it, `every`
    so long, in their old order. Without a time it is soon; without a pace, the gap after an outage.

    Each keeps the length of its limit. Raises InputProblem for a time that cannot be.
    """
    pace = desk.gap if every is None else parse_duration(every)
    ordered = sorted(entries, key=lambda e: (e.account.name, e.post.due_at or e.post.created_at))
    turns: list[Turn] = []
    for _, some in groupby(ordered, key=lambda entry: entry.account.name):
        group = list(some)
        first = _first(desk, group[0].account, asked, confirm)
        turns += [
            Turn(entry, _timing(entry, first, turn * pace, asked.zone))
            for turn, entry in enumerate(group)
        ]
    for one in turns:
        _refuse_early(desk, one)
    return turns


def _first(desk: Desk, account: Account, asked: TimeIn, confirm: Confirm) -> datetime:
    now = desk.clock()
    if asked.at is None:
        return Moment.of(now + desk.gap, zone(asked.zone or account.zone)).at
    return moments.when(desk, account, asked, About(), confirm).timing.due_at


def _timing(entry: Entry, first: datetime, later: timedelta, place: str | None) -> Timing:
    post, where = entry.post, zone(place or entry.post.zone)
    limit = entry.account.lateness_limit
    if post.no_later_than and post.due_at:
        limit = post.no_later_than - post.due_at
    try:
        moment = Moment.of(first + later, where)
        due_at = moment.at if later else first  # "now" is this very moment, no whole second
        return Timing(due_at, moment.wall, where.key, due_at + limit)
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give an earlier time.") from None


def _refuse_early(desk: Desk, turn: Turn) -> None:
    entry = turn.entry
    try:
        due_at = turn.timing.due_at
        embargoes.refuse_early(desk, entry.account, entry.review, entry.post.kind, due_at)
    except InputProblem as problem:
        raise InputProblem(f"Post #{entry.post.id}: {problem.says}", problem.cure) from None


def requeue(desk: Desk, turns: Sequence[Turn]) -> list[Entry]:
    """Queue them again as planned, all or none. Raises TooLate when one has moved on meanwhile."""
    purse = Purse(desk)
    for turn in turns:
        wording.refuse_unfit(desk, turn.entry)
        purse.take(turn.entry.account, turn.entry.post.price, turn.timing.due_at)
    acts = {turn.entry.post.id or 0: posts.requeue(turn.timing) for turn in turns}
    posts.change_all(desk.engine, acts)
    return [listings.get(desk.engine, number) for number in acts]

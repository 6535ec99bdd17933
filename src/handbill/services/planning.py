"""Turns a plan and a review into posts: shown as a timetable first, then made in one transaction.

Applied again it changes what it made before and never makes a second post of a step. What is out,
in doubt, missed, failed or given up by a person stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handbill.domain import timetables
from handbill.domain.lifecycle import Status
from handbill.domain.plans import Plan, Turn
from handbill.domain.timetables import SETTLED, Change, Row
from handbill.errors import InputProblem, NotFound
from handbill.models import Account, Review
from handbill.services import composing, teasing, timing, wording
from handbill.services.composing import Quotes
from handbill.services.desk import Desk
from handbill.services.pricing import Purse
from handbill.services.timing import Dates
from handbill.store import accounts as logins
from handbill.store import anchors, listings, planning, posts, reviews
from handbill.store import slots as rows_of_slots
from handbill.store.anchors import Basis
from handbill.store.listings import Entry
from handbill.store.posts import Act, NewPost, Timing


@dataclass(frozen=True)
class Timetable:
    """What applying a plan to a review would do."""

    plan: Plan
    review: Review
    rows: Sequence[Row]
    accounts: Sequence[Account]
    #: What the plan has made so far, by number.
    made: dict[int, Entry]
    #: What its times were made of.
    basis: Basis


def propose(
    desk: Desk, plan: Plan, slug: str, names: Sequence[str] = (), quotes: Sequence[str] = ()
) -> Timetable:
    """The timetable of a plan for a review, on some accounts or on all.

    `quotes` are candidates for its texts, the best first; without any, the best of the review.
    Raises NotFound; InputProblem for a quote that is not word for word in the review.
    """
    review = reviews.named(desk.engine, slug)
    chosen = [logins.named(desk.engine, name) for name in dict.fromkeys(names)]
    chosen = chosen or list(logins.listing(desk.engine))
    if not chosen:
        raise NotFound("There are no accounts yet.", "handbill account add my_blog --network x")
    best = quotes or teasing.best(desk, review)
    checked = [composing.verbatim(review, quote) for quote in best]
    made = listings.of_plan(desk.engine, review.id or 0, plan.name)
    basis = anchors.basis(desk.engine, review)
    case = _Case(desk, plan, review, timing.dates(desk, review), checked)
    rows: list[Row] = []
    for number, account in enumerate(chosen):
        mine = [entry for entry in made if entry.account.id == account.id]
        rows += _Sheet(case, account, mine, number).rows()
    rows = _beside(_within_cap(desk, rows, chosen, made))
    by_number = {entry.post.id or 0: entry for entry in made}
    return Timetable(plan, review, rows, chosen, by_number, basis)


@dataclass(frozen=True)
class _Case:
    """What is the same for all accounts."""

    desk: Desk
    plan: Plan
    review: Review
    dates: Dates
    quotes: Sequence[str]


class _Sheet:
    """The rows of one account, made in the order of the plan: each takes its quote and its slot."""

    def __init__(self, case: "_Case", account: Account, made: Sequence[Entry], number: int) -> None:
        self._desk, self._plan, self._dates = case.desk, case.plan, case.dates
        self._account = account
        self._made = {entry.post.step or "": entry for entry in made}
        quotes = Quotes(case.review, case.quotes, made, number)
        self._writer = composing.Writer(case.desk, case.review, account, quotes)
        own = [entry.post.id or 0 for entry in made if entry.post.status not in SETTLED]
        since = case.dates.now - timetables.CLOSE
        taken = rows_of_slots.taken(case.desk.engine, account.id or 0, since, leaving_out=own)
        self._others, self._taken = set(taken), set(taken)

    def rows(self) -> list[Row]:
        turns = [
            turn
            for turn in self._plan.turns()
            if not turn.step.accounts or self._account.name in turn.step.accounts
        ]
        made = [self._row(turn) for turn in turns]
        names = {turn.name for turn in turns}
        return [*made, *(self._gone(name) for name in self._made if name not in names)]

    def _gone(self, name: str) -> Row:
        entry = self._made[name]
        change = SETTLED.get(entry.post.status, Change.GONE)
        remark = ["The plan has no such step any more."]
        return _kept(self._desk, entry, name, change, remark if change is Change.GONE else [])

    def _row(self, turn: Turn) -> Row:
        entry = self._made.get(turn.name)
        if entry is not None and entry.post.status in SETTLED:
            return _kept(self._desk, entry, turn.name, SETTLED[entry.post.status])
        try:
            found = timing.find(self._account, turn, self._dates, entry, self._taken)
            timing.refuse_embargoed(found.moment, turn.step.kind, self._dates)
            written = self._writer.write(turn, entry)
            if entry is None or entry.post.due_at != found.moment.at:
                timing.refuse_past(found.moment, self._dates)
        except InputProblem as problem:
            return self._skipped(turn, entry, problem)
        self._taken.add(found.moment.at)
        close = timetables.too_close(
            found.moment.at, self._others, self._desk.gap, self._account.name
        )
        self._others.add(found.moment.at)
        row = Row(
            account=self._account.name,
            step=turn.name,
            change=Change.NEW,
            turn=turn,
            anchor=found.anchor,
            moment=found.moment,
            written=written,
            remarks=[*found.remarks, *close],
        )
        return row if entry is None else _compared(row, entry)

    def _skipped(self, turn: Turn, entry: Entry | None, why: InputProblem) -> Row:
        if entry is None:
            return Row(self._account.name, turn.name, Change.SKIPPED, turn, remarks=[str(why)])
        return _kept(self._desk, entry, turn.name, Change.SAME, [f"It stays as it was made. {why}"])


def _kept(desk: Desk, entry: Entry, name: str, change: Change, remarks: Sequence[str] = ()) -> Row:
    """The row of a post that stays as it is."""
    return Row(
        account=entry.account.name,
        step=name,
        change=change,
        moment=timing.as_kept(entry),
        written=composing.as_kept(desk, entry),
        post=entry.post.id,
        remarks=remarks,
    )


def _compared(row: Row, entry: Entry) -> Row:
    post, old = entry.post, entry.parts[0].text
    if row.turn is None or row.moment is None or row.written is None:
        return row
    step = row.turn.step
    moved = post.due_at != row.moment.at
    rest = (post.kind, post.spoiler, post.anchor) != (step.kind, step.spoiler, row.anchor)
    changed = old != row.written.text or entry.parts[0].quote != row.written.quote or rest
    change = Change.CHANGED if changed else Change.MOVED if moved else Change.SAME
    return replace(
        row,
        change=change,
        post=post.id,
        was_due=post.due_at if moved else None,
        was_text=old if old != row.written.text else None,
    )


def _within_cap(
    desk: Desk, rows: Sequence[Row], accounts: Sequence[Account], made: Sequence[Entry]
) -> list[Row]:
    """The rows, with a remark where queueing would pass a monthly cap."""
    purse, by_name = _purse(desk, made), {account.name: account for account in accounts}
    found = []
    for row in rows:
        remarks = list(row.remarks)
        if row.stands and row.moment and row.written:
            try:
                purse.take(by_name[row.account], row.written.price, row.moment.at)
            except InputProblem as problem:
                remarks.append(problem.says)
        found.append(replace(row, remarks=remarks))
    return found


def _purse(desk: Desk, made: Sequence[Entry]) -> Purse:
    return Purse(desk, [entry.post.id or 0 for entry in made if entry.post.status is Status.QUEUED])


def _beside(rows: Sequence[Row]) -> list[Row]:
    """The rows, with a remark where two accounts would say just the same."""
    said: dict[str, str] = {}
    found = []
    for row in rows:
        remarks = list(row.remarks)
        if row.stands and row.written:
            other = said.setdefault(row.written.text, row.account)
            if other != row.account:
                remarks.append(f"{other} says just the same; a network may refuse it.")
        found.append(replace(row, remarks=remarks))
    return found


def apply(desk: Desk, table: Timetable, queue: bool) -> list[Entry]:
    """Make the timetable true, all or none: as drafts, or queued. Posts of it that are queued
    already stay so. Raises InputProblem past a monthly cap, TooLate when it has changed."""
    if queue:
        _pay(desk, table)
    new = [_new(table, row, queue) for row in table.rows if row.change is Change.NEW]
    now = desk.clock()
    acts = dict(_acts(table, queue, now))
    numbers = planning.apply(desk.engine, new, acts, now, table.basis)
    return [listings.get(desk.engine, number) for number in [*sorted(acts), *numbers]]


def _pay(desk: Desk, table: Timetable) -> None:
    purse, by_name = _purse(desk, [*table.made.values()]), {a.name: a for a in table.accounts}
    for row in table.rows:
        if row.stands and row.moment and row.written:
            purse.take(by_name[row.account], row.written.price, row.moment.at)


def _acts(table: Timetable, queue: bool, now: datetime) -> list[tuple[int, Act]]:
    acts = []
    for row in table.rows:
        if row.post is None:
            continue
        post = table.made[row.post].post
        some: list[Act] = []
        if row.change in (Change.MOVED, Change.CHANGED):
            some.append(planning.rewrite(_new(table, row, queue)))
        if row.change is Change.GONE:
            some.append(planning.drop)
        elif queue and row.stands and row.moment and row.moment.at >= now:
            some.append(planning.approve)
        if some:
            acts.append((row.post, planning.seen(post, *some)))
    return acts


def _new(table: Timetable, row: Row, queue: bool) -> NewPost:
    account = next(one for one in table.accounts if one.name == row.account)
    if row.turn is None or row.moment is None or row.written is None:
        raise ValueError(f"{row.step} has nothing to be made of")
    step, moment, written = row.turn.step, row.moment, row.written
    limit = step.no_later_than or account.lateness_limit
    return NewPost(
        account_id=account.id or 0,
        review_id=table.review.id,
        zone=moment.zone,
        timing=Timing(moment.at, moment.wall, moment.zone, moment.at + limit),
        parts=[(written.text, [])],
        draft=not queue,
        quotes=[written.quote],
        kind=step.kind,
        spoiler=step.spoiler,
        anchor=row.anchor,
        plan=table.plan.name,
        step=row.step,
        price=written.price,
    )


def approve(desk: Desk, plan: str, slug: str) -> list[Entry]:
    """Queue all drafts that a plan has made for a review, all or none.

    Raises NotFound when there are none, InputProblem when the time of one is past or a cap is.
    """
    review = reviews.named(desk.engine, slug)
    made = listings.of_plan(desk.engine, review.id or 0, plan)
    drafts = [entry for entry in made if entry.post.status is Status.DRAFT]
    again = f"handbill plan apply {plan} {slug}"
    if not drafts:
        raise NotFound(f"{plan} has no drafts for {slug}.", f"Make them: {again}")
    now, purse = desk.clock(), Purse(desk)
    for entry in drafts:
        wording.refuse_unfit(desk, entry)
        due = entry.post.due_at
        if due is not None and due < now:
            number = entry.post.id
            raise InputProblem(
                f"The time of post #{number} is past.",
                f"Move it: handbill queue reschedule {number} --at 'fri 18:30', or give it up: "
                f"handbill queue cancel {number}",
            )
        if due is not None:
            purse.take(entry.account, entry.post.price, due)
    acts = {e.post.id or 0: planning.seen(e.post, posts.approve) for e in drafts}
    planning.apply(desk.engine, [], acts, now)
    return [listings.get(desk.engine, number) for number in sorted(acts)]

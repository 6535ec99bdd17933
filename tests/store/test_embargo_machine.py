"""No order of verbs, embargoes, workers and clocks arms a post before the embargo that holds it.

The oracle keeps its own book of embargoes, and reads nothing that the program says of them.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, NotSeen
from handbill.domain.outcomes import NotSent, Outcome
from handbill.errors import TooLate
from handbill.models import Embargo, Post, Review
from handbill.store import arming, claims, doubts, embargoes, leases, overdue, posts, records
from handbill.store.embargoes import Said, Which
from handbill.store.engine import read, write
from handbill.store.posts import Act, Move
from tests.conftest import emptied
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    add_account,
    add_review,
    get,
    new_post,
    not_sent,
    receipt,
    refused,
    set_embargo,
    timing,
    unknown,
)
from tests.store.protocol import PICK, one_of, profile

WORKERS = ("north", "south")
LONG = 90 * DAY
#: So much before its time a worker may claim a post.
LEAD = timedelta(milliseconds=100)

KINDS = st.sampled_from(list(Kind))
WAITS = st.sampled_from((None, MINUTE, None, 20 * MINUTE, SECOND))
DELAYS = st.sampled_from((timedelta(0), MINUTE, HOUR))
AHEAD = st.sampled_from((HOUR, MINUTE, 30 * MINUTE))
MOVES = st.sampled_from((False, False, True))
BEHIND = st.sampled_from((timedelta(0), timedelta(0), timedelta(0), HOUR))
STEPS = st.sampled_from((2, 1, 0, 2))
VERBS = st.sampled_from(("edit", "reschedule", "approve", "unqueue", "requeue"))
ENDS = st.sampled_from(("receipt", "receipt", "not_sent", "attention", "refused", "unknown"))


class UnderEmbargo(RuleBasedStateMachine):
    """Two accounts, two workers, one review, and people who set, move and lift its embargoes."""

    def __init__(self, engine: Engine, tally: Counter[str]) -> None:
        super().__init__()
        self.engine, self.tally = emptied(engine), tally
        self.now = NOW
        #: Until when nothing of each kind may leave, as the people know who set it.
        self.book: dict[Kind, datetime] = {}
        self.claims: list[tuple[Claim, bool]] = []
        self.numbers = self.sets = 0

    @initialize()
    def begin(self) -> None:
        self.review: Review = add_review(self.engine)
        self.accounts = [add_account(self.engine, name) for name in ("ada", "bea")]
        for number in range(2):
            self.add(number, Kind.REVIEW, timedelta(0), draft=False)

    # The oracle

    def lifts(self, kind: Kind) -> datetime:
        """Until when a post of this kind must wait."""
        mine = [self.book.get(Kind.REACTION)]
        mine += [self.book.get(Kind.REVIEW)] if kind is Kind.REVIEW else []
        return max((until for until in mine if until), default=NOW)

    def rows(self, *statuses: Status) -> list[Post]:
        with read(self.engine) as session:
            found = session.exec(select(Post).order_by(col(Post.id))).all()
        return [post for post in found if not statuses or post.status in statuses]

    @invariant()
    def what_is_queued_waits(self) -> None:
        if not self.book:
            return
        for post in self.rows(Status.QUEUED):
            assert post.not_before is not None
            lift = self.lifts(post.kind)
            assert post.not_before >= lift or self.untold(post), f"#{post.id} would not wait"

    def untold(self, _post: Post) -> bool:
        """Whether only the table of embargoes knows."""
        return False

    # People

    @precondition(lambda self: len(self.rows(Status.QUEUED, Status.DRAFT)) < 5)
    @rule(pick=PICK, kind=KINDS, delay=DELAYS, draft=st.booleans())
    def add(self, pick: int, kind: Kind, delay: timedelta, draft: bool) -> None:
        self.numbers += 1
        new = new_post(
            one_of(self.accounts, pick),
            f"text {self.numbers}",
            at=self.now + delay,
            limit=LONG,
            more=["and more"] if pick % 3 == 0 else (),
            review=self.review,
            draft=draft,
            kind=kind,
        )
        posts.add(self.engine, [new], self.now)

    @rule(pick=PICK, verb=VERBS, delay=DELAYS)
    def change(self, pick: int, verb: str, delay: timedelta) -> None:
        again = timing(self.now + delay, LONG)
        acts: dict[str, Act] = {
            "edit": posts.edit("other words", None),
            "reschedule": posts.reschedule(again),
            "approve": posts.approve,
            "unqueue": posts.unqueue,
            "requeue": posts.requeue(again),
        }
        try:
            posts.change(self.engine, one_of(self.rows(), pick).id or 0, acts[verb])
        except TooLate:
            return
        self.tally[verb] += 1

    @precondition(lambda self: self.sets < 3)
    @rule(kind=KINDS, ahead=AHEAD, move=MOVES)
    def set_or_move_an_embargo(self, kind: Kind, ahead: timedelta, move: bool) -> None:
        until = (self.now + ahead).replace(microsecond=0)
        waiting = self.rows(Status.QUEUED, Status.DRAFT)
        moves = [Move(p.id or 0, p.revision, timing(until, LONG)) for p in waiting if move]
        self.sets += 1
        told = set_embargo(self.engine, self.review, until, kind, moves, now=self.now)
        self.tally["moved" if kind in self.book else "set"] += 1
        self.tally["too late"] += len(told.too_late)
        self.book[kind] = until

    @precondition(lambda self: any(until > self.now for until in self.book.values()))
    @rule(kind=KINDS)
    def lift(self, kind: Kind) -> None:
        try:
            which = Which(self.review.id or 0, kind)
            embargoes.lift(self.engine, which, [], Said(self.now, "ines", "The studio said so."))
        except TooLate:
            assert self.book.get(kind, NOW) <= self.now
            return
        self.book[kind] = self.now
        self.tally["lifted"] += 1

    @precondition(lambda self: bool(self.rows(Status.IN_DOUBT)))
    @rule(pick=PICK, look=st.booleans())
    def a_doubt_is_denied_or_proved_absent(self, pick: int, look: bool) -> None:
        self.now += 2 * MINUTE
        if not look:
            number = one_of(self.rows(Status.IN_DOUBT), pick).id or 0
            doubts.judge(self.engine, number, None, self.now)
        for doubt in doubts.due(self.engine, self.now, PICTURES) if look else ():
            absent = NotSeen("Not there.", proof=True)
            doubts.settle(self.engine, doubt, absent, self.now, self.now)
        self.tally["settled"] += 1

    # Workers

    def _due(self) -> bool:
        queued = self.rows(Status.QUEUED)
        return any(post.not_before and post.not_before <= self.now + LEAD for post in queued)

    @precondition(lambda self: self.claims or self._due())
    @rule(pick=PICK, steps=STEPS, how=ENDS, behind=BEHIND)
    def north_works(self, pick: int, steps: int, how: str, behind: timedelta) -> None:
        self._work("north", pick, steps, how, behind)

    @precondition(lambda self: self.claims or self._due())
    @rule(pick=PICK, steps=STEPS, how=ENDS)
    def south_works(self, pick: int, steps: int, how: str) -> None:
        self._work("south", pick, steps, how, timedelta(0))

    def _work(self, worker: str, pick: int, steps: int, how: str, behind: timedelta) -> None:
        """Go on with a claim, or make some; the worker may stop after any step."""
        if not self.claims:
            made = claims.claim(self.engine, self.now, worker, 2, PICTURES, LEAD)
            for claim in made:
                post = get(self.engine, claim.post_id).post
                assert claim.not_before >= self.lifts(post.kind) or self.untold(post)
            self.claims += [(claim, False) for claim in made]
            self.tally["claimed"] += len(made)
        for _ in range(min(steps, len(self.claims) and 2)):
            one = self.claims.pop(pick % len(self.claims) if self.claims else 0)
            if one[1]:
                return self._record(one[0], how)
            if not self._arm(one[0], self.now - behind):
                return None
        return None

    def _arm(self, claim: Claim, clock: datetime) -> bool:
        """Perhaps by a clock that is behind."""
        said = arming.may_leave(self.engine, claim, clock)
        if arming.arm(self.engine, claim, {}, clock):
            post = get(self.engine, claim.post_id).post
            assert clock >= self.lifts(post.kind), f"#{post.id} is armed before its embargo lifts"
            self.claims.append((claim, True))
            self.tally["armed"] += 1
            self.tally["armed after an embargo"] += bool(self.book)
            return True
        assert not said, "it was said that it might leave"
        records.record(self.engine, claim, not_sent(), self.now)
        self.tally["refused to arm"] += 1
        return False

    def _record(self, claim: Claim, how: str) -> None:
        outcomes: dict[str, Outcome] = {
            "receipt": receipt(str(1000 + claim.attempt_id)),
            "not_sent": not_sent(),
            "attention": NotSent("The clock is wrong.", attention=True),
            "refused": refused(),
            "unknown": unknown(),
        }
        records.record(self.engine, claim, outcomes[how], self.now)
        self.tally[how] += 1

    @rule()
    def tidy(self) -> None:
        gone = {one.post_id for one in leases.expire(self.engine, self.now)}
        self.claims = [one for one in self.claims if one[0].post_id not in gone]
        overdue.miss(self.engine, self.now)
        overdue.space_out(self.engine, self.now, 2 * MINUTE)

    @precondition(lambda self: self.claims)
    @rule()
    def a_worker_forgets(self) -> None:
        for worker in WORKERS:
            leases.forsake(self.engine, worker, [], self.now)
        self.claims = [one for one in self.claims if one[1]]

    # The clock

    @rule(by=WAITS, off=st.sampled_from((timedelta(0), -timedelta(microseconds=1), -LEAD)))
    def time_passes(self, by: timedelta | None, off: timedelta) -> None:
        """So much, or until an embargo lifts, or just before."""
        coming = [until for until in self.book.values() if until > self.now]
        if by is not None or not coming:
            self.now += by or MINUTE
        else:
            self.now = max(self.now, min(coming) + off)

    def teardown(self) -> None:
        """When all embargoes have lifted, what is queued leaves."""
        if not self.numbers:
            return
        self.now = max([self.now, *self.book.values()]) + DAY
        self.claims.clear()
        leases.expire_all(self.engine, self.now)
        for _ in range(60):
            for claim in claims.claim(self.engine, self.now, "east", 2, PICTURES):
                assert arming.arm(self.engine, claim, {}, self.now)
                done = receipt(str(1000 + claim.attempt_id))
                records.record(self.engine, claim, done, self.now)
            self.now += HOUR
        assert self.rows(Status.QUEUED, Status.PUBLISHING) == []
        self.tally["examples"] += 1


class ByHand(UnderEmbargo):
    """Some embargoes are written past the program, and only the table knows of them."""

    def untold(self, post: Post) -> bool:
        return post.embargo_until is None or post.embargo_until < self.lifts(post.kind)

    @rule(kind=KINDS, ahead=AHEAD)
    def write_an_embargo_by_hand(self, kind: Kind, ahead: timedelta) -> None:
        until = (self.now + ahead).replace(microsecond=0)
        with write(self.engine) as session:
            query = select(Embargo).where(Embargo.kind == kind)
            row = session.exec(query).first() or Embargo(
                review_id=self.review.id or 0,
                kind=kind,
                until=until,
                wall="",
                zone="UTC",
                created_at=self.now,
            )
            row.until, row.lifted_at, row.lifted_why = until, None, None
            session.add(row)
            if any(armed for _, armed in self.claims):
                session.rollback()  # that one is about to leave, and nobody has looked
                return
        self.book[kind] = until
        self.tally["by hand"] += 1


def run(
    machine: type[UnderEmbargo],
    engine: Engine,
    examples: int,
    start: int,
    phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink),
) -> Counter[str]:
    """Let the machine run; answers what really happened."""
    tally = Counter[str]()

    @seed(start)
    def live() -> UnderEmbargo:
        return machine(engine, tally)

    serves_as_a_class: Any = live
    how = profile(examples, 30, phases=phases, report_multiple_bugs=False)
    run_state_machine_as_test(serves_as_a_class, settings=how)
    return tally


@pytest.mark.parametrize("machine", [UnderEmbargo, ByHand])
def test_nothing_is_ever_armed_before_its_embargo_lifts(
    engine: Engine, kind: str, machine: type[UnderEmbargo]
) -> None:
    tally = run(machine, engine, 60 if kind == "sqlite" else 15, 1)
    often: tuple[str, ...] = (
        "set",
        "moved",
        "lifted",
        "claimed",
        "refused to arm",
        "armed after an embargo",
    )
    often += ("settled", "too late") if kind == "sqlite" and machine is UnderEmbargo else ()
    for what in often:
        assert tally[what], f"nothing was ever {what}: {tally}"


# A machine that could not find a broken rule would prove nothing.


def search(engine: Engine) -> None:
    """Some short runs, until one of them breaks a law."""
    for start in range(30):
        run(UnderEmbargo, engine, 10, start, (Phase.generate,))


@pytest.mark.parametrize(
    ("name", "does"),
    [
        ("posts.hold", lambda _session, _post: None),
        ("doubts.hold", lambda _session, _post: None),
        ("posts.locked_holds", lambda _session, _reviews: {}),
        ("embargoes.apply", lambda _post, _hold: None),
    ],
)
def test_a_place_that_forgets_to_hold_is_found(
    lite: Engine, monkeypatch: pytest.MonkeyPatch, name: str, does: Callable[..., object]
) -> None:
    monkeypatch.setattr(f"handbill.store.{name}", does)
    with pytest.raises((AssertionError, IntegrityError), match=r"would not wait|embargo"):
        search(lite)

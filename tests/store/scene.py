"""The real store with people at it, and the world outside beside it.

After every step the rows are read again, and what must hold is checked.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status, Verb
from handbill.domain.network import Claim, Sighting
from handbill.domain.outcomes import Outcome, Receipt
from handbill.domain.settling import EXCHANGE_DEADLINE, QUIET, SEND_WINDOW
from handbill.errors import InputProblem, TooLate
from handbill.models import Account
from handbill.store import accounts, doubts, posts, standing
from handbill.store.doubts import Doubt
from tests.factories import HOUR, NOW, add_account, new_post
from tests.store import laws
from tests.store.laws import QUERIES, Row, Rows
from tests.store.outside import Fate, Outside, Request

#: The least that a database tells apart.
LEAST = timedelta(microseconds=1)
NAMES = ("ada", "bea")
#: All accounts together.
HOUSE = "all"


class Step(StrEnum):
    """What a worker does with a claim, in this order."""

    CLAIM = "claim"
    ARM = "arm"
    SEND = "send"
    HEAR = "hear"
    RECORD = "record"


@dataclass
class Try:
    """A claim in a worker's hands, and how far it has come."""

    worker: str
    claim: Claim
    armed_at: datetime | None = None
    request: Request | None = None
    outcome: Outcome | None = None

    @property
    def next(self) -> Step:
        """What its worker does with it next."""
        if self.outcome is not None:
            return Step.RECORD
        if self.request is not None:
            return Step.HEAR
        return Step.SEND if self.armed_at is not None else Step.ARM


@dataclass(frozen=True)
class New:
    """A post that a person queues."""

    name: str
    delay: timedelta = timedelta(0)
    limit: timedelta = HOUR
    parts: int = 1
    draft: bool = False


@dataclass(frozen=True)
class Luck:
    """What becomes of a request, and what happens to its worker meanwhile."""

    fate: Fate
    #: How long it takes until those who look can see what has landed.
    lag: timedelta = timedelta(0)
    #: The step before which the worker stalls, and for how long.
    slow: Step | None = None
    stall: timedelta = timedelta(0)
    #: The step that was done, but nobody told the worker.
    untold: Step | None = None


@dataclass
class Look:
    """A look-up that a worker has started and not settled."""

    worker: str
    doubt: Doubt
    started_at: datetime
    sighting: Sighting


class Scene:
    """One life of a queue. `tally` counts what really happened."""

    def __init__(self, engine: Engine, tally: Counter[str]) -> None:
        self.engine = engine
        self.tally = tally
        self.now = NOW
        self.outside = Outside()
        self.tries: list[Try] = []
        self.looks: list[Look] = []
        self.rows = Rows({name: {} for name in QUERIES})
        #: Whether the one big pause is on.
        self.halted = False
        #: When a worker last made its round.
        self.last_sign = NOW
        self.accounts: dict[str, Account] = {}
        self._texts = 0

    # What must hold

    def did(self, what: str, *verbs: Verb, count: int = 1, moved: bool = False) -> None:
        """Look at the rows and the network: only these verbs may have been at work."""
        self.tally[what] += count
        rows = Rows.read(self.engine)
        laws.rows_are_sound(rows)
        laws.rows_follow(self.rows, rows, verbs, moved)
        laws.network_and_rows_agree(self.outside, rows)
        for number, post in rows.posts.items():
            old = self.rows.posts.get(number)
            if old is not None and old.status is not post.status:
                self.tally[f"{old.status}>{post.status}"] += 1
        self.rows = rows

    def pass_to(self, now: datetime) -> None:
        """The clock moves on, and what is under way may land."""
        self.now = now
        self.tally["landed late"] += self.outside.pass_to(now)
        laws.network_and_rows_agree(self.outside, self.rows)

    # People

    def open(self) -> None:
        """Two accounts."""
        for name in NAMES:
            self.accounts[name] = add_account(self.engine, name)

    def queue(self, new: Sequence[New]) -> None:
        """A person queues posts, or keeps them as drafts."""
        checked = [
            new_post(
                self.accounts[one.name],
                self.text(),
                at=self.now + one.delay,
                limit=one.limit,
                more=[self.text() for _ in range(1, one.parts)],
                draft=one.draft,
            )
            for one in new
        ]
        posts.add(self.engine, checked, self.now)
        self.did("queue", count=len(new))

    def text(self) -> str:
        """Words that nobody has used."""
        self._texts += 1
        return f"text {self._texts}"

    def change(self, number: int, how: str, act: Callable[..., None], verb: Verb | None) -> None:
        """A person changes a post, unless it is too late."""
        unsettled = {a.post_id for a in (*self.rows.open_attempts, *self.rows.doubts)}
        try:
            posts.change(self.engine, number, act)
        except TooLate:
            return self.did("too late")
        assert number not in unsettled, f"#{number} was changed while a try at it was unsettled"
        return self.did(how, *([verb] if verb else []), moved=how in ("reschedule", "requeue"))

    def pause(self, name: str) -> None:
        """A person stops an account, or the whole house."""
        if name == HOUSE:
            standing.put(self.engine, standing.PAUSE, "By hand.", self.now)
            self.halted = True
        else:
            accounts.pause(self.engine, name, "By hand.", None, self.now)
        self.did(f"paused {name}")

    def resume(self, name: str) -> None:
        """A person lets it go on."""
        if name == HOUSE:
            standing.take(self.engine, standing.PAUSE)
            self.halted = False
        else:
            accounts.resume(self.engine, name)
        self.did(f"resumed {name}")

    def stopped(self) -> list[str]:
        """Who may not post at the moment."""
        found = self.rows.of["account"].values()
        names = [a.name for a in found if a.paused_at or (a.rest_until and a.rest_until > self.now)]
        return [*names, HOUSE] if self.halted else names

    def judge(self, number: int, *, link: bool) -> None:
        """A person looks at the network, and says what it shows as soon as it is sure."""
        attempt = [a for a in self.rows.doubts if a.post_id == number][-1]
        said = self.outside.of(attempt.part_id)
        if said is None and not self.is_sure(attempt):
            with pytest.raises(InputProblem, match="on its way"):
                doubts.judge(self.engine, number, None, self.now)
            return
        proof = None
        if said is not None:
            proof = said.receipt() if link else Receipt("", "", "Confirmed by hand.")
        status = doubts.judge(self.engine, number, proof, self.says_at())
        assert status is not None, f"#{number} is in doubt and cannot be judged"
        self.did("confirmed" if proof else "denied", Verb.CONFIRM, Verb.DEFER)

    def says_at(self) -> datetime:
        """What a person's clock shows who says whether a post is out."""
        return self.now

    def is_sure(self, attempt: Row) -> bool:
        """Whether a person who does not see a part may say that it is not out."""
        return bool(self.now >= attempt.armed_at + QUIET)

    # Clocks

    def chores(self) -> list[datetime]:
        """When a lease has run out or a look-up is due, past or to come; when a post was missed."""
        queued = self.rows.in_status(Status.QUEUED)
        found = {post.lease_until + LEAST for post in self.rows.in_status(Status.PUBLISHING)}
        found |= {attempt.next_look_at for attempt in self.rows.doubts if attempt.next_look_at}
        found |= {post.no_later_than for post in queued if post.no_later_than < self.now}
        return sorted(found)

    def moments(self) -> list[datetime]:
        """The next moments at which a rule changes, soonest first."""
        rows, found = self.rows, list[datetime | None](self.chores())
        for post in rows.in_status(Status.QUEUED):
            found += [post.not_before, post.no_later_than]
        found += [attempt.armed_at + QUIET for attempt in rows.doubts]
        found += [account.rest_until for account in rows.of["account"].values()]
        found += [request.lands_at for request in self.outside.under_way]
        found += [one.armed_at + SEND_WINDOW for one in self.tries if one.armed_at]
        found += [one.request.sent_at + EXCHANGE_DEADLINE for one in self.tries if one.request]
        return sorted({at for at in found if at is not None and at > self.now})[:5]

"""The oracle: compares the rehearsal's ledger of truth with the database, post by post.

Every post of a run needs a text of its own, because the ledger knows posts by nothing else.
"""

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.lifecycle import NEEDS_EYES, Status
from handbill.domain.outcomes import Unknown
from handbill.models import Account, Attempt, Part, Post
from handbill.store.engine import read

#: What may go wrong with a post, and the names under which it is counted.
#:
#: DUP         its text was accepted more than once
#: LOST        its time has come, it was never accepted, and neither a state nor a delay shows it
#: SILENT      failed, missed or in doubt, and nobody is told
#: EARLY       a request for it arrived before its time, whatever became of the request
#: FALSE_OK    published, says the database; the ledger has it not, or under another number
#: FALSE_FAIL  accepted, while the database calls it a draft, queued, missed, failed or cancelled
#: STUCK       publishing, by a worker whose lease has run out
NAMES = ("DUP", "LOST", "SILENT", "EARLY", "FALSE_OK", "FALSE_FAIL", "STUCK")

_DENIES = {Status.DRAFT, Status.QUEUED, Status.MISSED, Status.FAILED, Status.CANCELLED}


@dataclass(frozen=True)
class Verdict:
    """How many posts have each fault, and which."""

    DUP: int = 0
    LOST: int = 0
    SILENT: int = 0
    EARLY: int = 0
    FALSE_OK: int = 0
    FALSE_FAIL: int = 0
    STUCK: int = 0
    posts: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, posts: Mapping[str, Sequence[int]]) -> "Verdict":
        """Count the posts' numbers; each counts once under each name."""
        found = {name: tuple(sorted(set(posts.get(name, ())))) for name in NAMES}
        return cls(**{name: len(found[name]) for name in NAMES}, posts=found)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not any(getattr(self, name) for name in NAMES)

    def line(self) -> str:
        """`DUP=0 LOST=0 …`, to go into a figure's line."""
        return " ".join(f"{name}={getattr(self, name)}" for name in NAMES)

    def details(self) -> str:
        """The numbers of the posts behind each count that is not 0."""
        found = {name: numbers for name, numbers in self.posts.items() if numbers}
        return "; ".join(f"{name}: {', '.join(map(str, n))}" for name, n in found.items())

    def __add__(self, other: "Verdict") -> "Verdict":
        """Two runs on two databases; whose number is whose cannot be told any more."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in NAMES}
        return Verdict(**counts)


def judge(engine: Engine, ledger: Mapping[str, Any], now: datetime) -> Verdict:
    """Compare the rehearsal's ledger with the database as it is now.

    `now` says which times have come and which leases have run out: a clock that runs ahead is
    as good, if every due time had really passed before it did.
    """
    truth = _Truth(ledger)
    rows = _rows(engine)
    kept = _Kept(rows, now)
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for name in _faults(row, truth, kept):
            found[name].append(row.id)
    found["EARLY"] += _before_leave(rows, truth)
    return Verdict.of(found)


def _rows(engine: Engine) -> Sequence[Any]:
    """A row for each part of each post: one statement, so one moment of the database."""
    unresolved = sa.exists().where(
        col(Attempt.part_id) == col(Part.id),
        sa.or_(
            col(Attempt.ended_at).is_(None),
            sa.and_(col(Attempt.outcome) == Unknown.kind, col(Attempt.resolution).is_(None)),
        ),
    )
    armed = (
        sa.select(sa.func.count(col(Attempt.id)))
        .where(col(Attempt.part_id) == col(Part.id), col(Attempt.armed_at).is_not(None))
        .scalar_subquery()
    )
    columns: list[Any] = [
        col(Post.id),
        col(Post.account_id),
        col(Post.status),
        col(Post.attention),
        col(Post.due_at),
        col(Post.not_before),
        col(Post.lease_until),
        col(Part.text),
        col(Part.remote_id),
        col(Account.name).label("account"),
        col(Account.paused_at),
        col(Account.rest_until),
        unresolved.label("unresolved"),
        armed.label("armed"),
    ]
    query = (
        sa.select(*columns)
        .join_from(Post, Account, col(Account.id) == col(Post.account_id))
        .join(Part, col(Part.post_id) == col(Post.id))
    )
    with read(engine) as session:
        return session.execute(query).all()


class _Truth:
    """The ledger by text, by number and by account."""

    def __init__(self, ledger: Mapping[str, Any]) -> None:
        posts = ledger["posts"]
        self._times = Counter(post["text"] for post in posts)
        first = reversed(posts)
        self._made = {(post["account"], post["text"]): post for post in first}
        self._texts = {post["id"]: post["text"] for post in posts}
        self._arrivals: dict[str, list[datetime]] = defaultdict(list)
        for request in ledger.get("requests", ()):
            if (request["method"], request["path"]) == ("POST", "/2/tweets"):
                self._arrivals[request["account"]].append(_moment(request["at"]))
        for moments in self._arrivals.values():
            moments.sort()

    def has(self, row: Any) -> bool:
        """Whether this account's post was accepted."""
        return (row.account, row.text) in self._made

    def has_twice(self, row: Any) -> bool:
        """Whether its text was accepted more than once, from whatever account."""
        return self._times[row.text] > 1

    def has_as(self, row: Any) -> bool:
        """Whether it was accepted, and under the number that the database keeps. A person who
        confirms without a link leaves the number empty."""
        return self.has(row) and (not row.remote_id or self._texts.get(row.remote_id) == row.text)

    def arrivals(self, account: str) -> Sequence[datetime]:
        """When creating requests of an account came, in order, accepted or not."""
        return self._arrivals.get(account, ())

    def was_early(self, row: Any) -> bool:
        """Whether the request that made it arrived before the due time.

        The ledger does not say which request made a post. The account's last one before the
        acceptance arrived with it or after it, so it accuses nobody wrongly.
        """
        if not self.has(row) or row.due_at is None:
            return False
        accepted = _moment(self._made[row.account, row.text]["accepted_at"])
        arrivals = self._arrivals.get(row.account, [])
        before = bisect_right(arrivals, accepted)
        return bool((arrivals[before - 1] if before else accepted) < row.due_at)


def _before_leave(rows: Sequence[Any], truth: _Truth) -> Iterator[int]:
    """Posts that a request was made for before their time, though nothing came of it.

    The ledger does not say what was in a request that it did not accept. But an armed attempt makes
    one request at most, so an account's requests until a moment are no more than the attempts at
    posts that were due by then. One too many was for a post that comes later, and the next is
    accused (or else an attempt made two, which is as bad). An attempt that was armed and never
    sent may hide one.
    """
    leave: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.armed and row.due_at is not None:
            leave[row.account].append(row)
    for account, of_account in leave.items():
        armed = deque(sorted(of_account, key=lambda row: row.due_at))
        allowed = excess = 0
        for came, moment in enumerate(truth.arrivals(account), 1):
            while armed and armed[0].due_at <= moment:
                allowed += armed.popleft().armed
            if armed and came - allowed > excess:
                excess = came - allowed
                yield armed[0].id


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class _Kept:
    """What may rightly keep a queued post from leaving, and for how long."""

    def __init__(self, rows: Sequence[Any], now: datetime) -> None:
        self._now = now
        self._sending = {row.account_id for row in rows if self._is_sending(row)}

    def _is_sending(self, row: Any) -> bool:
        return row.status is Status.PUBLISHING and not self.is_stuck(row)

    def is_stuck(self, row: Any) -> bool:
        """Whether its worker's lease has run out."""
        return bool(row.status is Status.PUBLISHING and row.lease_until < self._now)

    def waits(self, row: Any) -> bool:
        """Whether a queued post waits for its time, or for something else that is written down."""
        resting = row.rest_until is not None and row.rest_until > self._now
        later = row.not_before > self._now
        return later or resting or row.paused_at is not None or row.account_id in self._sending


def _faults(row: Any, truth: _Truth, kept: _Kept) -> Iterator[str]:
    queued, out = row.status is Status.QUEUED, truth.has(row)
    if truth.has_twice(row):
        yield "DUP"
    if queued and not out and not kept.waits(row):
        yield "LOST"
    if row.status in NEEDS_EYES and not (row.attention or "").strip():
        yield "SILENT"
    if truth.was_early(row):
        yield "EARLY"
    if row.status is Status.PUBLISHED and not truth.has_as(row):
        yield "FALSE_OK"
    denied = row.status in _DENIES and row.remote_id is None
    if denied and out and not (queued and row.unresolved):
        yield "FALSE_FAIL"
    if kept.is_stuck(row):
        yield "STUCK"

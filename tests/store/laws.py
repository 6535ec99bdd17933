"""What must hold of the rows and of the world at every moment, whatever has happened before."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel

from handbill.domain.lifecycle import NEEDS_EYES, TRANSITIONS, Status, Verb
from handbill.domain.network import Claim
from handbill.domain.outcomes import Unknown
from handbill.domain.settling import EXCHANGE_DEADLINE
from handbill.models import Account, Attempt, Part, Post
from tests.store.outside import Outside

Row = sa.Row[Any]
QUERIES = {
    str(row.__tablename__): sa.select(
        table := SQLModel.metadata.tables[str(row.__tablename__)]
    ).order_by(table.c.id)  # a server keeps no order of its own
    for row in (Account, Post, Part, Attempt)
}

#: What is never written a second time,
FOREVER = {
    "post": ("published_at",),
    "part": ("remote_id", "published_at"),
    "attempt": ("armed_at", "ended_at", "outcome", "resolution"),
}
#: but for a person's word, which the network's proof may complete.
WORDS = ("", "confirmed")


@dataclass(frozen=True)
class Rows:
    """All rows at one moment, by table and number."""

    of: dict[str, dict[int, Row]]

    @classmethod
    def read(cls, engine: Engine) -> "Rows":
        """As they are now."""
        with engine.connect() as connection:
            return cls(
                {
                    name: {row.id: row for row in connection.execute(query)}
                    for name, query in QUERIES.items()
                }
            )

    @property
    def posts(self) -> dict[int, Row]:
        """Posts by number."""
        return self.of["post"]

    @cached_property
    def open_attempts(self) -> list[Row]:
        """Attempts that have not ended."""
        return [a for a in self.of["attempt"].values() if a.ended_at is None]

    @cached_property
    def doubts(self) -> list[Row]:
        """Attempts of which nobody knows yet how they turned out."""
        attempts = self.of["attempt"].values()
        return [a for a in attempts if a.outcome == Unknown.kind and a.resolution is None]

    def parts(self, post_id: int) -> list[Row]:
        """A post's parts in order."""
        own = [part for part in self.of["part"].values() if part.post_id == post_id]
        return sorted(own, key=lambda part: part.position)

    def in_status(self, *statuses: Status) -> list[Row]:
        """Posts in these statuses."""
        return [post for post in self.posts.values() if post.status in statuses]


def rows_are_sound(rows: Rows) -> None:
    """Each row is what its status says, and nothing that waits for a person is silent."""
    attempts = Counter(attempt.post_id for attempt in rows.open_attempts)
    assert not attempts or max(attempts.values()) == 1, "two open attempts at one post"
    sending = [post.account_id for post in rows.in_status(Status.PUBLISHING)]
    assert len(sending) == len(set(sending)), "two publishing posts of one account"
    doubtful = {attempt.post_id for attempt in rows.doubts}
    for post in rows.posts.values():
        status = post.status
        assert post.attention or status not in NEEDS_EYES, f"#{post.id} is {status}, silently"
        assert (post.lease_until is not None) == (status is Status.PUBLISHING), "a lease astray"
        assert (attempts[post.id] == 1) == (status is Status.PUBLISHING), "an open attempt astray"
        assert (post.id in doubtful) == (status is Status.IN_DOUBT), f"#{post.id}: a doubt astray"
        out = all(part.remote_id is not None for part in rows.parts(post.id))
        assert out == (status is Status.PUBLISHED), f"#{post.id}: parts and status disagree"
        assert "out twice" not in (post.attention or ""), f"#{post.id} is said to be out twice"


def rows_follow(before: Rows, now: Rows, verbs: Collection[Verb], moved: bool) -> None:
    """Only these verbs were at work; `moved`: a person gave a new time."""
    for number, post in now.posts.items():
        old = before.posts.get(number)
        if old is None:
            continue
        legal = {TRANSITIONS.get((old.status, verb)) for verb in verbs} | {old.status}
        assert post.status in legal, f"#{number}: {old.status} became {post.status} by {verbs}"
        assert moved or post.due_at == old.due_at, f"#{number}: the promise moved by itself"
        assert post.fence >= old.fence, f"#{number}: the fence fell"
    for table, columns in FOREVER.items():
        for number, row in before.of[table].items():
            for column in columns:
                was, is_ = getattr(row, column), getattr(now.of[table][number], column)
                same = was in (None, is_) or (
                    was in WORDS and is_ not in (None, "denied", "absent")
                )
                assert same, f"{table} {number}: {column} was {was}, is {is_}"


def network_and_rows_agree(outside: Outside, rows: Rows) -> None:
    """Nothing is out twice, nothing that is out is forgotten, nothing is claimed to be out."""
    for what in ("part_id", "text"):
        times = Counter(getattr(said.claim, what) for said in outside.public)
        assert not times or max(times.values()) == 1, f"public more than once: {times}"
    unsettled = {a.part_id for a in (*rows.open_attempts, *rows.doubts)}
    said = {said.claim.part_id: said for said in outside.public}
    for number, part in rows.of["part"].items():
        if number in said:
            assert part.remote_id is not None or number in unsettled, f"part {number} is forgotten"
            assert part.text == said[number].claim.text, f"part {number} is out with other words"
        if part.remote_id is not None:
            assert number in said, f"part {number} is said to be out, and is not"
            assert part.remote_id in ("", said[number].remote_id), f"part {number}: whose receipt?"


def claims_are_fair(claims: Iterable[Claim], before: Rows, until: datetime, now: datetime) -> None:
    """Each was due until `until`, in time, first of its account, and its account was free."""
    for claim in claims:
        post, account = before.posts[claim.post_id], before.of["account"][claim.account.id]
        assert post.status is Status.QUEUED, f"#{post.id} was {post.status}"
        assert post.not_before <= until, f"#{post.id} is claimed before its time"
        assert post.no_later_than >= now, f"#{post.id} is claimed after its limit"
        assert account.paused_at is None, f"{account.name} is paused"
        assert account.rest_until is None or account.rest_until <= now, f"{account.name} rests"
        left = [part for part in before.parts(post.id) if part.remote_id is None]
        assert claim.part_id == left[0].id, f"#{post.id}: not the first part that is left"


def may_leave(claim: Claim, rows: Rows, now: datetime) -> None:
    """Armed: the post's time has come and not gone, and nobody has stopped it or its account."""
    post, account = rows.posts[claim.post_id], rows.of["account"][claim.account.id]
    assert post.due_at <= now, f"#{post.id} is armed before its time"
    assert post.not_before <= now, f"#{post.id} is armed before it may be tried again"
    assert now <= post.no_later_than, f"#{post.id} is armed after its limit"
    assert account.paused_at is None, f"#{post.id} is armed though {account.name} is paused"
    assert account.rest_until is None or account.rest_until <= now, f"{account.name} rests"
    assert post.lease_until >= now + EXCHANGE_DEADLINE, f"#{post.id}: the lease will not last"


def leaves_lawfully(claim: Claim, rows: Rows, now: datetime) -> None:
    """A creating request leaves: its arming is written down, and it is this worker's to send."""
    post, attempt = rows.posts[claim.post_id], rows.of["attempt"][claim.attempt_id]
    assert attempt.armed_at is not None, f"#{post.id} leaves without arming"
    assert attempt.ended_at is None, f"#{post.id} leaves after its attempt has ended"
    assert (post.status, post.fence) == (Status.PUBLISHING, claim.fence), f"#{post.id} is another's"
    assert post.due_at <= now, f"#{post.id} leaves before its time"
    before = [part for part in rows.parts(post.id) if part.position < claim.position]
    assert all(part.remote_id is not None for part in before), f"#{post.id} leaves out of order"
    assert claim.reply_to == ((before[-1].remote_id or None) if before else None), "answers another"


def nothing_waits_in_vain(rows: Rows, now: datetime) -> None:
    """Workers have done all they could: what still waits has a reason that people can see."""
    for post in rows.in_status(Status.QUEUED):
        account = rows.of["account"][post.account_id]
        resting = account.rest_until is not None and account.rest_until > now
        reason = post.not_before > now or account.paused_at is not None or resting
        assert reason, f"#{post.id} is due, and nobody sends it"
    assert not rows.in_status(Status.PUBLISHING), "a claim is never taken back"

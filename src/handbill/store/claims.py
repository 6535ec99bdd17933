"""The first transaction before sending: claim. It gives one worker a post, and no leave to send it.

A compare-and-set, as arming is: another worker, the shell or the page may have been here first.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.network import AccountRef, Claim, Image
from handbill.failpoints import failpoint
from handbill.models import IS_QUEUED, PUBLISHING, QUEUED, Account, Attempt, Part, Post
from handbill.store.arming import SEND_LEASE
from handbill.store.engine import begin
from handbill.store.standing import not_paused

#: A worker's word that it lives: time for tokens and uploads, and then to send.
LEASE = timedelta(minutes=10) + SEND_LEASE

#: So often a claim is tried before it is left for the next round.
TRIES = 3

log = logging.getLogger("handbill")

_TABLES = SQLModel.metadata.tables
_OF_POST = (
    "id",
    "fence",
    "revision",
    "worker",
    "due_at",
    "not_before",
    "embargo_until",
    "review_id",
)
_OF_ACCOUNT = (
    *("id", "name", "network", "server", "handle", "remote_id", "newest_remote_id"),
    "monthly_cap",
)
_ACCOUNT: list[Any] = [_TABLES["account"].c[name].label(f"account_{name}") for name in _OF_ACCOUNT]


def claim(
    engine: Engine,
    now: datetime,
    worker: str,
    limit: int,
    pictures: Path,
    ahead: timedelta = timedelta(0),
) -> list[Claim]:
    """Move up to `limit` due posts to *publishing*, at most one for each account, earliest first.

    `ahead` claims what is due so much later already; nothing of it leaves before it may be armed.
    What is under embargo is not due: the database refuses a `not_before` that is earlier.
    A partial unique index allows an account one publishing post. What another worker has in hand
    is passed over.
    """
    what = {"now": now, "horizon": now + ahead, "most": limit}
    values = {"lease": now + LEASE, "its_worker": worker}
    for _ in range(TRIES):
        try:
            made = _claim(engine, what, values, pictures)
        except IntegrityError as error:
            # An account got a post from a third party between another's claim and our look at it.
            log.info("Another claim was quicker: %s", error.orig, extra={"action": "race"})
            continue
        if made:
            failpoint("claim.after_commit")
        return made
    return []


def _claim(
    engine: Engine, what: Mapping[str, Any], values: Mapping[str, Any], pictures: Path
) -> list[Claim]:
    with begin(engine) as connection:
        found = connection.execute(_CLAIMABLE, what).all()
        if not found:
            return []
        failpoint("claim.begun")
        ids = [row.id for row in found]
        rows = {row.id: row for row in connection.execute(_TAKE, {**values, "ids": ids})}
        taken = [(rows[row.id], row) for row in found if row.id in rows]
        made = _open_attempts(connection, taken, what["now"], pictures)
        failpoint("claim.before_commit")
    return made


def _claimables() -> sa.Select[Any]:
    """Each free account's next post, earliest first. Its cost grows with the accounts, whatever
    the length of the queue."""
    now = sa.bindparam("now", type_=UTCDateTime())
    horizon = sa.bindparam("horizon", type_=UTCDateTime())
    first = aliased(Post)
    turn = (
        sa.select(col(first.id))
        .where(
            col(first.account_id) == col(Account.id),
            col(first.status) == QUEUED,
            col(first.not_before) <= horizon,
            col(first.no_later_than) >= now,
        )
        .order_by(col(first.not_before), col(first.id))
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    other = aliased(Post)
    busy = sa.exists().where(
        col(other.account_id) == col(Account.id),
        col(other.status) == PUBLISHING,
    )
    return (
        sa.select(col(Post.id), *_ACCOUNT)
        .select_from(Account)
        .join(Post, col(Post.id) == turn)
        .where(
            col(Account.paused_at).is_(None),
            sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
            ~busy,
            not_paused(),
            # Once more, of the row that is locked: a server looks at this one again if another has
            # changed it meanwhile, and not at the one above.
            IS_QUEUED,
            col(Post.not_before) <= horizon,
            col(Post.no_later_than) >= now,
        )
        .order_by(col(Post.not_before), col(Post.id))
        .limit(sa.bindparam("most", type_=sa.Integer()))
        # It waits for no row, so nobody can wait for it in a circle.
        .with_for_update(of=(Account, Post), skip_locked=True, key_share=True)
    )


_CLAIMABLE = _claimables()


def _taking() -> sa.UpdateBase:
    post = _TABLES["post"]
    return (
        sa.update(post)
        .where(
            post.c.id.in_(sa.bindparam("ids", expanding=True)),
            post.c.status == QUEUED,
        )
        .values(
            status=step(Status.QUEUED, Verb.CLAIM),
            fence=post.c.fence + 1,
            lease_until=sa.bindparam("lease", type_=UTCDateTime()),
            worker=sa.bindparam("its_worker"),
        )
        .returning(*(post.c[name] for name in _OF_POST))
    )


_TAKE = _taking()
_PARTS = (
    sa.select(_TABLES["part"])
    .where(col(Part.post_id).in_(sa.bindparam("ids", expanding=True)))
    .order_by(col(Part.post_id), col(Part.position))
)
_OPEN = sa.insert(_TABLES["attempt"]).returning(
    _TABLES["attempt"].c.id, sort_by_parameter_order=True
)


@dataclass(frozen=True)
class _Turn:
    """A post's row that is ours now, its account's, its first part that is not out, and the receipt
    of the part before."""

    post: Any
    account: Any
    part: Any
    before: str | None
    parts: int

    @classmethod
    def of(cls, post: Any, account: Any, parts: Sequence[Any]) -> "_Turn":
        before = None
        for part in parts:
            if part.remote_id is None:
                return cls(post, account, part, before, len(parts))
            before = part.remote_id or None
        raise ValueError("every part is out")

    def attempt(self, now: datetime) -> dict[str, Any]:
        """The new row of its attempt."""
        return {
            "post_id": self.post.id,
            "part_id": self.part.id,
            "fence": self.post.fence,
            "revision": self.post.revision,
            "worker": self.post.worker,
            "started_at": now,
            "detail": "",
            "evidence": {},
            "looks": 0,
        }

    def claim(self, attempt_id: int, pictures: Path) -> Claim:
        """Values only, nothing tied to the database."""
        account = [getattr(self.account, f"account_{name}") for name in _OF_ACCOUNT]
        return Claim(
            attempt_id=attempt_id,
            post_id=self.post.id,
            part_id=self.part.id,
            fence=self.post.fence,
            revision=self.post.revision,
            position=self.part.position,
            text=self.part.text,
            images=tuple(images_of(self.part.images, pictures)),
            reply_to=self.before,
            account=AccountRef(*account),
            due_at=self.post.due_at,
            not_before=self.post.not_before,
            parts=self.parts,
            embargo_until=self.post.embargo_until,
            review_id=self.post.review_id,
        )


def _open_attempts(
    connection: Connection, taken: Sequence[tuple[Any, Any]], now: datetime, pictures: Path
) -> list[Claim]:
    """One attempt for each post, given with its account; all in two statements."""
    if not taken:
        return []
    rows = connection.execute(_PARTS, {"ids": [post.id for post, _account in taken]}).all()
    parts = {key: list(some) for key, some in groupby(rows, key=lambda part: part.post_id)}
    turns = [_Turn.of(post, account, parts[post.id]) for post, account in taken]
    opened = connection.execute(_OPEN, [turn.attempt(now) for turn in turns]).scalars()
    return [
        turn.claim(attempt_id, pictures) for turn, attempt_id in zip(turns, opened, strict=True)
    ]


def make_claim(
    post: Post,
    part: Part,
    attempt: Attempt,
    account: Account,
    pictures: Path,
    reply_to: str | None,
) -> Claim:
    """A claim as services and networks see it: values only, nothing tied to a session."""
    return Claim(
        attempt_id=_id(attempt.id),
        post_id=part.post_id,
        part_id=_id(part.id),
        fence=attempt.fence,
        revision=attempt.revision,
        position=part.position,
        text=part.text,
        images=tuple(images_of(part.images, pictures)),
        reply_to=reply_to,
        account=account_ref(account),
        due_at=post.due_at or attempt.started_at,
        not_before=post.not_before or attempt.started_at,
        evidence=attempt.evidence,
        armed_at=attempt.armed_at,
        embargo_until=post.embargo_until,
        review_id=post.review_id,
    )


def images_of(rows: Sequence[dict[str, Any]], folder: Path) -> list[Image]:
    """The pictures of a part's row."""
    return [
        Image(folder / row["file"], row["media_type"], row["alt"], row["size_bytes"])
        for row in rows
    ]


def account_ref(account: Account) -> AccountRef:
    """The account without its row."""
    return AccountRef(
        id=_id(account.id),
        name=account.name,
        network=account.network,
        server=account.server,
        handle=account.handle,
        remote_id=account.remote_id,
        newest_remote_id=account.newest_remote_id,
        monthly_cap=account.monthly_cap,
    )


def _id(value: int | None) -> int:
    if value is None:
        raise ValueError("the row has not been saved")
    return value

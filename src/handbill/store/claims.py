"""The publish protocol's transactions: claim, arm, record, expire, miss, settle.

Every one is a compare-and-set: another worker, the shell or the page may have been here first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.network import AccountRef, Claim, Evidence, Image
from handbill.domain.settling import EXCHANGE_DEADLINE, SEND_WINDOW
from handbill.models import Account, Attempt, Part, Post
from handbill.store.engine import begin, write

#: What arming must have left of its lease: the exchange, and time to record it.
SEND_LEASE = SEND_WINDOW + EXCHANGE_DEADLINE + timedelta(seconds=55)
#: A worker's word that it lives: time for tokens and uploads, and then to send.
LEASE = timedelta(minutes=10) + SEND_LEASE


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
    A partial unique index allows an account one publishing post. A worker that loses that race
    goes away empty-handed and looks again at its next wake.
    """
    try:
        with write(engine) as session:
            ids = session.scalars(_claimable(now, now + ahead, limit)).all()
            claimed = session.scalars(
                sa.update(Post)
                .where(col(Post.id).in_(ids), col(Post.status) == Status.QUEUED)
                .values(
                    status=step(Status.QUEUED, Verb.CLAIM),
                    fence=Post.fence + 1,
                    lease_until=now + LEASE,
                    worker=worker,
                )
                .returning(Post),
                execution_options={"synchronize_session": False},
            ).all()
            ordered = sorted(claimed, key=lambda post: (post.not_before or now, post.id or 0))
            return [_open_attempt(session, post, now, worker, pictures) for post in ordered]
    except IntegrityError:
        return []


def _claimable(now: datetime, horizon: datetime, limit: int) -> sa.Select[Any]:
    turn = sa.func.row_number().over(
        partition_by=col(Post.account_id), order_by=(col(Post.not_before), col(Post.id))
    )
    due = (
        sa.select(col(Post.id).label("id"), turn.label("turn"))
        .where(
            col(Post.status) == Status.QUEUED,
            col(Post.not_before) <= horizon,
            col(Post.no_later_than) >= now,
        )
        .subquery()
    )
    busy = sa.exists().where(
        col(Post.account_id) == col(Account.id), col(Post.status) == Status.PUBLISHING
    )
    first = sa.select(due.c.id).where(due.c.turn == 1)
    return (
        sa.select(col(Post.id))
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(
            col(Post.id).in_(first),
            col(Account.paused_at).is_(None),
            sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
            ~busy.correlate(Account),
        )
        .order_by(col(Post.not_before), col(Post.id))
        .limit(limit)
        .with_for_update(of=Account, skip_locked=True, key_share=True)
    )


def _open_attempt(
    session: Session, post: Post, now: datetime, worker: str, pictures: Path
) -> Claim:
    parts = session.exec(
        select(Part).where(Part.post_id == post.id).order_by(col(Part.position))
    ).all()
    part = next(part for part in parts if part.remote_id is None)
    before = [other for other in parts if other.position < part.position]
    attempt = Attempt(
        post_id=part.post_id,
        part_id=_id(part.id),
        fence=post.fence,
        revision=post.revision,
        worker=worker,
        started_at=now,
    )
    session.add(attempt)
    session.flush()
    account = session.get_one(Account, post.account_id)
    return make_claim(
        post, part, attempt, account, pictures, before[-1].remote_id or None if before else None
    )


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
    )


def arm(engine: Engine, claim: Claim, evidence: Evidence, now: datetime) -> bool:
    """Give leave to send, durably, if nothing has changed since the claim; else answer False.

    Whatever error this raises, the caller must send nothing.
    """
    with begin(engine) as connection:
        armed = connection.execute(
            _ARM,
            {
                "its_attempt": claim.attempt_id,
                "its_post": claim.post_id,
                "its_part": claim.part_id,
                "its_account": claim.account.id,
                "its_fence": claim.fence,
                "its_revision": claim.revision,
                "now": now,
                "lease": now + SEND_LEASE,
                "proof": dict(evidence),
            },
        )
        return armed.rowcount == 1


def _arming() -> sa.Update:
    """The statement of `arm`, built once: it stands between the due time and the first byte."""
    now = sa.bindparam("now", type_=UTCDateTime())
    still_ours = sa.exists().where(
        col(Post.id) == sa.bindparam("its_post"),
        col(Post.status) == Status.PUBLISHING,
        col(Post.fence) == sa.bindparam("its_fence"),
        col(Post.revision) == sa.bindparam("its_revision"),
        col(Post.lease_until) > sa.bindparam("lease", type_=UTCDateTime()),
        col(Post.due_at) <= now,
        col(Post.not_before) <= now,
        col(Post.no_later_than) >= now,
    )
    not_out = sa.exists().where(
        col(Part.id) == sa.bindparam("its_part"), col(Part.remote_id).is_(None)
    )
    free_to_send = sa.exists().where(
        col(Account.id) == sa.bindparam("its_account"),
        col(Account.paused_at).is_(None),
        sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
    )
    return (
        sa.update(SQLModel.metadata.tables["attempt"])
        .where(
            col(Attempt.id) == sa.bindparam("its_attempt"),
            col(Attempt.armed_at).is_(None),
            col(Attempt.ended_at).is_(None),
            still_ours,
            not_out,
            free_to_send,
        )
        .values(armed_at=now, evidence=sa.bindparam("proof"))
    )


_ARM = _arming()


@dataclass(frozen=True)
class Expired:
    """A claim whose worker is gone, and what became of the post."""

    post_id: int
    status: Status


def open_claims(session: Session, before: datetime | None) -> Sequence[tuple[Post, Attempt]]:
    """Publishing posts with their open attempt, locked; if given, only leases before `before`."""
    query = (
        sa.select(Post, Attempt)
        .join(Attempt, col(Attempt.post_id) == col(Post.id))
        .where(col(Post.status) == Status.PUBLISHING, col(Attempt.ended_at).is_(None))
        .with_for_update()
    )
    if before is not None:
        query = query.where(col(Post.lease_until) < before)
    return [(post, attempt) for post, attempt in session.execute(query).all()]


def _id(value: int | None) -> int:
    if value is None:
        raise ValueError("the row has not been saved")
    return value

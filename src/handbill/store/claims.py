"""The transactions before sending: claim and arm.

Every one is a compare-and-set: another worker, the shell or the page may have been here first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.network import AccountRef, Claim, Evidence, Image
from handbill.domain.settling import EXCHANGE_DEADLINE, SEND_WINDOW
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.engine import write
from handbill.store.group import together
from handbill.store.standing import not_paused

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
            ids = session.scalars(
                _CLAIMABLE, {"now": now, "horizon": now + ahead, "most": limit}
            ).all()
            if not ids:
                return []
            failpoint("claim.begun")
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
            made = _open_attempts(session, claimed, now, worker, pictures)
            failpoint("claim.before_commit")
    except IntegrityError:
        return []
    failpoint("claim.after_commit")
    return made


def _claimables() -> sa.Select[Any]:
    """Each free account's next post, earliest first. Its cost grows with the accounts, whatever
    the length of the queue."""
    now = sa.bindparam("now", type_=UTCDateTime())
    first = aliased(Post)
    turn = (
        sa.select(col(first.id))
        .where(
            col(first.account_id) == col(Account.id),
            col(first.status) == sa.literal_column("'queued'"),  # so that the partial index serves
            col(first.not_before) <= sa.bindparam("horizon", type_=UTCDateTime()),
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
        col(other.status) == sa.literal_column("'publishing'"),
    )
    return (
        sa.select(col(Post.id))
        .select_from(Account)
        .join(Post, col(Post.id) == turn)
        .where(
            col(Account.paused_at).is_(None),
            sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
            ~busy,
            not_paused(),
        )
        .order_by(col(Post.not_before), col(Post.id))
        .limit(sa.bindparam("most", type_=sa.Integer()))
        # It waits for no row, so nobody can wait for it in a circle.
        .with_for_update(of=(Account, Post), skip_locked=True, key_share=True)
    )


_CLAIMABLE = _claimables()


def _open_attempts(
    session: Session, posts: Sequence[Post], now: datetime, worker: str, pictures: Path
) -> list[Claim]:
    """One attempt for each post, at its first part that is not out; all in three statements."""
    rows = session.scalars(
        sa.select(Part)
        .where(col(Part.post_id).in_([post.id for post in posts]))
        .order_by(col(Part.post_id), col(Part.position))
    ).all()
    parts = {key: list(some) for key, some in groupby(rows, key=lambda part: part.post_id)}
    ordered = sorted(posts, key=lambda post: (post.not_before or now, post.id or 0))
    turns = [(post, _turn(parts[_id(post.id)])) for post in ordered]
    attempts = [
        Attempt(
            post_id=part.post_id,
            part_id=_id(part.id),
            fence=post.fence,
            revision=post.revision,
            worker=worker,
            started_at=now,
        )
        for post, (part, _before) in turns
    ]
    session.add_all(attempts)
    session.flush()
    ids = {post.account_id for post in ordered}
    found = session.scalars(sa.select(Account).where(col(Account.id).in_(ids))).all()
    accounts = {account.id: account for account in found}
    return [
        make_claim(post, part, attempt, accounts[post.account_id], pictures, before)
        for (post, (part, before)), attempt in zip(turns, attempts, strict=True)
    ]


def _turn(parts: Sequence[Part]) -> tuple[Part, str | None]:
    """The first part that is not out, and the receipt of the one before it."""
    before = None
    for part in parts:
        if part.remote_id is None:
            return part, before
        before = part.remote_id or None
    raise ValueError("every part is out")


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
    values = {
        "its_attempt": claim.attempt_id,
        "its_post": claim.post_id,
        "its_part": claim.part_id,
        "its_account": claim.account.id,
        "its_fence": claim.fence,
        "its_revision": claim.revision,
        "now": now,
        "lease": now + SEND_LEASE,
        "proof": dict(evidence),
    }

    def give(session: Session) -> bool:
        armed = session.connection().execute(_ARM, values)
        failpoint("arm.before_commit")
        return armed.rowcount == 1

    failpoint("arm.before")
    given = together(engine, give, claim.post_id)
    failpoint("arm.after_commit")
    return given


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
            not_paused(),
        )
        .values(armed_at=now, evidence=sa.bindparam("proof"))
    )


_ARM = _arming()


def _id(value: int | None) -> int:
    if value is None:
        raise ValueError("the row has not been saved")
    return value

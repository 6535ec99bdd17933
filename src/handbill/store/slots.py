"""The weekly times of accounts, and which instants ahead are taken by a post."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.lifecycle import Status
from handbill.models import Account, Post
from handbill.store.engine import begin, glance


def keep(engine: Engine, account_id: int, slots: Sequence[str]) -> None:
    """Set all weekly times of an account."""
    with begin(engine) as connection:
        connection.execute(
            sa.update(Account).where(col(Account.id) == account_id).values(slots=list(slots))
        )


def taken(
    engine: Engine, account_id: int, after: datetime, leaving_out: Collection[int] = ()
) -> frozenset[datetime]:
    """The instants later than `after` at which posts of an account are due, drafts included."""
    with glance(engine) as connection:
        found = connection.scalars(
            sa.select(col(Post.due_at)).where(
                col(Post.account_id) == account_id,
                col(Post.due_at) > after,
                col(Post.status).in_([Status.DRAFT, Status.QUEUED, Status.PUBLISHING]),
                col(Post.id).not_in(leaving_out),
            )
        )
        return frozenset(at for at in found if at is not None)

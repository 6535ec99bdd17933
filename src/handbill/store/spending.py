"""What the posts of an account cost in a stretch of time: spent already, or promised."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.lifecycle import Status
from handbill.models import IS_QUEUED, Account, Attempt, Part, Post
from handbill.store.engine import begin, glance

#: What the network charges, or may have charged already.
_SPENT = (Status.PUBLISHED, Status.IN_DOUBT, Status.PUBLISHING)
#: What was given up half-way: charged for if a part of it is out.
_OVER = (Status.FAILED, Status.MISSED, Status.CANCELLED)


@dataclass(frozen=True)
class Spending:
    """In dollars."""

    spent: Decimal = Decimal(0)
    promised: Decimal = Decimal(0)


def between(
    engine: Engine,
    account_id: int,
    since: datetime,
    until: datetime,
    leaving_out: Collection[int] = (),
) -> Spending:
    """The prices of an account's posts from `since` on, before `until`, without some of them.

    Spent by when a post went out or was last tried; promised by when it is due. A post without a
    price counts nothing.
    """
    mine: list[Any] = [col(Post.account_id) == account_id]
    if leaving_out:
        mine.append(col(Post.id).not_in(leaving_out))
    armed = sa.select(sa.func.max(col(Attempt.armed_at))).where(
        col(Attempt.post_id) == col(Post.id)
    )
    sent = sa.func.coalesce(col(Post.published_at), armed.scalar_subquery(), col(Post.due_at))
    with glance(engine) as connection:
        spent = connection.scalar(
            sa.select(sa.func.sum(col(Post.price))).where(
                *mine, _is_spent(), sent >= since, sent < until
            )
        )
        promised = connection.scalar(
            sa.select(sa.func.sum(col(Post.price))).where(
                *mine, IS_QUEUED, col(Post.due_at) >= since, col(Post.due_at) < until
            )
        )
    return Spending(spent or Decimal(0), promised or Decimal(0))


def _is_spent() -> sa.ColumnElement[bool]:
    out = sa.exists().where(col(Part.post_id) == col(Post.id), col(Part.remote_id).is_not(None))
    status = col(Post.status)
    return sa.or_(status.in_(_SPENT), sa.and_(status.in_(_OVER), out))


def keep_cap(engine: Engine, account_id: int, dollars: Decimal | None) -> None:
    """Set what an account may cost in a month, or None for as much as it likes."""
    with begin(engine) as connection:
        connection.execute(
            sa.update(Account).where(col(Account.id) == account_id).values(monthly_cap=dollars)
        )


def capped(engine: Engine, account_id: int) -> bool:
    """Whether there is a cap on an account."""
    with glance(engine) as connection:
        query = sa.select(col(Account.monthly_cap)).where(col(Account.id) == account_id)
        return connection.scalar(query) is not None

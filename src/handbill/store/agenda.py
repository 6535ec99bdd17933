"""The schedule at a glance: what is due, when to wake, how much waits; by index alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status
from handbill.models import IS_QUEUED, Account, Attempt, Post
from handbill.store.engine import glance, read


@dataclass(frozen=True)
class Agenda:
    """What there is to do now, and the next moment at which there will be something."""

    posts_due: bool
    looks_due: bool
    next_moment: datetime | None


def _at_a_glance() -> sa.Select[*tuple[Any, ...]]:
    """All four moments in one question, each by an index of its own."""
    now = sa.bindparam("now", type_=UTCDateTime())
    horizon = sa.bindparam("horizon", type_=UTCDateTime())
    ready = sa.select(sa.func.min(col(Post.not_before))).where(IS_QUEUED)
    look = sa.select(sa.func.min(col(Attempt.next_look_at))).where(
        col(Attempt.next_look_at).is_not(None)
    )
    rest = sa.select(sa.func.min(col(Account.rest_until))).where(col(Account.rest_until) > now)
    return sa.select(
        ready.scalar_subquery().label("first"),
        ready.where(col(Post.not_before) > horizon).scalar_subquery().label("coming"),
        look.scalar_subquery().label("look"),
        rest.scalar_subquery().label("rest"),
    )


_GLANCE = _at_a_glance()


def look_up(engine: Engine, now: datetime, ahead: timedelta = timedelta(0)) -> Agenda:
    """Look at the schedule, by index alone, whatever its size.

    `ahead` brings posts forward by so much, as it does in `claims.claim`.

    An overdue post that waits for its account (paused, resting, busy) has no moment of its own:
    what frees the account wakes the daemon.
    """
    with glance(engine) as connection:
        row = connection.execute(_GLANCE, {"now": now, "horizon": now + ahead}).one()
    first, coming, look, rest = row
    waking = coming - ahead if coming is not None else None
    moments = [moment for moment in (waking, look, rest) if moment is not None and moment > now]
    return Agenda(
        posts_due=first is not None and first <= now + ahead,
        looks_due=look is not None and look <= now,
        next_moment=min(moments, default=None),
    )


def counts(engine: Engine) -> dict[Status, int]:
    """How many posts are in each status."""
    with read(engine) as session:
        rows = session.execute(
            sa.select(col(Post.status), sa.func.count()).group_by(col(Post.status))
        ).all()
        return {row[0]: row[1] for row in rows}

"""Rows of workers: who publishes from this database, and when each gave its last sign of life."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col, select

from handbill.models import Worker
from handbill.store.engine import begin, read, write

#: A worker gives a sign of life every quarter of a minute. After this long it counts as gone.
SILENCE = timedelta(seconds=75)
#: Rows of workers that are gone for so long are forgotten.
FORGET = timedelta(days=2)


def register(engine: Engine, worker: Worker) -> datetime | None:
    """Add a worker that begins now; answers the newest sign of life of any before it.

    Raises StoreProblem when the database cannot be written.
    """
    with write(engine) as session:
        newest = _newest(session.connection())
        long_gone = worker.started_at - FORGET
        session.execute(sa.delete(Worker).where(col(Worker.seen_at) < long_gone))
        session.add(worker)
        return newest


def beat(engine: Engine, name: str, now: datetime, trouble: str | None = None) -> datetime | None:
    """A sign of life; answers the newest one that any worker had given before it."""
    with begin(engine) as connection:
        newest = _newest(connection)
        connection.execute(
            sa.update(Worker)
            .where(col(Worker.name) == name)
            .values(seen_at=now, stopped_at=None, trouble=trouble)
        )
        return newest


def _newest(connection: sa.Connection) -> datetime | None:
    found: datetime | None = connection.scalar(sa.select(sa.func.max(col(Worker.seen_at))))
    return found


def stop(engine: Engine, name: str, now: datetime) -> None:
    """A worker ends in peace."""
    with begin(engine) as connection:
        connection.execute(
            sa.update(Worker)
            .where(col(Worker.name) == name)
            .values(seen_at=now, stopped_at=now, trouble=None)
        )


def listing(engine: Engine) -> Sequence[Worker]:
    """All workers that were seen lately, the newest first."""
    with read(engine) as session:
        return session.exec(
            select(Worker).order_by(col(Worker.seen_at).desc(), col(Worker.id).desc())
        ).all()


def silent(engine: Engine, since: datetime) -> list[str]:
    """Names of those that have given no sign of life since then, or have ended."""
    with read(engine) as session:
        return list(
            session.exec(
                select(Worker.name).where(
                    sa.or_(col(Worker.seen_at) < since, col(Worker.stopped_at).is_not(None))
                )
            )
        )

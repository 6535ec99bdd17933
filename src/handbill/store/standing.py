"""What holds for the whole house: the one big pause, and by which zone data times were read."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from handbill.models import Standing
from handbill.store.changes import announce
from handbill.store.engine import read, write

PAUSE = "pause"
ZONE_DATA = "zone_data"


def not_paused() -> ColumnElement[bool]:
    """The condition that no big pause is on, for claiming and arming."""
    return ~sa.exists().where(col(Standing.name) == PAUSE)


def put(engine: Engine, name: str, value: str, now: datetime) -> None:
    """Let something hold from now on; what holds already keeps its beginning."""
    try:
        _put(engine, name, value, now)
    except IntegrityError:  # another has put it there in this very moment
        _put(engine, name, value, now)


def _put(engine: Engine, name: str, value: str, now: datetime) -> None:
    with write(engine) as session:
        row = session.get(Standing, name, with_for_update=True)
        if row is None:
            session.add(Standing(name=name, value=value, since=now))
        else:
            row.value = value


def take(engine: Engine, name: str) -> bool:
    """Let it hold no longer; False when it did not hold."""
    with write(engine) as session:
        row = session.get(Standing, name, with_for_update=True)
        if row is None:
            return False
        session.delete(row)
        announce(session)
        return True


def get(engine: Engine, name: str) -> Standing | None:
    """What holds under this name."""
    with read(engine) as session:
        return session.get(Standing, name)

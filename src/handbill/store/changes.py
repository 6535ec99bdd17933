"""Notices that another process has changed the database, so that nobody need poll the queue."""

import sqlite3
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine
from sqlmodel import Session, text

from handbill.store.engine import LINE, sqlite_file

if TYPE_CHECKING:
    import psycopg

CHANNEL = "handbill"


class Changes(Protocol):
    """Waits for changes made by others."""

    def wait(self, patience: timedelta) -> bool:
        """Wait for a change, no longer than `patience`; the first call says there was one."""

    def close(self) -> None:
        """Let go of the database."""


def announce(session: Session) -> None:
    """Tell the workers that listen on a database server, once this transaction is committed.

    On SQLite the file itself tells.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


def changes(engine: Engine, every: timedelta) -> Changes:
    """The way this kind of database tells; a file is asked as often as `every`."""
    if sqlite_file(engine) is None:
        return Notifications(engine)
    return DataVersion(engine, every)


class DataVersion:
    """Asks a SQLite file for its `data_version`, on a connection of its own; it takes 3 µs."""

    def __init__(self, engine: Engine, every: timedelta) -> None:
        file = sqlite_file(engine)
        if file is None:
            raise ValueError("not a file")
        self._every = every
        self._last: int | None = None
        self._connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )

    def wait(self, patience: timedelta) -> bool:
        """Look every now and then."""
        ends = time.monotonic() + patience.total_seconds()
        while not self.seen():
            if time.monotonic() >= ends:
                return False
            time.sleep(min(self._every, patience).total_seconds())
        return True

    def seen(self) -> bool:
        """Whether the database has changed since the last call; the first call says it has."""
        try:
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return False  # the safety interval goes on
        changed = version != self._last
        self._last = version
        return changed

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class Notifications:
    """Listens on a database server, on a connection of its own; made anew when it breaks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._line: psycopg.Connection[tuple[object, ...]] | None = None

    def wait(self, patience: timedelta) -> bool:
        """Sleep until the server tells. A new line says at once that something may have changed."""
        import psycopg

        try:
            if self._line is None:
                self._line = self._listen()
                return True
            heard = self._line.notifies(timeout=patience.total_seconds(), stop_after=1)
            return next(heard, None) is not None
        except psycopg.Error:
            self.close()
            time.sleep(min(1.0, patience.total_seconds()))  # the server is away; so is the queue
            return False

    def _listen(self) -> "psycopg.Connection[tuple[object, ...]]":
        import psycopg

        _, given = self._engine.dialect.create_connect_args(self._engine.url)
        line = psycopg.connect(**{**LINE, **given}, autocommit=True)
        line.execute(f"LISTEN {CHANNEL}".encode())
        return line

    def close(self) -> None:
        """Let go of the line."""
        if self._line is not None:
            self._line.close()
            self._line = None

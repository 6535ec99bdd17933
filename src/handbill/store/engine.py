"""Engines and transactions: SQLite in WAL with full sync, or PostgreSQL.

A writer on SQLite takes the write lock when it begins, so that it waits its turn instead of
failing half-way; an upgraded read would get "database is locked" at once.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from handbill.errors import SettingsProblem
from handbill.store.troubles import plainly

BUSY_MS = 15_000

#: libpq's own words for a line that has gone silent: seconds, and for the last one milliseconds.
LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
#: A worker that freezes in the middle of a transaction must not hold the others up for ever. And
#: what is confirmed is on the disk, whatever the default of server, database or role becomes.
_SESSION = (
    "timezone=utc",
    "lock_timeout=15s",
    "idle_in_transaction_session_timeout=10s",
    "synchronous_commit=on",
)
#: Makes an engine of a database's address.
Opening = Callable[[str], Engine]

#: SQLite's own waiting polls and is unfair; writers of one process queue up here first.
_turns: "WeakKeyDictionary[Engine, threading.Lock]" = WeakKeyDictionary()


def make_engine(url: str | sa.URL) -> Engine:
    """An engine for a SQLite file or a PostgreSQL server. Opens nothing yet."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return _postgres(parsed)
        if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
            raise NoSuchModuleError
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise SettingsProblem(
            "The database_url is not one that Handbill can open.",
            "Use sqlite:////full/path/handbill.db, or postgresql://user@host/name "
            "with `pip install 'handbill[postgres]'`.",
        ) from None
    return _sqlite(parsed)


@contextmanager
def as_the_server_is(engine: Engine) -> Generator[Connection]:
    """A session on a server with nothing set but its own defaults."""
    bare = _postgres(engine.url, ())
    try:
        with bare.connect() as connection:
            yield connection
    finally:
        bare.dispose()


def _postgres(url: sa.URL, session: Sequence[str] = _SESSION) -> Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=-1,
        hide_parameters=True,
        connect_args={
            "options": " ".join(f"-c {option}" for option in session),
            **{name: value for name, value in LINE.items() if name not in url.query},
        },
    )


def _sqlite(url: sa.URL) -> Engine:
    # Threads of the pool each hold a connection for moments only; an upper bound of 5 would make
    # fifty of them wait for each other.
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=-1,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # we send BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL does not sync on commit: a crash could forget an arm
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MS}",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


@contextmanager
def begin(engine: Engine) -> Generator[Connection]:
    """A transaction that may write. Commits on leaving, rolls back on an exception.

    Raises StoreProblem when the database cannot be written: locked for long, full, read-only.
    """
    with (
        _turn(engine),
        _as_problems(engine),
        engine.connect() as connection,
        connection.execution_options(sqlite_begin="IMMEDIATE").begin(),
    ):
        yield connection


def _turn(engine: Engine) -> AbstractContextManager[object]:
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _turns.setdefault(engine, threading.Lock())


@contextmanager
def write(engine: Engine) -> Generator[Session]:
    """`begin` with a session, for whoever changes rows as objects."""
    with begin(engine) as connection, Session(connection, expire_on_commit=False) as session:
        yield session
        session.flush()


@contextmanager
def read(engine: Engine) -> Generator[Session]:
    """A transaction that only reads: one moment of the database. Raises StoreProblem."""
    with _as_problems(engine), Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def glance(engine: Engine) -> Generator[Connection]:
    """`read` without a session, for a few values."""
    with _as_problems(engine), engine.connect() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Generator[Connection]:
    """One moment of the database for as long as it is read; nobody waits for it. Raises
    StoreProblem."""
    lasting: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        lasting = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        _as_problems(engine),
        engine.connect() as connection,
        connection.execution_options(**lasting).begin(),
    ):
        yield connection


@contextmanager
def _as_problems(engine: Engine) -> Generator[None]:
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise  # a broken rule is for the caller, and a wrong statement is a bug
    except (DBAPIError, PoolTimeout) as error:
        raise plainly(sqlite_file(engine), getattr(error, "orig", None)) from None


def sqlite_file(engine: Engine) -> Path | None:
    """The database's file, or None on a server."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    return Path(engine.url.database)

"""Creates and migrates the database. Alembic is loaded only when there is something to do."""

import os
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from handbill.errors import StoreProblem
from handbill.failpoints import failpoint
from handbill.store.engine import as_the_server_is, make_engine, sqlite_file
from handbill.store.troubles import plainly

#: Every schema this program knows, oldest first; the names of the scripts in `migrations/`.
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]

#: Any number will do, as long as it stays the same.
LOCK_KEY = 0x68616E6462696C6C

MIGRATIONS = Path(__file__).parent / "migrations"


def open_store(url: str | sa.URL, begin: bool = True) -> Engine:
    """An engine on a database of today's schema, migrated if need be, and created if it may `begin`
    one: else a queue that has gone, or a mistyped address, would look like an empty queue.

    Raises StoreProblem when the database is newer than this program, broken or out of reach.
    """
    engine = make_engine(url)
    try:
        _refuse_forgetful(engine)
        current = _current(engine)
        if current is None and not begin:
            raise _not_there(engine)
        if current != HEAD:
            _migrate(engine)
    except DatabaseError as error:
        raise _not_let_in(engine, error) from None
    except OSError as error:
        raise StoreProblem(
            f"{sqlite_file(engine)} cannot be made ({error.strerror}).",
            "Check the folder's permissions, or choose another with --home.",
        ) from None
    return engine


def _current(engine: Engine) -> str | None:
    """The database's revision, or None where there is no database yet."""
    file = sqlite_file(engine)
    if file is not None and (not file.exists() or not file.stat().st_size):
        return None
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            _refuse_foreign(connection)
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found is not None and found not in REVISIONS:
        raise StoreProblem(
            "This database was written by a newer Handbill than this one.",
            "Upgrade this program: pip install --upgrade handbill",
        )
    return found


def _not_there(engine: Engine) -> StoreProblem:
    file = sqlite_file(engine)
    where = f"at {file}" if file else "in this database"
    return StoreProblem(
        f"There is no queue {where}.",
        "To begin one: handbill init. If there was one: handbill restore FILE puts a backup there, "
        "or set --home or database_url right.",
    )


def _refuse_foreign(connection: Connection) -> None:
    if sa.inspect(connection).get_table_names():
        raise StoreProblem(
            "This database holds tables of another program, and Handbill will not touch them.",
            "Give Handbill a database of its own: set database_url.",
        )


def _refuse_forgetful(engine: Engine) -> None:
    """A server that confirms what it has not written could forget that a post was armed."""
    if engine.dialect.name != "postgresql":
        return
    with as_the_server_is(engine) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            if connection.scalar(sa.text(f"SHOW {setting}")) == "off":
                raise StoreProblem(
                    f"This PostgreSQL runs with {setting} = off: after a power cut it could forget "
                    "that a post went out, and it would be sent twice.",
                    f"Switch it on: ALTER SYSTEM SET {setting} = on; SELECT pg_reload_conf();",
                )


def _migrate(engine: Engine) -> None:
    file = sqlite_file(engine)
    if file is None:
        return _migrate_server(engine)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.migrate.lock"):  # two first commands at once: one of them waits
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        if _current(engine) != HEAD:
            upgrade(engine)
    return None


def _migrate_server(engine: Engine) -> None:
    # Two first commands at once: one of them waits here, however long it takes, and in no
    # transaction, or the server would end it for its idleness.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as waiting:
        waiting.execute(sa.text("SET lock_timeout = 0"))
        waiting.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        try:
            if _current(engine) != HEAD:
                upgrade(engine)
        finally:
            waiting.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            waiting.execute(sa.text("RESET lock_timeout"))


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migration scripts up to `revision`, each in a transaction of its own."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        lite = engine.dialect.name == "sqlite"
        if lite:  # batch mode re-creates tables, and this cannot be switched in a transaction
            _pragma(connection, "foreign_keys=OFF")
        with connection.execution_options(sqlite_begin="IMMEDIATE").begin():
            if not lite:  # a slow machine may take its time between two statements
                connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            failpoint("migrate.before_commit")
        failpoint("migrate.after_commit")
        if lite:
            _pragma(connection, "foreign_keys=ON")


def _pragma(connection: Connection, pragma: str) -> None:
    raw = connection.connection.dbapi_connection
    if raw is not None:
        raw.cursor().execute(f"PRAGMA {pragma}")


def _not_let_in(engine: Engine, error: DatabaseError) -> StoreProblem:
    file = sqlite_file(engine)
    if file is not None:
        return plainly(file, error.orig)
    reason = " ".join(str(error.orig).split())
    return StoreProblem(
        f"The database server did not let Handbill in: {reason}.".replace("..", "."),
        "Check database_url and that the server is up.",
    )

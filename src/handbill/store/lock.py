"""One publisher for one SQLite file. A database server has workers instead, as many as you like."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from handbill.errors import StoreProblem
from handbill.store.engine import sqlite_file
from handbill.store.troubles import unwritable

#: `is_running` holds the lock for a moment when it asks; a daemon that starts just then waits.
PATIENCE_S = 1.0


@contextmanager
def sole_worker(engine: Engine) -> Generator[None]:
    """Hold the right to publish from a SQLite file. Raises StoreProblem when another has it, or
    when nothing can be written beside the file.

    On a database server many workers share the queue, and nothing is held.
    """
    file = sqlite_file(engine)
    if file is None:
        yield
        return
    lock = FileLock(_lock_path(file))
    try:
        lock.acquire(timeout=PATIENCE_S)
    except Timeout:
        raise StoreProblem(
            f"Another Handbill is publishing from {file} already.",
            "One is enough: stop that one first, or leave it to its work.",
        ) from None
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        yield
    finally:
        lock.release()


def place(engine: Engine) -> tuple[int, int] | None:
    """Which file on which disk the database is: another one when it was removed or replaced. None
    on a server, or when there is no file any more."""
    file = sqlite_file(engine)
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def is_running(engine: Engine) -> bool | None:
    """Whether some Handbill is publishing from this SQLite file; None on a server, or when nobody
    may look."""
    file = sqlite_file(engine)
    if file is None:
        return None
    lock = FileLock(_lock_path(file))
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return None


def _lock_path(file: Path) -> str:
    return f"{file.resolve()}.run.lock"

"""A SQLite database as a file: written from any database, examined, kept aside, put in place."""

import os
import shutil
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col, select

from handbill.failpoints import failpoint
from handbill.models import Part
from handbill.store.copying import Told, fill
from handbill.store.engine import begin, read, snapshot
from handbill.store.schema import open_store
from handbill.store.troubles import damaged, plainly


def url_of(file: Path) -> sa.URL:
    """The address of a SQLite file, whatever its name."""
    return sa.URL.create("sqlite", database=str(file))


@dataclass(frozen=True)
class Copy:
    """What a copy holds: how many rows of each table, and the pictures that posts refer to."""

    rows: dict[str, int]
    pictures: list[str]


def write_copy(engine: Engine, file: Path, told: Told) -> Copy:
    """Write one moment of a database into a new SQLite file, seal it and examine it. Raises
    StoreProblem."""
    copy = open_store(url_of(file))
    try:
        with snapshot(engine) as source, begin(copy) as target:
            rows = fill(source, target, told)
        made = Copy(rows, _pictures(copy))
    finally:
        copy.dispose()
    seal(file)
    examine(file, rows)
    return made


def _pictures(engine: Engine) -> list[str]:
    with read(engine) as session:
        lists = session.exec(select(Part.images).order_by(col(Part.id)))
        return sorted({image["file"] for images in lists for image in images})


def examine(file: Path, rows: Mapping[str, int] | None = None) -> None:
    """Raise Damaged unless the file is a whole database, with that many rows if they are given."""
    with _as_problems_of(file), closing(_open(file, "ro")) as connection:
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise damaged(file)
        there = {n for (n,) in connection.execute("SELECT name FROM sqlite_master")}
        for table, expected in (rows or {}).items():
            if table not in there:
                raise damaged(file)
            query = f'SELECT count(*) FROM "{table}"'  # noqa: S608  a name that is there
            if connection.execute(query).fetchone() != (expected,):
                raise damaged(file)


def seal(file: Path) -> None:
    """Make a closed database one file that can be taken away: nothing of it is left beside it."""
    with _as_problems_of(file), closing(_open(file, "rw")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    sync(file)


def keep_aside(file: Path, to: Path) -> None:
    """Write a sealed copy of a database that is whole, also while it is in use."""
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        _as_problems_of(file),
        closing(_open(file, "ro")) as source,
        closing(_open(to, "rw")) as target,
    ):
        source.backup(target)
    seal(to)


def replace_damaged(file: Path, new: Path, to: Path) -> None:
    """Put a sealed database in the place of a damaged one, which is kept as it is under `to`.

    At no moment is there no file: the next command would begin anew. The damaged one's log must be
    gone before, or SQLite would write it into the new one.
    """
    for ending in ("", "-wal"):
        if Path(f"{file}{ending}").exists():
            shutil.copy(f"{file}{ending}", f"{to}{ending}")
            sync(Path(f"{to}{ending}"))
    failpoint("replace.kept")
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    failpoint("replace.before")
    new.replace(file)
    sync(file.parent)


def _open(file: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, timeout=15)


@contextmanager
def _as_problems_of(file: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise plainly(file, error) from None


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Backs a whole Handbill up into one file, while it publishes. No secret is in that file."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from handbill import __version__
from handbill.errors import Damaged, InputProblem
from handbill.failpoints import failpoint
from handbill.services import archives
from handbill.services.archives import Manifest
from handbill.services.desk import Desk
from handbill.store import files
from handbill.store.copying import Told
from handbill.store.engine import sqlite_file
from handbill.store.files import Copy
from handbill.store.schema import HEAD
from handbill.store.troubles import damaged


def backup(desk: Desk, file: Path, told: Told, *, overwrite: bool = False) -> Manifest:
    """Write the database, as of one moment, and the pictures of its posts into one file.

    It is built beside `file`, read again, and renamed: there is never half a backup. Raises
    InputProblem when `file` is there already or cannot be made, and StoreProblem when the database
    cannot be read.
    """
    _refuse(file, overwrite)
    with (
        _refusing_unwritable(file),
        TemporaryDirectory(prefix=".handbill-backup-", dir=file.parent) as folder,
    ):
        taken_at = desk.clock()  # before the copy begins: what comes later may be missing in it
        database, packed = Path(folder) / "handbill.db", Path(folder) / "backup"
        copy = _copy(desk, database, told)
        manifest = archives.pack(
            packed,
            database,
            [desk.pictures / name for name in copy.pictures],
            Manifest(handbill=__version__, revision=HEAD, taken_at=taken_at, rows=copy.rows),
            told,
        )
        failpoint("backup.before_rename")
        _refuse(file, overwrite)
        packed.replace(file)
        files.sync(file.parent)
    return manifest


def _copy(desk: Desk, to: Path, told: Told) -> Copy:
    try:
        return files.write_copy(desk.engine, to, told)
    except Damaged:
        if (file := sqlite_file(desk.engine)) is None:
            raise
        raise damaged(file) from None  # the copy is only as bad as this


def _refuse(file: Path, overwrite: bool) -> None:
    if file.is_dir():
        raise InputProblem(f"{file} is a folder.", "Give the name of a file: handbill backup FILE")
    if not file.parent.is_dir():
        raise InputProblem(f"There is no folder {file.parent}.", "Make it, or choose another.")
    if file.exists() and not overwrite:
        raise InputProblem(
            f"{file} is there already.", "Choose another name, or overwrite it with --force."
        )


@contextmanager
def _refusing_unwritable(file: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise InputProblem(
            f"{file} cannot be written ({error.strerror}).",
            "Check the folder's permissions and the free space on the disk.",
        ) from None

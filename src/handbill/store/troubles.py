"""What a database's own errors mean, in plain words, each with the way out."""

import errno
from pathlib import Path
from shlex import quote

from handbill.errors import Damaged, Deadlock, StoreProblem

#: How SQLite's names for damage begin.
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
#: The other names that it gives to what a person can mend, by their beginnings.
_ON_A_FILE = {
    "SQLITE_READONLY": (
        "{file} cannot be written: the file, its folder or its disk is read-only. "
        "Nothing was changed.",
        "Allow it again: chmod u+w {folder_quoted} {file_quoted}*, or go on in another folder from "
        "a backup: handbill --home DIR restore FILE",
    ),
    "SQLITE_FULL": (
        "The disk that holds {file} is full. Nothing was changed.",
        "Make room on it and try again; `handbill run` goes on by itself.",
    ),
    "SQLITE_BUSY": (
        "{file} was kept busy by another program for too long. Nothing was changed.",
        "Try again; if that does not help, see who else has it open.",
    ),
    "SQLITE_CANTOPEN": (
        "{file} cannot be opened.",
        "Check that it is a file and the permissions of its folder, or choose another: --home DIR.",
    ),
    "SQLITE_IOERR": (
        "The disk that holds {file} reports an error ({reason}).",
        "Check the disk, then put a backup in its place: handbill restore FILE",
    ),
}
#: PostgreSQL's code for two transactions that wait for each other.
_DEADLOCK = "40P01"
#: And its other codes.
_ON_A_SERVER = {
    "25006": ("The database server takes no changes: it is read-only.", "Make it writable again."),
    "53100": ("The disk of the database server is full.", "Make room on it and try again."),
}


def plainly(file: Path | None, error: BaseException | None) -> StoreProblem:
    """The problem that a driver's error amounts to; Damaged where only a backup helps.

    `file` is None on a server, `error` when no connection was free.
    """
    if file is None:
        code = str(getattr(error, "sqlstate", ""))
        if code == _DEADLOCK:
            return Deadlock(
                "Two programs waited for each other. Nothing was changed.", "Try again."
            )
        known = _ON_A_SERVER.get(code)
        return StoreProblem(*known) if known else _unknown(error)
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(_DAMAGED):
        return damaged(file)
    found = next((known for known in _ON_A_FILE if name.startswith(known)), None)
    return _of_file(found, file, str(error)) if found else _unknown(error)


def damaged(file: Path) -> Damaged:
    """The refusal of a file that is no database, or not a whole one."""
    return Damaged(
        f"{file} is damaged or is not a database; Handbill has not changed it.",
        "Put a backup in its place: handbill restore FILE, or move it away to begin anew.",
    )


def unwritable(file: Path, error: OSError) -> StoreProblem:
    """The refusal of a file beside which nothing can be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _of_file("SQLITE_FULL" if full else "SQLITE_READONLY", file, str(error.strerror))


def _of_file(name: str, file: Path, reason: str) -> StoreProblem:
    says, cure = _ON_A_FILE[name]
    words = {
        "file": str(file),
        "file_quoted": quote(str(file)),
        "folder_quoted": quote(str(file.parent)),
        "reason": reason,
    }
    return StoreProblem(says.format(**words), cure.format(**words))


def _unknown(error: BaseException | None) -> StoreProblem:
    if error is not None and getattr(error, "sqlstate", "") in (None, "57P01", "57P02", "57P03"):
        # The line broke, perhaps between the server's doing it and its saying so.
        return StoreProblem(
            f"The line to the database broke: {error}. What you asked for may have been done, or "
            "not.",
            "Look before you do it again: handbill queue list",
        )
    return StoreProblem(
        f"The database cannot be used at the moment: {error or 'no connection was free'}.",
        "Check that the server is up, or the disk, and who else has the database open.",
    )

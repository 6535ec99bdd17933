"""The file that a backup is: a zip with the database, the pictures and a manifest. Never a secret:
none of these holds one."""

import hashlib
import os
import re
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pydantic import AwareDatetime, BaseModel, ValidationError

from handbill.errors import InputProblem, StoreProblem
from handbill.services.pictures import put
from handbill.store.copying import Told
from handbill.store.schema import REVISIONS

FORMAT = 1
MANIFEST, DATABASE, PICTURES = "manifest.json", "handbill.db", "pictures/"
MAX_MANIFEST_BYTES = 10_000_000

#: How pictures are named: by their content.
_NAME = re.compile(r"([0-9a-f]{64})\.[a-z]{3,4}")


class Manifest(BaseModel):
    """What a backup is of."""

    format: int = FORMAT
    #: The version that wrote it, and of which schema the database in it is.
    handbill: str
    revision: str
    #: Everything that happened before this is in it.
    taken_at: AwareDatetime
    #: How many rows each table has.
    rows: dict[str, int]
    pictures: int = 0
    #: Pictures that posts refer to and that were not there any more.
    missing: list[str] = []


def pack(
    to: Path, database: Path, pictures: Sequence[Path], manifest: Manifest, told: Told
) -> Manifest:
    """Write a backup, sync it, and read all of it again; answers the manifest as it was written."""
    packed, missing = 0, []
    handle = os.open(to, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as raw, ZipFile(raw, "w") as archive:
        archive.write(database, DATABASE, ZIP_DEFLATED)
        for number, picture in enumerate(pictures, 1):
            content = _picture(picture)
            if content is None:
                missing.append(picture.name)
            else:
                archive.writestr(PICTURES + picture.name, content)  # stored: it is packed already
                packed += 1
            told("pictures", number, len(pictures))
        whole = manifest.model_copy(update={"pictures": packed, "missing": missing})
        archive.writestr(MANIFEST, whole.model_dump_json(indent=2))
        archive.close()
        os.fsync(raw.fileno())
        with ZipFile(raw) as again:
            if again.testzip() is not None:
                raise StoreProblem(
                    f"What was written to {to.parent} does not read back as it was.",
                    "Check that disk, and back up to another one: handbill backup FILE",
                )
    return whole


def _picture(path: Path) -> bytes | None:
    """A picture, if it is there and still what its name says."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if _is_named(content, path.name) else None


def _is_named(content: bytes, name: str) -> bool:
    found = _NAME.fullmatch(name)
    return found is not None and found[1] == hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Archive:
    """An open backup of a format and schema that this program knows."""

    file: Path
    manifest: Manifest
    _zip: ZipFile

    def take_database(self, to: Path) -> None:
        """Write the database into a new file."""
        handle = os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as new, _reading(self.file), self._zip.open(DATABASE) as kept:
            copyfileobj(kept, new, 1_000_000)

    def take_pictures(self, folder: Path, told: Told) -> None:
        """Put the pictures back that are not there."""
        found = [one for one in self._zip.infolist() if one.filename.startswith(PICTURES)]
        for number, one in enumerate(found, 1):
            name = one.filename.removeprefix(PICTURES)
            content = self._content(one)
            if not _is_named(content, name):
                raise not_whole(self.file)
            put(content, folder / name)
            told("pictures", number, len(found))

    def _content(self, one: ZipInfo) -> bytes:
        with _reading(self.file):
            return self._zip.read(one)


@contextmanager
def opened(file: Path) -> Generator[Archive]:
    """A backup to read. Raises InputProblem when it is none or damaged, and StoreProblem when it is
    newer than this program."""
    if not file.is_file():
        raise InputProblem(f"There is no file {file}.", "Check the path.")
    with _reading(file):
        archive = ZipFile(file)
    with archive:
        with _reading(file):
            manifest = _manifest(file, archive)
        yield Archive(file, manifest, archive)


def _manifest(file: Path, archive: ZipFile) -> Manifest:
    entry = archive.getinfo(MANIFEST)
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise not_whole(file)
    try:
        found = Manifest.model_validate_json(archive.read(entry))
    except ValidationError:
        raise not_whole(file) from None
    if found.format > FORMAT or found.revision not in REVISIONS:
        raise StoreProblem(
            f"{file} was made by a newer Handbill ({found.handbill}) than this one.",
            "Upgrade this program: pip install --upgrade handbill",
        )
    return found


@contextmanager
def _reading(file: Path) -> Generator[None]:
    """Whatever a file that is no backup, or not a whole one, makes of the reader."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError):
        raise not_whole(file) from None


def not_whole(file: Path) -> InputProblem:
    return InputProblem(
        f"{file} is not a backup of Handbill, or it is damaged. Nothing was changed.",
        "Take another one; `handbill backup FILE` writes them.",
    )

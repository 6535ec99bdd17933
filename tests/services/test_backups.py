"""A backup: whole, of one moment, for its owner only, and never half a file."""

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from handbill import __version__
from handbill.errors import Damaged, InputProblem
from handbill.inputs import ImageIn
from handbill.services import backups, pictures
from handbill.services.archives import Manifest
from handbill.services.desk import Desk
from handbill.store.engine import sqlite_file
from handbill.store.schema import HEAD
from tests.factories import (
    NOW,
    Hands,
    add_account,
    add_post,
    broken,
    image_row,
    make_desk,
    nothing,
    png,
)


def back_up(desk: Desk, file: Path, **how: Any) -> Manifest:
    return backups.backup(desk, file, nothing, **how)


@pytest.fixture
def any_desk(engine: Engine, hands: Hands, tmp_path: Path) -> Desk:
    """A desk on each kind of database."""
    return make_desk(engine, hands, tmp_path / "pictures")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Where the backup goes; nothing else is left beside it."""
    folder = tmp_path / "backups"
    folder.mkdir()
    yield folder / "handbill.zip"
    assert {path.name for path in folder.iterdir()} <= {"handbill.zip"}


def picture(desk: Desk, size: int = 1) -> dict[str, Any]:
    """A picture that is kept, as a part's row has it."""
    original = desk.pictures.parent / f"{size}.png"
    original.write_bytes(png(size, size))
    return pictures.as_row(pictures.keep(ImageIn(file=str(original), alt="A lamp."), desk.pictures))


def content(file: Path) -> dict[str, bytes]:
    """Every entry of the backup."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_the_database_the_pictures_and_what_they_are(any_desk: Desk, file: Path) -> None:
    rows = [picture(any_desk, size) for size in (1, 2)]
    add_post(any_desk.engine, images=rows)
    add_post(any_desk.engine, images=rows[:1])
    made = back_up(any_desk, file)
    inside = content(file)
    assert set(inside) == {
        "handbill.db", "manifest.json", *(f"pictures/{row['file']}" for row in rows),
    }  # fmt: skip
    manifest = json.loads(inside["manifest.json"])
    assert Manifest.model_validate(manifest) == made
    assert made.taken_at == NOW
    assert (made.handbill, made.revision, made.format) == (__version__, HEAD, 1)
    assert (made.rows["post"], made.rows["account"], made.pictures) == (2, 1, 2)
    assert made.missing == []


def test_the_database_in_it_is_one_plain_file(any_desk: Desk, file: Path, tmp_path: Path) -> None:
    add_post(any_desk.engine)
    back_up(any_desk, file)
    out = tmp_path / "out.db"
    out.write_bytes(content(file)["handbill.db"])
    raw = sqlite3.connect(out)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("SELECT text FROM part").fetchall() == [("See it.",)]
    assert raw.execute("SELECT count(*) FROM worker").fetchone() == (0,)
    raw.close()


def test_only_its_owner_can_read_it(desk: Desk, file: Path) -> None:
    back_up(desk, file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_happened_before_it_began_is_in_it_and_the_rest_is_told_by_its_time(
    any_desk: Desk, hands: Hands, file: Path
) -> None:
    add_account(any_desk.engine)

    def later(_what: str, _done: int, _total: int) -> None:
        hands.forward(timedelta(seconds=10))

    made = backups.backup(any_desk, file, later)
    assert made.taken_at == NOW < hands.now


def test_work_goes_on_meanwhile(any_desk: Desk, file: Path) -> None:
    add_post(any_desk.engine)
    added: list[int] = []

    def write_meanwhile(_what: str, _done: int, _total: int) -> None:
        if not added:
            added.append(add_post(any_desk.engine))

    made = backups.backup(any_desk, file, write_meanwhile)
    assert added
    assert made.rows["post"] == 1


def test_a_picture_that_is_gone_or_changed_is_told_and_the_rest_is_kept(
    desk: Desk, file: Path
) -> None:
    kept, changed = picture(desk, 1), picture(desk, 2)
    (desk.pictures / changed["file"]).write_bytes(b"other")
    add_post(desk.engine, images=[kept, changed, image_row("gone.png")])
    made = back_up(desk, file)
    assert made.pictures == 1
    assert made.missing == sorted([changed["file"], "gone.png"])


def test_nothing_but_pictures_of_ours_can_be_taken_along(desk: Desk, file: Path) -> None:
    desk.pictures.mkdir()
    (desk.pictures.parent / "secret").write_text("canary")
    add_post(desk.engine, images=[image_row("../secret")])
    assert back_up(desk, file).pictures == 0
    assert b"canary" not in b"".join(content(file).values())


# Refused


def test_a_file_that_is_there_is_not_overwritten_unless_told(desk: Desk, file: Path) -> None:
    file.write_text("Mine.")
    with pytest.raises(InputProblem, match="--force"):
        back_up(desk, file)
    assert file.read_text() == "Mine."
    back_up(desk, file, overwrite=True)
    assert zipfile.is_zipfile(file)


def test_a_folder_or_no_folder_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="is a folder"):
        back_up(desk, tmp_path, overwrite=True)
    with pytest.raises(InputProblem, match="no folder"):
        back_up(desk, tmp_path / "nowhere" / "handbill.zip")


def test_a_place_that_cannot_be_written_is_told(desk: Desk) -> None:
    with pytest.raises(InputProblem, match="cannot be written"):
        back_up(desk, Path("/proc/handbill.zip"))


def test_a_damaged_database_gives_no_backup_that_could_be_trusted(
    own_file: Engine, hands: Hands, file: Path, tmp_path: Path
) -> None:
    add_post(own_file)
    own_file.dispose()
    database = sqlite_file(own_file)
    assert database is not None
    broken(database)
    with pytest.raises(Damaged):
        back_up(make_desk(own_file, hands, tmp_path), file)
    assert not file.exists()


def test_an_older_backup_stays_whole_when_the_new_one_breaks_off(desk: Desk, file: Path) -> None:
    add_post(desk.engine)
    back_up(desk, file)
    before = file.read_bytes()

    def break_off(_what: str, _done: int, _total: int) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        backups.backup(replace(desk), file, break_off, overwrite=True)
    assert file.read_bytes() == before

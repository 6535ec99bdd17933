"""SQLite databases as files: written from any database, examined, kept aside, put in place."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.errors import Damaged, StoreProblem
from handbill.store import files
from handbill.store.engine import make_engine, sqlite_file
from handbill.store.schema import open_store
from tests.factories import add_account, add_post, broken, get, image_row, nothing


def file_of(engine: Engine) -> Path:
    file = sqlite_file(engine)
    assert file is not None
    return file


# Written


def test_a_copy_is_one_file_for_its_owner_only_and_says_what_it_holds(
    engine: Engine, tmp_path: Path
) -> None:
    add_post(engine, images=[image_row("b.png"), image_row("a.png")])
    add_post(engine, images=[image_row("a.png")])
    to = tmp_path / "copy" / "copy.db"
    made = files.write_copy(engine, to, nothing)
    assert made.pictures == ["a.png", "b.png"]
    assert (made.rows["post"], made.rows["account"]) == (2, 1)
    assert to.stat().st_mode & 0o077 == 0
    assert [path.name for path in to.parent.glob("copy.db*") if path.suffix != ".lock"] == [to.name]
    again = open_store(files.url_of(to))
    assert get(again, 2).parts[0].images == [image_row("a.png")]
    again.dispose()


def test_an_odd_path_is_the_path_that_is_written(lite: Engine, tmp_path: Path) -> None:
    to = tmp_path / "ünï %20 #1 a?b=c" / "copy.db"
    files.write_copy(lite, to, nothing)
    files.examine(to, {"post": 0})


# Examined


def test_a_whole_database_passes_also_while_it_is_in_use(own_file: Engine) -> None:
    add_post(own_file)
    files.examine(file_of(own_file), {"post": 1, "account": 1})


@pytest.mark.parametrize("rows", [{"post": 2}, {"post": 0}, {"recipes": 0}])
def test_another_number_of_rows_is_not_the_whole(own_file: Engine, rows: dict[str, int]) -> None:
    add_post(own_file)
    with pytest.raises(Damaged):
        files.examine(file_of(own_file), rows)


@pytest.mark.parametrize("table", ["post", "attempt", "ix_post_due_at"])
def test_a_broken_page_anywhere_is_found(own_file: Engine, table: str) -> None:
    add_post(own_file)
    own_file.dispose()
    content = broken(file_of(own_file), table)
    with pytest.raises(Damaged):
        files.examine(file_of(own_file))
    assert file_of(own_file).read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xee" * 999])
def test_what_is_no_database_does_not_pass(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "handbill.db"
    file.write_bytes(content)
    with pytest.raises(StoreProblem):
        files.examine(file, {"post": 0})


# Kept aside, and replaced


def test_what_is_kept_aside_is_all_of_it_also_what_is_still_in_the_log(
    own_file: Engine, tmp_path: Path
) -> None:
    number = add_post(own_file)
    log = Path(f"{file_of(own_file)}-wal")
    assert log.stat().st_size > 0
    to = tmp_path / "aside.db"
    files.keep_aside(file_of(own_file), to)
    assert not Path(f"{to}-wal").exists()
    assert to.stat().st_mode & 0o077 == 0
    aside = make_engine(f"sqlite:///{to}")
    assert get(aside, number).parts[0].text == "See it."
    aside.dispose()


def test_nothing_that_is_kept_is_ever_overwritten(own_file: Engine, tmp_path: Path) -> None:
    (tmp_path / "aside.db").write_text("Mine.")
    with pytest.raises(FileExistsError):
        files.keep_aside(file_of(own_file), tmp_path / "aside.db")
    assert (tmp_path / "aside.db").read_text() == "Mine."


def test_a_damaged_one_is_kept_as_it_is_with_its_log_and_leaves_none_behind(
    own_file: Engine, sqlite_template: Path, tmp_path: Path
) -> None:
    own_file.dispose()
    file, new, to = file_of(own_file), tmp_path / "new.db", tmp_path / "aside.db"
    content = broken(file)
    Path(f"{file}-wal").write_bytes(b"a log of its own")
    Path(f"{file}-shm").write_bytes(b"an index")
    new.write_bytes(sqlite_template.read_bytes())
    files.seal(new)
    files.replace_damaged(file, new, to)
    assert to.read_bytes() == content
    assert Path(f"{to}-wal").read_bytes() == b"a log of its own"
    assert not [path for path in (new, Path(f"{file}-wal"), Path(f"{file}-shm")) if path.exists()]
    healed = open_store(f"sqlite:///{file}")
    assert add_account(healed).id == 1
    healed.dispose()

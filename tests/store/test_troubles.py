"""A database that cannot be used: refused in plain words with the way out, and left as it is."""

import errno
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

from handbill.errors import Damaged, StoreProblem
from handbill.store.engine import begin, make_engine, read, sqlite_file
from handbill.store.lock import is_running, sole_worker
from handbill.store.schema import open_store
from handbill.store.troubles import plainly, unwritable
from tests.factories import add_account, add_post, broken
from tests.permissions import obeying, read_only


def file_of(engine: Engine) -> Path:
    file = sqlite_file(engine)
    assert file is not None
    return file


def with_pragma(engine: Engine, pragma: str) -> Engine:
    """The same file by other connections, each with a pragma of its own."""
    made = make_engine(str(engine.url))
    event.listen(made, "connect", lambda dbapi, _record: dbapi.execute(f"PRAGMA {pragma}"))
    return made


# Damaged


def test_a_file_that_is_no_database_is_refused_with_the_way_to_a_backup(tmp_path: Path) -> None:
    file = tmp_path / "handbill.db"
    file.write_bytes(b"This is no database." * 400)
    with pytest.raises(Damaged) as problem:
        open_store(f"sqlite:///{file}")
    assert str(file) in problem.value.says
    assert "handbill restore FILE" in problem.value.cure
    assert file.read_bytes() == b"This is no database." * 400


@pytest.mark.parametrize("table", ["post", "account"])
def test_a_page_found_broken_later_is_refused_with_the_way_to_a_backup(
    own_file: Engine, table: str
) -> None:
    add_post(own_file)
    own_file.dispose()
    file = file_of(own_file)
    content = broken(file, table)
    for transaction in (read, begin):
        with pytest.raises(Damaged) as problem, transaction(own_file) as session:
            session.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608  names of our own
        assert "handbill restore FILE" in problem.value.cure
    own_file.dispose()
    assert file.read_bytes() == content


# Read-only


def handbill(home: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """The real program, as a process that obeys the modes of files."""
    return subprocess.run(
        obeying(sys.executable, "-m", "handbill", "--home", str(home), *command),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path) -> Path:
    """A home with a database and one account, closed."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "handbill.db")
    engine = make_engine(f"sqlite:///{folder / 'handbill.db'}")
    add_account(engine)
    engine.dispose()
    return folder


WRITERS = (["run"], ["tick"], ["queue", "add", "See it.", "--at", "+2h"])


@pytest.mark.parametrize("command", WRITERS, ids=lambda command: command[0])
@pytest.mark.parametrize("what", ["the file", "the folder", "both"])
def test_a_read_only_database_is_refused_at_the_start_and_left_as_it_is(
    home: Path, command: list[str], what: str
) -> None:
    file = home / "handbill.db"
    paths = {"the file": [file], "the folder": [home], "both": [file, home]}[what]
    before = file.read_bytes()
    with read_only(*paths):
        done = handbill(home, *command)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert f"{file} cannot be written" in done.stderr
    assert "read-only" in done.stderr
    assert f"chmod u+w {home} {file}*" in done.stderr
    assert "handbill --home DIR restore FILE" in done.stderr
    assert file.read_bytes() == before


def test_status_on_a_read_only_folder_tells_or_refuses_without_a_traceback(home: Path) -> None:
    with read_only(home, home / "handbill.db"):
        done = handbill(home, "status")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr


def test_once_writing_is_allowed_again_as_told_all_goes_on(home: Path) -> None:
    file = home / "handbill.db"
    file.chmod(0o400)
    assert handbill(home, "tick").returncode == 1
    for path in (home, *home.glob("handbill.db*")):
        path.chmod(path.stat().st_mode | 0o200)
    assert handbill(home, "tick").returncode == 0


def test_a_place_where_nothing_can_be_written_has_no_publisher_we_could_see(
    own_file: Engine,
) -> None:
    # Root may write anywhere, so the lock's place is taken instead.
    Path(f"{file_of(own_file).resolve()}.run.lock").mkdir()
    assert is_running(own_file) is None
    with pytest.raises(StoreProblem) as problem, sole_worker(own_file):
        raise AssertionError
    assert "cannot be written" in problem.value.says


# Full


def test_a_full_disk_is_told_and_nothing_of_the_change_is_kept(own_file: Engine) -> None:
    account = add_account(own_file)
    with sqlite3.connect(file_of(own_file)) as raw:
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.close()
    full = with_pragma(own_file, f"max_page_count={pages}")
    with pytest.raises(StoreProblem) as problem:
        add_post(full, account, text="long " * 20_000)
    assert "is full" in problem.value.says
    assert "Make room" in problem.value.cure
    with read(own_file) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM post")) == 0
    full.dispose()


def test_no_room_for_the_lock_is_a_full_disk_too() -> None:
    problem = unwritable(Path("/d/handbill.db"), OSError(errno.ENOSPC, "No space left on device"))
    assert "The disk that holds /d/handbill.db is full" in problem.says


# Busy, and the rest


def test_a_database_that_is_kept_busy_is_told(own_file: Engine) -> None:
    hurried = with_pragma(own_file, "busy_timeout=1")
    with begin(own_file), pytest.raises(StoreProblem) as problem, begin(hurried):
        raise AssertionError
    assert "kept busy by another program" in problem.value.says
    hurried.dispose()


def test_a_disk_that_reports_an_error_points_to_a_backup() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_READ"
    problem = plainly(Path("/d/handbill.db"), error)
    assert "reports an error (disk I/O error)" in problem.says
    assert "handbill restore FILE" in problem.cure


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_that_takes_no_changes_is_told(engine: Engine, url: str) -> None:
    frozen = make_engine(url)
    event.listen(frozen, "connect", lambda dbapi, _record: setattr(dbapi, "read_only", True))
    with pytest.raises(StoreProblem) as problem:
        add_account(frozen)
    assert "read-only" in problem.value.says
    frozen.dispose()


def test_what_nobody_foresaw_is_told_as_it_is() -> None:
    assert "no connection was free" in plainly(None, None).says
    assert "odd" in plainly(Path("/d/handbill.db"), sqlite3.OperationalError("odd")).says

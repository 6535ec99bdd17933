"""A disk that is full at the worst moment, with the real daemon: nothing is lost, nothing goes out
twice. The ledger of the rehearsal is the witness."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.domain.lifecycle import Status
from handbill.services import rounds
from handbill.store import posts

pytestmark = pytest.mark.process


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "handbill.db"
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte, nor any in SQLite's log: what room it has there it would use again."""
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (100_000, 4096, 1):
                while _written(ballast.write, bytes(size)):
                    pass
        with (
            closing(sqlite3.connect(self.database, isolation_level=None)) as connection,
            suppress(sqlite3.OperationalError),
        ):
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            for number in range(10_000):
                connection.execute(f"PRAGMA user_version = {number}")

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink()


def _written(write: Callable[[bytes], int | None], content: bytes) -> bool:
    try:
        return write(content) == len(content)
    except OSError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def app(home: Path, disk: Disk, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada", database_url=f"sqlite:///{disk.database}")
    yield app
    app.desk.engine.dispose()


def status_of(app: App, number: int) -> Status:
    return posts.get(app.desk.engine, number).post.status


def _is_out(app: App, number: int) -> bool:
    return status_of(app, number) is Status.PUBLISHED


def later_on(app: App) -> None:
    """What comes of everything within some minutes, with a clock that runs ahead."""
    for minutes in (1, 2, 4, 8):
        with rig.ahead(app, timedelta(minutes=minutes)) as later:
            rounds.tick(later)


@contextmanager
def stopped_at(app: App, failpoint: str) -> Generator[tuple[int, "subprocess.Popen[str]"]]:
    """A post that the daemon has in hand, the daemon stopped at `failpoint`."""
    (number,) = rig.queue(app, "ada", f"Full at {failpoint}.")
    with rig.daemon(app, env={"FAILPOINT": f"{failpoint}:stop"}) as daemon:
        state = Path(f"/proc/{daemon.pid}/stat")
        rig.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", "the daemon")
        yield number, daemon


def log(app: App) -> str:
    return (app.settings.home / "run.log").read_text()


def going_on(daemon: "subprocess.Popen[str]", answer: Callable[[], object]) -> Callable[[], object]:
    """The same question, while the daemon is let past its failpoint again and again."""

    def asked() -> object:
        daemon.send_signal(signal.SIGCONT)
        return answer()

    return asked


def met(app: App, number: int, daemon: "subprocess.Popen[str]", sign: str, what: str) -> None:
    """Wait until the daemon meets the full disk; skip when SQLite still found room in its log."""

    def seen() -> bool:
        return sign in log(app) or status_of(app, number) is Status.PUBLISHED

    rig.until(going_on(daemon, seen), what)
    if sign not in log(app):
        pytest.skip("SQLite had room left in its log, so its disk was not full")


def test_full_when_it_is_armed_nothing_is_sent_and_once_there_is_room_it_goes_out_once(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    with stopped_at(app, "arm.before") as (number, daemon):
        disk.fill()
        met(app, number, daemon, "is full", "the refusal")
        assert stage.accepted() == []
        disk.free()
        rig.until(going_on(daemon, lambda: status_of(app, number) is Status.QUEUED), "the record")
    assert stage.accepted() == []
    (tried,) = posts.get(app.desk.engine, number).attempts
    assert (tried.armed_at, tried.outcome) == (None, "not_sent")
    later_on(app)
    assert len(stage.accepted()) == 1
    assert status_of(app, number) is Status.PUBLISHED


def test_full_when_it_is_recorded_it_is_written_down_once_there_is_room_and_not_sent_again(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    with stopped_at(app, "record.before") as (number, daemon):
        assert len(stage.accepted()) == 1
        disk.fill()
        met(app, number, daemon, "Trying again", "a try")
        disk.free()
        rig.until(
            going_on(daemon, lambda: status_of(app, number) is Status.PUBLISHED), "the record"
        )
    assert len(stage.accepted()) == 1
    assert posts.get(app.desk.engine, number).parts[0].remote_id == stage.accepted()[0]["id"]


def test_killed_while_it_could_not_be_recorded_it_is_found_and_not_sent_again(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    with stopped_at(app, "record.before") as (number, daemon):
        disk.fill()
        met(app, number, daemon, "Trying again", "a try")
        daemon.kill()
        daemon.wait()
    disk.free()
    later_on(app)
    assert status_of(app, number) is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def test_on_a_full_disk_nothing_is_queued_backed_up_or_half_written(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    def handbill(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "handbill", *command],
            env=rig.environment(app.settings.home),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    disk.fill()
    for command in (
        ["queue", "add", "No room.", "--at", "+2h"],
        ["pause", "No room."],
        ["run"],
        ["backup", str(disk.folder / "handbill.zip")],
    ):
        done = handbill(*command)
        assert done.returncode == 1, command
        assert "is full" in done.stderr
        assert "Traceback" not in done.stderr
    assert not [
        path for path in disk.folder.iterdir() if "backup" in path.name or "zip" in path.name
    ]
    disk.free()
    assert posts.queue(app.desk.engine, list(Status), None) == []
    assert handbill("queue", "add", "Room.", "--at", "+2h").returncode == 0

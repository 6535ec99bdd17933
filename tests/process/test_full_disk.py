"""A disk that is full at the worst moment, with the real daemon: nothing is lost, nothing goes out
twice. The ledger of the rehearsal is the witness."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from bench import fulldisk, rig
from bench.fulldisk import Disk, going_on, later_on, status_of, stopped_at
from handbill.app import App
from handbill.domain.lifecycle import Status
from handbill.store import listings

pytestmark = pytest.mark.process


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Disk]:
    try:
        with fulldisk.small_disk(tmp_path / "disk") as disk:
            yield disk
    except fulldisk.NoDisk:
        pytest.skip("a small disk cannot be mounted here")


@pytest.fixture
def app(home: Path, disk: Disk, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada", database_url=f"sqlite:///{disk.database}")
    yield app
    app.desk.engine.dispose()


def log(app: App) -> str:
    return (app.settings.home / "run.log").read_text()


def met(app: App, daemon: "subprocess.Popen[str]", sign: str) -> None:
    """Wait until the daemon meets the full disk."""
    rig.until(going_on(daemon, lambda: sign in log(app)), "the full disk")


def test_full_when_it_is_armed_nothing_is_sent_and_once_there_is_room_it_goes_out_once(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    with stopped_at(app, "arm.before") as (number, daemon):
        disk.fill()
        met(app, daemon, "is full")
        assert stage.accepted() == []
        disk.free()
        rig.until(going_on(daemon, lambda: status_of(app, number) is Status.QUEUED), "the record")
    assert stage.accepted() == []
    (tried,) = listings.get(app.desk.engine, number).attempts
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
        met(app, daemon, "Trying again")
        disk.free()
        rig.until(
            going_on(daemon, lambda: status_of(app, number) is Status.PUBLISHED), "the record"
        )
    assert len(stage.accepted()) == 1
    assert listings.get(app.desk.engine, number).parts[0].remote_id == stage.accepted()[0]["id"]


def test_killed_while_it_could_not_be_recorded_it_is_found_and_not_sent_again(
    app: App, disk: Disk, stage: rig.Stage
) -> None:
    with stopped_at(app, "record.before") as (number, daemon):
        disk.fill()
        met(app, daemon, "Trying again")
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
    assert listings.queue(app.desk.engine, list(Status), None) == []
    assert handbill("queue", "add", "Room.", "--at", "+2h").returncode == 0

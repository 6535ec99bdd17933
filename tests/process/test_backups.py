"""The real programs: backed up while publishing, restored elsewhere, and nothing is sent twice."""

import io
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App, build, unopened
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.services import backups, pausing, restoring, rounds, settling
from handbill.settings import load, variable
from handbill.store import agenda, listings
from tests.factories import broken, nothing

pytestmark = pytest.mark.process

ACCOUNTS = ("ada", "bob", "cyd", "dan")


def handbill(home: Path, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        env=rig.environment(home, env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fine(home: Path, *command: str) -> str:
    """Run a command that must succeed."""
    done = handbill(home, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def opened(home: Path) -> App:
    return build(load(home, env={}))


def restore(home: Path, file: Path, *, force: bool = False) -> App:
    """Restore in this process, and open what is there then."""
    restoring.restore(unopened(load(home, env={})).desk, file, nothing, force=force)
    return opened(home)


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, *ACCOUNTS)
    yield app
    app.desk.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "handbill.zip"


@pytest.fixture
def elsewhere(tmp_path: Path, app: App) -> Path:
    """Another home, with the same keys and nothing else."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(app.settings.home / ".env", folder / ".env")
    return folder


def queue_soon(app: App, count: int) -> list[str]:
    """Posts for all accounts, due within the next seconds."""
    start = now() + timedelta(seconds=1)
    texts = [f"Teaser number {n}." for n in range(count)]
    for turn, name in enumerate(ACCOUNTS):
        due = [
            (text, start + timedelta(milliseconds=120 * n))
            for n, text in enumerate(texts)
            if n % len(ACCOUNTS) == turn
        ]
        rig.queue_at(app, name, due)
    return texts


def look_for_all(app: App) -> None:
    """The looks of a whole schedule, with a clock that runs ahead."""
    for minutes in (2, 4, 8, 20, 40):
        with rig.ahead(app, timedelta(minutes=minutes)) as later:
            rounds.tick(later)


def counts(app: App) -> dict[Status, int]:
    return agenda.counts(app.desk.engine)


def test_backed_up_while_publishing_and_restored_elsewhere_nothing_is_sent_twice(
    app: App, stage: rig.Stage, elsewhere: Path, file: Path
) -> None:
    texts = queue_soon(app, 100)
    with rig.daemon(app):
        rig.until(lambda: len(stage.accepted()) >= 20, "the first posts")
        fine(app.settings.home, "backup", str(file))
        rig.until(lambda: len(stage.accepted()) == 100, "all posts")
    assert counts(app) == {Status.PUBLISHED: 100}

    told = fine(elsewhere, "restore", str(file))
    assert "may have gone out since" in told
    restored = opened(elsewhere)
    assert counts(restored).keys() == {Status.PUBLISHED, Status.IN_DOUBT}, "it was taken meanwhile"
    asked = len(stage.ledger()["requests"])
    look_for_all(restored)
    assert handbill(elsewhere, "status").returncode == 3
    assert {r["method"] for r in stage.ledger()["requests"][asked:]} <= {"HEAD"}, "paused"

    fine(elsewhere, "resume")
    look_for_all(restored)
    assert counts(restored) == {Status.PUBLISHED: 100}, "what was sent is found"
    assert Counter(post["text"] for post in stage.accepted()) == dict.fromkeys(texts, 1)
    receipts = {part.remote_id for e in _all(restored) for part in e.parts}
    assert receipts == {post["id"] for post in stage.accepted()}
    restored.desk.engine.dispose()


def _all(app: App) -> list[listings.Entry]:
    return listings.queue(app.desk.engine, list(Status), None)


def test_after_a_crash_what_was_never_sent_goes_out_once_a_person_says_so(
    app: App, stage: rig.Stage, elsewhere: Path, file: Path
) -> None:
    texts = queue_soon(app, 40)
    with rig.daemon(app) as daemon:
        rig.until(lambda: len(stage.accepted()) >= 8, "the first posts")
        backups.backup(app.desk, file, nothing)
        rig.until(lambda: len(stage.accepted()) >= 16, "some more posts")
        daemon.kill()
        daemon.wait()
    sent = {post["text"] for post in stage.accepted()}
    assert len(sent) < 40
    app.desk.engine.dispose()
    broken(app.settings.home / "handbill.db")
    assert "handbill restore FILE" in handbill(app.settings.home, "run").stderr

    rig.until(lambda: now() > _last_due(file), "the last due time", 10)
    fine(app.settings.home, "restore", str(file))
    fine(app.settings.home, "resume")
    restored = opened(app.settings.home)
    look_for_all(restored)
    held = listings.queue(restored.desk.engine, [Status.IN_DOUBT], None)
    assert {e.parts[0].text for e in held} == set(texts) - sent, "the rest is for a person"
    assert len(stage.accepted()) == len(sent)
    with rig.ahead(restored, timedelta(minutes=2)) as later:
        for entry in held:
            settling.deny(later, entry.post.id or 0)
    rounds.tick(restored.desk)
    assert Counter(post["text"] for post in stage.accepted()) == dict.fromkeys(texts, 1)
    restored.desk.engine.dispose()


def _last_due(file: Path) -> datetime:
    with zipfile.ZipFile(file) as archive:
        raw = sqlite3.connect(":memory:")
        raw.deserialize(archive.read("handbill.db"))
    (due,) = raw.execute("SELECT max(due_at) FROM post").fetchone()
    raw.close()
    return datetime.fromisoformat(f"{due}+00:00")


def test_a_daemon_on_a_restored_database_sends_and_asks_nothing_until_resumed(
    app: App, stage: rig.Stage, elsewhere: Path, file: Path
) -> None:
    due = now() + timedelta(seconds=4)
    rig.queue(app, "bob", "Perhaps out.")
    rig.queue_at(app, "ada", [("Due soon.", due)])
    backups.backup(app.desk, file, nothing)
    restored = restore(elsewhere, file)
    assert now() < due, "this machine is too slow for this test"
    asked = len(stage.ledger()["requests"])
    with rig.daemon(restored):
        said = elsewhere / "run.log"
        rig.until(lambda: "Everything is paused" in said.read_text(), "a word on the pause")
        rig.until(lambda: now() > due + timedelta(seconds=1), "its time to come")
        assert {r["method"] for r in stage.ledger()["requests"][asked:]} <= {"HEAD"}
        fine(elsewhere, "resume")
        rig.until(stage.accepted, "the post that waited")
    assert [post["text"] for post in stage.accepted()] == ["Due soon."]
    assert counts(restored) == {Status.PUBLISHED: 1, Status.IN_DOUBT: 1}
    restored.desk.engine.dispose()


def test_pausing_everything_takes_effect_at_once(app: App, stage: rig.Stage) -> None:
    with rig.daemon(app):
        fine(app.settings.home, "pause", "A tragedy.")
        rig.queue(app, "ada", "Waits.")
        rig.until(lambda: _is_late(app), "its time to pass")
        assert stage.accepted() == []
        fine(app.settings.home, "resume")
        rig.until(stage.accepted, "the post")


def _is_late(app: App) -> bool:
    (entry,) = listings.queue(app.desk.engine, [Status.QUEUED], None)
    return entry.post.due_at is not None and now() > entry.post.due_at + timedelta(seconds=1)


# Killed half way


def killed(home: Path, at: str, *command: str) -> None:
    done = handbill(home, *command, FAILPOINT=f"{at}:kill")
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def past(app: App, file: Path) -> Path:
    """A backup with one post, over a database that has gone on since."""
    rig.queue(app, "ada", "From the backup.", at="+2h")
    backups.backup(app.desk, file, nothing)
    rig.queue(app, "ada", "Since then.", at="+2h")
    return file


@pytest.mark.parametrize("at", ["restore.prepared", "restore.kept"])
def test_a_restore_that_is_killed_has_changed_nothing_and_can_be_repeated(
    app: App, past: Path, at: str
) -> None:
    killed(app.settings.home, at, "restore", str(past), "--force")
    assert [e.parts[0].text for e in _all(app)] == ["From the backup.", "Since then."]
    assert pausing.held(app.desk) is None
    restored = restore(app.settings.home, past, force=True)
    assert [e.parts[0].text for e in _all(restored)] == ["From the backup."]
    assert pausing.held(restored.desk) is not None
    assert not list(app.settings.home.glob(".handbill-*"))
    restored.desk.engine.dispose()


@pytest.mark.parametrize("at", ["restore.prepared", "replace.kept", "replace.before"])
def test_one_over_a_damaged_database_too(app: App, past: Path, at: str) -> None:
    app.desk.engine.dispose()
    content = broken(app.settings.home / "handbill.db")
    killed(app.settings.home, at, "restore", str(past))
    assert (app.settings.home / "handbill.db").read_bytes() == content, "never made anew"
    restored = restore(app.settings.home, past)
    assert [e.parts[0].text for e in _all(restored)] == ["From the backup."]
    restored.desk.engine.dispose()


def test_a_backup_that_is_killed_leaves_no_file(app: App, file: Path) -> None:
    rig.queue(app, "ada", "A post.", at="+2h")
    killed(app.settings.home, "backup.before_rename", "backup", str(file))
    assert not file.exists()
    backups.backup(app.desk, file, nothing)
    assert zipfile.is_zipfile(file)


# Secrets


def test_no_secret_is_in_a_backup_packed_or_unpacked(
    app: App, stage: rig.Stage, file: Path, elsewhere: Path
) -> None:
    canary = "canary7f3a-token"
    env = app.settings.home / ".env"
    names = (variable("tokens.eve.access_token"), variable("apps.x.api_secret"))
    with env.open("a") as more:
        more.writelines(f"{name}={canary}\n" for name in names)
    secrets = [canary, *load(app.settings.home, env={}).secrets()]
    assert len(secrets) > 10
    rig.queue(app, "ada", "Goes out.")
    assert handbill(app.settings.home, "tick").returncode == 0
    assert len(stage.accepted()) == 1
    told = [fine(app.settings.home, "backup", str(file))]
    told.append(fine(elsewhere, "restore", str(file)))
    content = file.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
        assert not [name for name in archive.namelist() if ".env" in name]
    for place in (content, inside, "".join(told).encode()):
        assert [secret for secret in secrets if secret.encode() in place] == []

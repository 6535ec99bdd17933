"""The real daemon as a process: on time, one after the other, woken by others, stopped in order."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.clock import now
from handbill.daemon import Daemon
from handbill.domain.lifecycle import Status
from handbill.services import connecting
from handbill.store import listings

pytestmark = pytest.mark.process


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada", "bob")
    yield app
    app.desk.engine.dispose()


def handbill(app: App, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        env=rig.environment(app.settings.home),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_notices_what_another_process_queues_and_sends_it_at_once(
    app: App, stage: rig.Stage
) -> None:
    with rig.daemon(app):
        added = handbill(app, "queue", "add", "From the shell.", "--account", "ada", "--now")
        assert added.returncode == 0
        rig.until(stage.accepted, "the post", 5)
    assert [post["text"] for post in stage.accepted()] == ["From the shell."]


def test_nothing_leaves_before_its_time_and_each_leaves_within_a_second(
    app: App, stage: rig.Stage
) -> None:
    start = now() + timedelta(seconds=1.5)
    due = {f"Post {n}": start + timedelta(milliseconds=333 * n) for n in range(4)}
    with rig.daemon(app):
        rig.queue_at(app, "ada", list(due.items()))
        rig.until(lambda: len(stage.accepted()) == 4, "four posts")
    for post in stage.accepted():
        late = datetime.fromisoformat(post["accepted_at"]) - due[post["text"]]
        assert timedelta(0) <= late <= timedelta(seconds=1)


@pytest.mark.parametrize("behind_ms", [5, 30, 400])
def test_a_queue_whose_clock_is_behind_this_machines_makes_nothing_late(
    app: App, stage: rig.Stage, behind_ms: int
) -> None:
    """The clock of a database server decides; the alarm rings by this machine's."""
    lag = timedelta(milliseconds=behind_ms)
    daemon = Daemon(replace(app.desk, clock=lambda: now() - lag), workers=4)
    start = now() + timedelta(seconds=1)
    due = {f"Post {n}": start + timedelta(milliseconds=333 * n) for n in range(4)}
    running = threading.Thread(target=daemon.run)
    running.start()
    try:
        rig.queue_at(app, "ada", list(due.items()))
        rig.until(lambda: len(stage.accepted()) == 4, "four posts", 30)
    finally:
        daemon.stop()
        running.join()
    for post in stage.accepted():
        late = datetime.fromisoformat(post["accepted_at"]) - due[post["text"]]
        assert lag <= late <= lag + timedelta(seconds=2)


def test_a_daemon_whose_database_is_taken_away_stops_and_says_so(
    app: App, stage: rig.Stage
) -> None:
    home = app.settings.home
    with rig.daemon(app) as daemon:
        for file in home.glob("handbill.db*"):
            file.rename(home / f"kept-{file.name}")
        other = rig.make_home(home, stage.url, "ada")  # begun anew, at the same place
        rig.queue(other, "ada", "In the new one.")
        assert daemon.wait(timeout=30) == 1
    other.desk.engine.dispose()
    assert "was removed or replaced" in (home / "run.log").read_text()
    assert stage.accepted() == []


def test_posts_of_one_account_go_one_after_the_other_and_delay_no_other(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "delay", "seconds": 1.5, "account": "ada", "accept": True})
    rig.queue(app, "ada", "Slow one.", "The next of the same account.")
    rig.queue(app, "bob", "Another account.")
    with rig.daemon(app):
        rig.until(lambda: len(stage.accepted()) == 3, "three posts")
    order = {post["text"]: n for n, post in enumerate(stage.accepted())}
    assert order["Slow one."] < order["The next of the same account."]
    asked = [r for r in stage.ledger()["requests"] if r["path"] == "/2/tweets"]
    first_bob = next(r["at"] for r in asked if r["account"] == "bob")
    second_ada = [r["at"] for r in asked if r["account"] == "ada"][1]
    assert first_bob < second_ada


def test_sigterm_finishes_the_exchange_and_exits_0(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "delay", "seconds": 1, "accept": True})
    one, two = rig.queue(app, "ada", "Under way.", "Not claimed any more.")
    with rig.daemon(app) as daemon:
        rig.until(stage.accepted, "the first post")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=20) == 0
    assert listings.get(app.desk.engine, one).post.status is Status.PUBLISHED
    assert listings.get(app.desk.engine, two).post.status is Status.QUEUED
    assert len(stage.accepted()) == 1


def test_sigterm_gives_back_what_was_claimed_beforehand(home: Path, stage: rig.Stage) -> None:
    app = rig.make_home(home, stage.url, *(names := [f"a{n}" for n in range(4)]))
    stage.faults({"do": "delay", "seconds": 3, "accept": True, "times": 4})
    for name in names:
        rig.queue(app, name, f"By {name}.", at="+1s")
    with rig.daemon(app, env={"HANDBILL_WORKERS": "2"}) as daemon:
        rig.until(stage.accepted, "the first posts")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=20) == 0
    entries = listings.queue(app.desk.engine, list(Status), None)
    assert all(entry.post.not_before == entry.post.due_at for entry in entries)
    became = [entry.post.status for entry in listings.queue(app.desk.engine, list(Status), None)]
    app.desk.engine.dispose()
    assert sorted(became) == [Status.PUBLISHED] * 2 + [Status.QUEUED] * 2
    assert len(stage.accepted()) == 2
    assert "claimed and not begun" in (home / "run.log").read_text()


def test_a_second_daemon_and_a_tick_are_refused_in_plain_words(app: App) -> None:
    with rig.daemon(app):
        for command in ("run", "tick"):
            second = handbill(app, command)
            assert second.returncode == 1
            assert "Another Handbill is publishing" in second.stderr
            assert "Traceback" not in second.stderr
    assert handbill(app, "tick").returncode == 0


def test_tick_sends_what_is_due_and_leaves_the_rest(app: App, stage: rig.Stage) -> None:
    rig.queue(app, "ada", "Due one.", "Due two.")
    rig.queue(app, "ada", "Later.", at="+2h")
    done = handbill(app, "tick")
    assert (done.returncode, done.stdout) == (0, "Done: 2 sent or tried.\n")
    assert [post["text"] for post in stage.accepted()] == ["Due one.", "Due two."]


def test_the_json_log_has_one_object_a_line(app: App, stage: rig.Stage) -> None:
    with rig.process(app.settings.home, "run", "--log", "json"):
        rig.queue(app, "ada", "Logged.")
        rig.until(stage.accepted, "the post")
    lines = (app.settings.home / "run.log").read_text().splitlines()
    published = [e for e in map(json.loads, lines) if e.get("action") == "receipt"]
    assert [event["post"] for event in published] == [1]


OUTCOMES = [
    ("credits", Status.QUEUED, True, "X says this app has no credits left (402)."),
    ("unauthorized", Status.QUEUED, True, "X does not accept this account's keys"),
    ("suspended", Status.QUEUED, True, "X has suspended this account"),
    ("oauth1-permissions", Status.QUEUED, True, "may read but not post"),
    ("duplicate", Status.FAILED, False, "X says you have posted this same text before"),
    ("too-many-requests", Status.QUEUED, False, "X asks us to wait until"),
    ("unavailable", Status.IN_DOUBT, False, "leaves open whether the post is out"),
    ("unavailable-html", Status.IN_DOUBT, False, "leaves open whether the post is out"),
]


@pytest.mark.parametrize(("shape", "status", "paused", "sentence"), OUTCOMES)
def test_each_error_ends_in_its_state_with_a_sentence_a_critic_understands(
    app: App, stage: rig.Stage, shape: str, status: Status, paused: bool, sentence: str
) -> None:
    stage.faults({"do": "error", "shape": shape})
    (number,) = rig.queue(app, "ada", "A post.")
    handbill(app, "tick")
    entry = listings.get(app.desk.engine, number)
    assert entry.post.status is status
    assert (entry.account.paused_at is not None) is paused
    assert sentence in entry.attempts[0].detail
    told = handbill(app, "status")
    assert told.returncode == (0 if shape == "too-many-requests" else 3)
    assert stage.accepted() == []


def test_a_paused_account_is_told_how_to_go_on_and_goes_on(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "error", "shape": "credits"})
    rig.queue(app, "ada", "Waits for money.")
    handbill(app, "tick")
    told = handbill(app, "status").stdout
    assert (
        "X says this app has no credits left (402). Handbill has paused @ada; top up at X, "
        "then `handbill account resume ada`."
    ) in told
    handbill(app, "tick")
    assert stage.accepted() == []
    handbill(app, "account", "resume", "ada")
    handbill(app, "tick")
    assert len(stage.accepted()) == 1


def test_a_daemon_with_nothing_under_way_survives_a_paused_account(
    app: App, stage: rig.Stage
) -> None:
    connecting.pause(app.desk, "ada", "On holiday.")
    rig.queue(app, "ada", "Waits.")
    with rig.daemon(app):
        rig.queue(app, "bob", "Goes out.")
        rig.until(stage.accepted, "the other account's post")
        handbill(app, "account", "resume", "ada")
        rig.until(lambda: len(stage.accepted()) == 2, "the resumed account's post")
    assert [post["text"] for post in stage.accepted()] == ["Goes out.", "Waits."]

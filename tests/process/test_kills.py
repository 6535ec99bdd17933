"""The real daemon, killed with SIGKILL at every step of the protocol: never twice, never lost.

Recovery runs in this process with a clock ahead, so that no test waits for a schedule; one test
starts the real daemon again.
"""

import signal
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.domain.lifecycle import Status
from handbill.services import rounds
from handbill.store import listings

pytestmark = pytest.mark.process


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada")
    yield app
    app.desk.engine.dispose()


def status_of(app: App, number: int) -> Status:
    return listings.get(app.desk.engine, number).post.status


def daemon_dies(app: App, failpoint: str) -> int:
    """Queue a post, and let the daemon be killed at `failpoint` while it publishes it."""
    (number,) = rig.queue(app, "ada", f"Killed at {failpoint}.")
    with rig.daemon(app, env={"FAILPOINT": f"{failpoint}:kill"}) as daemon:
        assert daemon.wait(timeout=20) == -signal.SIGKILL
    return number


def recover(app: App, number: int) -> list[Status]:
    """Tick with a clock that runs ahead through the whole look-up schedule; answers each status."""
    seen = [status_of(app, number)]
    for minutes in (1, 2, 4, 8, 20, 40):
        with rig.ahead(app, timedelta(minutes=minutes)) as later:
            rounds.tick(later)
        seen.append(status_of(app, number))
    return seen


def test_killed_before_claiming_it_goes_out_once_after_the_restart(
    app: App, stage: rig.Stage
) -> None:
    (number,) = rig.queue(app, "ada", "Later.", at="+30s")
    with rig.daemon(app) as daemon:
        daemon.kill()
        daemon.wait()
    assert status_of(app, number) is Status.QUEUED
    assert recover(app, number)[-1] is Status.PUBLISHED
    assert len(stage.accepted()) == 1


@pytest.mark.parametrize("failpoint", ["claim.after_commit", "arm.before"])
def test_killed_before_arming_it_goes_out_once_after_the_restart(
    app: App, stage: rig.Stage, failpoint: str
) -> None:
    number = daemon_dies(app, failpoint)
    assert stage.accepted() == []
    assert status_of(app, number) is Status.PUBLISHING
    assert recover(app, number)[-1] is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def test_killed_between_arming_and_sending_it_is_held_and_never_queued_again(
    app: App, stage: rig.Stage
) -> None:
    number = daemon_dies(app, "arm.after_commit")
    assert stage.accepted() == []
    seen = recover(app, number)
    assert set(seen[1:]) == {Status.IN_DOUBT}
    assert stage.accepted() == []
    entry = listings.get(app.desk.engine, number)
    assert entry.post.attention
    assert entry.attempts[-1].next_look_at is None, "it is a person's turn"


def test_killed_between_the_answer_and_its_record_it_is_found_on_the_timeline(
    app: App, stage: rig.Stage
) -> None:
    number = daemon_dies(app, "record.before")
    assert len(stage.accepted()) == 1
    seen = recover(app, number)
    assert Status.QUEUED not in seen
    assert seen[-1] is Status.PUBLISHED
    assert len(stage.accepted()) == 1
    entry = listings.get(app.desk.engine, number)
    assert entry.parts[0].remote_id == stage.accepted()[0]["id"]
    assert entry.attempts[-1].resolution == "found"


def test_killed_after_the_record_nothing_is_left_to_do(app: App, stage: rig.Stage) -> None:
    number = daemon_dies(app, "record.after_commit")
    assert recover(app, number) == [Status.PUBLISHED] * 7
    assert len(stage.accepted()) == 1


def test_killed_while_the_network_has_it_and_has_not_answered(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "delay", "seconds": 30, "accept": True})
    (number,) = rig.queue(app, "ada", "Accepted, not yet answered.")
    with rig.daemon(app) as daemon:
        rig.until(stage.accepted, "the post at the network")
        daemon.kill()
        daemon.wait()
    seen = recover(app, number)
    assert Status.QUEUED not in seen
    assert seen[-1] is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def test_a_lost_post_that_the_timeline_never_shows_is_held_for_a_person(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "forget"}, {"do": "drop", "accept": True})
    number = daemon_dies(app, "record.before")
    assert set(recover(app, number)[1:]) == {Status.IN_DOUBT}
    assert len(stage.accepted()) == 1


def test_the_daemon_itself_started_again_finds_what_it_had_sent(app: App, stage: rig.Stage) -> None:
    number = daemon_dies(app, "record.before")
    with rig.daemon(app):
        rig.until(lambda: status_of(app, number) is Status.PUBLISHED, "the look-up")
    assert len(stage.accepted()) == 1

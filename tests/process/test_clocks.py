"""The real daemon by a clock that is wrong: nothing leaves early, nothing twice, and it is said.

libfaketime gives the daemon alone another clock; the rehearsal goes by the true one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.clock import now
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.settling import LOOKUPS
from handbill.inputs import PartIn, PostIn, ReviewIn, TimeIn
from handbill.models import Embargo, Post
from handbill.services import embargoes, queueing, reviewing, rounds
from handbill.store import listings, workers

pytestmark = pytest.mark.process

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

#: libfaketime also moves what is awaited on the clock that nobody can set; `select` it spares.
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n"


@dataclass(frozen=True)
class Clock:
    """The daemon's clock, which can be put ahead and back while it runs."""

    folder: Path
    library: Path

    @property
    def env(self) -> dict[str, str]:
        """What makes a process go by this clock."""
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "offset"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # nor CLOCK_BOOTTIME: nobody can set them
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *sys.path]),
        }

    def put(self, ahead: timedelta) -> None:
        """Put it ahead of the true time, or back."""
        new = self.folder / "new"
        new.write_text(f"{ahead.total_seconds():+.0f}\n")
        new.replace(self.folder / "offset")


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    if not LIBRARIES:
        pytest.skip("needs libfaketime: apt install faketime")
    folder = tmp_path / "clock"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SLEEP)
    made = Clock(folder, LIBRARIES[0])
    made.put(timedelta(0))
    return made


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada")
    yield app
    app.desk.engine.dispose()


def queue(app: App, in_seconds: float) -> tuple[int, datetime]:
    """A post for so many seconds from now, by the true time."""
    due = now() + timedelta(seconds=in_seconds)
    (number,) = rig.queue_at(app, "ada", [(f"Due at {due}.", due)])
    return number, due


def wake(app: App) -> None:
    """Something changes in the queue, so that the daemon does not wait for its next round."""
    queue(app, 50_000)


def trouble(app: App) -> str:
    return " ".join(one.trouble or "" for one in workers.listing(app.desk.engine))


def said(app: App) -> str:
    return (app.settings.home / "run.log").read_text()


def handbill(app: App, clock: Clock, *command: str) -> "subprocess.CompletedProcess[str]":
    """A command typed on the machine that has that clock."""
    return subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        env=rig.environment(app.settings.home, clock.env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def leaves_once_and_not_early(stage: rig.Stage, due: datetime) -> timedelta:
    """How late the one post went out."""
    rig.until(stage.accepted, "the post")
    (post,) = stage.accepted()
    late: timedelta = datetime.fromisoformat(post["accepted_at"]) - due
    assert late >= timedelta(0)
    return late


@pytest.mark.parametrize("ahead", [HOUR, DAY], ids=["an hour", "a day"])
def test_a_clock_that_jumps_ahead_makes_nothing_early_and_loses_nothing(
    app: App, stage: rig.Stage, clock: Clock, ahead: timedelta
) -> None:
    with rig.daemon(app, env=clock.env):
        number, due = queue(app, 12)
        clock.put(ahead)
        wake(app)
        rig.until(lambda: "would go out early" in trouble(app), "the trouble")
        told = handbill(app, clock, "status")
        assert told.returncode == 3
        assert "clock is 1 h ahead" in told.stdout or "clock is 1 day ahead" in told.stdout
        assert f"clock jumped ahead by {'1 h' if ahead == HOUR else '1 day'}." in said(app)
        assert stage.accepted() == []
        assert listings.get(app.desk.engine, number).post.status is Status.QUEUED, (
            "not missed either"
        )
        clock.put(timedelta(0))
        wake(app)
        assert leaves_once_and_not_early(stage, due) < 10 * SECOND
        assert trouble(app) == ""
    assert "The clock is right, and posts leave again." in said(app)


def test_a_daemon_that_starts_by_a_clock_that_is_ahead_sends_nothing_until_it_is_right(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    clock.put(HOUR)
    number, due = queue(app, 15)
    with rig.daemon(app, env=clock.env):
        rig.until(lambda: "clock is 1 h ahead of X's" in trouble(app), "the trouble")
        assert stage.accepted() == []
        clock.put(timedelta(0))
        wake(app)
        assert leaves_once_and_not_early(stage, due) < 10 * SECOND
    assert listings.get(app.desk.engine, number).post.status is Status.PUBLISHED


def test_a_clock_that_jumps_back_makes_nothing_early_and_nothing_twice(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    with rig.daemon(app, env=clock.env):
        queue(app, 0)
        rig.until(stage.accepted, "the first post")
        _, due = queue(app, 4)
        clock.put(-HOUR)
        wake(app)
        rig.until(lambda: "behind X's, so everything goes out late" in trouble(app), "the trouble")
        rig.until(lambda: now() > due + SECOND, "the due time")
        assert len(stage.accepted()) == 1
        clock.put(timedelta(0))
        wake(app)
        rig.until(lambda: len(stage.accepted()) == 2, "the second post")
        wake(app)
    first, second = stage.accepted()
    assert first["text"] != second["text"]
    assert datetime.fromisoformat(second["accepted_at"]) >= due


def test_a_tick_by_a_clock_that_is_ahead_refuses_in_plain_words(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    number, _ = queue(app, 600)
    clock.put(HOUR)
    done = handbill(app, clock, "tick")
    assert done.returncode == 1
    assert "This computer's clock is 1 h ahead of X's" in done.stderr
    assert "Traceback" not in done.stderr
    assert stage.accepted() == []
    assert listings.get(app.desk.engine, number).post.status is Status.QUEUED


def test_while_the_clock_is_wrong_no_look_up_is_used_up_or_counts(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    stage.faults({"do": "drop", "accept": True})
    with rig.daemon(app, env=clock.env):
        number, _ = queue(app, 0)
        rig.until(lambda: status(app, number) is Status.IN_DOUBT, "the doubt")
        doubtful = time.monotonic()
        clock.put(HOUR)
        wake(app)
        rig.until(lambda: "would go out early" in trouble(app), "the trouble")
        after = LOOKUPS[0].total_seconds() + 2
        rig.until(lambda: time.monotonic() > doubtful + after, "the time of the first look-up")
        wake(app)
        assert listings.get(app.desk.engine, number).attempts[0].looks == 0
        clock.put(timedelta(0))
        wake(app)
        rig.until(lambda: trouble(app) == "", "the clock to be right")
        assert listings.get(app.desk.engine, number).attempts[0].looks == 0, (
            "a request could be late"
        )
    rounds.tick(app.desk)
    assert status(app, number) is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def status(app: App, number: int) -> Status:
    return listings.get(app.desk.engine, number).post.status


def test_a_daemon_that_is_frozen_over_the_due_time_sends_late_and_once(
    app: App, stage: rig.Stage
) -> None:
    with rig.daemon(app) as daemon:
        _, due = queue(app, 1)
        daemon.send_signal(signal.SIGSTOP)
        rig.until(lambda: now() > due + 2 * SECOND, "the due time")
        assert stage.accepted() == []
        daemon.send_signal(signal.SIGCONT)
        assert leaves_once_and_not_early(stage, due) >= SECOND
        wake(app)
    assert len(stage.accepted()) == 1
    assert "asleep" not in said(app), "so short a sleep is not worth a word"


# Under embargo


def embargoed(app: App, lift: datetime) -> int:
    """A post that was due before there was an embargo."""
    review = reviewing.add(app.desk, ReviewIn(title="A lamp and two liars", work="Skerry Light"))
    new = PostIn(account="ada", at="now", parts=[PartIn(text="A canary.")], review=review.slug)
    (entry,) = queueing.queue(app.desk, [("", new)], lambda _text, _moment: False)
    asked = TimeIn(at=lift.isoformat(), zone="UTC")
    change = embargoes.plan(app.desk, review.slug, Kind.REVIEW, asked)
    embargoes.keep(app.desk, change, move=False)
    return entry.post.id or 0


def bodies(stage: rig.Stage, before: datetime | None = None) -> int:
    """How many bytes of requests have come, which could hold a text or a picture."""
    found = stage.ledger()["requests"]
    if before is not None:
        found = [one for one in found if datetime.fromisoformat(one["at"]) < before]
    return sum(one["bytes"] for one in found)


def test_under_embargo_a_clock_that_is_an_hour_ahead_brings_no_byte_out_before_the_lift(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    clock.put(HOUR)
    lift = (now() + 12 * SECOND).replace(microsecond=0)
    number = embargoed(app, lift)
    with rig.daemon(app, env=clock.env):
        rig.until(lambda: "clock is 1 h ahead of X's" in trouble(app), "the trouble")
        wake(app)
        assert bodies(stage) == 0
        assert status(app, number) is Status.QUEUED
        clock.put(timedelta(0))
        wake(app)
        leaves_once_and_not_early(stage, lift)
    assert bodies(stage, before=lift) == 0
    assert status(app, number) is Status.PUBLISHED


def test_under_embargo_a_clock_that_jumps_while_a_post_is_prepared_is_found_out(
    app: App, stage: rig.Stage, clock: Clock
) -> None:
    """The timekeeper was content a moment ago; the post's own question is not."""
    lift = (now() + 3 * MINUTE).replace(microsecond=0)
    number = embargoed(app, lift)
    paused = {"FAILPOINT": "claim.after_commit:stop"}
    with rig.daemon(app, env={**clock.env, **paused}) as daemon:
        rig.overwrite(app, Embargo, 1, until=now() + SECOND)
        rig.overwrite(app, Post, number, embargo_until=now() + SECOND, not_before=now() + SECOND)
        wake(app)
        rig.until(lambda: status(app, number) is Status.PUBLISHING, "the claim")
        clock.put(HOUR)
        daemon.send_signal(signal.SIGCONT)
        rig.until(lambda: "ahead of X's" in attention(app, number), "the attention")
        assert "A canary" not in attention(app, number)
        assert bodies(stage) == 0
        clock.put(timedelta(0))
        wake(app)
    assert stage.accepted() == []
    assert "A canary" not in said(app)


def attention(app: App, number: int) -> str:
    return listings.get(app.desk.engine, number).post.attention or ""

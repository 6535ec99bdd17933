"""Every failpoint of the source: the real program is killed, stopped or broken there, once.

A case is a failpoint × a database × a first try or a repeat × what is done to the process, and
where it matters × whether the network's answer arrives. Afterwards the story is brought to its end
by a clock that runs ahead, and the oracle compares what the network got with what the tables say.
"""

import itertools
import logging
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from bench import oracle, rig
from bench.campaign import OPEN_DOORS, say
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.domain.settling import SEND_WINDOW
from handbill.models import Attempt, Post
from handbill.services import rounds, settling
from handbill.settings import variable
from handbill.store import claims, posts

BAR_CASES = 300
LANES = 4
KINDS = ("sqlite", "postgresql")
ACTIONS = ("kill", "stop", "raise")
#: Only from here on can the network have the post while its answer is lost.
ANSWERED = ("publish.", "send.", "record.")
HOUR = timedelta(hours=1)
#: Later than any lease, and than every look-up after it.
LATER = [timedelta(minutes=m) for m in (1, 14, 16, 20, 25, 32, 50)]


#: Alembic makes one database at a time in a process.
_migrating = threading.Lock()


#: Not on a post's way; tests/process/test_backups.py meets these.
ELSEWHERE = ("backup.", "replace.", "restore.")


def failpoints() -> list[str]:
    """The names of all failpoints on a post's way, read from the source."""
    found = {
        name
        for file in (rig.ROOT / "src").rglob("*.py")
        for name in re.findall(r'failpoint\("([a-z_.]+)"\)', file.read_text("utf-8"))
    }
    return sorted(name for name in found if not name.startswith(ELSEWHERE))


@dataclass(frozen=True)
class Case:
    """One death of the program."""

    failpoint: str
    kind: str
    action: str
    repeat: bool
    lost: bool

    @property
    def is_plain(self) -> bool:
        """Whether the short form has it: each failpoint once."""
        return (self.kind, self.action, self.repeat, self.lost) == ("sqlite", "kill", False, False)

    def __str__(self) -> str:
        turn = "repeat" if self.repeat else "first"
        return f"{self.failpoint} {self.kind} {turn} {self.action}{' lost' if self.lost else ''}"


def cases() -> Iterator[Case]:
    """All of them. A migration has no first and second try."""
    for name, kind, action in itertools.product(failpoints(), KINDS, ACTIONS):
        answers = (False, True) if name.startswith(ANSWERED) else (False,)
        turns = (False,) if name.startswith("migrate.") else (False, True)
        for repeat, lost in itertools.product(turns, answers):
            yield Case(name, kind, action, repeat, lost)


@dataclass(frozen=True)
class Result:
    """What a case showed."""

    case: Case
    hit: bool
    verdict: Verdict


class Lane:
    """A rehearsal and fresh databases; runs one case at a time."""

    def __init__(self, folder: Path, stage: rig.Stage, server: rig.Server) -> None:
        self._folder, self._stage, self._server = folder, stage, server
        self._count = itertools.count()

    def play(self, case: Case) -> Result:
        """Set the scene, let the program meet its end, bring the story to its own."""
        home, url = self._folder / f"home{next(self._count)}", None
        if case.kind == "postgresql":
            url = self._server.address(f"{self._folder.name}_{home.name}")
        self._stage.reset()
        self._stage.faults(**OPEN_DOORS)
        if case.failpoint.startswith("migrate."):
            hit = _set_up_in_vain(home, url, case)
            app = self._move_in(home, url)
        else:
            app = self._move_in(home, url)
            hit = self._dies(app, case)
        end = _recover(app)
        verdict = oracle.judge(app.desk.engine, self._stage.ledger(), end)
        app.desk.engine.dispose()
        shutil.rmtree(home)
        return Result(case, hit, verdict)

    def _move_in(self, home: Path, url: str | None) -> App:
        with _migrating:
            return rig.make_home(home, self._stage.url, "ada", database_url=url)

    def _dies(self, app: App, case: Case) -> bool:
        home = app.settings.home
        _SCENES.get(case.failpoint.partition(".")[0], Lane.ready)(self, app, case)
        faults = [{"do": "drop", "accept": True}] if case.lost else []
        self._stage.faults(*faults, **OPEN_DOORS)
        victim = _victim(home, case, "tick")
        try:
            hit = _met_its_end(victim, home, case.action)
            if hit and case.action == "stop":
                if case.kind == "postgresql":  # others take over while it is frozen
                    _recover(app)
                _thaw(victim)
        finally:
            victim.kill()
            victim.wait()
        return hit

    # Scenes: what there is to do when the victim comes

    def ready(self, app: App, case: Case) -> int:
        """A post that is due; for a repeat it has been in doubt, denied, and queued again."""
        (number,) = rig.queue(app, "ada", f"Here I die: {case}.")
        if case.repeat:
            self._doubt(app, number)
            with rig.ahead(app, timedelta(minutes=2)) as later:  # no request is on its way then
                settling.deny(later, number)
        return number

    def in_doubt(self, app: App, case: Case) -> None:
        """A post whose look-up is due; for a repeat the doubt is its second one."""
        number = self.ready(app, case)
        self._doubt(app, number)
        last = posts.get(app.desk.engine, number).attempts[-1]
        rig.overwrite(app, Attempt, last.id or 0, next_look_at=now())

    def of_the_dead(self, app: App, case: Case) -> None:
        """A post in the hands of a worker that is gone, armed already if it is a repeat."""
        number = self.ready(app, case)
        (claim,) = claims.claim(app.desk.engine, now(), "dead", 1, app.desk.pictures)
        if case.repeat:
            assert claims.arm(app.desk.engine, claim, {}, now())
        rig.overwrite(app, Post, number, lease_until=now() - HOUR)

    def too_late(self, app: App, case: Case) -> None:
        """A post that is past its limit."""
        number, then = self.ready(app, case), now() - HOUR
        rig.overwrite(app, Post, number, due_at=then, not_before=then, no_later_than=then)

    def _doubt(self, app: App, number: int) -> None:
        self._stage.faults({"do": "drop"}, **OPEN_DOORS)
        rounds.tick(app.desk)
        if posts.get(app.desk.engine, number).post.status is not Status.IN_DOUBT:
            raise AssertionError(f"#{number} is not in doubt")


def _set_up_in_vain(home: Path, url: str | None, case: Case) -> bool:
    """The first command of all meets its end while it makes the tables."""
    home.mkdir(parents=True)
    env = home / ".env"
    env.touch(mode=0o600)
    env.write_text(f"{variable('database_url')}={url}\n" if url else "")
    victim = _victim(home, case, "status")
    hit = _met_its_end(victim, home, case.action)
    if hit and case.action == "stop":
        _thaw(victim)
    return hit


_SCENES = {
    "look": Lane.in_doubt,
    "settle": Lane.in_doubt,
    "expire": Lane.of_the_dead,
    "miss": Lane.too_late,
}


def _victim(home: Path, case: Case, command: str) -> "subprocess.Popen[bytes]":
    """The real program, with its end before it."""
    with (home / "victim.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "handbill", command],
            stdout=log,
            stderr=log,
            env=rig.environment(home, {"FAILPOINT": f"{case.failpoint}:{case.action}"}),
            cwd=home,
        )


def _met_its_end(victim: "subprocess.Popen[bytes]", home: Path, action: str) -> bool:
    """Whether the process came to the failpoint."""
    if action == "stop":
        return _froze(victim)
    code = victim.wait(timeout=90)
    if action == "kill":
        return code == -signal.SIGKILL
    return "Broken" in (home / "victim.log").read_text()


def _froze(victim: "subprocess.Popen[bytes]") -> bool:
    state = Path(f"/proc/{victim.pid}/stat")
    while victim.poll() is None:
        if state.read_text().rpartition(")")[2].split()[0] == "T":
            return True
        time.sleep(0.02)
    return False


def _thaw(victim: "subprocess.Popen[bytes]") -> None:
    """Let it go on, later than it may send."""
    time.sleep(SEND_WINDOW.total_seconds() + 1)
    victim.send_signal(signal.SIGCONT)
    victim.wait(timeout=90)


def _recover(app: App) -> datetime:
    """Bring the story to its end; answers when that was."""
    for by in LATER:
        with rig.ahead(app, by) as later:
            rounds.tick(later)
    return now() + LATER[-1]


def play_all(chosen: Sequence[Case], folder: Path) -> list[Result]:
    """Play the cases on several lanes at once."""
    lanes: SimpleQueue[Lane] = SimpleQueue()
    done: list[Result] = []

    def one(case: Case) -> Result:
        lane = lanes.get()
        try:
            return lane.play(case)
        finally:
            lanes.put(lane)

    with ExitStack() as stack:
        server = stack.enter_context(rig.postgres(folder))
        for number in range(LANES):
            place = folder / f"lane{number}"
            lanes.put(Lane(place, stack.enter_context(rig.rehearsal(place)), server))
        for result in stack.enter_context(ThreadPoolExecutor(LANES)).map(one, chosen):
            done.append(result)
            say(f"killpoints {len(done)}/{len(chosen)} {result.case}")
    say("")
    return done


def run(short: bool = False) -> int:
    """Print one line; 1 unless every failpoint was hit and every count is 0."""
    logging.getLogger("handbill").addHandler(logging.NullHandler())
    chosen = [case for case in cases() if not short or case.is_plain]
    with tempfile.TemporaryDirectory() as folder:
        results = play_all(chosen, Path(folder))
    verdict = sum((result.verdict for result in results), Verdict())
    unhit = [result.case for result in results if not result.hit]
    for result in results:
        if not result.hit or not result.verdict.ok:
            words = "" if result.hit else "never came there; "
            print(f"{result.case}: {words}{result.verdict.line()}", file=sys.stderr)
    hit = {result.case.failpoint for result in results if result.hit}
    print(
        f"killpoints cases={len(results)} failpoints={len(hit)}/{len(failpoints())} "
        f"not_reached={len(unhit)} {verdict.line()}"
    )
    enough = short or len(results) >= BAR_CASES
    return int(not (verdict.ok and not unhit and hit == set(failpoints()) and enough))

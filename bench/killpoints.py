"""Every failpoint of the source: the real program is killed, stopped or broken there, once.

A case is a failpoint × a database × a first try or a repeat × what is done to the process, and
where it matters × whether the network's answer arrives; by the daemon, by one `tick`, or by
`backup` and `restore`. Afterwards the story is brought to its end by a clock that runs ahead, and
the oracle compares what the network got with what the tables say.
"""

import itertools
import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

from bench import deaths, oracle, rig, servers
from bench.campaign import OPEN_DOORS, say
from bench.copies import Copying
from bench.deaths import Case
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.domain.settling import SEND_WINDOW
from handbill.models import Attempt, Post
from handbill.services import rounds, settling
from handbill.settings import variable
from handbill.store import arming, claims, listings

BAR_CASES = 300
LANES = 4
HOUR = timedelta(hours=1)
#: Later than any lease, and than every look-up after it.
LATER = [timedelta(minutes=m) for m in (1, 14, 16, 20, 25, 32, 50)]
THAW_S = SEND_WINDOW.total_seconds() + 1

#: Alembic makes one database at a time in a process.
_migrating = threading.Lock()


@dataclass(frozen=True)
class Result:
    """What a case showed."""

    case: Case
    hit: bool
    verdict: Verdict
    #: What is wrong with a database or a backup, in words.
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the program died there and nothing came of it."""
        return self.hit and self.verdict.ok and not self.wrong

    def line(self) -> str:
        """For those who look for the cause."""
        words = [] if self.hit else ["never came there"]
        return f"{self.case}: {'; '.join([*words, *self.wrong, self.verdict.line()])}"


class Lane:
    """A rehearsal and fresh databases; runs one case at a time."""

    def __init__(self, folder: Path, stage: rig.Stage, server: servers.Server) -> None:
        self._folder, self._stage, self._server = folder, stage, server
        self._count = itertools.count()

    def play(self, case: Case) -> Result:
        """Set the scene, let the program meet its end, bring the story to its own."""
        home, url = self._folder / f"home{next(self._count)}", None
        if case.kind == "postgresql":
            url = self._server.address(f"{self._folder.name}_{home.name}")
        self._stage.reset()
        self._stage.faults(**OPEN_DOORS)
        wrong: list[str] = []
        if case.is_copying:
            hit, wrong, app = Copying(home, self._stage, url, _migrating).play(case)
        elif case.stage == "migrate":
            hit = _set_up_in_vain(home, url, case)
            app = self._move_in(home, url)
        else:
            app = self._move_in(home, url)
            hit = self._dies(app, case)
        end = _recover(app)
        verdict = oracle.judge(app.desk.engine, self._stage.ledger(), end)
        wrong += _astray(app, case)
        app.desk.engine.dispose()
        shutil.rmtree(home)
        return Result(case, hit, verdict, wrong)

    def _move_in(self, home: Path, url: str | None) -> App:
        with _migrating:
            return rig.make_home(home, self._stage.url, "ada", database_url=url)

    def _dies(self, app: App, case: Case) -> bool:
        home = app.settings.home
        _SCENES.get(case.stage, Lane.ready)(self, app, case)
        self._stage.faults(*_lost(case), **OPEN_DOORS)
        victim = deaths.victim(home, case, "run" if case.daemon else "tick")
        try:
            hit = deaths.met_its_end(victim, home, case.action)
            if hit and case.action == "stop":
                if case.kind == "postgresql":  # others take over while it is frozen
                    _recover(app)
                deaths.thaw(victim, THAW_S)
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
        last = listings.get(app.desk.engine, number).attempts[-1]
        rig.overwrite(app, Attempt, last.id or 0, next_look_at=now())

    def of_the_dead(self, app: App, case: Case) -> None:
        """A post in the hands of a worker that is gone, armed already if it is a repeat."""
        number = self.ready(app, case)
        (claim,) = claims.claim(app.desk.engine, now(), "dead", 1, app.desk.pictures)
        if case.repeat:
            assert arming.arm(app.desk.engine, claim, {}, now())
        rig.overwrite(app, Post, number, lease_until=now() - HOUR)

    def too_late(self, app: App, case: Case) -> None:
        """A post that is past its limit."""
        number, then = self.ready(app, case), now() - HOUR
        rig.overwrite(app, Post, number, due_at=then, not_before=then, no_later_than=then)

    def _doubt(self, app: App, number: int) -> None:
        self._stage.faults({"do": "drop"}, **OPEN_DOORS)
        rounds.tick(app.desk)
        if listings.get(app.desk.engine, number).post.status is not Status.IN_DOUBT:
            raise AssertionError(f"#{number} is not in doubt")


#: Nothing was armed there, so nothing can be in doubt.
_BEFORE_ARMING = ("claim.", "prepare.", "arm.before")


def _astray(app: App, case: Case) -> list[str]:
    """What is wrong with where the posts ended, in words."""
    if case.is_copying:
        return []
    held = () if case.failpoint.startswith(_BEFORE_ARMING) else (Status.IN_DOUBT,)
    right = (Status.MISSED,) if case.stage == "miss" else (Status.PUBLISHED, *held)
    ends = [entry.post.status for entry in listings.queue(app.desk.engine, list(Status), None)]
    return [f"a post ended {end}" for end in ends if end not in right]


def _lost(case: Case) -> list[dict[str, object]]:
    """How the answer is lost: as a whole, or behind its head if the program dies over it."""
    if not case.lost:
        return []
    return [
        {"do": "half"} if case.failpoint == "send.answering" else {"do": "drop", "accept": True}
    ]


def _set_up_in_vain(home: Path, url: str | None, case: Case) -> bool:
    """The first command of all meets its end while it makes the tables."""
    home.mkdir(parents=True)
    env = home / ".env"
    env.touch(mode=0o600)
    env.write_text(f"{variable('database_url')}={url}\n" if url else "")
    victim = deaths.victim(home, case, "init")
    try:
        hit = deaths.met_its_end(victim, home, case.action)
        if hit and case.action == "stop":
            deaths.thaw(victim, THAW_S)
    finally:
        victim.kill()
        victim.wait()
    return hit


_SCENES = {
    "look": Lane.in_doubt,
    "settle": Lane.in_doubt,
    "expire": Lane.of_the_dead,
    "miss": Lane.too_late,
}


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
        server = stack.enter_context(servers.postgres(folder))
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
    chosen = [case for case in deaths.cases() if not short or case.is_plain]
    with tempfile.TemporaryDirectory() as folder:
        results = play_all(chosen, Path(folder))
    return _report(results, wanted=0 if short else BAR_CASES)


def _report(results: Sequence[Result], wanted: int) -> int:
    verdict = sum((result.verdict for result in results), Verdict())
    for result in results:
        if not result.ok:
            print(result.line(), file=sys.stderr)
    hit = {result.case.failpoint for result in results if result.hit}
    unhit = sorted(set(deaths.failpoints()) - hit)
    by_daemon = sum(result.case.daemon for result in results)
    print(
        f"killpoints cases={len(results)} by_daemon={by_daemon} "
        f"failpoints={len(hit)}/{len(deaths.failpoints())} unhit={','.join(unhit) or 'none'} "
        f"not_reached={sum(not result.hit for result in results)} "
        f"broken={sum(bool(result.wrong) for result in results)} {verdict.line()}"
    )
    return int(bool(unhit) or len(results) < wanted or not all(one.ok for one in results))

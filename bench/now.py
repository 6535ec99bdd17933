"""How soon a post that is queued for now reaches the network, queued by a process that is not the
daemon's."""

import random
import time
from collections.abc import Sequence
from datetime import datetime

from bench import rig, stock
from bench.stock import Scene
from handbill.clock import now

BARS_MS = {"sqlite": 150.0, "postgresql": 60.0}
ACCOUNT = stock.NAMES[0]


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print the milliseconds from the call that queues to the request; 1 if p95 is over its bar."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    count, waiting = 20 if short else 60, stock.pending(short)
    with stock.scene(kind, waiting) as scene, rig.daemon(scene.app):
        rig.queue(scene.app, ACCOUNT, "warm-up")
        rig.until(scene.sink.count, "the first post")
        called = _queue(scene, count)
        rig.until(lambda: scene.sink.count() > count, "all posts")
        took = [
            (post.at - called[post.text]).total_seconds() * 1000
            for post in scene.sink.arrived()
            if post.text in called
        ]
    p95 = rig.percentile(took, 0.95)
    print(
        f"now database={kind} posts={len(took)}/{count} pending={waiting} "
        f"p50_ms={rig.percentile(took, 0.5):.0f} p95_ms={p95:.0f} max_ms={max(took):.0f} "
        f"p95_bar_ms={BARS_MS[kind]:.0f}"
    )
    return int(p95 > BARS_MS[kind] or len(took) != count)


def _queue(scene: Scene, count: int) -> dict[str, datetime]:
    """Queue at moments that no timer of the daemon knows; answers when each call began."""
    called = {}
    for n in range(count):
        time.sleep(random.uniform(0.1, 0.3))  # noqa: S311  guards nothing
        called[f"now {n}"] = now()
        rig.queue(scene.app, ACCOUNT, f"now {n}")
    return called

"""What a million waiting posts cost: at the start, in memory, and at every single step."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from bench import rig, stock
from bench.stock import Scene
from handbill.clock import now
from handbill.services import history
from handbill.services.publishing import LEAD
from handbill.store import agenda

BARS = {
    "first_post_s": 1.2,
    "resident_mb": 90.0,
    "more_mb": 5.0,
    "next_due_ms": 1.0,
    "queue_one_ms": 5.0,
    "history_ms": 50.0,
}
#: So much of the queue is history when its page is timed.
HISTORY_SHARE = 10
ACCOUNT = stock.NAMES[0]


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print seconds, megabytes and medians of milliseconds; 1 if one is over its bar."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    starts, waiting = 3 if short else 5, stock.pending(short)
    with stock.scene(kind) as scene:
        _first_post(scene)
        empty = _first_post(scene)[1]
    with stock.scene(kind, waiting) as scene:
        first = [_first_post(scene) for _ in range(starts)]
        resident = statistics.median(mb for _seconds, mb in first)
        figures = {
            "first_post_s": statistics.median(seconds for seconds, _mb in first),
            "resident_mb": resident,
            "more_mb": resident - empty,
            **_steps(scene, 50 if short else 200),
        }
        stock.publish(scene.app, waiting // HISTORY_SHARE)
        page = history.Filter(limit=50)
        figures["history_ms"] = _median_ms(lambda: history.history(scene.app.desk, page), 20)
    shown = " ".join(f"{name}={value:.3g}/{BARS[name]:g}" for name, value in figures.items())
    print(f"scale database={kind} pending={waiting} {shown}")
    return int(any(value > BARS[name] for name, value in figures.items()))


def _first_post(scene: Scene) -> tuple[float, float]:
    """Start the daemon when a post is overdue: seconds until it is out, and megabytes then."""
    scene.sink.reset()
    rig.queue_at(scene.app, ACCOUNT, [(f"overdue at {now()}", now() - timedelta(seconds=3))])
    started = now()
    with rig.daemon(scene.app) as daemon:
        rig.until(scene.sink.count, "the first post")
        time.sleep(1)
        resident = rig.resident_mb(daemon.pid)
    return (scene.sink.arrived()[0].at - started).total_seconds(), resident


def _steps(scene: Scene, times: int) -> dict[str, float]:
    """What one question for what is due costs inside the process, and one more post."""
    engine = scene.app.desk.engine
    return {
        "next_due_ms": _median_ms(lambda: agenda.look_up(engine, now(), LEAD), times),
        "queue_one_ms": _median_ms(
            lambda: rig.queue(scene.app, ACCOUNT, f"one more at {now()}", at="+30d"), times
        ),
    }


def _median_ms(step: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        step()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)

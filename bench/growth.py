"""Whether a post costs the same however many wait: claim, arm and record, without a network."""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count

from bench import rig, stock
from handbill.app import App
from handbill.clock import now
from handbill.domain.outcomes import Receipt
from handbill.store import arming, claims, records

SIZES = (1_000, 10_000, 100_000, 1_000_000)
#: What the most crowded queue may cost, in terms of the emptiest.
BAR_RATIO = 1.5
ACCOUNT = stock.NAMES[0]

_numbers = count(10**18)


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print the median milliseconds a post for each length, and their growth for ten times the
    rows; 1 if the longest costs too much more than the shortest."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    sizes, times = (SIZES[:2], 60) if short else (SIZES, 300)
    took: dict[int, list[float]] = {size: [] for size in sizes}
    with ExitStack() as scenes:
        apps = {size: scenes.enter_context(stock.scene(kind, size)).app for size in sizes}
        for _ in range(times):  # in turns, so that what else the machine does falls on all
            for size, app in apps.items():
                took[size].append(_cost_ms(app))
    costs = {size: statistics.median(values) for size, values in took.items()}
    ratio = costs[sizes[-1]] / costs[sizes[0]]
    each = ratio ** (1 / (len(sizes) - 1))
    shown = " ".join(f"at_{size}_ms={cost:.2f}" for size, cost in costs.items())
    print(
        f"growth database={kind} posts={times} {shown} ratio={ratio:.2f} "
        f"ratio_for_ten_times={each:.3f} bar_ratio={BAR_RATIO}"
    )
    return int(ratio > BAR_RATIO)


def _cost_ms(app: App) -> float:
    """Queue a post, and time its way through the store."""
    number, engine = next(_numbers), app.desk.engine
    rig.queue_at(app, ACCOUNT, [(f"post {number}", now())])
    start = time.perf_counter()
    (claim,) = claims.claim(engine, now(), "growth", 1, app.desk.pictures)
    armed = arming.arm(engine, claim, {}, now())
    records.record(engine, claim, Receipt(str(number), ""), now())
    end = time.perf_counter()
    assert armed
    return (end - start) * 1000

"""How a crowd drains out of a long queue: many posts due at one instant, and whether one slow
account holds up others.

at once   the sink answers at once: what a post costs the program itself
far       every answer takes 150 ms: what is left of workers ÷ latency
slow      one account's answers take 5 s: what the others notice of it
alone     all posts on one account, one after the other

Beside it, the same number of posts by `requests` alone, to tell a slow machine from a slow program.
"""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests

from bench import rig, stock
from bench.stock import Scene
from handbill.clock import now

WORKERS = 50
LATENCY_S = 0.15
#: The account that is slow, and the one that has all posts.
ONE, *OTHERS = stock.NAMES

BAR_PER_SECOND = 500.0
BAR_FAR_SHARE = 0.8
BAR_ALONE_SHARE = 0.9
#: So much later others may leave beside a slow account; it keeps one worker of fifty.
BAR_SLOW_RATIO = 1.1


@dataclass(frozen=True)
class Burst:
    """What came of posts that were due at one instant: seconds from it to each one's arrival."""

    late: dict[str, float]
    missing: int
    doubles: int

    @property
    def last(self) -> float:
        """When the last was there."""
        return max(self.late.values())

    def p99_of_others(self) -> float:
        """Without the account that is slow."""
        return rig.percentile([s for text, s in self.late.items() if f" {ONE}" not in text], 0.99)


def run(short: bool = False, databases: Sequence[str] = stock.DATABASES) -> int:
    """Print posts a second and shares of the possible; 1 if one is below its bar, or a post came
    twice or not at all."""
    return max(_measure(kind, short) for kind in databases)


def _measure(kind: str, short: bool) -> int:
    count, alone, slow = (300, 10, 2.0) if short else (2_000, 100, 5.0)
    crowd = [stock.NAMES[n % len(stock.NAMES)] for n in range(count)]
    waiting = stock.pending(short)
    beside = [ONE] + [OTHERS[n % len(OTHERS)] for n in range(count)]
    with (
        stock.scene(kind, waiting) as scene,
        rig.daemon(scene.app, env={"HANDBILL_WORKERS": str(WORKERS)}),
    ):
        bare = _bare_per_second(scene, count)
        bursts = {
            "at_once": _burst(scene, crowd, 0.0),
            "far": _burst(scene, crowd, LATENCY_S),
            "slow": _burst(scene, beside, LATENCY_S, {ONE: slow}),
            "alone": _burst(scene, [ONE] * alone, LATENCY_S),
        }
    return _verdict(kind, waiting, bare, bursts)


def _bare_per_second(scene: Scene, count: int) -> float:
    def post(number: int) -> None:
        requests.post(f"{scene.sink.url}/2/tweets", json={"text": f"bare {number}"}, timeout=30)

    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(post, range(count)))
    return count / (time.perf_counter() - start)


def _burst(
    scene: Scene, accounts: list[str], latency: float, slow: dict[str, float] | None = None
) -> Burst:
    """Queue a post for each account named, all due at one instant, and wait for them."""
    ahead = timedelta(seconds=1 + len(accounts) / 250)
    while True:
        scene.sink.reset(latency, slow)
        instant = now() + ahead
        texts = [f"{n} {account} {instant}" for n, account in enumerate(accounts)]
        rig.queue_all(scene.app, [(a, t, instant) for a, t in zip(accounts, texts, strict=True)])
        in_time = now() < instant
        rig.until(lambda: scene.sink.count() >= len(accounts), "all posts", 300, every_s=0.2)
        if in_time:
            return _seen(scene, texts, instant)
        ahead *= 2  # the machine was too busy to queue ahead, so that one does not count


def _seen(scene: Scene, texts: list[str], instant: datetime) -> Burst:
    late = {post.text: (post.at - instant).total_seconds() for post in scene.sink.arrived()}
    return Burst(late, len(set(texts) - set(late)), scene.sink.doubles())


def _verdict(kind: str, waiting: int, bare: float, bursts: dict[str, Burst]) -> int:
    at_once, far, slow, alone = bursts.values()
    count = len(at_once.late) + at_once.missing
    counts = Counter[str]()
    for burst in bursts.values():
        counts.update(missing=burst.missing, twice=burst.doubles)
        counts["early"] += sum(late < 0 for late in burst.late.values())
    per_second = count / at_once.last
    far_share = count * LATENCY_S / WORKERS / (far.last + LATENCY_S)
    alone_share = len(alone.late) * LATENCY_S / (alone.last + LATENCY_S)
    held_up = slow.p99_of_others() / far.p99_of_others()
    print(
        f"burst database={kind} posts={count} pending={waiting} "
        f"accounts={len(stock.NAMES)} workers={WORKERS} "
        f"at_once_per_s={per_second:.0f} bar_per_s={BAR_PER_SECOND:.0f} "
        f"bare_requests_per_s={bare:.0f} "
        f"far_last_s={far.last:.2f} far_share={far_share:.2f} bar={BAR_FAR_SHARE} "
        f"others_p99_s={far.p99_of_others():.2f} beside_slow_p99_s={slow.p99_of_others():.2f} "
        f"ratio={held_up:.2f} bar={BAR_SLOW_RATIO} "
        f"alone_share={alone_share:.2f} bar={BAR_ALONE_SHARE} "
        f"missing={counts['missing']} twice={counts['twice']} early={counts['early']}"
    )
    below = (
        per_second < BAR_PER_SECOND,
        far_share < BAR_FAR_SHARE,
        alone_share < BAR_ALONE_SHARE,
        held_up > BAR_SLOW_RATIO,
    )
    return int(any(below) or counts.total() > 0)

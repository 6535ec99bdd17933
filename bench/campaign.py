"""What the runs in a bad world share: posts at random moments, a fault plan, and the end of the
story, told by a clock that runs ahead."""

import logging
import os
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bench import rig
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.services import connecting, rounds
from handbill.services.desk import Desk
from handbill.store import agenda, listings, posts
from handbill.store.listings import Entry
from handbill.store.posts import NewPost, Timing

Fault = dict[str, Any]

#: No limit of the rehearsal's own stands between a run and its faults; and above all not its check
#: for duplicates, which would hide from the ledger that a post was sent twice.
OPEN_DOORS = {
    "limit_15min": 10**6,
    "limit_24h": 10**6,
    "limit_other_15min": 10**6,
    "duplicate_check": False,
}

#: The post is made, and the answer does not prove it.
LOST_ANSWERS: tuple[Fault, ...] = (
    {"do": "drop", "accept": True},
    {"do": "reset", "accept": True},
    {"do": "reset", "accept": True, "after_bytes": 60},
    {"do": "half"},
    {"do": "truncated"},
    {"do": "null"},
    {"do": "no-id"},
    {"do": "big", "bytes": 3_000_000},
    {"do": "html-login", "accept": True},
    {"do": "redirect", "accept": True},
    {"do": "status", "accept": True, "status": 503},
    {"do": "status", "accept": True, "status": 504, "body": "upstream timed out"},
    {"do": "error", "accept": True, "shape": "server-error"},
    {"do": "error", "accept": True, "shape": "bad-gateway-html"},
)
#: The post is not made, and the answer does not say so.
UNCLEAR: tuple[Fault, ...] = (
    {"do": "drop"},
    {"do": "reset", "after_bytes": 20},
    {"do": "cut", "after_request_bytes": 20},
    {"do": "half", "accept": False},
    {"do": "html-login"},
    {"do": "redirect", "status": 302},
    {"do": "status", "status": 500},
    {"do": "error", "shape": "unavailable"},
    {"do": "error", "shape": "unavailable-html"},
)
#: The post is not made, and the network says why.
CLEAR_NOS: tuple[Fault, ...] = (
    {"do": "error", "shape": "too-many-requests", "reset": 5},
    {"do": "error", "shape": "usage-cap"},
    {"do": "error", "shape": "unauthorized"},
    {"do": "error", "shape": "credits"},
    {"do": "error", "shape": "locked"},
    {"do": "error", "shape": "oauth1-permissions"},
    {"do": "error", "shape": "invalid-request"},
    {"do": "error", "shape": "duplicate"},
    {"do": "error", "shape": "unprocessable"},
)
#: The post is made sooner or later, and the answer is late, odd or wrong.
ODD: tuple[Fault, ...] = (
    {"do": "delay", "seconds": 2, "accept": True},
    {"do": "delay", "seconds": 2},
    {"do": "drip"},
    {"do": "drip", "bytes_per_second": 400},
    {"do": "wrong-charset"},
    {"do": "hide", "seconds": 30},
    {"do": "forget"},
)
#: The post is made, and the answer gives the number of another. Whoever has not recorded that
#: other post, because its own answer was lost or because it is a stranger's, sees nothing wrong.
LIES: tuple[Fault, ...] = ({"do": "wrong-id"},)

#: Long enough that a clock which runs ahead does not overtake it.
LIMIT = timedelta(days=2)


def seed() -> int:
    """The seed of this run: `BENCH_SEED`, or one by chance."""
    given = os.environ.get("BENCH_SEED")
    return int(given) if given else random.SystemRandom().randrange(10**6)


def chance(*seed: object) -> random.Random:
    """Chance that falls the same way for the same seed."""
    return random.Random(repr(seed))  # noqa: S311  guards nothing


def say(text: str) -> None:
    """Show how far a long run is, if somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def names(count: int) -> list[str]:
    """So many accounts."""
    return [f"critic{number:02}" for number in range(1, count + 1)]


def share(part: float, faults: Sequence[Fault]) -> list[Fault]:
    """Let `part` of all requests be hit, each fault as often as the others.

    Of two rules the second sees only what the first let pass, so its chance is higher.
    """
    each = part / len(faults)
    return [
        {**fault, "times": "always", "chance": each / (1 - each * before)}
        for before, fault in enumerate(faults)
    ]


def plan(stage: rig.Stage, faults: Sequence[Fault], seed: int = 0, **settings: Any) -> None:
    """Replace the rehearsal's fault plan, doors open."""
    given = {"faults": list(faults), "seed": seed, "settings": {**OPEN_DOORS, **settings}}
    stage._call("faults", given)


def hit_share(stage: rig.Stage) -> float:
    """Which part of the creating requests was hit by chance since the plan was made."""
    rules: list[dict[str, Any]] = [
        r
        for r in stage._call("faults")["faults"]
        if r.get("method", "POST") == "POST" and "chance" in r
    ]
    fired, seen = sum(rule["fired"] for rule in rules), rules[0]["seen"]
    return float(fired / seen) if seen else 0.0


def queue(app: App, new: Sequence[tuple[str, str, datetime]]) -> None:
    """Queue posts (account, text, due) in one transaction, past the words for times."""
    accounts = {account.name: account.id or 0 for account in connecting.listing(app.desk)}
    rows = [
        NewPost(
            account_id=accounts[account],
            review_id=None,
            zone="UTC",
            timing=Timing(due, "", "UTC", due + LIMIT),
            parts=[(text, [])],
            draft=False,
        )
        for account, text, due in new
    ]
    posts.add(app.desk.engine, rows, now())


def resume(desk: Desk) -> None:
    """Do what a person does after mending what an account was paused for."""
    for account in connecting.listing(desk):
        if account.paused_at is not None:
            connecting.resume(desk, account.name)


def finish(app: App) -> datetime:
    """With no daemon running: tick until nothing is left to send, to take back or to look for.

    The clock runs ahead through leases, rests, retries and look-ups; every due time must have
    passed before, or posts would leave early. Answers the clock's last word.
    """
    logging.getLogger("handbill").addHandler(logging.NullHandler())
    by = timedelta(0)
    while by < LIMIT / 2 and not _is_over(app):
        by += timedelta(minutes=1 if by < timedelta(minutes=40) else 5)
        say(f"finishing, {by} ahead")
        with rig.ahead(app, by) as later:
            resume(later)
            rounds.tick(replace(later, gap=timedelta(0)))
    say("")
    return now() + by


def _is_over(app: App) -> bool:
    engine = app.desk.engine
    left = agenda.look_up(engine, now() + 2 * LIMIT)
    sending = agenda.counts(engine).get(Status.PUBLISHING)
    return not (left.posts_due or left.looks_due or sending)


@dataclass(frozen=True)
class Tally:
    """Where the posts of a run ended up."""

    published: int = 0
    #: Some of its answers were lost, and a look-up found it.
    found: int = 0
    held: int = 0
    #: The network said no for good.
    refused: int = 0
    #: Failed without a no of the network.
    gave_up: int = 0
    missed: int = 0
    #: Queued or publishing still: nothing should be.
    open: int = 0
    #: Attempts whose worker was gone before they ended.
    cut_off: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: n + getattr(other, name) for name, n in vars(self).items()})


def tally(app: App) -> Tally:
    """Count the posts by what became of them."""
    entries = listings.queue(app.desk.engine, list(Status), None)
    failed = [one for one in entries if one.post.status is Status.FAILED]
    refused = sum(any(a.outcome == "refused" for a in one.attempts) for one in failed)
    tries = [attempt for one in entries for attempt in one.attempts]

    def count(*statuses: Status) -> int:
        return sum(one.post.status in statuses for one in entries)

    return Tally(
        published=count(Status.PUBLISHED),
        found=sum(any(a.resolution == "found" for a in one.attempts) for one in entries),
        held=count(Status.IN_DOUBT),
        refused=refused,
        gave_up=len(failed) - refused,
        missed=count(Status.MISSED),
        open=count(Status.QUEUED, Status.PUBLISHING),
        cut_off=sum(a.detail.startswith("Handbill stopped") for a in tries),
    )


def explain(app: App, ledger: Mapping[str, Any], verdict: Verdict) -> None:
    """Tell on stderr what is known of the posts that the oracle accuses, ten of each kind."""
    if verdict.ok:
        return
    print(verdict.details(), file=sys.stderr)
    for name, numbers in verdict.posts.items():
        for number in numbers[:10]:
            entry = listings.get(app.desk.engine, number)
            print(f"{name} {_story(entry, ledger)}", file=sys.stderr)


def _story(entry: Entry, ledger: Mapping[str, Any]) -> str:
    post, text = entry.post, entry.parts[0].text
    lines = [
        f"#{post.id} {post.status} due={post.due_at} not_before={post.not_before} "
        f"account={entry.account.name} remote_id={entry.parts[0].remote_id}: {post.attention}"
    ]
    lines += [
        f"  try {a.id} by {a.worker}: {a.started_at} armed={a.armed_at} ended={a.ended_at} "
        f"{a.outcome}/{a.resolution}: {a.detail}"
        for a in entry.attempts
    ]
    lines += [
        f"  made {made['id']} at {made['accepted_at']}, answered {made['answered']}"
        for made in ledger["posts"]
        if text == made["text"] or made["id"] == entry.parts[0].remote_id
    ]
    return "\n".join(lines)

"""Many at the same rows of a database server: nobody waits in a circle, and if, nothing is lost."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import col

from bench import rig
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import Outcome, Receipt
from handbill.errors import Deadlock, TooLate
from handbill.models import Account, Attempt, Post
from handbill.store import (
    arming,
    claims,
    doubts,
    group,
    leases,
    listings,
    overdue,
    posts,
    records,
    standing,
)
from handbill.store.engine import make_engine
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    add_account,
    add_post,
    claim_and_arm,
    new_post,
    not_sent,
    receipt,
    refused,
    status_of,
    timing,
    unknown,
)

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("kind", ["postgresql"], indirect=True),
]

WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def one_waits(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(WAITING))


def touch(connection: Connection, row: Any, number: int) -> None:
    connection.execute(sa.update(row).where(row.id == number).values(id=number))


def test_a_receipt_that_waits_in_a_circle_is_recorded_all_the_same(engine: Engine) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as other:
            other.execute(sa.text("SET LOCAL deadlock_timeout = '1min'"))  # the victim is not this
            touch(other, Account, 1)
            told = pool.submit(records.record, engine, claim, receipt(), NOW)
            rig.until(lambda: one_waits(engine), "the receipt at the account")
            touch(other, Post, 1)
        assert told.result() is Status.PUBLISHED
    assert status_of(engine, 1) is Status.PUBLISHED


def test_who_waits_in_a_circle_again_and_again_is_told(engine: Engine) -> None:
    tried = []

    def act(_session: object) -> None:
        tried.append(1)
        raise Deadlock("Two waited for each other.")

    with pytest.raises(Deadlock):
        group.together(engine, act)
    assert len(tried) == group.TRIES + 1


FREE = sa.select(col(Post.id)).order_by(col(Post.id)).with_for_update(skip_locked=True)


def test_a_group_takes_its_posts_by_their_numbers_before_anything_else(engine: Engine) -> None:
    ines = add_account(engine)
    posts.add(engine, [new_post(ines, text=f"{n}") for n in range(5)], NOW)
    counter, went = group._counters.setdefault(engine, group._Counter()), list[int]()
    with ThreadPoolExecutor(3) as pool, engine.begin() as other:
        touch(other, Post, 3)
        with counter.turn:
            for number in (4, 2, 3):
                pool.submit(group.together, engine, lambda _s, n=number: went.append(n), number)
            rig.until(lambda: len(counter.waiting) == 3, "all three")
        rig.until(lambda: one_waits(engine), "the group at #3")
        with engine.begin() as third:
            assert list(third.scalars(FREE)) == [1, 4, 5], "it has #2, and not #4 yet"
        assert went == []
    assert sorted(went) == [2, 3, 4]


# Everybody at once

POSTS, ACCOUNTS, WORKERS = 40, 10, ("w1", "w2", "w3")
#: Long enough that two orders of locking that do not agree meet many times.
FOR = 2.0
#: Whoever waits looks for a circle so soon, and not after a second.
SOON = "SET deadlock_timeout = '10ms'"


class Crowd:
    """Workers, people and tidying at the same posts. Each worker has a program of its own."""

    def __init__(self, url: str, seed: int) -> None:
        self.url, self.seed = url, seed
        self.ends = time.monotonic() + FOR
        self.engines: list[Engine] = []
        self.did: defaultdict[str, int] = defaultdict(int)

    def program(self) -> Engine:
        made = make_engine(self.url)
        sa.event.listen(made, "connect", lambda line, _: (line.execute(SOON), line.commit()))
        self.engines.append(made)
        return made

    def work(self, name: str) -> None:
        engine, chance = self.program(), random.Random(f"{self.seed}{name}")  # noqa: S311
        with ThreadPoolExecutor(6) as hands:
            while time.monotonic() < self.ends:
                got = claims.claim(engine, NOW + 2 * MINUTE, name, 6, PICTURES)
                chance.shuffle(got)
                answers = [chance.random() for _ in got]
                self.did["claimed"] += len(got)
                list(hands.map(lambda c, a: self.send(engine, c, a), got, answers))

    def send(self, engine: Engine, claim: Claim, answer: float) -> None:
        now = NOW + 2 * MINUTE
        if not arming.arm(engine, claim, {}, now):
            records.record(engine, claim, not_sent(), now - HOUR)
            return
        self.did["armed"] += 1
        outcomes: list[Outcome] = [
            not_sent(),
            unknown(),
            refused(),
            receipt(f"9{claim.attempt_id}"),
        ]
        weights = (0.35, 0.65, 0.9, 1.0)
        outcome = next(o for o, w in zip(outcomes, weights, strict=True) if answer <= w)
        plain = isinstance(outcome, Receipt) and claim.fence == 1
        # Of the others an hour ago, so that a retry is due already.
        records.record(engine, claim, outcome, now if plain else now - HOUR)
        self.did["recorded"] += 1
        self.did["plain"] += plain

    def disturb(self, name: str) -> None:
        engine, chance = self.program(), random.Random(f"{self.seed}{name}")  # noqa: S311
        while time.monotonic() < self.ends:
            (act,) = chance.choices(OTHERS, (4, 4, 4, 1, 8))
            act(engine, chance)
            self.did[act.__name__] += 1


def expire(engine: Engine, chance: random.Random) -> None:
    leases.expire(engine, NOW, [chance.choice(WORKERS)])


def miss(engine: Engine, chance: random.Random) -> None:
    overdue.miss(engine, NOW + chance.choices([MINUTE, DAY], (19, 1))[0])


def space_out(engine: Engine, _chance: random.Random) -> None:
    overdue.space_out(engine, NOW + MINUTE, MINUTE / 60)


def pause(engine: Engine, _chance: random.Random) -> None:
    standing.put(engine, standing.PAUSE, "A pause.", NOW)
    standing.take(engine, standing.PAUSE)


def requeue(engine: Engine, chance: random.Random) -> None:
    for number in chance.sample(range(1, POSTS + 1), 4):
        doubts.judge(engine, number, None, NOW + HOUR)
    over = listings.queue(engine, [Status.MISSED, Status.FAILED], None, 20)
    acts = {entry.post.id or 0: posts.requeue(timing(NOW)) for entry in over}
    try:
        posts.change_all(engine, acts)
    except TooLate:
        return  # another was quicker


OTHERS = (expire, miss, space_out, pause, requeue)


@pytest.fixture
def crowd(engine: Engine, url: str) -> Iterator[Crowd]:
    names = [add_account(engine, f"a{n}") for n in range(ACCOUNTS)]
    posts.add(engine, [new_post(names[n % ACCOUNTS], text=f"{n}") for n in range(POSTS)], NOW)
    made = Crowd(url, seed=7)
    yield made
    for one in made.engines:
        one.dispose()


def test_everybody_at_once_and_nobody_waits_in_a_circle(engine: Engine, crowd: Crowd) -> None:
    before = deadlocks(engine)
    with ThreadPoolExecutor(len(WORKERS) + 3) as pool:
        told = [pool.submit(crowd.work, name) for name in WORKERS]
        told += [pool.submit(crowd.disturb, name) for name in ("one", "two", "three")]
    for one in told:
        one.result()
    names = ("claimed", "armed", "recorded", "plain", *(act.__name__ for act in OTHERS))
    assert all(crowd.did[name] for name in names), crowd.did
    leases.expire_all(engine, NOW)
    for entry in (listings.get(engine, number) for number in range(1, POSTS + 1)):
        assert entry.post.status is not Status.PUBLISHING
        assert all(one.ended_at for one in entry.attempts)
        armed = [one for one in entry.attempts if one.armed_at]
        assert all(surely_not_sent(one) for one in armed[:-1]), entry
    for program in (*crowd.engines, engine):
        program.dispose()
    ends = time.monotonic() + 10
    while others(engine) and time.monotonic() < ends:  # only whoever leaves has surely told
        time.sleep(0.01)
    assert deadlocks(engine) == before


def others(engine: Engine) -> int:
    """How many lines there are to this database beside the one that asks."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state IS NOT NULL"
    )
    with engine.connect() as connection:
        return int(connection.scalar(sa.text(query)) or 0)


def surely_not_sent(attempt: Attempt) -> bool:
    return attempt.outcome in ("not_sent", "refused") or attempt.resolution in ("absent", "denied")


def deadlocks(engine: Engine) -> int:
    """How often this server has ended one of two that waited for each other."""
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.scalar(sa.text(query)) or 0)

"""Three days down with 200 overdue posts: nothing floods, nothing is lost, nobody is left untold.

The posts leave over a real socket to the rehearsal; the clock is moved by hand.
"""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bench import rig
from handbill.app import App
from handbill.domain.lateness import DEFAULT_GAP
from handbill.domain.lifecycle import Status
from handbill.models import Post
from handbill.networks import x
from handbill.rehearsal import practice_keys
from handbill.services import connecting, history, rounds
from handbill.services.desk import Desk
from handbill.store import accounts, claims, listings, posts
from handbill.store.posts import NewPost, Timing
from tests.factories import DAY, HOUR, MINUTE, NOW, SECOND, Hands

NAMES = ("ada", "bob", "cleo", "dora")
LIMITS = (30 * MINUTE, HOUR, 6 * HOUR, DAY, 4 * DAY)


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    stage.faults(limit_15min=10**6, limit_24h=10**6)
    app = rig.make_home(home, stage.url, *NAMES)
    yield app
    app.desk.engine.dispose()


@pytest.fixture
def desk(app: App, hands: Hands) -> Desk:
    """The desk with a clock in our hands, which no network contradicts."""
    return rig.timeless(replace(app.desk, clock=hands))


def queue(desk: Desk, name: str, *times: tuple[datetime, timedelta]) -> list[int]:
    """Posts of an account: when each is due, and how late it may leave."""
    account = accounts.named(desk.engine, name)
    rows = [
        NewPost(
            account_id=account.id or 0,
            review_id=None,
            zone="UTC",
            timing=Timing(due, "", "UTC", due + limit),
            parts=[(f"{name} {due:%d %H:%M:%S} {limit}", [])],
            draft=False,
        )
        for due, limit in times
    ]
    return posts.add(desk.engine, rows, NOW)


def run(desk: Desk, hands: Hands, length: timedelta, every: timedelta = 37 * SECOND) -> None:
    """Ticks, as cron makes them."""
    ends = hands.now + length
    while hands.now < ends:
        rounds.tick(desk)
        hands.forward(every)


def everything(desk: Desk) -> list[Post]:
    return [entry.post for entry in listings.queue(desk.engine, list(Status), None)]


def outs(desk: Desk) -> dict[int, list[Post]]:
    """By account: what went out, in order."""
    found: dict[int, list[Post]] = {}
    for post in everything(desk):
        if post.published_at:
            found.setdefault(post.account_id, []).append(post)
    for some in found.values():
        some.sort(key=lambda post: post.published_at or NOW)
    return found


def gaps(out: list[Post]) -> list[timedelta]:
    times = [post.published_at for post in out if post.published_at]
    return [after - before for before, after in pairwise(times)]


def test_after_three_days_nothing_floods_and_nothing_is_lost(
    desk: Desk, hands: Hands, stage: rig.Stage
) -> None:
    rounds.tick(desk)
    down, up = hands.now, hands.now + 3 * DAY
    for name in NAMES:
        due = [down + (n + 1) * (3 * DAY / 51) for n in range(50)]
        queue(desk, name, *((at, LIMITS[n % 5]) for n, at in enumerate(due)))
    hands.now = up
    stale = {p.id for p in everything(desk) if p.no_later_than and p.no_later_than < up}
    rounds.tick(desk)
    assert {p.id for p in everything(desk) if p.status is Status.MISSED} == stale
    assert len(stage.accepted()) == len(NAMES), "one of each account"
    state = history.state(desk)
    assert state.counts[Status.MISSED] == len(stale)
    assert {entry.post.id for entry in state.eyes} <= stale
    assert all(entry.post.attention for entry in state.eyes)

    run(desk, hands, HOUR)
    ended = everything(desk)
    assert len(ended) == 200
    assert {post.status for post in ended} == {Status.PUBLISHED, Status.MISSED}
    assert all(post.attention for post in ended if post.status is Status.MISSED)
    assert len(stage.accepted()) == sum(post.status is Status.PUBLISHED for post in ended) >= 50
    for out in outs(desk).values():
        assert min(gaps(out)) >= DEFAULT_GAP
        assert [post.due_at for post in out] == sorted(post.due_at for post in out if post.due_at)


def test_who_can_leave_within_its_limit_does(desk: Desk, hands: Hands) -> None:
    """Nobody is missed but those whose limit ends before the queue could reach them."""
    hands.forward(3 * DAY)
    queue(desk, "ada", *((hands.now - n * MINUTE, HOUR) for n in range(50, 0, -1)))
    run(desk, hands, 65 * MINUTE, 40 * SECOND)
    ended = everything(desk)
    assert {post.status for post in ended} == {Status.PUBLISHED, Status.MISSED}
    published = [post for post in ended if post.status is Status.PUBLISHED]
    assert len(published) >= 25
    for post in ended:
        if post.status is Status.MISSED:
            assert "its turn came too late" in (post.attention or "")


def test_a_new_post_is_not_delayed_by_the_backlog(desk: Desk, hands: Hands) -> None:
    hands.forward(3 * DAY)
    queue(desk, "ada", *((hands.now - n * HOUR, DAY) for n in range(1, 9)))
    rounds.tick(desk)
    hands.forward(30 * SECOND)
    (new,) = queue(desk, "ada", (hands.now, HOUR))
    rounds.tick(desk)
    post = listings.get(desk.engine, new).post
    assert post.published_at == post.due_at == hands.now


def test_a_short_restart_spaces_nothing(desk: Desk, hands: Hands, stage: rig.Stage) -> None:
    rounds.tick(desk)
    queue(desk, "ada", *((hands.now + n * SECOND, HOUR) for n in range(5)))
    hands.forward(9 * MINUTE)
    rounds.tick(desk)
    assert len(stage.accepted()) == 5


def test_a_tick_takes_over_what_a_killed_one_had_though_nothing_is_due(
    desk: Desk, hands: Hands
) -> None:
    (number,) = queue(desk, "ada", (hands.now, HOUR))
    claims.claim(desk.engine, hands.now, "killed", 1, desk.pictures)
    rounds.tick(desk)
    assert listings.get(desk.engine, number).post.status is Status.QUEUED


def test_ticks_five_minutes_apart_are_no_outage(desk: Desk, hands: Hands, stage: rig.Stage) -> None:
    for _ in range(4):
        rounds.tick(desk)
        queue(desk, "ada", *((hands.now + n * MINUTE, HOUR) for n in range(1, 4)))
        hands.forward(5 * MINUTE)
    rounds.tick(desk)
    assert len(stage.accepted()) == 12


def test_when_the_network_was_away_for_hours_nothing_floods_either(
    desk: Desk, hands: Hands, stage: rig.Stage
) -> None:
    """Handbill lived all the time, and the posts are late all the same."""
    queue(desk, "ada", *((hands.now + n * MINUTE, DAY) for n in range(6)))
    nowhere = x.connect(practice_keys("ada"), "http://127.0.0.1:9", hands, 5 * SECOND)
    away = rig.timeless(replace(desk, connect=lambda _one: nowhere))
    run(away, hands, 40 * MINUTE, 2 * MINUTE)
    assert stage.accepted() == []
    run(desk, hands, 25 * MINUTE, 11 * SECOND)
    (out,) = outs(desk).values()
    assert len(out) == 6
    assert min(gaps(out)) >= DEFAULT_GAP


def test_what_a_pause_held_up_does_not_flood_when_it_ends(
    desk: Desk, hands: Hands, stage: rig.Stage
) -> None:
    connecting.pause(desk, "ada", "On holiday.")
    queue(desk, "ada", *((hands.now + n * MINUTE, DAY) for n in range(6)))
    run(desk, hands, HOUR, 10 * MINUTE)
    connecting.resume(desk, "ada")
    run(desk, hands, 25 * MINUTE, 11 * SECOND)
    (out,) = outs(desk).values()
    assert len(out) == 6
    assert min(gaps(out)) >= DEFAULT_GAP


def test_a_try_that_fails_for_a_while_does_not_bring_two_together(
    desk: Desk, hands: Hands, stage: rig.Stage
) -> None:
    hands.forward(3 * DAY)
    queue(desk, "ada", *((hands.now - n * HOUR, 2 * DAY) for n in range(1, 7)))
    stage.faults(
        {"do": "error", "shape": "too-many-requests", "reset": 600, "after": 1, "times": 1}
    )
    run(desk, hands, 30 * MINUTE, 11 * SECOND)
    (out,) = outs(desk).values()
    assert len(out) == 6
    assert min(gaps(out)) >= DEFAULT_GAP

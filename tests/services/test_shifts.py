"""A worker's signs of life, and what it takes over from others; by a clock that may jump."""

import logging
import os
import socket
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.models import Worker
from handbill.services.desk import Desk
from handbill.services.shifts import Shift
from handbill.store import claims, workers
from handbill.store.workers import SILENCE
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    PICTURES,
    SECOND,
    Hands,
    add_account,
    add_post,
    arm,
    get,
    make_desk,
    status_of,
)


@pytest.fixture
def here(engine: Engine, hands: Hands) -> Desk:
    return make_desk(engine, hands)


def begun(desk: Desk) -> Shift:
    shift = Shift(desk)
    shift.begin()
    return shift


def round_of(shift: Shift, trouble: str | None = None) -> None:
    """What a daemon does every quarter of a minute."""
    shift.beat(trouble)
    if trouble is None:
        shift.tidy()


def beats(shift: Shift, hands: Hands, times: int, trouble: str | None = None) -> None:
    for _ in range(times):
        hands.forward(15 * SECOND)
        round_of(shift, trouble)


def queue(desk: Desk, *minutes_ago: int) -> list[int]:
    """Posts of one account that are overdue by so much, with a limit of an hour."""
    account = add_account(desk.engine)
    return [add_post(desk.engine, account, at=desk.clock() - n * MINUTE) for n in minutes_ago]


def waits(desk: Desk, number: int) -> float:
    """Minutes until a post may leave."""
    not_before = get(desk.engine, number).post.not_before
    assert not_before is not None
    return max(0.0, (not_before - desk.clock()) / MINUTE)


def test_a_worker_is_listed_with_its_trouble_until_it_has_ended(here: Desk, hands: Hands) -> None:
    shift = begun(here)
    beats(shift, hands, 1, "Its clock is wrong.")
    (row,) = workers.listing(here.engine)
    assert (row.name, row.seen_at, row.trouble) == (shift.name, hands.now, "Its clock is wrong.")
    beats(shift, hands, 1)
    shift.end()
    (row,) = workers.listing(here.engine)
    assert (row.trouble, row.stopped_at) == (None, hands.now)


def test_what_the_silent_had_claimed_is_taken_back(here: Desk, hands: Hands) -> None:
    mine, other = begun(here), begun(here)
    mine.tidy()
    (number,) = queue(here, 0)
    claims.claim(here.engine, hands.now, other.name, 1, PICTURES)
    beats(mine, hands, SILENCE // (15 * SECOND) - 1)
    assert status_of(here.engine, number) is Status.PUBLISHING
    beats(mine, hands, 3)
    assert status_of(here.engine, number) is Status.QUEUED


def test_after_an_outage_of_the_database_nobody_is_robbed(here: Desk, hands: Hands) -> None:
    mine, other = begun(here), begun(here)
    mine.tidy()
    (number,) = queue(here, 0)
    claims.claim(here.engine, hands.now, other.name, 1, PICTURES)
    beats(mine, hands, 1)
    hands.forward(5 * MINUTE)  # the database is away; neither can give a sign
    round_of(mine)
    assert status_of(here.engine, number) is Status.PUBLISHING
    round_of(other)
    beats(mine, hands, 2)
    assert status_of(here.engine, number) is Status.PUBLISHING


def test_a_clock_that_is_put_back_robs_no_worker_of_its_own_claim(here: Desk, hands: Hands) -> None:
    shift = begun(here)
    (number,) = queue(here, 0)
    (claim,) = claims.claim(here.engine, hands.now, shift.name, 1, PICTURES)
    arm(here.engine, claim, hands.now)
    beats(shift, hands, 2)
    hands.forward(-HOUR)
    beats(shift, hands, 4)
    assert status_of(here.engine, number) is Status.PUBLISHING


def test_nothing_is_missed_by_a_clock_that_is_not_trusted(here: Desk, hands: Hands) -> None:
    shift = begun(here)
    (number,) = queue(here, -1)
    hands.forward(DAY)
    beats(shift, hands, 4, "The clock is ahead.")
    assert status_of(here.engine, number) is Status.QUEUED
    hands.forward(-DAY)
    beats(shift, hands, 4)
    assert status_of(here.engine, number) is Status.QUEUED
    assert waits(here, number) == 0


def died(desk: Desk, *, armed: bool) -> int:
    """A post that a worker of this machine had in hand when it died."""
    (number,) = queue(desk, 0)
    other = begun(desk)
    (claim,) = claims.claim(desk.engine, desk.clock(), other.name, 1, PICTURES)
    if armed:
        arm(desk.engine, claim, desk.clock())
    other.end()
    return number


@pytest.mark.parametrize(("armed", "after"), [(False, Status.QUEUED), (True, Status.IN_DOUBT)])
def test_what_the_dead_had_is_taken_back_by_a_clock_that_can_be_trusted(
    here: Desk, hands: Hands, armed: bool, after: Status
) -> None:
    number = died(here, armed=armed)
    hands.forward(DAY)  # the clock, not the time
    shift = begun(here)
    assert status_of(here.engine, number) is Status.PUBLISHING
    hands.forward(-DAY)
    shift.tidy()
    entry = get(here.engine, number)
    assert entry.post.status is after
    assert waits(here, number) < 1
    looks = [one.next_look_at for one in entry.attempts if one.next_look_at]
    assert all(look < hands.now + MINUTE for look in looks)


def test_the_dead_are_taken_over_from_once_and_never_my_own_claim(here: Desk, hands: Hands) -> None:
    shift = begun(here)
    (number,) = queue(here, 0)
    claims.claim(here.engine, hands.now, shift.name, 1, PICTURES)
    for _ in range(2):
        shift.tidy()
    assert status_of(here.engine, number) is Status.PUBLISHING


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("near", "after"),
    [(True, Status.QUEUED), (False, Status.PUBLISHING)],
    ids=["here", "in another container"],
)
def test_a_process_number_counts_only_where_it_is_given(
    here: Desk, hands: Hands, near: bool, after: Status
) -> None:
    """Containers can share a host name, and each has a process 1."""
    mine = Shift(here)
    place = mine.name.rsplit("-", 2)[0] if near else f"{socket.gethostname()[:30]}-ffffffff"
    name = f"{place}-{os.getpid()}-000000000000"
    them = Worker(
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        version="1",
        started_at=hands.now,
        seen_at=hands.now,
    )
    workers.register(here.engine, them)
    (number,) = queue(here, 0)
    claims.claim(here.engine, hands.now, name, 1, PICTURES)
    mine.begin()
    mine.tidy()
    assert status_of(here.engine, number) is after


# After an outage


def test_a_worker_that_begins_after_an_outage_spaces_out_what_is_overdue(
    here: Desk, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    begun(here).end()
    hands.forward(3 * DAY)
    numbers = queue(here, 50, 30, 5)
    begun(here).tidy()
    assert [waits(here, number) for number in numbers] == [0, 2, 4]
    assert "Overdue posts leave one by one now; 2 wait for their turn." in caplog.text


def test_the_gap_is_a_setting(here: Desk, hands: Hands) -> None:
    numbers = queue(here, 50, 30)
    begun(replace(here, gap=7 * MINUTE)).tidy()
    assert [waits(here, number) for number in numbers] == [0, 7]


def test_a_short_restart_spaces_nothing(here: Desk, hands: Hands) -> None:
    begun(here).end()
    numbers = queue(here, 1, 1)
    hands.forward(9 * MINUTE)
    begun(here).tidy()
    assert [waits(here, number) for number in numbers] == [0, 0]


def test_a_tick_every_five_minutes_is_no_outage(here: Desk, hands: Hands) -> None:
    account = add_account(here.engine)
    for _ in range(5):
        numbers = [add_post(here.engine, account, at=hands.now + MINUTE) for _ in range(2)]
        shift = begun(here)
        shift.tidy()
        shift.end()
        hands.forward(5 * MINUTE)
    begun(here).tidy()
    assert [waits(here, number) for number in numbers] == [0, 0]


def test_two_workers_that_begin_at_once_do_not_space_twice(here: Desk, hands: Hands) -> None:
    begun(here).end()
    hands.forward(DAY)
    numbers = queue(here, 50, 40, 30)
    one, two = begun(here), begun(here)
    one.tidy()
    hands.forward(SECOND)
    two.tidy()
    hands.forward(SECOND)
    round_of(one)
    assert [waits(here, number) for number in numbers] == pytest.approx([0, 2 - 1 / 30, 4 - 1 / 30])


def test_a_sleep_of_hours_is_an_outage(here: Desk, hands: Hands) -> None:
    shift = begun(here)
    beats(shift, hands, 2)
    numbers = queue(here, -20, -30)
    hands.forward(HOUR)
    round_of(shift)
    assert [waits(here, number) for number in numbers] == [0, 2]


def test_an_outage_is_remembered_until_the_clock_can_be_trusted(here: Desk, hands: Hands) -> None:
    begun(here).end()
    hands.forward(DAY)
    numbers = queue(here, 30, 20)
    shift = begun(here)
    beats(shift, hands, 10, "X does not answer.")
    beats(shift, hands, 1)
    assert [waits(here, number) for number in numbers] == [0, 2]


def test_what_somebody_has_just_queued_is_not_part_of_the_backlog(here: Desk, hands: Hands) -> None:
    begun(here).end()
    hands.forward(DAY)
    old, older = queue(here, 20, 30)
    account = get(here.engine, old).account
    new = [add_post(here.engine, account, at=hands.now - n * SECOND) for n in (0, 30)]
    begun(here).tidy()
    assert [waits(here, number) for number in (older, old, *new)] == [0, 2, 0, 0]


def test_missed_posts_are_told_one_by_one(
    here: Desk, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    numbers = queue(here, 70, 80)
    begun(here).tidy()
    for number in numbers:
        assert (
            f"Missed #{number}: its time passed. See: handbill queue show {number}" in caplog.text
        )

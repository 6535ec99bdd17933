"""What was missed or failed is queued again, spread over the time ahead; all of it, or nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill.domain.lifecycle import Status
from handbill.domain.when import Moment
from handbill.errors import InputProblem, NotFound, Problem, TooLate
from handbill.inputs import TimeIn
from handbill.services import queueing, requeueing
from handbill.services.desk import Desk
from handbill.services.requeueing import Turn
from handbill.store import posts
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Hands,
    account_of,
    add_account,
    add_in,
    add_post,
    get,
    status_of,
)

GAP = 2 * MINUTE


def no(_text: str, _moment: Moment) -> bool:
    return False


@pytest.fixture(autouse=True)
def _later(desk: Desk, hands: Hands) -> None:
    """It is three days after the posts were due."""
    add_account(desk.engine)
    add_account(desk.engine, "sol", zone="America/New_York")
    hands.forward(3 * DAY)


def missed(desk: Desk, account: str = "ines", hours_ago: int = 0, **fields: timedelta) -> int:
    """A post that was due so long before three days ago, and missed."""
    owner = account_of(desk.engine, account)
    return add_in(desk.engine, Status.MISSED, account=owner, at=NOW - hours_ago * HOUR, **fields)


def plan(desk: Desk, every: str | None = None, **asked: str) -> list[Turn]:
    entries = requeueing.over(desk, [Status.MISSED], None)
    return requeueing.plan(desk, entries, TimeIn.model_validate(asked), every, no)


def times(turns: list[Turn]) -> dict[int | None, datetime]:
    return {turn.entry.post.id: turn.timing.due_at for turn in turns}


def test_each_accounts_posts_follow_each_other_in_their_old_order(desk: Desk, hands: Hands) -> None:
    late, early, other = missed(desk), missed(desk, hours_ago=5), missed(desk, "sol")
    first = hands.now + GAP
    assert times(plan(desk)) == {early: first, late: first + GAP, other: first}


def test_the_first_leaves_when_asked_and_the_others_as_far_apart_as_asked(
    desk: Desk, hands: Hands
) -> None:
    numbers = [missed(desk, hours_ago=n) for n in (3, 2, 1)]
    found = times(plan(desk, every="30m", at="+1h"))
    assert [found[n] - hands.now for n in numbers] == [HOUR, 90 * MINUTE, 2 * HOUR]


def test_a_time_in_words_is_read_in_each_accounts_zone_unless_one_is_given(desk: Desk) -> None:
    mine, other = missed(desk), missed(desk, "sol")
    found = times(plan(desk, at="fri 18:30"))
    assert found[other] - found[mine] == 6 * HOUR
    turns = plan(desk, at="fri 18:30", zone="Asia/Tokyo")
    assert len(set(times(turns).values())) == 1
    assert {turn.timing.zone for turn in turns} == {"Asia/Tokyo"}
    assert {turn.timing.wall for turn in turns} == {"2026-11-27 18:30"}


def test_now_is_this_very_moment(desk: Desk, hands: Hands) -> None:
    hands.forward(timedelta(microseconds=123_456))
    numbers = [missed(desk, hours_ago=n) for n in (2, 1)]
    found = times(plan(desk, at="now"))
    assert found[numbers[0]] == hands.now
    assert found[numbers[1]].microsecond == 0


def test_each_keeps_the_length_of_its_limit(desk: Desk) -> None:
    short, long = missed(desk, limit=10 * MINUTE), missed(desk, limit=DAY)
    requeueing.requeue(desk, plan(desk))
    for number, limit in ((short, 10 * MINUTE), (long, DAY)):
        post = get(desk.engine, number).post
        assert post.due_at is not None
        assert post.no_later_than == post.due_at + limit


def test_they_are_queued_again_and_need_no_eyes_any_more(desk: Desk) -> None:
    numbers = [missed(desk), missed(desk)]
    turns = plan(desk)
    queued = requeueing.requeue(desk, turns)
    assert [entry.post.id for entry in queued] == numbers
    for entry, turn in zip(queued, turns, strict=True):
        post = entry.post
        assert (post.status, post.attention) == (Status.QUEUED, None)
        assert (post.due_at, post.not_before) == (turn.timing.due_at, turn.timing.due_at)
        assert (post.due_wall, post.zone) == (turn.timing.wall, "Europe/Paris")
        assert post.revision == 2


def test_failed_ones_too_when_asked_for(desk: Desk) -> None:
    was_missed, failed = missed(desk), add_in(desk.engine, Status.FAILED)
    chosen = requeueing.over(desk, [Status.MISSED, Status.FAILED], None)
    assert {entry.post.id for entry in chosen} == {was_missed, failed}
    assert [e.post.id for e in requeueing.over(desk, [Status.FAILED], None)] == [failed]


def test_one_accounts_only(desk: Desk) -> None:
    missed(desk)
    other = missed(desk, "sol")
    assert [e.post.id for e in requeueing.over(desk, [Status.MISSED], "sol")] == [other]


def test_when_nothing_was_missed_that_is_said(desk: Desk) -> None:
    add_post(desk.engine)
    with pytest.raises(NotFound, match="Nothing is missed"):
        requeueing.over(desk, [Status.MISSED], None)
    with pytest.raises(NotFound, match="Nothing on sol is missed or failed"):
        requeueing.over(desk, [Status.MISSED, Status.FAILED], "sol")
    with pytest.raises(NotFound, match="no account named nobody"):
        requeueing.over(desk, [Status.MISSED], "nobody")


@pytest.mark.parametrize("status", [s for s in Status if s not in requeueing.OVER])
def test_a_post_that_is_not_over_is_refused_by_its_number(desk: Desk, status: Status) -> None:
    good, other = missed(desk), add_in(desk.engine, status)
    with pytest.raises(InputProblem, match=f"Post #{other} is neither missed nor failed"):
        requeueing.named(desk, [good, other])


def test_named_posts_are_taken_once_each(desk: Desk) -> None:
    number = missed(desk)
    assert [e.post.id for e in requeueing.named(desk, [number, number])] == [number]
    with pytest.raises(NotFound):
        requeueing.named(desk, [number, 99])


def test_all_or_nothing_when_one_has_moved_on_meanwhile(desk: Desk) -> None:
    one, two = missed(desk), missed(desk)
    turns = plan(desk)
    queueing.reschedule(desk, two, TimeIn(at="+1d"), no)
    with pytest.raises(TooLate, match=f"Too late for post #{two}: it is queued"):
        requeueing.requeue(desk, turns)
    assert status_of(desk.engine, one) is Status.MISSED
    posts.change(desk.engine, two, posts.cancel)
    with pytest.raises(TooLate):
        requeueing.requeue(desk, turns)


@pytest.mark.parametrize(
    ("asked", "every"),
    [
        ({"at": "2020-01-01 12:00"}, None),
        ({"at": "someday"}, None),
        ({"at": "2027-03-28 02:30"}, None),
        ({"zone": "Nowhere/Land"}, None),
        ({}, "0m"),
        ({}, "often"),
        ({"at": "9999-12-31 22:00"}, "1w"),
    ],
)
def test_a_timetable_that_cannot_be_is_refused(
    desk: Desk, asked: dict[str, str], every: str | None
) -> None:
    missed(desk), missed(desk)
    with pytest.raises(Problem) as problem:
        plan(desk, every, **asked)
    assert problem.value.cure


def test_the_gap_is_a_setting(desk: Desk, hands: Hands) -> None:
    missed(desk), missed(desk)
    turns = plan(replace(desk, gap=10 * MINUTE))
    assert sorted(times(turns).values()) == [hands.now + 10 * MINUTE, hands.now + 20 * MINUTE]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(["ines", "sol"]), st.integers(0, 40)), min_size=1))
def test_any_backlog_is_spread_evenly_in_order(
    desk: Desk, hands: Hands, those: list[tuple[str, int]]
) -> None:
    for name, hours in those:
        missed(desk, name, hours)
    found = requeueing.requeue(desk, plan(desk, "15m"))
    for name in {name for name, _ in those}:
        mine = sorted(
            (entry.post for entry in found if entry.account.name == name),
            key=lambda post: post.due_at or NOW,
        )
        due = [post.due_at for post in mine]
        assert due == [hands.now + GAP + n * 15 * MINUTE for n in range(len(mine))]
    for entry in found:
        posts.change(desk.engine, entry.post.id or 0, posts.cancel)

"""The one big pause: nothing leaves while it is on, and not all at once when it ends."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from handbill.domain.lifecycle import Status
from handbill.domain.settling import QUIET, REST
from handbill.errors import InputProblem
from handbill.services import history, pausing, publishing
from handbill.services.desk import Desk
from handbill.store import accounts, arming, claims, doubts, overdue, restoring
from handbill.store.listings import Entry
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    Hands,
    add_account,
    add_in,
    add_post,
    arm,
    attempt,
    claim_one,
    get,
    receipt,
    status_of,
    unknown,
)
from tests.services.scripted import Line


def numbers(entries: Sequence[Entry]) -> list[int | None]:
    return [entry.post.id for entry in entries]


def claimable(desk: Desk) -> list[int]:
    """What a worker would get at this moment."""
    return [c.post_id for c in claims.claim(desk.engine, desk.clock(), "w1", 99, PICTURES)]


def test_nothing_of_any_account_leaves_while_it_is_on(desk: Desk) -> None:
    for name in ("ines", "sol"):
        add_post(desk.engine, add_account(desk.engine, name))
    pausing.pause(desk, "A tragedy.")
    assert claimable(desk) == []
    pausing.resume(desk)
    assert len(claimable(desk)) == 2


def test_what_is_claimed_already_cannot_be_armed(desk: Desk) -> None:
    add_post(desk.engine)
    claim = claim_one(desk.engine)
    pausing.pause(desk, "A tragedy.")
    assert not arming.arm(desk.engine, claim, {}, NOW)


def test_it_has_a_reason_and_a_beginning(desk: Desk, hands: Hands) -> None:
    assert pausing.held(desk) is None
    on = pausing.pause(desk, "  A tragedy. ")
    assert (on.value, on.since) == ("A tragedy.", NOW)
    hands.forward(HOUR)
    assert pausing.held(desk) == on
    assert history.state(desk).pause == on
    assert history.state(desk).needs_eyes


def test_a_pause_that_is_on_keeps_its_reason_and_its_beginning(desk: Desk, hands: Hands) -> None:
    first = pausing.pause(desk, "A tragedy.")
    hands.forward(HOUR)
    assert pausing.pause(desk, "Another.") == first


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_pause_without_a_reason_is_refused(desk: Desk, reason: str) -> None:
    with pytest.raises(InputProblem):
        pausing.pause(desk, reason)
    assert pausing.held(desk) is None


def test_an_accounts_own_pause_stays_what_it_is(desk: Desk) -> None:
    add_post(desk.engine)
    accounts.pause(desk.engine, "ines", "On holiday.", None, NOW)
    pausing.pause(desk, "A tragedy.")
    pausing.resume(desk)
    assert claimable(desk) == []


def test_resuming_what_is_not_paused_changes_nothing(desk: Desk, hands: Hands) -> None:
    posts = [add_post(desk.engine), add_post(desk.engine)]
    hands.forward(HOUR / 2)
    pausing.resume(desk)
    assert {get(desk.engine, n).post.not_before for n in posts} == {NOW}


# What waited


def test_what_waits_is_told_before_it_is_let_go(desk: Desk, hands: Hands) -> None:
    late = add_post(desk.engine, at=NOW + MINUTE)
    too_late = add_post(desk.engine, at=NOW + MINUTE, limit=MINUTE)
    add_post(desk.engine, at=NOW + DAY)
    pausing.pause(desk, "A tragedy.")
    hands.forward(HOUR)
    waiting = pausing.waiting(desk)
    assert waiting.pause == pausing.held(desk)
    assert (numbers(waiting.overdue), numbers(waiting.missed)) == ([late], [too_late])
    assert status_of(desk.engine, too_late) is Status.QUEUED


def test_overdue_posts_leave_one_by_one(desk: Desk, hands: Hands) -> None:
    posts = [add_post(desk.engine, at=NOW + n * SECOND) for n in range(3)]
    pausing.pause(desk, "A tragedy.")
    hands.forward(20 * MINUTE)
    pausing.resume(desk)
    went = []
    for _ in range(6):
        for claim in claims.claim(desk.engine, hands.now, "w1", 99, PICTURES):
            publishing.publish(Line(receipt(f"{claim.attempt_id}")).at(desk), claim)
            went.append((claim.post_id, hands.now))
        hands.forward(desk.gap / 2)
    assert [number for number, _at in went] == posts
    assert [then - before for (_, before), (_, then) in pairwise(went)] == [desk.gap] * 2


def test_what_is_too_late_by_then_does_not_leave_and_is_missed_by_a_worker(
    desk: Desk, hands: Hands
) -> None:
    number = add_post(desk.engine)
    pausing.pause(desk, "A tragedy.")
    hands.forward(DAY)
    pausing.resume(desk)
    assert claimable(desk) == []
    assert overdue.miss(desk.engine, hands.now) == [number]


def test_what_is_too_late_while_it_is_on_says_why(desk: Desk, hands: Hands) -> None:
    number = add_post(desk.engine)
    pausing.pause(desk, "A tragedy.")
    overdue.miss(desk.engine, hands.forward(DAY))
    entry = get(desk.engine, number)
    assert entry.post.status is Status.MISSED
    assert entry.post.attention == "Not sent in time: everything is paused. A tragedy."


def test_resuming_by_a_clock_that_is_ahead_takes_no_post_its_time(desk: Desk, hands: Hands) -> None:
    soon = [add_post(desk.engine, at=NOW + n * HOUR) for n in range(1, 4)]
    pausing.pause(desk, "A tragedy.")
    before = [get(desk.engine, number).post for number in soon]
    hands.forward(2 * HOUR + 30 * MINUTE)
    pausing.resume(desk)
    hands.now = NOW
    assert [get(desk.engine, number).post for number in soon] == before


# Doubts


def test_ordinary_look_ups_go_on_meanwhile(desk: Desk, hands: Hands) -> None:
    number = add_in(desk.engine, Status.IN_DOUBT)
    pausing.pause(desk, "A tragedy.")
    assert pausing.waiting(desk).unasked == []
    asked = doubts.due(desk.engine, hands.forward(MINUTE), PICTURES)
    assert [one.claim.post_id for one in asked] == [number]


def test_after_a_restore_the_networks_are_asked_only_by_resuming(desk: Desk, hands: Hands) -> None:
    number = add_post(desk.engine)
    restoring.hold(desk.engine, NOW - DAY, NOW)
    assert numbers(pausing.waiting(desk).unasked) == [number]
    now = hands.forward(HOUR)
    assert doubts.due(desk.engine, now, PICTURES) == []
    pausing.resume(desk)
    assert pausing.waiting(desk).unasked == []
    assert [one.claim.post_id for one in doubts.due(desk.engine, now, PICTURES)] == [number]


def test_resumed_at_once_the_last_request_before_the_restore_is_given_time_to_land(
    desk: Desk, hands: Hands
) -> None:
    add_post(desk.engine)
    restoring.hold(desk.engine, NOW - DAY, NOW)
    pausing.resume(desk)
    assert doubts.due(desk.engine, hands.forward(QUIET - SECOND), PICTURES) == []
    assert len(doubts.due(desk.engine, hands.forward(SECOND), PICTURES)) == 1


def test_resumed_by_a_clock_that_is_ahead_the_networks_are_asked_no_later(
    desk: Desk, hands: Hands
) -> None:
    add_post(desk.engine)
    restoring.hold(desk.engine, NOW - DAY, NOW)
    hands.forward(DAY)
    pausing.resume(desk)
    assert len(doubts.due(desk.engine, NOW + QUIET, PICTURES)) == 1


def test_a_doubt_of_today_is_none_of_a_restores(desk: Desk) -> None:
    add_post(desk.engine)
    attempt(desk.engine, unknown())
    add_post(desk.engine)
    arm(desk.engine, claim_one(desk.engine, NOW + REST), NOW + REST)
    assert pausing.waiting(desk).unasked == []

"""Posts that did not leave in time: missed past their limit, or spaced out after an outage."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.lateness import BARELY
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import Outcome
from handbill.models import Account, Post
from handbill.store import accounts, overdue, standing
from handbill.store.standing import PAUSE
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add_account,
    add_post,
    arm,
    attempt,
    claim_one,
    get,
    not_sent,
    overwrite,
    receipt,
    refused,
    row_of,
    status_of,
    unknown,
)

LEAST = timedelta(microseconds=1)


def test_a_post_is_missed_after_its_limit_and_not_at_it(engine: Engine) -> None:
    post_id = add_post(engine, limit=HOUR)
    assert overdue.miss(engine, NOW + HOUR) == []
    assert overdue.miss(engine, NOW + HOUR + SECOND) == [post_id]
    assert overdue.miss(engine, NOW + HOUR + SECOND) == []
    assert status_of(engine, post_id) is Status.MISSED


def test_a_missed_post_says_why(engine: Engine) -> None:
    add_post(engine)
    paused = add_post(engine, add_account(engine, "sol"))
    accounts.pause(engine, "sol", "No credits left.", "top up", NOW)
    overdue.miss(engine, NOW + DAY)
    assert get(engine, 1).post.attention == (
        "Not sent in time: Handbill was not running, or the network could not be reached."
    )
    assert get(engine, paused).post.attention == (
        "Not sent in time: sol is paused. No credits left."
    )


def test_what_held_it_until_the_end_is_the_reason(engine: Engine) -> None:
    number = add_post(engine)
    says = "The review is not live. Nothing was sent; it is tried again."
    overwrite(engine, Post, number, attention=says)
    overdue.miss(engine, NOW + DAY)
    assert get(engine, number).post.attention == (
        "Not sent in time: The review is not live. Nothing was sent."
    )


def test_what_is_missed_during_the_big_pause_says_so(engine: Engine) -> None:
    post_id = add_post(engine)
    standing.put(engine, PAUSE, "A death in the family.", NOW)
    overdue.miss(engine, NOW + DAY)
    assert get(engine, post_id).post.attention == (
        "Not sent in time: everything is paused. A death in the family."
    )


@pytest.mark.parametrize(
    ("rest_ends", "why"),
    [
        (NOW + DAY + SECOND, "Not sent in time: the network asked ines to rest."),
        (
            NOW + DAY,
            "Not sent in time: Handbill was not running, or the network could not be reached.",
        ),
    ],
)
def test_a_rest_is_the_reason_only_while_it_lasts(
    engine: Engine, rest_ends: datetime, why: str
) -> None:
    post_id = add_post(engine)
    overwrite(engine, Account, 1, rest_until=rest_ends)
    overdue.miss(engine, NOW + DAY)
    assert get(engine, post_id).post.attention == why


def test_a_retry_that_ended_at_the_limit_is_not_said_to_have_waited_its_turn(
    engine: Engine,
) -> None:
    post_id = add_post(engine, limit=5 * SECOND)
    attempt(engine, not_sent())
    assert get(engine, post_id).post.not_before == NOW + 5 * SECOND
    overdue.miss(engine, NOW + MINUTE)
    assert get(engine, post_id).post.attention == (
        "Not sent in time: Handbill was not running, or the network could not be reached."
    )


def test_after_an_outage_stale_posts_are_missed_and_none_is_sent(engine: Engine) -> None:
    account = add_account(engine)
    stale = [add_post(engine, account, at=NOW - n * HOUR) for n in range(2, 40)]
    fresh = add_post(engine, account)
    assert set(overdue.miss(engine, NOW)) == set(stale)
    assert claim_one(engine).post_id == fresh


@pytest.mark.parametrize(
    "outcome", [unknown(), refused(), receipt()], ids=["in_doubt", "failed", "published"]
)
def test_only_what_is_queued_can_be_missed(engine: Engine, outcome: Outcome) -> None:
    add_post(engine)
    attempt(engine, outcome)
    assert overdue.miss(engine, NOW + DAY) == []


def test_what_is_being_published_is_not_missed(engine: Engine) -> None:
    add_post(engine)
    claim: Claim = arm(engine, claim_one(engine))
    assert overdue.miss(engine, NOW + DAY) == []
    assert row_of(engine, claim.attempt_id).ended_at is None


# Spaced out


def test_overdue_posts_leave_one_by_one_in_their_order(engine: Engine) -> None:
    account = add_account(engine)
    numbers = [add_post(engine, account, at=NOW - n * MINUTE) for n in (30, 20, 10)]
    later = add_post(engine, account, at=NOW + MINUTE)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 2
    leaves = [get(engine, number).post.not_before for number in numbers]
    assert leaves == [NOW - 30 * MINUTE, NOW + 2 * MINUTE, NOW + 4 * MINUTE]
    assert get(engine, later).post.not_before == NOW + MINUTE
    assert get(engine, numbers[2]).post.due_at == NOW - 10 * MINUTE, "the promise stays"


def test_accounts_do_not_wait_for_each_other(engine: Engine) -> None:
    for name in ("ines", "sol"):
        add_post(engine, add_account(engine, name), at=NOW - MINUTE)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 0


def test_each_account_has_turns_of_its_own_in_the_order_of_due_times(engine: Engine) -> None:
    ines, sol = add_account(engine), add_account(engine, "sol")
    late = {n: add_post(engine, ines, at=NOW - n * MINUTE) for n in (10, 30)}
    between = {n: add_post(engine, sol, at=NOW - n * MINUTE) for n in (40, 20)}
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 2
    leaves = {n: get(engine, number).post.not_before for n, number in (late | between).items()}
    assert leaves == {
        30: NOW - 30 * MINUTE,
        10: NOW + 2 * MINUTE,
        40: NOW - 40 * MINUTE,
        20: NOW + 2 * MINUTE,
    }


def test_what_may_leave_no_later_than_now_has_its_turn(engine: Engine) -> None:
    account = add_account(engine)
    first = add_post(engine, account, at=NOW - HOUR, limit=HOUR)
    second = add_post(engine, account, at=NOW - MINUTE)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 1
    assert get(engine, first).post.not_before == NOW - HOUR
    assert get(engine, second).post.not_before == NOW + 2 * MINUTE


@pytest.mark.parametrize(("late", "moved"), [(BARELY - LEAST, 0), (BARELY, 1), (HOUR / 2, 1)])
def test_a_post_is_overdue_a_minute_after_its_time(
    engine: Engine, late: timedelta, moved: int
) -> None:
    account = add_account(engine)
    for _ in range(2):
        add_post(engine, account, at=NOW - late)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == moved


def test_what_gets_no_turn_is_missed_the_moment_its_limit_has_passed(engine: Engine) -> None:
    account = add_account(engine)
    _, second = (add_post(engine, account, at=NOW - MINUTE, limit=90 * SECOND) for _ in range(2))
    overdue.space_out(engine, NOW, 2 * MINUTE)
    limit = NOW + 30 * SECOND
    assert get(engine, second).post.not_before == limit + LEAST
    assert overdue.miss(engine, limit) == []
    assert second in overdue.miss(engine, limit + LEAST)


def test_what_gets_no_turn_within_its_limit_is_missed_on_time(engine: Engine) -> None:
    account = add_account(engine)
    first, second = (
        add_post(engine, account, at=NOW - MINUTE, limit=90 * SECOND) for _ in range(2)
    )
    overdue.space_out(engine, NOW, 2 * MINUTE)
    claim: Claim = claim_one(engine, NOW)
    assert claim.post_id == first
    assert overdue.miss(engine, NOW + 31 * SECOND) == [second]


def test_what_is_due_this_moment_is_not_overdue(engine: Engine) -> None:
    account = add_account(engine)
    for _ in range(3):
        add_post(engine, account, at=NOW - SECOND)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 0


def test_what_was_queued_a_moment_ago_is_not_held_back(engine: Engine) -> None:
    account = add_account(engine)
    for seconds in (59, 59, 70):
        add_post(engine, account, at=NOW - seconds * SECOND)
    assert overdue.space_out(engine, NOW, 2 * MINUTE) == 0


def test_a_post_that_gets_no_turn_takes_nobody_elses(engine: Engine) -> None:
    account = add_account(engine)
    add_post(engine, account, at=NOW - 50 * MINUTE)
    hopeless = [
        add_post(engine, account, at=NOW - n * MINUTE, limit=(n + 1) * MINUTE)
        for n in range(40, 10, -1)
    ]
    patient = add_post(engine, account, at=NOW - 5 * MINUTE, limit=DAY)
    overdue.space_out(engine, NOW, 2 * MINUTE)
    assert get(engine, patient).post.not_before == NOW + 2 * MINUTE
    assert set(overdue.miss(engine, NOW + 90 * SECOND)) == set(hopeless)
    assert get(engine, hopeless[0]).post.attention == (
        "Not sent in time: overdue posts leave one by one, and its turn came too late."
    )


def test_a_retry_keeps_its_own_wait(engine: Engine) -> None:
    account = add_account(engine)
    retried = add_post(engine, account, at=NOW - 50 * MINUTE, limit=DAY)
    attempt(engine, not_sent(), NOW - MINUTE)
    kept = get(engine, retried).post.not_before
    other = add_post(engine, account, at=NOW - 40 * MINUTE, limit=DAY)
    overdue.space_out(engine, NOW - 55 * SECOND, 2 * MINUTE)
    assert kept is not None
    assert kept > NOW - 55 * SECOND
    assert get(engine, retried).post.not_before == kept
    assert get(engine, other).post.not_before == NOW - 40 * MINUTE


# Kept apart


def kept_apart(engine: Engine, now: datetime = NOW) -> tuple[int, Claim]:
    claim = claim_one(engine, now)
    return overdue.keep_apart(engine, claim, now, 2 * MINUTE), claim


def test_before_one_is_sent_the_accounts_other_overdue_posts_are_held(engine: Engine) -> None:
    account, sol = add_account(engine), add_account(engine, "sol")
    numbers = [add_post(engine, account, at=NOW - n * MINUTE, limit=DAY) for n in (30, 20, 15)]
    others = add_post(engine, sol, at=NOW - 10 * MINUTE)
    held, claim = kept_apart(engine)
    assert (held, claim.post_id) == (2, numbers[0])
    leaves = [get(engine, number).post.not_before for number in numbers[1:]]
    assert leaves == [NOW + 2 * MINUTE, NOW + 4 * MINUTE]
    assert get(engine, others).post.not_before == NOW - 10 * MINUTE


def test_one_that_is_sent_later_than_planned_pushes_the_next(engine: Engine) -> None:
    account = add_account(engine)
    for minutes in (30, 20):
        add_post(engine, account, at=NOW - minutes * MINUTE, limit=DAY)
    overdue.space_out(engine, NOW, 2 * MINUTE)
    late = NOW + 100 * SECOND
    assert kept_apart(engine, late)[0] == 0, "it was not free to leave anyway"
    assert get(engine, 2).post.not_before == late + 2 * MINUTE


@pytest.mark.parametrize(("free_at", "free"), [(NOW, 1), (NOW + LEAST, 0)])
def test_those_that_were_free_to_leave_at_once_are_counted(
    engine: Engine, free_at: datetime, free: int
) -> None:
    account = add_account(engine)
    _, other = (add_post(engine, account, at=NOW - 30 * MINUTE) for _ in range(2))
    overwrite(engine, Post, other, not_before=free_at)
    assert kept_apart(engine)[0] == free
    assert get(engine, other).post.not_before == NOW + 2 * MINUTE


def test_what_waits_for_no_turn_is_given_none(engine: Engine) -> None:
    account = add_account(engine)
    failed, first = (add_post(engine, account, at=NOW - n * MINUTE, limit=DAY) for n in (50, 40))
    attempt(engine, refused(), NOW - 45 * MINUTE)
    assert kept_apart(engine)[0] == 0
    assert get(engine, failed).post.not_before == NOW - 50 * MINUTE
    assert get(engine, first).post.not_before == NOW - 40 * MINUTE


def test_what_is_on_time_is_not_held(engine: Engine) -> None:
    account = add_account(engine)
    add_post(engine, account, at=NOW - 30 * MINUTE)
    punctual = add_post(engine, account, at=NOW - SECOND)
    coming = add_post(engine, account, at=NOW + MINUTE)
    kept_apart(engine)
    assert get(engine, punctual).post.not_before == NOW - SECOND
    assert get(engine, coming).post.not_before == NOW + MINUTE


def test_a_gap_of_nothing_holds_nobody(engine: Engine) -> None:
    account = add_account(engine)
    numbers = [add_post(engine, account, at=NOW - n * MINUTE) for n in (30, 20)]
    overdue.keep_apart(engine, claim_one(engine), NOW, timedelta(0))
    assert get(engine, numbers[1]).post.not_before == NOW - 20 * MINUTE

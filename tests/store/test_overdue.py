"""Posts that did not leave in time: missed past their limit, or spaced out after an outage."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.lateness import MOMENT
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import Outcome
from handbill.models import Account
from handbill.store import accounts, overdue
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


@pytest.mark.parametrize(("late", "moved"), [(MOMENT - LEAST, 0), (MOMENT, 1), (MINUTE, 1)])
def test_a_post_is_overdue_a_moment_after_its_time(
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

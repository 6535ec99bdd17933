"""The schedule at a glance."""

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.settling import REST
from handbill.models import Attempt
from handbill.store import accounts, agenda
from handbill.store.agenda import Agenda
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    account_of,
    add_account,
    add_in,
    add_post,
    attempt,
    busy,
    claim_one,
    not_sent,
    overwrite,
    row_of,
    unknown,
)


def test_an_empty_queue_has_nothing_to_do_and_nothing_to_wait_for(engine: Engine) -> None:
    assert agenda.look_up(engine, NOW) == Agenda(False, False, None)


def test_the_next_moment_is_the_soonest_due_time(engine: Engine) -> None:
    add_post(engine, at=NOW + HOUR)
    add_post(engine, at=NOW + MINUTE)
    assert agenda.look_up(engine, NOW) == Agenda(False, False, NOW + MINUTE)


def test_a_post_is_due_from_its_very_instant(engine: Engine) -> None:
    add_post(engine)
    assert not agenda.look_up(engine, NOW - SECOND / 1_000_000).posts_due
    assert agenda.look_up(engine, NOW).posts_due


def test_what_is_overdue_hides_not_what_comes_next(engine: Engine) -> None:
    for at in (NOW - MINUTE, NOW, NOW + MINUTE):
        add_post(engine, at=at)
    assert agenda.look_up(engine, NOW) == Agenda(True, False, NOW + MINUTE)


@pytest.mark.parametrize("status", [s for s in Status if s not in ("queued", "in_doubt")])
def test_only_what_is_queued_is_due(engine: Engine, status: Status) -> None:
    add_in(engine, status)
    assert agenda.look_up(engine, NOW) == Agenda(False, False, None)


def test_a_retry_is_due_when_its_wait_is_over(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, not_sent())
    found = agenda.look_up(engine, NOW)
    assert not found.posts_due
    assert found.next_moment is not None
    assert NOW + 7 * SECOND < found.next_moment < NOW + 15 * SECOND


def test_a_look_up_has_its_moment_and_is_due_at_it(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, unknown())
    assert agenda.look_up(engine, NOW) == Agenda(False, False, NOW + 5 * SECOND)
    later = agenda.look_up(engine, NOW + 5 * SECOND)
    assert later == Agenda(False, True, NOW + REST), "and then the account may post again"


def test_a_doubt_that_waits_for_a_person_has_no_moment(engine: Engine) -> None:
    add_post(engine)
    claim = attempt(engine, unknown())
    overwrite(engine, Attempt, claim.attempt_id, next_look_at=None)
    assert row_of(engine, claim.attempt_id).outcome == "unknown"
    assert agenda.look_up(engine, NOW + HOUR) == Agenda(False, False, None)


def test_the_end_of_a_rest_is_a_moment(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, busy(NOW + 15 * MINUTE))
    assert agenda.look_up(engine, NOW).next_moment == NOW + 15 * MINUTE
    assert agenda.look_up(engine, NOW + 15 * MINUTE).next_moment is None


def test_the_soonest_of_all_moments_counts(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, unknown())
    other = add_account(engine, "sol")
    add_post(engine, other, at=NOW + 4 * SECOND)
    assert agenda.look_up(engine, NOW).next_moment == NOW + 4 * SECOND


def test_posts_can_be_brought_forward_a_moment(engine: Engine) -> None:
    add_post(engine, at=NOW + SECOND)
    add_post(engine, at=NOW + MINUTE)
    assert agenda.look_up(engine, NOW, SECOND / 2) == Agenda(False, False, NOW + SECOND / 2)
    assert agenda.look_up(engine, NOW, SECOND) == Agenda(True, False, NOW + MINUTE - SECOND)


def test_a_rest_is_not_shortened_by_looking_ahead(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, busy(NOW + MINUTE))
    assert agenda.look_up(engine, NOW, SECOND).next_moment == NOW + MINUTE


def test_a_paused_account_leaves_its_posts_due(engine: Engine) -> None:
    add_post(engine)
    accounts.pause(engine, "ines", "By hand.", None, NOW)
    assert account_of(engine).paused_at == NOW
    assert agenda.look_up(engine, NOW).posts_due


def test_posts_are_counted_by_status(engine: Engine) -> None:
    for status in (Status.DRAFT, Status.CANCELLED, Status.FAILED, Status.MISSED):
        add_in(engine, status)
    for _ in range(3):
        add_post(engine)
    claim_one(engine)
    assert agenda.counts(engine) == {
        Status.DRAFT: 1,
        Status.CANCELLED: 1,
        Status.FAILED: 1,
        Status.MISSED: 1,
        Status.QUEUED: 2,
        Status.PUBLISHING: 1,
    }

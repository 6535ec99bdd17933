"""How an attempt ends, and what follows for its post and its account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status, Verb
from handbill.domain.outcomes import Decision, NotSent, Outcome
from handbill.domain.settling import QUIET
from handbill.domain.text.quotes import GONE
from handbill.models import Post
from handbill.store import accounts, claims, doubts, listings, overdue, posts, records
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    account_of,
    add_account,
    add_post,
    attempt,
    busy,
    claim_and_arm,
    claim_one,
    expired,
    get,
    not_sent,
    overwrite,
    receipt,
    refused,
    status_of,
    timing,
    unauthorized,
    unknown,
)

LATER = NOW + 10 * MINUTE

# The table of outcomes


def test_a_receipt_publishes(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    assert records.record(engine, claim, receipt("1001"), NOW + SECOND) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert entry.post.published_at == NOW + SECOND
    assert (entry.post.attention, entry.post.lease_until, entry.post.worker) == (None,) * 3
    (part,) = entry.parts
    assert (part.remote_id, part.url) == ("1001", "https://x.test/ines/status/1001")
    assert part.published_at == NOW + SECOND
    (ended,) = entry.attempts
    assert (ended.outcome, ended.ended_at, ended.next_look_at) == ("receipt", NOW + SECOND, None)
    assert account_of(engine).newest_remote_id == "1001"


def test_a_refusal_fails_the_post_with_the_networks_reason(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, refused("X says the text is too long."))
    entry = get(engine, post_id)
    assert entry.post.status is Status.FAILED
    assert entry.post.attention == "X says the text is too long."
    assert entry.attempts[0].detail == "X says the text is too long."
    assert entry.attempts[0].outcome == "refused"


def test_busy_rests_the_account_and_leaves_the_posts_time_alone(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, busy(NOW + 15 * MINUTE))
    entry = get(engine, post_id)
    assert (entry.post.status, entry.post.not_before) == (Status.QUEUED, NOW)
    assert entry.attempts[0].outcome == "busy"
    account = account_of(engine)
    assert account.rest_until == NOW + 15 * MINUTE
    assert account.paused_at is None


def test_a_rest_is_never_shortened(engine: Engine) -> None:
    account = add_account(engine)
    first, second = add_post(engine, account), add_post(engine, account)
    one = claim_one(engine)
    assert one.post_id == first
    records.record(engine, one, busy(NOW + HOUR), NOW)
    later = NOW + HOUR
    two = claim_one(engine, later)
    records.record(engine, two, busy(later + 2 * HOUR), later)
    records.record(engine, one, busy(later + MINUTE), later)
    assert account_of(engine).rest_until == later + 2 * HOUR
    assert status_of(engine, second) is Status.QUEUED


def test_unauthorized_pauses_the_account_with_reason_and_cure(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, unauthorized("X says there are no credits left (402).", "top up"))
    account = account_of(engine)
    assert account.paused_at == NOW
    assert account.pause_reason == "X says there are no credits left (402)."
    assert account.pause_cure == "top up"
    post = get(engine, post_id).post
    assert (post.status, post.not_before, post.attention) == (Status.QUEUED, NOW, None)


def test_a_pause_that_is_on_keeps_its_reason(engine: Engine) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    accounts.pause(engine, "ines", "By hand.", None, NOW)
    records.record(engine, claim, unauthorized(), NOW + SECOND)
    assert (account_of(engine).pause_reason, account_of(engine).paused_at) == ("By hand.", NOW)


def test_what_was_not_sent_waits_before_the_next_try(engine: Engine) -> None:
    post_id = add_post(engine)
    waits = list[timedelta]()
    now = NOW
    for _ in range(3):
        records.record(engine, claim_one(engine, now), not_sent(), now, chance=0.0)
        post = get(engine, post_id).post
        assert post.not_before is not None
        waits.append(post.not_before - now)
        now = post.not_before
    assert waits == [7.5 * SECOND, 15 * SECOND, 30 * SECOND]
    post = get(engine, post_id).post
    assert (post.status, post.due_at, post.attention) == (Status.QUEUED, NOW, None)


def test_a_wait_never_leads_past_the_limit(engine: Engine) -> None:
    post_id = add_post(engine, limit=5 * SECOND)
    attempt(engine, not_sent())
    assert get(engine, post_id).post.not_before == NOW + 5 * SECOND
    assert overdue.miss(engine, NOW + 6 * SECOND) == [post_id]


def test_a_wait_never_leads_before_the_due_time(engine: Engine) -> None:
    post_id = add_post(engine, at=NOW + SECOND / 10)
    (claim,) = claims.claim(engine, NOW - MINUTE, "w1", 1, PICTURES, HOUR)
    records.record(engine, claim, not_sent(), NOW - MINUTE, chance=0.0)
    post = get(engine, post_id).post
    assert (post.status, post.not_before) == (Status.QUEUED, NOW + SECOND / 10)


def test_unknown_is_held_in_doubt_and_looked_up_soon(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    assert records.record(engine, claim, unknown("The line broke."), LATER) is Status.IN_DOUBT
    entry = get(engine, post_id)
    assert entry.post.attention == "The line broke."
    assert (entry.post.lease_until, entry.post.worker) == (None, None)
    assert entry.attempts[0].next_look_at == LATER + 5 * SECOND
    assert entry.attempts[0].resolution is None


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (receipt(), Status.PUBLISHED),
        (refused(), Status.FAILED),
        (busy(), Status.QUEUED),
        (not_sent(), Status.QUEUED),
        (unauthorized(), Status.QUEUED),
        (unknown(), Status.IN_DOUBT),
    ],
)
def test_every_outcome_ends_the_attempt_and_frees_the_account(
    engine: Engine, outcome: Outcome, status: Status
) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    assert records.record(engine, claim, outcome, NOW + SECOND) is status
    entry = get(engine, post_id)
    assert entry.post.status is status
    assert (entry.post.lease_until, entry.post.worker) == (None, None)
    (ended,) = entry.attempts
    assert (ended.outcome, ended.ended_at) == (outcome.kind, NOW + SECOND)


def test_a_receipt_without_its_own_time_dates_from_when_it_came(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, receipt(), NOW + SECOND)
    assert get(engine, post_id).post.published_at == NOW + SECOND


def test_a_receipt_with_a_time_dates_from_that(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    records.record(engine, claim, receipt(at=NOW + 2 * SECOND), NOW + HOUR)
    assert get(engine, post_id).post.published_at == NOW + 2 * SECOND


def test_a_networks_clock_that_is_slow_makes_no_post_early(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    records.record(engine, claim, receipt(at=NOW - MINUTE), NOW + SECOND)
    assert get(engine, post_id).post.published_at == NOW


def test_recording_the_same_receipt_twice_changes_nothing(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = attempt(engine, receipt())
    before = get(engine, post_id)
    assert records.record(engine, claim, receipt(), LATER) is Status.PUBLISHED
    assert get(engine, post_id) == before


# An id that is another post's


def test_a_receipt_that_names_another_post_of_the_account_is_a_doubt(engine: Engine) -> None:
    add_post(engine)
    second = add_post(engine)
    attempt(engine, receipt("1001"))
    claim = claim_and_arm(engine)
    assert records.record(engine, claim, receipt("1001"), NOW) is Status.IN_DOUBT
    entry = get(engine, second)
    assert entry.post.attention is not None
    assert "another post" in entry.post.attention
    assert entry.parts[0].remote_id is None
    assert entry.attempts[0].next_look_at is not None


def test_two_accounts_may_have_the_same_number(engine: Engine) -> None:
    for name in ("ines", "sol"):
        add_post(engine, add_account(engine, name))
        assert attempt(engine, receipt("1001"))
    assert len(listings.history(engine, [Status.PUBLISHED], None, None, None, None, None)) == 2


# Late answers


def _left_in_doubt(engine: Engine, _post_id: int) -> Status:
    return Status.IN_DOUBT


def _denied(engine: Engine, post_id: int) -> Status:
    doubts.judge(engine, post_id, None, NOW + QUIET)
    return Status.QUEUED


def _denied_and_cancelled(engine: Engine, post_id: int) -> Status:
    _denied(engine, post_id)
    posts.change(engine, post_id, posts.cancel)
    return Status.CANCELLED


def _denied_and_drafted(engine: Engine, post_id: int) -> Status:
    _denied(engine, post_id)
    posts.change(engine, post_id, posts.unqueue)
    return Status.DRAFT


def _denied_and_missed(engine: Engine, post_id: int) -> Status:
    _denied(engine, post_id)
    overdue.miss(engine, NOW + DAY)
    return Status.MISSED


def _denied_and_refused(engine: Engine, post_id: int) -> Status:
    _denied(engine, post_id)
    attempt(engine, refused())
    return Status.FAILED


def _denied_and_claimed_again(engine: Engine, post_id: int) -> Status:
    _denied(engine, post_id)
    claim_one(engine)
    return Status.PUBLISHING


MEANWHILE = [
    _left_in_doubt,
    _denied,
    _denied_and_cancelled,
    _denied_and_drafted,
    _denied_and_missed,
    _denied_and_refused,
    _denied_and_claimed_again,
]


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_late_receipt_wins_whatever_became_of_the_row(
    engine: Engine, meanwhile: Callable[[Engine, int], Status]
) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    assert meanwhile(engine, post_id) is status_of(engine, post_id)
    assert records.record(engine, claim, receipt("1001"), LATER) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert entry.parts[0].remote_id == "1001"
    assert (entry.post.lease_until, entry.post.attention) == (None, None)
    assert entry.attempts[0].resolution == "found"
    assert entry.attempts[0].next_look_at is None


def test_a_late_surely_not_sent_resolves_the_doubt(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    assert records.record(engine, claim, not_sent(), NOW + 2 * SECOND) is Status.QUEUED
    entry = get(engine, post_id)
    assert entry.post.attention is None
    (ended,) = entry.attempts
    assert (ended.outcome, ended.resolution) == ("unknown", "absent")
    assert ended.resolved_at == NOW + 2 * SECOND
    assert ended.next_look_at is None


def test_a_late_refusal_fails_the_post(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    assert records.record(engine, claim, refused("Too long."), LATER) is Status.FAILED
    assert get(engine, post_id).post.attention == "Too long."


def test_a_late_busy_queues_the_post_and_rests_the_account(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    assert records.record(engine, claim, busy(LATER + HOUR), LATER) is Status.QUEUED
    assert account_of(engine).rest_until == LATER + HOUR
    assert get(engine, post_id).attempts[0].resolution == "absent"


def test_a_late_i_do_not_know_adds_nothing(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    before = get(engine, post_id)
    assert records.record(engine, claim, unknown("Late."), LATER) is Status.IN_DOUBT
    assert get(engine, post_id) == before


@pytest.mark.parametrize("outcome", [not_sent(), refused(), busy(), unauthorized(), unknown()])
def test_what_is_no_receipt_changes_nothing_after_a_persons_word(
    engine: Engine, outcome: Outcome
) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    before = get(engine, post_id)
    assert records.record(engine, claim, outcome, LATER) is Status.QUEUED
    assert get(engine, post_id) == before


def test_a_late_receipt_is_a_resolution_of_when_it_came(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    records.record(engine, claim, receipt(at=NOW + 2 * SECOND), LATER)
    entry = get(engine, post_id)
    assert entry.post.published_at == NOW + 2 * SECOND
    assert (entry.attempts[0].resolution, entry.attempts[0].resolved_at) == ("found", LATER)


def test_an_unarmed_worker_that_comes_back_changes_nothing(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine, armed=False)
    before = get(engine, post_id)
    assert records.record(engine, claim, not_sent(), LATER) is Status.QUEUED
    assert get(engine, post_id) == before


def test_an_older_worker_cannot_take_the_post_from_a_newer_one(engine: Engine) -> None:
    post_id = add_post(engine)
    old = expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    newer = claim_and_arm(engine, NOW + SECOND)
    for outcome in (not_sent(), refused(), unknown(), busy()):
        assert records.record(engine, old, outcome, LATER) is Status.PUBLISHING
    assert records.record(engine, newer, receipt(), LATER) is Status.PUBLISHED


def test_a_newer_try_that_was_not_sent_leaves_an_older_doubt_open(engine: Engine) -> None:
    """Rule zero: the last answer alone settles nothing."""
    post_id = add_post(engine)
    old = expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    newer = claim_and_arm(engine, NOW + SECOND)
    records.record(engine, old, receipt("1001"), NOW + 2 * SECOND)
    assert records.record(engine, newer, refused(), LATER) is Status.PUBLISHED
    assert get(engine, post_id).post.attention is None


def test_two_receipts_say_that_it_is_out_twice(engine: Engine) -> None:
    post_id = add_post(engine)
    old = expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, receipt("1001"), NOW + SECOND)
    assert records.record(engine, old, receipt("1002"), LATER) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert entry.post.attention is not None
    assert "out twice" in entry.post.attention
    for number in ("1001", "1002"):
        assert f"/status/{number}" in entry.post.attention
    assert entry.parts[0].remote_id == "1001"
    assert entry.attempts[0].resolution == "found"


def test_a_thread_is_published_although_other_posts_wait(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    other = add_post(engine, text="Another post.")
    attempt(engine, receipt("1001"))
    assert status_of(engine, post_id) is Status.QUEUED
    attempt(engine, receipt("1002"))
    assert status_of(engine, post_id) is Status.PUBLISHED
    assert status_of(engine, other) is Status.QUEUED


def test_a_late_receipt_for_a_first_part_lets_the_second_follow(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    claim = expired(engine)
    assert records.record(engine, claim, receipt("1001"), LATER) is Status.QUEUED
    following = claim_one(engine, LATER)
    assert (following.text, following.reply_to) == ("Two.", "1001")
    assert get(engine, post_id).post.attention is None


# "You have said this already"


def test_a_duplicate_after_a_denied_doubt_is_in_doubt_again_and_looked_up(engine: Engine) -> None:
    post_id = add_post(engine)
    expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    claim = claim_and_arm(engine, NOW + SECOND)
    echo = refused("X has this already.", duplicate=True)
    assert records.record(engine, claim, echo, LATER) is Status.IN_DOUBT
    entry = get(engine, post_id)
    assert entry.post.attention is not None
    assert entry.post.attention.startswith("X has this already.")
    assert entry.attempts[-1].next_look_at == LATER + 5 * SECOND


def test_a_duplicate_the_first_time_fails(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, refused("X has this already.", duplicate=True))
    assert status_of(engine, post_id) is Status.FAILED


@pytest.mark.parametrize(
    ("left", "waits"),
    [(HOUR, MINUTE), (80 * SECOND, 50 * SECOND), (31 * SECOND, SECOND), (20 * SECOND, 20 * SECOND)],
)
def test_what_a_person_is_told_of_is_tried_each_minute_and_once_more_before_the_limit(
    engine: Engine, left: timedelta, waits: timedelta
) -> None:
    number = add_post(engine, limit=HOUR)
    now = NOW + HOUR - left
    decided = Decision(Verb.DEFER, wait=10 * MINUTE, attention=True)
    assert records._after(get(engine, number).post, now, decided) == now + waits


@pytest.mark.parametrize("attention", [True, False])
def test_a_retry_keeps_the_word_of_a_quote_that_is_gone(engine: Engine, attention: bool) -> None:
    number = add_post(engine)
    overwrite(engine, Post, number, attention=f"{GONE}x")
    attempt(engine, NotSent("No.", attention=attention))
    assert get(engine, number).post.attention == f"{GONE}x"


def test_a_new_time_keeps_the_word_of_a_quote_that_is_gone_and_no_other(engine: Engine) -> None:
    number = add_post(engine)
    for before, after in [(f"{GONE}x", f"{GONE}x"), ("Else.", None)]:
        overwrite(engine, Post, number, attention=before)
        posts.change(engine, number, posts.reschedule(timing(NOW + HOUR)))
        assert get(engine, number).post.attention == after

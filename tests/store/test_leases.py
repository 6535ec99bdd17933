"""Claims of workers that are gone: taken back, counted, and never armed again."""

from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import STRIKES
from handbill.domain.settling import QUIET
from handbill.store import arming, claims, doubts, leases, posts, records
from handbill.store.claims import LEASE
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    add_account,
    add_post,
    arm,
    claim_one,
    expired,
    get,
    not_sent,
    receipt,
    status_of,
    timing,
)


def test_only_claims_whose_lease_ran_out_are_taken_back(engine: Engine) -> None:
    post_id = add_post(engine)
    claim_one(engine)
    lease = get(engine, post_id).post.lease_until
    assert lease is not None
    assert leases.expire(engine, lease) == []
    (gone,) = leases.expire(engine, lease + SECOND)
    assert (gone.post_id, gone.status) == (post_id, Status.QUEUED)


def test_a_sole_worker_takes_every_open_claim_back(engine: Engine) -> None:
    for name in ("ines", "sol"):
        add_post(engine, add_account(engine, name))
        claim_one(engine)
    assert [gone.status for gone in leases.expire_all(engine, NOW)] == [Status.QUEUED] * 2
    assert leases.expire_all(engine, NOW) == []


def test_a_sole_worker_keeps_its_own_claims(engine: Engine) -> None:
    add_post(engine)
    claim_one(engine, worker="w2")
    assert leases.expire_all(engine, NOW, but="w2") == []
    assert [gone.status for gone in leases.expire_all(engine, NOW, but="w1")] == [Status.QUEUED]


def test_whether_anything_is_under_way(engine: Engine) -> None:
    add_post(engine)
    assert not leases.under_way(engine)
    claim = claim_one(engine)
    assert leases.under_way(engine)
    records.record(engine, claim, receipt(), NOW)
    assert not leases.under_way(engine)


def test_a_claim_that_stopped_before_arming_goes_back_to_the_queue(engine: Engine) -> None:
    post_id = add_post(engine)
    expired(engine, armed=False)
    entry = get(engine, post_id)
    assert (entry.post.status, entry.post.attention) == (Status.QUEUED, None)
    assert entry.attempts[0].outcome == "not_sent"
    assert "nothing went out" in entry.attempts[0].detail


def test_a_claim_that_stopped_after_arming_is_held_never_queued(engine: Engine) -> None:
    post_id = add_post(engine)
    expired(engine)
    entry = get(engine, post_id)
    assert entry.post.status is Status.IN_DOUBT
    assert entry.post.attention is not None
    assert "nobody here knows" in entry.post.attention
    assert entry.attempts[0].next_look_at is not None


def test_the_claims_of_workers_that_are_gone_do_not_wait_for_their_lease(engine: Engine) -> None:
    mine = add_post(engine, add_account(engine, "ines"))
    claim_one(engine, worker="w1")
    add_post(engine, add_account(engine, "sol"))
    claim_one(engine, worker="w2")
    assert [gone.post_id for gone in leases.expire(engine, NOW, gone=["w1", "w9"])] == [mine]


def test_a_worker_that_comes_back_can_neither_arm_nor_overrule(engine: Engine) -> None:
    post_id = add_post(engine)
    stale = claim_one(engine, worker="w1")
    leases.expire(engine, NOW, gone=["w1"])
    newer = arm(engine, claim_one(engine, NOW + MINUTE, worker="w2"), NOW + MINUTE)
    assert not arming.arm(engine, stale, {}, NOW)
    assert records.record(engine, stale, not_sent(), NOW) is Status.PUBLISHING
    assert records.record(engine, newer, receipt(), NOW) is Status.PUBLISHED
    assert status_of(engine, post_id) is Status.PUBLISHED


# What a worker claimed without hearing of it


def test_a_claim_that_its_worker_never_heard_of_goes_back_without_a_strike(
    engine: Engine,
) -> None:
    for name in ("ines", "sol", "rui"):
        add_post(engine, add_account(engine, name))
    known = claim_one(engine, worker="w1")
    unheard = claim_one(engine, worker="w1")
    another = claim_one(engine, worker="w2")
    (gone,) = leases.forsake(engine, "w1", [known.attempt_id], NOW)
    assert (gone.post_id, gone.status) == (unheard.post_id, Status.QUEUED)
    assert get(engine, unheard.post_id).post.strikes == 0
    assert [status_of(engine, one.post_id) for one in (known, another)] == [
        Status.PUBLISHING,
        Status.PUBLISHING,
    ]


def test_what_is_armed_was_heard_of(engine: Engine) -> None:
    add_post(engine)
    arm(engine, claim_one(engine, worker="w1"))
    assert leases.forsake(engine, "w1", [], NOW) == []


# A post that kills its worker


def kill(engine: Engine, times: int, *, armed: bool = False) -> None:
    for _ in range(times):
        expired(engine, get(engine, 1).post.not_before or NOW, armed=armed)


def test_a_post_that_kills_its_worker_three_times_is_set_aside_and_shown(engine: Engine) -> None:
    post_id = add_post(engine)
    kill(engine, STRIKES - 1)
    assert status_of(engine, post_id) is Status.QUEUED
    kill(engine, 1)
    post = get(engine, post_id).post
    assert post.status is Status.FAILED
    assert post.attention is not None
    assert "3 times" in post.attention
    assert claims.claim(engine, NOW + HOUR, "w1", 5, PICTURES) == []


def test_a_person_may_try_it_again_and_the_count_begins_anew(engine: Engine) -> None:
    post_id = add_post(engine)
    kill(engine, STRIKES)
    posts.change(engine, post_id, posts.reschedule(timing(NOW)))
    assert get(engine, post_id).post.strikes == 0
    kill(engine, STRIKES - 1)
    assert status_of(engine, post_id) is Status.QUEUED


def test_a_worker_killed_while_sending_leaves_a_doubt_whatever_the_count(engine: Engine) -> None:
    post_id = add_post(engine)
    kill(engine, STRIKES - 1)
    kill(engine, 1, armed=True)
    assert status_of(engine, post_id) is Status.IN_DOUBT


def test_a_doubt_proved_absent_after_three_deaths_is_set_aside(engine: Engine) -> None:
    post_id = add_post(engine)
    kill(engine, STRIKES - 1)
    claim = expired(engine, NOW + HOUR / 2, armed=True)
    assert records.record(engine, claim, not_sent(), NOW) is Status.FAILED
    assert get(engine, post_id).post.attention


def test_a_denied_post_is_tried_again_whatever_the_count(engine: Engine) -> None:
    post_id = add_post(engine)
    kill(engine, STRIKES - 1)
    kill(engine, 1, armed=True)
    assert doubts.judge(engine, post_id, None, NOW + HOUR) is Status.QUEUED


def test_a_late_receipt_wins_over_three_deaths(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = expired(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    kill(engine, STRIKES)
    assert status_of(engine, post_id) is Status.FAILED
    assert records.record(engine, claim, receipt(), NOW) is Status.PUBLISHED
    assert get(engine, post_id).post.attention is None


def test_a_lease_is_long_enough_for_uploads(engine: Engine) -> None:
    post_id = add_post(engine)
    claim_one(engine)
    assert get(engine, post_id).post.lease_until == NOW + LEASE

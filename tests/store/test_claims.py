"""Permission to send: who gets it, for which post, and when it is worth nothing any more."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, Identity, Image
from handbill.domain.settling import QUIET, REST
from handbill.models import Account, Post
from handbill.store import accounts, arming, claims, doubts, leases, listings, posts, records
from handbill.store.arming import SEND_LEASE
from handbill.store.engine import make_engine
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    account_of,
    add_account,
    add_in,
    add_post,
    arm,
    attempt,
    busy,
    claim_one,
    get,
    image_row,
    new_post,
    overwrite,
    receipt,
    row_of,
    status_of,
    timing,
    unknown,
)

LEAST = timedelta(microseconds=1)


def claimed(
    engine: Engine, now: datetime = NOW, limit: int = 50, ahead: timedelta = timedelta(0)
) -> list[int]:
    """The numbers of what one claim gets."""
    return [one.post_id for one in claims.claim(engine, now, "w1", limit, PICTURES, ahead)]


# Who gets it


def test_a_claim_says_all_that_sending_needs(engine: Engine) -> None:
    account = add_account(engine, server="http://127.0.0.1:8765")
    accounts.identify(engine, account.id or 0, Identity("77", "@ines"))
    post_id = add_post(engine, text="A storm.", images=[image_row("a.png"), image_row("b.png")])
    claim = claim_one(engine)
    assert (claim.post_id, claim.position, claim.text) == (post_id, 1, "A storm.")
    assert (claim.fence, claim.revision, claim.reply_to) == (1, 1, None)
    assert (claim.due_at, claim.not_before, claim.armed_at) == (NOW, NOW, None)
    assert claim.images == tuple(
        Image(PICTURES / name, "image/png", "A lighthouse.", 70) for name in ("a.png", "b.png")
    )
    assert claim.account.name == "ines"
    assert (claim.account.remote_id, claim.account.handle) == ("77", "@ines")
    assert claim.account.server == "http://127.0.0.1:8765"


def test_a_claim_moves_the_post_and_opens_an_attempt(engine: Engine) -> None:
    post_id = add_post(engine)
    claim_one(engine, NOW + SECOND, "w7")
    entry = get(engine, post_id)
    assert entry.post.status is Status.PUBLISHING
    assert (entry.post.fence, entry.post.worker) == (1, "w7")
    assert entry.post.lease_until is not None
    assert entry.post.lease_until > NOW + SECOND + SEND_LEASE
    (opened,) = entry.attempts
    assert (opened.fence, opened.revision, opened.worker) == (1, 1, "w7")
    assert (opened.started_at, opened.armed_at, opened.ended_at) == (NOW + SECOND, None, None)


def test_a_post_is_claimed_at_its_instant_and_not_before(engine: Engine) -> None:
    post_id = add_post(engine)
    assert claimed(engine, NOW - LEAST) == []
    assert claimed(engine, NOW) == [post_id]


def test_a_claimed_post_is_not_claimed_again(engine: Engine) -> None:
    add_post(engine)
    claim_one(engine)
    assert claimed(engine) == []


def test_a_post_is_claimed_up_to_its_limit_and_not_after(engine: Engine) -> None:
    post_id = add_post(engine, limit=HOUR)
    assert claimed(engine, NOW + HOUR + LEAST) == []
    assert claimed(engine, NOW + HOUR) == [post_id]


def test_a_late_post_does_not_stand_in_the_way_of_one_in_time(engine: Engine) -> None:
    add_post(engine, at=NOW - DAY)
    in_time = add_post(engine)
    assert claimed(engine) == [in_time]


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.QUEUED])
def test_only_what_is_queued_is_claimed(engine: Engine, status: Status) -> None:
    add_in(engine, status)
    assert claimed(engine) == []


def test_an_accounts_earliest_post_goes_first_and_alone(engine: Engine) -> None:
    add_post(engine, at=NOW - SECOND)
    first = add_post(engine, at=NOW - MINUTE)
    assert claimed(engine) == [first]


def test_of_two_posts_of_one_second_the_one_queued_first_goes_first(engine: Engine) -> None:
    first = add_post(engine)
    add_post(engine)
    assert claimed(engine) == [first]


def test_a_busy_account_waits_until_its_post_is_recorded(engine: Engine) -> None:
    add_post(engine)
    second = add_post(engine)
    claim = claim_one(engine)
    assert claimed(engine) == []
    records.record(engine, claim, receipt(), NOW)
    assert claimed(engine) == [second]


def test_a_post_in_doubt_does_not_stand_in_the_way(engine: Engine) -> None:
    add_post(engine)
    second = add_post(engine)
    attempt(engine, unknown())
    assert claimed(engine, NOW + REST - LEAST) == []
    assert claimed(engine, NOW + REST) == [second]


def test_accounts_go_side_by_side_the_earliest_post_first(engine: Engine) -> None:
    due = {"ada": NOW - SECOND, "ines": NOW - HOUR / 2, "sol": NOW - MINUTE}
    numbers = {name: add_post(engine, add_account(engine, name), at=at) for name, at in due.items()}
    assert claimed(engine) == [numbers["ines"], numbers["sol"], numbers["ada"]]


def test_no_more_is_claimed_than_asked_for(engine: Engine) -> None:
    for name in ("ada", "ines", "sol"):
        add_post(engine, add_account(engine, name))
    assert [len(claimed(engine, limit=2)) for _ in range(3)] == [2, 1, 0]


def test_a_paused_account_gets_none(engine: Engine) -> None:
    post_id = add_post(engine)
    accounts.pause(engine, "ines", "By hand.", None, NOW)
    assert claimed(engine) == []
    accounts.resume(engine, "ines")
    assert claimed(engine) == [post_id]


def test_a_resting_account_gets_none_until_its_rest_is_over(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, busy(NOW + 15 * MINUTE))
    assert claimed(engine, NOW + 15 * MINUTE - LEAST) == []
    assert claimed(engine, NOW + 15 * MINUTE) == [post_id]


def test_a_post_can_be_claimed_a_moment_ahead_but_not_armed_yet(engine: Engine) -> None:
    add_post(engine)
    early = NOW - SECOND / 10
    assert claimed(engine, early - LEAST, ahead=SECOND / 10) == []
    (claim,) = claims.claim(engine, early, "w1", 1, PICTURES, SECOND / 10)
    assert not arming.arm(engine, claim, {}, NOW - LEAST)
    assert arming.arm(engine, claim, {}, NOW)


def test_looking_ahead_does_not_shorten_a_rest(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, busy(NOW + 15 * MINUTE))
    almost = NOW + 15 * MINUTE - SECOND / 20
    assert claimed(engine, almost, ahead=SECOND / 10) == []


def test_the_fence_rises_with_every_claim(engine: Engine) -> None:
    add_post(engine)
    fences = list[int]()
    for minute in range(3):
        claim = claim_one(engine, NOW + minute * MINUTE)
        leases.expire_all(engine, NOW + minute * MINUTE)
        fences.append(claim.fence)
    assert fences == [1, 2, 3]


# Posts of more than one part


def test_the_second_part_is_claimed_after_the_firsts_receipt_and_answers_it(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    attempt(engine, receipt("1001"))
    assert status_of(engine, post_id) is Status.QUEUED
    claim = claim_one(engine)
    assert (claim.position, claim.text, claim.reply_to) == (2, "Two.", "1001")
    records.record(engine, arm(engine, claim), receipt("1002"), NOW)
    entry = get(engine, post_id)
    assert entry.post.status is Status.PUBLISHED
    assert [part.remote_id for part in entry.parts] == ["1001", "1002"]


def test_the_second_part_waits_while_the_first_is_in_doubt(engine: Engine) -> None:
    add_post(engine, text="One.", more=["Two."])
    attempt(engine, unknown())
    assert claimed(engine) == []


def test_three_parts_answer_one_another_in_order(engine: Engine) -> None:
    add_post(engine, text="One.", more=["Two.", "Three."])
    said = list[tuple[str, str | None]]()
    for number in (1, 2, 3):
        claim = attempt(engine, receipt(f"100{number}"))
        said.append((claim.text, claim.reply_to))
    assert said == [("One.", None), ("Two.", "1001"), ("Three.", "1002")]


# Many workers


def test_eight_workers_claim_each_of_two_hundred_posts_exactly_once(
    engine: Engine, url: str
) -> None:
    for number in range(20):
        account = add_account(engine, f"a{number}")
        posts.add(engine, [new_post(account) for _ in range(10)], NOW)
    other = make_engine(url)  # as of a second process
    got, trouble = Counter[int](), list[BaseException]()
    counting = threading.Lock()

    def work(name: str, mine: Engine) -> None:
        try:
            while listings.queue(mine, [Status.QUEUED], None, limit=1):
                for claim in claims.claim(mine, NOW, name, 3, PICTURES):
                    with counting:
                        got[claim.post_id] += 1
                    records.record(mine, claim, receipt(str(claim.post_id)), NOW)
        except BaseException as error:  # noqa: BLE001  whatever it was, the test shall tell
            trouble.append(error)

    threads = [
        threading.Thread(target=work, args=(f"w{n}", (engine, other)[n % 2])) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert not trouble
    assert len(got) == 200
    assert set(got.values()) == {1}
    kept = listings.history(engine, [Status.PUBLISHED], None, None, None, None, None)
    assert [len(entry.attempts) for entry in kept] == [1] * 200


def test_workers_that_come_at_once_get_one_post_of_an_account_between_them(
    engine: Engine, url: str
) -> None:
    account = add_account(engine)
    posts.add(engine, [new_post(account) for _ in range(8)], NOW)
    start, got = threading.Barrier(6), list[int]()

    def work() -> None:
        mine = make_engine(url)
        start.wait()
        got.extend(claimed(mine))
        mine.dispose()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


# Leave to send


def test_arming_is_durable_and_keeps_what_a_look_up_will_need(engine: Engine, url: str) -> None:
    add_post(engine)
    claim = claim_one(engine)
    assert arming.arm(engine, claim, {"since_id": "900", "media_ids": ["5"]}, NOW + SECOND)
    other = make_engine(url)
    kept = row_of(other, claim.attempt_id)
    assert kept.armed_at == NOW + SECOND
    assert kept.evidence == {"since_id": "900", "media_ids": ["5"]}
    other.dispose()


def test_an_armed_claim_keeps_its_lease_for_the_whole_exchange_and_its_record(
    engine: Engine,
) -> None:
    add_post(engine)
    claim = arm(engine, claim_one(engine), NOW + 4 * MINUTE)
    lease = get(engine, claim.post_id).post.lease_until
    assert lease is not None
    assert lease >= NOW + 4 * MINUTE + SEND_LEASE
    assert leases.expire(engine, NOW + 4 * MINUTE + SEND_LEASE) == []


def _paused(engine: Engine, _claim: Claim) -> None:
    accounts.pause(engine, "ines", "By hand.", None, NOW)


def _resting(engine: Engine, claim: Claim) -> None:
    overwrite(engine, Account, claim.account.id, rest_until=NOW + HOUR)


def _taken_back(engine: Engine, _claim: Claim) -> None:
    leases.expire_all(engine, NOW)


def _claimed_by_another(engine: Engine, _claim: Claim) -> None:
    leases.expire_all(engine, NOW)
    claim_one(engine, NOW + MINUTE, "w2")


def _cancelled(engine: Engine, claim: Claim) -> None:
    leases.expire_all(engine, NOW)
    posts.change(engine, claim.post_id, posts.cancel)


def _edited(engine: Engine, claim: Claim) -> None:
    leases.expire_all(engine, NOW)
    posts.change(engine, claim.post_id, posts.edit("Other words.", None))


def _moved(engine: Engine, claim: Claim) -> None:
    leases.expire_all(engine, NOW)
    posts.change(engine, claim.post_id, posts.reschedule(timing(NOW - SECOND)))


def _recorded(engine: Engine, claim: Claim) -> None:
    records.record(engine, claim, unknown(), NOW)


def _published_meanwhile(engine: Engine, claim: Claim) -> None:
    records.record(engine, claim, receipt(), NOW)


@pytest.mark.parametrize(
    "happens",
    [
        _paused,
        _resting,
        _taken_back,
        _claimed_by_another,
        _cancelled,
        _edited,
        _moved,
        _recorded,
        _published_meanwhile,
    ],
)
def test_arming_is_refused_after_a_change(
    engine: Engine, happens: Callable[[Engine, Claim], None]
) -> None:
    add_post(engine)
    claim = claim_one(engine)
    happens(engine, claim)
    assert not arming.may_leave(engine, claim, NOW + 2 * MINUTE)
    assert not arming.arm(engine, claim, {}, NOW + 2 * MINUTE)
    assert row_of(engine, claim.attempt_id).armed_at is None


@pytest.mark.parametrize(
    "columns",
    [
        {"revision": 2},
        {"fence": 2},
        {"lease_until": NOW + SECOND},
        {"not_before": NOW + SECOND},
        {"due_at": NOW + SECOND, "not_before": NOW + SECOND},
        {"no_later_than": NOW},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_arming_looks_at_each_of_the_posts_conditions(
    engine: Engine, columns: dict[str, object]
) -> None:
    add_post(engine)
    claim = claim_one(engine)
    assert arming.may_leave(engine, claim, NOW + LEAST)
    overwrite(engine, Post, claim.post_id, **columns)
    assert not arming.may_leave(engine, claim, NOW + LEAST)
    assert not arming.arm(engine, claim, {}, NOW + LEAST)
    assert row_of(engine, claim.attempt_id).armed_at is None


def test_arming_is_refused_when_the_lease_would_not_last_for_the_exchange(engine: Engine) -> None:
    add_post(engine, limit=DAY)
    claim = claim_one(engine)
    lease = get(engine, claim.post_id).post.lease_until
    assert lease is not None
    assert not arming.arm(engine, claim, {}, lease - SEND_LEASE)
    assert arming.arm(engine, claim, {}, lease - SEND_LEASE - LEAST)


def test_arming_is_refused_when_the_clock_was_put_back_before_the_due_time(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    assert not arming.arm(engine, claim, {}, NOW - LEAST)


def test_arming_is_refused_past_the_limit_and_allowed_at_it(engine: Engine) -> None:
    add_post(engine, limit=MINUTE)
    claim = claim_one(engine)
    assert not arming.arm(engine, claim, {}, NOW + MINUTE + LEAST)
    assert arming.arm(engine, claim, {}, NOW + MINUTE)


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        (Post, {"revision": 2}),
        (Account, {"paused_at": NOW, "pause_reason": "By hand."}),
        (Account, {"rest_until": NOW + HOUR}),
    ],
    ids=["post", "pause", "rest"],
)
def test_arming_looks_at_its_own_post_and_account_and_at_no_others(
    engine: Engine, row: type[Post | Account], columns: dict[str, object]
) -> None:
    for name in ("ines", "sol"):
        add_post(engine, add_account(engine, name))
    mine, other = claims.claim(engine, NOW, "w1", 2, PICTURES)
    overwrite(engine, row, mine.post_id if row is Post else mine.account.id, **columns)
    assert not arming.may_leave(engine, mine, NOW)
    assert not arming.arm(engine, mine, {}, NOW)
    assert arming.may_leave(engine, other, NOW)
    assert arming.arm(engine, other, {}, NOW)


def test_an_account_whose_rest_ends_this_moment_may_send(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    overwrite(engine, Account, claim.account.id, rest_until=NOW)
    assert arming.arm(engine, claim, {}, NOW)


def test_asking_whether_it_may_leave_gives_no_leave(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    assert arming.may_leave(engine, claim, NOW)
    assert row_of(engine, claim.attempt_id).armed_at is None
    assert arming.arm(engine, claim, {}, NOW)
    assert not arming.may_leave(engine, claim, NOW)


def test_arming_works_once(engine: Engine) -> None:
    add_post(engine)
    claim = arm(engine, claim_one(engine))
    assert not arming.arm(engine, claim, {"since_id": "other"}, NOW)
    assert row_of(engine, claim.attempt_id).evidence == {"since_id": "900"}


def test_of_two_that_arm_at_once_one_may_send(engine: Engine, url: str) -> None:
    add_post(engine)
    claim = claim_one(engine)
    start, leave = threading.Barrier(4), list[bool]()

    def work() -> None:
        mine = make_engine(url)
        start.wait()
        leave.append(arming.arm(mine, claim, {}, NOW))
        mine.dispose()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(leave) == [False, False, False, True]


def test_a_part_that_proved_to_be_out_cannot_be_armed_again(engine: Engine) -> None:
    """A late receipt of the first try arrives after a person denied it and it was claimed anew."""
    post_id = add_post(engine, text="One.", more=["Two."])
    first = arm(engine, claim_one(engine))
    leases.expire_all(engine, NOW)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    second = claim_one(engine)
    records.record(engine, first, receipt("1001"), NOW)
    assert second.text == "One."
    assert not arming.arm(engine, second, {}, NOW)


def test_the_pictures_folder_is_the_readers_own(engine: Engine) -> None:
    add_post(engine, images=[image_row("a.png")])
    (claim,) = claims.claim(engine, NOW, "w1", 1, Path("/elsewhere"))
    assert claim.images[0].path == Path("/elsewhere/a.png")


def test_an_accounts_newest_post_is_part_of_its_claim(engine: Engine) -> None:
    add_post(engine)
    add_post(engine)
    attempt(engine, receipt("1001"))
    assert account_of(engine).newest_remote_id == "1001"
    assert claim_one(engine).account.newest_remote_id == "1001"


def test_an_attempt_that_was_never_armed_has_no_evidence(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    assert claim.evidence == {}
    assert row_of(engine, claim.attempt_id).evidence == {}

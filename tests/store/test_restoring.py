"""What is done to a copy of the past before anybody goes on with it."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.network import Found, NotSeen
from handbill.domain.outcomes import Receipt
from handbill.domain.settling import LOOKUPS, QUIET
from handbill.errors import TooLate
from handbill.models import Attempt, Post
from handbill.store import agenda, claims, doubts, overdue, posts, records, restoring, standing
from handbill.store.engine import write
from handbill.store.standing import PAUSE
from tests.conftest import emptied
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    add_account,
    add_in,
    add_post,
    arm,
    attempt,
    claim_one,
    get,
    not_sent,
    overwrite,
    receipt,
    status_of,
    timing,
    unknown,
)

#: The backup was taken a day before it is restored.
TAKEN = NOW
RESTORED = NOW + DAY


def restore(engine: Engine, now: datetime = RESTORED) -> None:
    """Hold the database, as if it had just been restored."""
    restoring.hold(engine, TAKEN, now)


def resume(engine: Engine) -> None:
    """What resuming does in the store."""
    restoring.begin_looks(engine, RESTORED)
    standing.take(engine, PAUSE)


def look(engine: Engine, now: datetime) -> list[doubts.Doubt]:
    """What is to be asked of the networks at this moment."""
    return doubts.due(engine, now, PICTURES)


MEANT = [
    (Status.DRAFT, Status.DRAFT),
    (Status.QUEUED, Status.IN_DOUBT),
    (Status.PUBLISHING, Status.IN_DOUBT),
    (Status.PUBLISHED, Status.PUBLISHED),
    (Status.IN_DOUBT, Status.IN_DOUBT),
    (Status.FAILED, Status.FAILED),
    (Status.MISSED, Status.MISSED),
    (Status.CANCELLED, Status.CANCELLED),
]


@pytest.mark.parametrize(("before", "after"), MEANT)
def test_whatever_may_have_gone_out_since_is_in_doubt_and_the_rest_as_it_was(
    engine: Engine, before: Status, after: Status
) -> None:
    number = add_in(engine, before)
    restore(engine)
    entry = get(engine, number)
    assert entry.post.status is after
    if after is Status.IN_DOUBT:
        assert entry.post.attention == (
            "Restored from a backup of Fri 20 Nov 2026 12:00 CET (Europe/Paris); "
            "it may have gone out since."
        )


def test_all_of_an_accounts_posts_can_be_in_doubt_at_once(engine: Engine) -> None:
    waiting = [add_post(engine, at=NOW + n * MINUTE) for n in range(1, 4)]
    under_way = add_in(engine, Status.PUBLISHING)
    restore(engine)
    assert {status_of(engine, n) for n in (*waiting, under_way)} == {Status.IN_DOUBT}


def test_a_claim_that_was_not_armed_may_have_been_a_moment_later(engine: Engine) -> None:
    number = add_post(engine)
    claim = claim_one(engine)
    restore(engine)
    tried = get(engine, number).attempts
    assert [one.outcome for one in tried] == ["unknown", "unknown"]
    assert tried[0].id == claim.attempt_id
    assert {one.armed_at for one in tried} == {TAKEN}
    assert get(engine, number).post.strikes == 0


def test_an_armed_claim_keeps_its_evidence(engine: Engine) -> None:
    add_post(engine)
    arm(engine, claim_one(engine), since_id="77")
    restore(engine)
    resume(engine)
    (asked,) = look(engine, RESTORED + QUIET)
    assert asked.claim.evidence == {"since_id": "77"}


def test_posts_that_are_due_later_stay_queued_and_wait(engine: Engine) -> None:
    number = add_post(engine, at=RESTORED + SECOND)
    restore(engine)
    assert status_of(engine, number) is Status.QUEUED
    assert claims.claim(engine, RESTORED + MINUTE, "w1", 9, PICTURES) == []
    resume(engine)
    assert len(claims.claim(engine, RESTORED + MINUTE, "w1", 9, PICTURES)) == 1


def test_the_pause_says_since_when_and_why(engine: Engine) -> None:
    add_account(engine)
    restore(engine)
    pause = standing.get(engine, PAUSE)
    assert pause is not None
    assert pause.value == "Restored from a backup of Fri 20 Nov 2026 11:00 UTC (UTC)."
    assert pause.since == RESTORED


def test_a_pause_that_was_on_already_is_not_forgotten(engine: Engine) -> None:
    standing.put(engine, PAUSE, "A funeral.", NOW - DAY)
    restore(engine)
    pause = standing.get(engine, PAUSE)
    assert pause is not None
    assert pause.value.endswith("It was paused then, too: A funeral.")
    assert pause.since == RESTORED


# What the replaced database knows: (in the backup) × (what happened since)


def never_tried(engine: Engine) -> None:
    """Queued, and perhaps claimed; no leave to send was given."""
    add_in(engine, Status.PUBLISHING)


def a_draft(engine: Engine) -> None:
    add_in(engine, Status.DRAFT)


def given_up(engine: Engine) -> None:
    add_in(engine, Status.CANCELLED)


def armed(engine: Engine) -> None:
    add_post(engine)
    arm(engine, claim_one(engine))


def published(engine: Engine) -> None:
    add_in(engine, Status.PUBLISHED)


def in_doubt(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)


def denied(engine: Engine) -> None:
    doubts.judge(engine, add_in(engine, Status.IN_DOUBT), None, NOW + QUIET)


def refused(engine: Engine) -> None:
    add_in(engine, Status.FAILED)


def tried_and_missed(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, not_sent())
    assert overdue.miss(engine, NOW + DAY)


def tried_and_given_up(engine: Engine) -> None:
    posts.change(engine, add_in(engine, Status.FAILED), posts.cancel)


def tried_and_a_draft_again(engine: Engine) -> None:
    number = add_post(engine)
    attempt(engine, not_sent())
    posts.change(engine, number, posts.unqueue)


UNTRIED = [never_tried, a_draft, given_up]
TRIED = [
    armed,
    published,
    in_doubt,
    denied,
    refused,
    tried_and_missed,
    tried_and_given_up,
    tried_and_a_draft_again,
]
#: Status in the backup, and what it becomes if it was tried since; else it stays what it is.
LATER = [
    (Status.DRAFT, Status.IN_DOUBT),
    (Status.QUEUED, Status.IN_DOUBT),  # due after the restore
    (Status.PUBLISHING, Status.IN_DOUBT),
    (Status.PUBLISHED, Status.PUBLISHED),
    (Status.IN_DOUBT, Status.IN_DOUBT),
    (Status.FAILED, Status.IN_DOUBT),
    (Status.MISSED, Status.IN_DOUBT),
    (Status.CANCELLED, Status.CANCELLED),
]


def restored_over(engine: Engine, since: Callable[[Engine], None], before: Status) -> int:
    """Restore a backup, in which the post is in this status, over what happened `since`."""
    since(engine)
    known = restoring.tried(engine)
    emptied(engine)
    soon = before in (Status.DRAFT, Status.QUEUED)
    number = add_in(engine, before, at=RESTORED + HOUR if soon else NOW)
    restoring.hold(engine, TAKEN, RESTORED, known)
    return number


@pytest.mark.parametrize(("before", "after"), LATER)
@pytest.mark.parametrize("since", TRIED)
def test_what_was_tried_since_does_not_leave_before_somebody_is_asked(
    engine: Engine, since: Callable[[Engine], None], before: Status, after: Status
) -> None:
    number = restored_over(engine, since, before)
    assert status_of(engine, number) is after
    standing.take(engine, PAUSE)
    for act in (posts.approve, posts.requeue(timing(RESTORED + HOUR))):
        with pytest.raises(TooLate):
            posts.change(engine, number, act)
    assert claims.claim(engine, RESTORED + HOUR, "w1", 9, PICTURES) == []


@pytest.mark.parametrize("before", [status for status, _after in LATER])
@pytest.mark.parametrize("since", UNTRIED)
def test_what_was_never_tried_since_is_what_the_backup_says(
    engine: Engine, since: Callable[[Engine], None], before: Status
) -> None:
    number = restored_over(engine, since, before)
    under_way = before in (Status.PUBLISHING, Status.IN_DOUBT)
    assert status_of(engine, number) is (Status.IN_DOUBT if under_way else before)


def test_a_draft_without_a_time_that_is_out_is_in_doubt_and_denied_it_is_missed(
    engine: Engine,
) -> None:
    published(engine)
    known = restoring.tried(engine)
    emptied(engine)
    number = add_in(engine, Status.DRAFT, at=None)
    restoring.hold(engine, TAKEN, RESTORED, known)
    assert status_of(engine, number) is Status.IN_DOUBT
    assert doubts.judge(engine, number, None, RESTORED + QUIET) is Status.QUEUED
    standing.take(engine, PAUSE)
    assert claims.claim(engine, RESTORED + HOUR, "w1", 9, PICTURES) == []
    assert overdue.miss(engine, RESTORED + HOUR) == [number]


# Nobody is asked before a person says so


def test_no_network_is_asked_before_resuming_however_long_it_takes(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    add_in(engine, Status.QUEUED, at=NOW + SECOND)
    restore(engine)
    assert look(engine, RESTORED + 30 * DAY) == []
    assert not agenda.look_up(engine, RESTORED + 30 * DAY).looks_due


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PUBLISHING, Status.IN_DOUBT])
def test_after_resuming_each_is_asked_about_once_the_last_request_has_landed(
    engine: Engine, status: Status
) -> None:
    number = add_in(engine, status)
    restore(engine)
    resume(engine)
    assert look(engine, RESTORED + QUIET - SECOND) == []
    assert [one.claim.post_id for one in look(engine, RESTORED + QUIET)] == [number]


def test_resumed_later_each_is_asked_about_at_once(engine: Engine) -> None:
    add_in(engine, Status.QUEUED)
    restore(engine)
    resume(engine)
    assert len(look(engine, RESTORED + HOUR)) == 1


def test_an_ordinary_doubt_that_ran_out_of_looks_is_not_asked_again_by_resuming(
    engine: Engine,
) -> None:
    number = add_in(engine, Status.IN_DOUBT)
    overwrite(engine, Attempt, 1, next_look_at=None, looks=len(LOOKUPS))
    standing.put(engine, PAUSE, "A pause.", NOW)
    resume(engine)
    assert look(engine, RESTORED + DAY) == []
    assert status_of(engine, number) is Status.IN_DOUBT


def test_one_that_ran_out_of_looks_before_the_backup_is_asked_again_after_it(
    engine: Engine,
) -> None:
    add_in(engine, Status.IN_DOUBT)
    overwrite(engine, Attempt, 1, next_look_at=None, looks=len(LOOKUPS))
    restore(engine)
    resume(engine)
    assert len(look(engine, RESTORED + HOUR)) == 1


# What comes of it


def test_found_it_is_published_and_every_doubt_is_resolved(engine: Engine) -> None:
    number = add_in(engine, Status.IN_DOUBT)
    restore(engine)
    resume(engine)
    (asked,) = look(engine, RESTORED + HOUR)
    doubts.settle(engine, asked, Found(receipt("1001")), RESTORED + HOUR, RESTORED + HOUR)
    entry = get(engine, number)
    assert entry.post.status is Status.PUBLISHED
    assert {one.resolution for one in entry.attempts} == {"found"}
    assert entry.post.attention is None


def test_not_seen_it_is_never_sent_again_by_itself_even_if_the_network_could_prove_it(
    engine: Engine,
) -> None:
    # What went out since may have had other words: not finding these proves nothing.
    number = add_in(engine, Status.QUEUED)
    restore(engine)
    resume(engine)
    now = RESTORED + HOUR
    seen = []
    while asked := look(engine, now):
        doubts.settle(engine, asked[0], NotSeen("It is not there.", proof=True), now, now)
        seen.append(status_of(engine, number))
        now += HOUR
    assert seen == [Status.IN_DOUBT] * len(LOOKUPS)
    assert get(engine, number).post.attention


def test_the_absence_of_what_was_tried_before_the_backup_does_not_queue_it_again(
    engine: Engine,
) -> None:
    """A person may have denied it after the backup, and it was sent again."""
    number = add_in(engine, Status.IN_DOUBT)
    (before,) = look(engine, NOW + HOUR)
    restore(engine)
    resume(engine)
    now = RESTORED + HOUR
    absent = NotSeen("It is not there.", proof=True)
    assert doubts.settle(engine, before, absent, now, now) is Status.IN_DOUBT
    assert get(engine, number).attempts[0].resolution == "absent"
    (asked,) = look(engine, now)
    assert doubts.settle(engine, asked, absent, now, now) is Status.IN_DOUBT


def test_a_worker_that_comes_back_after_a_restore_overrules_nothing_but_by_a_receipt(
    engine: Engine,
) -> None:
    number = add_post(engine)
    claim = arm(engine, claim_one(engine))
    restore(engine)
    assert records.record(engine, claim, not_sent(), RESTORED) is Status.IN_DOUBT
    assert records.record(engine, claim, receipt("1001"), RESTORED) is Status.PUBLISHED
    assert {one.resolution for one in get(engine, number).attempts} <= {"found", "absent"}


def test_denied_by_a_person_it_is_queued_again(engine: Engine) -> None:
    number = add_in(engine, Status.QUEUED)
    restore(engine)
    assert doubts.judge(engine, number, None, RESTORED + QUIET) is Status.QUEUED
    assert {one.resolution for one in get(engine, number).attempts} == {"denied"}


def test_restored_twice_it_is_asked_about_once(engine: Engine) -> None:
    number = add_in(engine, Status.QUEUED)
    restore(engine)
    overwrite(engine, Attempt, 1, looks=5)
    restore(engine, RESTORED + HOUR)
    resume(engine)
    assert len(look(engine, RESTORED + DAY)) == 1
    assert len(get(engine, number).attempts) == 1


# A post of several parts


@pytest.fixture
def thread(engine: Engine) -> int:
    """A post of three parts, of which one was out when the backup was taken."""
    number = add_post(engine, text="One.", more=["Two.", "Three."])
    attempt(engine, receipt("1001"))
    restore(engine)
    return number


def test_every_part_that_was_not_out_is_in_doubt(engine: Engine, thread: int) -> None:
    entry = get(engine, thread)
    assert entry.post.status is Status.IN_DOUBT
    doubted = {one.part_id for one in entry.attempts if one.outcome == "unknown"}
    assert doubted == {part.id for part in entry.parts[1:]}


def test_finding_one_part_does_not_send_the_next(engine: Engine, thread: int) -> None:
    resume(engine)
    now = RESTORED + HOUR
    asked = {one.claim.position: one for one in look(engine, now)}
    assert doubts.settle(engine, asked[2], Found(receipt("1002")), now, now) is Status.IN_DOUBT
    assert get(engine, thread).post.attention
    assert doubts.settle(engine, asked[3], Found(receipt("1003")), now, now) is Status.PUBLISHED
    assert [part.remote_id for part in get(engine, thread).parts] == ["1001", "1002", "1003"]


def test_a_person_confirms_part_by_part(engine: Engine, thread: int) -> None:
    by_hand = Receipt("1002", "https://x.test/ines/status/1002")
    assert doubts.judge(engine, thread, by_hand, RESTORED) is Status.IN_DOUBT
    assert [part.remote_id for part in get(engine, thread).parts] == ["1001", "1002", None]
    last = Receipt("1003", "https://x.test/ines/status/1003")
    assert doubts.judge(engine, thread, last, RESTORED) is Status.PUBLISHED


def test_a_person_denies_all_that_is_left(engine: Engine, thread: int) -> None:
    assert doubts.judge(engine, thread, None, RESTORED + QUIET) is Status.QUEUED
    overwrite(engine, Post, thread, no_later_than=RESTORED + DAY)
    standing.take(engine, PAUSE)
    assert claim_one(engine, RESTORED).position == 2


def test_a_thread_goes_on_although_another_post_is_in_doubt(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    add_post(engine, text="One.", more=["Two."])
    attempt(engine, receipt("1009"), NOW + MINUTE)
    assert claim_one(engine, NOW + MINUTE).position == 2


def test_a_thread_goes_on_after_a_doubt_of_the_same_part_that_was_denied(engine: Engine) -> None:
    number = add_post(engine, text="One.", more=["Two."])
    attempt(engine, unknown())
    doubts.judge(engine, number, None, NOW + QUIET)
    attempt(engine, receipt("1009"), NOW + QUIET)
    assert claim_one(engine, NOW + QUIET).position == 2


def test_an_ordinary_thread_goes_on_after_a_doubt(engine: Engine) -> None:
    number = add_post(engine, text="One.", more=["Two."])
    claim = attempt(engine, unknown())
    asked = doubts.Doubt(claim, claim.attempt_id)
    assert doubts.settle(engine, asked, Found(receipt("1001")), NOW, NOW) is Status.QUEUED
    assert claim_one(engine).position == 2
    with write(engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 2
    assert number

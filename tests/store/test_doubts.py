"""A doubt ends by the network's proof, by proof of absence, or by a person's word."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, Found, Image, NotSeen, Sighting
from handbill.domain.outcomes import Outcome
from handbill.domain.settling import LOOKUPS, QUIET
from handbill.errors import InputProblem
from handbill.store import arming, doubts, overdue, posts, records
from handbill.store.doubts import Doubt
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
    claim_and_arm,
    claim_one,
    get,
    image_row,
    not_sent,
    receipt,
    refused,
    row_of,
    status_of,
    unknown,
)

QUIET_IS_OVER = NOW + QUIET
UNSEEN = NotSeen("X's timeline does not show it.")
ABSENT = NotSeen("The server has no such record.", proof=True)


def the_doubt(engine: Engine, now: datetime = NOW + DAY) -> Doubt:
    """The one doubt that is due."""
    (doubt,) = doubts.due(engine, now, PICTURES)
    return doubt


def look(
    engine: Engine, sighting: Sighting, started_at: datetime = QUIET_IS_OVER, now: datetime = NOW
) -> Status:
    """One look-up, from the schedule to what follows."""
    doubt = the_doubt(engine)
    return doubts.settle(engine, doubt, sighting, started_at, max(now, started_at))


# What is due


def test_a_doubt_is_due_at_its_moment(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT, text="A storm.")
    assert doubts.due(engine, NOW + 5 * SECOND - timedelta(microseconds=1), PICTURES) == []
    doubt = the_doubt(engine, NOW + 5 * SECOND)
    assert (doubt.claim.post_id, doubt.claim.text) == (post_id, "A storm.")
    assert doubt.claim.armed_at == NOW
    assert doubt.claim.evidence == {"since_id": "900"}


def test_a_doubt_is_looked_for_as_the_claim_that_it_was(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    add_post(engine, more=["And so."])
    claim = attempt(engine, unknown(), NOW + HOUR)
    (again,) = [
        one.claim
        for one in doubts.due(engine, NOW + DAY, PICTURES)
        if one.claim.part_id == claim.part_id
    ]
    tries = ({"since_id": "900"},)
    expected = replace(claim, evidence=tries[0], tries=tries, armed_at=NOW + HOUR, parts=1)
    assert replace(again, account=claim.account) == expected
    assert (again.account.id, again.account.name) == (claim.account.id, "ines")


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.IN_DOUBT])
def test_nothing_else_is_due(engine: Engine, status: Status) -> None:
    add_in(engine, status)
    assert doubts.due(engine, NOW + DAY, PICTURES) == []


def test_the_longest_waiting_doubts_come_first_and_only_so_many(engine: Engine) -> None:
    numbers = list[int]()
    for minute in (3, 1, 2):
        numbers.append(add_post(engine, at=NOW + minute * MINUTE))
    for minute in (1, 2, 3):
        attempt(engine, unknown(), NOW + minute * MINUTE)
    found = doubts.due(engine, NOW + DAY, PICTURES, limit=2)
    assert [doubt.claim.post_id for doubt in found] == [numbers[1], numbers[2]]


def test_a_later_part_is_looked_for_as_an_answer_to_the_one_before(engine: Engine) -> None:
    add_post(engine, text="One.", more=["Two."])
    attempt(engine, receipt("1001"))
    attempt(engine, unknown())
    doubt = the_doubt(engine)
    assert (doubt.claim.position, doubt.claim.reply_to) == (2, "1001")


def test_a_later_part_is_looked_for_as_an_answer_to_the_last_one_before_it(engine: Engine) -> None:
    add_in(engine, Status.PUBLISHED, text="Another post.")
    add_post(engine, text="One.", more=["Two.", "Three."])
    attempt(engine, receipt("71"))
    attempt(engine, receipt("72"))
    attempt(engine, unknown())
    doubt = the_doubt(engine)
    assert (doubt.claim.position, doubt.claim.reply_to) == (3, "72")


def test_a_second_part_is_no_answer_to_another_post(engine: Engine) -> None:
    add_in(engine, Status.PUBLISHED, text="Another post.")
    add_post(engine, text="One.", more=["Two."])
    attempt(engine, receipt("77"))
    attempt(engine, unknown())
    assert the_doubt(engine).claim.reply_to == "77"


def test_a_first_part_is_looked_for_as_an_answer_to_nobody(engine: Engine) -> None:
    add_post(engine, text="One.", more=["Two."])
    attempt(engine, unknown())
    assert the_doubt(engine).claim.reply_to is None


def test_a_part_is_looked_for_with_its_pictures(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT, images=[image_row("a.png")])
    assert the_doubt(engine).claim.images == (
        Image(PICTURES / "a.png", "image/png", "A lighthouse.", 70),
    )


@pytest.mark.parametrize("first", [not_sent(), busy(NOW)])
def test_a_try_that_was_surely_not_sent_is_not_where_the_look_starts(
    engine: Engine, first: Outcome
) -> None:
    add_post(engine)
    attempt(engine, first, since_id="100")
    attempt(engine, unknown(), NOW + MINUTE, since_id="900")
    doubt = the_doubt(engine)
    assert (doubt.claim.evidence, doubt.claim.armed_at) == ({"since_id": "900"}, NOW + MINUTE)


def test_a_doubt_about_a_try_that_was_never_armed_is_looked_for_too(engine: Engine) -> None:
    add_post(engine)
    records.record(engine, claim_one(engine), unknown(), NOW)
    doubt = the_doubt(engine)
    assert (doubt.claim.evidence, doubt.claim.armed_at) == ({}, None)
    before = QUIET_IS_OVER - timedelta(microseconds=1)
    assert doubts.settle(engine, doubt, ABSENT, before, before) is Status.IN_DOUBT
    assert doubts.settle(engine, doubt, ABSENT, QUIET_IS_OVER, QUIET_IS_OVER) is Status.QUEUED


def test_the_evidence_is_that_of_the_first_doubtful_attempt(engine: Engine) -> None:
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown(), since_id="900")
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, refused(duplicate=True), NOW + HOUR, since_id="999")
    doubt = the_doubt(engine)
    assert doubt.claim.evidence == {"since_id": "900"}
    assert doubt.attempt_id == get(engine, post_id).attempts[-1].id


def test_the_evidence_of_every_doubtful_attempt_is_at_hand(engine: Engine) -> None:
    """Each uploads anew, and any of them may be the one that is out."""
    post_id = add_post(engine, limit=DAY, images=[image_row()])
    attempt(engine, unknown(), media_keys=["3_1"])
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, not_sent(), NOW + QUIET, media_keys=["3_2"])
    attempt(engine, unknown(), NOW + HOUR, media_keys=["3_3"])
    assert [one["media_keys"] for one in the_doubt(engine).claim.tries] == [["3_1"], ["3_3"]]


# Found


def test_found_publishes_with_the_networks_time(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    proof = receipt("1001", at=NOW + 2 * SECOND)
    assert look(engine, Found(proof), NOW + 5 * SECOND) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert (entry.post.published_at, entry.post.attention) == (NOW + 2 * SECOND, None)
    assert entry.parts[0].remote_id == "1001"
    (ended,) = entry.attempts
    assert (ended.outcome, ended.resolution, ended.next_look_at) == ("unknown", "found", None)
    assert doubts.due(engine, NOW + DAY, PICTURES) == []


def test_found_counts_however_early_the_look_started(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    assert look(engine, Found(receipt()), NOW) is Status.PUBLISHED


def test_finding_another_post_of_ours_proves_nothing(engine: Engine) -> None:
    add_in(engine, Status.PUBLISHED, text="One.")
    other = get(engine, 1).parts[0].remote_id
    assert other is not None
    post_id = add_in(engine, Status.IN_DOUBT)
    assert look(engine, Found(receipt(other))) is Status.IN_DOUBT
    entry = get(engine, post_id)
    assert (entry.parts[0].remote_id, entry.attempts[0].looks) == (None, 1)


def test_the_echo_of_a_denied_doubt_is_found_and_published_once(engine: Engine) -> None:
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown())
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, refused(duplicate=True), NOW + HOUR)
    assert look(engine, Found(receipt("1001")), NOW + 2 * HOUR) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert entry.parts[0].remote_id == "1001"
    assert entry.post.attention is None


# Not seen


def test_not_seen_is_looked_for_again_on_the_schedule_and_then_it_is_a_persons_turn(
    engine: Engine,
) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    for after in LOOKUPS:
        assert get(engine, post_id).attempts[0].next_look_at == NOW + after
        assert look(engine, UNSEEN, NOW + after) is Status.IN_DOUBT
        assert get(engine, post_id).post.attention == UNSEEN.says
    (held,) = get(engine, post_id).attempts
    assert (held.looks, held.next_look_at, held.resolution) == (5, None, None)
    assert status_of(engine, post_id) is Status.IN_DOUBT
    assert doubts.due(engine, NOW + DAY, PICTURES) == []


def test_not_seeing_it_without_proof_never_queues_it_again(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    assert look(engine, UNSEEN, NOW + DAY) is Status.IN_DOUBT


# Proved absent


def test_proof_of_absence_counts_after_the_quiet_period(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    assert look(engine, ABSENT, QUIET_IS_OVER) is Status.QUEUED
    entry = get(engine, post_id)
    assert entry.post.attention is None
    assert (entry.attempts[0].outcome, entry.attempts[0].resolution) == ("unknown", "absent")


def test_proof_of_absence_does_not_count_while_a_late_request_could_still_land(
    engine: Engine,
) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    before = QUIET_IS_OVER - timedelta(microseconds=1)
    assert look(engine, ABSENT, before, now=QUIET_IS_OVER + HOUR) is Status.IN_DOUBT
    assert get(engine, post_id).attempts[0].looks == 1


def test_the_quiet_period_is_that_of_the_latest_try_not_of_the_first(engine: Engine) -> None:
    """A request of the second try can still land, however long ago the first was denied."""
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown())
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, unknown(), NOW + HOUR)
    assert look(engine, ABSENT, NOW + HOUR + 5 * SECOND) is Status.IN_DOUBT
    assert look(engine, ABSENT, NOW + HOUR + QUIET) is Status.QUEUED


def test_the_quiet_period_counts_from_the_arming_not_from_the_claim(engine: Engine) -> None:
    add_post(engine)
    armed_at = NOW + 2 * MINUTE
    claim = arm(engine, claim_one(engine), armed_at)
    records.record(engine, claim, unknown(), armed_at)
    assert look(engine, ABSENT, QUIET_IS_OVER) is Status.IN_DOUBT
    assert look(engine, ABSENT, armed_at + QUIET) is Status.QUEUED


def test_what_was_proved_absent_waits_no_longer_than_it_must(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    look(engine, ABSENT)
    assert get(engine, post_id).post.not_before == QUIET_IS_OVER + 7.5 * SECOND


def test_what_was_proved_absent_can_be_sent_again(engine: Engine) -> None:
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown())
    look(engine, ABSENT)
    attempt(engine, receipt("1001"), NOW + HOUR)
    assert status_of(engine, post_id) is Status.PUBLISHED


# When the network cannot be asked


def test_a_look_that_could_not_be_made_is_postponed_and_does_not_count(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubts.postpone(engine, the_doubt(engine), "Could not look.", NOW + HOUR)
    entry = get(engine, post_id)
    assert (entry.attempts[0].looks, entry.attempts[0].next_look_at) == (0, NOW + HOUR)
    assert entry.post.attention == "Could not look."


def test_a_doubt_that_is_settled_is_not_postponed(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, receipt(), NOW)
    doubts.postpone(engine, doubt, "Could not look.", NOW + HOUR)
    entry = get(engine, post_id)
    assert (entry.post.attention, entry.attempts[0].next_look_at) == (None, None)


def test_a_look_at_an_older_try_leaves_it_settled_while_a_newer_one_is_in_doubt(
    engine: Engine,
) -> None:
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown())
    older = the_doubt(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, unknown("The line broke again."), NOW + HOUR)
    doubts.postpone(engine, older, "Could not look.", NOW + 2 * HOUR)
    entry = get(engine, post_id)
    assert entry.attempts[0].next_look_at is None
    assert entry.post.attention == "The line broke again."


# A person's word


def test_a_persons_yes_publishes_as_of_the_arming(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    assert doubts.judge(engine, post_id, receipt("1001"), NOW + HOUR) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert (entry.post.published_at, entry.post.attention) == (NOW, None)
    assert entry.parts[0].url == "https://x.test/ines/status/1001"
    (ended,) = entry.attempts
    assert (ended.resolution, ended.resolved_at) == ("confirmed", NOW + HOUR)
    assert ended.next_look_at is None


def test_a_persons_no_queues_it_for_its_old_time(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    assert doubts.judge(engine, post_id, None, NOW + HOUR) is Status.QUEUED
    entry = get(engine, post_id)
    assert (entry.post.due_at, entry.post.not_before, entry.post.attention) == (NOW, NOW, None)
    assert (entry.attempts[0].resolution, entry.attempts[0].next_look_at) == ("denied", None)


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.IN_DOUBT])
def test_a_post_that_is_not_in_doubt_cannot_be_judged(engine: Engine, status: Status) -> None:
    post_id = add_in(engine, status)
    before = get(engine, post_id)
    assert doubts.judge(engine, post_id, None, NOW + QUIET) is None
    assert doubts.judge(engine, post_id, receipt("9"), NOW) is None
    assert get(engine, post_id) == before


def test_a_post_that_does_not_exist_cannot_be_judged(engine: Engine) -> None:
    assert doubts.judge(engine, 99, None, NOW + QUIET) is None


def test_a_no_waits_until_no_request_can_be_on_its_way(engine: Engine) -> None:
    """A look at the network proves nothing before, for a person neither."""
    post_id = add_in(engine, Status.IN_DOUBT)
    for early in (timedelta(0), QUIET - SECOND):
        with pytest.raises(InputProblem) as problem:
            doubts.judge(engine, post_id, None, NOW + early)
        left = (QUIET - early).total_seconds()
        assert problem.value.says == (
            f"A request for post #{post_id} may still be on its way to the network."
        )
        assert problem.value.cure == (
            f"Look again in {left:.0f} s, and then: handbill queue deny {post_id}"
        )
    assert status_of(engine, post_id) is Status.IN_DOUBT
    assert doubts.judge(engine, post_id, None, NOW + QUIET) is Status.QUEUED


def test_a_yes_need_not_wait(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    assert doubts.judge(engine, post_id, receipt("1001"), NOW) is Status.PUBLISHED


def test_a_person_is_quicker_than_a_look_that_is_under_way(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    assert doubts.settle(engine, doubt, UNSEEN, NOW + HOUR, NOW + HOUR) is Status.QUEUED
    assert row_of(engine, doubt.attempt_id).looks == 0


def test_a_look_that_finds_it_after_a_persons_no_is_proof_all_the_same(engine: Engine) -> None:
    """One receipt from any attempt, however late, makes it published."""
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    found = Found(receipt("1001"))
    assert doubts.settle(engine, doubt, found, NOW + HOUR, NOW + HOUR) is Status.PUBLISHED
    assert get(engine, post_id).parts[0].remote_id == "1001"


def denied_and_sent_again(engine: Engine) -> tuple[int, Doubt, Claim]:
    """A post whose first try was denied and whose second is armed; and a look from before that."""
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, None, NOW + HOUR)
    return post_id, doubt, claim_and_arm(engine, NOW + HOUR)


def test_a_look_that_took_long_credits_the_newer_try(engine: Engine) -> None:
    post_id, doubt, newer = denied_and_sent_again(engine)
    found = Found(receipt("1001"))
    assert doubts.settle(engine, doubt, found, NOW, NOW + HOUR) is Status.PUBLISHED
    assert records.record(engine, newer, receipt("1001"), NOW + HOUR) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert [(a.outcome, a.resolution) for a in entry.attempts] == [
        ("unknown", "denied"),
        ("receipt", None),
    ]
    assert entry.post.attention is None


def test_a_look_that_took_long_adds_nothing_to_a_newer_receipt(engine: Engine) -> None:
    post_id, doubt, newer = denied_and_sent_again(engine)
    records.record(engine, newer, receipt("1001"), NOW + HOUR)
    before = get(engine, post_id)
    doubts.settle(engine, doubt, Found(receipt("1001")), NOW, NOW + HOUR)
    assert get(engine, post_id) == before


def test_a_look_that_took_long_and_a_newer_receipt_can_show_that_it_is_out_twice(
    engine: Engine,
) -> None:
    post_id, doubt, newer = denied_and_sent_again(engine)
    doubts.settle(engine, doubt, Found(receipt("1001")), NOW, NOW + HOUR)
    records.record(engine, newer, receipt("1002"), NOW + HOUR)
    assert "out twice" in (get(engine, post_id).post.attention or "")


def test_what_is_found_after_a_newer_try_was_not_sent_is_the_older_ones(engine: Engine) -> None:
    post_id, doubt, newer = denied_and_sent_again(engine)
    records.record(engine, newer, not_sent(), NOW + HOUR)
    found = Found(receipt("1001"))
    assert doubts.settle(engine, doubt, found, NOW, NOW + HOUR) is Status.PUBLISHED
    assert get(engine, post_id).attempts[0].resolution == "found"


def test_a_claim_whose_post_is_found_to_be_out_ends_with_it(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, None, NOW + HOUR)
    newer = claim_one(engine, NOW + HOUR)
    doubts.settle(engine, doubt, Found(receipt("1001")), NOW, NOW + HOUR)
    kept = row_of(engine, newer.attempt_id)
    assert (kept.outcome, kept.resolution) == ("unknown", "found")
    assert (kept.resolved_at, kept.next_look_at) == (NOW + HOUR, None)
    assert not arming.arm(engine, newer, {}, NOW + HOUR)
    assert records.record(engine, newer, not_sent(), NOW + HOUR) is Status.PUBLISHED
    assert all(one.ended_at for one in get(engine, post_id).attempts)


def test_a_yes_for_the_first_part_lets_the_second_follow(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    attempt(engine, unknown())
    assert doubts.judge(engine, post_id, receipt("1001"), NOW) is Status.QUEUED
    assert claim_one(engine).reply_to == "1001"


def test_a_yes_without_a_link_is_enough(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    newest = account_of(engine).newest_remote_id
    assert doubts.judge(engine, post_id, receipt(""), NOW) is Status.PUBLISHED
    assert account_of(engine).newest_remote_id == newest


def test_a_look_under_way_completes_a_yes_without_a_link(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, receipt(""), NOW + HOUR)
    settled = doubts.settle(engine, doubt, Found(receipt("1001")), NOW, NOW + HOUR)
    assert settled is Status.PUBLISHED
    entry = get(engine, post_id)
    assert (entry.parts[0].remote_id, entry.post.attention) == ("1001", None)
    assert entry.parts[0].url == "https://x.test/ines/status/1001"
    assert entry.parts[0].published_at == entry.post.published_at == NOW


def test_after_a_yes_without_a_link_the_second_part_answers_nobody(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    attempt(engine, unknown())
    doubts.judge(engine, post_id, receipt(""), NOW)
    assert claim_one(engine).reply_to is None


def test_several_doubts_about_a_part_are_resolved_together(engine: Engine) -> None:
    post_id = add_post(engine, limit=DAY)
    attempt(engine, unknown())
    doubts.judge(engine, post_id, None, NOW + QUIET)
    attempt(engine, unknown(), NOW + HOUR)
    doubts.judge(engine, post_id, receipt("1001"), NOW + 2 * HOUR)
    assert [one.resolution for one in get(engine, post_id).attempts] == ["denied", "confirmed"]


def test_a_word_on_one_post_settles_no_other(engine: Engine) -> None:
    first = add_in(engine, Status.IN_DOUBT)
    other = add_post(engine, add_account(engine, "sol"))
    attempt(engine, unknown())
    doubts.judge(engine, first, receipt("1001"), NOW)
    entry = get(engine, other)
    assert entry.post.status is Status.IN_DOUBT
    assert (entry.attempts[0].resolution, entry.parts[0].remote_id) == (None, None)
    assert the_doubt(engine).claim.post_id == other


def test_the_link_of_another_post_of_ours_is_not_taken(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, receipt("1001"))
    post_id = add_in(engine, Status.IN_DOUBT)
    before = get(engine, post_id)
    with pytest.raises(InputProblem) as problem:
        doubts.judge(engine, post_id, receipt("1001"), NOW)
    assert str(problem.value) == (
        "https://x.test/ines/status/1001 is another post that Handbill has published. "
        "Look for the link of this one, or leave --url away."
    )
    assert get(engine, post_id) == before


def test_a_person_who_has_seen_that_it_is_out_twice_is_told_no_more(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, unknown())
    doubt = the_doubt(engine)
    doubts.judge(engine, post_id, receipt("1001"), NOW)
    doubts.settle(engine, doubt, Found(receipt("1002")), NOW, NOW)
    assert "out twice" in (get(engine, post_id).post.attention or "")
    assert doubts.judge(engine, post_id, None, NOW + QUIET) is None
    assert get(engine, post_id).post.attention
    assert doubts.judge(engine, post_id, receipt("1001"), NOW) is Status.PUBLISHED
    assert get(engine, post_id).post.attention is None


def test_after_a_no_the_post_can_be_changed_again(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubts.judge(engine, post_id, None, NOW + QUIET)
    posts.change(engine, post_id, posts.edit("Other words.", None))
    assert get(engine, post_id).parts[0].text == "Other words."


def test_after_a_no_past_its_limit_the_post_is_missed_not_sent(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    doubts.judge(engine, post_id, None, NOW + DAY)
    assert overdue.miss(engine, NOW + DAY) == [post_id]

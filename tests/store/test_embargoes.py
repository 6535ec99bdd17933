"""Nothing about a review leaves before its embargo lifts, whatever is written and in what order."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.network import NotSeen
from handbill.domain.outcomes import NotSent
from handbill.domain.settling import QUIET
from handbill.errors import TooLate
from handbill.models import Embargo, Post, Review
from handbill.store import arming, claims, doubts, embargoes, leases, overdue, posts, records
from handbill.store import restoring as restores
from handbill.store.embargoes import Said, Which
from handbill.store.engine import write
from handbill.store.posts import Move
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
    add_review,
    claim_and_arm,
    claim_one,
    get,
    new_post,
    not_sent,
    overwrite,
    receipt,
    refused,
    set_embargo,
    status_of,
    timing,
    unknown,
)

LIFT = NOW + 5 * HOUR
LONG = 2 * DAY


@pytest.fixture
def review(engine: Engine) -> Review:
    return add_review(engine)


def waits_until(engine: Engine, number: int) -> tuple[datetime | None, datetime | None]:
    """Until when a post waits, and until when by what it says of its embargo."""
    post = get(engine, number).post
    return post.not_before, post.embargo_until


def leaves(engine: Engine, now: datetime) -> bool:
    """Whether anything can be claimed and armed at that moment."""
    return any(
        arming.may_leave(engine, claim, now) and arming.arm(engine, claim, {}, now)
        for claim in claims.claim(engine, now, "w", 9, PICTURES)
    )


def put_by_hand(engine: Engine, review: Review, until: datetime, kind: Kind = Kind.REVIEW) -> None:
    """An embargo that somebody writes past the program."""
    with write(engine) as session:
        session.add(
            Embargo(
                review_id=review.id or 0,
                kind=kind,
                until=until,
                wall="?",
                zone="UTC",
                created_at=NOW,
            )
        )


# What is written while it is in force


@pytest.mark.parametrize("draft", [False, True])
def test_a_post_that_is_added_waits_for_the_lift(
    engine: Engine, review: Review, draft: bool
) -> None:
    set_embargo(engine, review, LIFT)
    number = add_post(engine, review=review, limit=LONG, draft=draft)
    post = get(engine, number).post
    assert (post.due_at, post.not_before, post.embargo_until) == (NOW, LIFT, LIFT)
    assert post.embargo_zone == "America/New_York"
    assert not leaves(engine, LIFT - SECOND)
    assert leaves(engine, LIFT) is not draft


def test_a_post_that_is_due_after_the_lift_keeps_its_time(engine: Engine, review: Review) -> None:
    set_embargo(engine, review, LIFT)
    number = add_post(engine, review=review, at=LIFT + HOUR)
    assert waits_until(engine, number) == (LIFT + HOUR, LIFT)


def test_posts_about_nothing_or_another_review_do_not_wait(engine: Engine, review: Review) -> None:
    set_embargo(engine, review, LIFT)
    other = add_post(engine, review=add_review(engine, "other"))
    assert waits_until(engine, other) == (NOW, None)
    assert waits_until(engine, add_post(engine)) == (NOW, None)


def test_a_reaction_waits_for_the_embargo_on_reactions_and_all_else_for_both(
    engine: Engine, review: Review
) -> None:
    early = NOW + HOUR
    set_embargo(engine, review, LIFT)
    reaction = add_post(engine, review=review, kind=Kind.REACTION)
    teaser = add_post(engine, review=review)
    assert waits_until(engine, reaction) == (NOW, None)
    set_embargo(engine, review, early, Kind.REACTION)
    assert waits_until(engine, reaction) == (early, early)
    assert waits_until(engine, teaser) == (LIFT, LIFT)
    set_embargo(engine, review, LIFT + DAY, Kind.REACTION)
    assert waits_until(engine, teaser) == (LIFT + DAY, LIFT + DAY)


CHANGES: dict[str, tuple[Status, posts.Act]] = {
    "edit": (Status.QUEUED, posts.edit("Other words.", None)),
    "reschedule": (Status.QUEUED, posts.reschedule(timing(NOW + MINUTE, LONG))),
    "reschedule what was missed": (Status.MISSED, posts.reschedule(timing(NOW + MINUTE, LONG))),
    "requeue what was missed": (Status.MISSED, posts.requeue(timing(NOW + MINUTE, LONG))),
    "requeue what failed": (Status.FAILED, posts.requeue(timing(NOW + MINUTE, LONG))),
    "approve": (Status.DRAFT, posts.approve),
}


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize(("status", "act"), CHANGES.values(), ids=CHANGES)
def test_no_change_by_a_person_gets_round_it(
    engine: Engine, review: Review, status: Status, act: posts.Act, known: bool
) -> None:
    """`known`: the post knew of the embargo; else only the table does."""
    number = add_in(engine, status, review=review)
    (set_embargo if known else put_by_hand)(engine, review, LIFT)
    posts.change(engine, number, act)
    assert status_of(engine, number) is Status.QUEUED
    assert waits_until(engine, number) == (LIFT, LIFT)
    assert not leaves(engine, LIFT - SECOND)


def test_what_is_unqueued_and_approved_again_still_waits(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review)
    set_embargo(engine, review, LIFT)
    posts.change(engine, number, posts.unqueue)
    assert waits_until(engine, number) == (LIFT, LIFT)
    posts.change(engine, number, posts.approve)
    assert waits_until(engine, number) == (LIFT, LIFT)


# What a worker does


def test_a_claim_that_is_not_armed_yet_cannot_arm_any_more(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review, limit=LONG)
    claim = claim_one(engine)
    assert set_embargo(engine, review, LIFT).held == [number]
    assert status_of(engine, number) is Status.PUBLISHING
    assert not arming.may_leave(engine, claim, NOW)
    assert not arming.arm(engine, claim, {}, NOW)
    assert records.record(engine, claim, not_sent(), NOW) is Status.QUEUED
    assert waits_until(engine, number) == (LIFT, LIFT)


def test_what_is_armed_goes_on_and_is_told_as_too_late(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review)
    claim = claim_and_arm(engine)
    told = set_embargo(engine, review, LIFT)
    assert (told.held, told.too_late) == ([], [number])
    assert records.record(engine, claim, receipt(), NOW) is Status.PUBLISHED
    assert get(engine, number).post.embargo_until is None


@pytest.mark.parametrize("outcome", [not_sent(), NotSent("No.", attention=True)])
def test_what_was_armed_and_surely_not_sent_waits_for_it(
    engine: Engine, review: Review, outcome: NotSent
) -> None:
    number = add_post(engine, review=review, limit=LONG)
    claim = claim_and_arm(engine)
    set_embargo(engine, review, LIFT)
    assert records.record(engine, claim, outcome, NOW) is Status.QUEUED
    assert waits_until(engine, number) == (LIFT, LIFT)


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.IN_DOUBT])
def test_what_is_out_or_in_doubt_stays_and_is_told_as_too_late(
    engine: Engine, review: Review, status: Status
) -> None:
    number = add_in(engine, status, review=review)
    before = get(engine, number).post
    told = set_embargo(engine, review, LIFT)
    assert (told.held, told.too_late) == ([], [number])
    assert get(engine, number).post == before


def _denied(engine: Engine, number: int) -> None:
    assert doubts.judge(engine, number, None, NOW + QUIET) is Status.QUEUED


def _proved_absent(engine: Engine, number: int) -> None:
    (doubt,) = doubts.due(engine, NOW + HOUR, PICTURES)
    absent = NotSeen("It is not there.", proof=True)
    assert doubts.settle(engine, doubt, absent, NOW + HOUR, NOW + HOUR) is Status.QUEUED


@pytest.mark.parametrize("settle", [_denied, _proved_absent])
def test_a_doubt_that_turns_out_not_to_be_out_waits_for_it(
    engine: Engine, review: Review, settle: Callable[[Engine, int], None]
) -> None:
    number = add_in(engine, Status.IN_DOUBT, review=review, limit=LONG)
    set_embargo(engine, review, LIFT)
    settle(engine, number)
    assert waits_until(engine, number) == (LIFT, LIFT)
    assert not leaves(engine, LIFT - SECOND)


@pytest.mark.parametrize("strikes", [True, False])
def test_a_claim_that_is_taken_back_waits_for_it(
    engine: Engine, review: Review, strikes: bool
) -> None:
    number = add_post(engine, review=review, limit=LONG)
    claim_one(engine)
    put_by_hand(engine, review, LIFT)
    if strikes:
        leases.expire_all(engine, NOW)
    else:
        leases.forsake(engine, "w1", [], NOW)
    assert waits_until(engine, number) == (LIFT, LIFT)


def test_a_second_part_waits_for_an_embargo_that_was_set_after_the_first(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review, more=["And more."], limit=LONG)
    claim = claim_and_arm(engine)
    set_embargo(engine, review, LIFT)
    assert records.record(engine, claim, receipt(), NOW) is Status.QUEUED
    assert waits_until(engine, number) == (LIFT, LIFT)
    assert not leaves(engine, LIFT - SECOND)
    assert leaves(engine, LIFT)


def test_an_embargo_that_only_the_table_knows_holds_as_well(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review, limit=LONG)
    put_by_hand(engine, review, LIFT)
    claim = claim_one(engine)
    assert not arming.may_leave(engine, claim, LIFT - SECOND)
    assert not arming.arm(engine, claim, {}, LIFT - SECOND)
    records.record(engine, claim, not_sent(), NOW)
    assert waits_until(engine, number) == (LIFT, LIFT)


def test_an_embargo_that_only_the_table_knows_holds_no_reaction_that_need_not_wait(
    engine: Engine, review: Review
) -> None:
    add_post(engine, review=review, kind=Kind.REACTION)
    put_by_hand(engine, review, LIFT)
    assert leaves(engine, NOW)


def test_an_embargo_on_reactions_that_only_the_table_knows_holds_a_reaction(
    engine: Engine, review: Review
) -> None:
    add_post(engine, review=review, kind=Kind.REACTION)
    put_by_hand(engine, review, LIFT, Kind.REACTION)
    assert not leaves(engine, NOW)


def test_a_retry_that_waits_longer_than_the_embargo_goes_on_waiting(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review, limit=LONG)
    records.record(engine, claim_one(engine), not_sent(), NOW, chance=0.0)
    retry = get(engine, number).post.not_before
    assert retry is not None
    set_embargo(engine, review, NOW + 5 * SECOND)
    assert waits_until(engine, number) == (retry, NOW + 5 * SECOND)


def test_overdue_posts_take_no_turn_before_it(engine: Engine, review: Review) -> None:
    """The third gets no turn within its limit, which ends before the lift."""
    account, soon = add_account(engine), NOW + 2 * HOUR
    for _ in range(2):
        add_post(engine, account, at=NOW, limit=LONG)
    number = add_post(engine, account, at=NOW, limit=2 * HOUR + SECOND, review=review)
    set_embargo(engine, review, soon + 90 * SECOND)
    claim = claim_one(engine, soon)
    overdue.keep_apart(engine, claim, soon, 2 * MINUTE)
    assert waits_until(engine, number) == (soon + 90 * SECOND, soon + 90 * SECOND)


def test_what_is_missed_because_of_it_says_so(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review, limit=HOUR)
    set_embargo(engine, review, LIFT)
    assert overdue.miss(engine, NOW + HOUR) == []
    assert overdue.miss(engine, LIFT) == [number]
    assert get(engine, number).post.attention == (
        "Not sent in time: its embargo lifts later, Fri 20 Nov 2026 11:00 EST (America/New_York)."
    )


# Moving and lifting


def test_a_later_embargo_holds_longer_and_an_earlier_one_lets_go(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review)
    for until in (LIFT, LIFT + DAY, NOW + MINUTE):
        set_embargo(engine, review, until)
        assert waits_until(engine, number) == (until, until)
        assert get(engine, number).post.due_at == NOW
    (row,) = embargoes.of_review(engine, review.id or 0)
    assert (row.until, row.zone) == (NOW + MINUTE, "America/New_York")


def test_every_change_of_what_holds_a_post_raises_its_revision_once(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review)
    for revision in (2, 3):
        set_embargo(engine, review, LIFT + revision * MINUTE)
        assert get(engine, number).post.revision == revision
    set_embargo(engine, review, LIFT + 3 * MINUTE)
    assert get(engine, number).post.revision == 3, "nothing has changed"


def lift(engine: Engine, review: Review, now: datetime, kind: Kind = Kind.REVIEW) -> None:
    said = Said(now, "ines", "The studio said so.")
    embargoes.lift(engine, Which(review.id or 0, kind), [], said)


def test_lifting_early_lets_go_and_is_recorded(engine: Engine, review: Review) -> None:
    held = add_post(engine, review=review, limit=LONG)
    later = add_post(engine, review=review, at=NOW + 2 * DAY)
    set_embargo(engine, review, LIFT)
    early = NOW + HOUR
    lift(engine, review, early)
    (row,) = embargoes.of_review(engine, review.id or 0)
    assert (row.until, row.lifted_at, row.lifted_why) == (LIFT, early, "The studio said so.")
    assert waits_until(engine, held) == (early, early), "it is kept when it was lifted"
    assert waits_until(engine, later) == (NOW + 2 * DAY, early)
    assert leaves(engine, early)


def test_all_that_was_done_to_an_embargo_is_kept(engine: Engine, review: Review) -> None:
    set_embargo(engine, review, LIFT)
    set_embargo(engine, review, LIFT + HOUR, now=NOW + MINUTE)
    lift(engine, review, NOW + HOUR)
    set_embargo(engine, review, LIFT + DAY, now=NOW + 2 * HOUR)
    (row,) = embargoes.of_review(engine, review.id or 0)
    assert row.lifted_at is None
    names = ("at", "what", "until", "why", "by")
    assert [tuple(event[name] for name in names) for event in row.events] == [
        (at.isoformat(), what, until.isoformat(), why, "ines")
        for at, what, until, why in [
            (NOW, "set", LIFT, None),
            (NOW + MINUTE, "moved", LIFT + HOUR, None),
            (NOW + HOUR, "lifted", LIFT + HOUR, "The studio said so."),
            (NOW + 2 * HOUR, "set", LIFT + DAY, None),
        ]
    ]


def test_lifting_one_of_two_leaves_the_other_in_force(engine: Engine, review: Review) -> None:
    number = add_post(engine, review=review)
    set_embargo(engine, review, LIFT)
    set_embargo(engine, review, LIFT + DAY, Kind.REACTION)
    lift(engine, review, NOW, Kind.REACTION)
    assert waits_until(engine, number) == (LIFT, LIFT)


def test_what_is_not_in_force_cannot_be_lifted(engine: Engine, review: Review) -> None:
    with pytest.raises(TooLate, match="not in force"):
        lift(engine, review, NOW)
    set_embargo(engine, review, LIFT)
    with pytest.raises(TooLate, match="not in force"):
        lift(engine, review, LIFT)
    lift(engine, review, NOW)
    with pytest.raises(TooLate, match="not in force"):
        lift(engine, review, NOW + MINUTE)


def test_an_embargo_that_is_set_again_after_it_was_lifted_holds_again(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review)
    set_embargo(engine, review, LIFT)
    lift(engine, review, NOW)
    set_embargo(engine, review, LIFT)
    assert waits_until(engine, number) == (LIFT, LIFT)
    assert not leaves(engine, NOW + HOUR)


def test_posts_are_moved_in_the_same_transaction_unless_they_have_changed(
    engine: Engine, review: Review
) -> None:
    account = add_account(engine)
    mine, changed, claimed = (add_post(engine, account, review=review) for _ in range(3))
    claim = claim_one(engine)
    assert claim.post_id == mine
    records.record(engine, claim, refused(), NOW)
    mine, claimed = claimed, mine
    moves = [
        Move(number, get(engine, number).post.revision, timing(LIFT))
        for number in (mine, changed, claimed)
    ]
    posts.change(engine, changed, posts.edit("Other words.", None))
    told = set_embargo(engine, review, LIFT, moves=moves)
    assert told.moved == [mine]
    assert get(engine, mine).post.due_at == LIFT
    assert get(engine, changed).post.due_at == NOW
    assert waits_until(engine, changed) == (LIFT, LIFT)
    assert status_of(engine, claimed) is Status.FAILED


# What the database itself refuses


@pytest.mark.parametrize(
    "columns",
    [{"not_before": NOW}, {"embargo_until": LIFT + SECOND}, {"not_before": LIFT - SECOND}],
)
def test_the_database_refuses_a_queued_post_that_would_leave_before_its_embargo(
    engine: Engine, review: Review, columns: dict[str, datetime]
) -> None:
    set_embargo(engine, review, LIFT)
    number = add_post(engine, review=review)
    with pytest.raises(IntegrityError, match="under_embargo"):
        overwrite(engine, Post, number, **columns)


def test_the_database_refuses_to_queue_a_draft_before_its_embargo(
    engine: Engine, review: Review
) -> None:
    set_embargo(engine, review, LIFT)
    number = add_post(engine, review=review, draft=True)
    overwrite(engine, Post, number, not_before=NOW)
    with pytest.raises(IntegrityError, match="under_embargo"):
        overwrite(engine, Post, number, status=Status.QUEUED)


def test_the_look_for_embargoes_goes_by_an_index(lite: Engine) -> None:
    statement = arming._leaving().compile(lite)
    with lite.connect() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", tuple(None for _ in statement.positiontup or ())
        ).all()
    steps = " ".join(str(row[-1]) for row in plan)
    assert "SEARCH embargo USING" in steps
    assert "SCAN" not in steps


# After a restore


def known_by(other: Engine) -> dict[embargoes.KnownReview, list[Embargo]]:
    return {key: list(rows) for key, rows in embargoes.everything(other).items()}


def test_an_embargo_that_was_set_after_the_backup_holds_after_the_restore(
    engine: Engine, review: Review, other: Engine
) -> None:
    """`other` is the present database, `engine` the older copy that takes its place."""
    with write(other) as session:
        session.add(Review(**review.model_dump(exclude={"work_id"})))
    number = add_post(engine, review=review, at=NOW + HOUR, limit=LONG)
    draft = add_post(engine, review=review, at=NOW + HOUR, limit=LONG, draft=True)
    set_embargo(other, review, LIFT)
    restores.hold(engine, NOW, NOW, known=known_by(other))
    for one in (number, draft):
        assert waits_until(engine, one) == (LIFT, LIFT)
    (row,) = embargoes.of_review(engine, review.id or 0)
    assert row.until == LIFT


@pytest.mark.parametrize(("there", "here"), [(LIFT, LIFT + DAY), (LIFT + DAY, LIFT)])
def test_of_two_embargoes_the_later_one_holds_after_a_restore(
    engine: Engine, review: Review, other: Engine, there: datetime, here: datetime
) -> None:
    with write(other) as session:
        session.add(Review(**review.model_dump(exclude={"work_id"})))
    set_embargo(other, review, there)
    set_embargo(engine, review, here)
    number = add_post(engine, review=review, at=NOW + HOUR)
    restores.hold(engine, NOW, NOW, known=known_by(other))
    assert waits_until(engine, number) == (LIFT + DAY, LIFT + DAY)


def test_an_embargo_of_another_review_with_the_same_number_is_not_taken_over(
    engine: Engine, review: Review, other: Engine
) -> None:
    with write(other) as session:
        session.add(
            Review(**{**review.model_dump(exclude={"work_id"}), "created_at": NOW + SECOND})
        )
    set_embargo(other, review, LIFT)
    restores.hold(engine, NOW, NOW, known=known_by(other))
    assert embargoes.of_review(engine, review.id or 0) == []


@pytest.mark.parametrize("status", [Status.DRAFT, Status.QUEUED, Status.MISSED])
def test_what_may_have_gone_out_since_a_backup_is_in_doubt_under_an_embargo_too(
    engine: Engine, review: Review, status: Status
) -> None:
    number = add_in(engine, status, review=review)
    set_embargo(engine, review, LIFT)
    post = get(engine, number).post
    restores.hold(engine, NOW, NOW, {(post.id, post.created_at)})
    assert status_of(engine, number) is Status.IN_DOUBT
    assert doubts.judge(engine, number, None, NOW + HOUR) is Status.QUEUED
    assert waits_until(engine, number) == (LIFT, LIFT)


def test_nothing_else_of_a_post_changes_when_it_is_claimed_or_read_again(
    engine: Engine, review: Review
) -> None:
    """A claim says until when the post was under embargo, now and when it is looked for."""
    number = add_post(engine, review=review, limit=LONG)
    set_embargo(engine, review, LIFT)
    claim = claim_one(engine, LIFT)
    assert claim.embargo_until == LIFT
    assert arming.arm(engine, claim, {}, LIFT)
    records.record(engine, claim, unknown(), LIFT)
    (doubt,) = doubts.due(engine, LIFT + HOUR, PICTURES)
    assert (doubt.claim.post_id, doubt.claim.embargo_until) == (number, LIFT)


def test_many_posts_about_several_reviews_are_added_at_once(engine: Engine, review: Review) -> None:
    account, other = add_account(engine), add_review(engine, "other")
    set_embargo(engine, review, LIFT)
    set_embargo(engine, other, LIFT + DAY)
    new = [new_post(account, review=one) for one in (review, None, other)]
    numbers = posts.add(engine, new, NOW)
    assert [waits_until(engine, n)[0] for n in numbers] == [LIFT, NOW, LIFT + DAY]
    assert account_of(engine).id == account.id


def test_moves_are_made_together_or_not_at_all(engine: Engine, review: Review) -> None:
    account = add_account(engine)
    one, two = (add_post(engine, account, review=review) for _ in range(2))
    moves = [Move(one, 1, timing(LIFT)), Move(two, 7, timing(LIFT))]
    with pytest.raises(TooLate, match=f"#{two} has changed"), write(engine) as session:
        posts.move(session, moves)
    assert get(engine, one).post.due_at == NOW
    set_embargo(engine, review, LIFT)
    moves = [Move(n, 2, timing(NOW + MINUTE)) for n in (two, one)]
    with write(engine) as session:
        posts.move(session, moves)
    for number in (one, two):
        assert get(engine, number).post.due_at == NOW + MINUTE
        assert waits_until(engine, number) == (LIFT, LIFT)


def test_what_an_embargo_holds_beyond_its_limit_is_missed_at_its_limit(
    engine: Engine, review: Review
) -> None:
    number = add_post(engine, review=review, limit=HOUR)
    set_embargo(engine, review, LIFT + DAY)
    assert overdue.miss(engine, NOW + HOUR) == []
    assert overdue.miss(engine, NOW + HOUR + SECOND) == [number]
    attention = get(engine, number).post.attention
    assert attention is not None
    assert attention.startswith("Not sent in time: its embargo lifts later, ")

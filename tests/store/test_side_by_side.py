"""Two at the same row of a database server: the later one waits or goes away, and sees what is.

A SQLite file has one writer at a time, so there this cannot happen.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import Session, SQLModel, col

from bench import rig
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.network import NotSeen
from handbill.domain.settling import QUIET
from handbill.models import Account, Attempt, Embargo, Post, Review, Standing
from handbill.store import (
    arming,
    claims,
    doubts,
    embargoes,
    group,
    holds,
    leases,
    overdue,
    posts,
    records,
    standing,
)
from handbill.store.embargoes import Which
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    PICTURES,
    add_account,
    add_in,
    add_post,
    add_review,
    claim_and_arm,
    claim_one,
    get,
    new_post,
    not_sent,
    receipt,
    row_of,
    set_embargo,
    status_of,
)

T = TypeVar("T")
Others = Callable[[Connection], object]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("kind", ["postgresql"], indirect=True),
]


def meanwhile(engine: Engine, others: Others, mine: Callable[[], T]) -> T:
    """What `mine` comes to when it begins while `others` have not committed yet."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def waits_or_is_done() -> bool:
        with engine.connect() as connection:
            return running.done() or bool(connection.scalar(waiting))

    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            others(connection)
            running = pool.submit(mine)
            rig.until(waits_or_is_done, "whoever comes later")
        return running.result()


def touches(row: type[SQLModel]) -> Others:
    """Somebody is about to change the first row of a table."""
    number: sa.ColumnClause[int] = sa.column("id")
    return lambda connection: connection.execute(
        sa.update(row).where(number == 1).values({"id": number})
    )


def receives(attempt_id: int) -> Others:
    """The receipt of a try comes in."""

    def record(connection: Connection) -> None:
        with Session(connection) as session:
            records.end_attempt(session, attempt_id, receipt("1001"), NOW)
            session.flush()

    return record


def lifts(connection: Connection) -> None:
    """Somebody ends the big pause."""
    connection.execute(sa.delete(Standing))


def in_doubt(engine: Engine) -> doubts.Doubt:
    """A doubt whose look-up is under way."""
    add_in(engine, Status.IN_DOUBT)
    (doubt,) = doubts.due(engine, NOW + DAY, PICTURES)
    return doubt


# Who waits, and then sees what has become of it


def test_a_no_that_comes_with_a_late_receipt_is_too_late(engine: Engine) -> None:
    doubt = in_doubt(engine)
    answer = meanwhile(
        engine, receives(doubt.attempt_id), lambda: doubts.judge(engine, 1, None, NOW + QUIET)
    )
    assert answer is None
    assert status_of(engine, 1) is Status.PUBLISHED


@pytest.mark.parametrize("sighting", [NotSeen("Not there."), NotSeen("Not there.", proof=True)])
def test_a_look_that_ends_with_a_late_receipt_leaves_the_post_published(
    engine: Engine, sighting: NotSeen
) -> None:
    doubt, later = in_doubt(engine), NOW + HOUR
    status = meanwhile(
        engine,
        receives(doubt.attempt_id),
        lambda: doubts.settle(engine, doubt, sighting, later, later),
    )
    assert status is Status.PUBLISHED
    assert row_of(engine, doubt.attempt_id).looks == 0


def test_a_look_that_could_not_be_made_leaves_a_published_post_alone(engine: Engine) -> None:
    doubt = in_doubt(engine)
    meanwhile(
        engine,
        receives(doubt.attempt_id),
        lambda: doubts.postpone(engine, doubt, "Could not look.", NOW + HOUR),
    )
    entry = get(engine, 1)
    assert (entry.post.attention, entry.attempts[0].next_look_at) == (None, None)


def test_a_claim_that_is_recorded_this_moment_is_not_taken_back(engine: Engine) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    assert (
        meanwhile(engine, receives(claim.attempt_id), lambda: leases.expire_all(engine, NOW)) == []
    )
    assert get(engine, 1).post.strikes == 0


def test_a_post_that_is_claimed_this_moment_is_not_missed(engine: Engine) -> None:
    add_post(engine)

    def claim(connection: Connection) -> None:
        connection.execute(
            sa.update(Post).values(status=Status.PUBLISHING, lease_until=NOW + DAY, worker="w1")
        )

    assert meanwhile(engine, claim, lambda: overdue.miss(engine, NOW + DAY)) == []
    assert status_of(engine, 1) is Status.PUBLISHING


def test_of_two_that_lift_the_big_pause_one_has_lifted_it(engine: Engine) -> None:
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    assert not meanwhile(engine, lifts, lambda: standing.take(engine, standing.PAUSE))


def test_a_pause_that_is_put_on_while_another_lifts_it_is_on(engine: Engine) -> None:
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    meanwhile(engine, lifts, lambda: standing.put(engine, standing.PAUSE, "another", NOW + HOUR))
    row = standing.get(engine, standing.PAUSE)
    assert row is not None
    assert (row.value, row.since) == ("another", NOW + HOUR)


# Who goes away


def test_a_doubt_that_another_takes_up_is_left_to_them(engine: Engine) -> None:
    add_in(engine, Status.IN_DOUBT)
    assert (
        meanwhile(engine, touches(Attempt), lambda: doubts.due(engine, NOW + DAY, PICTURES)) == []
    )


def test_an_account_that_another_has_in_hand_is_passed_over(engine: Engine) -> None:
    add_post(engine)
    other = add_post(engine, add_account(engine, "sol"))
    got = meanwhile(engine, touches(Account), lambda: claims.claim(engine, NOW, "w1", 9, PICTURES))
    assert [claim.post_id for claim in got] == [other]


def test_an_account_for_which_somebody_queues_is_not_passed_over(engine: Engine) -> None:
    """A new post's foreign key locks its account a little, and takes nothing from it."""
    post_id = add_post(engine)

    def queue(connection: Connection) -> None:
        connection.execute(
            sa.insert(Post).values(
                account_id=1, status=Status.DRAFT, zone="UTC", created_at=NOW, revision=1, fence=0
            )
        )

    got = meanwhile(engine, queue, lambda: claims.claim(engine, NOW, "w1", 9, PICTURES))
    assert [claim.post_id for claim in got] == [post_id]


def test_a_post_to_which_somebody_adds_a_row_is_claimed_all_the_same(engine: Engine) -> None:
    """A foreign key locks what it refers to a little."""
    post_id = add_post(engine)

    def refer(connection: Connection) -> None:
        little = sa.select(Post).where(col(Post.id) == 1).with_for_update(read=True, key_share=True)
        connection.execute(little)

    got = meanwhile(engine, refer, lambda: claims.claim(engine, NOW, "w1", 9, PICTURES))
    assert [claim.post_id for claim in got] == [post_id]


def test_a_post_that_another_changes_is_passed_over(engine: Engine) -> None:
    """Whoever waits with a row in hand can be waited for in a circle; a claim never does."""
    add_post(engine)
    other = add_post(engine, add_account(engine, "sol"))
    got = meanwhile(engine, touches(Post), lambda: claims.claim(engine, NOW, "w1", 9, PICTURES))
    assert [claim.post_id for claim in got] == [other]


def test_a_claim_that_lost_a_race_to_a_committed_one_takes_the_rest_at_once(
    engine: Engine,
) -> None:
    """Between another's claim for an account and our look at it the account got an earlier post."""
    first = add_post(engine)
    other = add_post(engine, add_account(engine, "sol"))

    def claimed_by_another(connection: Connection) -> None:
        table = SQLModel.metadata.tables["post"]
        values = {"status": "publishing", "fence": 1, "lease_until": NOW + DAY, "worker": "w9"}
        connection.execute(sa.update(table).where(table.c.id == first).values(**values))
        earlier = {**_row_of(connection, first), **{"not_before": NOW - HOUR, "due_at": NOW - HOUR}}
        earlier |= {"status": "queued", "fence": 0, "lease_until": None, "worker": None}
        connection.execute(sa.insert(table).values(**{**earlier, "id": 77}))
        part = SQLModel.metadata.tables["part"]
        connection.execute(
            sa.insert(part).values(post_id=77, position=1, text="Earlier.", images=[])
        )

    made = meanwhile(
        engine, claimed_by_another, lambda: claims.claim(engine, NOW, "w1", 10, PICTURES)
    )
    assert [one.post_id for one in made] == [other]


def _row_of(connection: Connection, number: int) -> dict[str, object]:
    table = SQLModel.metadata.tables["post"]
    found = connection.execute(sa.select(table).where(table.c.id == number)).mappings().one()
    return dict(found)


# Who sets an embargo at the very moment, and who is about to send


LIFT = NOW + 5 * HOUR


def sets(review: Review) -> Others:
    """Somebody sets an embargo."""

    def set_it(connection: Connection) -> None:
        with Session(connection) as session:
            which = Which(review.id or 0, Kind.REVIEW)
            embargoes._lock(session, which.review_id)
            session.add(
                Embargo(
                    review_id=which.review_id,
                    kind=which.kind,
                    until=LIFT,
                    wall="",
                    zone="UTC",
                    created_at=NOW,
                )
            )
            session.flush()
            embargoes.bring_up_to_date(session, which)
            session.flush()

    return set_it


def test_a_claim_that_arms_while_an_embargo_is_set_is_refused(engine: Engine) -> None:
    review = add_review(engine)
    add_post(engine, review=review)
    claim = claim_one(engine)
    assert not meanwhile(engine, sets(review), lambda: arming.arm(engine, claim, {}, NOW))


def test_several_claims_that_arm_while_an_embargo_is_set_are_refused(engine: Engine) -> None:
    review = add_review(engine)
    add_post(engine, review=review)
    claim = claim_one(engine)
    values = {**arming._values(claim, NOW), "proof": {}}
    wishes = [group._Filled(arming._ARM, values) for _ in range(2)]
    with pytest.raises(group._Otherwise):
        meanwhile(engine, sets(review), lambda: group._grant(engine, list(wishes)))


def test_an_embargo_that_is_set_while_a_claim_arms_comes_too_late(engine: Engine) -> None:
    review = add_review(engine)
    number = add_post(engine, review=review)
    claim = claim_one(engine)

    def arms(connection: Connection) -> None:
        values = {**arming._values(claim, NOW), "proof": {}}
        assert connection.execute(arming._ARM.statements[0], values).rowcount == 1

    told = meanwhile(engine, arms, lambda: set_embargo(engine, review, LIFT))
    assert told.too_late == [number]
    assert get(engine, number).post.embargo_until is None


def test_a_post_that_is_added_while_an_embargo_is_set_waits_for_it(engine: Engine) -> None:
    review = add_review(engine)
    account = add_account(engine)
    number = meanwhile(engine, sets(review), lambda: add_post(engine, account, review=review))
    assert get(engine, number).post.not_before == LIFT


def test_an_embargo_that_is_set_while_a_post_is_added_holds_it(engine: Engine) -> None:
    review = add_review(engine)
    account = add_account(engine)

    def adds(connection: Connection) -> None:
        with Session(connection) as session:
            holds.locked_holds(session, [review.id or 0])
            new = new_post(account, review=review)
            session.execute(posts._ADD_POST, [posts._row(new, None, NOW)])

    told = meanwhile(engine, adds, lambda: set_embargo(engine, review, LIFT))
    assert told.held == [1]
    assert get(engine, 1).post.not_before == LIFT


def test_a_post_that_goes_back_to_the_queue_while_an_embargo_is_set_waits_for_it(
    engine: Engine,
) -> None:
    review = add_review(engine)
    add_post(engine, review=review, limit=DAY)
    claim = claim_one(engine)

    def record() -> Status:
        return records.record(engine, claim, not_sent(), NOW)

    assert meanwhile(engine, sets(review), record) is Status.QUEUED
    assert get(engine, 1).post.not_before == LIFT


def test_an_embargo_that_is_set_while_a_post_goes_back_to_the_queue_holds_it(
    engine: Engine,
) -> None:
    review = add_review(engine)
    add_post(engine, review=review, limit=DAY)
    claim = claim_and_arm(engine)

    def goes_back(connection: Connection) -> None:
        with Session(connection) as session:
            records.end_attempt(session, claim.attempt_id, not_sent(), NOW)
            session.flush()

    meanwhile(engine, goes_back, lambda: set_embargo(engine, review, LIFT))
    assert status_of(engine, 1) is Status.QUEUED
    assert get(engine, 1).post.not_before == LIFT

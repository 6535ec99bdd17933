"""The short way to record a receipt says just what the long way says, and keeps to its case."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel

from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.settling import QUIET
from handbill.store import doubts, leases, records
from handbill.store.engine import write
from handbill.store.plain import publish_plainly
from tests.factories import (
    MINUTE,
    NOW,
    SECOND,
    add_account,
    add_post,
    arm,
    claim_and_arm,
    claim_one,
    get,
    receipt,
    status_of,
)

LATER = NOW + 3 * SECOND


def plainly(engine: Engine, claim: Claim, number: str = "1001") -> bool:
    return publish_plainly(engine, claim, receipt(number), LATER)


def rows(engine: Engine) -> dict[str, list[Any]]:
    with Session(engine) as session:
        tables = SQLModel.metadata.sorted_tables
        return {one.name: list(session.execute(sa.select(one)).all()) for one in tables}


def test_it_leaves_the_same_rows_as_the_long_way(engine: Engine) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    before = rows(engine)
    with write(engine) as session:
        records.end_attempt(session, claim.attempt_id, receipt(), LATER)
        session.flush()
        long = {name: list(session.execute(sa.select(table)).all()) for name, table in TABLES}
        session.rollback()
    assert rows(engine) == before
    assert plainly(engine, claim)
    assert rows(engine) == long


TABLES = [(one.name, one) for one in SQLModel.metadata.sorted_tables]


def test_recording_takes_the_short_way_for_a_plain_receipt(engine: Engine) -> None:
    post_id = add_post(engine)
    assert records.record(engine, claim_and_arm(engine), receipt(), LATER) is Status.PUBLISHED
    entry = get(engine, post_id)
    assert (entry.parts[0].remote_id, entry.post.published_at) == ("1001", LATER)
    assert entry.account.newest_remote_id == "1001"


def test_a_post_of_two_parts_is_not_plain(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    assert not plainly(engine, claim_and_arm(engine))
    assert status_of(engine, post_id) is Status.PUBLISHING


def test_a_second_try_is_not_plain(engine: Engine) -> None:
    add_post(engine)
    claim_one(engine)
    leases.expire_all(engine, NOW)
    assert not plainly(engine, arm(engine, claim_one(engine, NOW + MINUTE), NOW + MINUTE))


def test_a_post_that_was_taken_back_is_not_plain(engine: Engine) -> None:
    post_id = add_post(engine)
    claim = claim_and_arm(engine)
    leases.expire_all(engine, NOW)
    assert not plainly(engine, claim)
    assert status_of(engine, post_id) is Status.IN_DOUBT
    doubts.judge(engine, post_id, None, NOW + QUIET)
    assert not plainly(engine, claim)


def test_an_unarmed_try_is_not_plain(engine: Engine) -> None:
    add_post(engine)
    assert not plainly(engine, claim_one(engine))


def test_the_number_of_another_post_of_the_account_is_not_plain(engine: Engine) -> None:
    account = add_account(engine)
    add_post(engine, account)
    records.record(engine, claim_and_arm(engine), receipt("1001"), LATER)
    second = add_post(engine, account)
    assert not plainly(engine, claim_and_arm(engine), "1001")
    assert status_of(engine, second) is Status.PUBLISHING


def test_the_same_number_on_another_account_is_plain(engine: Engine) -> None:
    for name in ("ines", "sol"):
        add_post(engine, add_account(engine, name))
        assert plainly(engine, claim_and_arm(engine), "1001")


def test_a_receipt_that_is_written_already_is_not_plain(engine: Engine) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    assert plainly(engine, claim)
    assert not plainly(engine, claim)


@pytest.mark.parametrize("given", [receipt(""), receipt("1001", at=NOW)])
def test_a_receipt_by_hand_or_from_a_look_up_is_not_plain(engine: Engine, given: Any) -> None:
    add_post(engine)
    claim = claim_and_arm(engine)
    assert not publish_plainly(engine, claim, given, LATER)

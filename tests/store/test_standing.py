"""What holds for the whole house, above all the one big pause."""

from sqlalchemy import Engine

from handbill.store import arming, claims, standing
from tests.factories import MINUTE, NOW, PICTURES, add_post, claim_one


def test_what_holds_keeps_its_beginning_and_takes_the_newest_words(engine: Engine) -> None:
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    standing.put(engine, standing.PAUSE, "two of them", NOW + MINUTE)
    row = standing.get(engine, standing.PAUSE)
    assert row is not None
    assert (row.value, row.since) == ("two of them", NOW)


def test_what_does_not_hold_cannot_be_taken_away(engine: Engine) -> None:
    assert not standing.take(engine, standing.PAUSE)
    assert standing.get(engine, standing.PAUSE) is None


def test_while_the_big_pause_is_on_nothing_is_claimed(engine: Engine) -> None:
    add_post(engine)
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    assert claims.claim(engine, NOW, "w1", 1, PICTURES) == []
    assert standing.take(engine, standing.PAUSE)
    assert claim_one(engine)


def test_a_claim_that_was_made_before_the_pause_cannot_arm_in_it(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    assert not arming.arm(engine, claim, {}, NOW)


def test_another_thing_that_holds_is_no_pause(engine: Engine) -> None:
    add_post(engine)
    standing.put(engine, standing.ZONE_DATA, "2026b", NOW)
    assert claim_one(engine)

"""A step that breaks off before its commit has not happened; after it, it has happened whole."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel

from handbill.domain.lifecycle import Status
from handbill.domain.network import Found
from handbill.failpoints import Broken
from handbill.store import arming, claims, doubts, leases, overdue, records
from tests.factories import (
    DAY,
    NOW,
    PICTURES,
    add_in,
    add_post,
    claim_and_arm,
    claim_one,
    receipt,
)

#: Sets the scene, and answers the step that is to break off.
Scene = Callable[[Engine], Callable[[], object]]


def everything(engine: Engine) -> list[object]:
    """Every row of every table."""
    with engine.connect() as connection:
        tables = SQLModel.metadata.sorted_tables
        return [
            tuple(row)
            for t in tables
            for row in connection.execute(sa.select(t).order_by(sa.text("1")))
        ]


def _claim(engine: Engine) -> Callable[[], object]:
    add_post(engine)
    return lambda: claims.claim(engine, NOW, "w1", 1, PICTURES)


def _arm(engine: Engine) -> Callable[[], object]:
    add_post(engine)
    claim = claim_one(engine)
    return lambda: arming.arm(engine, claim, {"since_id": "900"}, NOW)


def _record(engine: Engine) -> Callable[[], object]:
    add_post(engine)
    claim = claim_and_arm(engine)
    return lambda: records.record(engine, claim, receipt(), NOW)


def _expire(engine: Engine) -> Callable[[], object]:
    add_post(engine)
    claim_and_arm(engine)
    return lambda: leases.expire_all(engine, NOW)


def _miss(engine: Engine) -> Callable[[], object]:
    add_post(engine)
    return lambda: overdue.miss(engine, NOW + DAY)


def _look(engine: Engine) -> Callable[[], object]:
    add_in(engine, Status.IN_DOUBT)
    return lambda: doubts.due(engine, NOW + DAY, PICTURES)


def _settle(engine: Engine) -> Callable[[], object]:
    add_in(engine, Status.IN_DOUBT)
    (doubt,) = doubts.due(engine, NOW + DAY, PICTURES)
    return lambda: doubts.settle(engine, doubt, Found(receipt()), NOW, NOW)


@pytest.mark.parametrize(
    ("place", "scene", "stays"),
    [
        ("claim.begun", _claim, False),
        ("claim.before_commit", _claim, False),
        ("claim.after_commit", _claim, True),
        ("arm.before", _arm, False),
        ("arm.before_commit", _arm, False),
        ("arm.after_commit", _arm, True),
        ("record.before", _record, False),
        ("record.before_commit", _record, False),
        ("record.after_commit", _record, True),
        ("expire.before_commit", _expire, False),
        ("expire.after_commit", _expire, True),
        ("miss.before_commit", _miss, False),
        ("miss.after_commit", _miss, True),
        ("look.before_commit", _look, False),
        ("look.after_commit", _look, True),
        ("settle.before_commit", _settle, False),
        ("settle.after_commit", _settle, True),
    ],
)
def test_a_step_that_breaks_off_happens_whole_or_not_at_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, place: str, scene: Scene, stays: bool
) -> None:
    step = scene(engine)
    before = everything(engine)
    monkeypatch.setenv("FAILPOINT", f"{place}:raise")
    with pytest.raises(Broken, match=place):
        step()
    after = everything(engine)
    assert (after != before) is stays
    monkeypatch.delenv("FAILPOINT")
    step()
    again = everything(engine)
    assert (again == after) is stays, "it can be done after all, and only once"


@pytest.mark.parametrize("scene", [_miss, _look, _expire])
def test_where_there_is_nothing_to_do_there_is_nothing_to_break_off(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    step = scene(engine)
    step()
    places = ("miss", "look", "expire")
    wanted = [f"{p}.{when}_commit:raise" for p in places for when in ("before", "after")]
    monkeypatch.setenv("FAILPOINT", ",".join(wanted))
    assert step() == []

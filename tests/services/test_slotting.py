"""The next free slot of an account."""

from itertools import pairwise

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem, NotFound
from handbill.services import slotting
from handbill.services.desk import Desk
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Hands,
    account_of,
    add_account,
    add_in,
    add_post,
    make_desk,
)

#: The Monday after NOW, 9 o'clock in Paris.
MONDAY = NOW + 2 * DAY + 21 * HOUR


@pytest.fixture
def both(engine: Engine, hands: Hands) -> Desk:
    """A desk on each kind of database, with an account that posts on Mondays and Thursdays."""
    desk = make_desk(engine, hands)
    add_account(engine)
    slotting.keep(desk, "ines", ["thu 18:30", "monday 9am"])
    return desk


def test_slots_are_kept_in_one_form(both: Desk) -> None:
    assert account_of(both.engine).slots == ["mon 09:00", "thu 18:30"]
    assert slotting.keep(both, "ines", []).slots == []


def test_a_wrong_slot_or_account_changes_nothing(both: Desk) -> None:
    with pytest.raises(InputProblem):
        slotting.keep(both, "ines", ["mon 09:00", "whenever"])
    with pytest.raises(NotFound):
        slotting.keep(both, "sol", ["mon 09:00"])
    assert account_of(both.engine).slots == ["mon 09:00", "thu 18:30"]


def test_the_next_free_slot_is_the_first_that_nothing_takes(both: Desk) -> None:
    ines = account_of(both.engine)
    assert slotting.next_free(both, ines, NOW).at == MONDAY
    add_post(both.engine, at=MONDAY)
    thursday = slotting.next_free(both, ines, NOW)
    assert (thursday.wall, thursday.zone) == ("2026-11-26 18:30", "Europe/Paris")
    assert slotting.next_free(both, ines, NOW, taken=[thursday.at]).at == MONDAY + 7 * DAY


@pytest.mark.parametrize(
    ("status", "free"),
    [
        (Status.DRAFT, False),
        (Status.QUEUED, False),
        (Status.PUBLISHING, False),
        (Status.CANCELLED, True),
        (Status.FAILED, True),
    ],
)
def test_what_still_wants_to_leave_takes_its_slot(both: Desk, status: Status, free: bool) -> None:
    add_in(both.engine, status, at=MONDAY)
    assert (slotting.next_free(both, account_of(both.engine), NOW).at == MONDAY) is free


def test_another_accounts_post_and_another_instant_take_nothing(both: Desk) -> None:
    add_post(both.engine, add_account(both.engine, "sol"), at=MONDAY)
    add_post(both.engine, account_of(both.engine), at=MONDAY + HOUR)
    assert slotting.next_free(both, account_of(both.engine), NOW).at == MONDAY


def test_one_after_the_other_all_slots_are_given_away_once(both: Desk) -> None:
    ines, given = account_of(both.engine), [NOW]
    for _ in range(12):
        given.append(slotting.next_free(both, ines, NOW).at)
        add_post(both.engine, ines, at=given[-1])
    assert all(one < two for one, two in pairwise(given))
    assert given[-1] == MONDAY + 5 * 7 * DAY + 3 * DAY + 9 * HOUR + 30 * MINUTE


def test_an_account_without_slots_says_how_to_set_them(both: Desk) -> None:
    sol = add_account(both.engine, "sol")
    with pytest.raises(InputProblem, match="sol has no slots") as refused:
        slotting.next_free(both, sol, NOW)
    assert "handbill slots set sol" in refused.value.cure

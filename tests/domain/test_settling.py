"""When to look for a part in doubt, and when not seeing it counts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.settling import (
    EXCHANGE_DEADLINE,
    LOOKUPS,
    QUIET,
    SEND_WINDOW,
    SHORTEST_PAUSE,
    next_look,
    proves_absence,
)
from tests.factories import MINUTE, NOW, SECOND


@pytest.mark.parametrize(
    ("looks", "after"),
    [(0, 5 * SECOND), (1, 30 * SECOND), (2, 2 * MINUTE), (3, 5 * MINUTE), (4, 15 * MINUTE)],
)
def test_looks_are_made_on_the_schedule_counted_from_the_doubt(
    looks: int, after: timedelta
) -> None:
    before = NOW + (LOOKUPS[looks - 1] if looks else timedelta(0))
    assert next_look(NOW, looks, before) == NOW + after


@given(st.integers(0, 4), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_after_an_outage_the_looks_do_not_come_all_at_once(looks: int, late: timedelta) -> None:
    following = next_look(NOW, looks, NOW + late)
    assert following is not None
    assert following >= NOW + late + min(LOOKUPS[looks], SHORTEST_PAUSE)


@pytest.mark.parametrize("looks", [5, 6, 100])
def test_after_the_last_look_it_is_a_persons_turn(looks: int) -> None:
    assert next_look(NOW, looks, NOW) is None


def test_each_look_comes_later_than_the_one_before() -> None:
    assert sorted(set(LOOKUPS)) == list(LOOKUPS)


def test_the_quiet_period_is_the_send_window_and_the_whole_exchange() -> None:
    assert QUIET == SEND_WINDOW + EXCHANGE_DEADLINE == 65 * SECOND


@pytest.mark.parametrize(
    ("started", "counts"),
    [
        (QUIET - timedelta(microseconds=1), False),
        (QUIET, True),
        (QUIET + timedelta(microseconds=1), True),
    ],
)
def test_absence_is_proved_from_the_end_of_the_quiet_period_on(
    started: timedelta, counts: bool
) -> None:
    assert proves_absence(NOW, NOW + started) is counts


@given(st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_look_counts_only_if_it_started_after_the_quiet_period(later: timedelta) -> None:
    assert proves_absence(NOW, NOW + later) == (later >= QUIET)


def test_a_look_that_started_before_the_arming_proves_nothing() -> None:
    assert not proves_absence(NOW, NOW - MINUTE)

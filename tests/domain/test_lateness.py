"""How late is too late."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.lateness import DEFAULT_LIMIT, OUTAGE, late_by, spaced, was_outage
from tests.factories import DAY, HOUR, MINUTE, NOW, SECOND

LEAST = timedelta(microseconds=1)


def test_a_post_is_given_an_hour_unless_somebody_says_otherwise() -> None:
    assert DEFAULT_LIMIT == HOUR


def test_lateness_is_counted_from_the_due_time() -> None:
    assert late_by(NOW, NOW + 4 * SECOND) == 4 * SECOND


@given(st.timedeltas(timedelta(0), timedelta(days=900)))
def test_what_went_out_is_never_early_by_this_count(by: timedelta) -> None:
    assert late_by(NOW, NOW + by) == by


@pytest.mark.parametrize(
    ("last_sign", "outage"),
    [
        (None, True),
        (NOW - DAY, True),
        (NOW - OUTAGE - LEAST, True),
        (NOW - OUTAGE, True),
        (NOW - OUTAGE + LEAST, False),
        (NOW - SECOND, False),
        (NOW, False),
        (NOW + HOUR, False),
    ],
)
def test_it_was_an_outage_when_nobody_published_for_ten_minutes_or_ever(
    last_sign: datetime | None, outage: bool
) -> None:
    assert was_outage(last_sign, NOW) is outage


@pytest.mark.parametrize(
    ("wait", "limit", "leaves"),
    [
        (2 * MINUTE, HOUR, 2 * MINUTE),
        (HOUR - LEAST, HOUR, HOUR - LEAST),
        (HOUR, HOUR, HOUR),
        (HOUR + LEAST, HOUR, HOUR + LEAST),
        (HOUR + MINUTE, HOUR, HOUR + LEAST),
        (DAY, HOUR, HOUR + LEAST),
    ],
)
def test_a_post_leaves_at_its_turn_or_is_a_hair_past_its_limit(
    wait: timedelta, limit: timedelta, leaves: timedelta
) -> None:
    assert spaced(NOW, wait, NOW + limit) == NOW + leaves

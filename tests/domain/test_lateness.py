"""How late is too late."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.lateness import DEFAULT_LIMIT, OUTAGE, late_by, take_turns, was_outage
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


@given(
    st.lists(st.tuples(st.integers(-90, 90), st.integers(0, 90)), max_size=12),
    st.integers(1, 15),
)
def test_turns_are_a_gap_apart_and_nobody_leaves_past_a_limit(
    spans: list[tuple[int, int]], minutes: int
) -> None:
    gap = minutes * MINUTE
    waiting = [(NOW + a * MINUTE, NOW + (a + b) * MINUTE) for a, b in spans]
    turns = take_turns(waiting, NOW, gap)
    given: list[datetime] = []
    for (not_before, no_later_than), turn in zip(waiting, turns, strict=True):
        if turn > no_later_than:
            assert no_later_than < NOW + len(given) * gap, "there was no turn in time"
            assert turn - no_later_than < SECOND, "so that it is missed on time"
        elif turn != not_before or turn == NOW + len(given) * gap:
            given.append(turn)
        else:
            assert turn > NOW + len(given) * gap, "it waits longer for a reason of its own"
    assert given == [NOW + n * gap for n in range(len(given))]


@pytest.mark.parametrize(
    ("waiting", "turns"),
    [
        ([], []),
        ([(NOW, NOW)], [NOW]),
        ([(NOW - HOUR, NOW + HOUR)] * 3, [NOW, NOW + 2 * MINUTE, NOW + 4 * MINUTE]),
        ([(NOW + LEAST, NOW + HOUR), (NOW, NOW + HOUR)], [NOW + LEAST, NOW]),
        ([(NOW - HOUR, NOW - LEAST), (NOW, NOW + HOUR)], [NOW, NOW]),
        ([(NOW, NOW + HOUR), (NOW, NOW + MINUTE)], [NOW, NOW + MINUTE + LEAST]),
    ],
)
def test_turns_to_the_microsecond(
    waiting: list[tuple[datetime, datetime]], turns: list[datetime]
) -> None:
    assert take_turns(waiting, NOW, 2 * MINUTE) == turns

"""How late is too late."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.lateness import DEFAULT_LIMIT, late_by
from tests.factories import HOUR, NOW, SECOND


def test_a_post_is_given_an_hour_unless_somebody_says_otherwise() -> None:
    assert DEFAULT_LIMIT == HOUR


def test_lateness_is_counted_from_the_due_time() -> None:
    assert late_by(NOW, NOW + 4 * SECOND) == 4 * SECOND


@given(st.timedeltas(timedelta(0), timedelta(days=900)))
def test_what_went_out_is_never_early_by_this_count(by: timedelta) -> None:
    assert late_by(NOW, NOW + by) == by

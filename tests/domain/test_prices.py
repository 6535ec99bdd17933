"""What posts cost, and the calendar months of every zone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain import prices, zones
from handbill.domain.prices import Billed, Month, Prices

TABLE = Prices(date(2026, 2, 1), Decimal("0.015"), Decimal("0.20"), Decimal("0.005"))


@pytest.mark.parametrize(
    ("parts", "dollars"),
    [
        ([], "0"),
        ([Billed(False)], "0.015"),
        ([Billed(True)], "0.20"),
        ([Billed(False, 4)], "0.035"),
        ([Billed(True, 1)], "0.205"),
        ([Billed(True), Billed(False), Billed(False, 1)], "0.235"),
    ],
)
def test_a_post_costs_what_its_parts_do(parts: list[Billed], dollars: str) -> None:
    assert prices.price(parts, TABLE) == Decimal(dollars)


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        ("0", "0.00"),
        ("0.2", "0.20"),
        ("0.2150", "0.215"),
        ("0.0001", "0.0001"),
        ("5", "5.00"),
        ("1E+3", "1000.00"),
    ],
)
def test_money_is_shown_with_its_cents_and_no_zeros_behind(dollars: str, shown: str) -> None:
    assert prices.plain(Decimal(dollars)) == shown
    assert prices.show(Decimal(dollars)) == f"${shown}"


def test_a_month_is_the_one_on_the_accounts_clocks() -> None:
    instant = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    paris = Month.of(instant, ZoneInfo("Europe/Paris"))
    assert str(paris) == "Dec 2026 (Europe/Paris)"
    assert paris.begins == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert paris.ends == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert str(Month.of(instant, ZoneInfo("America/Lima"))) == "Nov 2026 (America/Lima)"


def test_the_last_month_ends_with_the_calendar() -> None:
    assert Month(9999, 12, ZoneInfo("UTC")).ends.year == 9999


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(zones.names())).map(ZoneInfo),
)
def test_every_instant_lies_in_one_month_and_months_leave_no_gap(
    instant: datetime, zone: ZoneInfo
) -> None:
    month = Month.of(instant, zone)
    assert month.begins <= instant < month.ends
    assert Month.of(month.ends, zone).begins == month.ends
    last = (month.ends - timedelta(seconds=1)).astimezone(zone)
    assert (last.year, last.month) == (month.year, month.month)

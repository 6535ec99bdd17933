"""Weekly times: every way to write them, every zone, every change of the clocks."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench import dst
from handbill.domain import slots, zones
from handbill.errors import InputProblem

PARIS = ZoneInfo("Europe/Paris")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def walls(texts: list[str], place: str, after: str, count: int) -> list[str]:
    found = slots.upcoming(texts, ZoneInfo(place), utc(after))
    return [moment.wall for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["mon 09:00"], ["mon 09:00"]),
        (["Monday 9am"], ["mon 09:00"]),
        (["mon,wed 09:00"], ["mon 09:00", "wed 09:00"]),
        (["mon, wed  9:05 PM"], ["mon 21:05", "wed 21:05"]),
        (["thurs 12am", "thu 12pm"], ["thu 00:00", "thu 12:00"]),
        (["weekends 11:00"], ["sat 11:00", "sun 11:00"]),
        (["weekdays 18:00"], [f"{day} 18:00" for day in ("mon", "tue", "wed", "thu", "fri")]),
        (
            ["sun 08:00", "daily 9am"],
            [f"{day} 09:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat")]
            + ["sun 08:00", "sun 09:00"],
        ),
        (["fri 18:30", "mon 07:00", "friday 6:30pm"], ["mon 07:00", "fri 18:30"]),
        ([], []),
    ],
)
def test_what_is_written_is_kept_in_one_form_from_monday_on(
    texts: list[str], kept: list[str]
) -> None:
    assert slots.canonical(texts) == kept
    assert slots.canonical(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        *("", "mon", "09:00", "mon 9", "mon 24:00", "mon 09:60", "mon 13pm", "mon 0am"),
        *("mo 09:00", "mon,,wed 09:00", "mon 09:00:30", "lundi 09:00", "mon ٠٩:٠٠"),
        *("mon 09:00 wed", ", 9am"),
    ],
)
def test_what_is_no_weekly_time_is_refused(text: str) -> None:
    with pytest.raises(InputProblem) as refused:
        slots.canonical(["fri 18:00", text])
    assert refused.value.cure


def test_slots_come_in_order_and_later_than_asked() -> None:
    week = ["thu 18:30", "mon 09:00"]
    assert walls(week, "Europe/Paris", "2026-11-23 08:00", 3) == [
        "2026-11-26 18:30",
        "2026-11-30 09:00",
        "2026-12-03 18:30",
    ]
    assert walls(week, "Europe/Paris", "2026-11-23 07:59", 1) == ["2026-11-23 09:00"]
    assert walls([], "Europe/Paris", "2026-11-23 07:59", 1) == []


def test_a_slot_in_a_skipped_hour_comes_right_after_it_and_next_day_as_ever() -> None:
    assert walls(["daily 02:30"], "Europe/Paris", "2027-03-27 12:00", 2) == [
        "2027-03-28 03:00",
        "2027-03-29 02:30",
    ]


def test_two_slots_in_one_skipped_hour_come_once() -> None:
    week = ["sun 02:10", "sun 02:50", "sun 03:00", "sun 03:01"]
    assert walls(week, "Europe/Paris", "2027-03-27 12:00", 3) == [
        "2027-03-28 03:00",
        "2027-03-28 03:01",
        "2027-04-04 02:10",
    ]


def test_a_slot_in_a_doubled_hour_comes_the_first_time_only() -> None:
    found = slots.upcoming(["daily 02:30"], PARIS, utc("2026-10-24 12:00"))
    assert [moment.at for moment in islice(found, 2)] == [
        utc("2026-10-25 00:30"),
        utc("2026-10-26 01:30"),
    ]
    between = slots.upcoming(["daily 02:30"], PARIS, utc("2026-10-25 01:00"))
    assert next(between).at == utc("2026-10-26 01:30")


def test_a_day_that_a_zone_left_out_costs_no_slot() -> None:
    week = ["fri 18:00", "sat 00:00"]
    assert walls(week, "Pacific/Apia", "2011-12-30 00:00", 2) == [
        "2011-12-31 00:00",
        "2012-01-06 18:00",
    ]


def test_slots_end_with_the_calendar() -> None:
    assert walls(["daily 09:00"], "Asia/Tokyo", "9999-12-30 12:00", 9) == ["9999-12-31 09:00"]


def test_an_instant_is_a_slot_or_not() -> None:
    assert slots.is_one(utc("2026-11-23 08:00"), ["mon 09:00"], PARIS)
    assert not slots.is_one(utc("2026-11-23 08:01"), ["mon 09:00"], PARIS)
    assert not slots.is_one(utc("2026-11-23 08:00"), [], PARIS)


places = st.sampled_from(sorted(zones.names())).map(ZoneInfo)
weeks = st.lists(
    st.builds(slots.Slot, st.integers(0, 6), st.times().map(lambda t: t.replace(second=0))),
    min_size=1,
    max_size=6,
).map(lambda some: [str(slot) for slot in some])


@cache
def changes_of(name: str) -> list[datetime]:
    return list(dst.changes(ZoneInfo(name)))


@st.composite
def weeks_at_a_change(draw: st.DrawFn) -> tuple[list[str], ZoneInfo, datetime]:
    """A week with a slot within hours of a change of the clocks, and an instant before it."""
    place = draw(places)
    assume(changes_of(place.key))
    change = draw(st.sampled_from(changes_of(place.key)))
    minutes = draw(st.lists(st.integers(-200, 200), min_size=1, max_size=3))
    near = [change.astimezone(place).replace(tzinfo=None) + timedelta(minutes=m) for m in minutes]
    week = [str(slots.Slot(at.weekday(), at.time().replace(second=0))) for at in near]
    back = draw(st.timedeltas(timedelta(0), timedelta(days=3)))
    return week, place, change - back


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        weeks_at_a_change(),
        st.tuples(
            weeks,
            places,
            st.datetimes(
                datetime(2020, 1, 1),  # noqa: DTZ001
                datetime(2040, 12, 1),  # noqa: DTZ001
                timezones=st.just(UTC),
            ),
        ),
    )
)
def test_in_any_zone_slots_rise_and_are_on_time_and_come_once_a_day(
    case: tuple[list[str], ZoneInfo, datetime],
) -> None:
    week, place, after = case
    found = list(islice(slots.upcoming(week, place, after), 3 * len(week)))
    assert found[0].at > after
    assert all(one.at < two.at for one, two in pairwise(found))
    wanted = slots.canonical(week)
    shown = [datetime.fromisoformat(moment.wall) for moment in found]
    for moment, wall in zip(found, shown, strict=True):
        assert moment.at.astimezone(place).replace(tzinfo=None) == wall
        second_before = (moment.at - timedelta(seconds=1)).astimezone(place)
        in_order = second_before.replace(tzinfo=None) + timedelta(seconds=1)
        if in_order >= wall:  # no gap ends here: it is the slot's own time
            assert str(slots.Slot(wall.weekday(), wall.time())) in wanted
        else:
            assert [text for text in wanted if _is_skipped(text, in_order, wall)]
    assert len(set(shown)) == len(shown)
    assert not _missing(wanted, place, after, found[-1].at, {moment.at for moment in found})


def _is_skipped(text: str, gap: datetime, ends: datetime) -> bool:
    """Whether a slot lies in a gap from `gap` to `ends`, its end included."""
    (slot,) = slots.parse(text)
    days = ((gap + n * timedelta(days=1)).date() for n in range(3))
    walls = [datetime.combine(day, slot.clock) for day in days if day.weekday() == slot.weekday]
    return any(gap <= wall <= ends for wall in walls)


def _missing(
    week: list[str], place: ZoneInfo, after: datetime, until: datetime, found: set[datetime]
) -> list[datetime]:
    """By the definition: first instants of all slots in that time that were not found."""
    day, missing = after.astimezone(place).date(), []
    while datetime.combine(day, datetime.min.time(), UTC) < until + timedelta(days=2):
        for text in week:
            (slot,) = slots.parse(text)
            if slot.weekday != day.weekday():
                continue
            wall = datetime.combine(day, slot.clock)
            shown = dst.meanings(wall, place, _near(wall, place))
            if shown and after < shown[0] <= until and shown[0] not in found:
                missing.append(shown[0])
        day += timedelta(days=1)
    return missing


def _near(wall: datetime, place: ZoneInfo) -> datetime:
    """The change nearest to a wall time, else the time itself."""
    here = wall.replace(tzinfo=UTC)
    return min(changes_of(place.key), key=lambda change: abs(change - here), default=here)

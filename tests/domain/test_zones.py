"""Wall clocks and instants: every zone, every change of the clocks from 2020 to 2040."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench import dst
from handbill.domain import zones
from handbill.domain.zones import Fold
from handbill.errors import InputProblem

PARIS = ZoneInfo("Europe/Paris")
#: 2027-03-28: 02:00 is followed by 03:00. 2026-10-25: 02:00 to 03:00 happens twice.
SKIPPED = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001
DOUBLED = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "EST"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert zones.zone(name).key == name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Pari", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("EUROPE/PARIS", "Europe/Paris"),
        (" Europe/Paris", "Europe/Paris"),
        ("utc", "UTC"),
        ("America/New York", "America/New_York"),
        ("Paris", "Europe/Paris"),
        ("berlin", "Europe/Berlin"),
    ],
)
def test_a_misspelled_zone_is_refused_with_the_right_spelling(name: str, meant: str) -> None:
    with pytest.raises(InputProblem, match="no time zone") as refused:
        zones.zone(name)
    assert meant in re.split(r"[ ?]", refused.value.cure)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "../etc/passwd", "/etc/passwd", "/usr/share/zoneinfo/UTC", "Europe/../UTC", "."),
        *(
            "Europe",
            "Europe/",
            "posix/UTC",
            "localtime",
            "Factory",
            "a\x00b",
            "\ud800",
            "x" * 10_000,
        ),
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InputProblem, match="no time zone") as refused:
        zones.zone(name)
    assert refused.value.cure
    assert len(str(refused.value)) < 500


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_any_text_is_a_zone_or_refused(name: str) -> None:
    with suppress(InputProblem):
        assert zones.zone(name).key == name


@pytest.mark.parametrize("fold", [None, *Fold])
def test_an_ordinary_time_is_resolved_and_a_fold_does_no_harm(fold: Fold | None) -> None:
    assert zones.resolve(wall("2026-11-27 18:30"), PARIS, fold) == utc("2026-11-27 17:30")


@pytest.mark.parametrize("fold", [None, *Fold])
def test_a_skipped_time_is_refused_with_a_time_on_either_side(fold: Fold | None) -> None:
    with pytest.raises(InputProblem) as refused:
        zones.resolve(SKIPPED, PARIS, fold)
    assert str(refused.value) == (
        "2027-03-28 02:30 does not exist in Europe/Paris: the clocks go from "
        "2027-03-28 02:00 straight to 2027-03-28 03:00. "
        'Take "2027-03-28 01:59" or "2027-03-28 03:30".'
    )


@pytest.mark.parametrize(
    ("place", "skipped", "proposed"),
    [
        ("Europe/Paris", "2027-03-28 02:00", ["2027-03-28 01:59", "2027-03-28 03:00"]),
        ("Europe/Paris", "2027-03-28 02:59:59", ["2027-03-28 01:59", "2027-03-28 03:59:59"]),
        ("Australia/Lord_Howe", "2026-10-04 02:15", ["2026-10-04 01:59", "2026-10-04 02:45"]),
        ("Antarctica/Troll", "2026-03-29 02:30", ["2026-03-29 00:59", "2026-03-29 04:30"]),
        ("Africa/Cairo", "2026-04-24 00:30", ["2026-04-23 23:59", "2026-04-24 01:30"]),
        ("Pacific/Apia", "2011-12-30 18:30", ["2011-12-29 23:59", "2011-12-31 18:30"]),
    ],
)
def test_the_proposals_for_a_skipped_time(place: str, skipped: str, proposed: list[str]) -> None:
    with pytest.raises(InputProblem) as refused:
        zones.resolve(wall(skipped), ZoneInfo(place))
    assert re.findall('"(.*?)"', refused.value.cure) == proposed


def test_a_doubled_time_is_refused_until_one_of_the_two_is_chosen() -> None:
    with pytest.raises(InputProblem) as refused:
        zones.resolve(DOUBLED, PARIS)
    assert str(refused.value) == (
        "2026-10-25 02:30 happens twice in Europe/Paris: at 2026-10-25 00:30 UTC and at "
        "2026-10-25 01:30 UTC. Choose with --fold earlier or --fold later."
    )
    assert zones.resolve(DOUBLED, PARIS, Fold.EARLIER) == utc("2026-10-25 00:30")
    assert zones.resolve(DOUBLED, PARIS, Fold.LATER) == utc("2026-10-25 01:30")


def test_the_fold_attribute_of_a_naive_time_chooses_nothing() -> None:
    with pytest.raises(InputProblem, match="twice"):
        zones.resolve(DOUBLED.replace(fold=1), PARIS)


@pytest.mark.parametrize(
    ("text", "place"), [("0001-01-01 00:00", "Asia/Tokyo"), ("9999-12-31 23:00", "America/Lima")]
)
def test_a_time_outside_the_calendar_is_refused(text: str, place: str) -> None:
    with pytest.raises(InputProblem, match="outside the years"):
        zones.resolve(wall(text), ZoneInfo(place))


def test_a_time_with_a_zone_of_its_own_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        zones.resolve(utc("2026-11-27 18:30"), PARIS)
    with pytest.raises(ValueError, match="carries its zone"):
        zones.show(wall("2026-11-27 18:30"), PARIS)


@pytest.mark.parametrize(
    ("instant", "place", "shown"),
    [
        ("2026-11-27 17:30", "Europe/Paris", "Fri 27 Nov 2026 18:30 CET (Europe/Paris)"),
        ("2026-07-05 17:30:09", "Europe/Paris", "Sun 5 Jul 2026 19:30:09 CEST (Europe/Paris)"),
        ("2026-05-01 21:30", "America/Bahia", "Fri 1 May 2026 18:30 UTC-03:00 (America/Bahia)"),
        ("2026-11-27 12:00", "Asia/Kathmandu", "Fri 27 Nov 2026 17:45 UTC+05:45 (Asia/Kathmandu)"),
        ("2026-11-27 12:00", "UTC", "Fri 27 Nov 2026 12:00 UTC (UTC)"),
        ("2026-10-25 00:30", "Europe/Paris", "Sun 25 Oct 2026 02:30 CEST (Europe/Paris)"),
        ("2026-10-25 01:30", "Europe/Paris", "Sun 25 Oct 2026 02:30 CET (Europe/Paris)"),
    ],
)
def test_an_instant_is_shown_with_day_clock_and_zone(instant: str, place: str, shown: str) -> None:
    assert zones.show(utc(instant), ZoneInfo(place)) == shown


def test_seconds_are_shown_only_if_they_are_not_zero() -> None:
    assert zones.wall(wall("2026-11-27 18:30:00.5")) == "2026-11-27 18:30"
    assert zones.wall(wall("2026-11-27 18:30:01")) == "2026-11-27 18:30:01"


places = st.sampled_from(sorted(zones.names())).map(ZoneInfo)


@cache
def changes_of(name: str) -> list[datetime]:
    return list(dst.changes(ZoneInfo(name)))


@st.composite
def times_near_a_change(draw: st.DrawFn) -> tuple[datetime, ZoneInfo, list[datetime]]:
    """A wall time within hours of a change, its zone, and the instants at which clocks show it."""
    place = draw(places)
    changes = changes_of(place.key)
    assume(changes)
    change = draw(st.sampled_from(changes))
    shift = draw(st.timedeltas(timedelta(hours=-4), timedelta(hours=4)))
    at = change.astimezone(place).replace(tzinfo=None) + shift
    return at, place, dst.meanings(at, place, change)


@settings(max_examples=150, deadline=None)
@given(times_near_a_change())
def test_near_any_change_a_time_is_resolved_refused_or_chosen(
    case: tuple[datetime, ZoneInfo, list[datetime]],
) -> None:
    at, place, meanings = case
    if len(meanings) == 1:
        assert zones.resolve(at, place) == meanings[0]
        assert {zones.resolve(at, place, fold) for fold in Fold} == set(meanings)
        return
    with pytest.raises(InputProblem) as refused:
        zones.resolve(at, place)
    if meanings:
        assert [zones.resolve(at, place, fold) for fold in Fold] == meanings
        assert all(zones.wall(instant) in refused.value.says for instant in meanings)
        return
    early, late = (zones.resolve(wall(t), place) for t in re.findall('"(.*?)"', refused.value.cure))
    assert early < late


@settings(max_examples=150, deadline=None)
@given(places, st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31)))  # noqa: DTZ001
def test_a_time_that_happens_once_comes_back_as_it_went(place: ZoneInfo, at: datetime) -> None:
    try:
        instant = zones.resolve(at, place)
    except InputProblem:
        assume(False)
    assert instant.tzinfo is UTC
    assert instant.astimezone(place).replace(tzinfo=None) == at


def meanings(at: datetime, place: ZoneInfo) -> list[datetime]:
    """The definition: every instant at which the clocks of `place` show `at`.

    Each offset that is in force there within a day and a half is tried; none is further from UTC.
    """
    middle = at.replace(tzinfo=UTC)
    instants = [middle + timedelta(minutes=30 * n) for n in range(-72, 73)]
    offsets = {instant.astimezone(place).utcoffset() for instant in instants}
    tried = [middle - offset for offset in offsets if offset is not None]
    return sorted(t for t in tried if t.astimezone(place).replace(tzinfo=None) == at)


@settings(max_examples=250, deadline=None)
@given(places, st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31)))  # noqa: DTZ001
def test_any_time_in_any_zone_is_resolved_as_the_definition_says(
    place: ZoneInfo, at: datetime
) -> None:
    is_the_definition(at, place)


@settings(max_examples=60, deadline=None)
@given(times_near_a_change())
def test_any_time_near_a_change_is_resolved_as_the_definition_says(
    case: tuple[datetime, ZoneInfo, list[datetime]],
) -> None:
    is_the_definition(*case[:2])


def is_the_definition(at: datetime, place: ZoneInfo) -> None:
    found = meanings(at, place)
    for number, fold in enumerate(Fold):
        if found:
            assert zones.resolve(at, place, fold) == found[min(number, len(found) - 1)]
        else:
            with pytest.raises(InputProblem, match="does not exist"):
                zones.resolve(at, place, fold)
    if len(found) == 1:
        assert zones.resolve(at, place) == found[0]
    else:
        with pytest.raises(InputProblem):
            zones.resolve(at, place)


def test_the_walk_over_all_changes_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert dst.run(short=True) == 0
    found = re.fullmatch(
        r"dst zones=(\d+) transitions=(\d+) checks=(\d+) wrong=0\n", capsys.readouterr().out
    )
    assert found
    assert [int(number) > 0 for number in found.groups()] == [True] * 3


def test_the_walk_over_all_changes_can_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A resolver that reads every doubled and skipped hour the usual careless way is caught."""
    monkeypatch.setattr(
        zones, "resolve", lambda naive, zone, _=None: naive.replace(tzinfo=zone).astimezone(UTC)
    )
    assert dst.run(short=True) == 1
    assert "wrong=0" not in capsys.readouterr().out

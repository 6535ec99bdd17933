"""The strict grammar of times: what is read, what is refused, what is left to a guess."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain import zones
from handbill.domain.when import Moment, parse
from handbill.domain.zones import Fold
from handbill.errors import InputProblem

PARIS = ZoneInfo("Europe/Paris")
#: A Friday; 18:00 on the clocks of Paris.
NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def in_paris(text: str, now: datetime = NOW, fold: Fold | None = None) -> Moment:
    moment = parse(text, now, PARIS, fold)
    assert moment is not None
    return moment


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("now", "2026-11-20 18:00"),
        ("  NOW\t", "2026-11-20 18:00"),
        ("+2h", "2026-11-20 20:00"),
        ("+90m", "2026-11-20 19:30"),
        ("+1d2h", "2026-11-21 20:00"),
        ("+ 45 s", "2026-11-20 18:00:45"),
        ("2026-11-27 18:30", "2026-11-27 18:30"),
        ("2026-11-27 18:30:00", "2026-11-27 18:30"),
        ("2026-11-27 18:30:15", "2026-11-27 18:30:15"),
        ("2026-11-27T18:30", "2026-11-27 18:30"),
        ("2026-11-27t18:30:00.000", "2026-11-27 18:30"),
        ("2026-11-27 6:30pm", "2026-11-27 18:30"),
        ("2020-01-01 00:00", "2020-01-01 00:00"),
        ("fri 18:30", "2026-11-20 18:30"),
        ("fri 18:00:01", "2026-11-20 18:00:01"),
        ("fri 18:00", "2026-11-27 18:00"),
        ("fri 9am", "2026-11-27 09:00"),
        ("Friday 6pm", "2026-11-27 18:00"),
        ("thu 18:30", "2026-11-26 18:30"),
        ("sat 00:00", "2026-11-21 00:00"),
        ("MONDAY 9:30pm", "2026-11-23 21:30"),
        ("tues 12am", "2026-11-24 00:00"),
        ("wed 12pm", "2026-11-25 12:00"),
        ("thurs 12:30 am", "2026-11-26 00:30"),
        ("sunday 12:05PM", "2026-11-22 12:05"),
        ("today 18:00", "2026-11-20 18:00"),
        ("today 9:05", "2026-11-20 09:05"),
        ("tomorrow 9am", "2026-11-21 09:00"),
        ("Tomorrow  09:30", "2026-11-21 09:30"),
        ("27 Nov 2026 18:30", "2026-11-27 18:30"),
        ("fri 27 november 2026 6pm", "2026-11-27 18:00"),
    ],
)
def test_a_time_in_the_grammar_is_read(text: str, wall: str) -> None:
    moment = in_paris(text)
    assert (moment.wall, moment.zone) == (wall, "Europe/Paris")
    assert moment.at == zones.resolve(datetime.fromisoformat(wall), PARIS)
    assert moment.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2026-11-27T18:30Z", "2026-11-27 19:30"),
        ("2026-11-27 18:30 UTC", "2026-11-27 19:30"),
        ("2026-11-27T18:30:00.000Z", "2026-11-27 19:30"),
        ("2026-11-27T18:30+01:00", "2026-11-27 18:30"),
        ("2026-11-27T18:30+0100", "2026-11-27 18:30"),
        ("2026-11-27T18:30+01", "2026-11-27 18:30"),
        ("2026-11-27 18:30:15 -08:00", "2026-11-28 03:30:15"),
        ("2026-11-27T18:30+05:45", "2026-11-27 13:45"),
        ("2026-10-25T02:30+02:00", "2026-10-25 02:30"),
        ("Fri 27 Nov 2026 18:30 CET (Europe/Paris)", "2026-11-27 18:30"),
        ("Fri 27 Nov 2026 18:30 PST (America/Los_Angeles)", "2026-11-28 03:30"),
        ("Fri 27 Nov 2026 18:30 UTC-03:00 (America/Sao_Paulo)", "2026-11-27 22:30"),
    ],
)
def test_an_exact_instant_is_kept_and_its_wall_is_that_of_the_zone(text: str, wall: str) -> None:
    moment = in_paris(text)
    assert (moment.wall, moment.zone) == (wall, "Europe/Paris")
    assert zones.wall(moment.at.astimezone(PARIS)) == wall


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-32 18:30", "no day 2026-11-32"),
        ("32 Nov 2026 18:30", "no day 2026-11-32"),
        ("2026-13-01 18:30", "no day 2026-13-01"),
        ("2027-02-29 18:30", "no day 2027-02-29"),
        ("0000-01-01 18:30", "no day 0000-01-01"),
        ("10000-01-01 18:30", "no day 10000-01-01"),
        ("999999999999-01-01 18:30", "no day"),
        ("2026-11-27 25:00", "No clock shows '25:00'"),
        ("today 24:00", "No clock shows '24:00'"),
        ("fri 18:60", "No clock shows '18:60'"),
        ("fri 23:59:60", "No clock shows '23:59:60'"),
        ("tomorrow 13pm", "No clock shows '13pm'"),
        ("tomorrow 0am", "No clock shows '0am'"),
        ("tomorrow 18:30pm", "No clock shows '18:30pm'"),
        ("2026-11-27", "say at what time"),
        ("27 Nov 2026", "say at what time"),
        ("fri", "say at what time"),
        ("today", "say at what time"),
        ("Tomorrow", "say at what time"),
        ("2026-11-27 18:30+24:00", "no offset"),
        ("2026-11-27 18:30-01:60", "no offset"),
        ("thu 27 Nov 2026 18:30", "not a thu but a Fri"),
        ("27 Nov 2026 18:30 CEST (Europe/Paris)", "not on CEST"),
        ("27 Nov 2026 18:30 CET (Europe/Pari)", "no time zone"),
        ("28 Mar 2027 02:30 CET (Europe/Paris)", "does not exist"),
        ("2027-03-28 02:30", "does not exist"),
        ("2026-10-25 02:30", "happens twice"),
        ("+0h", "no time at all"),
        ("+", "not a length"),
        ("+soon", "not a length"),
        ("+2h sharp", "not a length"),
        ("+999999999w", "too long"),
        ("+9999999d", "outside the years"),
        ("9999-12-31 23:59-05:00", "outside the years"),
        ("0001-01-01 00:00", "outside the years"),
    ],
)
def test_a_time_in_the_grammar_that_is_wrong_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputProblem) as refused:
        parse(text, NOW, PARIS)
    assert says in refused.value.says
    assert refused.value.cure


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "soon",
            "18:30",
            "9am",
            "25:00",
            "1764264600",
            "noon",
            "today noon",
            "tomorrow 9",
        ),
        *("next friday 18:30", "fri at 18:30", "friday, 6pm", "fri 1830", "fri 18.30", "-2h", "2h"),
        *("27/11/2026 18:30", "11-27 18:30", "2026-11-7 18:30", "2026-11-27 18", "27 nov 18:30"),
        *(
            "2026-11-27T18:30:15.250Z",
            "2026-11-27 18:30 CET",
            "27 Nov 2026 18:30 CET",
            "release-2d",
        ),
        *("２026-11-27 18:30", "fri ١٨:30", "ſun 18:30", "now\x00", "2026-11-27 18:30\n19:30"),
    ],
)
def test_what_is_not_in_the_grammar_is_left_alone(text: str) -> None:
    assert parse(text, NOW, PARIS) is None


def test_the_fold_chooses_one_of_a_doubled_time() -> None:
    first, second = (in_paris("2026-10-25 02:30", fold=fold) for fold in Fold)
    assert second.at - first.at == timedelta(hours=1)
    assert first.wall == second.wall == "2026-10-25 02:30"


def test_a_doubled_time_is_shown_so_that_it_is_read_back_without_a_fold() -> None:
    for fold in Fold:
        at = in_paris("2026-10-25 02:30", fold=fold).at
        assert in_paris(zones.show(at, PARIS)).at == at


#: 02:15 on the night of the change, first time round.
FIRST_ROUND = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)


def test_a_weekday_within_a_doubled_hour_is_the_next_one_still_ahead() -> None:
    assert in_paris("sun 02:10", FIRST_ROUND, Fold.LATER).at == FIRST_ROUND + timedelta(minutes=55)
    assert in_paris("sun 02:10", FIRST_ROUND, Fold.EARLIER).wall == "2026-11-01 02:10"
    assert in_paris("sun 02:30", FIRST_ROUND, Fold.EARLIER).at == FIRST_ROUND + timedelta(
        minutes=15
    )
    with pytest.raises(InputProblem, match="happens twice"):
        parse("sun 02:10", FIRST_ROUND, PARIS)


def test_a_weekday_whose_doubled_hour_is_over_is_next_weeks() -> None:
    assert in_paris("sun 02:30", FIRST_ROUND + timedelta(hours=9)).wall == "2026-11-01 02:30"


def test_elapsed_time_is_elapsed_time_across_a_change_of_the_clocks() -> None:
    assert in_paris("+1d", datetime(2026, 10, 24, 16, 0, tzinfo=UTC)).wall == "2026-10-25 17:00"
    assert in_paris("+2h", datetime(2027, 3, 28, 0, 30, tzinfo=UTC)).wall == "2027-03-28 04:30"


def test_tomorrow_is_the_zones_tomorrow() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert in_paris("tomorrow 9am", late).wall == "2026-11-22 09:00"
    assert parse("tomorrow 9am", late, "America/New_York") == Moment(
        datetime(2026, 11, 21, 14, 0, tzinfo=UTC), "2026-11-21 09:00", "America/New_York"
    )


def test_a_moment_is_a_whole_second_and_never_early() -> None:
    ragged = NOW + timedelta(microseconds=1)
    assert in_paris("now", ragged).at == NOW + timedelta(seconds=1)
    assert in_paris("now", ragged).wall == "2026-11-20 18:00:01"
    assert in_paris("+2h", ragged).at == NOW + timedelta(hours=2, seconds=1)


def test_an_unknown_zone_is_refused_and_a_naive_now_is_a_bug() -> None:
    with pytest.raises(InputProblem, match="no time zone"):
        parse("now", NOW, "Europe/Pari")
    with pytest.raises(ValueError, match="aware"):
        parse("now", NOW.replace(tzinfo=None), PARIS)


instants = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001
    datetime(2040, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda instant: instant.replace(microsecond=0))
places = st.sampled_from(sorted(zones.names())).map(ZoneInfo)


@settings(max_examples=150, deadline=None)
@given(instants, places, places)
def test_whatever_is_shown_is_read_back_anywhere(
    instant: datetime, there: ZoneInfo, here: ZoneInfo
) -> None:
    assert parse(zones.show(instant, there), NOW, here) == Moment.of(instant, here)


@settings(max_examples=150, deadline=None)
@given(instants, places)
def test_the_wall_of_a_moment_names_it_again(instant: datetime, place: ZoneInfo) -> None:
    moment = Moment.of(instant, place)
    again = [parse(moment.wall, NOW, place, fold) for fold in Fold]
    assert moment in again


PIECES = (
    *("now", "+", "2h", "fri", "today", "tomorrow", "18:30", "25:00", "02:30", "12am", "13pm"),
    *("2026-10-25", "2027-03-28", "9999-12-31", "0001-01-01", "10000-01-01", "2026-11-32", "T"),
    *(
        "Z",
        "+14:00",
        "-12:00",
        "+99",
        "27 Nov 2026",
        "CET",
        "(Europe/Paris)",
        "(Nowhere)",
        " ",
        "9",
    ),
)
nearly = st.lists(st.sampled_from(PIECES), max_size=6).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda gap: gap.join(pieces))
)
edges = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])


@settings(max_examples=400, deadline=None)
@given(st.text() | nearly, instants | edges, places, st.sampled_from([None, *Fold]))
def test_any_text_is_read_left_alone_or_refused(
    text: str, now: datetime, place: ZoneInfo, fold: Fold | None
) -> None:
    with suppress(InputProblem):
        moment = parse(text, now, place, fold)
        assert moment is None or moment.at.microsecond == 0

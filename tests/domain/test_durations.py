"""Lengths of time: what is read, what is refused, and that what is spelled is exact."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.durations import parse_duration, spell
from handbill.errors import InputProblem


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(hours=24)),
        ("1w", timedelta(days=7)),
        ("1d12h", timedelta(hours=36)),
        ("2h30m", timedelta(minutes=150)),
        ("1w 2d 3h 4m 5s", timedelta(days=9, hours=3, minutes=4, seconds=5)),
        ("60 min", timedelta(hours=1)),
        ("2 hours", timedelta(hours=2)),
        ("1 Hour 30 MINUTES", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("0.1s", timedelta(microseconds=100_000)),
        ("  2h\n", timedelta(hours=2)),
        ("0h 5m", timedelta(minutes=5)),
    ],
)
def test_a_length_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "h",
            "2",
            "2x",
            "two hours",
            "-2h",
            "+2h",
            "--2h",
            "2h-30m",
            "1,5h",
            ".5h",
            "1.h",
        ),
        *("30m2h", "2h2h", "2h, 30m", "1 month", "1 year", "1e3s", "nan h", "0x10h", "2 h 30"),
        *("٢h", "２h", "2ſ", "2h\x00", "9" * 5000 + "s"),
    ],
)
def test_what_is_no_length_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputProblem, match="is not a length of time") as refused:
        parse_duration(text)
    assert "2h30m" in refused.value.cure
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("text", ["0s", "0h0m", "0.0000001s"])
def test_a_length_of_zero_is_refused(text: str) -> None:
    with pytest.raises(InputProblem, match="no time at all"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["999999999w", "999999999999999d"])
def test_a_length_beyond_all_calendars_is_refused(text: str) -> None:
    with pytest.raises(InputProblem, match="too long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=2, hours=12), "2 days 12 h"),
        (timedelta(weeks=1), "7 days"),
        (timedelta(microseconds=500_000), "0.5 s"),
        (timedelta(seconds=60, microseconds=1), "1 min 0.000001 s"),
        (timedelta(0), "0 s"),
        (timedelta(minutes=-90), "minus 1 h 30 min"),
        (timedelta(seconds=10), "10 s"),
    ],
)
def test_a_length_is_spelled(length: timedelta, words: str) -> None:
    assert spell(length) == words


@given(st.timedeltas(min_value=timedelta(microseconds=1)))
def test_what_is_spelled_is_read_back_exactly(length: timedelta) -> None:
    assert parse_duration(spell(length)) == length


@given(st.text() | st.from_regex(r"\A([0-9.]{1,5} ?[wdhms] ?){1,3}\Z"))
def test_any_text_is_a_length_above_zero_or_refused(text: str) -> None:
    with suppress(InputProblem):
        assert parse_duration(text) > timedelta(0)

"""Guesses at freer English: right, or None; and as strict as the grammar about the clocks."""

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain.zones import Fold
from handbill.errors import InputProblem
from handbill.services.guessing import guess

#: A Friday; 12:07:09 on the clocks of Paris.
NOW = datetime(2026, 11, 20, 11, 7, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("next friday 18:30", "2026-11-27 18:30"),
        ("at 18:30 on friday", "2026-11-27 18:30"),
        ("nov 27 at 6:30pm", "2026-11-27 18:30"),
        ("Nov. 27, 2026, 6:30 p.m.", "2026-11-27 18:30"),
        ("friday the 27th 6pm", "2026-11-27 18:00"),
        ("27/11/2026 18:30", "2026-11-27 18:30"),
        ("18:30", "2026-11-20 18:30"),
        ("9am", "2026-11-21 09:00"),
        ("tomorrow at noon", "2026-11-21 12:00"),
        ("day after tomorrow 9am", "2026-11-22 09:00"),
        ("in 3 days at 6pm", "2026-11-23 18:00"),
        ("in two hours", "2026-11-20 14:07:09"),
        ("in 2.5 hours", "2026-11-20 14:37:09"),
        ("27 nov 6pm UTC", "2026-11-27 19:00"),
        ("Fri, 27 Nov 2026 18:30:00 +0000", "2026-11-27 19:30"),
    ],
)
def test_a_plain_phrase_is_guessed(text: str, wall: str) -> None:
    moment = guess(text, NOW, "Europe/Paris")
    assert moment is not None
    assert (moment.wall, moment.zone) == (wall, "Europe/Paris")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("whenever", "no time"),
        ("27 november", "no time of day"),
        ("tomorrow", "no time of day"),
        ("next week", "no time of day"),
        ("tomorrow at 9", "the 9 would be ignored"),
        ("tomorrow night 9", "the 9 would be ignored"),
        ("18h", "would be read as in 18 hours"),
        ("tomorrow 18h", "would be read as in 42 hours"),
        ("2 hours ago", "not a time to post"),
        ("32 nov 18:30", "would be read as November 2032"),
        ("may 6pm", "would be given today's day"),
        ("the 5th at 6pm", "would be read as May"),
        ("thursday 27 nov 6pm", "is a Friday"),
        ("03/04/2027 18:30", "March or April"),
        ("12.11. 18:30", "November or December"),
        ("27 jul 2027 6pm ET", "would be read as winter time"),
        ("27 nov 6pm IST", "Israel or India"),
        ("27 nov 2026 18:30 [fr]", "brackets would be ignored"),
        ("1764264600", "would depend on the zone of this machine"),
        ("27 nov 6pm or 7pm", "two times"),
        ("٢٧ nov 18:30", "digits of another script"),
        ("27 nov 2026 18:30" + " " * 90 + "." * 90, "too long"),
        ("in 99999999 hours", "beyond all calendars"),
        ("", "nothing"),
    ],
)
def test_what_would_be_misread_is_not_guessed(text: str, why: str) -> None:
    assert guess(text, NOW, "Europe/Paris") is None, why


def test_hours_are_elapsed_time_across_a_change_of_the_clocks() -> None:
    before = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    moment = guess("in 2 hours", before, "Europe/Paris")
    assert moment is not None
    assert (moment.at - before, moment.wall) == (timedelta(hours=2), "2027-03-28 04:30")


def test_a_guess_at_a_skipped_or_doubled_hour_is_refused() -> None:
    with pytest.raises(InputProblem, match="does not exist"):
        guess("march 28 2027 at 2:30", NOW, "Europe/Paris")
    with pytest.raises(InputProblem, match="happens twice"):
        guess("oct 31 2027 at 2:30", NOW, "Europe/Paris")
    chosen = guess("oct 31 2027 at 2:30", NOW, "Europe/Paris", Fold.LATER)
    assert chosen is not None
    assert chosen.at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_naive_now_is_a_bug() -> None:
    with pytest.raises(ValueError, match="aware"):
        guess("6pm", NOW.replace(tzinfo=None), "UTC")


def test_the_heavy_library_is_not_imported_before_a_guess() -> None:
    code = "import handbill.services.guessing, sys; sys.exit('dateparser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


WORDS = (
    *("27", "32", "nov", "friday", "tomorrow", "next", "6pm", "02:30", "noon", "in", "2", "hours"),
    *("days", "weeks", "9999", "0001", "utc", "+14:00", "-12:00", "at", "the", ",", "/", "3/4"),
)
phrases = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(phrases | st.text(max_size=30), st.sampled_from(["Pacific/Kiritimati", "America/Lima"]))
def test_any_text_is_guessed_left_alone_or_refused(text: str, place: str) -> None:
    with suppress(InputProblem):
        moment = guess(text, NOW, place)
        assert moment is None or moment.zone == place

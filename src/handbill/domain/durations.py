"""Lengths of time as people write them: `2h30m`, `60 min`, and back. Never a month or a year."""

import re
from datetime import timedelta
from fractions import Fraction

from handbill.errors import InputProblem

#: Largest first: the order in which the parts of a length must be written.
_UNITS = (
    ("weeks", r"weeks?|w", 7 * 86_400),
    ("days", r"days?|d", 86_400),
    ("hours", r"hours?|hrs?|h", 3_600),
    ("minutes", r"minutes?|mins?|m", 60),
    ("seconds", r"seconds?|secs?|s", 1),
)
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
# ASCII, because under IGNORECASE alone the long s of old German print is a second.
_LENGTH = re.compile(
    r"\s*".join(rf"(?:(?P<{unit}>{_NUMBER})\s*(?:{names}))?" for unit, names, _ in _UNITS),
    re.ASCII | re.IGNORECASE,
)
_CURE = "Write it like 90s, 15m, 2h30m, 1d12h or 1w."


def parse_duration(text: str) -> timedelta:
    """The length that `text` names, rounded to the microsecond.

    Parts go from the largest unit to the smallest, each at most once; a day is 24 hours. Raises
    InputProblem for anything else, for a length that is not above zero and for one too long to add.
    """
    found = _LENGTH.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise InputProblem(f"{text[:40]!r} is not a length of time.", _CURE)
    seconds = sum(Fraction(found[unit] or 0) * size for unit, _, size in _UNITS)
    try:
        length = timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        raise InputProblem(f"{text[:40]!r} is too long.", _CURE) from None
    if not length:
        raise InputProblem(f"{text[:40]!r} is no time at all.", _CURE)
    return length


def spell(length: timedelta) -> str:
    """`2 h 30 min`, `1 day`, `45 s`: exact; `parse_duration` reads it back if above zero."""
    if length < timedelta(0):
        return f"minus {spell(-length)}"
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    exact_seconds = f"{seconds}.{length.microseconds:06}".rstrip("0").rstrip(".")
    parts = (
        (length.days, f"{length.days} {'day' if length.days == 1 else 'days'}"),
        (hours, f"{hours} h"),
        (minutes, f"{minutes} min"),
        (seconds or length.microseconds, f"{exact_seconds} s"),
    )
    return " ".join(words for amount, words in parts if amount) or "0 s"

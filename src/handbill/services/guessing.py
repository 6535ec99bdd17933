"""Reads freer English than the grammar of `when`. A guess is shown and confirmed, never queued.

What dateparser is known to misread is given back as None: no reading rather than a wrong one.
"""

import re
import warnings
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from handbill.domain import zones
from handbill.domain.when import Moment
from handbill.domain.zones import DAYS, MONTHS, Fold

_LONGEST = 100
_HOURS = re.compile(r"(?<![a-z])(?:h|hrs?|hours?|mins?|minutes?|secs?|seconds?)\b", re.I)
_ELAPSED = re.compile(r"(?!.*(?:month|year|decade|:|\d ?[ap]\.?m))(?:in .*|.* from now)", re.I)
# 3/4 is April to one half of the world and March to the other.
_EITHER_WAY_ROUND = re.compile(r"(?<![\d./-])(0?[1-9]|1[0-2])[./-](?!0?\1\b)(0?[1-9]|1[0-2])\b")
_CLOCK = re.compile(r"\b\d?\d(?:[:.]\d\d(?::\d\d)?(?: ?[ap]\.?m)?| ?[ap]\.?m)\b", re.I)
_COUNTED = {"Day", "Wee", "For"}  # days, weeks, fortnights: their number is no day of the month
# No letters but these: EST is said in summer too, and CST, IST and BST have two meanings each.
_OFFSET = re.compile(r"\b(?:utc|gmt)\b|z\b|[+-]\d\d:?\d\d\b", re.I)


def guess(
    text: str, now: datetime, zone: ZoneInfo | str, fold: Fold | None = None
) -> Moment | None:
    """What `text` probably means at `now` in `zone`, or None. A person must confirm it.

    Raises InputProblem if the guess falls on a time that a change of the clocks skips, or doubles
    while `fold` does not say which is meant.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    place = zones.zone(zone) if isinstance(zone, str) else zone
    text = " ".join(text.split())
    if len(text) > _LONGEST or not text.isascii() or re.search(r"[][(){}<>]", text):
        return None
    try:
        if _HOURS.search(text):
            return _elapsed(text, now, place)
        return _on_the_clock(text, now, place, fold)
    except OverflowError:  # a year before 1 or after 9999
        return None


def _on_the_clock(text: str, now: datetime, zone: ZoneInfo, fold: Fold | None) -> Moment | None:
    """`the 27th at 6pm`: a day and its wall clock, resolved as strictly as the grammar's."""
    read = _read(text, now.astimezone(zone).replace(tzinfo=None))
    if read is None or not _trustworthy(text, read):
        return None
    if read.tzinfo is None:
        return Moment.of(zones.resolve(read, zone, fold), zone)
    return Moment.of(read, zone) if _OFFSET.search(text) else None


def _elapsed(text: str, now: datetime, zone: ZoneInfo) -> Moment | None:
    """`in two hours`, counted in UTC: on a local clock it is off by an hour across a change."""
    if not _ELAPSED.fullmatch(text):  # "18h" is a clock time in half of Europe
        return None
    base = now.astimezone(UTC).replace(tzinfo=None)
    read = _dateparser(text, base).date_obj
    if read is None or read.tzinfo is not None or _ignores_a_number(text, base, read):
        return None
    return Moment.of(read.replace(tzinfo=UTC), zone)


def _read(text: str, base: datetime) -> datetime | None:
    """dateparser's reading, if it found a time of day and took every number into account."""
    data = _dateparser(text, base)
    read: datetime | None = data.date_obj
    if read is None or data.period != "time" or _ignores_a_number(text, base, read):
        return None
    return read


def _ignores_a_number(text: str, base: datetime, read: datetime) -> bool:
    """Whether some number can change its last digit and leave the reading as it was."""
    for digit in re.finditer(r"\d(?!\d)", text):
        other = str((int(digit[0]) + 1) % 10)
        changed = text[: digit.start()] + other + text[digit.end() :]
        if _dateparser(changed, base).date_obj == read:
            return True
    return False


def _trustworthy(text: str, read: datetime) -> bool:
    """Whether the words of `text` agree with the reading: dateparser lets some contradict it."""
    words = {word[:3].capitalize() for word in re.findall(r"[A-Za-z]+", text)}
    days, months = words & set(DAYS), words & set(MONTHS)
    # "32 nov" is read as November 2032, "may 6pm" and "the 5th, 6pm" as today's day in May.
    numbers = {int(number) for number in re.findall(r"\d+", _CLOCK.sub(" ", text))}
    if days and days != {DAYS[read.weekday()]}:
        return False
    if months:
        return months == {MONTHS[read.month - 1]} and read.day in numbers
    if _EITHER_WAY_ROUND.search(text):
        return False
    return not numbers or bool(words & _COUNTED) or (read.day in numbers and max(numbers) > 12)


def _dateparser(text: str, base: datetime) -> Any:
    from dateparser.date import DateDataParser  # 125 ms, which few commands need

    settings = {
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": base.replace(microsecond=0),
        "PARSERS": ["relative-time", "absolute-time"],  # no timestamps: those depend on the host
        "RETURN_TIME_AS_PERIOD": True,  # tells a time of day that was given from one made up
    }
    with warnings.catch_warnings():
        # It calls strptime in ways that newer Pythons deprecate.
        warnings.simplefilter("ignore")
        return DateDataParser(languages=["en"], settings=settings).get_date_data(text)

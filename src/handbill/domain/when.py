"""The times a person may write, read strictly: one meaning or none. Never reads the clock.

now                                     this instant
+2h  +1d2h                              elapsed time; +1d is 24 hours, whatever the clocks do
today 18:00  tomorrow 9am               that day's wall clock in the zone
fri 18:30  friday 6pm                   the next one that is still ahead, today included
2026-11-27 18:30  27 Nov 2026 6pm       that wall clock in the zone
2026-11-27T18:30Z  …18:30+01:00         an exact instant
Fri 27 Nov 2026 18:30 CET (Europe/Paris)    an exact instant, as Handbill shows it
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from handbill.domain import zones
from handbill.domain.durations import parse_duration
from handbill.domain.zones import DAYS, MONTHS, Fold
from handbill.errors import InputProblem

_EXAMPLE = 'Write it like "2026-11-27 18:30", "fri 18:30", "tomorrow 9am" or "+2h".'
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """An instant, and what the clocks showed to the person who asked for it."""

    #: The promise: aware, in UTC, a whole second.
    at: datetime
    #: The same on the clocks of `zone`: `2026-11-27 18:30`.
    wall: str
    #: IANA name.
    zone: str

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> "Moment":
        """`instant` as seen in `zone`, rounded up to the second, so that nothing is early."""
        at = instant.astimezone(UTC)
        if at.microsecond:
            at = at.replace(microsecond=0) + timedelta(seconds=1)
        return cls(at, zones.wall(at.astimezone(zone)), zone.key)


@dataclass(frozen=True)
class _Asked:
    """Where and when the question is put."""

    now: datetime
    zone: ZoneInfo
    fold: Fold | None

    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, instant: datetime) -> Moment:
        return Moment.of(instant, self.zone)

    def on(self, day: date, clock: time) -> Moment:
        return self.at(zones.resolve(datetime.combine(day, clock), self.zone, self.fold))


def parse(
    text: str, now: datetime, zone: ZoneInfo | str, fold: Fold | None = None
) -> Moment | None:
    """The moment that `text` names at `now` in `zone`, or None if it is not in the grammar.

    Raises InputProblem if it is in the grammar and wrong: no such day, hour or year, no time of
    day, or a time that a change of the clocks skips, or doubles while `fold` does not say which
    is meant. The past is not refused.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    asked = _Asked(now, zones.zone(zone) if isinstance(zone, str) else zone, fold)
    words = " ".join(text.split())
    for pattern, read in _GRAMMAR:
        if found := pattern.fullmatch(words):
            try:
                return read(found, asked)
            except OverflowError:
                raise InputProblem(
                    f"{words[:40]!r} is outside the years 1 to 9999.", _EXAMPLE
                ) from None
    return None


def _now(_: re.Match[str], asked: _Asked) -> Moment:
    return asked.at(asked.now)


def _elapsed(found: re.Match[str], asked: _Asked) -> Moment:
    # In UTC: on a local clock the sum would be off by an hour across a change.
    return asked.at(asked.now.astimezone(UTC) + parse_duration(found["length"]))


def _near_day(found: re.Match[str], asked: _Asked) -> Moment:
    days_ahead = ("today", "tomorrow").index(found["near"].lower())
    return asked.on(asked.today() + days_ahead * _DAY, _clock(found))


def _weekday(found: re.Match[str], asked: _Asked) -> Moment:
    clock = _clock(found)
    today = asked.today()
    day = today + _DAY * ((_index(DAYS, found["weekday"]) - today.weekday()) % 7)
    next_one = day + 7 * _DAY
    if zones.latest(datetime.combine(day, clock), asked.zone) <= asked.now:
        return asked.on(next_one, clock)
    moment = asked.on(day, clock)
    # Within a doubled hour the earlier one may be over while the later one is still ahead.
    return moment if moment.at > asked.now else asked.on(next_one, clock)


def _iso(found: re.Match[str], asked: _Asked) -> Moment:
    day = _date(found["year"], int(found["month"]), found["day"])
    clock = _clock(found)
    if found["offset"] is None:
        return asked.on(day, clock)
    return asked.at(datetime.combine(day, clock, _offset(found["offset"])))


def _named_month(found: re.Match[str], asked: _Asked) -> Moment:
    day = _date(found["year"], _index(MONTHS, found["month"]) + 1, found["day"])
    if found["weekday"] and _index(DAYS, found["weekday"]) != day.weekday():
        raise InputProblem(
            f"{day} is not a {found['weekday']} but a {DAYS[day.weekday()]}.",
            "Correct the day or leave its name out.",
        )
    clock = _clock(found)
    if found["place"] is None:
        return asked.on(day, clock)
    return asked.at(_as_shown(datetime.combine(day, clock), found["label"], found["place"]))


def _as_shown(naive: datetime, label: str, place: str) -> datetime:
    """The instant that `zones.show` prints so; the label tells the two of a doubled hour apart."""
    zone = zones.zone(place)
    for fold in Fold:
        instant = zones.resolve(naive, zone, fold)
        if zones.label(instant, zone).lower() == label.lower():
            return instant
    raise InputProblem(
        f"{place} is not on {label} at {zones.wall(naive)}.",
        f'Take "{zones.show(instant, zone)}".',
    )


def _index(names: tuple[str, ...], written: str) -> int:
    return names.index(written[:3].capitalize())


def _date(year: str, month: int, day: str) -> date:
    try:
        return date(int(year), month, int(day))
    except (ValueError, OverflowError):
        raise InputProblem(
            f"There is no day {year}-{month:02}-{day}.",
            "Check the year (1 to 9999), month and day.",
        ) from None


def _clock(found: re.Match[str]) -> time:
    """The time of day of a match; InputProblem if it is missing or no clock shows it."""
    if found["time"] is None:
        raise InputProblem(
            f"{found[0][:40]!r} is a day only: say at what time.", f'Write "{found[0][:40]} 18:30".'
        )
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise _no_such_time(found)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        raise _no_such_time(found) from None


def _no_such_time(found: re.Match[str]) -> InputProblem:
    return InputProblem(
        f"No clock shows {found['time']!r}.", "Write 00:00 to 23:59, or 12am to 11:59pm."
    )


def _offset(text: str) -> timezone:
    if text.lower() in ("z", "utc"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise InputProblem(f"There is no offset {text!r}.", "Write it like +01:00, or Z for UTC.")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def _rule(pattern: str) -> re.Pattern[str]:
    # ASCII: a digit of another script, or a letter that only folds to one of ours, is not read.
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


_TIME = (
    r"(?P<time>(?=[0-9]{1,2}(?::| ?[ap]m))(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.0{1,9})?)?)?(?: ?(?P<half>[ap]m))?)"
)
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)"
)
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_OFFSET = r"(?P<offset>z|utc|[+-][0-9]{2}(?::?[0-9]{2})?)"
_SHOWN = r"(?P<label>[a-z0-9:+-]{1,15}) \((?P<place>[^ ()]{1,60})\)"
_GRAMMAR: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], _Asked], Moment]], ...] = (
    (_rule("now"), _now),
    (_rule(r"\+(?P<length>.*)"), _elapsed),
    (_rule(rf"(?P<near>today|tomorrow)(?: {_TIME})?"), _near_day),
    (_rule(rf"{_WEEKDAY}(?: {_TIME})?"), _weekday),
    (
        _rule(
            r"(?P<year>[0-9]{4,12})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
            rf"(?:[t ]{_TIME}(?: ?{_OFFSET})?)?"
        ),
        _iso,
    ),
    (
        _rule(
            rf"(?:{_WEEKDAY} )?(?P<day>[0-9]{{1,2}}) {_MONTH} (?P<year>[0-9]{{4,12}})"
            rf"(?: {_TIME}(?: {_SHOWN})?)?"
        ),
        _named_month,
    ),
)

"""Weekly posting times on an account's clocks: `mon 09:00`. Never reads the clock.

mon 09:00   monday 9am      one
mon,wed 09:00               two
weekdays 18:00              monday to friday
weekends 11:00              saturday and sunday
daily 9am                   all seven
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handbill.domain import zones
from handbill.domain.when import Moment
from handbill.domain.zones import DAYS
from handbill.errors import InputProblem

_GROUPS = {"weekdays": range(5), "weekends": range(5, 7), "daily": range(7)}
_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))? ?(?P<half>[ap]m)?", re.ASCII | re.IGNORECASE
)
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CURE = "Write it like 'mon 09:00', 'mon,wed 9am', 'weekdays 18:00' or 'daily 9am'."
_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Slot:
    """A time of a weekday; Monday is 0."""

    weekday: int
    clock: time

    def __str__(self) -> str:
        """As it is kept: `mon 09:00`."""
        return f"{DAYS[self.weekday].lower()} {self.clock:%H:%M}"


def parse(text: str) -> list[Slot]:
    """The slots that `text` names. Raises InputProblem for what names none."""
    days, _, clock = " ".join(text.replace(", ", ",").split()).partition(" ")
    if not clock:
        raise InputProblem(f"{text[:40]!r} is not a weekly time.", _CURE)
    at = _clock(text, clock)
    return [Slot(day, at) for name in days.lower().split(",") for day in _days(text, name)]


def _days(text: str, name: str) -> Iterable[int]:
    if name in _GROUPS:
        return _GROUPS[name]
    for number, full in enumerate(_DAY_NAMES):
        if len(name) >= 3 and full.startswith(name):
            return [number]
    raise InputProblem(f"{text[:40]!r} is not a weekly time: no day is called {name!r}.", _CURE)


def _clock(text: str, clock: str) -> time:
    found = _CLOCK.fullmatch(clock)
    if found is None or not (found["minute"] or found["half"]):
        raise InputProblem(f"{text[:40]!r} is not a weekly time.", _CURE)
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
    try:
        return time(hour, int(found["minute"] or 0))
    except ValueError:
        raise InputProblem(
            f"No clock shows {clock!r}.", "Write 00:00 to 23:59, or 12am to 11:59pm."
        ) from None


def canonical(texts: Iterable[str]) -> list[str]:
    """All slots that the texts name, each once, from Monday on. Raises InputProblem."""
    return [str(slot) for slot in sorted({slot for text in texts for slot in parse(text)})]


def upcoming(slots: Iterable[str], zone: ZoneInfo, after: datetime) -> Iterator[Moment]:
    """The moments of the slots later than `after`, in order, for as long as there are calendars.

    A slot in an hour that the clocks skip comes at the first instant after it; one in an hour that
    comes twice, the first time only.
    """
    week = sorted({slot for text in slots for slot in parse(text)})
    last = after
    for naive in _walls(week, after.astimezone(zone)):
        try:
            at = zones.first(naive, zone)
        except (InputProblem, OverflowError):  # past the last year
            return
        if at > last:  # two slots of one skipped hour are the same instant
            last = at
            yield Moment.of(at, zone)


def _walls(week: Sequence[Slot], local: datetime) -> Iterator[datetime]:
    """What clocks show at each slot, from that day on."""
    day = local.date()
    while week:
        for slot in week:
            if slot.weekday == day.weekday():
                yield datetime.combine(day, slot.clock)
        try:
            day += _DAY
        except OverflowError:
            return


def is_one(at: datetime, slots: Iterable[str], zone: ZoneInfo) -> bool:
    """Whether a slot comes at that very instant."""
    found = next(upcoming(slots, zone, at.astimezone(UTC) - timedelta(seconds=1)), None)
    return found is not None and found.at == at

"""Between the clock on a wall and the instant in UTC. Never guesses at a change of the clocks."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from handbill.errors import InputProblem

# Own tables: strftime would follow the locale of whoever runs us.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class Fold(StrEnum):
    """Which of the two is meant when the clocks go back and an hour happens twice."""

    EARLIER = "earlier"
    LATER = "later"


def fold_named(word: str | None) -> Fold | None:
    """What a person chose. Raises InputProblem."""
    try:
        return Fold(word) if word else None
    except ValueError:
        raise InputProblem(f"There is no fold '{word}'.", "Use earlier or later.") from None


@cache
def names() -> frozenset[str]:
    """Every zone a post may be in. Reads the time-zone data once."""
    # Neither names a place: the one is whatever this machine is set to, the other is "not set".
    return frozenset(available_timezones() - {"localtime", "Factory"})


def zone(name: str) -> ZoneInfo:
    """The IANA zone called exactly `name`; else InputProblem with the names nearest to it."""
    # Looked up in the list first, so that a path or a wrong case never reaches the file system.
    if name in names():
        return ZoneInfo(name)
    near = _near(name[:60])
    cure = f"Did you mean {' or '.join(near)}?" if near else "Write it like Europe/Paris or UTC."
    raise InputProblem(f"There is no time zone {name[:60]!r}.", cure)


def _near(name: str) -> list[str]:
    """Up to three names close to `name`: the same in another case, else alike, else the city."""
    by_lower = {known.lower(): known for known in sorted(names())}
    asked = name.strip().replace(" ", "_").lower()
    if asked in by_lower:
        return [by_lower[asked]]
    if alike := get_close_matches(asked, by_lower, n=3, cutoff=0.75):
        return [by_lower[match] for match in alike]
    cities = {lower.rpartition("/")[2]: known for lower, known in by_lower.items() if "/" in lower}
    return [cities[match] for match in get_close_matches(asked, cities, n=3, cutoff=0.8)]


def resolve(naive: datetime, zone: ZoneInfo, fold: Fold | None = None) -> datetime:
    """The instant, in UTC, at which the clocks of `zone` show `naive`.

    Raises InputProblem if they never show it (with two times to take instead), if they show it
    twice and `fold` does not say which, or if it lies outside the years 1 to 9999. Where a time
    happens once, `fold` says nothing.
    """
    first, second = readings(naive, zone)
    if first == second:
        return first
    if first > second:
        raise _skipped(naive, zone, second, first)
    if fold is None:
        raise _doubled(naive, zone, first, second)
    return first if fold == Fold.EARLIER else second


def latest(naive: datetime, zone: ZoneInfo) -> datetime:
    """The last instant, in UTC, that `naive` can stand for. For comparing; refuses no change."""
    return max(readings(naive, zone))


def first(naive: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the clocks of `zone` show `naive`, or, where a change
    skips it, a later time."""
    before, after = readings(naive, zone)
    return before if before <= after else _change(after, before, zone)


def readings(naive: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`naive` read by the clock before a change and by the clock after it (PEP 495).

    The same on an ordinary day; in order within a doubled hour; the wrong way round within a
    skipped one.
    """
    if naive.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone of its own")
    try:
        before, after = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:
        raise InputProblem(
            f"{wall(naive)} in {zone.key} is outside the years 1 to 9999.", "Check the year."
        ) from None
    return before, after


def _skipped(
    naive: datetime, zone: ZoneInfo, earliest: datetime, shifted: datetime
) -> InputProblem:
    """The refusal of a skipped time; the change lies after `earliest`, not after `shifted`."""
    change = _change(earliest, shifted, zone)
    before = (change - _SECOND).astimezone(zone).replace(tzinfo=None)
    last_minute = wall(before.replace(second=0))
    same_after = wall(shifted.astimezone(zone))
    return InputProblem(
        f"{wall(naive)} does not exist in {zone.key}: the clocks go from "
        f"{wall(before + _SECOND)} straight to {wall(change.astimezone(zone))}.",
        f'Take "{last_minute}" or "{same_after}".',
    )


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second, in UTC, of the new offset that came between the two instants."""
    start = before.replace(microsecond=0)
    old = start.astimezone(zone).utcoffset()
    seconds = range((after - start) // _SECOND + 1)
    return start + _SECOND * bisect_left(
        seconds, True, key=lambda s: (start + s * _SECOND).astimezone(zone).utcoffset() != old
    )


def _doubled(naive: datetime, zone: ZoneInfo, first: datetime, second: datetime) -> InputProblem:
    return InputProblem(
        f"{wall(naive)} happens twice in {zone.key}: "
        f"at {wall(first)} UTC and at {wall(second)} UTC.",
        "Choose with --fold earlier or --fold later.",
    )


def wall(moment: datetime) -> str:
    """What a clock shows, in the form we keep: `2026-11-27 18:30`, seconds only if not zero."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds" if moment.second else "minutes")


def show(instant: datetime, zone: ZoneInfo) -> str:
    """For people: `Fri 27 Nov 2026 18:30 CET (Europe/Paris)`. `when.parse` reads it back."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    local = instant.astimezone(zone)
    date = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year:04}"
    return f"{date} {wall(local)[11:]} {label(instant, zone)} ({zone.key})"


def label(instant: datetime, zone: ZoneInfo) -> str:
    """`CET`; for the many zones without letters of their own, the offset: `UTC-03:00`."""
    local = instant.astimezone(zone).replace(microsecond=0)
    letters = local.tzname() or ""
    return letters if letters.isalpha() else f"UTC{local.isoformat()[19:]}"

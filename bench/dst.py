"""Walks every change of the clocks of every zone from 2020 to 2040; the rules must hold at each."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from handbill.domain import when, zones
from handbill.domain.zones import Fold
from handbill.errors import InputProblem

START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
#: How far from a change, on either side, a time is tried.
NEAR = (timedelta(0), SECOND, MINUTE, timedelta(minutes=59, seconds=59), timedelta(hours=5))


def offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The first second, in UTC, of each new offset. Found without the code under test."""
    day, old = START, offset(START, zone)
    while day < END:
        if (new := offset(day + DAY, zone)) != old:
            low, high = day, day + DAY
            while high - low > SECOND:
                middle = low + (high - low) // (2 * SECOND) * SECOND
                low, high = (middle, high) if offset(middle, zone) == old else (low, middle)
            yield high
        day, old = day + DAY, new


def meanings(wall: datetime, zone: ZoneInfo, change: datetime) -> list[datetime]:
    """The instants near `change` at which the clocks show `wall`, by asking each offset in turn."""
    tried = {wall.replace(tzinfo=UTC) - offset(change - n * SECOND, zone) for n in (0, 1)}
    return sorted(t for t in tried if t.astimezone(zone).replace(tzinfo=None) == wall)


def walls(change: datetime, zone: ZoneInfo) -> set[datetime]:
    """Wall-clock times on both sides of a change, at its edges and in the middle."""
    naive = change.replace(tzinfo=None)
    edges = [naive + offset(change - SECOND, zone), naive + offset(change, zone)]
    middle = min(edges) + abs(edges[0] - edges[1]) // 2
    return {at + sign * near for at in (*edges, middle) for near in NEAR for sign in (1, -1)}


def refusal(wall: datetime, zone: ZoneInfo) -> InputProblem | None:
    try:
        zones.resolve(wall, zone)
    except InputProblem as problem:
        return problem
    return None


def skipped_is_right(wall: datetime, zone: ZoneInfo) -> bool:
    """Refused whatever the fold, with a proposal on either side that is taken as it stands."""
    problem = refusal(wall, zone)
    if problem is None or any(resolves_to(wall, zone, fold) for fold in Fold):
        return False
    before, after = (datetime.fromisoformat(t) for t in re.findall(r'"([^"]+)"', problem.cure))
    taken = resolves_to(before, zone, None) and resolves_to(after, zone, None)
    return before < wall < after and taken is not None


def resolves_to(wall: datetime, zone: ZoneInfo, fold: Fold | None) -> datetime | None:
    try:
        return zones.resolve(wall, zone, fold)
    except InputProblem:
        return None


def doubled_is_right(wall: datetime, zone: ZoneInfo, both: list[datetime]) -> bool:
    """Refused without a fold, naming both instants; with one, the instant it stands for."""
    problem = refusal(wall, zone)
    named = problem is not None and all(f"{zones.wall(t)} UTC" in problem.says for t in both)
    return named and [resolves_to(wall, zone, fold) for fold in Fold] == both


def holds(wall: datetime, zone: ZoneInfo, change: datetime) -> bool:
    match meanings(wall, zone, change):
        case []:
            return skipped_is_right(wall, zone)
        case [only]:
            return all(resolves_to(wall, zone, fold) == only for fold in (None, *Fold))
        case both:
            return doubled_is_right(wall, zone, both)


def reads_back(instant: datetime, zone: ZoneInfo) -> bool:
    """What is shown of an instant is read as that instant, in a doubled hour too."""
    try:
        moment = when.parse(zones.show(instant, zone), START, "UTC")
    except InputProblem:
        return False
    return moment is not None and moment.at == instant


def run(short: bool = False) -> int:
    """Prints one line; 1 if any rule was broken. `short` takes every 25th zone."""
    seen, checks, wrong = 0, 0, 0
    names = sorted(zones.names())[:: 25 if short else 1]
    for place in map(zones.zone, names):
        for change in changes(place):
            seen += 1
            results = [holds(wall, place, change) for wall in walls(change, place)]
            results += [reads_back(change + s * n, place) for n in NEAR for s in (1, -1)]
            checks += len(results)
            wrong += results.count(False)
    print(f"dst zones={len(names)} transitions={seen} checks={checks} wrong={wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(run(short="--short" in sys.argv))

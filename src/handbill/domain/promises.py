"""Whether the clocks will still show what was asked for at the instant that was promised.

Governments change the rules for clocks, sometimes with weeks of notice. A promise never moves by
itself: it is kept to the second, and a person is told that the clocks will show another time.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from handbill.domain.zones import readings, show
from handbill.errors import InputProblem

#: How the one sentence begins by which such a post is known.
CHANGED = "The rules for the clocks of "
#: An instant that was rounded up to the second is still the one that was meant.
ROUNDED = timedelta(seconds=1)


def broken(due_at: datetime, wall: str, place: ZoneInfo) -> str | None:
    """What a person must know if `wall` in `place` means another instant than `due_at` by now.

    None if it still means that one, or if `wall` is no time of a clock.
    """
    try:
        before, after = readings(datetime.fromisoformat(wall), place)
    except (ValueError, InputProblem):
        return None
    if any(abs(meant - due_at) < ROUNDED for meant in {before, after}):
        return None
    return (
        f"{CHANGED}{place.key} have changed since this was queued: {wall} there was "
        f"{_utc(due_at)}, and {_now(before, after)}. It keeps the instant that was promised, which "
        f"is now called {show(due_at, place)}."
    )


def _now(before: datetime, after: datetime) -> str:
    if before > after:
        return "is now a time that those clocks skip"
    if before < after:
        return f"is now both {_utc(before)} and {_utc(after)}"
    return f"is now {_utc(before)}"


def _utc(instant: datetime) -> str:
    return show(instant, ZoneInfo("UTC")).removesuffix(" (UTC)")


def way_on(post_id: int | None, due_at: datetime, wall: str) -> str:
    """The two commands: follow the clocks on the wall, or keep the instant."""
    exact = due_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    again = f"handbill queue reschedule {post_id} --at"
    return f'to follow the clocks: {again} "{wall}"; to keep the instant: {again} "{exact}"'

"""The only place that reads the clock. Everything else is handed a `Clock`."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present instant, aware, in UTC.
Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds on a clock that no one can set and that goes on while the machine sleeps."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)

"""The only place that reads the clock. Everything else is handed a `Clock`."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present instant, aware, in UTC.
Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


#: Goes on while the machine sleeps: on Linux CLOCK_MONOTONIC does not, on macOS it does.
_SLEEPLESS = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)


def elapsed() -> float:
    """Seconds on a clock that no one can set and that goes on while the machine sleeps."""
    return time.monotonic() if _SLEEPLESS is None else time.clock_gettime(_SLEEPLESS)

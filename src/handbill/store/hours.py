"""The database server's clock: with several workers on several machines, one clock decides."""

import threading
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.clock import Clock, elapsed
from handbill.errors import StoreProblem
from handbill.store.engine import begin, sqlite_file

#: How long a measurement is good for; the two clocks drift apart by a few µs in a second.
GOOD_FOR_S = 60.0
#: A server that is away is not asked again at once.
ASK_AGAIN_S = 5.0
SAMPLES = 3


def clock_of(engine: Engine, own: Clock) -> Clock:
    """The clock that decides for this database: the server's, or for a file this machine's."""
    return own if sqlite_file(engine) is not None else ServerClock(engine)


class ServerClock:
    """Carries the server's time on by a clock that nobody can set, and never ahead of it.

    The server read its clock at some moment between our question and its answer. We take the
    answer's moment, so what we tell is late by at most the quickest round trip.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._measuring = threading.Lock()
        self._ask_at = 0.0
        self._known: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """The server's present instant. Raises StoreProblem if it could never be asked."""
        if elapsed() >= self._ask_at:
            self._measure()
        if self._known is None:
            raise StoreProblem(
                "The database server did not say what time it is.", "Check that the server is up."
            )
        told, at = self._known
        return told + timedelta(seconds=elapsed() - at)

    def _measure(self) -> None:
        with self._measuring:
            if elapsed() < self._ask_at:
                return  # somebody else has just done it
            self._ask_at = elapsed() + ASK_AGAIN_S
            try:
                self._known = self._ask()
            except StoreProblem:
                return  # what we know is still good
            self._ask_at = elapsed() + GOOD_FOR_S

    def _ask(self) -> tuple[datetime, float]:
        samples: list[tuple[float, datetime, float]] = []
        with begin(self._engine) as connection:
            for _ in range(SAMPLES):
                before = elapsed()
                told = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
                samples.append((elapsed() - before, told, elapsed()))
        _took, told, at = min(samples)
        return told, at

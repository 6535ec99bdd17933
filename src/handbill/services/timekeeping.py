"""Is this machine's clock right? A clock that runs ahead would send everything early.

A jump shows by comparison with a clock that nobody can set. Who is right then, a network can say:
every answer of theirs carries the time. Handbill asks at the start and after each jump ahead.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from handbill.clock import elapsed
from handbill.domain.durations import spell
from handbill.errors import Problem
from handbill.services.desk import Desk
from handbill.store import accounts
from handbill.store.claims import account_ref

log = logging.getLogger("handbill")

#: A network tells its time in whole seconds, and the answer takes a while.
TOLERANCE = timedelta(seconds=3)
#: A clock that is being steered moves by less than this between two looks.
JUMP = timedelta(seconds=2)
ASK_AGAIN_S = 10.0


class Timekeeper:
    """Compares the desk's clock with one that nobody can set, and when in doubt with a network."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._offset = self._against_elapsed()
        self._sure = False
        self._ask_at = 0.0
        #: Why nothing may be sent for now, in one sentence.
        self.trouble: str | None = None

    def look(self) -> None:
        """Notice a jump since the last look."""
        offset = self._against_elapsed()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) < JUMP:
            return
        where = "ahead" if jump > timedelta(0) else "back"
        log.warning(
            "The clock jumped %s by %s.", where, _words(abs(jump)), extra={"action": "clock"}
        )
        self._sure = False
        self._ask_at = 0.0

    def trusted(self) -> bool:
        """Whether posts may leave by this clock. A network is asked if that is not sure.

        While no network answers the clock is believed: nothing could be sent anyway.
        """
        if not self._sure and elapsed() >= self._ask_at:
            self._ask_at = elapsed() + ASK_AGAIN_S
            self._ask()
        return self.trouble is None

    def _against_elapsed(self) -> timedelta:
        return self._desk.clock() - _EPOCH - timedelta(seconds=elapsed())

    def _ask(self) -> None:
        for name, told in self._hours():
            ahead = self._desk.clock() - told - timedelta(seconds=1)
            self._sure, was = ahead <= TOLERANCE, self.trouble
            self.trouble = None if self._sure else _ahead(ahead, name)
            if self.trouble and self.trouble != was:
                log.error("%s", self.trouble, extra={"action": "clock"})
            return

    def _hours(self) -> Iterator[tuple[str, datetime]]:
        """What time each network says it is, until one has answered."""
        asked = set()
        for account in accounts.listing(self._desk.engine):
            place = (account.network, account.server)
            if account.paused_at is not None or place in asked:
                continue
            asked.add(place)
            try:
                told = self._desk.connect(account_ref(account)).hour()
            except Problem:
                continue  # the account says itself what it lacks when it is to send
            if told is not None:
                yield self._desk.networks(account.network).TITLE, told


def _words(length: timedelta) -> str:
    return spell(timedelta(seconds=round(length.total_seconds())))


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _ahead(by: timedelta, network: str) -> str:
    return (
        f"This computer's clock is {_words(by)} ahead of {network}'s, and everything would "
        "go out early. Nothing is sent until it is right."
    )

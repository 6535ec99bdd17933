"""Is the clock right? One that runs ahead would send everything early.

A jump shows by comparison with a clock that nobody can set. Who is right then, a network can say:
every answer of theirs carries the time. Handbill asks at the start, after each jump, after it was
asleep, and every few hours. Until one has agreed, nothing leaves.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from handbill.clock import elapsed as never_set
from handbill.domain.durations import spell
from handbill.domain.network import AccountRef, Network
from handbill.domain.outcomes import Halted
from handbill.domain.settling import QUIET
from handbill.errors import Problem
from handbill.inputs import LOOPBACK
from handbill.services.desk import Desk
from handbill.store import accounts
from handbill.store.claims import account_ref
from handbill.store.engine import sqlite_file

log = logging.getLogger("handbill")

#: A network tells its time in whole seconds.
A_SECOND = timedelta(seconds=1)
#: Nobody's clock is quite right, theirs neither.
TOLERANCE = timedelta(seconds=3)
#: A clock that is behind makes nothing early; so much of it is worth a word.
BEHIND = timedelta(seconds=30)
#: A clock that is being steered moves by less than this between two looks.
JUMP = timedelta(seconds=2)
#: A daemon's rounds come every quarter of a minute. When none came for so long, it was asleep.
ASLEEP = timedelta(minutes=1)
#: A network that does not answer is asked again after this long.
ASK_AGAIN = timedelta(seconds=10)
#: A clock can go wrong too slowly to be seen jumping.
ASK_ANYWAY = timedelta(hours=6)
#: So many networks are asked, one after the other.
MOST = 4


class Timekeeper:
    """Compares the desk's clock with one that nobody can set, and when in doubt with a network."""

    def __init__(self, desk: Desk, elapsed: Callable[[], float] = never_set) -> None:
        self._desk = desk
        self._elapsed = elapsed
        self._whose = "This computer" if sqlite_file(desk.engine) else "The database server"
        self._now = desk.clock()
        self._looked_at = self._woke_at = elapsed()
        self._doubtful, self._trusted = True, False
        self._asked_at = self._jumped_at = -math.inf
        self._kind = ""
        #: What is wrong with the clock, in words for a person.
        self.trouble: str | None = None

    def wake(self) -> None:
        """Called in every round of a daemon: notices that for long there was none."""
        at = self._elapsed()
        slept, self._woke_at = timedelta(seconds=at - self._woke_at), at
        if slept >= ASLEEP:
            says = f"Nothing has run here for {_words(slept)}; this computer was asleep, or busy."
            log.warning("%s", says, extra={"action": "asleep", "seconds": slept.total_seconds()})
            self._doubt()

    def moment(self) -> datetime | None:
        """The present instant; None if since the last answer of `trusted` the clock has jumped."""
        self._look()
        return self._now if self._trusted else None

    def trusted(self) -> bool:
        """Whether posts may leave by this clock. A network is asked if that is not sure."""
        self._look()
        if self._doubtful and self._since(self._asked_at) >= ASK_AGAIN:
            self._ask()
        return self._trusted

    def ask_anyway(self) -> None:
        """Every few hours. For a time at which nothing waits for the answer."""
        if self._trusted and self._since(self._asked_at) >= ASK_ANYWAY:
            self._ask()

    def quiet(self) -> bool:
        """Whether look-ups count by this clock: a request that was made just before it jumped ahead
        seems older than it is, and could still land."""
        self._look()
        return self._trusted and self._since(self._jumped_at) >= QUIET

    def _since(self, then: float) -> timedelta:
        past = self._elapsed() - then
        return timedelta.max if math.isinf(past) else timedelta(seconds=past)

    def _look(self) -> None:
        """Notice a jump since the last look."""
        at, now = self._elapsed(), self._desk.clock()
        jump = now - self._now - timedelta(seconds=at - self._looked_at)
        self._looked_at, self._now = at, now
        if abs(jump) < JUMP:
            return
        where = "ahead" if jump > timedelta(0) else "back"
        says = f"{self._whose}'s clock jumped {where} by {_words(abs(jump))}."
        log.warning("%s", says, extra={"action": "clock"})
        self._jumped_at = at if jump > timedelta(0) else self._jumped_at
        self._doubt()

    def _doubt(self) -> None:
        self._doubtful, self._trusted, self._asked_at = True, False, -math.inf

    def _ask(self) -> None:
        """Ask one network after the other, until one agrees with our clock."""
        self._asked_at = self._elapsed()
        asked, silent, ahead = False, "", []
        for name, line in self.lines():
            asked, before = True, self._desk.clock()
            try:
                told = line.hour()
            except Halted:
                silent = silent or name
                continue
            if told is None:
                continue  # it answers and does not say; nobody can do better than believe
            if before - told - A_SECOND <= TOLERANCE:
                return self._agree(told - self._desk.clock(), name)
            ahead.append((before - told, name))
        if ahead:
            return self._refuse("ahead", self._ahead(*min(ahead)))
        if silent and self._doubtful:
            return self._refuse("silent", self._unanswered(silent))
        if not silent:
            self._believe(sure=asked)
        return None

    def _agree(self, behind: timedelta, name: str) -> None:
        self._believe(sure=True, late=self._behind(behind, name) if behind >= BEHIND else None)

    def _believe(self, *, sure: bool, late: str | None = None) -> None:
        if self._kind in ("ahead", "silent"):
            log.info("The clock is right, and posts leave again.", extra={"action": "clock"})
        self._doubtful, self._trusted = not sure, True
        self._asked_at = self._asked_at if sure else -math.inf
        self._tell("behind" if late else "", late, logging.WARNING)

    def _refuse(self, kind: str, trouble: str) -> None:
        self._doubtful, self._trusted = True, False
        self._tell(kind, trouble, logging.ERROR)

    def _tell(self, kind: str, trouble: str | None, level: int) -> None:
        """Say it in the log when it is new; how much the clock is off may differ each time."""
        if trouble and kind != self._kind:
            log.log(level, "%s", trouble, extra={"action": "clock"})
        self._kind, self.trouble = kind, trouble

    def _ahead(self, by: timedelta, name: str) -> str:
        return (
            f"{self._whose}'s clock is {_words(by)} ahead of {name}'s, and everything would "
            "go out early. Nothing is sent until it is right."
        )

    def _behind(self, by: timedelta, name: str) -> str:
        return (
            f"{self._whose}'s clock is {_words(by)} behind {name}'s, so everything goes out late. "
            "Set it right."
        )

    def _unanswered(self, name: str) -> str:
        return (
            f"{name} does not answer, so nobody can say whether the clock of "
            f"{self._whose[0].lower()}{self._whose[1:]} is right. Nothing is sent until it does."
        )

    def lines(self) -> Iterator[tuple[str, Network]]:
        """A line to each network that can be asked, and its name; the official ones first.

        A server on this machine goes by the very clock that is in question, so it is asked only
        when there is no other; a paused account's likewise. The question carries no credentials.
        """
        everyone, found = accounts.listing(self._desk.engine), False
        for line in self._lines_of([account_ref(a) for a in everyone if not a.paused_at]):
            found = True
            yield line
        if not found:
            yield from self._lines_of([account_ref(a) for a in everyone if a.paused_at])

    def _lines_of(self, refs: Sequence[AccountRef]) -> Iterator[tuple[str, Network]]:
        elsewhere = [ref for ref in refs if not _is_here(ref)]
        places: set[tuple[str, str | None]] = set()
        for ref in sorted(elsewhere or refs, key=lambda ref: ref.server is not None):
            if (ref.network, ref.server) in places or len(places) == MOST:
                continue
            try:
                line = self._desk.connect(ref)
            except Problem:
                continue  # the account says itself what it lacks when it is to send
            places.add((ref.network, ref.server))
            yield self._desk.networks(ref.network).TITLE, line


def latest(desk: Desk) -> datetime:
    """The desk's present instant, or a network's if that one is later and can be asked."""
    for _name, line in Timekeeper(desk).lines():
        with suppress(Halted):
            return max(line.hour() or desk.clock(), desk.clock())
    return desk.clock()


def _is_here(ref: AccountRef) -> bool:
    return ref.server is not None and urlsplit(ref.server).hostname in LOOPBACK


def _words(length: timedelta) -> str:
    """In minutes, or when it is short in seconds."""
    unit = A_SECOND if length < timedelta(minutes=2) else timedelta(minutes=1)
    return spell(round(length / unit) * unit)

"""One worker's time at the desk: it says that it lives, and takes over from those who do not."""

import logging
import os
import secrets
import socket
from collections.abc import Collection
from datetime import datetime

from handbill import __version__
from handbill.domain.lateness import was_outage
from handbill.domain.lifecycle import LABELS, Status
from handbill.models import Worker
from handbill.services.desk import Desk
from handbill.store import leases, overdue, workers
from handbill.store.engine import sqlite_file
from handbill.store.leases import Expired

log = logging.getLogger("handbill")


class Shift:
    """Begun once, tidied every now and then, ended once; all of one process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._host = socket.gethostname()
        #: Who claims. No two processes ever share it, whatever becomes of process numbers.
        self.name = f"{self._host[:40]}-{os.getpid()}-{secrets.token_hex(2)}"
        self._seen_at: datetime | None = None

    def begin(self) -> None:
        """Before the first claim. Raises StoreProblem when the database cannot be written."""
        engine, now = self._desk.engine, self._desk.clock()
        gone = self._dead_here()
        me = Worker(
            name=self.name,
            host=self._host,
            pid=os.getpid(),
            version=__version__,
            started_at=now,
            seen_at=now,
        )
        before = workers.register(engine, me)
        self._seen_at = now
        alone = sqlite_file(engine) is not None
        _tell(leases.expire_all(engine, now) if alone else leases.expire(engine, now, gone))
        self._tidy(now, before)

    def tidy(self, trouble: str | None = None) -> None:
        """Give a sign of life, take back what the silent had claimed, list what is missed."""
        engine, now = self._desk.engine, self._desk.clock()
        before = workers.beat(engine, self.name, now, trouble)
        # By my own last sign, not by the clock: after an outage of the database all seem silent.
        gone = workers.silent(engine, (self._seen_at or now) - workers.SILENCE)
        self._seen_at = now
        _tell(leases.expire(engine, now, gone))
        self._tidy(now, before)

    def _tidy(self, now: datetime, last_sign: datetime | None) -> None:
        _tell_missed(overdue.miss(self._desk.engine, now))
        if was_outage(last_sign, now):
            waiting = overdue.space_out(self._desk.engine, now, self._desk.gap)
            if waiting:
                log.warning(
                    "Nobody has published for a while. Overdue posts leave one by one now; "
                    "%s wait for their turn.",
                    waiting,
                    extra={"action": "spaced", "posts": waiting},
                )

    def forsake(self, kept: Collection[int]) -> None:
        """Take back what I claimed without hearing of it; `kept` are the attempts I know of."""
        _tell(leases.forsake(self._desk.engine, self.name, kept, self._desk.clock()))

    def end(self) -> None:
        """Say that I stop in peace."""
        workers.stop(self._desk.engine, self.name, self._desk.clock())

    def _dead_here(self) -> list[str]:
        """Workers of this machine whose process is no more."""
        return [
            one.name
            for one in workers.listing(self._desk.engine)
            if one.host == self._host and (one.stopped_at or not _lives(one.pid))
        ]


def _lives(pid: int) -> bool:
    if pid == os.getpid():
        return False  # an older worker's number, given to us
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tell(taken: list[Expired]) -> None:
    for gone in taken:
        log.warning(
            "Took #%s back from a worker that is gone: it is %s.",
            gone.post_id,
            LABELS[gone.status].lower(),
            extra={"action": "expired", "post": gone.post_id, "status": gone.status.value},
        )


def _tell_missed(numbers: list[int]) -> None:
    for post_id in numbers:
        log.warning(
            "Missed #%s: its time passed. See: handbill queue show %s",
            post_id,
            post_id,
            extra={"action": "missed", "post": post_id, "status": Status.MISSED.value},
        )

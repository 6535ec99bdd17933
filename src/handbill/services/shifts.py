"""One worker's time at the desk: it says that it lives, and takes over from those who do not."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from handbill import __version__
from handbill.domain.lateness import was_outage
from handbill.domain.lifecycle import LABELS, Status
from handbill.errors import Problem
from handbill.models import Worker
from handbill.services.desk import Desk
from handbill.store import leases, overdue, workers
from handbill.store.engine import sqlite_file
from handbill.store.leases import Expired

log = logging.getLogger("handbill")

#: How often a worker says that it lives.
BEAT = timedelta(seconds=15)


class Shift:
    """Begun once, tidied every now and then, ended once; all of one process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._host = socket.gethostname()
        #: How the names begin of those whose process numbers are known here.
        self._near = f"{self._host[:30]}-{_numbering()}-"
        #: Who claims. No two processes ever share it, whatever becomes of process numbers.
        self.name = f"{self._near}{os.getpid()}-{secrets.token_hex(6)}"
        self._seen_at = self._seen_before = desk.clock()
        self._alone = sqlite_file(desk.engine) is not None
        #: Workers of this machine that were gone when I began; None once what they had is back.
        self._dead: list[str] | None = []
        #: The newest sign of life of anybody before those that nobody has thought about yet.
        self._last_sign: datetime | None = None
        self._thought = True

    def begin(self) -> None:
        """Before the first claim. Raises StoreProblem when the database cannot be written.

        What the dead had in hand waits for the first `tidy`: by a clock that is ahead it would be
        queued for much later, and looked for much later.
        """
        engine, now = self._desk.engine, self._desk.clock()
        self._dead = self._dead_here()
        me = Worker(
            name=self.name,
            host=self._host,
            pid=os.getpid(),
            version=__version__,
            started_at=now,
            seen_at=now,
        )
        self._keep_in_mind(workers.register(engine, me))
        self._seen_at = self._seen_before = now

    def beat(self, trouble: str | None = None) -> None:
        """Give a sign of life, and say what is wrong."""
        now = self._desk.clock()
        self._keep_in_mind(workers.beat(self._desk.engine, self.name, now, trouble))
        self._seen_before, self._seen_at = self._seen_at, now

    @contextmanager
    def alive(self) -> Generator[None]:
        """Give a sign of life every now and then, for whoever has no hand free to do it."""
        done = threading.Event()

        def keep_on() -> None:
            while not done.wait(BEAT.total_seconds()):
                with suppress(Problem):  # whoever works will meet the same trouble, and say it
                    self.beat()

        watch = threading.Thread(target=keep_on, name="beat", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def tidy(self, now: datetime | None = None) -> None:
        """Take back what the dead and the silent had claimed, list what is missed, space out after
        an outage.

        `now` (else the desk's) is an instant that can be trusted: a clock that runs ahead would
        miss posts before their time.
        """
        engine, now = self._desk.engine, now or self._desk.clock()
        self._take_over(now)
        _tell_missed(overdue.miss(engine, now))
        if not self._thought and was_outage(self._last_sign, now):
            _tell_spaced(overdue.space_out(engine, now, self._desk.gap))
        self._thought = True

    def _take_over(self, now: datetime) -> None:
        engine = self._desk.engine
        if self._dead is not None and self._alone:
            _tell(leases.expire_all(engine, now, self.name))
        # By my own last sign, not by the clock: after an outage of the database all seem silent.
        since = min(self._seen_before, now) - workers.SILENCE
        gone = [*workers.silent(engine, since), *(self._dead or [])]
        _tell(leases.expire(engine, now, [name for name in gone if name != self.name]))
        self._dead = None

    def _keep_in_mind(self, last_sign: datetime | None) -> None:
        if self._thought:
            self._last_sign, self._thought = last_sign, False

    def forsake(self, kept: Collection[int]) -> None:
        """Take back what I claimed and shall not send; `kept` are the attempts in my hands."""
        for left in leases.forsake(self._desk.engine, self.name, kept, self._desk.clock()):
            log.info(
                "Gave #%s back, which was claimed and not begun.",
                left.post_id,
                extra={"action": "forsaken", "post": left.post_id, "status": left.status.value},
            )

    def end(self) -> None:
        """Say that I stop in peace."""
        workers.stop(self._desk.engine, self.name, self._desk.clock())

    def _dead_here(self) -> list[str]:
        """Workers whose process would be seen from here, and is no more."""
        return [
            one.name
            for one in workers.listing(self._desk.engine)
            if one.name.startswith(self._near) and (one.stopped_at or not _lives(one.pid))
        ]


def _numbering() -> str:
    """Within what a process number means one process: this start of the machine, and on Linux this
    container; two of them can share a host name, and both have a process 1."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return "0"  # a system without these
    return sha256(f"{boot} {space}".encode()).hexdigest()[:8]


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


def _tell_spaced(waiting: int) -> None:
    if waiting:
        log.warning(
            "Nobody has published for a while. Overdue posts leave one by one now; "
            "%s wait for their turn.",
            waiting,
            extra={"action": "spaced", "posts": waiting},
        )

"""The daemon: an alarm clock, a pool, and one loop. The table of posts is the schedule.

    1. take back the claims of workers that are gone, list what is missed
    2. make the look-ups that are due
    3. claim what is due (or is in a moment), at most one post for each account
    4. hand every claim to the pool, which prepares, arms, publishes and records it
    5. set the alarm to the next moment in the table, and sleep until a kick

A kick comes from the alarm, from a finished post, from another process that changed the database,
and, should all of these fail, from the safety interval.
"""

import gc
import logging
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from handbill.domain.network import Claim
from handbill.errors import Problem
from handbill.services import publishing, rounds
from handbill.services.desk import Desk
from handbill.services.publishing import LEAD, Ended
from handbill.store import agenda, claims
from handbill.store.changes import Changes
from handbill.store.lock import sole_worker

log = logging.getLogger("handbill")

SAFETY = timedelta(seconds=15)
#: How often another process's change is looked for.
WATCH = timedelta(milliseconds=90)


class Daemon:
    """Publishes until it is told to stop; then it finishes what is under way and returns."""

    def __init__(self, desk: Desk, workers: int) -> None:
        self._desk = desk
        self._workers = workers
        self._name = rounds.worker_name()
        self._kick = threading.Event()
        self._stop = threading.Event()
        self._safety_due = threading.Event()
        self._under_way: set[Future[None]] = set()
        self._unrecorded: list[Ended] = []
        self._looking: Future[None] | None = None
        self._alarm: datetime | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises StoreProblem when another daemon has the database."""
        with sole_worker(self._desk.engine):
            rounds.start_over(self._desk)
            self._catch_signals()
            self._scheduler.add_job(self._on_safety, IntervalTrigger(seconds=SAFETY.seconds))
            self._scheduler.start()
            watcher = threading.Thread(target=self._watch, name="watch", daemon=True)
            watcher.start()
            rounds.warm_up(self._desk)
            rounds.greet(self._desk)
            gc.collect()
            gc.freeze()  # what is loaded now stays: no pause to look through it at the wrong moment
            try:
                with ThreadPoolExecutor(self._workers + 1, "publish") as pool:
                    self._loop(pool)
            finally:
                self._scheduler.shutdown(wait=False)
            self._write_down()
        log.info("Stopped; nothing is under way.", extra={"action": "stopped"})

    def stop(self) -> None:
        """Claim nothing more, finish what is under way."""
        self._stop.set()
        self._kick.set()

    def _catch_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)

    def _on_safety(self) -> None:
        self._safety_due.set()
        self._kick.set()

    def _loop(self, pool: ThreadPoolExecutor) -> None:
        self._safety_due.set()
        while not self._stop.is_set():
            self._kick.clear()  # before reading: a kick during the pass is kept
            try:
                self._pass(pool)
            except Problem as problem:
                log.error("%s", problem, extra={"action": "trouble"})
            self._kick.wait(SAFETY.total_seconds())
        log.info("Stopping: finishing what is under way.", extra={"action": "stopping"})

    def _pass(self, pool: ThreadPoolExecutor) -> None:
        desk = self._desk
        if self._safety_due.is_set():
            self._safety_due.clear()
            self._alarm = None
            self._write_down()
            rounds.tidy(desk)
        today = agenda.look_up(desk.engine, desk.clock(), LEAD)
        if today.looks_due and (self._looking is None or self._looking.done()):
            self._looking = pool.submit(rounds.look, desk)
            self._looking.add_done_callback(self._after)
        if today.posts_due:
            self._claim(pool)
        self._set_alarm(today.next_moment)

    def _claim(self, pool: ThreadPoolExecutor) -> None:
        """Claim as much as there are free hands for; each that becomes free kicks again."""
        free = self._workers - len(self._under_way)
        if free <= 0 or self._stop.is_set():
            return
        desk = self._desk
        now = desk.clock()
        for claim in claims.claim(desk.engine, now, self._name, free, desk.pictures, LEAD):
            task = pool.submit(self._publish, claim)
            self._under_way.add(task)
            task.add_done_callback(self._after)

    def _publish(self, claim: Claim) -> None:
        ended = publishing.publish(self._desk, claim)
        rounds.tell(ended, self._desk.clock())
        if ended.status is None:
            self._unrecorded.append(ended)

    def _after(self, done: Future[None]) -> None:
        self._under_way.discard(done)
        error = done.exception()
        if error is not None:
            log.error("This is a bug in Handbill.", exc_info=error, extra={"action": "bug"})
        self._kick.set()

    def _write_down(self) -> None:
        """Record again what the database could not take; the exchange itself is never repeated."""
        waiting, self._unrecorded = self._unrecorded, []
        for ended in waiting:
            again = publishing.record(self._desk, ended.claim, ended.outcome)
            if again.status is None:
                self._unrecorded.append(again)

    def _set_alarm(self, moment: datetime | None) -> None:
        if moment is None or moment == self._alarm:
            return
        self._alarm = moment
        self._scheduler.add_job(
            self._kick.set, DateTrigger(moment), id="due", replace_existing=True
        )

    def _watch(self) -> None:
        """Kick when another process has changed the database."""
        changes = Changes(self._desk.engine)
        while not self._stop.wait(WATCH.total_seconds()):
            if changes.seen():
                self._kick.set()
        changes.close()

"""The daemon: an alarm clock, a pool, and one loop. The table of posts is the schedule.

    1. give a sign of life, take back the claims of workers that are gone, list what is missed
    2. make the look-ups that are due
    3. claim what is due (or is in a moment), at most one post for each account
    4. hand every claim to the pool, which prepares, arms, publishes and records it
    5. set the alarm to the next moment in the table, and sleep until a kick

A kick comes from the alarm, from a finished post, from another process that changed the database,
and, should all of these fail, from the safety interval.
"""

import contextlib
import gc
import logging
import math
import signal
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from handbill.clock import elapsed, now
from handbill.domain.network import Claim
from handbill.errors import Problem, StoreProblem
from handbill.services import feeds, liveness, publishing, rounds, zonedata
from handbill.services.desk import Desk
from handbill.services.publishing import LEAD, Ended
from handbill.services.shifts import Shift
from handbill.services.timekeeping import Timekeeper
from handbill.store import agenda, claims
from handbill.store.changes import changes
from handbill.store.engine import sqlite_file
from handbill.store.lock import place, sole_worker

log = logging.getLogger("handbill")

SAFETY = timedelta(seconds=15)
#: So many look-ups are made at once; they can wait, posts cannot.
LOOKS = 2
#: How often another process's change is looked for.
WATCH = timedelta(milliseconds=90)
#: How often the watcher looks up from its work, to see whether the daemon stops.
LOOK_UP = timedelta(seconds=1)
#: A commit whose line was cut may reach the server's disk as much later.
ECHO = timedelta(minutes=2)
#: While more is due than there are hands, a sole worker claims this share of them beforehand, so
#: that no hand waits for a claim; and again when it is used up, or after so long.
BEFOREHAND = 0.5
USED_UP = timedelta(milliseconds=250)
#: Where there are other workers, one of them may have a hand free: nothing is claimed beforehand.
#: Hands that become free are gathered for one claim, until they are a quarter, or so long.
GATHER = timedelta(milliseconds=25)
#: After a trouble with the database the next try comes sooner than the safety interval.
SOON = timedelta(seconds=1)


class Daemon:
    """Publishes until it is told to stop; then it finishes what is under way and returns."""

    def __init__(self, desk: Desk, workers: int) -> None:
        self._desk = desk
        self._workers = workers
        if _is_alone(desk):
            self._places, self._enough, self._gather = (
                int(workers * (1 + BEFOREHAND)),
                workers,
                USED_UP,
            )
        else:
            self._places, self._enough = workers, workers * 3 // 4
            self._gather = GATHER
        self._place = place(desk.engine)
        self._shift = Shift(desk)
        self._timekeeper = Timekeeper(desk)
        # Not an Event: a signal handler may interrupt the very line that holds an Event's lock,
        # while SimpleQueue.put is made to be called from anywhere.
        self._kicks: SimpleQueue[None] = SimpleQueue()
        self._stopping = False
        self._under_way: dict[Future[Any], int] = {}  # and the number of each one's attempt
        self._looks: dict[Future[Any], int] = {}
        self._crowded = False
        self._echo_until = -math.inf
        self._deaf = False  # a claim's commit was cut: we may hold posts that we do not know of
        self._unrecorded: deque[Ended] = deque()
        self._alarm: datetime | None = None
        self._beaten_at = -math.inf
        self._untidy = True
        self._zones_at = -math.inf
        self._feeds_at = -math.inf
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises StoreProblem when another daemon has the database."""
        with sole_worker(self._desk.engine):
            self._shift.begin()
            self._catch_signals()
            self._scheduler.add_job(self._kick, IntervalTrigger(seconds=SAFETY.seconds))
            self._scheduler.start()
            threading.Thread(target=self._watch, name="watch", daemon=True).start()
            rounds.warm_up(self._desk)
            rounds.greet(self._desk)
            gc.collect()
            gc.freeze()  # what is loaded now stays: no pause to look through it at the wrong moment
            with ThreadPoolExecutor(LOOKS, "look") as aside:
                try:
                    with ThreadPoolExecutor(self._workers, "publish") as pool:
                        self._loop(pool, aside)
                finally:
                    self._stopping = True
                    self._scheduler.shutdown(wait=False)
                    self._let_go()
            self._say_goodbye()

    def stop(self) -> None:
        """Claim nothing more, finish what is under way. Safe in a signal handler."""
        self._stopping = True
        self._kick()

    def _kick(self) -> None:
        self._kicks.put(None)

    def _catch_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, on_signal)

    def _loop(self, pool: ThreadPoolExecutor, aside: ThreadPoolExecutor) -> None:
        while not self._stopping:
            patience = SAFETY
            if place(self._desk.engine) != self._place:
                raise _gone(self._desk)
            try:
                self._pass(pool, aside)
            except Problem as problem:
                log.error("%s", problem, extra={"action": "trouble"})
                patience = SOON
            self._await_kick(SOON if self._unrecorded else patience)
        log.info("Stopping: finishing what is under way.", extra={"action": "stopping"})

    def _await_kick(self, patience: timedelta) -> None:
        """Sleep until a kick, then take all that have come: one pass answers them all."""
        with contextlib.suppress(Empty):
            self._kicks.get(timeout=patience.total_seconds())
            ends = elapsed() + self._gather.total_seconds()
            while self._crowded and len(self._under_way) > self._enough:
                self._kicks.get(timeout=max(0.0, ends - elapsed()))
            while True:
                self._kicks.get_nowait()

    def _pass(self, pool: ThreadPoolExecutor, aside: ThreadPoolExecutor) -> None:
        desk = self._desk
        self._timekeeper.wake()
        if self._unrecorded:
            publishing.write_down(desk, self._unrecorded, timedelta(0))
        if self._deaf:
            self._shift.forsake(self._known())
            self._deaf = False
            self._echo_until = elapsed() + ECHO.total_seconds()
        if self._housekeep() and not self._looks:
            self._start(aside.submit(liveness.look_ahead, desk), self._looks)
        today = agenda.look_up(desk.engine, desk.clock(), LEAD)
        if today.looks_due and len(self._looks) < LOOKS and self._timekeeper.quiet():
            self._start(aside.submit(rounds.look, desk), self._looks)
        self._crowded = today.posts_due and self._claim(pool)
        self._set_alarm(today.next_moment)
        if today.next_moment is None or today.next_moment > desk.clock() + SAFETY:
            self._at_leisure(aside)

    def _housekeep(self) -> bool:
        """Give a sign of life and tidy, every now and then; tidy by a clock that is right only.
        Answers whether it did."""
        told, right = self._timekeeper.trouble, self._timekeeper.trusted()
        news = self._timekeeper.trouble != told
        if news or elapsed() - self._beaten_at >= SAFETY.total_seconds():  # whatever the clock does
            self._alarm = None
            self._shift.beat(self._timekeeper.trouble)
            self._beaten_at, self._untidy = elapsed(), True
            if elapsed() < self._echo_until:
                self._shift.forsake(self._known())
        if right and self._untidy and (moment := self._timekeeper.moment()):
            self._shift.tidy(moment)
            self._untidy = False
            return True
        return False

    def _at_leisure(self, aside: ThreadPoolExecutor) -> None:
        """What need not be done just before a post is due."""
        if self._under_way:
            return
        self._timekeeper.ask_anyway()
        if elapsed() - self._zones_at >= zonedata.EVERY.total_seconds():
            self._zones_at = elapsed()
            self._start(aside.submit(zonedata.notice, self._desk), self._looks)
        elif not self._looks and elapsed() - self._feeds_at >= feeds.ASK.total_seconds():
            self._feeds_at = elapsed()
            self._start(aside.submit(feeds.look_due, self._desk), self._looks)

    def _claim(self, pool: ThreadPoolExecutor) -> bool:
        """Claim for the hands that are free, and some beforehand; whoever has done kicks again.

        By the very instant that was compared: the clock may jump in any moment between. Answers
        whether all places are taken, so that more may be waiting.
        """
        places, moment = self._places - len(self._under_way), self._timekeeper.moment()
        if places <= 0 or self._stopping or moment is None:
            return places <= 0
        desk = self._desk
        self._deaf = True
        made = claims.claim(desk.engine, moment, self._shift.name, places, desk.pictures, LEAD)
        for claim in made:
            self._start(pool.submit(self._publish, claim), self._under_way, claim.attempt_id)
        self._deaf = False
        return len(made) == places

    def _known(self) -> list[int]:
        """The attempts that this worker has in hand."""
        return [*self._under_way.values(), *(e.claim.attempt_id for e in self._unrecorded.copy())]

    def _start(
        self, task: "Future[Any]", tasks: "dict[Future[Any], int]", attempt_id: int = 0
    ) -> None:
        def done(future: "Future[Any]") -> None:
            tasks.pop(future, None)
            self._tell_trouble(future.exception())
            self._kick()

        tasks[task] = attempt_id
        task.add_done_callback(done)

    def _publish(self, claim: Claim) -> None:
        if self._stopping:
            return  # it is given back before we leave
        ended = publishing.publish(self._desk, claim)
        if ended.status is None:
            self._unrecorded.append(ended)
        rounds.tell(ended, self._desk.clock())

    def _tell_trouble(self, error: BaseException | None) -> None:
        if isinstance(error, Problem):
            log.error("%s", error, extra={"action": "trouble"})
        elif error is not None:
            log.error("This is a bug in Handbill.", exc_info=error, extra={"action": "bug"})

    def _let_go(self) -> None:
        """Write down what is known, and give back what was claimed and not begun."""
        publishing.write_down(self._desk, self._unrecorded, rounds.LAST_PATIENCE)
        with contextlib.suppress(Problem):  # the next start takes it back
            self._shift.forsake(self._known())

    def _say_goodbye(self) -> None:
        for ended in self._unrecorded:
            log.error(
                "#%s could not be written down; at the next start it is looked for.",
                ended.claim.post_id,
                extra={"action": "trouble", "post": ended.claim.post_id},
            )
        with contextlib.suppress(Problem):  # the others will see that it is silent
            self._shift.end()
        log.info("Stopped; nothing is under way.", extra={"action": "stopped"})

    def _set_alarm(self, moment: datetime | None) -> None:
        if moment is None or moment == self._alarm:
            return
        self._alarm = moment
        # The queue's clock may be a server's; the alarm rings by this machine's.
        rings_at = now() + (moment - self._desk.clock())
        self._scheduler.add_job(self._ring, DateTrigger(rings_at), id="due", replace_existing=True)

    def _ring(self) -> None:
        self._alarm = None  # should it have rung a little early, it is set again
        self._kick()

    def _watch(self) -> None:
        """Kick when another process has changed the database."""
        seen = changes(self._desk.engine, WATCH)
        while not self._stopping:
            if seen.wait(LOOK_UP):
                self._kick()
        seen.close()


def _gone(desk: Desk) -> StoreProblem:
    return StoreProblem(
        f"{sqlite_file(desk.engine)} was removed or replaced while the daemon was publishing from "
        "it, so it has stopped.",
        "Put the file back, or a backup: handbill restore FILE. What was under way in this moment "
        "may be out: look at the account.",
    )


def _is_alone(desk: Desk) -> bool:
    """A file has one worker; a server any number."""
    return sqlite_file(desk.engine) is not None

"""A disk that is full just when a worker arms a post or records it: nothing is lost or sent twice.

The database is on a small disk of its own, a tmpfs, which only root can mount.
"""

import itertools
import logging
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bench import campaign, oracle, rig
from bench.oracle import Verdict
from handbill.app import App
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.services import rounds
from handbill.store import listings

#: Where the disk is full, and what the daemon says when it meets that.
SIGNS = {"arm.before": "is full", "record.before": "Trying again"}
ROUNDS = 6
SIZE = "8m"
#: Later than any lease and any look-up.
LATER = [timedelta(minutes=m) for m in (1, 2, 4, 8, 20, 40)]


class NoDisk(Exception):
    """A small disk cannot be mounted here."""


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "handbill.db"
        self._ballast = folder / "ballast"
        self._reader: sqlite3.Connection | None = None

    def fill(self) -> None:
        """Leave no byte, nor any in SQLite's log: what room it has there it would use again.

        A reader stays behind in the log, so that nobody can begin it anew from its start.
        """
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (100_000, 4096, 1):
                while _written(ballast.write, bytes(size)):
                    pass
        self._reader = sqlite3.connect(
            self.database, isolation_level=None, timeout=30, check_same_thread=False
        )
        self._reader.execute("PRAGMA wal_autocheckpoint = 0")
        try:
            for number in itertools.count():
                self._reader.execute(f"PRAGMA user_version = {number}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def free(self) -> None:
        """Make room again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._ballast.unlink(missing_ok=True)


def _written(write: Callable[[bytes], int | None], content: bytes) -> bool:
    try:
        return write(content) == len(content)
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path) -> Generator[Disk]:
    """Mounted for the block. Raises NoDisk."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDisk from error
    disk = Disk(folder)
    try:
        yield disk
    finally:
        disk.free()
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def stopped_at(app: App, failpoint: str) -> Generator[tuple[int, "subprocess.Popen[str]"]]:
    """A post that the daemon has in hand, the daemon stopped at `failpoint`."""
    (number,) = rig.queue(app, "ada", f"Full at {failpoint}.")
    with rig.daemon(app, env={"FAILPOINT": f"{failpoint}:stop"}) as daemon:
        state = Path(f"/proc/{daemon.pid}/stat")
        rig.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", "the daemon")
        yield number, daemon


def going_on(daemon: "subprocess.Popen[str]", answer: Callable[[], object]) -> Callable[[], object]:
    """The same question, while the daemon is let past its failpoint again and again."""

    def asked() -> object:
        daemon.send_signal(signal.SIGCONT)
        return answer()

    return asked


def status_of(app: App, number: int) -> Status:
    """What the database says of a post."""
    return listings.get(app.desk.engine, number).post.status


def later_on(app: App) -> datetime:
    """What comes of everything later, with a clock that runs ahead; answers how late it got."""
    for by in LATER:
        with rig.ahead(app, by) as later:
            rounds.tick(later)
    return now() + LATER[-1]


@dataclass(frozen=True)
class _Case:
    failpoint: str
    #: The daemon is killed while the disk is full; otherwise it goes on once there is room.
    killed: bool


def _cases(short: bool) -> Iterator[_Case]:
    for _ in range(1 if short else ROUNDS):
        for failpoint, killed in itertools.product(SIGNS, (False, True)):
            yield _Case(failpoint, killed)


def run(short: bool = False) -> int:
    """Print what became of the posts; 1 unless each disk was full and each post is out once."""
    logging.getLogger("handbill").addHandler(logging.NullHandler())
    cases, met, published, verdict = list(_cases(short)), 0, 0, Verdict()
    with tempfile.TemporaryDirectory() as folder, rig.rehearsal(Path(folder)) as stage:
        for number, case in enumerate(cases):
            campaign.say(f"fulldisk {number + 1} of {len(cases)}")
            try:
                with small_disk(Path(folder) / f"disk{number}") as disk:
                    full, ended, found = _play(case, disk, stage)
            except NoDisk:
                print("fulldisk skipped: only root can mount a small disk, and not everywhere")
                return int(not short)
            met, published, verdict = met + full, published + ended, verdict + found
    print(
        f"fulldisk cases={len(cases)} met={met} killed={sum(c.killed for c in cases)} "
        f"published={published} {verdict.line()}"
    )
    return int(not (verdict.ok and met == published == len(cases)))


def _play(case: _Case, disk: Disk, stage: rig.Stage) -> tuple[bool, bool, Verdict]:
    """Whether the daemon met the full disk, whether the post is published in the end, and the
    oracle's word."""
    stage.reset()
    home = disk.folder.parent / f"{disk.folder.name}-home"
    app = rig.make_home(home, stage.url, "ada", database_url=f"sqlite:///{disk.database}")
    with closing(app.desk.engine.raw_connection()):  # the file stays in use, and its log with it
        number, full = _through_it(app, case, disk)
    end = later_on(app)
    verdict = oracle.judge(app.desk.engine, stage.ledger(), end)
    published = status_of(app, number) is Status.PUBLISHED
    app.desk.engine.dispose()
    return full, published, verdict


def _through_it(app: App, case: _Case, disk: Disk) -> tuple[int, bool]:
    with stopped_at(app, case.failpoint) as (number, daemon):

        def log() -> str:
            return (app.settings.home / "run.log").read_text()

        def met() -> bool:
            return SIGNS[case.failpoint] in log()

        disk.fill()
        rig.until(
            going_on(daemon, lambda: met() or status_of(app, number) is Status.PUBLISHED),
            "the full disk",
        )
        full = met()
        if case.killed:
            daemon.kill()
            daemon.wait()
        disk.free()
        if not case.killed:
            left = (Status.QUEUED, Status.PUBLISHED)
            rig.until(going_on(daemon, lambda: status_of(app, number) in left), "the record")
    return number, full

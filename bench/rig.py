"""The rig: a home in a folder, the rehearsal and the daemon as processes, the ledger of truth."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from handbill.app import App, build
from handbill.clock import now
from handbill.domain.network import Network
from handbill.inputs import AccountIn, PartIn, PostIn
from handbill.models import Attempt
from handbill.rehearsal import practice_keys
from handbill.services import connecting, queueing
from handbill.services.desk import Desk
from handbill.settings import load, variable
from handbill.store import posts
from handbill.store.engine import begin
from handbill.store.posts import NewPost, Timing

ROOT = Path(__file__).parents[1]
PATIENCE_S = 30.0


def until(
    answer: Callable[[], object],
    what: str,
    patience_s: float = PATIENCE_S,
    every_s: float = 0.02,
) -> None:
    """Wait for the state that `answer` tells; fail with `what` when it does not come."""
    ends = time.monotonic() + patience_s
    while not answer():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {patience_s:.0f} s for: {what}")
        time.sleep(every_s)


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without other settings than these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HANDBILL_", "FAILPOINT"))}
    return {**kept, "HANDBILL_HOME": str(home), **(extra or {})}


@contextmanager
def process(
    home: Path, *command: str, env: Mapping[str, str] | None = None, log_name: str = ""
) -> Generator["subprocess.Popen[str]"]:
    """One of the program's own commands as a process; ended with the block if it still runs.

    What it says goes to a file in the home: `run.log` for `run`, unless `log_name` is given.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{log_name or command[0]}.log").open("a") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "handbill", *command],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(home, env),
            cwd=home,
        )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGCONT)
            running.terminate()
            try:
                running.wait(timeout=10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
        if running.stdout:
            running.stdout.close()


@dataclass(frozen=True)
class Stage:
    """A running rehearsal."""

    url: str
    process: "subprocess.Popen[str]"

    def ledger(self) -> dict[str, Any]:
        """The ledger of truth."""
        return self._call("ledger")

    def accepted(self, account: str | None = None) -> list[dict[str, Any]]:
        """The posts that were really made, in order."""
        made = self.ledger()["posts"]
        return [post for post in made if account in (None, post["account"])]

    def faults(self, *faults: dict[str, Any], **settings: Any) -> None:
        """Replace the fault plan."""
        self._call("faults", {"faults": list(faults), "settings": settings})

    def reset(self) -> None:
        """Empty the ledger and the fault plan."""
        self.faults()
        self._call("reset", {})

    def _call(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  our own server
            f"{self.url}/_rehearsal/{name}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found


@contextmanager
def rehearsal(home: Path) -> Generator[Stage]:
    """The rehearsal server as a process of its own."""
    with process(home, "rehearse", "--port", "0") as running:
        line = running.stdout.readline() if running.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError((home / "rehearse.log").read_text())
        yield Stage(line.split()[1], running)


def write_keys(home: Path, accounts: Sequence[str], database_url: str | None = None) -> None:
    """The `.env` of a home with practice accounts."""
    home.mkdir(parents=True, exist_ok=True)
    env = home / ".env"
    env.touch(mode=0o600)
    lines = [
        f"{variable(f'tokens.{name}.{key}')}={value}\n"
        for name in accounts
        for key, value in practice_keys(name).items()
    ]
    lines += [f"{variable('database_url')}={database_url}\n"] if database_url else []
    env.write_text("".join(lines))


def make_home(
    home: Path, url: str, *accounts: str, ask: bool = True, database_url: str | None = None
) -> App:
    """A home with practice accounts, each asked once who it is."""
    write_keys(home, accounts, database_url)
    app = build(load(home, env={}))
    for name in accounts:
        connecting.add(app.desk, AccountIn(name=name, network="x", server=url))
        if ask:
            connecting.check(app.desk, name)
    return app


@contextmanager
def daemon(
    app: App, *, env: Mapping[str, str] | None = None, name: str = "run"
) -> Generator["subprocess.Popen[str]"]:
    """The real daemon as a process, ready to publish. Several beside each other need a name each;
    what one says is in `NAME.log` in the home."""
    log = app.settings.home / f"{name}.log"
    said = log.stat().st_size if log.exists() else 0
    with process(app.settings.home, "run", env=env, log_name=name) as running:
        until(
            lambda: b"Ready, " in log.read_bytes()[said:] or running.poll() is not None,
            "the daemon to be ready",
        )
        yield running


class _Timeless:
    """A line that does not say what time it is, so that a clock that runs ahead is believed."""

    def __init__(self, line: Network) -> None:
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def hour(self) -> None:
        """Not told."""


def timeless(desk: Desk) -> Desk:
    """The same desk, but no network tells it the time."""
    connect = desk.connect
    return replace(desk, connect=lambda account: cast(Network, _Timeless(connect(account))))


@contextmanager
def ahead(app: App, by: timedelta) -> Generator[Desk]:
    """The same house with a clock that runs ahead, so that nobody has to wait for a schedule."""
    later = build(load(app.settings.home, env={}), clock=lambda: now() + by)
    yield timeless(later.desk)
    later.desk.engine.dispose()


def queue(app: App, account: str, *texts: str, at: str = "now") -> list[int]:
    """Queue posts by the service, as the shell does."""
    new = [("", PostIn(account=account, at=at, parts=[PartIn(text=text)])) for text in texts]
    return [e.post.id or 0 for e in queueing.queue(app.desk, new, lambda _text, _moment: False)]


def queue_at(app: App, account: str, moments: Iterable[tuple[str, datetime]]) -> list[int]:
    """Queue posts at exact instants, to the microsecond, past the words for times."""
    return queue_all(app, [(account, text, moment) for text, moment in moments])


def queue_all(app: App, moments: Iterable[tuple[str, str, datetime]]) -> list[int]:
    """`queue_at` for many accounts in one transaction: account, text, instant."""
    ids = {account.name: account.id or 0 for account in connecting.listing(app.desk)}
    new = [
        NewPost(
            account_id=ids[account],
            review_id=None,
            zone="UTC",
            timing=Timing(moment, "", "UTC", moment + timedelta(hours=1)),
            parts=[(text, [])],
            draft=False,
        )
        for account, text, moment in moments
    ]
    return posts.add(app.desk.engine, new, now())


def resident_mb(pid: int) -> float:
    """The memory that a process really holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def in_hand(app: App, pid: int | None = None) -> int:
    """How many attempts the worker with this process id, or anybody, has begun and not ended."""
    query = sa.select(sa.func.count(col(Attempt.id))).where(col(Attempt.ended_at).is_(None))
    if pid is not None:
        query = query.where(col(Attempt.worker).contains(f"-{pid}-"))
    with app.desk.engine.connect() as connection:
        return connection.scalar(query) or 0


def overwrite(app: App, row: type[SQLModel], number: int, **columns: object) -> None:
    """Change a row past all rules but the database's own."""
    table = SQLModel.metadata.tables[row.__name__.lower()]
    with begin(app.desk.engine) as connection:
        connection.execute(sa.update(table).where(table.c.id == number).values(**columns))


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

"""Homes with a long queue: filled once a run for each database, then copied for every figure.

All posts of a stock come from a few that were made as the shell makes them; the database itself
copies those, so that a million rows are what a million commands would have left.
"""

import atexit
import shutil
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count as numbers
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from bench import rig, servers
from bench import sink as sinks
from bench.sink import Sink
from handbill.app import App, build
from handbill.clock import now
from handbill.domain.network import Identity
from handbill.domain.outcomes import Receipt
from handbill.rehearsal import user_id
from handbill.services import connecting, zonedata
from handbill.settings import load
from handbill.store import accounts, arming, claims, records

DATABASES = ("sqlite", "postgresql")
NAMES = tuple(f"a{n:03}" for n in range(200))

#: So many are made one by one; the others are copies of them.
SEEDS = 1_000
#: So many rows are copied in one transaction.
CHUNK = 100_000

_copies = numbers(1)


@dataclass(frozen=True)
class Scene:
    """A home with its queue, and the sink that its accounts post to."""

    app: App
    sink: Sink


def pending(short: bool) -> int:
    """How many posts wait behind those that are measured."""
    return 10_000 if short else 1_000_000


@contextmanager
def scene(kind: str, waiting: int = 0) -> Generator[Scene]:
    """A home of 200 accounts, each of which has posted before, with so many posts in the far
    future; gone with the block. `kind` is one of DATABASES."""
    folder = _folder() / f"{kind}_copy_{next(_copies)}"
    with _copy(kind, _template(kind, waiting), folder) as app:
        _sink().reset()
        yield Scene(app, _sink())
    shutil.rmtree(folder)
    if kind != "sqlite":
        _on_server(f'DROP DATABASE "{folder.name}" WITH (FORCE)')


# What is kept until the run ends


@cache
def _until_exit() -> ExitStack:
    kept = ExitStack()
    atexit.register(kept.close)
    return kept


@cache
def _sink() -> Sink:
    return _until_exit().enter_context(sinks.running())


@cache
def _folder() -> Path:
    return Path(_until_exit().enter_context(tempfile.TemporaryDirectory()))


@cache
def _server() -> servers.Server:
    return _until_exit().enter_context(servers.postgres(_folder()))


@cache
def _template(kind: str, waiting: int) -> Path:
    """The folder of a home that no figure uses; on a server its name is the database's, too."""
    folder = _folder() / f"{kind}_{waiting}"
    if waiting:
        with _copy(kind, _template(kind, 0), folder) as app:
            fill(app, waiting)
        return folder
    address = None if kind == "sqlite" else _server().address(folder.name)
    app = rig.make_home(folder, _sink().url, *NAMES, ask=False, database_url=address)
    for account in connecting.listing(app.desk):
        who = Identity(user_id(account.name), f"@{account.name}")
        accounts.identify(app.desk.engine, account.id or 0, who)
    _publish_first(app)
    app.desk.engine.dispose()
    return folder


@contextmanager
def _copy(kind: str, template: Path, folder: Path) -> Generator[App]:
    """A home in `folder` that begins as the template is; its database stays."""
    if kind == "sqlite":
        rig.write_keys(folder, NAMES)
        shutil.copyfile(template / "handbill.db", folder / "handbill.db")
    else:
        copying = f'CREATE DATABASE "{folder.name}" TEMPLATE "{template.name}" STRATEGY file_copy'
        _on_server(copying)
        rig.write_keys(folder, NAMES, _server().address(folder.name))
    app = build(load(folder, env={}))
    try:
        yield app
    finally:
        app.desk.engine.dispose()


def _on_server(statement: str) -> None:
    import psycopg

    with psycopg.connect(_server().address(), autocommit=True) as connection:
        connection.execute(statement.encode())


# Filling


def fill(app: App, count: int) -> None:
    """Queue `count` posts far in the future, spread over all accounts."""
    later = now() + timedelta(days=300)
    seeds = rig.queue_all(
        app,
        [
            (NAMES[n % len(NAMES)], f"later {n}", later + n * timedelta(hours=7))
            for n in range(min(count, SEEDS))
        ],
    )
    _multiply(app, seeds, count)
    zonedata.notice(app.desk)  # as the daemon did that was there while they were queued


def publish(app: App, count: int) -> None:
    """Add `count` posts that went out long ago: copies of the first of every account."""
    _multiply(app, range(1, len(NAMES) + 1), count)


def _publish_first(app: App) -> None:
    """One post for every account, by the store's own steps, with no network."""
    engine, moment = app.desk.engine, now() - timedelta(days=300)
    rig.queue_all(app, [(name, f"the first of {name}", moment) for name in NAMES])
    for claim in claims.claim(engine, moment, "stock", len(NAMES), app.desk.pictures):
        moment += timedelta(seconds=2)
        assert arming.arm(engine, claim, {}, moment)
        receipt = Receipt(str(claim.post_id), f"https://x.test/{claim.post_id}")
        records.record(engine, claim, receipt, moment)


def _multiply(app: App, seeds: Sequence[int], count: int) -> None:
    """Copy posts with their parts and attempts until there are `count` of them."""
    for done in range(len(seeds), count, CHUNK):
        _show(f"{app.desk.engine.dialect.name}: {done:,} of {count:,} posts")
        with app.desk.engine.begin() as connection:
            _copy_posts(connection, seeds, min(CHUNK, count - done))
    if app.desk.engine.dialect.name == "postgresql":
        _tidy_up(app.desk.engine)
    _show("")


def _tidy_up(engine: sa.Engine) -> None:
    """What a server does of its own accord soon after; on a SQLite file nobody ever does it."""
    with engine.connect() as connection:
        quick = connection.execution_options(isolation_level="AUTOCOMMIT")
        quick.exec_driver_sql("VACUUM ANALYZE")


def _copy_posts(connection: sa.Connection, seeds: Sequence[int], count: int) -> None:
    post, part, attempt = (SQLModel.metadata.tables[name] for name in ("post", "part", "attempt"))
    last = connection.scalar(sa.select(sa.func.max(post.c.id)))
    times = sa.select(post.c.id).limit(-(-count // len(seeds))).subquery()
    chosen = post.c.id.between(min(seeds), max(seeds))
    _insert(connection, post, {}, times, chosen, count)
    new = sa.select(post).where(post.c.id > last).subquery()
    number = sa.cast(new.c.id, sa.String)
    changes: dict[str, Any] = {
        "post_id": new.c.id,
        "text": "later " + number,
        "remote_id": sa.case((new.c.published_at.is_not(None), number)),
        "published_at": new.c.published_at,
    }
    _insert(connection, part, changes, new, part.c.post_id == seeds[0])
    sent = sa.select(part).where(part.c.post_id > last).subquery()
    changes = {"post_id": sent.c.post_id, "part_id": sent.c.id}
    _insert(connection, attempt, changes, sent, attempt.c.post_id == seeds[0])


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    changes: Mapping[str, Any],
    times: sa.Subquery,
    chosen: sa.ColumnElement[bool],
    limit: int | None = None,
) -> None:
    """Copy the chosen rows once for each row of `times`, with changes; every copy gets a number."""
    names = [column.name for column in table.c if column.name != "id"]
    rows = sa.select(*(changes.get(name, table.c[name]) for name in names))
    rows = rows.select_from(table.join(times, sa.true())).where(chosen).limit(limit)
    connection.execute(sa.insert(table).from_select(names, rows))


def _show(words: str) -> None:
    """Progress, for a person who waits."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)

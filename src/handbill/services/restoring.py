"""Puts a backup in the place of the database, paused. Nothing is sent, and no network is asked,
before a person says `resume`: what went out since the backup was taken, the backup cannot know.

    1. refuse while somebody publishes, or while there are posts that nobody said may go
    2. take the database out beside the present one, examine it, bring it to today's schema
    3. pause it, and hold in doubt whatever may have gone out since
    4. put the pictures back that are not there
    5. put it in the place of the present one: at once, or not at all
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from handbill.domain.lifecycle import Status
from handbill.errors import Damaged, StoreProblem
from handbill.failpoints import failpoint
from handbill.services import archives, timekeeping
from handbill.services.archives import Archive, Manifest
from handbill.services.desk import Desk
from handbill.store import agenda, copying, embargoes, files, listings, restoring, workers
from handbill.store.copying import Told
from handbill.store.engine import snapshot, sqlite_file
from handbill.store.listings import Entry
from handbill.store.lock import sole_worker
from handbill.store.schema import open_store

PREFIX = ".handbill-restore-"


@dataclass(frozen=True)
class Restored:
    """What is in place now, and what would follow from resuming."""

    manifest: Manifest
    #: Where the database that was here is kept, if there was anything in it.
    aside: Path | None
    counts: Mapping[Status, int]
    #: What leaves at its time after resuming, soonest first; the first hundred.
    queued: Sequence[Entry]
    #: What the networks are asked about first, or else a person; the first hundred.
    in_doubt: Sequence[Entry]


def restore(desk: Desk, file: Path, told: Told, *, force: bool = False) -> Restored:
    """Put the backup in `file` in the place of the desk's database, which need not be whole.

    `force` lets a SQLite database with posts be replaced; it is kept beside. Raises InputProblem
    when `file` is no whole backup, and StoreProblem when its place cannot be taken.
    """
    home = (sqlite_file(desk.engine) or desk.pictures).parent
    with archives.opened(file) as archive, _refusing_unwritable(home):
        home.mkdir(parents=True, exist_ok=True)
        with sole_worker(desk.engine), _folder(desk, home) as folder, ExitStack() as opened:
            present = _present(desk, force)
            prepared = _prepared(desk, archive, folder / "handbill.db", present)
            opened.callback(prepared.engine.dispose)
            archive.take_pictures(desk.pictures, told)
            failpoint("restore.prepared")
            if present is None:
                aside = _replace_damaged(desk, prepared)
            else:
                opened.callback(present.engine.dispose)
                aside = _replace_rows(present, prepared, told, force)
    return _outcome(desk, archive.manifest, aside)


@contextmanager
def _folder(desk: Desk, home: Path) -> Generator[Path]:
    """A folder on the same disk, gone afterwards."""
    if sqlite_file(desk.engine) is not None:  # nobody else can be restoring into this home
        for left_by_a_killed_one in home.glob(f"{PREFIX}*"):
            rmtree(left_by_a_killed_one)
    with TemporaryDirectory(prefix=PREFIX, dir=home) as made:
        yield Path(made)


def _present(desk: Desk, force: bool) -> Desk | None:
    """The present database, opened and found whole; None when it is damaged."""
    file = sqlite_file(desk.engine)
    try:
        here = replace(desk, engine=open_store(desk.engine.url))
        if file is not None:
            files.examine(file)
    except Damaged:
        return None
    if file is None:
        _refuse_workers(here)
    with snapshot(here.engine) as connection:
        _refuse_loss(here, copying.counts(connection), force)
    return here


def _refuse_workers(desk: Desk) -> None:
    since = desk.clock() - workers.SILENCE
    for one in workers.listing(desk.engine):
        if one.stopped_at is None and one.seen_at >= since:
            raise StoreProblem(
                f"The worker {one.name} on {one.host} is publishing from this database.",
                "Stop all of them first; one that was killed counts as gone after "
                f"{workers.SILENCE.total_seconds():.0f} s.",
            )


def _refuse_loss(desk: Desk, rows: Mapping[str, int], force: bool) -> None:
    on_a_server = sqlite_file(desk.engine) is None
    if on_a_server and any(rows[name] for name in ("account", "review", "post")):
        raise StoreProblem(
            f"This database is not empty (accounts: {rows['account']}, posts: {rows['post']}), and "
            "on a server Handbill replaces nothing.",
            "Make an empty database, and set database_url to it.",
        )
    if rows["post"] and not force:
        raise StoreProblem(
            f"There are posts in this database already: {rows['post']}.",
            "To put the backup in their place add --force (they are kept in a file beside it), or "
            "restore into another folder: handbill --home DIR restore FILE",
        )


def _prepared(desk: Desk, archive: Archive, to: Path, present: Desk | None) -> Desk:
    """The backup's database, of today's schema, paused, with whatever may be out in doubt: also
    what the present database knows to have been tried. Its embargoes go on holding."""
    archive.take_database(to)
    try:
        files.examine(to, archive.manifest.rows)
    except Damaged:
        raise archives.not_whole(archive.file) from None
    prepared = replace(desk, engine=open_store(files.url_of(to)))
    tried = restoring.tried(present.engine) if present else set()
    known = embargoes.everything(present.engine) if present else {}
    # A machine whose clock is behind would take for still to come what went out long ago.
    now = timekeeping.latest(prepared)
    restoring.hold(prepared.engine, archive.manifest.taken_at, now, tried, known)
    return prepared


def _replace_rows(here: Desk, prepared: Desk, told: Told, force: bool) -> Path | None:
    """In one transaction: whoever reads meanwhile sees the one database or the other."""
    file = sqlite_file(here.engine)
    aside = None

    def look(rows: dict[str, int]) -> None:
        nonlocal aside
        _refuse_loss(here, rows, force)
        if file is not None and any(rows.values()):
            aside = _aside(here, file)
            files.keep_aside(file, aside)
        failpoint("restore.kept")

    copying.replace_all(prepared.engine, here.engine, look, told)
    return aside


def _replace_damaged(desk: Desk, prepared: Desk) -> Path | None:
    file, new = sqlite_file(desk.engine), sqlite_file(prepared.engine)
    if file is None or new is None:
        raise TypeError("only a file can be damaged")
    prepared.engine.dispose()
    desk.engine.dispose()
    files.seal(new)
    aside = _aside(desk, file)
    files.replace_damaged(file, new, aside)
    return aside


def _aside(desk: Desk, file: Path) -> Path:
    """A name that is free: what is kept there is never written over."""
    name = f"{file}.before-restore-{desk.clock():%Y%m%dT%H%M%SZ}"
    names = (Path(name if n == 1 else f"{name}-{n}") for n in count(1))
    return next(path for path in names if not path.exists())


def _outcome(desk: Desk, manifest: Manifest, aside: Path | None) -> Restored:
    engine = open_store(desk.engine.url)
    try:
        return Restored(
            manifest=manifest,
            aside=aside,
            counts=agenda.counts(engine),
            queued=listings.queue(engine, [Status.QUEUED], None, listings.MOST),
            in_doubt=listings.queue(engine, [Status.IN_DOUBT], None, listings.MOST),
        )
    finally:
        engine.dispose()


@contextmanager
def _refusing_unwritable(home: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StoreProblem(
            f"{error.filename or home} cannot be written ({error.strerror}); nothing was restored.",
            "Check the folder's permissions and the free space on the disk, or choose another: "
            "handbill --home DIR restore FILE",
        ) from None

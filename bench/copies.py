"""The program dies while it takes a backup or puts one back: what is there afterwards is the old or
the new, whole, and doing it again completes it. Nothing is ever sent."""

import sqlite3
import threading
import zipfile
from contextlib import closing
from pathlib import Path

from bench import deaths, rig
from bench.deaths import Case
from handbill.app import App, build, unopened
from handbill.domain.lifecycle import Status
from handbill.errors import Damaged, Problem
from handbill.services import backups, pausing, restoring
from handbill.settings import load
from handbill.store import files, listings
from handbill.store.engine import sqlite_file

THEN, SINCE = "From the backup.", "Since then."
OLD, NEW = [SINCE], [THEN]


class Copying:
    """A home, a backup of another one, and a program that dies between the two."""

    def __init__(
        self, home: Path, stage: rig.Stage, url: str | None, alone: threading.Lock
    ) -> None:
        self._home, self._stage, self._url, self._alone = home, stage, url, alone
        self._file = home.parent / f"{home.name}.zip"

    def play(self, case: Case) -> tuple[bool, list[str], App]:
        """Whether the program died there, what is wrong afterwards, and what there is."""
        if case.stage == "backup":
            return self._backed_up(case)
        return self._restored(case)

    def _backed_up(self, case: Case) -> tuple[bool, list[str], App]:
        with self._alone:
            app = self._make(self._home, self._url, THEN)
        hit = self._dies(case, "backup", str(self._file))
        done = case.action == "stop"
        wrong = _unless(self._file.exists() == done, "half a backup is there")
        wrong += _unless(_texts(app) == [THEN], "the database has changed")
        if not done:
            with self._alone:
                backups.backup(app.desk, self._file, _nobody)
        wrong += _unless(zipfile.is_zipfile(self._file), "the backup is not whole")
        wrong += self._nothing_sent()
        self._file.unlink(missing_ok=True)
        return hit, wrong, app

    def _restored(self, case: Case) -> tuple[bool, list[str], App]:
        damaged = case.stage == "replace"
        with self._alone:
            self._take_a_backup()
            self._prepare(damaged)
        hit = self._dies(case, "restore", str(self._file), "--force")
        wrong = self._old_or_new(case, damaged)
        if case.action != "stop":
            with self._alone:
                desk = unopened(load(self._home, env={})).desk
                restoring.restore(desk, self._file, _nobody, force=True)
        app = build(load(self._home, env={}))
        wrong += _unless(_texts(app) == NEW, "the backup is not in place")
        wrong += _unless(pausing.held(app.desk) is not None, "what was restored is not paused")
        if self._url is None:  # for a server two may restore from one home; nobody tidies up there
            wrong += _unless(not list(self._home.glob(".handbill-*")), "something is left behind")
        self._file.unlink()
        return hit, wrong + self._nothing_sent(), app

    # Scenes

    def _make(self, home: Path, url: str | None, text: str) -> App:
        app = rig.make_home(home, self._stage.url, "ada", database_url=url)
        rig.queue(app, "ada", text, at="+2h")
        return app

    def _take_a_backup(self) -> None:
        source = self._make(self._home.parent / f"{self._home.name}-source", None, THEN)
        backups.backup(source.desk, self._file, _nobody)
        source.desk.engine.dispose()

    def _prepare(self, damaged: bool) -> None:
        """What is there before: a server's database must be empty, a file's need not be whole."""
        if self._url is not None:
            rig.write_keys(self._home, ["ada"], self._url)
            return
        app = self._make(self._home, None, SINCE)
        file = sqlite_file(app.desk.engine)
        app.desk.engine.dispose()
        if damaged and file is not None:
            _damage(file)

    def _dies(self, case: Case, *command: str) -> bool:
        dying = deaths.victim(self._home, case, *command)
        try:
            hit = deaths.met_its_end(dying, self._home, case.action)
            if hit and case.action == "stop":
                deaths.thaw(dying, 0)
        finally:
            dying.kill()
            dying.wait()
        return hit

    # What must hold

    def _old_or_new(self, case: Case, damaged: bool) -> list[str]:
        """At no moment is there anything else, and never an empty file in the place of a damaged
        one."""
        try:
            with self._alone:
                app = build(load(self._home, env={}))
            file = sqlite_file(app.desk.engine)
            if file is not None:
                files.examine(file)
            found = _texts(app)
        except Damaged:
            return _unless(damaged and case.action != "stop", "the database is damaged")
        except Problem as problem:
            return [f"the database cannot be opened: {problem}"]
        app.desk.engine.dispose()
        old: list[list[str]] = [OLD] if self._url is None and not damaged else [[]]
        legal = [NEW] if case.action == "stop" or damaged else [NEW, *old]
        return _unless(found in legal, f"there are {found}")

    def _nothing_sent(self) -> list[str]:
        return _unless(not self._stage.accepted(), "something was sent")


def _texts(app: App) -> list[str]:
    return [entry.parts[0].text for entry in listings.queue(app.desk.engine, list(Status), None)]


def _unless(holds: bool, what: str) -> list[str]:
    return [] if holds else [what]


def _damage(file: Path) -> None:
    """Write rubbish over the posts."""
    with closing(sqlite3.connect(file)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'post'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as there:
        there.seek((page - 1) * size)
        there.write(b"\xee" * size)


def _nobody(_what: str, _done: int, _total: int) -> None:
    """Is told how far it is."""

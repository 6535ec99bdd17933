"""A restore: at once or not at all, paused, and never over what nobody said may go."""

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.network import AccountRef, Network
from handbill.domain.settling import QUIET
from handbill.errors import InputProblem, SettingsProblem, StoreProblem
from handbill.models import Worker
from handbill.services import backups, history, pausing, restoring, settling
from handbill.services.desk import Desk
from handbill.services.restoring import Restored
from handbill.store import claims, posts, workers
from handbill.store.engine import make_engine, sqlite_file
from handbill.store.listings import Entry
from handbill.store.lock import sole_worker
from handbill.store.schema import HEAD, open_store, upgrade
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    Hands,
    add_account,
    add_in,
    add_post,
    attempt,
    broken,
    get,
    make_desk,
    new_post,
    nothing,
    receipt,
    timing,
)
from tests.services.scripted import Line
from tests.services.test_backups import picture
from tests.store.test_copying import lived_in, rows

#: The backup is taken at NOW, and restored a day later.
LATER = NOW + DAY


def keyless(account: AccountRef) -> Network:
    """No network can be asked anything."""
    raise SettingsProblem(f"{account.name} has no keys.")


@pytest.fixture
def source(engine: Engine, hands: Hands, tmp_path: Path) -> Desk:
    """Where the backup comes from, on each kind of database."""
    folder = tmp_path / "source"
    folder.mkdir()
    return make_desk(engine, hands, folder / "pictures", keyless)


@pytest.fixture
def lite_source(desk: Desk) -> Desk:
    """Where the backup comes from, when its kind does not matter."""
    return desk


@pytest.fixture
def place(other_url: str, hands: Hands, tmp_path: Path) -> Iterator[Desk]:
    """Where it goes, on each kind of database; nothing is there yet."""
    made = make_engine(other_url)
    yield make_desk(made, hands, tmp_path / "other" / "pictures", keyless)
    made.dispose()


@pytest.fixture
def home(hands: Hands, tmp_path: Path) -> Iterator[Desk]:
    """Where it goes, on SQLite; nothing is there yet."""
    made = make_engine(f"sqlite:///{tmp_path / 'home' / 'handbill.db'}")
    yield make_desk(made, hands, tmp_path / "home" / "pictures", keyless)
    made.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup is kept."""
    return tmp_path / "backup.zip"


def back_up(desk: Desk, file: Path) -> Path:
    """Take a backup at NOW."""
    backups.backup(desk, file, nothing)
    return file


def restore(desk: Desk, file: Path, **how: Any) -> Restored:
    """Restore a backup a day later."""
    if isinstance(desk.clock, Hands) and desk.clock.now < LATER:
        desk.clock.now = LATER
    return restoring.restore(desk, file, nothing, **how)


def file_of(desk: Desk) -> Path:
    file = sqlite_file(desk.engine)
    assert file is not None
    return file


def numbers(entries: Any) -> list[int]:
    return [entry.post.id for entry in entries]


# What is there afterwards


def test_everything_is_there_again_and_what_may_have_gone_out_is_in_doubt(
    source: Desk, place: Desk, file: Path
) -> None:
    lived_in(source.engine)
    before = rows(source.engine)
    restore(place, back_up(source, file))
    after = rows(place.engine)
    for row in (*after["account"], *before["account"]):
        del row["rest_until"]  # they rest after a doubt
    for table in ("account", "review", "part"):
        assert after[table] == before[table]
    old = {row["id"]: row for row in before["post"]}
    for row in after["post"]:
        if row["status"] is not Status.IN_DOUBT:
            assert row == old[row["id"]]
    became = {row["id"]: row["status"] for row in after["post"]}
    for number, row in old.items():
        open_ones = (Status.QUEUED, Status.PUBLISHING, Status.IN_DOUBT)
        expected = Status.IN_DOUBT if row["status"] in open_ones else row["status"]
        assert became[number] == expected


def test_it_is_paused_and_says_what_it_would_send_and_what_it_asks_first(
    source: Desk, place: Desk, file: Path
) -> None:
    overdue, later = add_post(source.engine), add_post(source.engine, at=LATER + HOUR)
    restored = restore(place, back_up(source, file))
    assert (numbers(restored.queued), numbers(restored.in_doubt)) == ([later], [overdue])
    assert restored.counts == {Status.QUEUED: 1, Status.IN_DOUBT: 1}
    assert restored.manifest.taken_at == NOW
    assert restored.aside is None
    pause = pausing.held(place)
    assert pause is not None
    assert pause.value.startswith("Restored from a backup of ")
    assert pause.since == LATER
    assert history.state(place).pause == pause


def test_nothing_is_claimed_and_nothing_asked_before_resuming(
    source: Desk, place: Desk, hands: Hands, file: Path
) -> None:
    add_post(source.engine)
    add_post(source.engine, at=LATER + HOUR)
    restore(place, back_up(source, file))
    now = hands.forward(2 * HOUR)
    assert claims.claim(place.engine, now, "w1", 9, PICTURES) == []
    assert numbers(pausing.waiting(place).unasked) == [1]
    pausing.resume(place)
    assert [c.post_id for c in claims.claim(place.engine, now, "w1", 9, PICTURES)] == [2]


def test_pictures_are_put_back_and_those_that_are_there_are_left_alone(
    source: Desk, place: Desk, file: Path
) -> None:
    kept = [picture(source, size)["file"] for size in (1, 2)]
    add_post(source.engine, images=[{**picture(source, size)} for size in (1, 2)])
    back_up(source, file)
    place.pictures.mkdir(parents=True)
    there = place.pictures / kept[0]
    there.write_bytes((source.pictures / kept[0]).read_bytes())
    os.utime(there, (1, 1))
    restore(place, file)
    assert {path.name for path in place.pictures.iterdir()} == set(kept)
    assert there.stat().st_mtime == 1
    for name in kept:
        assert (place.pictures / name).read_bytes() == (source.pictures / name).read_bytes()


def test_it_can_be_gone_on_with(source: Desk, place: Desk, file: Path) -> None:
    add_post(source.engine)
    restore(place, back_up(source, file))
    assert add_post(place.engine, add_account(place.engine, "new")) == 2


def test_a_clock_that_is_behind_the_backups_sends_nothing_twice(
    lite_source: Desk, home: Desk, hands: Hands, file: Path
) -> None:
    number = add_post(lite_source.engine, at=NOW - MINUTE)
    back_up(lite_source, file)
    hands.now = NOW - HOUR
    restored = restoring.restore(home, file, nothing)
    assert numbers(restored.in_doubt) == [number]


@dataclass
class ClockOf(Line):
    """A network that says what time it is, and is asked nothing else."""

    says: datetime = LATER

    def hour(self) -> datetime:
        return self.says


def test_a_clock_that_is_behind_the_networks_sends_nothing_twice(
    lite_source: Desk, home: Desk, hands: Hands, file: Path
) -> None:
    """A machine without a clock of its own begins in the past."""
    out = add_post(lite_source.engine, at=NOW + 2 * HOUR)
    add_post(lite_source.engine, at=LATER + HOUR)
    back_up(lite_source, file)
    hands.now = NOW + HOUR
    network = ClockOf()
    restored = restoring.restore(network.at(home), file, nothing)
    assert numbers(restored.in_doubt) == [out]
    assert set(network.asked) == {"connect"}


def test_nothing_is_left_of_the_work(lite_source: Desk, home: Desk, file: Path) -> None:
    add_post(lite_source.engine, images=[picture(lite_source)])
    restore(home, back_up(lite_source, file))
    left = {path.name for path in file_of(home).parent.iterdir()}
    locks = {"handbill.db.run.lock", "handbill.db.migrate.lock"}
    assert left - locks - {"handbill.db-wal", "handbill.db-shm"} == {"handbill.db", "pictures"}


def test_what_a_killed_restore_left_is_cleared_away(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    left = file_of(home).parent / ".handbill-restore-x1"
    left.mkdir(parents=True)
    (left / "handbill.db").write_text("half")
    restore(home, back_up(lite_source, file))
    assert not left.exists()


# Where there is something already


def test_posts_are_not_replaced_unless_told_and_then_kept_beside(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    add_post(lite_source.engine, text="From the backup.")
    back_up(lite_source, file)
    lived_in(open_store(home.engine.url))
    before = rows(home.engine)
    with pytest.raises(StoreProblem, match="add --force"):
        restore(home, file)
    assert rows(home.engine) == before
    restored = restore(home, file, force=True)
    assert get(home.engine, 1).parts[0].text == "From the backup."
    assert restored.aside == Path(f"{file_of(home)}.before-restore-20261121T110000Z")
    aside = make_engine(f"sqlite:///{restored.aside}")
    assert rows(aside) == before
    aside.dispose()


def test_accounts_without_posts_may_go_and_are_kept_beside_too(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    add_account(open_store(home.engine.url), "sol")
    restored = restore(home, back_up(lite_source, file))
    assert restored.aside is not None


@pytest.mark.postgres
@pytest.mark.parametrize("force", [False, True])
def test_on_a_server_nothing_is_replaced(
    lite_source: Desk, request: pytest.FixtureRequest, hands: Hands, file: Path, force: bool
) -> None:
    server = request.getfixturevalue("postgres")
    address = server.create()
    theirs = open_store(address)
    add_account(theirs, "sol")
    before = rows(theirs)
    with pytest.raises(StoreProblem, match="empty database"):
        restore(
            make_desk(theirs, hands, file.parent / "p", keyless),
            back_up(lite_source, file),
            force=force,
        )
    assert rows(theirs) == before
    theirs.dispose()
    server.drop(address)


def test_what_the_present_database_knows_to_be_out_does_not_leave_again(
    lite_source: Desk, home: Desk, hands: Hands, file: Path
) -> None:
    """A post was moved forward and sent after the backup: the backup has it for tomorrow."""
    number, other = [add_post(lite_source.engine, at=LATER + HOUR) for _ in range(2)]
    back_up(lite_source, file)
    restoring.restore(home, file, nothing)
    pausing.resume(home)
    posts.change(home.engine, number, posts.reschedule(timing(NOW)))
    attempt(home.engine, receipt("1001"), NOW)
    restored = restore(home, file, force=True)
    assert (numbers(restored.in_doubt), numbers(restored.queued)) == ([number], [other])


def test_another_post_of_the_same_number_is_another_post(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    number = add_post(lite_source.engine, at=LATER + HOUR)
    back_up(lite_source, file)
    engine = open_store(home.engine.url)
    posts.add(engine, [new_post(add_account(engine))], NOW + SECOND)
    attempt(engine, receipt("1001"), NOW)
    restored = restore(home, file, force=True)
    assert numbers(restored.queued) == [number]


def test_a_damaged_database_is_replaced_without_being_told_and_kept_as_it_is(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    add_post(lite_source.engine)
    back_up(lite_source, file)
    damaged = open_store(home.engine.url)
    add_post(damaged, text="Lost.")
    damaged.dispose()
    content = broken(file_of(home))
    restored = restore(home, file)
    assert restored.aside is not None
    assert restored.aside.read_bytes() == content
    assert get(home.engine, 1).post.status is Status.IN_DOUBT
    again = restore(home, file, force=True)
    assert again.aside == Path(f"{restored.aside}-2"), "in the same second"
    assert restored.aside.read_bytes() == content


def test_a_file_that_is_no_database_is_replaced_and_kept(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    file_of(home).parent.mkdir()
    file_of(home).write_text("This is no database. " * 99)
    restored = restore(home, back_up(lite_source, file))
    assert restored.aside is not None
    assert "no database" in restored.aside.read_text()


# Refused


def test_while_somebody_publishes_it_is_refused(lite_source: Desk, home: Desk, file: Path) -> None:
    back_up(lite_source, file)
    open_store(home.engine.url).dispose()
    with sole_worker(home.engine), pytest.raises(StoreProblem, match="publishing"):
        restore(home, file)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("ago", "stopped", "refused"), [(1, False, True), (1, True, False), (90, False, False)]
)
def test_on_a_server_a_worker_that_lives_refuses_it(
    lite_source: Desk,
    request: pytest.FixtureRequest,
    hands: Hands,
    file: Path,
    ago: int,
    stopped: bool,
    refused: bool,
) -> None:
    server = request.getfixturevalue("postgres")
    address = server.create()
    theirs = open_store(address)
    seen = LATER - ago * SECOND
    one = Worker(name="w1", host="h", pid=1, version="1", started_at=NOW, seen_at=seen)
    workers.register(theirs, one)
    if stopped:
        workers.stop(theirs, "w1", seen)
    desk = make_desk(theirs, hands, file.parent / "p", keyless)
    back_up(lite_source, file)
    if refused:
        with pytest.raises(StoreProblem, match="worker w1 on h"):
            restore(desk, file)
    else:
        restore(desk, file)
    theirs.dispose()
    server.drop(address)


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same backup with something else in it."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file


def manifest(**fields: Any) -> Callable[[dict[str, bytes]], None]:
    """Other words in the manifest."""

    def change(entries: dict[str, bytes]) -> None:
        entries["manifest.json"] = json.dumps(
            {**json.loads(entries["manifest.json"]), **fields}
        ).encode()

    return change


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    """Something is not there."""
    return lambda entries: entries.__delitem__(name)


def other_picture(entries: dict[str, bytes]) -> None:
    name = next(name for name in entries if name.startswith("pictures/"))
    entries[name] = b"other"


def climbing(entries: dict[str, bytes]) -> None:
    entries["pictures/../../evil.png"] = b"evil"


def broken_database(entries: dict[str, bytes]) -> None:
    entries["handbill.db"] = entries["handbill.db"][:-8192]


NO_BACKUPS = [
    manifest(rows={"post": 7}),
    manifest(rows={"recipes": 0}),
    manifest(taken_at="2026-11-20T11:00:00"),
    manifest(taken_at=None),
    without("manifest.json"),
    without("handbill.db"),
    other_picture,
    climbing,
    broken_database,
]


@pytest.mark.parametrize("change", NO_BACKUPS)
def test_what_is_not_a_whole_backup_is_refused_and_nothing_is_changed(
    lite_source: Desk, home: Desk, file: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    add_post(lite_source.engine, images=[picture(lite_source)])
    rewritten(back_up(lite_source, file), change)
    add_post(open_store(home.engine.url), text="Present.")
    before = rows(home.engine)
    with pytest.raises(InputProblem, match="is not a backup of Handbill, or it is damaged"):
        restore(home, file, force=True)
    assert rows(home.engine) == before
    assert not (file.parent / "evil.png").exists()


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_file_that_was_cut_is_refused(
    lite_source: Desk, home: Desk, file: Path, cut: int
) -> None:
    back_up(lite_source, file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(InputProblem):
        restore(home, file)
    assert not file_of(home).exists()


def test_a_flipped_byte_in_the_database_is_found(lite_source: Desk, home: Desk, file: Path) -> None:
    back_up(lite_source, file)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(InputProblem):
        restore(home, file)


def test_a_file_that_is_not_there_is_told(home: Desk, file: Path) -> None:
    with pytest.raises(InputProblem, match="no file"):
        restore(home, file)


@pytest.mark.parametrize("fields", [{"format": 2}, {"revision": "9999"}])
def test_a_newer_backup_is_refused_with_the_way_out(
    lite_source: Desk, home: Desk, file: Path, fields: dict[str, Any]
) -> None:
    rewritten(back_up(lite_source, file), manifest(handbill="9.0.0", **fields))
    with pytest.raises(StoreProblem) as problem:
        restore(home, file)
    assert "newer Handbill (9.0.0)" in problem.value.says
    assert "pip install --upgrade handbill" in problem.value.cure


def test_a_newer_present_database_is_refused_and_left_alone(
    lite_source: Desk, home: Desk, file: Path
) -> None:
    newer = open_store(home.engine.url)
    with newer.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    newer.dispose()
    with pytest.raises(StoreProblem, match="newer Handbill"):
        restore(home, back_up(lite_source, file), force=True)


# What a person says


def test_a_denial_counts_only_once_the_last_request_before_the_restore_has_landed(
    lite_source: Desk, home: Desk, hands: Hands, file: Path
) -> None:
    number = add_post(lite_source.engine)
    restore(home, back_up(lite_source, file))
    hands.forward(QUIET - SECOND)
    with pytest.raises(InputProblem, match="may still be on its way"):
        settling.deny(home, number)
    hands.forward(SECOND)
    assert settling.deny(home, number) is Status.QUEUED


# Older


#: Rows as the first version of Handbill wrote them.
LONG_AGO = (
    "INSERT INTO account (id, name, network, zone, lateness_limit, created_at) VALUES (1, 'ines',"
    " 'x', 'Europe/Paris', '1970-01-01 01:00:00.000000', '2026-11-20 10:00:00.000000')",
    "INSERT INTO post (id, account_id, status, revision, fence, due_at, zone, not_before,"
    " no_later_than, created_at) VALUES (5, 1, 'queued', 1, 0, '2026-11-20 11:00:00.000000',"
    " 'Europe/Paris', '2026-11-20 11:00:00.000000', '2026-11-20 12:00:00.000000',"
    " '2026-11-20 10:00:00.000000')",
    "INSERT INTO part (id, post_id, position, text, images)"
    " VALUES (7, 5, 1, 'From long ago.', '[]')",
)


def test_a_backup_of_an_older_schema_is_brought_to_todays(
    lite_source: Desk, place: Desk, file: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    engine = make_engine(f"sqlite:///{old}")
    old.touch()
    upgrade(engine, "0001")
    with engine.begin() as connection:
        for statement in LONG_AGO:
            connection.execute(sa.text(statement))
    engine.dispose()
    raw = sqlite3.connect(old)
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()

    def older(entries: dict[str, bytes]) -> None:
        entries["handbill.db"] = old.read_bytes()
        manifest(revision="0001", rows={"account": 1, "post": 1, "part": 1, "attempt": 0})(entries)

    rewritten(back_up(lite_source, file), older)
    restored = restore(place, file)
    assert numbers(restored.in_doubt) == [5]
    entry: Entry = get(place.engine, 5)
    assert entry.parts[0].text == "From long ago."
    assert entry.post.due_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
    with place.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == HEAD
    with pytest.raises(sa.exc.DBAPIError), place.engine.begin() as connection:
        connection.execute(sa.text("UPDATE post SET status = 'draft'"))  # the guard is there


def test_a_restored_database_can_be_backed_up_and_restored_again(
    lite_source: Desk, home: Desk, file: Path, tmp_path: Path
) -> None:
    add_in(lite_source.engine, Status.QUEUED)
    restore(home, back_up(lite_source, file))
    file.unlink()
    restored = restore(home, back_up(home, file), force=True)
    assert numbers(restored.in_doubt) == [1]
    assert len(get(home.engine, 1).attempts) == 1
    shutil.rmtree(tmp_path / "home")

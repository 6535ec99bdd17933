"""`handbill backup` and `handbill restore`."""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.cli import backups
from handbill.clock import now
from handbill.inputs import ImageIn
from handbill.services import pictures
from handbill.store.engine import make_engine
from handbill.store.lock import sole_worker
from tests.cli.shell import Answer, Shell
from tests.factories import DAY, MINUTE, add_account, add_post, broken, get, png


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_ZONE", "Europe/Paris")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "handbill.zip"


@pytest.fixture
def elsewhere(shell: Shell, tmp_path: Path) -> Shell:
    """The same shell in a home where there is nothing yet."""
    return replace(shell, home=tmp_path / "elsewhere")


def lines(answer: Answer) -> list[str]:
    return answer.out.splitlines()


# backup


def test_backup_says_what_is_in_it_and_what_is_not(shell: Shell, store: Engine, file: Path) -> None:
    add_post(store)
    answer = shell.fine("backup", str(file))
    assert answer.out == f"Backed up 1 post, 1 account, 0 reviews, 0 pictures to {file}.\n"
    assert f"Keep {shell.home / '.env'} by itself: no key or token is in a backup." in answer.err
    assert zipfile.is_zipfile(file)


def test_backup_as_json(shell: Shell, store: Engine, file: Path) -> None:
    add_post(store)
    shown = shell.fine("backup", str(file), "--json").json
    assert shown["file"] == str(file)
    assert shown["rows"]["post"] == 1
    assert shown["taken_at"].endswith("Z")


def test_backup_overwrites_only_when_told(shell: Shell, file: Path) -> None:
    file.write_text("Mine.")
    answer = shell("backup", str(file))
    assert (answer.code, answer.out) == (1, "")
    assert "--force" in answer.err
    shell.fine("backup", str(file), "--force")


def test_backup_tells_of_pictures_that_are_gone(shell: Shell, store: Engine, file: Path) -> None:
    original = file.parent / "lamp.png"
    original.write_bytes(png())
    kept = pictures.keep(ImageIn(file=str(original), alt="A lamp."), shell.home / "pictures")
    add_post(store, images=[pictures.as_row(kept)])
    kept.path.unlink()
    answer = shell.fine("backup", str(file))
    assert "any more, and so not in it: " in answer.err
    assert kept.path.name in answer.err


def test_backup_of_a_damaged_database_points_to_an_older_one(
    shell: Shell, store: Engine, file: Path
) -> None:
    add_post(store)
    store.dispose()
    broken(shell.home / "handbill.db")
    answer = shell("backup", str(file))
    assert answer.code == 1
    assert "handbill restore FILE" in answer.err
    assert not file.exists()


# restore


def test_restore_says_what_it_would_send_what_it_asks_first_and_what_to_do(
    shell: Shell, elsewhere: Shell, store: Engine, file: Path
) -> None:
    account = add_account(store)
    add_post(store, account, text="Perhaps out.", at=now() - MINUTE)
    add_post(store, account, text="Tomorrow.", at=now() + DAY)
    shell.fine("backup", str(file))
    answer = elsewhere.fine("restore", str(file))
    told = lines(answer)
    assert told[0].startswith("Restored 2 posts, 1 account, 0 reviews, 0 pictures from a backup of")
    assert told[0].endswith(" (Europe/Paris).")
    assert told[1] == "Everything is paused: nothing is sent, and no network is asked."
    assert told[2] == ("1 may have gone out since; the networks are asked about them first:")
    assert told[3].startswith("  #1 to ines, ")
    assert told[3].endswith(" (Europe/Paris): Perhaps out.")
    assert told[4] == "1 would leave at their times:"
    assert told[5].endswith(" (Europe/Paris): Tomorrow.")
    assert "ines has no HANDBILL_APPS__X__API_KEY" in answer.err
    for command in ("account check", "resume", "run"):
        assert f"handbill --home {elsewhere.home} {command}" in answer.err


def test_status_after_a_restore_says_why_and_exits_3(
    shell: Shell, elsewhere: Shell, store: Engine, file: Path
) -> None:
    add_post(store, at=now() + DAY)
    shell.fine("backup", str(file))
    elsewhere.fine("restore", str(file))
    answer = elsewhere("status")
    assert answer.code == 3
    assert "Everything is paused since" in answer.out
    assert "Restored from a backup of" in answer.out
    assert "Restored from a backup of" in elsewhere.fine("resume").out
    assert elsewhere("status").code == 0


def test_restore_as_json(shell: Shell, elsewhere: Shell, store: Engine, file: Path) -> None:
    account = add_account(store)
    add_post(store, account, at=now() - MINUTE)
    add_post(store, account, at=now() + DAY)
    shell.fine("backup", str(file))
    shown = elsewhere.fine("restore", str(file), "--json").json
    assert set(shown) == {"backup", "kept_aside", "counts", "queued", "in_doubt"}
    assert [post["id"] for post in shown["queued"]] == [2]
    assert [post["id"] for post in shown["in_doubt"]] == [1]
    assert shown["kept_aside"] is None
    assert (shown["counts"]["queued"], shown["counts"]["in_doubt"]) == (1, 1)


def test_restore_over_posts_needs_a_word_and_says_where_they_are_kept(
    shell: Shell, store: Engine, file: Path
) -> None:
    add_post(store, at=now() + DAY)
    shell.fine("backup", str(file))
    answer = shell("restore", str(file))
    assert answer.code == 1
    assert "There are posts in this database already: 1." in answer.err
    assert "add --force" in answer.err
    told = shell.fine("restore", str(file), "--force").out
    assert f"What was here before is kept in {shell.home / 'handbill.db.before-restore-'}" in told


def test_a_damaged_database_is_told_the_way_and_the_way_works(
    shell: Shell, store: Engine, file: Path
) -> None:
    add_post(store, at=now() + DAY)
    shell.fine("backup", str(file))
    store.dispose()
    (shell.home / "handbill.db").write_text("no database " * 99)
    refused = shell("status")
    assert refused.code == 1
    assert "handbill restore FILE" in refused.err
    shell.fine("restore", str(file))
    again = make_engine(f"sqlite:///{shell.home / 'handbill.db'}")
    assert get(again, 1).parts[0].text == "See it."
    again.dispose()


def test_restore_beside_a_daemon_is_refused(shell: Shell, store: Engine, file: Path) -> None:
    shell.fine("backup", str(file))
    with sole_worker(store):
        answer = shell("restore", str(file))
    assert answer.code == 1
    assert "Another Handbill is publishing" in answer.err


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_backup_is_refused_in_plain_words(
    elsewhere: Shell, file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    answer = elsewhere("restore", str(file))
    assert answer.code == 1
    assert "is not a backup of Handbill" in answer.err


def test_a_newer_backup_is_refused_with_the_way_out(
    shell: Shell, elsewhere: Shell, file: Path
) -> None:
    shell.fine("backup", str(file))
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        database = archive.read("handbill.db")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handbill.db", database)
        archive.writestr("manifest.json", json.dumps({**manifest, "revision": "9999"}))
    answer = elsewhere("restore", str(file))
    assert answer.code == 1
    assert "pip install --upgrade handbill" in answer.err


def test_a_place_that_cannot_be_made_is_told(shell: Shell, file: Path) -> None:
    shell.fine("backup", str(file))
    (file.parent / "a file").write_text("I am a file.")
    answer = replace(shell, home=file.parent / "a file" / "home")("restore", str(file))
    assert answer.code == 1
    assert "Traceback" not in answer.err


def test_a_long_list_is_cut_and_says_where_the_rest_is(
    shell: Shell, elsewhere: Shell, store: Engine, file: Path
) -> None:
    account = add_account(store)
    for _ in range(12):
        add_post(store, account, at=now() + DAY)
    shell.fine("backup", str(file))
    out = elsewhere.fine("restore", str(file)).out
    assert "12 would leave at their times:" in out
    assert out.count("  #") == 10
    assert "… and 2 more: handbill queue list" in out


def test_a_bar_is_shown_for_large_ones_without_disturbing_what_is_said(
    shell: Shell, store: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "LARGE", 1)
    monkeypatch.setenv("FORCE_COLOR", "1")
    add_post(store)
    assert lines(shell.fine("backup", str(file)))[-1].startswith("Backed up 1 post")
    shutil.rmtree(shell.home)

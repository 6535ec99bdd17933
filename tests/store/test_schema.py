"""The database: made, migrated, or refused; and the rules that it keeps by itself."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from handbill.domain.lifecycle import NEEDS_EYES, TRANSITIONS, Status
from handbill.errors import SettingsProblem, StoreProblem
from handbill.models import Account, Attempt, Part, Post, Review
from handbill.store.engine import make_engine, write
from handbill.store.schema import HEAD, MIGRATIONS, REVISIONS, open_store, upgrade
from tests.conftest import Postgres
from tests.factories import (
    HOUR,
    NOW,
    SECOND,
    add_account,
    add_in,
    add_post,
    add_review,
    attempt,
    claim_one,
    get,
    not_sent,
    overwrite,
    unknown,
)

# Made and migrated


def test_the_first_command_makes_the_database(empty_url: str) -> None:
    engine = open_store(empty_url)
    assert add_post(engine) == 1
    engine.dispose()


def test_opening_it_again_changes_nothing(empty_url: str) -> None:
    first = open_store(empty_url)
    add_post(first)
    before = schema_of(first)
    first.dispose()
    again = open_store(empty_url)
    assert schema_of(again) == before
    assert get(again, 1).parts[0].text == "See it."
    again.dispose()


def test_a_new_file_and_its_folder_are_made_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "handbill.db"
    open_store(f"sqlite:///{file}").dispose()
    assert file.stat().st_mode & 0o077 == 0


def test_the_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    oldest_first = [one.revision for one in scripts.walk_revisions()][::-1]
    assert tuple(oldest_first) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_migrations_and_models_make_the_same_database(engine: Engine, empty_url: str) -> None:
    by_models = make_engine(empty_url)
    SQLModel.metadata.create_all(by_models)
    assert schema_of(by_models) == schema_of(engine)
    by_models.dispose()


def test_going_down_leaves_nothing_and_going_up_again_everything(
    empty_url: str,
) -> None:
    engine = open_store(empty_url)
    before = schema_of(engine)
    add_post(engine)
    _downgrade(engine, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade(engine)
    assert schema_of(engine) == before
    assert add_post(engine) == 1
    engine.dispose()


def _downgrade(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def schema_of(engine: Engine) -> set[tuple[str, ...]]:
    """Everything that the database says of its tables, without what is only spelling."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.execute(
                sa.text(
                    "SELECT type, name, sql FROM sqlite_master"
                    " WHERE name NOT LIKE 'sqlite_%' AND type <> 'trigger'"
                )
            ).all()
            kept = [row for row in rows if "alembic" not in row[1]]
            return {(kind, name, *_clauses(sql)) for kind, name, sql in kept if sql}
        constraints = connection.execute(
            sa.text(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
            )
        ).all()
        indexes = connection.execute(
            sa.text("SELECT tablename, indexname, indexdef FROM pg_indexes"
                    " WHERE schemaname = 'public'")
        ).all()  # fmt: skip
        columns = connection.execute(
            sa.text(
                "SELECT table_name, column_name, concat_ws(' ', data_type,"
                " character_maximum_length, is_nullable, column_default)"
                " FROM information_schema.columns WHERE table_schema = 'public'"
            )
        ).all()
        return {tuple(row) for row in (*constraints, *indexes, *columns) if "alembic" not in row[0]}


def _clauses(sql: str) -> list[str]:
    """A statement's columns and constraints in one order, whatever the blanks and quotes."""
    plain = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
    head, _, body = plain.partition("(")
    depth, clauses = 0, [""]
    for letter in body.rpartition(")")[0]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            clauses.append("")
        else:
            clauses[-1] += letter
    apart = [part for clause in clauses for part in _apart(clause.strip())]
    return [head.strip(), *sorted(apart), body.rpartition(")")[2]]


def _apart(clause: str) -> list[str]:
    """A column, and the constraint that was added with it, in the words of one added by itself."""
    column, added, constraint = clause.partition(" CONSTRAINT ")
    if not column or not added:
        return [clause]
    name = column.split()[0]
    return [
        column,
        f"CONSTRAINT {constraint.replace('REFERENCES', f'FOREIGN KEY({name}) REFERENCES')}",
    ]


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("setting", ["synchronous_commit", "full_page_writes", "fsync"])
def test_a_server_that_forgets_is_refused_with_the_way_out(
    postgres: Postgres, empty_url: str, setting: str
) -> None:
    with postgres.without(setting), pytest.raises(StoreProblem, match=setting) as refused:
        open_store(empty_url)
    assert f"ALTER SYSTEM SET {setting} = on" in refused.value.cure


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("who", ["DATABASE {database}", "ROLE {username}"])
def test_what_is_switched_off_later_stays_on_in_our_sessions(empty_url: str, who: str) -> None:
    whose = who.format(**sa.make_url(empty_url)._asdict())
    first = open_store(empty_url)
    with first.begin() as connection:
        connection.execute(sa.text(f"ALTER {whose} SET synchronous_commit = off"))
    first.dispose()
    try:
        with first.connect() as connection:
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"
        with pytest.raises(StoreProblem, match="synchronous_commit"):
            open_store(empty_url)
    finally:
        with first.begin() as connection:
            connection.execute(sa.text(f"ALTER {whose} RESET synchronous_commit"))
        first.dispose()


# Two at once


FIRST_COMMAND = """
import sys
from alembic import command
from handbill.store.schema import open_store
print("ready", flush=True)
sys.stdin.readline()
open_store(sys.argv[1]).dispose()
"""


def _first_commands(url: str) -> list[subprocess.Popen[str]]:
    """Two programs that have loaded everything and wait for a word."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_COMMAND, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return started


def _go(started: list[subprocess.Popen[str]]) -> None:
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def _trouble(started: list[subprocess.Popen[str]]) -> list[str]:
    told = [process.communicate(timeout=60)[1] for process in started]
    return [error for error, process in zip(told, started, strict=True) if process.returncode != 0]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_two_processes_that_open_it_for_the_first_time_at_once_both_succeed(empty_url: str) -> None:
    started = _first_commands(empty_url)
    _go(started)
    assert not _trouble(started)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_two_processes_that_both_find_no_tables_on_a_server_both_succeed(empty_url: str) -> None:
    third = make_engine(empty_url)
    started = _first_commands(empty_url)
    with third.connect() as holding:  # a table that nobody else can see stands in their way
        holding.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        _go(started)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with third.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            while watching.scalar(sa.text(waiting)) != 2:
                assert not [process for process in started if process.poll() is not None]
        holding.rollback()
    assert not _trouble(started)
    third.dispose()


# Refused


def test_a_newer_database_is_refused_and_left_alone(empty_url: str) -> None:
    engine = open_store(empty_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema_of(engine)
    with pytest.raises(StoreProblem) as problem:
        open_store(empty_url)
    assert "newer Handbill" in problem.value.says
    assert "pip install --upgrade handbill" in problem.value.cure
    assert schema_of(engine) == before
    engine.dispose()


def test_a_database_of_another_program_is_refused_and_left_alone(empty_url: str) -> None:
    theirs = make_engine(empty_url)
    with theirs.begin() as connection:
        connection.execute(sa.text("CREATE TABLE recipes (id INTEGER PRIMARY KEY)"))
    with pytest.raises(StoreProblem) as problem:
        open_store(empty_url)
    assert "another program" in problem.value.says
    assert "database_url" in problem.value.cure
    assert sa.inspect(theirs).get_table_names() == ["recipes"]
    theirs.dispose()


@pytest.mark.parametrize(
    "content",
    [b"This is no database." * 400, b"SQLite format 3\x00" + b"\xee" * 8176],
    ids=["a text", "a broken header"],
)
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "handbill.db"
    file.write_bytes(content)
    with pytest.raises(StoreProblem) as problem:
        open_store(f"sqlite:///{file}")
    assert str(file) in problem.value.says
    assert "backup" in problem.value.cure
    assert file.read_bytes() == content


@pytest.fixture
def with_a_hole(sqlite_template: Path, tmp_path: Path) -> str:
    """A database whose tables can be listed but whose rows cannot be read."""
    file = tmp_path / "handbill.db"
    shutil.copy(sqlite_template, file)
    with sqlite3.connect(file) as raw:
        page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'post'").fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xee" * size
    file.write_bytes(content)
    return f"sqlite:///{file}"


def test_damage_found_later_is_told_in_plain_words_too(with_a_hole: str) -> None:
    engine = open_store(with_a_hole)
    with pytest.raises(StoreProblem):
        get(engine, 1)
    engine.dispose()


def test_a_folder_in_the_files_place_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "handbill.db").mkdir()
    with pytest.raises(StoreProblem) as problem:
        open_store(f"sqlite:///{tmp_path / 'handbill.db'}")
    assert str(tmp_path / "handbill.db") in problem.value.says
    assert "permissions" in problem.value.cure


def test_a_folder_that_cannot_be_made_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("I am a file.")
    with pytest.raises(StoreProblem) as problem:
        open_store(f"sqlite:///{tmp_path / 'home' / 'handbill.db'}")
    assert "permissions" in problem.value.cure


def test_a_folder_in_which_nothing_can_be_made_is_told_in_plain_words(tmp_path: Path) -> None:
    # Root may write anywhere, so the lock's place is taken instead.
    (tmp_path / "handbill.db.migrate.lock").mkdir()
    with pytest.raises(StoreProblem):
        open_store(f"sqlite:///{tmp_path / 'handbill.db'}")


def test_a_server_that_does_not_answer_is_told_in_plain_words() -> None:
    with pytest.raises(StoreProblem) as problem:
        open_store("postgresql://me:canary-77@127.0.0.1:1/handbill")
    assert "server" in problem.value.cure
    assert "canary-77" not in str(problem.value)


@pytest.mark.parametrize("url", ["", "handbill.db", "mysql://h/db", "oracle://h", "sqlite+nope://"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsProblem) as problem:
        open_store(url)
    assert "sqlite:////" in problem.value.cure


# The rules that the database keeps by itself


@pytest.mark.parametrize("status", [s for s in Status if s not in ("draft", "cancelled")])
@pytest.mark.parametrize("column", ["due_at", "not_before", "no_later_than"])
def test_only_a_draft_or_a_cancelled_post_may_lack_a_time(
    engine: Engine, status: Status, column: str
) -> None:
    post_id = add_in(engine, status)
    with pytest.raises(IntegrityError, match="has_time"):
        overwrite(engine, Post, post_id, **{column: None})


def test_a_draft_may_lack_a_time(engine: Engine) -> None:
    assert get(engine, add_post(engine, at=None, draft=True)).post.due_at is None


def test_a_post_cannot_be_sent_before_it_is_due(engine: Engine) -> None:
    post_id = add_post(engine)
    with pytest.raises(IntegrityError, match="not_before_due"):
        overwrite(engine, Post, post_id, not_before=NOW - SECOND)


def test_a_limit_cannot_lie_before_the_due_time(engine: Engine) -> None:
    post_id = add_post(engine)
    with pytest.raises(IntegrityError, match="limit_after_due"):
        overwrite(engine, Post, post_id, no_later_than=NOW - SECOND)


@pytest.mark.parametrize("status", sorted(NEEDS_EYES))
def test_nothing_fails_in_silence(engine: Engine, status: Status) -> None:
    post_id = add_in(engine, status)
    with pytest.raises(IntegrityError, match="never_silent"):
        overwrite(engine, Post, post_id, attention=None)


def test_publishing_needs_a_lease(engine: Engine) -> None:
    post_id = add_in(engine, Status.PUBLISHING)
    with pytest.raises(IntegrityError, match="publishing_has_lease"):
        overwrite(engine, Post, post_id, lease_until=None)


def test_a_lease_is_for_publishing_only(engine: Engine) -> None:
    post_id = add_post(engine)
    with pytest.raises(IntegrityError, match="publishing_has_lease"):
        overwrite(engine, Post, post_id, lease_until=NOW + HOUR)


def test_what_is_published_has_a_time_and_what_has_one_is_published(engine: Engine) -> None:
    out, waiting = add_in(engine, Status.PUBLISHED), add_post(engine)
    with pytest.raises(IntegrityError, match="published_has_time"):
        overwrite(engine, Post, out, published_at=None)
    with pytest.raises(IntegrityError, match="published_has_time"):
        overwrite(engine, Post, waiting, published_at=NOW)


def test_an_account_cannot_publish_two_posts_at_once(engine: Engine) -> None:
    second = add_post(engine, at=NOW + SECOND)
    add_in(engine, Status.PUBLISHING)
    with pytest.raises(IntegrityError):
        overwrite(engine, Post, second, status=Status.PUBLISHING, lease_until=NOW + HOUR)


def test_two_accounts_can(engine: Engine) -> None:
    for name in ("ines", "sol"):
        post_id = add_post(engine, add_account(engine, name))
        claim_one(engine)
        assert get(engine, post_id).post.status is Status.PUBLISHING


def test_a_status_that_is_none_is_refused(engine: Engine) -> None:
    post_id = add_post(engine)
    with pytest.raises(IntegrityError, match="status"), write(engine) as session:
        session.execute(sa.text(f"UPDATE post SET status = 'sending' WHERE id = {post_id}"))  # noqa: S608


@pytest.mark.parametrize("new", list(Status))
@pytest.mark.parametrize("old", list(Status))
def test_the_database_allows_the_steps_of_the_lifecycle_and_no_other(
    engine: Engine, old: Status, new: Status
) -> None:
    post_id = add_in(engine, old)
    legal = old is new or new in {to for (at, _verb), to in TRANSITIONS.items() if at is old}
    columns: dict[str, Any] = {
        "status": new,
        "lease_until": NOW if new is Status.PUBLISHING else None,
        "published_at": NOW if new is Status.PUBLISHED else None,
        "attention": "Look at it.",
    }
    refused = pytest.raises(IntegrityError, match="cannot take this step")
    with nullcontext() if legal else refused:
        overwrite(engine, Post, post_id, **columns)


def test_a_post_has_at_most_one_open_attempt(engine: Engine) -> None:
    add_post(engine)
    claim = claim_one(engine)
    second: dict[str, Any] = {"fence": 2, "revision": 1, "worker": "w2", "started_at": NOW}
    with pytest.raises(IntegrityError), write(engine) as session:
        session.add(Attempt(post_id=claim.post_id, part_id=claim.part_id, **second))


def test_only_a_doubt_can_be_resolved(engine: Engine) -> None:
    add_post(engine)
    claim = attempt(engine, not_sent())
    with pytest.raises(IntegrityError, match="only_doubts_are_resolved"):
        overwrite(engine, Attempt, claim.attempt_id, resolution="absent")


def test_an_attempt_ends_with_an_outcome_and_no_outcome_comes_before_its_end(
    engine: Engine,
) -> None:
    add_post(engine)
    claim = claim_one(engine)
    with pytest.raises(IntegrityError, match="ended_has_outcome"):
        overwrite(engine, Attempt, claim.attempt_id, ended_at=NOW)
    with pytest.raises(IntegrityError, match="ended_has_outcome"):
        overwrite(engine, Attempt, claim.attempt_id, outcome="receipt")


@pytest.mark.parametrize(("column", "value"), [("outcome", "perhaps"), ("resolution", "perhaps")])
def test_outcomes_and_resolutions_are_closed_lists(engine: Engine, column: str, value: str) -> None:
    add_post(engine)
    claim = attempt(engine, unknown())
    with pytest.raises(IntegrityError):
        overwrite(engine, Attempt, claim.attempt_id, **{column: value})


def test_a_receipt_is_whole(engine: Engine) -> None:
    part = get(engine, add_post(engine)).parts[0]
    with pytest.raises(IntegrityError, match="receipt_is_whole"):
        overwrite(engine, Part, part.id or 0, remote_id="1001")


def test_a_pause_has_a_reason(engine: Engine) -> None:
    account = add_account(engine)
    with pytest.raises(IntegrityError, match="pause_has_reason"):
        overwrite(engine, Account, account.id or 0, paused_at=NOW)


@pytest.mark.parametrize("kind", [Account, Review])
def test_nothing_that_posts_belong_to_can_be_deleted(engine: Engine, kind: type[SQLModel]) -> None:
    add_post(engine, review=add_review(engine))
    with pytest.raises(IntegrityError), write(engine) as session:
        session.execute(sa.delete(kind))


def test_a_number_is_never_given_twice(lite: Engine) -> None:
    first = add_post(lite)
    with write(lite) as session:
        session.execute(sa.delete(Post))
    assert add_post(lite) == first + 1


# By index alone


DUE = "SELECT min(not_before) FROM post WHERE status = 'queued'"


def test_the_due_look_up_uses_its_index_on_sqlite(lite: Engine) -> None:
    with lite.connect() as connection:
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {DUE}")).all()
    assert "ix_post_ready" in str(plan)


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_the_due_look_up_uses_its_index_on_postgresql(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))  # the table is empty
        plan = connection.execute(sa.text(f"EXPLAIN {DUE}")).all()
    assert "ix_post_ready" in str(plan)


def test_what_the_agenda_asks_uses_the_index_as_it_is_bound(lite: Engine) -> None:
    from handbill.store import agenda

    seen = list[tuple[str, Any]]()
    sa.event.listen(lite, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
    agenda.look_up(lite, NOW)
    asked = [(sql, bound) for sql, bound in seen if "post.not_before" in sql]
    assert asked
    with lite.connect() as connection:
        for sql, bound in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", bound).all()
            assert "ix_post_ready" in str(plan)

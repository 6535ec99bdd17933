"""How the database is opened, and what a transaction keeps or forgets."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.errors import SettingsProblem, StoreProblem
from handbill.models import Account
from handbill.store.engine import begin, make_engine, read, sqlite_file, write
from tests.factories import account_of, add_account, add_post, get


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15_000)],
)
def test_every_connection_to_sqlite_has_its_pragmas(
    lite: Engine, pragma: str, value: object
) -> None:
    with ExitStack() as open_ones:
        for _ in range(12):  # more than the pool keeps
            connection = open_ones.enter_context(lite.connect())
            assert connection.scalar(sa.text(f"PRAGMA {pragma}")) == value


def test_a_server_answers_in_utc(engine: Engine) -> None:
    post_id = add_post(engine)
    due_at = get(engine, post_id).post.due_at
    assert due_at is not None
    assert due_at.utcoffset() is not None
    assert not due_at.utcoffset()


def test_a_write_is_kept(engine: Engine) -> None:
    add_account(engine)
    assert account_of(engine).name == "ines"


def test_a_write_that_breaks_off_is_forgotten(engine: Engine) -> None:
    account = add_account(engine)

    def rename_and_break() -> None:
        with write(engine) as session:
            session.get_one(Account, account.id).name = "other"
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        rename_and_break()
    assert account_of(engine).name == "ines"


def test_a_writer_on_sqlite_takes_the_lock_when_it_begins(lite: Engine) -> None:
    other = sqlite3.connect(str(sqlite_file(lite)), timeout=0, isolation_level=None)
    with write(lite), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_reader_is_not_held_up_by_a_writer(engine: Engine) -> None:
    add_account(engine)
    with write(engine) as session:
        session.execute(sa.update(Account).values(zone="UTC"))
        assert account_of(engine).zone == "Europe/Paris"


def test_a_reader_sees_one_moment_of_the_database(lite: Engine) -> None:
    add_account(lite)
    with read(lite) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Account))
        add_account(lite, "sol")
        assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == before


def test_what_was_read_can_be_used_after_the_transaction(engine: Engine) -> None:
    entry = get(engine, add_post(engine))
    assert (entry.account.name, entry.parts[0].text) == ("ines", "See it.")


def test_a_database_that_cannot_be_used_is_told_in_plain_words(own_file: Engine) -> None:
    file = sqlite_file(own_file)
    assert file is not None
    own_file.dispose()
    file.unlink()
    file.mkdir()
    for transaction in (read, write):
        with pytest.raises(StoreProblem) as problem, transaction(own_file) as session:
            session.execute(sa.text("SELECT 1"))
        assert problem.value.cure


def test_an_error_shows_the_statement_and_never_what_was_bound(engine: Engine) -> None:
    twin = Account(**{**add_account(engine).model_dump(), "id": None, "zone": "canary-77"})
    with pytest.raises(sa.exc.IntegrityError) as error, write(engine) as session:
        session.add(twin)
    assert "canary-77" not in str(error.value).partition("DETAIL")[0]


@pytest.mark.parametrize("url", ["", "handbill.db", "mysql://me:canary-77@h/db"])
def test_an_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsProblem) as problem:
        make_engine(url)
    assert "canary-77" not in str(problem.value)
    assert "database_url" in problem.value.says


def test_the_file_of_an_engine(tmp_path: Path) -> None:
    assert sqlite_file(make_engine(f"sqlite:///{tmp_path}/a.db")) == tmp_path / "a.db"
    assert sqlite_file(make_engine("postgresql://h/db")) is None


def test_a_transaction_without_a_session_keeps_or_forgets_as_well(engine: Engine) -> None:
    add_account(engine)
    rename = sa.update(Account).values(zone="UTC")

    def break_off() -> None:
        with begin(engine) as connection:
            connection.execute(rename)
            raise LookupError

    with pytest.raises(LookupError):
        break_off()
    assert account_of(engine).zone == "Europe/Paris"
    with begin(engine) as connection:
        assert connection.execute(rename).rowcount == 1
    assert account_of(engine).zone == "UTC"

"""Notices that another process has changed the database, on both kinds."""

from collections.abc import Generator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.errors import NotFound
from handbill.store import accounts, standing
from handbill.store.changes import Changes, Notifications, changes
from handbill.store.engine import make_engine
from tests.factories import NOW, add_account, add_post, get

AT_ONCE = timedelta(milliseconds=1)
SOON = timedelta(seconds=5)


@pytest.fixture
def seen(engine: Engine) -> Generator[Changes]:
    """A watcher that has answered its first question."""
    watcher = changes(engine, AT_ONCE)
    assert watcher.wait(SOON), "the first question is answered yes"
    yield watcher
    watcher.close()


def test_nothing_is_heard_while_nothing_changes(seen: Changes) -> None:
    assert not seen.wait(AT_ONCE)


def test_a_queued_post_is_heard_once(engine: Engine, seen: Changes) -> None:
    add_post(engine, add_account(engine))
    assert seen.wait(SOON)
    assert not seen.wait(AT_ONCE)


def test_a_resumed_account_is_heard(engine: Engine, seen: Changes) -> None:
    add_account(engine, "ada")
    accounts.pause(engine, "ada", "No credits left.", None, NOW)
    seen.wait(AT_ONCE)
    accounts.resume(engine, "ada")
    assert seen.wait(SOON)


def test_the_end_of_the_big_pause_is_heard(engine: Engine, seen: Changes) -> None:
    standing.put(engine, standing.PAUSE, "a tragedy", NOW)
    seen.wait(AT_ONCE)
    assert standing.take(engine, standing.PAUSE)
    assert seen.wait(SOON)


def test_reading_is_no_change(engine: Engine, seen: Changes) -> None:
    with pytest.raises(NotFound):
        get(engine, 1)
    assert not seen.wait(AT_ONCE)


def test_another_engine_on_the_same_database_is_heard(engine: Engine, seen: Changes) -> None:
    other = make_engine(engine.url.render_as_string(hide_password=False))
    add_post(other, add_account(other))
    assert seen.wait(SOON)
    other.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_line_that_was_cut_is_made_anew_and_says_so(engine: Engine, seen: Changes) -> None:
    assert isinstance(seen, Notifications)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        )
    assert not seen.wait(AT_ONCE)
    assert seen.wait(SOON), "something may have changed while nobody listened"

"""Notices that another process has changed the database."""

import pytest
from sqlalchemy import Engine

from handbill.errors import NotFound
from handbill.store.changes import Changes
from handbill.store.engine import make_engine
from tests.factories import add_account, get


def test_the_first_question_is_answered_yes_and_then_only_after_a_change(lite: Engine) -> None:
    changes = Changes(lite)
    assert [changes.seen() for _ in range(3)] == [True, False, False]
    add_account(lite)
    assert [changes.seen() for _ in range(2)] == [True, False]
    changes.close()


def test_reading_is_no_change(lite: Engine) -> None:
    changes = Changes(lite)
    changes.seen()
    with pytest.raises(NotFound):
        get(lite, 1)
    assert not changes.seen()
    changes.close()


def test_another_engine_on_the_same_file_is_noticed(lite: Engine) -> None:
    changes, other = Changes(lite), make_engine(str(lite.url))
    changes.seen()
    add_account(other)
    assert changes.seen()
    other.dispose()
    changes.close()


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql"])
def test_on_a_server_there_is_nothing_to_ask(engine: Engine) -> None:
    changes = Changes(engine)
    add_account(engine)
    assert not changes.seen()
    changes.close()

"""One commit for many; nobody is answered early, and nobody suffers for another."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col

from handbill.errors import StoreProblem
from handbill.models import Standing
from handbill.store import group, standing
from handbill.store.group import Change, all_or_none, together
from tests.factories import NOW

Wish = Callable[[Engine], Any]


def write_down(name: str) -> Wish:
    def act(session: Session) -> str:
        session.add(Standing(name=name, value="", since=NOW))
        session.flush()
        return name

    return lambda engine: together(engine, act)


def failing(error: BaseException) -> Wish:
    def act(_session: Session) -> str:
        raise error

    return lambda engine: together(engine, act)


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(col(Standing.name))))


def crowd(engine: Engine, wishes: list[Wish]) -> list[Future[Any]]:
    """Let all of them wait for the same turn, and then go."""
    counter = group._counters.setdefault(engine, group._Counter())
    with ThreadPoolExecutor(len(wishes)) as pool:
        with counter.turn:
            told = [pool.submit(wish, engine) for wish in wishes]
            while len(counter.waiting) < len(wishes):
                threading.Event().wait(0.001)
        return told


def test_a_change_is_durable_when_its_caller_is_answered(engine: Engine) -> None:
    assert write_down("one")(engine) == "one"
    assert names(engine) == {"one"}


def test_a_crowd_shares_one_transaction_and_each_gets_its_own_answer(engine: Engine) -> None:
    wanted = [f"n{number}" for number in range(20)]
    commits: list[object] = []

    def count(connection: object) -> None:
        commits.append(connection)

    sa.event.listen(engine, "commit", count)
    told = crowd(engine, [write_down(name) for name in wanted])
    sa.event.remove(engine, "commit", count)
    assert [one.result() for one in told] == wanted
    assert names(engine) == set(wanted)
    assert len(commits) == 1


def test_nobody_suffers_for_another(engine: Engine) -> None:
    no = failing(StoreProblem("No."))
    told = crowd(engine, [write_down("one"), no, write_down("two"), no])
    assert [one.result() for one in (told[0], told[2])] == ["one", "two"]
    for one in (told[1], told[3]):
        with pytest.raises(StoreProblem, match="No"):
            one.result()
    assert names(engine) == {"one", "two"}


def test_a_rule_that_is_broken_by_one_breaks_nothing_of_the_others(engine: Engine) -> None:
    standing.put(engine, "one", "", NOW)
    told = crowd(engine, [write_down("one"), write_down("two")])
    assert told[0].exception() is not None
    assert told[1].result() == "two"


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_bug_in_one_is_met_by_that_one_alone(engine: Engine, where: int) -> None:
    wishes = [write_down("one"), write_down("two")]
    wishes.insert(where, failing(LookupError("a bug")))
    told = crowd(engine, wishes)
    assert isinstance(told.pop(where).exception(), LookupError)
    assert [one.result() for one in told] == ["one", "two"]
    assert names(engine) == {"one", "two"}


def test_who_is_interrupted_while_serving_others_leaves_them_to_themselves(engine: Engine) -> None:
    told = crowd(engine, [failing(KeyboardInterrupt()), write_down("one"), write_down("two")])
    assert isinstance(told[0].exception(), KeyboardInterrupt)
    written = {one.result() for one in told if one.exception() is None}
    assert written
    assert names(engine) == written


# Changes that many make at once

RENAME = Change(
    (
        sa.update(SQLModel.metadata.tables["standing"])
        .where(col(Standing.name) == sa.bindparam("old"), col(Standing.value) == "")
        .values(value=sa.bindparam("new")),
    ),
    lambda: None,
)


def rename(name: str) -> Wish:
    return lambda engine: all_or_none(engine, RENAME, {"its_post": 0, "old": name, "new": "!"})


def values(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(col(Standing.name), col(Standing.value)))
        return {row.name: row.value for row in rows}


def test_changes_of_a_crowd_are_made_in_one_commit(engine: Engine) -> None:
    for name in "abc":
        standing.put(engine, name, "", NOW)
    told = crowd(engine, [rename(name) for name in "cab"])
    assert [one.result() for one in told] == [True] * 3
    assert values(engine) == {"a": "!", "b": "!", "c": "!"}


def test_only_whoever_finds_no_row_as_it_must_be_is_told_so(engine: Engine) -> None:
    standing.put(engine, "a", "", NOW)
    standing.put(engine, "taken", "by another", NOW)
    told = crowd(engine, [rename(name) for name in ("nobody", "a", "taken")])
    assert [one.result() for one in told] == [False, True, False]
    assert values(engine) == {"a": "!", "taken": "by another"}


def test_a_crowd_of_both_kinds_shares_a_commit(engine: Engine) -> None:
    standing.put(engine, "a", "", NOW)
    told = crowd(engine, [write_down("b"), rename("a"), rename("nobody")])
    assert [one.result() for one in told] == ["b", True, False]
    assert values(engine) == {"a": "!", "b": ""}

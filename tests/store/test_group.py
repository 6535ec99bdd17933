"""One commit for many; nobody is answered early, and nobody suffers for another."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col

from handbill.errors import StoreProblem
from handbill.models import Standing
from handbill.store import group, standing
from handbill.store.group import together
from tests.factories import NOW


def write_down(name: str) -> Callable[[Session], str]:
    def act(session: Session) -> str:
        session.add(Standing(name=name, value="", since=NOW))
        session.flush()
        return name

    return act


def refuse(_session: Session) -> str:
    raise StoreProblem("No.")


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(col(Standing.name))))


def crowd(engine: Engine, acts: list[Callable[[Session], str]]) -> list[Future[str]]:
    """Let all of them wait for the same turn, and then go."""
    counter = group._counters.setdefault(engine, group._Counter())
    with ThreadPoolExecutor(len(acts)) as pool:
        with counter.turn:
            told = [pool.submit(together, engine, act) for act in acts]
            while len(counter.waiting) < len(acts):
                threading.Event().wait(0.001)
        return told


def test_a_change_is_durable_when_its_caller_is_answered(engine: Engine) -> None:
    assert together(engine, write_down("one")) == "one"
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
    told = crowd(engine, [write_down("one"), refuse, write_down("two"), refuse])
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
    def broken(_session: Session) -> str:
        raise LookupError("a bug")

    acts = [write_down("one"), write_down("two")]
    acts.insert(where, broken)
    told = crowd(engine, acts)
    assert isinstance(told.pop(where).exception(), LookupError)
    assert [one.result() for one in told] == ["one", "two"]
    assert names(engine) == {"one", "two"}


def test_who_is_interrupted_while_serving_others_leaves_them_to_themselves(engine: Engine) -> None:
    def interrupted(_session: Session) -> str:
        raise KeyboardInterrupt

    told = crowd(engine, [interrupted, write_down("one"), write_down("two")])
    assert isinstance(told[0].exception(), KeyboardInterrupt)
    assert names(engine) == {one.result() for one in told if one.exception() is None}

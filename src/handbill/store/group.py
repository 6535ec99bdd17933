"""Group commit: many threads each want a small change on the disk, and one commit serves them all.

Whoever gets the turn does the work of all who wait by then. Nobody is answered before the commit
that holds their change is durable.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import Session, col

from handbill.errors import Deadlock
from handbill.models import Post
from handbill.store.engine import begin

#: So often one who waited for another that waited for them tries again.
TRIES = 5

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Change:
    """Statements on a post, `its_post`, that say in their WHERE what must be so: each changes
    exactly one row, or else none of them changes any. Those of many callers are executed at once.
    """

    statements: Sequence[sa.Update]
    before_commit: Callable[[], None]


class _Otherwise(Exception):
    """A row was not as a change says it must be."""


class _Wish:
    """One caller's change of a post, and its answer once it is durable."""

    def __init__(self, post_id: int) -> None:
        self.post_id = post_id
        self.done = False
        self.answer: Any = None


class _Act(_Wish):
    def __init__(self, act: Callable[[Session], Any], post_id: int) -> None:
        super().__init__(post_id)
        self.act = act


class _Filled(_Wish):
    def __init__(self, change: Change, values: Mapping[str, Any]) -> None:
        super().__init__(values["its_post"])
        self.change, self.values = change, values
        self.answer = True


class _Counter:
    """Where the callers of one database queue up."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.waiting: deque[_Wish] = deque()

    def take(self) -> list[_Wish]:
        """Everybody who waits now."""
        return [self.waiting.popleft() for _ in range(len(self.waiting))]


_counters: "WeakKeyDictionary[Engine, _Counter]" = WeakKeyDictionary()


def together(engine: Engine, act: Callable[[Session], Result], post_id: int = 0) -> Result:
    """Make a change of a post in a transaction that others may share; returns once it is durable.

    When a shared transaction fails, for whatever reason, everybody tries again alone, so that each
    meets its own trouble only. `act` may thus be called twice and must look anew at what there is
    to do. Raises what `act` raises, and StoreProblem.
    """
    answer: Result = _fulfil(engine, _Act(act, post_id))
    return answer


def all_or_none(engine: Engine, change: Change, values: Mapping[str, Any]) -> bool:
    """`together` for a Change: True once it is durable; False, and nothing changed, if a row is
    not as it must be."""
    try:
        return bool(_fulfil(engine, _Filled(change, values)))
    except _Otherwise:
        return False


def _fulfil(engine: Engine, wish: _Wish) -> Any:
    counter = _counters.setdefault(engine, _Counter())
    counter.waiting.append(wish)
    with counter.turn:
        if not wish.done:
            others = [one for one in counter.take() if one is not wish]
            try:
                _grant(engine, [wish, *others])
            except Exception as error:
                if not others and not isinstance(error, Deadlock):
                    raise
                patiently(lambda: _grant(engine, [wish]))
    return wish.answer


def patiently(act: Callable[[], Result]) -> Result:
    """Do it again when it waited for another that waited for it; when it fails nothing changes."""
    for _ in range(TRIES - 1):
        with suppress(Deadlock):
            return act()
    return act()


_LOCK = (
    sa.select(col(Post.id))
    .where(col(Post.id).in_(sa.bindparam("ids", expanding=True)))
    .order_by(col(Post.id))
    .with_for_update(key_share=True)
)


def _grant(engine: Engine, wishes: list[_Wish]) -> None:
    acts = [wish for wish in wishes if isinstance(wish, _Act)]
    with begin(engine) as connection:
        if len(wishes) > 1:
            # All posts before anything else, and in this order, as everywhere: or two workers
            # could wait for each other.
            connection.execute(_LOCK, {"ids": [wish.post_id for wish in wishes]})
        _fill(connection, [wish for wish in wishes if isinstance(wish, _Filled)])
        if acts:
            with Session(connection, expire_on_commit=False) as session:
                for act in acts:
                    act.answer = act.act(session)
                session.flush()
    for wish in wishes:
        wish.done = True


def _fill(connection: Connection, wishes: Sequence[_Filled]) -> None:
    """Each statement once for all. Raises _Otherwise when one row was not as it must be."""
    kinds: dict[Change, list[Mapping[str, Any]]] = {}
    for wish in wishes:
        kinds.setdefault(wish.change, []).append(wish.values)
    for change, values in kinds.items():
        for statement in change.statements:
            given = values if len(values) > 1 else values[0]
            if connection.execute(statement, given).rowcount != len(values):
                raise _Otherwise
        change.before_commit()

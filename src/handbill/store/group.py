"""Group commit: many threads each want a small change on the disk, and one commit serves them all.

Whoever gets the turn does the work of all who wait by then. Nobody is answered before the commit
that holds their change is durable.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session

from handbill.errors import Deadlock
from handbill.store.engine import write

#: So often one who waited for another that waited for them tries again.
TRIES = 5

Result = TypeVar("Result")


class _Wish:
    """One caller's change, and its answer once it is durable."""

    def __init__(self, act: Callable[[Session], Any], post_id: int) -> None:
        self.act = act
        self.post_id = post_id
        self.done = False
        self.answer: Any = None


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
    counter = _counters.setdefault(engine, _Counter())
    wish = _Wish(act, post_id)
    counter.waiting.append(wish)
    with counter.turn:
        if not wish.done:
            others = [one for one in counter.take() if one is not wish]
            try:
                _grant(engine, [wish, *others])
            except Exception as error:
                if not others and not isinstance(error, Deadlock):
                    raise
                _grant_alone(engine, wish)
    answer: Result = wish.answer
    return answer


def _grant_alone(engine: Engine, wish: _Wish) -> None:
    for _ in range(TRIES - 1):
        with suppress(Deadlock):
            return _grant(engine, [wish])
    return _grant(engine, [wish])


def _grant(engine: Engine, wishes: list[_Wish]) -> None:
    wishes.sort(key=lambda wish: wish.post_id)  # always in this order, or two could wait for ever
    with write(engine) as session:
        answers = [wish.act(session) for wish in wishes]
    for wish, answer in zip(wishes, answers, strict=True):
        wish.answer, wish.done = answer, True

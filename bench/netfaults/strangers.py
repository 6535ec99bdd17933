"""A number that is another post's, told through the store: whatever X says, we have that one."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from bench import rig
from bench.netfaults.answers import document, whole
from bench.netfaults.case import Case
from bench.netfaults.server import ID, Line, Play
from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import NotSent, Outcome, Receipt, Unknown
from handbill.inputs import PartIn, PostIn
from handbill.rehearsal import user_id
from handbill.services import queueing, rounds
from handbill.store import listings

NEWEST = str(int(ID) - 1000)


def cases() -> Iterator[Case]:
    """The numbers that X gives, post after post, and what the last one must be."""
    told: list[tuple[str, tuple[str, ...], bool, type[Outcome]]] = [
        ("its own", (ID,), False, Receipt),
        ("its own, after another's", (str(int(ID) - 1), ID), False, Receipt),
        ("the post's before", (ID, ID), False, Unknown),
        ("the part's before", (ID, ID), True, Unknown),
        ("that of our newest", (NEWEST,), False, Unknown),
        ("one older than our newest", (str(int(NEWEST) - 1),), False, Unknown),
        ("the first of all", ("20",), False, Unknown),
    ]
    for name, numbers, thread, expected in told:
        yield Case(
            f"the number is {name}",
            (expected,),
            (_account(numbers),) * 10,
            requests=(len(numbers),),
            alone=False,
            attempt=partial(_through_the_store, size=len(numbers), thread=thread),
        )


def _account(numbers: Sequence[str]) -> Play:
    """Answers whatever is asked, and gives each post the next of these numbers."""
    made = count()

    def play(line: Line) -> None:
        line.request()
        line.write(_answer(bytes(line.came)))
        line.leave()

    def _answer(request: bytes) -> bytes:
        if request.startswith(b"POST"):
            data = {"id": numbers[next(made)], "text": "A fine film."}
            return whole(201, document({"data": data}))
        if re.match(rb"GET /2/users/me", request):
            return whole(200, document({"data": {"id": user_id("ada"), "username": "ada"}}))
        return whole(200, document({"meta": {"newest_id": NEWEST, "result_count": 1}}))

    return play


def _through_the_store(url: str, _case: Case, size: int, thread: bool) -> Outcome:
    """Queue and publish as the program does, in a home of its own; what became of the last post."""
    with tempfile.TemporaryDirectory() as folder:
        app = rig.make_home(Path(folder), url, "ada", ask=False)
        texts = [f"A fine film, {number}." for number in range(size)]
        parts = (
            [[PartIn(text=text) for text in texts]]
            if thread
            else [[PartIn(text=text)] for text in texts]
        )
        new = [("", PostIn(account="ada", at="now", parts=some)) for some in parts]
        queued = queueing.queue(app.desk, new, lambda _text, _moment: False)
        rounds.tick(rig.timeless(app.desk))
        last = listings.get(app.desk.engine, queued[-1].post.id or 0)
        app.desk.engine.dispose()
    if last.post.status is Status.PUBLISHED:
        return Receipt(last.parts[-1].remote_id or "", "")
    says = last.post.attention or ""
    return Unknown(says) if last.post.status is Status.IN_DOUBT else NotSent(says)

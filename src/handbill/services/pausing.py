"""The one big pause: nothing of any account leaves until it is taken away again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem
from handbill.models import Standing
from handbill.services.desk import Desk
from handbill.store import listings, restoring, standing
from handbill.store.listings import Entry
from handbill.store.standing import PAUSE


@dataclass(frozen=True)
class Waiting:
    """What the big pause keeps back at this moment; each the first hundred."""

    #: Why, and since when; None while no such pause is on.
    pause: Standing | None
    #: Posts whose time has come.
    overdue: Sequence[Entry]
    #: Posts whose limit has passed too: they do not leave any more.
    missed: Sequence[Entry]
    #: Posts that may be out, about which no network has been asked since a backup was restored.
    unasked: Sequence[Entry]


def held(desk: Desk) -> Standing | None:
    """Why everything is paused, and since when; None when it is not."""
    return standing.get(desk.engine, PAUSE)


def pause(desk: Desk, reason: str) -> Standing:
    """Let nothing leave from now on. A pause that is on already keeps its reason."""
    if not reason.strip():
        raise InputProblem("A pause needs a reason.", 'Write it down: handbill pause "On holiday."')
    if (before := held(desk)) is not None:
        return before
    new = Standing(name=PAUSE, value=reason.strip(), since=desk.clock())
    standing.put(desk.engine, new.name, new.value, new.since)
    return new


def waiting(desk: Desk) -> Waiting:
    """What a `resume` at this moment would let go, and what is asked about, by this clock."""
    now = desk.clock()
    late = [e for e in listings.overdue(desk.engine, now) if e.post.status is Status.QUEUED]
    doubts = listings.queue(desk.engine, [Status.IN_DOUBT], None)
    return Waiting(
        pause=held(desk),
        overdue=[entry for entry in late if not _too_late(entry, now)],
        missed=[entry for entry in late if _too_late(entry, now)],
        unasked=[e for e in doubts if any(map(restoring.is_unasked, e.attempts))][: listings.MOST],
    )


def _too_late(entry: Entry, now: datetime) -> bool:
    limit = entry.post.no_later_than
    return limit is not None and limit < now


def resume(desk: Desk) -> None:
    """Take the big pause away, and let the networks be asked about what a restored backup has left
    open.

    No post is missed or moved here: nobody has confirmed this clock. A worker, whose clock a
    network has confirmed, misses what is too late and keeps apart what is long overdue.

    The pause goes last: a worker may be waiting for it, and a kill before it changes nothing.
    """
    if (pause := held(desk)) is None:
        return
    restoring.begin_looks(desk.engine, pause.since)
    standing.take(desk.engine, PAUSE)

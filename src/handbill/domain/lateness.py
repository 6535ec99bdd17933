"""How late is too late. Lateness is measured from the due time, never from a retry."""

from collections.abc import Iterable
from datetime import datetime, timedelta

#: A promotional post an hour late is usually better not sent than sent.
DEFAULT_LIMIT = timedelta(minutes=60)
#: A post that is due this very moment is not late.
MOMENT = timedelta(seconds=5)
#: When nobody has published for so long, what is overdue leaves spaced out.
OUTAGE = timedelta(minutes=10)
#: What is overdue by less leaves at once all the same: somebody has only just queued it.
BARELY = timedelta(minutes=1)
#: After an outage, so much lies between two overdue posts of one account.
DEFAULT_GAP = timedelta(minutes=2)


def late_by(due_at: datetime, out_at: datetime) -> timedelta:
    """How long after its due time a post went out."""
    return out_at - due_at


def was_outage(last_sign: datetime | None, now: datetime) -> bool:
    """Whether nobody published for so long that what is overdue must not leave all at once."""
    return last_sign is None or now - last_sign >= OUTAGE


def take_turns(
    waiting: Iterable[tuple[datetime, datetime]], first: datetime, gap: timedelta
) -> list[datetime]:
    """When posts may leave that wait for each other: the first at `first`, then `gap` apart.

    Each is given as the first and the last instant at which it may leave. A post that waits longer
    for a reason of its own goes on doing so. One that gets no turn within its limit takes nobody
    else's, and is put a hair past it, so that it is listed as missed on time.
    """
    turns = []
    for not_before, no_later_than in waiting:
        if not_before > first:
            turns.append(not_before)
        elif first > no_later_than:
            turns.append(no_later_than + timedelta(microseconds=1))
        else:
            turns.append(first)
            first += gap
    return turns

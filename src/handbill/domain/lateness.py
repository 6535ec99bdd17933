"""How late is too late. Lateness is measured from the due time, never from a retry."""

from datetime import datetime, timedelta

#: A promotional post an hour late is usually better not sent than sent.
DEFAULT_LIMIT = timedelta(minutes=60)
#: A post that is due this very moment is not late.
MOMENT = timedelta(seconds=5)
#: When nobody has published for so long, what is overdue leaves spaced out.
OUTAGE = timedelta(minutes=10)
#: After an outage, so much lies between two overdue posts of one account.
DEFAULT_GAP = timedelta(minutes=2)


def late_by(due_at: datetime, out_at: datetime) -> timedelta:
    """How long after its due time a post went out."""
    return out_at - due_at


def was_outage(last_sign: datetime | None, now: datetime) -> bool:
    """Whether nobody published for so long that what is overdue must not leave all at once."""
    return last_sign is None or now - last_sign >= OUTAGE


def spaced(now: datetime, wait: timedelta, no_later_than: datetime) -> datetime:
    """When a post may leave that has to wait its turn; a hair past its limit if it gets none,
    so that it is listed as missed on time."""
    return min(now + wait, no_later_than + timedelta(microseconds=1))

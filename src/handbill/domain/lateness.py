"""How late is too late. Lateness is measured from the due time, never from a retry."""

from datetime import datetime, timedelta

#: A promotional post an hour late is usually better not sent than sent.
DEFAULT_LIMIT = timedelta(minutes=60)


def late_by(due_at: datetime, out_at: datetime) -> timedelta:
    """How long after its due time a post went out."""
    return out_at - due_at

"""When to ask a network about a part in doubt, and when its answer counts."""

from datetime import datetime, timedelta

#: From arming, only so long may pass before the first byte leaves.
SEND_WINDOW = timedelta(seconds=5)
#: The whole exchange with a network ends within this, answered or not.
EXCHANGE_DEADLINE = timedelta(seconds=60)
#: After arming, so long a request could still land at the network.
QUIET = SEND_WINDOW + EXCHANGE_DEADLINE

#: After a doubt an account rests. A network's numbers tell the time to a few seconds only: were the
#: next answer to name the post in doubt, by then that is seen to be too old.
REST = timedelta(seconds=7)

#: Look-ups, counted from the moment of doubt. X's own timeline may lag by a quarter of an hour.
LOOKUPS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
)


#: Between two look-ups there is always as much, however late they are.
SHORTEST_PAUSE = timedelta(seconds=10)
#: When a network could not be asked, or the asking worker is gone, we come back after this long.
COME_BACK = timedelta(minutes=1)


def next_look(doubtful_since: datetime, looks: int, now: datetime) -> datetime | None:
    """When to look for the `looks + 1`-th time; None when it is a person's turn."""
    if looks >= len(LOOKUPS):
        return None
    return max(doubtful_since + LOOKUPS[looks], now + min(LOOKUPS[looks], SHORTEST_PAUSE))


def proves_absence(armed_at: datetime, look_started_at: datetime) -> bool:
    """Whether not finding the part can count: no late request could land any more."""
    return look_started_at >= armed_at + QUIET

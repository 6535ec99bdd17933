"""Asks the network what time it is before anything of a post leaves that was under embargo.

The timekeeper watches the clock for all posts; for these one more look is worth its 100 ms. The
question is an exchange of its own, without credentials and without a word of the post.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from handbill.domain.durations import spell
from handbill.domain.network import Claim, Network
from handbill.domain.outcomes import AGAIN, Halted, NotSent
from handbill.domain.zones import show, zone
from handbill.services.desk import Desk
from handbill.services.timekeeping import A_SECOND

#: So far apart the two clocks may be, whichever is ahead.
APART = timedelta(seconds=30)
#: So much that the network's clock is short of the lift is waited for; else the post is held.
SHORT = timedelta(seconds=5)

#: Lets so many seconds pass.
Pause = Callable[[float], object]


def agree(desk: Desk, line: Network, claim: Claim, pause: Pause = time.sleep) -> None:
    """Raise Halted unless the network's clock shows our time, and that the embargo has lifted.

    It leaves the fractions of a second away, so when it shows the lift that is over there as well.
    """
    if claim.embargo_until is None:
        return
    name = desk.networks(claim.account.network).TITLE
    left = claim.embargo_until - _told(desk, line, name)
    if timedelta(0) < left <= SHORT:
        pause(left.total_seconds())
        left = claim.embargo_until - _told(desk, line, name)
    if left > timedelta(0):
        lift = show(claim.embargo_until, zone("UTC"))
        raise _held(f"By {name}'s clock the embargo, {lift}, has not lifted yet.")


def _told(desk: Desk, line: Network, name: str) -> datetime:
    """What time the network says it is; the second that it leaves open counts for our clock.

    Raises Halted when it does not say, or when it is not our time.
    """
    before = desk.clock()
    try:
        told = line.hour()
    except Halted as halted:
        raise _held(f"{name} does not say what time it is: {halted.outcome.says}") from None
    if told is None:
        raise _held(f"{name} does not say what time it is.")
    ahead, behind = before - told - A_SECOND, told - desk.clock()
    if max(ahead, behind) > APART:
        way = "ahead of" if ahead > behind else "behind"
        by = spell(timedelta(seconds=round(max(ahead, behind).total_seconds())))
        raise _held(f"Our clock is {by} {way} {name}'s.")
    return told


def _held(why: str) -> Halted:
    says = f"{why} The post was under embargo, so nothing of it was sent; {AGAIN}"
    return Halted(NotSent(says, attention=True))

"""Asks the network what time it is before anything of a post leaves that was under embargo.

The timekeeper watches the clock for all posts; for these one more look is worth its 100 ms. The
question is an exchange of its own, without credentials and without a word of the post.
"""

from datetime import timedelta

from handbill.domain.durations import spell
from handbill.domain.network import Claim, Network
from handbill.domain.outcomes import Halted, NotSent
from handbill.domain.zones import show, zone
from handbill.services.desk import Desk
from handbill.services.timekeeping import A_SECOND, TOLERANCE

#: So far apart the two clocks may be, whichever is ahead.
APART = timedelta(seconds=30)


def agree(desk: Desk, line: Network, claim: Claim) -> None:
    """Raise Halted unless the network's clock shows our time, and that the embargo has lifted.

    The second that the network leaves open counts for our clock.
    """
    if claim.embargo_until is None:
        return
    name = desk.networks(claim.account.network).TITLE
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
    if told + A_SECOND + TOLERANCE < claim.embargo_until:
        lift = show(claim.embargo_until, zone("UTC"))
        raise _held(f"By {name}'s clock the embargo, {lift}, has not lifted yet.")


def _held(why: str) -> Halted:
    says = f"{why} The post was under embargo, so nothing of it was sent; it is tried again."
    return Halted(NotSent(says, attention=True))

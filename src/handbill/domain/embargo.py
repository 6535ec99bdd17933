"""Which embargo holds a post, and until when. Until then nothing of it leaves by any path."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a post about a review is, and so which embargo holds it: a first reaction waits for the
    embargo on reactions only, everything else for all of them."""

    REACTION = "reaction"
    REVIEW = "review"


@dataclass(frozen=True)
class Hold:
    """An embargo in force: what it is on, the instant at which it lifts, the zone it was set in."""

    kind: Kind
    until: datetime
    zone: str


def holding(holds: Iterable[Hold], kind: Kind) -> Hold | None:
    """The embargo that holds a post of that kind longest, or None."""
    those = [hold for hold in holds if kind is Kind.REVIEW or hold.kind is Kind.REACTION]
    return max(those, key=lambda hold: hold.until, default=None)

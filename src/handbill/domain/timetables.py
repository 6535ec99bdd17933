"""What a plan would make of a review, row by row, beside what it has made already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from handbill.domain.durations import spell
from handbill.domain.lifecycle import Status
from handbill.domain.plans import Turn
from handbill.domain.when import Moment

#: Two posts of one account within this time are remarked on.
CLOSE = timedelta(hours=1)


class Change(StrEnum):
    """What applying a plan does to the post of a row."""

    NEW = "new"
    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    #: The plan has no such step any more: it is given up.
    GONE = "gone"
    OUT = "out already"
    #: It failed or was missed; a person decides.
    OVER = "over"
    #: A person gave it up, and so it stays.
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


#: What a person has said, or the network, and no plan undoes.
SETTLED = {
    Status.PUBLISHING: Change.OUT,
    Status.PUBLISHED: Change.OUT,
    Status.IN_DOUBT: Change.OUT,
    Status.FAILED: Change.OVER,
    Status.MISSED: Change.OVER,
    Status.CANCELLED: Change.CANCELLED,
}


@dataclass(frozen=True)
class Written:
    """The text that a row says: what of it is quoted, and how long its network counts it."""

    text: str
    quote: str | None
    length: int
    most: int
    #: In dollars; None: its network charges nothing.
    price: Decimal | None


@dataclass(frozen=True)
class Row:
    """A post that a plan makes, has made, or cannot make."""

    account: str
    #: The name of the turn.
    step: str
    change: Change
    turn: Turn | None = None
    #: What its time hangs on.
    anchor: str | None = None
    moment: Moment | None = None
    written: Written | None = None
    #: The number of the post, where there is one.
    post: int | None = None
    #: When that was due, and what it said, if that differs.
    was_due: datetime | None = None
    was_text: str | None = None
    #: What a person should know.
    remarks: Sequence[str] = field(default=())

    @property
    def stands(self) -> bool:
        """Whether there is a post that waits once the plan is applied."""
        return self.change in (Change.NEW, Change.SAME, Change.MOVED, Change.CHANGED)


def too_close(
    at: datetime, others: Collection[datetime], gap: timedelta, account: str
) -> list[str]:
    """A remark on the post of the account that is nearest, if it is near."""
    near = min((abs(at - other) for other in others), default=CLOSE)
    if near >= CLOSE:
        return []
    if near < gap:
        return [f"Only {spell(near)} from another post of {account}, less than {spell(gap)}."]
    return [f"Within an hour of another post of {account}: {spell(near)} apart."]


def total(rows: Sequence[Row]) -> Decimal:
    """What the posts that stand cost together, in dollars."""
    prices = [row.written.price for row in rows if row.stands and row.written]
    return sum((price for price in prices if price is not None), Decimal(0))

"""What a network charges for posts, in US dollars, and the months in which that is added up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from handbill.domain.zones import MONTHS

CURRENCY = "USD"


@dataclass(frozen=True)
class Prices:
    """What a network charges, in dollars, as published on a day."""

    as_of: date
    #: A post without a link.
    post: Decimal
    #: A post with a link, instead of the price above.
    with_link: Decimal
    #: The text that says what a picture shows, besides; each.
    alt_text: Decimal


@dataclass(frozen=True)
class Billed:
    """What of one part of a post a network charges for."""

    has_link: bool
    alt_texts: int = 0


def price(parts: Iterable[Billed], table: Prices) -> Decimal:
    """What the parts of a post cost together, in dollars: each is a post to its network."""
    return sum(
        (
            (table.with_link if part.has_link else table.post) + part.alt_texts * table.alt_text
            for part in parts
        ),
        Decimal(0),
    )


def plain(dollars: Decimal) -> str:
    """`0.20`, `0.215`: at least the cents, and no zeros behind them."""
    whole, _, cents = f"{dollars:.4f}".partition(".")
    return f"{whole}.{cents.rstrip('0').ljust(2, '0')}"


def show(dollars: Decimal) -> str:
    """For people: `$0.215`."""
    return f"${plain(dollars)}"


@dataclass(frozen=True)
class Month:
    """A calendar month on the clocks of a zone: from `begins` on, before `ends`."""

    year: int
    month: int
    zone: ZoneInfo

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> "Month":
        """The month in which an instant lies."""
        local = instant.astimezone(zone)
        return cls(local.year, local.month, zone)

    @property
    def begins(self) -> datetime:
        """Its first instant, in UTC."""
        return _first_of(self.year, self.month, self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant that is no longer in it, in UTC."""
        if (self.year, self.month) == (9999, 12):
            return datetime.max.replace(tzinfo=UTC)
        years, month = divmod(self.month, 12)
        return _first_of(self.year + years, month + 1, self.zone)

    def __str__(self) -> str:
        return f"{MONTHS[self.month - 1]} {self.year} ({self.zone.key})"


def _first_of(year: int, month: int, zone: ZoneInfo) -> datetime:
    # fold 0: where midnight comes twice, the first; where it is skipped, what comes right after.
    return datetime(year, month, 1, tzinfo=zone).astimezone(UTC)

"""What posts cost: told before they are queued, added up by month, and held to the cap."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from handbill.domain import prices
from handbill.domain.network import Claim
from handbill.domain.prices import Billed, Month, show
from handbill.domain.zones import zone
from handbill.errors import InputProblem
from handbill.models import Account
from handbill.services.desk import Desk
from handbill.store import accounts, listings, spending
from handbill.store.spending import Spending


def priced(desk: Desk, account: Account, parts: Sequence[tuple[str, int]]) -> Decimal | None:
    """What a post costs, in dollars, by its parts: each a text and how many alt texts it has.

    None where the network charges nothing.
    """
    table = desk.prices(account.network)
    if table is None:
        return None
    module = desk.networks(account.network)
    billed = [Billed(bool(module.links(text)), alts) for text, alts in parts]
    return prices.price(billed, table)


class Purse:
    """What accounts may still spend, while several posts are queued at once.

    Posts that are kept already and will be written anew are left out of what is promised.
    """

    def __init__(self, desk: Desk, leaving_out: Collection[int] = ()) -> None:
        self._desk = desk
        self._leaving_out = leaving_out
        self._taken: dict[tuple[str, str], Decimal] = {}

    def take(self, account: Account, price: Decimal | None, due_at: datetime) -> None:
        """Count a post that is due then. Raises InputProblem when it would pass the cap on that
        calendar month of the account's zone."""
        cap = account.monthly_cap
        if cap is None or not price:
            return
        month = Month.of(due_at, zone(account.zone))
        known = _in(self._desk, account, month, self._leaving_out)
        promised = known.promised + self._taken.get((account.name, str(month)), Decimal(0))
        if known.spent + promised + price > cap:
            raise _over(account, month, price, Spending(known.spent, promised))
        self._taken[account.name, str(month)] = promised + price - known.promised


def refuse_over_cap(
    desk: Desk, account: Account, price: Decimal | None, due_at: datetime, post: int | None = None
) -> None:
    """Raise InputProblem when a post due then would pass the account's cap on that month.

    `post` is its number if it is kept already, so that it does not count twice.
    """
    Purse(desk, () if post is None else (post,)).take(account, price, due_at)


def _over(account: Account, month: Month, price: Decimal, known: Spending) -> InputProblem:
    needed = (known.spent + known.promised + price).quantize(Decimal("0.01"), ROUND_CEILING)
    return InputProblem(
        f"It costs {show(price)}, and {account.name} may cost {show(account.monthly_cap or price)} "
        f"in {month}: {show(known.spent)} is spent, {show(known.promised)} is promised to queued "
        "posts.",
        "Leave out a link, choose another month, cancel a post, or raise the cap: "
        f"handbill account cap {account.name} {needed}",
    )


def may_spend(desk: Desk, claim: Claim) -> str | None:
    """Why a claimed post must not be sent: it would pass the cap on this month. None if it may.

    Asked for the first part only; a post that has begun is ended.
    """
    if claim.position > 1 or claim.account.monthly_cap is None:
        return None
    entry = listings.get(desk.engine, claim.post_id)
    account, cap = entry.account, entry.account.monthly_cap
    price = entry.post.price
    if price is None:  # queued before there were prices
        texts = [(part.text, alts(part.images)) for part in entry.parts]
        price = priced(desk, account, texts)
    if cap is None or not price:
        return None
    month = Month.of(desk.clock(), zone(account.zone))
    spent = _in(desk, account, month, [claim.post_id]).spent
    if spent + price <= cap:
        return None
    return (
        f"It costs {show(price)}, and {account.name} has spent {show(spent)} of the {show(cap)} "
        f"that it may cost in {month}."
    )


def alts(images: Sequence[dict[str, Any]]) -> int:
    """How many pictures of a part have an alt text."""
    return sum(1 for image in images if image.get("alt"))


def _in(desk: Desk, account: Account, month: Month, leaving_out: Collection[int] = ()) -> Spending:
    return spending.between(desk.engine, account.id or 0, month.begins, month.ends, leaving_out)


def cap(desk: Desk, name: str, dollars: str) -> Account:
    """Set what an account's posts may cost in a calendar month of its zone; `none`: anything.

    Raises InputProblem for what is no amount.
    """
    account = accounts.named(desk.engine, name)
    amount = None if dollars.strip().lower() == "none" else _amount(dollars)
    spending.keep_cap(desk.engine, account.id or 0, amount)
    return accounts.named(desk.engine, name)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= 1_000_000) or amount * 100 % 1:
        raise InputProblem(
            f"{text[:40]!r} is not an amount of dollars.", "Write it like 5 or 5.00, or none."
        )
    return amount


@dataclass(frozen=True)
class MonthlyBill:
    """What an account's posts cost this month, in dollars."""

    account: Account
    month: Month
    known: Spending
    #: The day on which its network's prices were published.
    as_of: date


def months(desk: Desk) -> list[MonthlyBill]:
    """This month's bill of every account whose network charges something."""
    bills = []
    for account in accounts.listing(desk.engine):
        table = desk.prices(account.network)
        if table is not None:
            month = Month.of(desk.clock(), zone(account.zone))
            bills.append(MonthlyBill(account, month, _in(desk, account, month), table.as_of))
    return bills

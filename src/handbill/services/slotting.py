"""Keeps the weekly slots of accounts, and finds the next one that is free."""

from collections.abc import Collection, Sequence
from datetime import datetime

from handbill.domain import slots
from handbill.domain.when import Moment
from handbill.domain.zones import zone
from handbill.errors import InputProblem
from handbill.models import Account
from handbill.services.desk import Desk
from handbill.store import accounts
from handbill.store import slots as rows


def keep(desk: Desk, name: str, texts: Sequence[str]) -> Account:
    """Set all slots of an account; none clears them. Raises InputProblem for what is no slot."""
    account = accounts.named(desk.engine, name)
    rows.keep(desk.engine, account.id or 0, slots.canonical(texts))
    return accounts.named(desk.engine, name)


def next_free(
    desk: Desk, account: Account, after: datetime, taken: Collection[datetime] = ()
) -> Moment:
    """The next slot later than `after` at which no post of the account is due, nor any of `taken`.

    Raises InputProblem when the account has no slots.
    """
    busy = rows.taken(desk.engine, account.id or 0, after)
    return first_free(account, after, busy | set(taken))


def first_free(account: Account, after: datetime, taken: Collection[datetime]) -> Moment:
    """The next slot later than `after` that is not among `taken`. Raises InputProblem."""
    if not account.slots:
        raise InputProblem(
            f"{account.name} has no slots.",
            f"Set them: handbill slots set {account.name} 'mon 09:00' 'thu 18:30'",
        )
    for moment in slots.upcoming(account.slots, zone(account.zone), after):
        if moment.at not in taken:
            return moment
    raise InputProblem("No slot is left in all calendars.", "Give an earlier time.")

"""Keeps accounts: adds them, asks the networks who they are, pauses and resumes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from handbill.domain.durations import parse_duration
from handbill.domain.network import Identity
from handbill.domain.outcomes import Halted, Unauthorized
from handbill.domain.zones import zone
from handbill.errors import InputProblem, SettingsProblem
from handbill.inputs import AccountIn, explain
from handbill.models import Account
from handbill.services.desk import Desk
from handbill.store import accounts
from handbill.store.claims import account_ref


@dataclass(frozen=True)
class Checked:
    """What a check of an account found: who it is, or what is wrong and how to mend it."""

    account: Account
    identity: Identity | None
    says: str = ""
    cure: str = ""


def add(desk: Desk, new: AccountIn) -> Account:
    """Add an account. Raises InputProblem for an unknown network or zone, or a taken name."""
    desk.networks(new.network)
    zone(new.zone)
    return accounts.add(desk.engine, new, desk.clock())


def edit(
    desk: Desk, name: str, server: str | None, zone_name: str | None, limit: str | None
) -> Account:
    """Change what is given; an empty server means the network's own. Raises InputProblem."""
    old = accounts.named(desk.engine, name)
    try:
        new = AccountIn(
            name=old.name,
            network=old.network,
            server=old.server if server is None else server or None,
            zone=zone(zone_name).key if zone_name else old.zone,
            lateness_limit=parse_duration(limit) if limit else old.lateness_limit,
        )
    except ValidationError as error:
        raise InputProblem(f"The account was not changed: {explain(error)}.") from None
    accounts.edit(desk.engine, new)
    return accounts.named(desk.engine, name)


def listing(desk: Desk) -> Sequence[Account]:
    """All accounts by name."""
    return accounts.listing(desk.engine)


def check(desk: Desk, name: str) -> Checked:
    """Ask the network who an account's credentials are, and keep the answer."""
    account = accounts.named(desk.engine, name)
    try:
        identity = desk.connect(account_ref(account)).whoami()
    except SettingsProblem as problem:
        return Checked(account, None, problem.says, problem.cure)
    except Halted as halted:
        outcome = halted.outcome
        cure = outcome.cure if isinstance(outcome, Unauthorized) else "try again later"
        return Checked(account, None, outcome.says, cure)
    accounts.identify(desk.engine, account.id or 0, identity)
    return Checked(accounts.named(desk.engine, name), identity)


def pause(desk: Desk, name: str, reason: str) -> Account:
    """Stop an account until it is resumed; its posts stay queued."""
    accounts.named(desk.engine, name)
    accounts.pause(desk.engine, name, reason, None, desk.clock())
    return accounts.named(desk.engine, name)


def resume(desk: Desk, name: str) -> Account:
    """Let an account post again."""
    accounts.named(desk.engine, name)
    accounts.resume(desk.engine, name)
    return accounts.named(desk.engine, name)

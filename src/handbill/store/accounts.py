"""Rows of accounts: who we are on which network, and whether we rest or are paused."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from handbill.domain.network import Identity
from handbill.errors import InputProblem, NotFound
from handbill.inputs import AccountIn
from handbill.models import Account
from handbill.store.changes import announce
from handbill.store.engine import read, write


def add(engine: Engine, new: AccountIn, now: datetime) -> Account:
    """Add an account. Raises InputProblem when the name is taken."""
    with write(engine) as session:
        if session.exec(select(Account).where(Account.name == new.name)).first():
            raise InputProblem(
                f"There is already an account named {new.name}.", "See: handbill account list"
            )
        account = Account(**new.model_dump(), created_at=now)
        session.add(account)
        session.flush()
        return account


def edit(engine: Engine, new: AccountIn) -> None:
    """Change server, zone and limit of the account of that name."""
    with write(engine) as session:
        account = session.exec(select(Account).where(Account.name == new.name)).one()
        if account.server != new.server:  # another server: another account's posts
            account.remote_id = account.handle = account.newest_remote_id = None
        account.server, account.zone = new.server, new.zone
        account.lateness_limit = new.lateness_limit


def named(engine: Engine, name: str) -> Account:
    """The account of that name. Raises NotFound, naming those that exist."""
    with read(engine) as session:
        account = session.exec(select(Account).where(Account.name == name)).first()
        if account is None:
            names = session.exec(select(Account.name).order_by(Account.name)).all()
            raise NotFound(
                f"There is no account named {name}.",
                f"Accounts: {', '.join(names)}."
                if names
                else f"Add it: handbill account add {name} --network x",
            )
        return account


def listing(engine: Engine) -> Sequence[Account]:
    """All accounts by name."""
    with read(engine) as session:
        return session.exec(select(Account).order_by(Account.name)).all()


def identify(engine: Engine, account_id: int, who: Identity) -> None:
    """Keep who the network says this account is."""
    with write(engine) as session:
        account = session.get_one(Account, account_id)
        if account.remote_id not in (None, who.remote_id):
            account.newest_remote_id = None  # other tokens: another account's posts
        account.remote_id, account.handle = who.remote_id, who.handle


def pause(engine: Engine, name: str, reason: str, cure: str | None, now: datetime) -> None:
    """Stop an account; a pause that is on already keeps its reason."""
    with write(engine) as session:
        account = session.exec(select(Account).where(Account.name == name)).one()
        if account.paused_at is None:
            account.paused_at, account.pause_reason, account.pause_cure = now, reason, cure


def resume(engine: Engine, name: str) -> None:
    """Let an account post again; its rest ends too."""
    with write(engine) as session:
        account = session.exec(select(Account).where(col(Account.name) == name)).one()
        account.paused_at = account.pause_reason = account.pause_cure = None
        account.rest_until = None
        announce(session)

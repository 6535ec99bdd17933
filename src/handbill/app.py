"""`build(settings)` makes the App. The only place that wires things together."""

from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from handbill import egress, networks
from handbill.clock import Clock, now
from handbill.domain.network import AccountRef, Network, NetworkModule
from handbill.errors import SettingsProblem
from handbill.models import Account
from handbill.services.desk import Desk
from handbill.settings import Settings, load, variable
from handbill.store.claims import account_ref
from handbill.store.engine import Opening, make_engine
from handbill.store.hours import clock_of
from handbill.store.schema import open_store


@dataclass(frozen=True)
class App:
    """A configured Handbill: its settings, and the desk that use cases work at."""

    settings: Settings
    desk: Desk

    def missing_variables(self, account: Account) -> dict[str, str]:
        """The environment variables that an account still lacks, each with what it is."""
        module = networks.module(account.network)
        words = {**module.APP_KEYS, **module.TOKENS}
        ref = account_ref(account)
        return {_variable(module, ref, key): words[key] for key in _keys(self.settings, ref)[1]}


def build(settings: Settings, clock: Clock | None = None, begin: bool = True) -> App:
    """Open the store, migrated if need be, and lay out the desk. Raises Problem; also when there is
    no database and none may be begun.

    Without another clock the database's own decides: a server's, or for a file this machine's.
    """
    networks.refuse_unknown_keys(settings.apps, settings.tokens)
    return _wired(settings, clock, partial(open_store, begin=begin))


def unopened(settings: Settings, clock: Clock | None = None) -> App:
    """As `build`, on a database as it is: damaged, or not there at all. For restoring a backup."""
    return _wired(settings, clock, make_engine)


def _wired(settings: Settings, clock: Clock | None, opened: Opening) -> App:
    engine = opened(settings.url)
    clock = clock or clock_of(engine, now)
    desk = Desk(
        engine=engine,
        clock=clock,
        networks=networks.module,
        connect=Lines(settings, clock),
        pictures=settings.pictures,
        fetch=egress.fetch,
        config=settings.home / "config",
        prices=networks.price_list(settings.prices),
        gap=settings.gap_after_outage,
    )
    return App(settings, desk)


class Lines:
    """Gives each account its line. Reads `.env` again when that file has changed, so that a daemon
    need not be restarted for new keys."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._written = _written(settings)

    def __call__(self, account: AccountRef) -> Network:
        if (written := _written(self._settings)) != self._written:
            self._settings = load(self._settings.home)
            self._written = written
        return _line(self._settings, self._clock, account)


def _written(settings: Settings) -> int | None:
    """When `.env` was last written, in nanoseconds; None when it is not there."""
    try:
        return (settings.home / ".env").stat().st_mtime_ns
    except OSError:
        return None


def _line(settings: Settings, clock: Clock, account: AccountRef) -> Network:
    module = networks.module(account.network)
    given, missing = _keys(settings, account)
    if missing:
        where = ", ".join(_variable(module, account, key) for key in missing)
        raise SettingsProblem(
            f"{account.name} has no {', '.join(missing)} for {module.TITLE}.",
            f"Put {where} into {settings.home / '.env'}.",
        )
    secrets = {key: value.get_secret_value() for key, value in given.items()}
    return module.connect(secrets, account.server, clock)


def _keys(settings: Settings, account: AccountRef) -> tuple[dict[str, SecretStr], list[str]]:
    return networks.credentials(
        account.network,
        settings.apps.get(account.network, {}),
        settings.tokens.get(account.name, {}),
    )


def _variable(module: NetworkModule, account: AccountRef, key: str) -> str:
    """Where a missing key belongs: an app's keys serve all accounts on the network's own server."""
    if key in module.APP_KEYS and account.server is None:
        return variable(f"apps.{account.network}.{key}")
    return variable(f"tokens.{account.name}.{key}")

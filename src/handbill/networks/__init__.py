"""The networks: one module each, found by its name. Their common HTTP sense is in `wire`."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import cast

from pydantic import SecretStr

from handbill.domain.network import NetworkModule, PriceList
from handbill.domain.prices import Prices
from handbill.errors import InputProblem, SettingsProblem

_NOT_NETWORKS = {"wire"}


@cache
def names() -> Sequence[str]:
    """All networks that this Handbill speaks."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _NOT_NETWORKS)


def module(name: str) -> NetworkModule:
    """The network of that name. Raises InputProblem, naming those that exist."""
    if name not in names():
        raise InputProblem(
            f"Handbill does not speak a network called {name}.", f"It speaks: {', '.join(names())}."
        )
    return cast(NetworkModule, importlib.import_module(f"{__name__}.{name}"))


def credentials(
    network: str, app: Mapping[str, SecretStr], tokens: Mapping[str, SecretStr]
) -> tuple[dict[str, SecretStr], list[str]]:
    """What an account has of all it needs, and the keys that are missing.

    A token's own key goes before the app's of the same name, so that a practice account can bring
    everything along.
    """
    needed = [*module(network).APP_KEYS, *module(network).TOKENS]
    given = {**app, **tokens}
    return {key: given[key] for key in needed if key in given}, [
        k for k in needed if k not in given
    ]


def price_list(given: Mapping[str, Prices]) -> PriceList:
    """What each network charges: as given, or else as its module knows. Raises SettingsProblem."""
    for name in given:
        if name not in names():
            raise SettingsProblem(
                f"There are prices for a network called {name}.",
                f"Handbill speaks: {', '.join(names())}.",
            )

    def look(network: str) -> Prices | None:
        return given.get(network) or module(network).PRICES

    return look


def refuse_unknown_keys(
    apps: Mapping[str, Iterable[str]], tokens: Mapping[str, Iterable[str]]
) -> None:
    """Raise SettingsProblem for keys of apps and tokens that no network knows."""
    every = {key for name in names() for key in (*module(name).APP_KEYS, *module(name).TOKENS)}
    for account, keys in tokens.items():
        for key in keys:
            if key not in every:
                raise SettingsProblem(
                    f"Unknown setting HANDBILL_TOKENS__{account.upper()}__{key.upper()}.",
                    f"There are: {', '.join(sorted(k.upper() for k in every))}.",
                )
    for network, keys in apps.items():
        if network not in names():
            raise SettingsProblem(
                f"There are app keys for a network called {network}.",
                f"Handbill speaks: {', '.join(names())}.",
            )
        known = module(network).APP_KEYS
        for key in keys:
            if key not in known:
                raise SettingsProblem(
                    f"Unknown setting HANDBILL_APPS__{network.upper()}__{key.upper()}.",
                    f"It takes: {', '.join(k.upper() for k in known)}.",
                )

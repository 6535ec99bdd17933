"""Tells of every setting its value and where it came from. Never the value of a secret."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dotenv import dotenv_values

from handbill.domain.durations import spell
from handbill.domain.prices import show
from handbill.settings import ENV_ONLY_KEYS, TOML_NAME, Settings, variable


@dataclass(frozen=True)
class Described:
    """A setting as `config show` prints it."""

    key: str
    value: str
    source: str


MASK = "(set, not shown)"


def describe(settings: Settings, env: Mapping[str, str] = os.environ) -> list[Described]:
    """Every setting with its value, secrets masked, and where it came from."""
    home = settings.home
    dotenv = dotenv_values(home / ".env", interpolate=False) if (home / ".env").is_file() else {}
    toml_file = home / TOML_NAME
    in_toml = tomllib.loads(toml_file.read_text("utf-8")) if toml_file.is_file() else {}
    places = (
        ("environment", {name.upper() for name, value in env.items() if value}),
        (str(home / ".env"), {name.upper() for name, value in dotenv.items() if value}),
        (str(toml_file), {variable(key) for key in in_toml}),
    )

    def source(key: str) -> str:
        return next((place for place, names in places if variable(key) in names), "default")

    rows = [Described("home", str(home), "--home, HANDBILL_HOME or the folder in use")]
    for key in Settings.model_fields:
        value = getattr(settings, key)
        if key in ENV_ONLY_KEYS:
            rows += [
                Described(f"{key}.{owner}.{one}", MASK, source(f"{key}.{owner}.{one}"))
                for owner, kept in value.items()
                for one in kept
            ]
        elif key != "home":
            rows.append(Described(key, _shown(key, value, settings), source(key)))
    return rows


def _shown(key: str, value: object, settings: Settings) -> str:
    if key == "database_url":
        return settings.shown_url
    if isinstance(value, timedelta):
        return spell(value)
    if key == "prices":
        return _prices(settings)
    return "(this machine's)" if value is None else str(value)


def _prices(settings: Settings) -> str:
    return (
        "; ".join(
            f"{network}: {show(table.post)} a post, {show(table.with_link)} with a link, "
            f"{show(table.alt_text)} an alt text (as of {table.as_of})"
            for network, table in settings.prices.items()
        )
        or "(as the networks published them)"
    )

"""Writes the example configuration from Settings and the networks, so that they cannot differ."""

from dataclasses import fields
from typing import Any

from handbill import networks
from handbill.domain.durations import spell
from handbill.settings import SECRET_KEYS, Settings, variable


def toml() -> str:
    """`config/handbill.example.toml`: every option that is not secret, with its default."""
    lines = [
        "# Handbill's options. Each line shows the default; take the # away to change it.",
        "# Secrets belong in .env. `handbill config show` tells what is in force, and from where.",
    ]
    for name, field in Settings.model_fields.items():
        if name == "home" or (name in SECRET_KEYS and name != "database_url"):
            continue
        lines += ["", f"# {field.description}", f"# {name} = {_default(name, field.default)}"]
    return "\n".join(lines) + "\n"


def _default(name: str, value: Any) -> str:
    samples = {
        "database_url": '"sqlite:////full/path/handbill.db"',
        "zone": '"Europe/Paris"',
        "prices": _prices(),
    }
    if name in samples:
        return samples[name]
    if hasattr(value, "total_seconds"):
        return f'"{spell(value)}"'
    return str(value) if isinstance(value, int) else f'"{value}"'


def _prices() -> str:
    """The prices that networks have published, as one line."""
    known = {name: networks.module(name).PRICES for name in networks.names()}
    tables = [
        f"{name} = {{ "
        + ", ".join(f"{one.name} = {getattr(table, one.name)}" for one in fields(table))
        + " }"
        for name, table in known.items()
        if table is not None
    ]
    return f"{{ {', '.join(tables)} }}"


def env() -> str:
    """`.env.example`: every secret, with a comment."""
    lines = [
        "# Secrets only; everything else is in config/handbill.toml.",
        "# Keep this file to yourself: chmod 600 .env (Handbill refuses it otherwise).",
        "",
        "# The database's address, if it has a password in it.",
        f"# {variable('database_url')}=postgresql://user:password@host/handbill",
    ]
    for name in networks.names():
        module = networks.module(name)
        lines += ["", f"# {module.TITLE}, for all its accounts"]
        for key, words in module.APP_KEYS.items():
            lines += [f"# {words}", f"{variable(f'apps.{name}.{key}')}="]
        lines += ["", f"# {module.TITLE}, for the account that you named my_blog"]
        for key, words in module.TOKENS.items():
            lines += [f"# {words}", f"# {variable(f'tokens.my_blog.{key}')}="]
    return "\n".join(lines) + "\n"

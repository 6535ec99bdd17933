"""Settings: arguments > environment > `.env` > `config/handbill.toml` > defaults.

Secrets live in the environment or in `.env`, everything else in the TOML file. An error names the
key, the file and the mend; it never shows a secret.
"""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from platformdirs import PlatformDirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from handbill.domain.durations import parse_duration
from handbill.domain.lateness import DEFAULT_GAP, DEFAULT_LIMIT
from handbill.domain.prices import Prices
from handbill.domain.zones import zone as known_zone
from handbill.errors import InputProblem, SettingsProblem

PREFIX = "HANDBILL_"
TOML_NAME = Path("config") / "handbill.toml"

#: Keys whose values are secret, or may contain one. Only these may stand in `.env`.
SECRET_KEYS = frozenset({"apps", "tokens", "database_url"})
#: Keys that are never written in a file that is not `.env`.
ENV_ONLY_KEYS = frozenset({"apps", "tokens"})
#: More than any network will charge for a post.
MOST_DOLLARS = Decimal(10_000)


def _duration(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except InputProblem as problem:
            raise ValueError(str(problem)) from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Secrets = dict[str, dict[str, SecretStr]]


class Settings(BaseSettings):
    """Everything that can be set. `home` itself comes from `--home` or `HANDBILL_HOME` only."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        dotenv_filtering="match_prefix",
        nested_model_default_partial_update=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(description="folder of configuration, .env, database and pictures")
    database_url: SecretStr | None = Field(
        default=None, description="where the queue is kept; default: handbill.db in the home folder"
    )
    zone: str | None = Field(
        default=None, description="time zone of new accounts; default: this machine's"
    )
    no_later_than: Duration = Field(
        default=DEFAULT_LIMIT,
        description="how late a post of a new account may leave before it counts as missed",
    )
    gap_after_outage: Duration = Field(
        default=DEFAULT_GAP,
        description="after an outage, time between two overdue posts of one account",
    )
    workers: int = Field(
        default=16, ge=1, le=200, description="how many posts may be under way at once"
    )
    log: Literal["text", "json"] = Field(default="text", description="form of the daemon's log")
    log_level: Literal["debug", "info", "warning"] = Field(
        default="info", description="how much the daemon's log tells"
    )
    prices: dict[str, Prices] = Field(
        default={},
        description="what a network charges for a post, in US dollars; default: as published then",
    )
    apps: Secrets = Field(default={}, description="keys of your app on a network (secret)")
    tokens: Secrets = Field(default={}, description="tokens of an account, by its name (secret)")

    @field_validator("database_url")
    @classmethod
    def _whole_path(cls, url: SecretStr | None) -> SecretStr | None:
        scheme, _, path = (url.get_secret_value() if url else "").partition("://")
        if scheme.startswith("sqlite") and not path.startswith("//"):
            raise ValueError("give the whole path of the file: sqlite:////full/path/handbill.db")
        return url

    @field_validator("zone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            return known_zone(name).key
        except InputProblem as problem:
            raise ValueError(str(problem)) from None

    @field_validator("prices")
    @classmethod
    def _exact(cls, prices: dict[str, Prices]) -> dict[str, Prices]:
        for network, table in prices.items():
            for dollars in (table.post, table.with_link, table.alt_text):
                if dollars < 0 or dollars * 10_000 % 1 or dollars > MOST_DOLLARS:
                    raise ValueError(
                        f"for {network}, give dollars with at most four decimals, e.g. 0.015"
                    )
        return prices

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(init_settings()["home"])
        toml = TomlConfigSettingsSource(settings_cls, home / TOML_NAME)
        return init_settings, env_settings, dotenv_settings, toml

    @property
    def shown_url(self) -> str:
        """The database's address, fit to be printed."""
        shown = self.url
        for password in _passwords(shown):
            shown = shown.replace(password, "***")
        return shown

    @property
    def url(self) -> str:
        """The database's address as SQLAlchemy takes it. May hold a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'handbill.db'}"

    def secrets(self) -> list[str]:
        """Every secret value, for whoever must keep them out of what it writes."""
        kept = [
            value
            for keys in (*self.apps.values(), *self.tokens.values())
            for value in keys.values()
        ]
        found = [value.get_secret_value() for value in kept]
        return [*found, *_passwords(self.url)]

    @property
    def pictures(self) -> Path:
        """The folder in which queued pictures are kept."""
        return self.home / "pictures"


def _passwords(url: str) -> list[str]:
    """The password of a database's address, wherever it stands, as written and as meant.

    Not parsed as an address: a password with a slash in it makes it none, and is one all the same.
    """
    rest = url.partition("://")[2]
    written = [rest.rpartition("@")[0].partition(":")[2]]
    written += re.findall(r"(?i)[?&]password=([^&\s]*)", rest)
    meant = {way for one in written if one for way in (one, unquote(one))}
    return sorted(meant, key=len, reverse=True)


def find_home(given: Path | None, env: Mapping[str, str] = os.environ) -> Path:
    """`--home`, else HANDBILL_HOME, else this folder if it is one, else the user's own."""
    if given is not None:
        return given.expanduser().resolve()
    if named := env.get(f"{PREFIX}HOME"):
        return Path(named).expanduser().resolve()
    here = Path.cwd()
    if (here / TOML_NAME).is_file():
        return here
    return PlatformDirs("handbill", appauthor=False).user_data_path


def load(home: Path, env: Mapping[str, str] = os.environ, **arguments: Any) -> Settings:
    """Read and check all settings of a home folder. Raises SettingsProblem."""
    dotenv = home / ".env"
    _refuse_misspelt(env, "the environment")
    try:
        if dotenv.is_file():
            _refuse_open(dotenv)
            _refuse_strangers(dotenv)
        _refuse_toml(home / TOML_NAME)
    except OSError as error:
        raise SettingsProblem(
            f"{error.filename} cannot be read ({error.strerror}).",
            f"Allow it: chmod u+rwX {home} {home / 'config'} {error.filename}",
        ) from None
    try:
        return Settings(home=home, _env_file=dotenv, **arguments)
    except ValidationError as error:
        raise SettingsProblem(_explain(error, home)) from None
    except ValueError as error:  # pydantic-settings: a value that ought to be JSON and is not
        key = _key_in(str(error))
        raise SettingsProblem(
            f"The setting {key} has a value that cannot be read.",
            f"Look at {PREFIX}{key.upper()} and at {dotenv}; .env.example shows each form.",
        ) from None


def variable(key: str) -> str:
    """The environment variable of a setting: `apps.x.api_key` → `HANDBILL_APPS__X__API_KEY`."""
    return PREFIX + key.replace(".", "__").upper()


def _key_in(message: str) -> str:
    found = re.search(r'field "([a-z_]+)"', message)
    return found[1] if found else "database_url"


def _refuse_misspelt(names: Mapping[str, str | None], place: str) -> None:
    known = set(Settings.model_fields) | {"home"}
    for name in names:
        if not name.upper().startswith(PREFIX):
            continue
        key = name.upper().removeprefix(PREFIX).lower().split("__")[0]
        if key in known and (("__" in name) == (key in ENV_ONLY_KEYS)):
            continue
        near = difflib.get_close_matches(key, known, 1)
        hint = f"Did you mean {variable(near[0])}?" if near else "See `handbill config show`."
        raise SettingsProblem(f"Unknown setting {name} in {place}.", hint)


def _refuse_misspelt_prefix(name: str, place: str) -> None:
    first, _, rest = name.upper().partition("_")
    if rest and first != "HANDBILL" and difflib.get_close_matches(first, ["HANDBILL"], 1, 0.85):
        raise SettingsProblem(
            f"Unknown setting {name} in {place}.", f"Did you mean {PREFIX}{rest}?"
        )


def _refuse_open(path: Path) -> None:
    mode = path.stat().st_mode
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SettingsProblem(
            f"{path} holds secrets and can be read by others.", f"Run: chmod 600 {path}"
        )


def _refuse_strangers(path: Path) -> None:
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False)
    except UnicodeDecodeError:
        raise SettingsProblem(f"{path} is not UTF-8.", "Save it as UTF-8.") from None
    _refuse_misspelt(values, str(path))
    for name in values:
        _refuse_misspelt_prefix(name, str(path))
        key = name.upper().removeprefix(PREFIX).lower().split("__")[0]
        if name.upper().startswith(PREFIX) and key not in SECRET_KEYS:
            raise SettingsProblem(
                f"{name} in {path} is not a secret, and .env holds secrets only.",
                f"Move it to {path.parent / TOML_NAME} as `{key} = …`.",
            )


def _refuse_toml(path: Path) -> None:
    if not path.is_file():
        return
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"{path} is not valid TOML: {error}.", "Mend that line.") from None
    for key in values.keys() & ENV_ONLY_KEYS:
        raise SettingsProblem(
            f"{path} has [{key}], which is secret.",
            f"Move it to {path.parent.parent / '.env'} as {variable(key)}__….",
        )
    if _passwords(str(values.get("database_url", ""))):
        raise SettingsProblem(
            f"The database_url in {path} has a password in it, which is secret.",
            f"Move it to {path.parent.parent / '.env'} as {variable('database_url')}=….",
        )
    if "home" in values:
        raise SettingsProblem(f"{path} cannot set `home`.", "Use --home or HANDBILL_HOME.")


def _explain(error: ValidationError, home: Path) -> str:
    lines = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        key = ".".join(map(str, one["loc"]))
        near = difflib.get_close_matches(key, Settings.model_fields, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        says = "unknown setting." + hint if one["type"] == "extra_forbidden" else one["msg"]
        lines.append(f"{key}: {says.removeprefix('Value error, ')}")
    where = f"(looked in the environment, {home / '.env'} and {home / TOML_NAME})"
    return "\n".join(["The settings are wrong.", *lines, where])

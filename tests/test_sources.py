"""What `config show` tells of each setting: its value, where it came from, and never a secret."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from handbill.settings import TOML_NAME, Settings, load
from handbill.sources import MASK, Described, describe

CANARY = "canary-4f1d"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a place for its configuration."""
    (tmp_path / TOML_NAME).parent.mkdir()
    return tmp_path


def described(home: Path) -> Mapping[str, Described]:
    """What is told, by key; whatever it is, no canary is in it."""
    rows = describe(load(home))
    assert CANARY not in str(rows)
    return {row.key: row for row in rows}


def dotenv(home: Path, content: str) -> None:
    (home / ".env").write_text(content)
    (home / ".env").chmod(0o600)


def test_every_setting_is_told(home: Path) -> None:
    assert set(described(home)) == set(Settings.model_fields) - {"apps", "tokens"}


def test_what_nobody_set_is_a_default(home: Path) -> None:
    rows = described(home)
    assert (rows["workers"].value, rows["workers"].source) == ("16", "default")
    assert (rows["no_later_than"].value, rows["no_later_than"].source) == ("1 h", "default")
    assert (rows["zone"].value, rows["zone"].source) == ("(this machine's)", "default")
    assert rows["database_url"].value == f"sqlite:///{home / 'handbill.db'}"


def test_what_the_file_sets_comes_from_the_file(home: Path) -> None:
    (home / TOML_NAME).write_text('no_later_than = "90m"\nzone = "Asia/Tokyo"\n')
    rows = described(home)
    assert rows["no_later_than"] == Described("no_later_than", "1 h 30 min", str(home / TOML_NAME))
    assert (rows["zone"].value, rows["zone"].source) == ("Asia/Tokyo", str(home / TOML_NAME))


def test_what_the_environment_sets_comes_from_it_though_the_file_says_otherwise(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / TOML_NAME).write_text("workers = 3")
    monkeypatch.setenv("handbill_workers", "7")
    rows = described(home)
    assert (rows["workers"].value, rows["workers"].source) == ("7", "environment")


def test_an_empty_variable_is_no_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / TOML_NAME).write_text("workers = 3")
    monkeypatch.setenv("HANDBILL_WORKERS", "")
    assert described(home)["workers"].source == str(home / TOML_NAME)


def test_secrets_are_listed_but_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv(home, f"HANDBILL_APPS__X__API_KEY={CANARY}\n")
    monkeypatch.setenv("HANDBILL_TOKENS__INES__ACCESS_TOKEN", CANARY)
    rows = described(home)
    assert rows["apps.x.api_key"].value == rows["tokens.ines.access_token"].value == MASK
    assert rows["apps.x.api_key"].source == str(home / ".env")
    assert rows["tokens.ines.access_token"].source == "environment"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://me:{CANARY}@h/db", "postgresql://me:***@h/db"),
        (f"postgresql://me:{CANARY}%40x@h:5432/db", "postgresql://me:***@h:5432/db"),
        (f"postgresql://:{CANARY}@h/db", "postgresql://:***@h/db"),
        ("postgresql://me@h/db", "postgresql://me@h/db"),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
    ],
)
def test_the_databases_address_is_shown_without_its_password(
    home: Path, url: str, shown: str
) -> None:
    dotenv(home, f"HANDBILL_DATABASE_URL={url}\n")
    row = described(home)["database_url"]
    assert (row.value, row.source) == (shown, str(home / ".env"))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://h/db?user=me&password={CANARY}",
        f"postgresql://me@h/db?password={CANARY}&sslmode=require",
        f"postgresql://me:{CANARY}@x@h/db",
        f"postgresql://me:x@{CANARY}@h/db",
        f"postgresql://me:x/{CANARY}@h/db",
        f"postgresql://me:x?{CANARY}@h/db",
        f"postgresql://me:x:{CANARY}@h/db",
    ],
)
def test_a_password_in_an_odd_place_is_not_shown_either(home: Path, url: str) -> None:
    dotenv(home, f"HANDBILL_DATABASE_URL={url}\n")
    assert described(home)["database_url"].value.startswith("postgresql://")


def test_the_home_says_how_to_choose_it(home: Path) -> None:
    row = described(home)["home"]
    assert row.value == str(home)
    assert "--home" in row.source
    assert "HANDBILL_HOME" in row.source

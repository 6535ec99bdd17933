"""`init` makes a home and overwrites nothing; `config show` tells all but the secrets."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell

CANARY = "canary-4f1d"
TOML = Path("config") / "handbill.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "new" / "home"


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def dotenv(home: Path, content: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / ".env").write_text(content)
    (home / ".env").chmod(0o600)


@pytest.mark.usefixtures("_umask")
def test_init_makes_a_home_whose_secrets_are_for_its_owner_only(shell: Shell, home: Path) -> None:
    answer = shell.fine("init")
    for name in (TOML, Path(".env")):
        assert f"Made {home / name}" in answer.out
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    assert (home / "handbill.db").stat().st_mode & 0o077 == 0
    assert (home / TOML).is_file()


def test_init_says_what_to_do_next(shell: Shell, home: Path) -> None:
    answer = shell.fine("init")
    assert f"sqlite:///{home / 'handbill.db'}" in answer.out
    assert f"handbill --home {home} account add my_blog --network x" in answer.err
    assert f"handbill --home {home} rehearse" in answer.err


def test_init_overwrites_nothing(shell: Shell, home: Path) -> None:
    shell.fine("init")
    (home / TOML).write_text("workers = 3\n")
    dotenv(home, f"HANDBILL_APPS__X__API_KEY={CANARY}\n")
    shell.fine("account", "add", "ines", "--network", "x")
    answer = shell.fine("init")
    assert f"Kept {home / '.env'}" in answer.out
    assert (home / TOML).read_text() == "workers = 3\n"
    assert CANARY in (home / ".env").read_text()
    assert CANARY not in answer.out + answer.err
    assert [one["name"] for one in shell.fine("account", "list", "--json").json] == ["ines"]


def test_init_refuses_a_dotenv_that_others_can_read(shell: Shell, home: Path) -> None:
    dotenv(home, f"HANDBILL_APPS__X__API_KEY={CANARY}\n")
    (home / ".env").chmod(0o644)
    answer = shell("init")
    assert answer.code == 1
    assert f"chmod 600 {home / '.env'}" in answer.err


def test_what_init_makes_can_be_shown(shell: Shell) -> None:
    shell.fine("init")
    shown = shell.fine("config", "show", "--json").json
    assert shown["workers"] == {"value": "16", "source": "default"}


def test_show_tells_value_and_source_and_no_secret(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv(
        home,
        f"HANDBILL_APPS__X__API_KEY={CANARY}\nHANDBILL_DATABASE_URL=postgresql://me:{CANARY}@h/db\n",
    )
    monkeypatch.setenv("HANDBILL_TOKENS__INES__ACCESS_TOKEN", CANARY)
    monkeypatch.setenv("HANDBILL_WORKERS", "7")
    for form in ([], ["--json"]):
        answer = shell.fine("config", "show", *form)
        assert CANARY not in answer.out + answer.err
        for told in ("workers", "7", "environment", "tokens.ines.access_token", "me:***@h/db"):
            assert told in answer.out


def test_show_needs_no_database(shell: Shell, home: Path) -> None:
    shell.fine("config", "show")
    assert not (home / "handbill.db").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("HANDBILL_WORKER", "HANDBILL_WORKERS"),
        ("HANDBILL_WORKERS", "workers"),
        ("HANDBILL_APPS__X__KEY", "API_KEY"),
        ("HANDBILL_APPS__Y__API_KEY", "x"),
    ],
)
@pytest.mark.parametrize("command", [["config", "show"], ["status"], ["init"]])
def test_wrong_settings_stop_every_command_without_showing_the_value(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str, told: str, command: list[str]
) -> None:
    monkeypatch.setenv(name, CANARY)
    answer = shell(*command)
    assert answer.code == 1
    assert told in answer.err
    assert CANARY not in answer.out + answer.err


def test_a_databases_password_is_in_no_error(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_DATABASE_URL", f"postgresql://me:{CANARY}@127.0.0.1:1/db")
    answer = shell("status")
    assert answer.code == 1
    assert CANARY not in answer.err


def test_a_home_that_is_a_file_is_told_without_a_traceback(shell: Shell, home: Path) -> None:
    home.parent.mkdir()
    home.write_text("I am a file.")
    answer = shell("status")
    assert answer.code == 1
    assert str(home) in answer.err


def test_init_where_nothing_can_be_made_is_told_without_a_traceback(
    shell: Shell, home: Path
) -> None:
    home.parent.mkdir()
    home.write_text("I am a file.")
    assert shell("init").code == 1

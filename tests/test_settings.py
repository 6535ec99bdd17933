"""Settings: where they come from, which go before which, and what is refused unshown."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from handbill import examples, networks
from handbill.domain.prices import Prices
from handbill.errors import SettingsProblem
from handbill.settings import PREFIX, TOML_NAME, Settings, find_home, load, variable

CANARY = "canary-4f1d"
TOKEN = "HANDBILL_TOKENS__INES__ACCESS_TOKEN"

Write = Callable[[str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with nothing in it."""
    return tmp_path / "home"


@pytest.fixture
def toml(home: Path) -> Write:
    """Writes the configuration file."""

    def write(content: str) -> Path:
        path = home / TOML_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        return path

    return write


@pytest.fixture
def dotenv(home: Path) -> Write:
    """Writes the file of secrets, closed to others."""

    def write(content: str) -> Path:
        home.mkdir(parents=True, exist_ok=True)
        path = home / ".env"
        path.write_text(content, "utf-8")
        path.chmod(0o600)
        return path

    return write


def checked(home: Path) -> Settings:
    """The settings of a home, as the program takes them."""
    settings = load(home)
    networks.refuse_unknown_keys(settings.apps, settings.tokens)
    return settings


def refusal(home: Path) -> SettingsProblem:
    """The problem with the settings of a home; it must name no secret and have a mend."""
    with pytest.raises(SettingsProblem) as problem:
        checked(home)
    assert CANARY not in str(problem.value)
    assert CANARY not in repr(problem.value)
    assert problem.value.__cause__ is None
    return problem.value


# Where they come from


def test_the_defaults_are_enough(home: Path) -> None:
    settings = load(home)
    assert settings.url == f"sqlite:///{home / 'handbill.db'}"
    assert settings.pictures == home / "pictures"
    assert settings.no_later_than == timedelta(hours=1)
    assert (settings.log, settings.log_level) == ("text", "info")
    assert (settings.zone, settings.apps, settings.tokens) == (None, {}, {})


def test_each_source_is_read(
    home: Path, toml: Write, dotenv: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml('zone = "Asia/Tokyo"\nno_later_than = "2h30m"\n')
    dotenv(f"HANDBILL_APPS__X__API_KEY=app-key\n{TOKEN}=token\n")
    monkeypatch.setenv("HANDBILL_WORKERS", "3")
    settings = load(home, log="json")
    assert (settings.zone, settings.no_later_than) == ("Asia/Tokyo", timedelta(minutes=150))
    assert settings.apps["x"]["api_key"].get_secret_value() == "app-key"
    assert settings.tokens["ines"]["access_token"].get_secret_value() == "token"
    assert (settings.workers, settings.log) == (3, "json")


def test_arguments_go_before_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_WORKERS", "3")
    assert load(home, workers=7).workers == 7


def test_arguments_go_before_the_file(home: Path, toml: Write) -> None:
    toml("workers = 3")
    assert load(home, workers=7).workers == 7


def test_the_environment_goes_before_the_file(
    home: Path, toml: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml("workers = 3")
    monkeypatch.setenv("HANDBILL_WORKERS", "7")
    assert load(home).workers == 7


def test_the_environment_goes_before_dotenv(
    home: Path, dotenv: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv(f"{TOKEN}=from-file\nHANDBILL_TOKENS__SOL__ACCESS_TOKEN=sols\n")
    monkeypatch.setenv(TOKEN, "from-environment")
    tokens = load(home).tokens
    assert tokens["ines"]["access_token"].get_secret_value() == "from-environment"
    assert tokens["sol"]["access_token"].get_secret_value() == "sols"


def test_dotenv_goes_before_the_file(home: Path, toml: Write, dotenv: Write) -> None:
    toml('database_url = "sqlite:////toml.db"')
    dotenv("HANDBILL_DATABASE_URL=sqlite:////dotenv.db")
    assert load(home).url == "sqlite:////dotenv.db"


def test_arguments_go_before_dotenv(home: Path, dotenv: Write) -> None:
    dotenv("HANDBILL_DATABASE_URL=sqlite:////dotenv.db")
    assert load(home, database_url="sqlite:////argument.db").url == "sqlite:////argument.db"


def test_the_file_goes_before_the_defaults(home: Path, toml: Write) -> None:
    toml('log = "json"')
    assert load(home).log == "json"


def test_an_empty_variable_is_not_set(
    home: Path, toml: Write, dotenv: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml("workers = 3")
    dotenv("HANDBILL_APPS__X__API_KEY=\n")
    monkeypatch.setenv("HANDBILL_WORKERS", "")
    settings = load(home)
    assert (settings.workers, settings.apps) == (3, {})


def test_a_secret_is_taken_as_it_stands(home: Path, dotenv: Write) -> None:
    dotenv(f"{TOKEN}='a$HOME#b\"c'\n")
    assert load(home).tokens["ines"]["access_token"].get_secret_value() == 'a$HOME#b"c'


def test_secrets_do_not_show_when_settings_are_printed(home: Path, dotenv: Write) -> None:
    dotenv(
        f"{TOKEN}={CANARY}\nHANDBILL_APPS__X__API_KEY={CANARY}\n"
        f"HANDBILL_DATABASE_URL=postgresql://me:{CANARY}@h/db\n"
    )
    settings = load(home)
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings)
    assert CANARY not in settings.model_dump_json()


def test_every_secret_is_known_to_whoever_must_hide_it(home: Path, dotenv: Write) -> None:
    dotenv(
        f"{TOKEN}=one-secret\nHANDBILL_APPS__X__API_KEY=two-secret\n"
        "HANDBILL_DATABASE_URL=postgresql://me:three-secret@h/db\n"
    )
    assert sorted(load(home).secrets()) == ["one-secret", "three-secret", "two-secret"]


def test_a_password_behind_the_question_mark_is_a_secret_too(home: Path, dotenv: Write) -> None:
    dotenv(f"HANDBILL_DATABASE_URL=postgresql://h/db?user=me&password={CANARY}\n")
    assert CANARY in load(home).secrets()


@pytest.mark.parametrize("password", ["a/secret", "a?secret", "a:secret", "a@secret", "a%40b"])
def test_a_password_of_any_letters_is_known(home: Path, dotenv: Write, password: str) -> None:
    dotenv(f"HANDBILL_DATABASE_URL='postgresql://me:{password}@h/db'\n")
    assert password in load(home).secrets()


@pytest.mark.parametrize("url", ["postgresql://[::1/db", "nonsense", "://", "postgresql://h:x/db"])
def test_an_address_that_is_none_has_no_password_and_is_no_crash(
    home: Path, dotenv: Write, url: str
) -> None:
    dotenv(f"HANDBILL_DATABASE_URL={url}\n")
    assert load(home).secrets() == []


# Unknown keys


@pytest.mark.parametrize(
    ("line", "proposal"),
    [("worker = 3", "workers"), ('log_levels = "info"', "log_level"), ('zne = "UTC"', "zone")],
)
def test_an_unknown_key_in_the_file_is_refused_with_a_proposal(
    home: Path, toml: Write, line: str, proposal: str
) -> None:
    path = toml(line)
    problem = refusal(home)
    assert line.split()[0] in problem.says
    assert f"`{proposal}`" in problem.says
    assert str(path) in problem.says


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("HANDBILL_WORKER", "HANDBILL_WORKERS"),
        ("HANDBILL_TOKEN__INES__ACCESS_TOKEN", "HANDBILL_TOKENS"),
        ("HANDBILL_APP__X__API_KEY", "HANDBILL_APPS"),
        ("HANDBILL_DATABASEURL", "HANDBILL_DATABASE_URL"),
        ("handbill_hom", "HANDBILL_HOME"),
    ],
)
def test_a_misspelt_variable_is_refused_with_a_proposal(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, proposal: str
) -> None:
    monkeypatch.setenv(name, CANARY)
    problem = refusal(home)
    assert f"{name} in the environment" in problem.says
    assert proposal in problem.cure


def test_an_unknown_variable_that_is_like_none_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_XYZZY", CANARY)
    assert "HANDBILL_XYZZY" in refusal(home).says


@pytest.mark.parametrize(
    "name", ["HANDBILL_TOKEN__INES__ACCESS_TOKEN", "HANDBILL_DATABASEURL", "HANDBILL_XYZZY"]
)
def test_a_misspelt_line_of_dotenv_is_refused(home: Path, dotenv: Write, name: str) -> None:
    path = dotenv(f"{name}={CANARY}\n")
    problem = refusal(home)
    assert f"{name} in {path}" in problem.says
    assert problem.cure


def test_a_misspelt_prefix_in_dotenv_is_refused_with_a_proposal(home: Path, dotenv: Write) -> None:
    dotenv(f"HANDBIL_TOKENS__INES__ACCESS_TOKEN={CANARY}\n")
    problem = refusal(home)
    assert "HANDBIL_TOKENS__INES__ACCESS_TOKEN" in problem.says
    assert "HANDBILL_" in problem.cure


def test_a_token_key_that_no_network_knows_is_refused(home: Path, dotenv: Write) -> None:
    dotenv(f"HANDBILL_TOKENS__INES__ACCES_TOKEN={CANARY}\n")
    assert "HANDBILL_TOKENS__INES__ACCES_TOKEN" in refusal(home).says


@pytest.mark.parametrize("where", ["environment", "dotenv"])
@pytest.mark.parametrize(
    ("name", "known"),
    [("HANDBILL_APPS__X__API_KEYS", "API_KEY"), ("HANDBILL_APPS__TWITTER__API_KEY", "x")],
)
def test_an_app_key_that_no_network_knows_is_refused(
    home: Path,
    dotenv: Write,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    name: str,
    known: str,
) -> None:
    if where == "dotenv":
        dotenv(f"{name}={CANARY}\n")
    else:
        monkeypatch.setenv(name, CANARY)
    assert known in refusal(home).cure


def test_variables_of_other_programs_are_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WORKERS", "HAND_WORKERS", "HANDBAG_WORKERS"):
        monkeypatch.setenv(name, "x")
    assert load(home).workers == Settings.model_fields["workers"].default


# Values that cannot be


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("HANDBILL_WORKERS", "workers"),
        ("HANDBILL_LOG", "log"),
        ("HANDBILL_LOG_LEVEL", "log_level"),
        ("HANDBILL_APPS__X", "apps"),
        ("HANDBILL_TOKENS__INES", "tokens"),
        ("HANDBILL_TOKENS__INES__ACCESS_TOKEN__MORE", "tokens"),
    ],
)
def test_a_value_that_cannot_be_is_told_by_its_key_and_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str
) -> None:
    monkeypatch.setenv(name, CANARY)
    problem = refusal(home)
    assert key in problem.says
    assert str(home / ".env") in str(problem)


@pytest.mark.parametrize("name", ["HANDBILL_APPS", "HANDBILL_TOKENS"])
@pytest.mark.parametrize("value", [CANARY, f'{{"x": {{"api_key": "{CANARY}"}}}}'])
def test_secrets_are_set_one_by_one_and_not_as_a_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert name in refusal(home).says


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("workers = 0", "workers"),
        ("workers = 201", "workers"),
        ('workers = "many"', "workers"),
        ("workers = [1]", "workers"),
        ('zone = "Europe/Pairs"', "zone"),
        ("zone = 5", "zone"),
        ('no_later_than = "soon"', "no_later_than"),
        ('log = "xml"', "log"),
        ("[workers]\na = 1", "workers"),
    ],
)
def test_a_wrong_value_in_the_file_is_told_by_key_and_file(
    home: Path, toml: Write, line: str, key: str
) -> None:
    path = toml(line)
    problem = refusal(home)
    assert f"{key}:" in problem.says
    assert str(path) in problem.says


def test_a_wrong_zone_comes_with_one_that_exists(home: Path, toml: Write) -> None:
    toml('zone = "Europe/Pairs"')
    assert "Europe/Paris" in refusal(home).says


@pytest.mark.parametrize("content", ["zone = \nlog = 'text'", "workers 3", '[a\nb = "', "\x00"])
def test_a_broken_file_is_told_with_the_line(home: Path, toml: Write, content: str) -> None:
    path = toml(content)
    problem = refusal(home)
    assert str(path) in problem.says
    assert "line" in problem.says


def test_a_file_that_is_not_utf8_is_told(home: Path, toml: Write) -> None:
    path = toml("")
    path.write_bytes(b'zone = "\xff"')
    assert str(path) in refusal(home).says


def test_a_dotenv_that_is_not_utf8_is_told(home: Path, dotenv: Write) -> None:
    path = dotenv("")
    path.write_bytes(f"{TOKEN}={CANARY}".encode() + b"\xff\n")
    assert str(path) in refusal(home).says


# Secrets and where they belong


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_dotenv_that_only_its_owner_can_read_is_accepted(
    home: Path, dotenv: Write, mode: int
) -> None:
    dotenv(f"{TOKEN}=token\n").chmod(mode)
    assert load(home).tokens["ines"]["access_token"].get_secret_value() == "token"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o620, 0o601, 0o610, 0o777])
def test_a_dotenv_that_others_can_touch_is_refused_with_the_command_that_mends_it(
    home: Path, dotenv: Write, mode: int
) -> None:
    path = dotenv(f"{TOKEN}={CANARY}\n")
    path.chmod(mode)
    problem = refusal(home)
    assert str(path) in problem.says
    assert problem.cure == f"Run: chmod 600 {path}"


@pytest.mark.parametrize("name", ["HANDBILL_WORKERS", "HANDBILL_ZONE", "HANDBILL_HOME"])
def test_what_is_no_secret_does_not_belong_in_dotenv(home: Path, dotenv: Write, name: str) -> None:
    path = dotenv(f"{name}={CANARY}\n")
    problem = refusal(home)
    assert f"{name} in {path}" in problem.says
    assert str(home / TOML_NAME) in problem.cure


@pytest.mark.parametrize(
    "content", [f'[apps.x]\napi_key = "{CANARY}"', f'[tokens.ines]\naccess_token = "{CANARY}"']
)
def test_secrets_do_not_belong_in_the_file(home: Path, toml: Write, content: str) -> None:
    path = toml(content)
    problem = refusal(home)
    assert str(path) in problem.says
    assert str(home / ".env") in problem.cure


def test_a_password_does_not_belong_in_the_file(home: Path, toml: Write) -> None:
    toml(f'database_url = "postgresql://me:{CANARY}@h/db"')
    problem = refusal(home)
    assert "database_url" in problem.says
    assert str(home / ".env") in problem.cure


def test_an_address_without_a_password_may_stand_in_the_file(home: Path, toml: Write) -> None:
    toml('database_url = "postgresql://me@h/db"')
    assert load(home).url == "postgresql://me@h/db"


def test_the_file_cannot_move_the_home_it_lies_in(home: Path, toml: Write) -> None:
    toml('home = "/elsewhere"')
    assert "--home" in refusal(home).cure


# The home folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that is no home, and a user's folder of our own."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "users"))
    return here


def test_the_argument_goes_before_the_variable(elsewhere: Path, tmp_path: Path) -> None:
    env = {"HANDBILL_HOME": str(tmp_path / "variable")}
    assert find_home(tmp_path / "argument", env) == tmp_path / "argument"


def test_the_variable_goes_before_the_current_folder(elsewhere: Path, tmp_path: Path) -> None:
    _make_home(elsewhere)
    assert find_home(None, {"HANDBILL_HOME": str(tmp_path / "v")}) == tmp_path / "v"


def test_the_current_folder_is_a_home_if_it_has_the_file(elsewhere: Path) -> None:
    _make_home(elsewhere)
    assert find_home(None, {}) == elsewhere


def test_otherwise_it_is_the_users_own_folder(elsewhere: Path, tmp_path: Path) -> None:
    assert find_home(None, {}) == tmp_path / "users" / "handbill"
    assert find_home(None, {"HANDBILL_HOME": ""}) == tmp_path / "users" / "handbill"


def test_a_home_is_a_full_path(elsewhere: Path) -> None:
    assert find_home(Path("a/../b"), {}) == elsewhere / "b"
    assert find_home(None, {"HANDBILL_HOME": "~/hb"}) == Path.home() / "hb"


def _make_home(folder: Path) -> None:
    (folder / TOML_NAME).parent.mkdir()
    (folder / TOML_NAME).write_text("")


# Prices


def test_prices_of_a_network_can_be_set(home: Path, toml: Write) -> None:
    toml("[prices.x]\nas_of = 2027-01-01\npost = 0.02\nwith_link = 0.3\nalt_text = 0\n")
    prices = load(home).prices["x"]
    assert (prices.as_of, prices.post) == (date(2027, 1, 1), Decimal("0.02"))
    assert (prices.with_link, prices.alt_text) == (Decimal("0.3"), Decimal(0))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("post = 0.02", "prices.x.as_of"),
        ("as_of = 2027-01-01\npost = -1\nwith_link = 0\nalt_text = 0", "at most four decimals"),
        ("as_of = 2027-01-01\npost = 0.00001\nwith_link = 0\nalt_text = 0", "four decimals"),
        ("as_of = 2027-01-01\npost = nan\nwith_link = 0\nalt_text = 0", "prices.x.post"),
    ],
)
def test_prices_that_cannot_be_are_refused(home: Path, toml: Write, line: str, told: str) -> None:
    toml(f"[prices.x]\n{line}\n")
    assert told in str(refusal(home))


def test_prices_of_no_network_are_refused() -> None:
    with pytest.raises(SettingsProblem, match="a network called y"):
        networks.price_list({"y": Prices(date(2027, 1, 1), Decimal(1), Decimal(1), Decimal(1))})


# The examples


def test_the_example_of_the_file_names_every_setting_that_is_no_secret() -> None:
    named = {line.split()[1] for line in examples.toml().splitlines() if " = " in line}
    assert named == set(Settings.model_fields) - {"home", "apps", "tokens"}


def test_the_example_of_the_file_can_be_used_as_it_stands_and_with_every_line_on(
    home: Path, toml: Write
) -> None:
    toml(examples.toml())
    assert load(home).workers == Settings.model_fields["workers"].default
    on = [
        line.removeprefix("# ") if " = " in line else line for line in examples.toml().splitlines()
    ]
    toml("\n".join(on))
    settings = load(home)
    for key in ("workers", "no_later_than", "log", "log_level"):
        assert getattr(settings, key) == Settings.model_fields[key].default


def test_the_example_of_dotenv_can_be_used_as_it_stands(home: Path, dotenv: Write) -> None:
    dotenv(examples.env())
    settings = load(home)
    assert (settings.apps, settings.tokens) == ({}, {})


def test_the_example_of_dotenv_can_be_filled_in(home: Path, dotenv: Write) -> None:
    filled = [
        f"{line.removeprefix('# ')}value" if line.endswith("=") else line
        for line in examples.env().splitlines()
    ]
    dotenv("\n".join(filled))
    settings = checked(home)
    needed = {name: set(networks.module(name).APP_KEYS) for name in networks.names()}
    assert {name: set(keys) for name, keys in settings.apps.items()} == needed
    assert set(settings.tokens) == {"my_blog"}


def test_the_variable_of_a_key() -> None:
    assert variable("apps.x.api_key") == "HANDBILL_APPS__X__API_KEY"
    assert variable("zone") == f"{PREFIX}ZONE"

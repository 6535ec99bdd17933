"""`handbill account …`."""

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.models import Account
from handbill.store import accounts
from tests.cli.shell import Shell
from tests.factories import MINUTE, account_of, add_account, overwrite

KEYS = {
    "name", "network", "server", "handle", "remote_id", "zone", "no_later_than_s", "rest_until",
    "paused_at", "pause_reason", "monthly_cap",
}  # fmt: skip


def test_add_says_under_which_names_the_keys_are_kept(shell: Shell) -> None:
    answer = shell.fine("account", "add", "my_blog", "--network", "x", "--zone", "Asia/Tokyo")
    assert answer.out == "Added my_blog on X, with times in Asia/Tokyo.\n"
    for variable in (
        "HANDBILL_APPS__X__API_KEY",
        "HANDBILL_APPS__X__API_SECRET",
        "HANDBILL_TOKENS__MY_BLOG__ACCESS_TOKEN",
        "HANDBILL_TOKENS__MY_BLOG__ACCESS_TOKEN_SECRET",
    ):
        assert f"{variable}=" in answer.err
    assert str(shell.home / ".env") in answer.err
    assert f"handbill --home {shell.home} account check my_blog" in answer.err


def test_add_keeps_limit_and_server(shell: Shell, store: Engine) -> None:
    shell.fine(
        "account", "add", "ines", "--network", "x", "--server", "http://127.0.0.1:8765/",
        "--no-later-than", "2h30m",
    )  # fmt: skip
    kept = account_of(store)
    assert kept.server == "http://127.0.0.1:8765"
    assert kept.lateness_limit == 150 * MINUTE


def test_a_new_account_takes_zone_and_limit_of_the_settings(
    shell: Shell, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("HANDBILL_NO_LATER_THAN", "5m")
    shell.fine("account", "add", "ines", "--network", "x")
    assert (account_of(store).zone, account_of(store).lateness_limit) == ("Asia/Tokyo", 5 * MINUTE)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Ines", "--network", "x"], "lower-case"),
        (["ines", "--network", "myspace"], "It speaks: x"),
        (["ines", "--network", "x", "--zone", "Europe/Pairs"], "Europe/Paris"),
        (["ines", "--network", "x", "--server", "http://x.test"], "https://"),
        (["ines", "--network", "x", "--no-later-than", "soon"], "2h30m"),
        (["taken", "--network", "x"], "already an account named taken"),
    ],
)
def test_what_cannot_be_added_is_exit_1(
    shell: Shell, store: Engine, arguments: list[str], told: str
) -> None:
    add_account(store, "taken")
    answer = shell("account", "add", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err


def test_add_without_a_network_is_wrong_usage(shell: Shell) -> None:
    assert shell("account", "add", "ines").code == 2


def test_list_shows_who_and_in_what_state(shell: Shell, store: Engine) -> None:
    for name in ("ada", "ines", "sol"):
        add_account(store, name)
    accounts.pause(store, "ines", "On holiday.", None, now())
    sol = account_of(store, "sol")
    overwrite(store, Account, sol.id or 0, rest_until=now() + 15 * MINUTE, handle="@sol")
    told = shell.fine("account", "list").out
    assert "ready" in told
    assert "paused: On holiday." in told
    assert "resting until" in told
    assert "@sol" in told
    assert "not asked yet" in told


def test_a_rest_that_is_over_is_not_shown(shell: Shell, store: Engine) -> None:
    account = add_account(store)
    overwrite(store, Account, account.id or 0, rest_until=now() - MINUTE)
    assert "resting" not in shell.fine("account", "list").out


def test_list_as_json_has_fixed_keys_and_times_with_z(shell: Shell, store: Engine) -> None:
    add_account(store)
    accounts.pause(store, "ines", "On holiday.", None, now())
    (shown,) = shell.fine("account", "list", "--json").json
    assert set(shown) == KEYS
    assert shown["paused_at"].endswith("Z")
    assert shown["no_later_than_s"] == 3600


def test_an_empty_list_says_how_to_begin(shell: Shell) -> None:
    answer = shell.fine("account", "list")
    assert "handbill account add my_blog --network x" in answer.err
    assert shell.fine("account", "list", "--json").json == []


def test_check_without_keys_is_exit_1_and_names_them(shell: Shell, store: Engine) -> None:
    add_account(store)
    answer = shell("account", "check", "ines")
    assert answer.code == 1
    assert "✗ ines" in answer.out
    assert "HANDBILL_APPS__X__API_KEY" in answer.err


def test_check_as_json_says_whether_it_is_well(shell: Shell, store: Engine) -> None:
    add_account(store)
    answer = shell("account", "check", "--json")
    assert answer.code == 1
    (shown,) = answer.json
    assert set(shown) == KEYS | {"ok", "says"}
    assert shown["ok"] is False
    assert shown["says"]


def test_check_of_none_is_fine(shell: Shell) -> None:
    assert "handbill account add" in shell.fine("account", "check").err


def test_check_of_an_unknown_account_is_exit_1(shell: Shell) -> None:
    assert shell("account", "check", "nobody").code == 1


def test_edit_changes_what_is_given_and_says_what_holds_now(shell: Shell, store: Engine) -> None:
    add_account(store)
    answer = shell.fine("account", "edit", "ines", "--zone", "Asia/Tokyo", "--no-later-than", "2h")
    assert answer.out == "ines is on X, with times in Asia/Tokyo; 2 h late at most.\n"
    shell.fine("account", "edit", "ines", "--server", "http://127.0.0.1:8765")
    assert account_of(store).server == "http://127.0.0.1:8765"
    assert account_of(store).zone == "Asia/Tokyo"
    shell.fine("account", "edit", "ines", "--server", "")
    assert account_of(store).server is None


def test_edit_of_nothing_is_wrong_usage(shell: Shell, store: Engine) -> None:
    add_account(store)
    assert shell("account", "edit", "ines").code == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [("--server", "http://x.test"), ("--zone", "Europe/Pairs"), ("--no-later-than", "soon")],
)
def test_edit_refuses_what_cannot_be(shell: Shell, store: Engine, option: str, value: str) -> None:
    before = add_account(store)
    answer = shell("account", "edit", "ines", option, value)
    assert (answer.code, answer.out) == (1, "")
    assert account_of(store) == before


def test_pause_and_resume(shell: Shell, store: Engine) -> None:
    add_account(store)
    answer = shell.fine("account", "pause", "ines", "--reason", "On holiday.")
    assert "handbill account resume ines" in answer.out
    assert account_of(store).pause_reason == "On holiday."
    shell.fine("account", "resume", "ines")
    assert account_of(store).paused_at is None


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_account_is_exit_1(shell: Shell, store: Engine, verb: str) -> None:
    add_account(store)
    answer = shell("account", verb, "inez")
    assert answer.code == 1
    assert "Accounts: ines." in answer.err


def test_a_cap_is_set_shown_and_taken_away(shell: Shell, store: Engine) -> None:
    add_account(store)
    assert shell.fine("account", "cap", "ines", "5").out == "ines may cost $5.00 a month.\n"
    assert "$5.00 a month at most" in shell.fine("account", "list").out
    assert shell.fine("account", "cap", "ines", "2.5", "--json").json["monthly_cap"] == "2.50"
    assert shell.fine("account", "cap", "ines", "none").out == "ines has no cap.\n"
    assert shell.fine("account", "list", "--json").json[0]["monthly_cap"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["ines", "lots"], "Write it like 5 or 5.00, or none."), (["sol", "5"], "no account named")],
)
def test_a_cap_that_cannot_be_is_exit_1(
    shell: Shell, store: Engine, arguments: list[str], told: str
) -> None:
    add_account(store)
    answer = shell("account", "cap", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err

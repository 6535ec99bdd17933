"""`handbill slots …`."""

import pytest
from sqlalchemy import Engine

from tests.cli.shell import Shell
from tests.factories import account_of, add_account


@pytest.fixture(autouse=True)
def _account(store: Engine) -> None:
    add_account(store)


def test_set_shows_the_slots_their_zone_and_the_next_free_one(shell: Shell, store: Engine) -> None:
    out = shell.fine("slots", "set", "ines", "mon,thu 9am", "fri 18:30").out
    for words in ("mon 09:00", "thu 09:00", "fri 18:30", "(Europe/Paris)"):
        assert words in out
    assert account_of(store).slots == ["mon 09:00", "thu 09:00", "fri 18:30"]


def test_as_json_every_command_shows_the_same(shell: Shell) -> None:
    kept = shell.fine("slots", "set", "ines", "mon 09:00", "--json").json
    assert (kept["account"], kept["zone"]) == ("ines", "Europe/Paris")
    assert kept["slots"] == ["mon 09:00"]
    assert kept["next_free"].endswith("Z")
    assert shell.fine("slots", "list", "--json").json == [kept]
    assert shell.fine("slots", "list", "ines", "--json").json == [kept]
    cleared = shell.fine("slots", "clear", "ines", "--json").json
    assert cleared == {**kept, "slots": [], "next_free": None}


def test_an_account_without_slots_is_listed_as_such(shell: Shell) -> None:
    assert "none" in shell.fine("slots", "list").out
    assert shell.fine("slots", "clear", "ines").out == "ines has no slots.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["set", "ines", "someday"], "'daily 9am'"),
        (["set", "sol", "mon 09:00"], "There is no account named sol."),
        (["list", "sol"], "There is no account named sol."),
        (["clear", "sol"], "There is no account named sol."),
    ],
)
def test_what_cannot_be_is_exit_1(shell: Shell, arguments: list[str], told: str) -> None:
    answer = shell("slots", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err


def test_set_without_a_slot_is_wrong_usage(shell: Shell) -> None:
    assert shell("slots", "set", "ines").code == 2

"""The door itself: help, version, exit codes, and what a Problem looks like."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill import __version__
from tests.cli.shell import Shell, program
from tests.factories import add_account

COMMANDS = ("init", "demo", "account", "review", "queue", "run", "tick", "status", "history")
OF_ALL = ("pause", "resume", "backup", "restore")


def test_the_real_program_tells_its_version() -> None:
    assert program("--version").out == f"handbill {__version__}\n"


def test_help_names_every_command(shell: Shell) -> None:
    told = shell.fine("--help").out
    for command in (*COMMANDS, *OF_ALL, "rehearse", "config"):
        assert command in told


@pytest.mark.parametrize("group", ["account", "review", "queue", "config"])
def test_every_group_explains_itself(shell: Shell, group: str) -> None:
    assert "Usage" in shell.fine(group, "--help").out


@pytest.mark.parametrize(
    "command", [["nonsense"], ["queue", "nonsense"], ["status", "--nonsense"], ["queue", "show"]]
)
def test_wrong_usage_is_exit_2(shell: Shell, command: list[str]) -> None:
    answer = shell(*command)
    assert answer.code == 2
    assert answer.out == ""
    assert "Usage" in answer.err


def test_what_a_person_can_mend_is_exit_1_with_one_sentence_and_the_next_command(
    shell: Shell,
) -> None:
    answer = shell("queue", "show", "7")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "There is no post #7.\n  → See: handbill queue list\n"


def test_help_loads_nothing_heavy() -> None:
    heavy = ("sqlalchemy", "sqlmodel", "pydantic", "tweepy", "alembic", "rich.table", "starlette")
    check = f"import sys, handbill.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_home_can_be_given_by_variable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_HOME", str(home))
    assert program("config", "show", "--json").json["home"]["value"] == str(home)


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    command = f"{sys.executable} -m handbill --home {home} --help | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_from_an_empty_folder_to_a_queued_post(tmp_path: Path) -> None:
    """The first minutes with the real program, as somebody would type them."""

    def handbill(*command: str, stdin: bytes = b"") -> str:
        answer = program("--home", str(tmp_path / "new"), *command, stdin=stdin)
        assert answer.code == 0, answer
        return answer.out

    handbill("init")
    handbill("account", "add", "ines", "--network", "x", "--zone", "Europe/Paris")
    told = handbill("queue", "add", "-", "--at", "+2h", stdin="Ünï ★".encode())
    assert told.startswith("Queued #1 to ines on X: ")
    assert "Ünï ★" in handbill("queue", "list")


@pytest.mark.parametrize(
    "command",
    [
        ["queue", "add", b"caf\xe9", "--at", "+2h"],
        ["queue", "add", "Fine.", "--account", b"caf\xe9", "--at", "+2h"],
        ["review", "add", "--title", b"caf\xe9"],
        ["account", "pause", "ines", "--reason", b"caf\xe9"],
    ],
    ids=lambda command: " ".join(str(word) for word in command[:3]),
)
def test_bytes_that_are_no_text_are_refused_without_a_traceback(
    home: Path, store: Engine, command: list[str | bytes]
) -> None:
    add_account(store)
    answer = program("--home", str(home), *command)
    assert "Traceback" not in answer.err
    assert answer.code == 1


def test_standard_input_that_is_no_text_is_refused_without_a_traceback(
    home: Path, store: Engine
) -> None:
    add_account(store)
    answer = program("--home", str(home), "queue", "add", "-", "--at", "+2h", stdin=b"caf\xe9\n")
    assert "Traceback" not in answer.err
    assert answer.code == 1


# A queue that is not there


@pytest.mark.parametrize(
    "command",
    [["status"], ["queue", "list"], ["history"], ["tick"], ["run"], ["pause", "A."]],
    ids=" ".join,
)
@pytest.mark.parametrize("left", [None, b""], ids=["gone", "emptied"])
def test_a_queue_that_has_gone_is_not_begun_anew(
    shell: Shell, command: list[str], left: bytes | None
) -> None:
    database = shell.home / "handbill.db"
    database.unlink()
    if left is not None:
        database.write_bytes(left)
    answer = shell(*command)
    assert answer.code == 1
    assert f"There is no queue at {database}." in answer.err
    assert "handbill init" in answer.err
    assert "handbill restore FILE" in answer.err
    assert (database.read_bytes() if database.exists() else None) == left


def test_init_begins_one_and_keeps_one(shell: Shell) -> None:
    (shell.home / "handbill.db").unlink()
    shell.fine("init")
    shell.fine("review", "add", "--title", "A lamp.")
    shell.fine("init")
    assert "A lamp." in shell.fine("review", "list").out

"""`handbill queue requeue`."""

import os
import pty
import subprocess
import sys

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from tests.cli.shell import Shell
from tests.factories import HOUR, MINUTE, add_account, add_in, add_post, get, status_of


@pytest.fixture(autouse=True)
def _missed(store: Engine) -> None:
    """Two that were missed, of one account."""
    add_account(store)
    for text in ("One.", "Two."):
        add_in(store, Status.MISSED, text=text)


def test_missed_posts_are_spread_and_the_timetable_is_shown(shell: Shell, store: Engine) -> None:
    before = now()
    answer = shell.fine("queue", "requeue", "--missed", "--at", "+1h", "--every", "30m", "--yes")
    for words in ("#1 ✗ Missed", "#2 ✗ Missed", "One.", "Two.", "(Europe/Paris)", "ines on X"):
        assert words in answer.out
    assert answer.out.endswith("Queued again: #1, #2.\n")
    assert "The daemon is not running" in answer.err
    due = [get(store, number).post.due_at for number in (1, 2)]
    assert due[0] is not None
    assert due[1] == due[0] + 30 * MINUTE
    assert before + HOUR <= due[0] <= now() + HOUR + MINUTE


def test_as_json_it_shows_the_posts_as_they_are_now(shell: Shell) -> None:
    shown = shell.fine("queue", "requeue", "1", "2", "--json", "--yes").json
    assert [(post["id"], post["status"]) for post in shown] == [(1, "queued"), (2, "queued")]


def test_failed_ones_with_failed(shell: Shell, store: Engine) -> None:
    number = add_in(store, Status.FAILED)
    shell.fine("queue", "requeue", "--missed", "--failed", "--account", "ines", "--yes")
    assert {status_of(store, n) for n in (1, 2, number)} == {Status.QUEUED}


@pytest.mark.parametrize(
    "arguments", [[], ["--account", "ines"], ["1", "--missed"], ["1", "--account", "ines"], ["one"]]
)
def test_wrong_usage_is_exit_2(shell: Shell, arguments: list[str]) -> None:
    assert shell("queue", "requeue", *arguments).code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--failed"], "Nothing is failed."),
        (["1", "3"], "Post #3 is neither missed nor failed; it is queued."),
        (["1", "99"], "There is no post #99."),
        (["--missed", "--account", "sol"], "There is no account named sol."),
        (["--missed", "--at", "soonish"], "not a time"),
        (["--missed", "--every", "often"], "not a length of time"),
    ],
)
def test_what_cannot_be_is_exit_1_in_plain_words_and_changes_nothing(
    shell: Shell, store: Engine, arguments: list[str], words: str
) -> None:
    add_post(store, at=now() + HOUR)
    answer = shell("queue", "requeue", *arguments)
    assert answer.code == 1
    assert words in answer.err
    assert status_of(store, 1) is Status.MISSED


def test_where_nobody_can_be_asked_nothing_is_done_without_yes(shell: Shell, store: Engine) -> None:
    answer = shell("queue", "requeue", "--missed")
    assert answer.code == 1
    assert "#1 ✗ Missed" in answer.out
    assert "Add --yes." in answer.err
    assert status_of(store, 1) is Status.MISSED


@pytest.mark.parametrize(("typed", "status"), [("n", Status.MISSED), ("y", Status.QUEUED)])
def test_in_a_terminal_it_asks_first(
    shell: Shell, store: Engine, typed: str, status: Status
) -> None:
    master, terminal = pty.openpty()
    os.write(master, f"{typed}\n".encode())
    command = ["--home", str(shell.home), "queue", "requeue", "--missed"]
    done = subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(master)
    os.close(terminal)
    assert "Queue these 2 posts again? [y/N]" in done.stderr
    assert done.returncode == (0 if typed == "y" else 1)
    assert status_of(store, 1) is status


def test_a_paused_account_is_said(shell: Shell) -> None:
    shell.fine("account", "pause", "ines", "--reason", "On holiday.")
    answer = shell.fine("queue", "requeue", "1", "--yes")
    assert "ines is paused, so nothing leaves: handbill account resume ines" in answer.err


def test_a_pause_over_everything_is_said(shell: Shell) -> None:
    shell.fine("pause", "A tragedy.")
    answer = shell.fine("queue", "requeue", "1", "--yes")
    assert f"Everything is paused, so nothing leaves: handbill --home {shell.home} resume" in (
        answer.err
    )


def test_status_names_the_command_when_several_were_missed(shell: Shell) -> None:
    out = shell("status").out
    assert "all 2 again, one by one: handbill queue requeue --missed" in out
    shell.fine("queue", "requeue", "2", "--yes")
    assert "handbill queue reschedule 1 --at WHEN" in shell("status").out

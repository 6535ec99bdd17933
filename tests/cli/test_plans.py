"""`handbill plan …`."""

import os
import pty
import subprocess
import sys

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.models import Review
from tests.cli.shell import Shell
from tests.factories import DAY, add_account, add_review, get, overwrite, status_of

QUOTE = "It is the best-lit film of the year."
APPLY = ("plan", "apply", "mine", "skerry-light")


@pytest.fixture(autouse=True)
def _plan(shell: Shell, store: Engine) -> None:
    """A plan of two steps, of which one can be made."""
    add_account(store)
    add_review(store, text=f"So. {QUOTE}", link="https://example.com/skerry")
    overwrite(store, Review, 1, published_on=now().date() + 3 * DAY)
    folder = shell.home / "config" / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.toml").write_text(
        'about = "Two."\n'
        '[[step]]\nname = "one"\nwhen = "published+1d 12:00"\nquote = true\n'
        'text = "“{{ quote }}” {{ link }}"\n'
        '[[step]]\nname = "two"\nwhen = "published+2d 12:00"\ntext = "{{ rating }}"\n',
        "utf-8",
    )


def test_list_and_show_tell_what_a_plan_does(shell: Shell) -> None:
    out = shell.fine("plan", "list").out
    for name in ("opening-weekend", "festival", "streaming-drop", "evergreen", "mine"):
        assert name in out
    assert "published+1d 12:00" in shell.fine("plan", "show", "mine").out
    shown = shell.fine("plan", "show", "mine", "--json").json
    assert [step["name"] for step in shown["steps"]] == ["one", "two"]
    assert shown in shell.fine("plan", "list", "--json").json


def test_a_dry_run_shows_the_timetable_and_makes_nothing(shell: Shell) -> None:
    answer = shell.fine(*APPLY, "--quote", QUOTE, "--dry-run")
    for words in ("(Europe/Paris)", QUOTE[:20], "62/280", "$0.20", "new", "The review has no"):
        assert words in answer.out
    assert "1 post, $0.20 in all; 1 skipped." in answer.out
    assert "Nothing was made" in answer.err
    assert shell.fine("queue", "list", "--json").json == []


def test_drafts_are_made_and_approved_later(shell: Shell, store: Engine) -> None:
    answer = shell.fine(*APPLY, "--quote", QUOTE)
    assert answer.out.endswith("Done: 1 new, 1 skipped.\n")
    assert f"handbill --home {shell.home} plan approve mine skerry-light" in answer.err
    assert status_of(store, 1) is Status.DRAFT
    assert shell.fine(*APPLY).out.endswith("Done: 1 same, 1 skipped.\n")
    approved = shell.fine("plan", "approve", "mine", "skerry-light")
    assert "Queued 1:" in approved.out
    assert "The daemon is not running" in approved.err
    assert status_of(store, 1) is Status.QUEUED


def test_as_json_it_shows_rows_and_posts(shell: Shell, store: Engine) -> None:
    shown = shell.fine(*APPLY, "--quote", QUOTE, "--approve", "--account", "ines", "--json").json
    assert (shown["price"], shown["unit"]) == ("0.20", "USD")
    one, two = shown["rows"]
    assert (one["step"], one["change"], one["quote"]) == ("one", "new", QUOTE)
    assert (one["length"], one["max_length"], one["price"]) == (62, 280, "0.20")
    assert (one["anchor"], one["zone"]) == ("published+1d 12:00", "Europe/Paris")
    assert one["at"].endswith("Z")
    assert (two["change"], two["text"]) == ("skipped", None)
    assert two["remarks"][0].startswith("The review has no rating.")
    assert [(post["id"], post["status"]) for post in shown["posts"]] == [(1, "queued")]


def test_a_moved_date_shows_what_was(shell: Shell, store: Engine) -> None:
    shell.fine(*APPLY, "--quote", QUOTE, "--approve")
    before = get(store, 1).post.due_at
    overwrite(store, Review, 1, published_on=now().date() + 5 * DAY)
    out = shell.fine(*APPLY).out
    assert "was " in out
    assert out.endswith("Done: 1 moved, 1 skipped.\n")
    after = get(store, 1).post.due_at
    assert before is not None
    assert after is not None
    assert before < now() + 5 * DAY < after


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["apply", "nine", "skerry-light"], "There is no plan called nine."),
        (["apply", "mine", "nothing"], "There is no review called nothing."),
        (["apply", "mine", "skerry-light", "--account", "sol"], "There is no account named sol."),
        (["apply", "mine", "skerry-light", "--quote", "Not so."], "does not say 'Not so.'"),
        (["approve", "mine", "skerry-light"], "mine has no drafts for skerry-light."),
        (["show", "../mine"], "There is no plan called ../mine."),
    ],
)
def test_what_cannot_be_is_exit_1(shell: Shell, arguments: list[str], told: str) -> None:
    answer = shell("plan", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err


@pytest.mark.parametrize(("typed", "made"), [("n", 0), ("y", 1)])
def test_in_a_terminal_it_asks_first(shell: Shell, typed: str, made: int) -> None:
    master, terminal = pty.openpty()
    os.write(master, f"{typed}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "handbill", "--home", str(shell.home), *APPLY, "--quote", QUOTE],
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(master)
    os.close(terminal)
    assert "Make it so? [y/N]" in done.stderr
    assert len(shell.fine("queue", "list", "--json").json) == made


def test_a_plan_of_ones_own_that_is_wrong_hides_no_other(shell: Shell) -> None:
    folder = shell.home / "config" / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.toml").write_text("about = [", "utf-8")
    answer = shell.fine("plan", "list")
    assert "festival" in answer.out
    assert "mine.toml is not valid TOML" in answer.err

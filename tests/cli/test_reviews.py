"""`handbill review …`."""

import pytest

from tests.cli.shell import Shell

KEYS = {
    "slug", "title", "work", "outlet", "author", "handle", "link", "rating", "text", "language",
    "published_on", "published_at", "disclosure", "check_link", "draft", "unsure", "source",
    "created_at",
}  # fmt: skip


def add(shell: Shell, *more: str) -> str:
    return shell.fine(
        "review", "add", "--title", "A lamp and two liars", "--work", "Skerry Light", *more
    ).out


def test_add_answers_the_short_name(shell: Shell) -> None:
    assert add(shell) == "Added the review skerry-light.\n"
    assert add(shell) == "Added the review skerry-light-2.\n"


def test_everything_that_was_given_is_kept(shell: Shell) -> None:
    answer = shell.fine(
        "review", "add", "--title", "A lamp", "--work", "Skerry Light",
        "--link", "https://gazette.example.com/a", "--outlet", "The Gazette", "--author", "Ines",
        "--handle", "ines", "--rating", "4/5", "--slug", "lamp", "--json",
    )  # fmt: skip
    assert set(answer.json) == KEYS
    assert answer.json["slug"] == "lamp"
    assert answer.json["handle"] == "@ines"
    assert answer.json["created_at"].endswith("Z")
    assert shell.fine("review", "show", "lamp", "--json").json == answer.json
    assert shell.fine("review", "list", "--json").json == [answer.json]


def test_reviews_are_shown_and_listed(shell: Shell) -> None:
    add(shell, "--rating", "4/5")
    for command in (["list"], ["show", "skerry-light"]):
        told = shell.fine("review", *command).out
        for word in ("skerry-light", "A lamp and two liars", "4/5"):
            assert word in told


@pytest.mark.parametrize(
    ("option", "value"), [("--link", "gazette"), ("--slug", "A Lamp"), ("--title", " ")]
)
def test_what_cannot_be_kept_is_exit_1(shell: Shell, option: str, value: str) -> None:
    answer = shell("review", "add", "--title", "A lamp", option, value)
    assert (answer.code, answer.out) == (1, "")
    assert option.removeprefix("--") in answer.err


def test_a_slug_that_is_taken_is_exit_1(shell: Shell) -> None:
    add(shell, "--slug", "lamp")
    answer = shell("review", "add", "--title", "A lamp", "--slug", "lamp")
    assert answer.code == 1
    assert "--slug" in answer.err


def test_a_review_without_a_title_is_wrong_usage(shell: Shell) -> None:
    assert shell("review", "add", "--work", "Skerry Light").code == 2


def test_an_unknown_review_is_exit_1(shell: Shell) -> None:
    assert "review list" in shell("review", "show", "nothing").err


def test_an_empty_list_says_how_to_begin(shell: Shell) -> None:
    assert "handbill review add" in shell.fine("review", "list").err


def test_a_title_does_nothing_to_a_terminal(shell: Shell) -> None:
    shell.fine("review", "add", "--title", "A \x1b[31mred\x1b]0;x\x07 \u202elamp", "--slug", "lamp")
    for command in (["list"], ["show", "lamp"]):
        told = shell.fine("review", *command).out
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert r"\x1b[31m" in told

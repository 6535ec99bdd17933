"""`handbill tease`."""

import pytest
from sqlalchemy import Engine

from handbill.domain.text.quotes import GONE
from handbill.models import Part, Post, Review
from tests.cli.shell import Shell
from tests.factories import add_post, add_review, get, overwrite
from tests.reviews import sample

PAN = sample("pan_horror")


@pytest.fixture(autouse=True)
def _review(store: Engine) -> None:
    add_review(store, "attic", title=PAN.headline, work=PAN.work, text=PAN.text)


def test_the_best_quotes_are_shown_with_number_and_length(shell: Shell) -> None:
    answer = shell.fine("tease", "attic", "--limit", "3")
    assert "X 56 of 280" in answer.out
    assert "At 124 minutes it is also punishingly, inexcusably long." in answer.out
    assert "points" not in answer.out
    assert "more: --limit" in answer.err


def test_why_names_each_point(shell: Shell) -> None:
    told = shell.fine("tease", "attic", "--limit", "3", "--why").out
    for words in ("+4 opinion: punishingly, inexcusably", "+1 a good length", "points:"):
        assert words in told


def test_json_holds_all_of_it_word_for_word(shell: Shell) -> None:
    told = shell.fine("tease", "attic", "--limit", "100", "--json").json
    assert told["review"] == "attic"
    assert told["found"] == len(told["quotes"]) > 15
    assert [one["number"] for one in told["quotes"]] == list(range(1, told["found"] + 1))
    for one in told["quotes"]:
        assert PAN.text[one["start"] : one["end"]] == one["quote"]
        assert one["lengths"]["x"]["allowed"] == 280
        assert one["score"] == sum(reason["points"] for reason in one["reasons"])
    assert {"plot", "spoiler"} <= {mark for one in told["quotes"] for mark in one["marks"]}


def test_what_is_quoted_already_is_told(shell: Shell, store: Engine) -> None:
    post_id = add_post(store)
    overwrite(store, Post, post_id, review_id=1)
    overwrite(store, Part, get(store, post_id).parts[0].id or 0, quote="The dialogue is atrocious.")
    assert f"quoted in #{post_id}" in shell.fine("tease", "attic").out


def test_a_quote_that_has_gone_is_in_status_with_the_way_on(shell: Shell, store: Engine) -> None:
    post_id = add_post(store)
    overwrite(store, Post, post_id, review_id=1, attention=f"{GONE}“It sings.”")
    answer = shell("status")
    assert answer.code == 3
    assert GONE in answer.out
    assert f"handbill queue edit {post_id} --text TEXT" in answer.out + answer.err
    assert "handbill tease attic" in answer.out + answer.err


def test_another_language_is_said(shell: Shell, store: Engine) -> None:
    add_review(store, "film", text="Der Film ist ein stilles Wunder und ganz ohne Fehler.")
    assert "list of words is English" in shell.fine("tease", "film").err


def test_where_nothing_can_be_quoted_it_is_said(shell: Shell, store: Engine) -> None:
    add_review(store, "none", text="Skip.")
    assert "Nothing in none can be quoted" in shell.fine("tease", "none").out


def test_a_review_does_nothing_to_a_terminal(shell: Shell, store: Engine) -> None:
    bad = add_review(store, "bad")
    text = "A gorgeous \x1b[31mfilm and \u202ea bore of a thing."
    overwrite(store, Review, bad.id or 0, text=text)  # no command would take it
    told = shell.fine("tease", "bad").out
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize(("name", "says"), [("nothing", "review list"), ("empty", "no text")])
def test_what_cannot_be_teased_is_exit_1(shell: Shell, store: Engine, name: str, says: str) -> None:
    add_review(store, "empty")
    answer = shell("tease", name)
    assert answer.code == 1
    assert says in answer.err


def test_a_wrong_list_of_words_is_exit_1(shell: Shell) -> None:
    (shell.home / "config").mkdir()
    (shell.home / "config" / "words.toml").write_text("language = 3", "utf-8")
    answer = shell("tease", "attic")
    assert answer.code == 1
    assert "words.toml" in answer.err

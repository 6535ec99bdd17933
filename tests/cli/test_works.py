"""`handbill work …`."""

import pytest
from sqlalchemy import Engine

from handbill.models import Post, Review
from tests.cli.shell import Shell
from tests.factories import add_account, add_post, add_review, get, overwrite


@pytest.fixture(autouse=True)
def review(store: Engine) -> Review:
    add_account(store)
    return add_review(store)


def date(shell: Shell, *words: str) -> str:
    return shell.fine("work", "date", "Skerry Light", *words).out


def hanging(store: Engine, review: Review) -> int:
    number = add_post(store, review=review)
    overwrite(store, Post, number, anchor="wide+0 18:00")
    return number


def test_a_date_is_set_shown_and_taken_away(shell: Shell) -> None:
    assert date(shell, "wide", "2096-11-27") == "Skerry Light: wide is 2096-11-27.\n"
    date(shell, "festival", "2096-11-01 18:00", "--zone", "America/Chicago")
    shown = shell.fine("work", "show", "skerry-light").out
    assert "Thu 1 Nov 2096 18:00 CDT (America/Chicago)" in shown
    assert "2096-11-27" in shell.fine("work", "list").out
    assert date(shell, "wide", "--remove") == "Skerry Light has no 'wide' any more.\n"


def test_as_json(shell: Shell) -> None:
    date(shell, "wide", "2096-11-27")
    assert shell.fine("work", "show", "Skerry Light", "--json").json == {
        "slug": "skerry-light",
        "title": "Skerry Light",
        "spoilers": [],
        "dates": [{"name": "wide", "day": "2096-11-27", "at": None, "wall": None, "zone": None}],
        "reviews": ["skerry-light"],
    }
    assert len(shell.fine("work", "list", "--json").json) == 1


def test_posts_move_only_when_a_person_says_so(shell: Shell, store: Engine, review: Review) -> None:
    date(shell, "wide", "2096-11-27")
    number = hanging(store, review)
    due = get(store, number).post.due_at
    asked = shell("work", "date", "Skerry Light", "wide", "2096-12-04")
    assert (asked.code, get(store, number).post.due_at) == (1, due)
    assert f"#{number}" in asked.out
    assert "Add --yes to move them" in asked.err
    assert "2096-11-27" in shell.fine("work", "show", "skerry-light").out
    moved = shell.fine("work", "date", "Skerry Light", "wide", "2096-12-04", "--yes").out
    assert f"Moved: #{number}." in moved
    assert "Tue 4 Dec 2096 18:00 CET (Europe/Paris)" in moved
    assert get(store, number).post.due_wall == "2096-12-04 18:00"


def test_what_loses_its_date_is_told(shell: Shell, store: Engine, review: Review) -> None:
    date(shell, "wide", "2096-11-27")
    number = hanging(store, review)
    assert f"#{number} (wide+0 18:00) keeps its time." in date(shell, "wide", "--remove")


def test_a_slot_that_stays_behind_is_told(shell: Shell, store: Engine, review: Review) -> None:
    number = hanging(store, review)
    overwrite(store, Post, number, anchor="slot after wide+2d")
    told = date(shell, "wide", "2096-11-27")
    assert f"#{number} (slot after wide+2d) keeps its time. It has a slot" in told
    moved = shell.fine("work", "date", "skerry-light", "wide", "2096-12-04", "--json").json
    (keeps,) = moved["keeps"]
    assert (moved["moved"], keeps["post"], keeps["hangs_on"]) == ([], number, "slot after wide+2d")


@pytest.mark.parametrize("words", [("wide",), ("wide", "2096-11-27", "--remove")])
def test_a_date_needs_a_time_or_to_be_taken_away(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("work", "date", "Skerry Light", *words).code == 2


def test_words_that_nobody_may_give_away(shell: Shell) -> None:
    told = shell.fine("work", "spoilers", "skerry-light", "lighthouse keeper", "Ana").out
    assert told == "No post about Skerry Light may give away: lighthouse keeper, Ana.\n"
    assert shell.fine("work", "spoilers", "skerry-light", "--json").json["spoilers"] == [
        "lighthouse keeper",
        "Ana",
    ]
    shell.fine("work", "spoilers", "skerry-light", "--none")
    assert "Nothing of Skerry Light" in shell.fine("work", "spoilers", "skerry-light").out


def test_a_work_without_a_review_is_added_by_hand(shell: Shell) -> None:
    assert shell("work", "show", "Salyut-7").code == 1
    assert "(salyut-7)" in shell.fine("work", "add", "Salyut-7").out
    assert shell.fine("work", "add", "Another", "--json").json["slug"] == "another"
    shell.fine("work", "date", "Salyut-7", "wide", "2017-10-12")

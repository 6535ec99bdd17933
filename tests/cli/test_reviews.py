"""`handbill review …`."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.models import Post
from tests.cli.shell import Shell
from tests.factories import add_account, add_post, add_review, get, overwrite

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


TEXT = """The Gazette

A lamp and two liars shine

Skerry Light is the best film about a lighthouse. The camera is in love with the rain, and so was I,
for most of the two hours in which nobody comes and nobody goes and everybody lies to the other one.

I left Skerry Light in the rain. 4 stars

– Ines Vale
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    made = tmp_path / "review.txt"
    made.write_text(TEXT)
    return str(made)


def test_a_file_is_read_and_what_is_unsure_has_a_question_mark(shell: Shell, file: str) -> None:
    answer = shell.fine("review", "add", file)
    assert answer.out.startswith("Added the review skerry-light.\n")
    for words in ("Skerry Light ?", "The Gazette ?", "Ines Vale ?", "shine ?"):
        assert words in answer.out
    assert "handbill review keep skerry-light" in answer.err
    assert "--work WORK" in answer.err


def test_keep_and_edit_take_the_question_marks_away(shell: Shell, file: str) -> None:
    shell.fine("review", "add", file)
    edited = shell.fine("review", "edit", "skerry-light", "--work", "Skerry Light", "--json").json
    assert "work" not in edited["unsure"]
    assert "outlet" in edited["unsure"]
    shell.fine("review", "keep", "skerry-light")
    kept = shell.fine("review", "show", "skerry-light")
    assert "?" not in kept.out


def test_what_is_typed_beside_a_file_goes_first(shell: Shell, file: str) -> None:
    made = shell.fine(
        "review", "add", file, "--title", "Mine", "--rating", "B+", "--disclosure", "screener",
        "--published", "2026-11-20", "--link", "https://gazette.example/a", "--check-link",
        "--json",
    ).json  # fmt: skip
    assert (made["title"], made["rating"], made["disclosure"]) == ("Mine", "B+", "screener")
    assert (made["published_on"], made["check_link"]) == ("2026-11-20", True)
    assert made["text"].startswith("Skerry Light is the best film")
    assert not {"title", "rating"} & set(made["unsure"])


def test_a_review_may_be_piped_in(shell: Shell) -> None:
    made = shell.fine("review", "add", "-", "--json", stdin=TEXT).json
    assert (made["work"], made["source"]) == ("Skerry Light", None)


def test_a_text_may_be_put_in_place_of_another(shell: Shell, file: str) -> None:
    add(shell)
    shell.fine("review", "edit", "skerry-light", "--text", file, "--disclosure", "copy")
    kept = shell.fine("review", "show", "skerry-light", "--json").json
    assert kept["text"] == TEXT.strip()
    assert kept["disclosure"] == "copy"
    shell.fine("review", "edit", "skerry-light", "--disclosure", "", "--work", "")
    kept = shell.fine("review", "show", "skerry-light", "--json").json
    assert (kept["disclosure"], kept["work"]) == (None, None)


def test_a_review_is_read_again_into_the_one_that_is_there(shell: Shell, file: str) -> None:
    add(shell)
    answer = shell.fine("review", "add", file, "--into", "skerry-light")
    assert "Read again the review skerry-light." in answer.out
    assert "title is 'A lamp and two liars shine' there" in answer.out
    (kept,) = shell.fine("review", "list", "--json").json
    assert kept["title"] == "A lamp and two liars"
    assert kept["text"].startswith("Skerry Light is")


def test_ratings_are_shown_with_symbols(shell: Shell) -> None:
    add(shell, "--rating", "3.5/5")
    for command in (["list"], ["show", "skerry-light"]):
        assert "★★★½ (3.5/5)" in shell.fine("review", *command).out


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        (["add", "nothing.txt"], 1, "cannot be read"),
        (["add", "http://127.0.0.1/"], 1, "private"),
        (["add", "ftp://gazette.example/a"], 1, "https://"),
        (["add", "--title", "A", "--rating", "7/5"], 1, "more than 5"),
        (["add", "--title", "A", "--published", "someday"], 2, "2026-11-27"),
        (["add", "--into", "skerry-light"], 2, "--title"),
        (["edit", "skerry-light"], 1, "Nothing"),
        (["edit", "nothing", "--work", "A"], 1, "review list"),
        (["keep", "nothing"], 1, "review list"),
    ],
)
def test_what_cannot_be_done_is_told(
    shell: Shell, command: list[str], code: int, word: str
) -> None:
    add(shell)
    answer = shell("review", *command)
    assert (answer.code, answer.out) == (code, "")
    assert word in answer.err


# Posts that hang on a date of the review


@pytest.fixture
def hanging(store: Engine) -> int:
    """A post that is due the day after the review appears."""
    account = add_account(store)
    number = add_post(store, account, review=add_review(store))
    overwrite(store, Post, number, anchor="published+1d 18:00")
    return number


EDIT = ("review", "edit", "skerry-light", "--published", "2096-11-27")


def test_posts_follow_the_day_of_the_review_when_a_person_says_so(
    shell: Shell, store: Engine, hanging: int
) -> None:
    told = shell.fine(*EDIT, "--yes").out
    assert "Wed 28 Nov 2096 18:00 CET (Europe/Paris)" in told
    assert f"Moved: #{hanging}." in told
    assert get(store, hanging).post.due_wall == "2096-11-28 18:00"
    again = shell.fine(*EDIT, "--yes", "--json").json
    assert (again["moved"], again["keeps"]) == ([], [])


def test_with_nobody_to_ask_they_keep_their_times_and_are_named(
    shell: Shell, store: Engine, hanging: int
) -> None:
    due = get(store, hanging).post.due_at
    told = " ".join(shell.fine(*EDIT).out.split())
    assert f"#{hanging} (published+1d 18:00) keeps its time. Move it:" in told
    assert f"handbill queue reschedule {hanging} --at 'published+1d 18:00'" in told
    assert get(store, hanging).post.due_at == due
    shell.fine("queue", "reschedule", str(hanging), "--at", "published+1d 18:00")
    assert get(store, hanging).post.due_wall == "2096-11-28 18:00"


def test_posts_follow_the_dates_of_another_work(shell: Shell, store: Engine, hanging: int) -> None:
    overwrite(store, Post, hanging, anchor="release+0 09:00")
    shell.fine("work", "add", "Another Light")
    shell.fine("work", "date", "Another Light", "wide", "2096-12-04")
    edit = ("review", "edit", "skerry-light", "--work", "Another Light", "--yes", "--json")
    assert shell.fine(*edit).json["moved"] == [hanging]
    assert get(store, hanging).post.due_wall == "2096-12-04 09:00"


def test_what_cannot_follow_keeps_its_time_and_is_told(
    shell: Shell, store: Engine, hanging: int
) -> None:
    due = get(store, hanging).post.due_at
    past = shell.fine(*EDIT[:3], "--published", "2001-01-01", "--yes", "--json").json
    assert "which is past" in past["keeps"][0]["why"]
    gone = shell.fine(*EDIT[:3], "--published", "", "--yes", "--json").json
    assert "not known" in gone["keeps"][0]["why"]
    assert get(store, hanging).post.due_at == due


def test_posts_that_do_not_follow_a_review_that_is_read_again_are_named(
    shell: Shell, file: str, hanging: int
) -> None:
    again = ("review", "add", file, "--into", "skerry-light", "--published", "2096-11-27")
    (keeps,) = shell.fine(*again, "--json").json["keeps"]
    assert (keeps["post"], keeps["hangs_on"]) == (hanging, "published+1d 18:00")

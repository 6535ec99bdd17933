"""`handbill queue …`."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.store import listings
from handbill.store.lock import sole_worker
from tests.cli.shell import Answer, Shell
from tests.factories import (
    DAY,
    HOUR,
    add_account,
    add_in,
    add_post,
    add_review,
    attempt,
    get,
    image_row,
    png,
    status_of,
    unknown,
)

POST_KEYS = {
    "id", "status", "account", "network", "review", "due_at", "zone", "no_later_than",
    "published_at", "late_s", "url", "attention", "price", "parts", "attempts", "kind", "embargo",
}  # fmt: skip
EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2J"


@pytest.fixture(autouse=True)
def _account(store: Engine) -> None:
    add_account(store)


def add(shell: Shell, *arguments: str, stdin: str = "") -> Answer:
    """Queue something, two hours ahead unless told otherwise."""
    at = () if {"--at", "--now", "--draft", "--file"} & set(arguments) else ("--at", "+2h")
    return shell("queue", "add", *arguments, *at, stdin=stdin)


# add


def test_add_repeats_the_time_in_the_accounts_zone_and_in_utc(shell: Shell) -> None:
    answer = add(shell, "See it.", "--at", "2096-11-27 18:30")
    assert answer.out.splitlines() == [
        "Queued #1 to ines on X: Tue 27 Nov 2096 18:30 CET (Europe/Paris),"
        " that is 2096-11-27 17:30 UTC.",
        "    Counts 7 of 280.",
    ]
    assert " run" in answer.err


def test_a_running_daemon_needs_no_hint(shell: Shell, store: Engine) -> None:
    with sole_worker(store):
        assert add(shell, "See it.").err == ""


def test_add_as_json_has_fixed_keys_and_times_with_z(shell: Shell, store: Engine) -> None:
    add_review(store)
    (shown,) = add(shell, "See it.", "--review", "skerry-light", "--json").json
    assert set(shown) == POST_KEYS
    assert (shown["id"], shown["status"], shown["account"]) == (1, "queued", "ines")
    assert (shown["review"], shown["zone"]) == ("skerry-light", "Europe/Paris")
    for key in ("due_at", "no_later_than"):
        assert shown[key].endswith("Z")
    assert shown["parts"] == [
        {"position": 1, "text": "See it.", "url": None, "remote_id": None, "images": []}
    ]


def test_text_is_read_from_standard_input(shell: Shell, store: Engine) -> None:
    assert add(shell, "-", stdin="One,\ntwo.\n\n").code == 0
    assert get(store, 1).parts[0].text == "One,\ntwo.\n"


def test_now_is_queued_for_now(shell: Shell, store: Engine) -> None:
    before = now()
    assert add(shell, "See it.", "--now").code == 0
    due_at = get(store, 1).post.due_at
    assert due_at is not None
    assert before <= due_at <= now()


def test_a_draft_needs_no_time(shell: Shell) -> None:
    assert add(shell, "See it.", "--draft").out.startswith("Draft #1 to ines on X, without a time.")


def test_zone_fold_and_limit_are_heeded(shell: Shell, store: Engine) -> None:
    at = ["--at", "2096-11-04 01:30", "--zone", "America/New_York"]
    assert "--fold" in add(shell, "See it.", *at).err
    answer = add(shell, "See it.", *at, "--fold", "later", "--no-later-than", "30m")
    assert "that is 2096-11-04 06:30 UTC" in answer.out
    post = get(store, 1).post
    assert post.due_at is not None
    assert post.no_later_than == post.due_at + HOUR / 2


def test_pictures_come_with_their_descriptions(shell: Shell, store: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(png(2))
    add(
        shell, "See it.", "--image", str(tmp_path / "a.png"), "--alt", "A lamp.",
        "--image", str(tmp_path / "b.png"), "--alt", "Another.",
    )  # fmt: skip
    images = get(store, 1).parts[0].images
    assert [image["alt"] for image in images] == ["A lamp.", "Another."]
    assert sorted(p.name for p in (shell.home / "pictures").iterdir()) == sorted(
        image["file"] for image in images
    )


@pytest.mark.parametrize("alts", [[], ["--alt", " "], ["--alt", "A.", "--alt", "B."]])
def test_every_picture_needs_one_description(shell: Shell, tmp_path: Path, alts: list[str]) -> None:
    (tmp_path / "a.png").write_bytes(png())
    answer = add(shell, "See it.", "--image", str(tmp_path / "a.png"), *alts)
    assert answer.code == 1
    assert "--alt" in answer.err


@pytest.mark.parametrize("verb", ["add", "edit"])
def test_a_description_that_is_too_long_is_told_and_not_a_crash(
    shell: Shell, store: Engine, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "a.png").write_bytes(png())
    picture = ["--image", str(tmp_path / "a.png"), "--alt", "x" * 1001]
    if verb == "add":
        answer = add(shell, "See it.", *picture)
    else:
        answer = shell("queue", "edit", str(add_post(store)), *picture)
    assert answer.code == 1
    assert "1000" in answer.err


def test_the_only_account_need_not_be_named(shell: Shell, store: Engine) -> None:
    assert add(shell, "See it.").code == 0
    add_account(store, "sol")
    answer = add(shell, "See it.")
    assert answer.code == 1
    assert "one of: ines, sol" in answer.err
    assert add(shell, "See it.", "--account", "sol").code == 0


def test_without_accounts_it_says_how_to_add_one(shell: Shell, tmp_path: Path) -> None:
    empty = replace(shell, home=tmp_path / "empty")
    empty.fine("init")
    answer = add(empty, "See it.")
    assert answer.code == 1
    assert "handbill account add my_blog --network x" in answer.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a" * 281], "281 of 280"),
        ([""], "empty"),
        (["Buy $AAPL and $GOOG."], "cashtag"),
        (["a\x1b[31mb"], "Character 2"),
        (["See it.", "--at", "2020-01-01 10:00"], "is past"),
        (["See it.", "--at", "whenever"], "fri 18:30"),
        (["See it.", "--at", ""], "--at"),
        (["See it.", "--account", "inez"], "Accounts: ines."),
        (["See it.", "--review", "nothing"], "review list"),
        (["See it.", "--zone", "Europe/Pairs"], "Europe/Paris"),
        (["See it.", "--no-later-than", "soon"], "2h30m"),
        (["See it.", "--image", "/none.png", "--alt", "A lamp."], "none.png"),
    ],
)
def test_what_cannot_go_out_is_exit_1_and_nothing_is_kept(
    shell: Shell, store: Engine, arguments: list[str], told: str
) -> None:
    answer = add(shell, *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert told in answer.err
    assert listings.queue(store, list(Status), None) == []


def test_a_post_without_a_time_is_exit_1(shell: Shell) -> None:
    assert "--now" in shell("queue", "add", "See it.").err


@pytest.mark.parametrize(
    "arguments", [["See it.", "--now", "--at", "+2h"], ["See it.", "--file", "posts.csv"]]
)
def test_either_or_is_wrong_usage(shell: Shell, arguments: list[str]) -> None:
    assert add(shell, *arguments).code == 2


@pytest.mark.parametrize(
    "extra",
    [["--account", "ines"], ["--at", "+2h"], ["--draft"], ["--review", "lamp"], ["--zone", "UTC"]],
)
def test_what_a_file_says_itself_cannot_be_given_beside_it(
    shell: Shell, tmp_path: Path, extra: list[str]
) -> None:
    (tmp_path / "posts.csv").write_text("account,text,at\nines,One.,+2h\n")
    answer = shell("queue", "add", "--file", str(tmp_path / "posts.csv"), *extra)
    assert answer.code == 2


# Guessed times


GUESS = ["See it.", "--at", "next friday 18:30"]


def test_a_guess_is_refused_when_nobody_can_be_asked(shell: Shell, store: Engine) -> None:
    answer = add(shell, *GUESS)
    assert answer.code == 1
    assert "Handbill would read Fri " in answer.err
    assert listings.queue(store, list(Status), None) == []


def test_a_guess_is_taken_with_yes_and_shown(shell: Shell) -> None:
    answer = add(shell, *GUESS, "--yes")
    assert answer.code == 0
    assert "'next friday 18:30' would be Fri " in answer.err
    assert answer.out.startswith("Queued #1")


@pytest.mark.parametrize(("word", "code"), [("y", 0), ("n", 1)])
def test_a_guess_is_asked_about_at_a_terminal(home: Path, word: str, code: int) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "handbill", "--home", str(home), "queue", "add", *GUESS],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, f"{word}\n".encode())
        _, err = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert "Is that right?" in err
    assert process.returncode == code


# From a file


def test_many_are_queued_from_a_file(shell: Shell, store: Engine, tmp_path: Path) -> None:
    rows = [{"account": "ines", "text": str(n), "at": f"+{n}h"} for n in range(1, 4)]
    (tmp_path / "posts.json").write_text(json.dumps(rows))
    answer = add(shell, "--file", str(tmp_path / "posts.json"))
    assert answer.code == 0
    assert answer.out.count("Queued #") == 3
    assert len(listings.queue(store, [Status.QUEUED], None)) == 3


def test_a_fault_in_a_file_keeps_all_out_and_is_named_with_its_line(
    shell: Shell, store: Engine, tmp_path: Path
) -> None:
    (tmp_path / "posts.csv").write_text(f"account,text,at\nines,One.,+2h\nines,{'a' * 281},+2h\n")
    answer = add(shell, "--file", str(tmp_path / "posts.csv"))
    assert (answer.code, answer.out) == (1, "")
    assert "line 3: Too long" in answer.err
    assert listings.queue(store, list(Status), None) == []


def test_a_file_does_nothing_to_a_terminal(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(f"account,text,at\n{EVIL},One.,+2h\n")
    answer = add(shell, "--file", str(tmp_path / "posts.csv"))
    assert answer.code == 1
    assert "\x1b" not in answer.err
    assert "\x9b" not in answer.err


# list and show


def test_list_shows_what_waits_soonest_first(shell: Shell, store: Engine) -> None:
    add_post(store, text="Later.", at=now() + DAY, review=add_review(store))
    add_post(store, text="Sooner.", at=now() + HOUR)
    told = shell.fine("queue", "list").out
    assert told.index("Sooner.") < told.index("Later.")
    assert "about skerry-light" in told
    assert "CET" in told or "CEST" in told


def test_list_can_be_of_one_account(shell: Shell, store: Engine) -> None:
    add_post(store, text="Hers.")
    add_post(store, add_account(store, "sol"), text="His.")
    shown = shell.fine("queue", "list", "--account", "sol", "--json").json
    assert [post["parts"][0]["text"] for post in shown] == ["His."]
    assert shell("queue", "list", "--account", "nobody").code == 1


def test_an_empty_queue_says_how_to_fill_it(shell: Shell) -> None:
    answer = shell.fine("queue", "list")
    assert answer.out == "Nothing waits.\n"
    assert "handbill queue add" in answer.err


@pytest.mark.parametrize("status", list(Status))
def test_show_tells_everything_in_every_status(shell: Shell, store: Engine, status: Status) -> None:
    number = add_in(store, status, images=[image_row()])
    told = shell.fine("queue", "show", str(number)).out
    for word in (f"#{number}", "See it.", "A lighthouse.", "ines on X"):
        assert word in told
    shown = shell.fine("queue", "show", str(number), "--json").json
    assert set(shown) == POST_KEYS
    assert shown["status"] == status.value


@pytest.mark.parametrize(
    ("status", "command"),
    [(Status.MISSED, "queue reschedule"), (Status.FAILED, "queue edit")],
)
def test_show_says_what_to_do_with_a_post_that_needs_eyes(
    shell: Shell, store: Engine, status: Status, command: str
) -> None:
    assert command in shell.fine("queue", "show", str(add_in(store, status))).err


def test_show_of_a_doubt_says_that_handbill_looks_and_what_a_person_can_say(
    shell: Shell, store: Engine
) -> None:
    number = add_in(store, Status.IN_DOUBT)
    told = shell.fine("queue", "show", str(number)).err
    assert "it asks the network by itself" in told
    assert f"handbill queue deny {number}" in told


def test_what_is_not_seen_is_shown_escaped(shell: Shell, store: Engine) -> None:
    """Direction controls are kept in a text, and must not turn the terminal's line round."""
    text = "Not \u202eevil\u202c at\u200b all"
    number = add_post(store, text=text, at=now() - HOUR / 2)
    commands = (
        ["queue", "list"],
        ["queue", "show", str(number)],
        ["queue", "edit", str(number), "--text", text],
        ["history", "--status", "queued"],
        ["status"],
    )
    for command in commands:
        told = shell(*command).out
        assert "\u202e" not in told, command
        assert r"\u202e" in told, command


def test_what_a_network_says_does_nothing_to_a_terminal(shell: Shell, store: Engine) -> None:
    add_post(store)
    attempt(store, unknown(f"It said {EVIL}."))
    for command in (["queue", "show", "1"], ["history"], ["status"]):
        told = shell(*command).out
        assert "\x1b" not in told, command
        assert "\x9b" not in told, command
        assert r"\x1b[31m" in told, command


# Verbs


def test_edit_changes_the_text(shell: Shell, store: Engine) -> None:
    number = str(add_post(store))
    assert "Changed #1: Better." in shell.fine("queue", "edit", number, "--text", "Better.").out
    shell.fine("queue", "edit", number, "--text", "-", stdin="From a file.\n")
    assert get(store, 1).parts[0].text == "From a file."


def test_edit_changes_and_removes_pictures(shell: Shell, store: Engine, tmp_path: Path) -> None:
    number = str(add_post(store))
    (tmp_path / "a.png").write_bytes(png())
    shell.fine("queue", "edit", number, "--image", str(tmp_path / "a.png"), "--alt", "A lamp.")
    assert get(store, 1).parts[0].images[0]["alt"] == "A lamp."
    shell.fine("queue", "edit", number, "--no-images")
    assert get(store, 1).parts[0].images == []


def test_edit_of_nothing_is_wrong_usage(shell: Shell, store: Engine) -> None:
    assert shell("queue", "edit", str(add_post(store))).code == 2


def test_pictures_cannot_be_given_and_removed_at_once(
    shell: Shell, store: Engine, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(png())
    picture = ["--image", str(tmp_path / "a.png"), "--alt", "A lamp."]
    assert shell("queue", "edit", str(add_post(store)), "--no-images", *picture).code == 2


def test_reschedule_repeats_the_new_time(shell: Shell, store: Engine) -> None:
    number = str(add_in(store, Status.MISSED))
    answer = shell.fine("queue", "reschedule", number, "--at", "2096-11-27 18:30")
    assert "Queued #1 to ines on X: Tue 27 Nov 2096 18:30 CET" in answer.out
    assert status_of(store, 1) is Status.QUEUED
    assert shell("queue", "reschedule", number).code == 2


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("cancel", Status.QUEUED, Status.CANCELLED),
        ("unqueue", Status.QUEUED, Status.DRAFT),
        ("deny", Status.IN_DOUBT, Status.QUEUED),
        ("confirm", Status.IN_DOUBT, Status.PUBLISHED),
    ],
)
def test_a_verb_moves_the_post_and_says_so(
    shell: Shell, store: Engine, verb: str, before: Status, after: Status
) -> None:
    number = add_in(store, before)
    assert f"#{number}" in shell.fine("queue", verb, str(number)).out
    assert status_of(store, number) is after


def test_approve_queues_a_draft(shell: Shell, store: Engine) -> None:
    number = add_post(store, at=now() + HOUR, draft=True)
    assert shell.fine("queue", "approve", str(number)).out.startswith(f"Queued #{number}")


def test_confirm_keeps_the_link(shell: Shell, store: Engine) -> None:
    number = add_in(store, Status.IN_DOUBT)
    shell.fine("queue", "confirm", str(number), "--url", "https://x.com/ines/status/1001?s=20")
    (part,) = get(store, number).parts
    assert (part.remote_id, part.url) == ("1001", "https://x.com/ines/status/1001?s=20")


@pytest.mark.parametrize("url", ["https://x.com/ines", "javascript:alert(1)", "x"])
def test_confirm_refuses_what_is_no_link_to_a_post(shell: Shell, store: Engine, url: str) -> None:
    number = add_in(store, Status.IN_DOUBT)
    assert shell("queue", "confirm", str(number), "--url", url).code == 1
    assert status_of(store, number) is Status.IN_DOUBT


@pytest.mark.parametrize("verb", ["cancel", "approve", "unqueue", "confirm", "deny"])
def test_a_verb_that_comes_too_late_is_exit_1(shell: Shell, store: Engine, verb: str) -> None:
    number = add_in(store, Status.PUBLISHED)
    answer = shell("queue", verb, str(number))
    assert (answer.code, answer.out) == (1, "")
    assert f"queue show {number}" in answer.err
    assert status_of(store, number) is Status.PUBLISHED


@pytest.mark.parametrize("verb", ["show", "cancel", "approve", "unqueue", "confirm", "deny"])
def test_a_number_that_no_post_has_is_exit_1(shell: Shell, verb: str) -> None:
    answer = shell("queue", verb, "99")
    assert answer.code == 1
    assert "There is no post #99." in answer.err


def test_prices_are_shown_and_a_cap_refuses(shell: Shell) -> None:
    shell.fine("account", "cap", "ines", "0.21")
    shell.fine("queue", "add", "https://example.com/a", "--account", "ines", "--now")
    assert ", $0.20" in shell.fine("queue", "list").out
    assert "$0.20" in shell.fine("queue", "show", "1").out
    assert shell.fine("queue", "list", "--json").json[0]["price"] == "0.20"
    answer = shell("queue", "add", "Plain.", "--account", "ines", "--now")
    assert (answer.code, answer.out) == (1, "")
    assert "$0.20 is promised to queued posts." in answer.err
    assert "handbill account cap ines 0.22" in answer.err


@pytest.mark.parametrize("number", ["99999999999999999999999", "3000000000", "0", "-1"])
def test_a_number_that_no_post_can_have(shell: Shell, number: str) -> None:
    answer = shell("queue", "show", "--", number)
    assert answer.code == 1
    assert f"There is no post #{number}." in answer.err


def test_a_draft_for_now_is_approved_within_its_limit(shell: Shell) -> None:
    shell.fine("account", "add", "sol", "--network", "x")
    shell.fine("queue", "add", "See it.", "--account", "sol", "--draft", "--now")
    assert "Queued #" in shell.fine("queue", "approve", "1").out

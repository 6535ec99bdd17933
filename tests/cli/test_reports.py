"""`handbill status` and `handbill history`."""

import csv
import io

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.domain.promises import CHANGED
from handbill.models import Account, Part, Post
from handbill.store import accounts, records
from handbill.store.lock import sole_worker
from tests.cli.shell import Shell
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add_account,
    add_in,
    add_post,
    add_review,
    attempt,
    claim_one,
    not_sent,
    overwrite,
    receipt,
)

# status


def test_all_is_well_in_an_empty_home(shell: Shell) -> None:
    answer = shell("status")
    assert answer.code == 0
    place, daemon, *rest = answer.out.splitlines()
    assert place.startswith("The queue in sqlite:///")
    assert daemon.startswith("The daemon is not running; start it with `handbill ")
    assert rest == [
        "Posts: none yet.",
        "✓ Nothing needs your eyes.",
    ]


def test_a_running_daemon_is_seen(shell: Shell, store: Engine) -> None:
    with sole_worker(store):
        assert "The daemon is running." in shell("status").out
        assert shell("status", "--json").json["running"] is True


def test_what_is_next_is_told(shell: Shell, store: Engine) -> None:
    add_post(store, at=now() + DAY)
    answer = shell("status")
    assert answer.code == 0
    assert "Posts: 1 queued." in answer.out
    assert "Next: #1 to ines, " in answer.out


@pytest.mark.parametrize(
    ("status", "cure"),
    [
        (Status.MISSED, "handbill queue reschedule 1 --at WHEN"),
        (Status.FAILED, "handbill queue edit 1 --text TEXT"),
        (Status.IN_DOUBT, "it asks the network by itself"),
    ],
)
def test_a_post_that_needs_eyes_is_exit_3_with_reason_and_next_command(
    shell: Shell, store: Engine, status: Status, cure: str
) -> None:
    add_in(store, status)
    answer = shell("status")
    assert answer.code == 3
    assert "! #1 " in answer.out
    assert cure in answer.out
    assert "✓" not in answer.out


def test_a_paused_account_is_exit_3_with_reason_and_cure(shell: Shell, store: Engine) -> None:
    add_account(store)
    accounts.pause(store, "ines", "X says there are no credits left (402).", "top up", now())
    answer = shell("status")
    assert answer.code == 3
    assert (
        "X says there are no credits left (402). Handbill has paused ines; "
        "top up, then `handbill account resume ines`." in answer.out
    )


def test_a_late_post_is_exit_3(shell: Shell, store: Engine) -> None:
    add_post(store, at=now() - MINUTE)
    answer = shell("status")
    assert answer.code == 3
    assert "! #1 is late" in answer.out


def test_a_rest_is_told_and_is_no_alarm(shell: Shell, store: Engine) -> None:
    account = add_account(store)
    overwrite(store, Account, account.id or 0, rest_until=now() + HOUR)
    answer = shell("status")
    assert answer.code == 0
    assert "· ines rests until " in answer.out


def test_status_as_json(shell: Shell, store: Engine) -> None:
    account = add_account(store)
    overwrite(store, Account, account.id or 0, rest_until=now() + HOUR)
    add_in(store, Status.MISSED)
    add_post(store, at=now() + DAY)
    answer = shell("status", "--json")
    assert answer.code == 3
    assert set(answer.json) == {
        "running", "workers", "counts", "next", "late", "needs_eyes", "held_beyond_limit",
        "pause", "paused", "resting", "months",
    }  # fmt: skip
    assert answer.json["running"] is False
    assert answer.json["counts"]["missed"] == 1
    assert set(answer.json["counts"]) == {status.value for status in Status}
    assert [post["id"] for post in answer.json["needs_eyes"]] == [1]
    assert [post["id"] for post in answer.json["next"]] == [2]
    (resting,) = answer.json["resting"]
    assert resting["account"] == "ines"
    assert resting["until"].endswith("Z")


def test_status_tells_what_the_month_costs(shell: Shell, store: Engine) -> None:
    add_account(store, zone="UTC")
    shell.fine("queue", "add", "Plain.", "--account", "ines", "--now")
    shell.fine("queue", "add", "https://example.com/a", "--account", "ines", "--now")
    (bill,) = shell.fine("status", "--json").json["months"]
    assert bill.pop("month") == f"{now():%Y-%m}"
    assert bill == {
        "account": "ines", "zone": "UTC", "spent": "0.00", "promised": "0.215", "cap": None,
        "unit": "USD", "prices_as_of": "2026-02-01",
    }  # fmt: skip
    assert "$0.00 spent, $0.215 promised, at prices of 2026-02-01." in shell.fine("status").out
    shell.fine("account", "cap", "ines", "5")
    assert "$0.215 promised of $5.00, at" in shell.fine("status").out


def test_status_says_nothing_of_an_account_that_costs_nothing(shell: Shell, store: Engine) -> None:
    add_account(store)
    assert "$" not in shell.fine("status").out


# history


@pytest.fixture
def told(store: Engine) -> None:
    """One that went out late at its second try, one that was refused, one that waits."""
    number = add_post(store, text="Out.", at=NOW, review=add_review(store))
    attempt(store, not_sent(), NOW)
    records.record(store, claim_one(store, NOW + 45 * SECOND), receipt("1001"), NOW + 45 * SECOND)
    assert number == 1
    add_in(store, Status.FAILED, text="Refused.", at=NOW + HOUR)
    add_post(store, text="Waits.", at=NOW + DAY)


@pytest.mark.usefixtures("told")
def test_history_tells_when_due_when_out_how_late_where_and_each_try(shell: Shell) -> None:
    out = shell.fine("history").out
    assert out.index("Refused.") < out.index("Out.")
    assert "Waits." not in out
    for words in (
        "#1 ✓ Published",
        "due Fri 20 Nov 2026 12:00 CET (Europe/Paris)",
        "out Fri 20 Nov 2026 12:00:45 CET (Europe/Paris), 45.0 s late",
        "ines on X: Out.",
        "https://x.test/ines/status/1001",
        "1. try Fri 20 Nov 2026 12:00 CET: surely not sent. X could not be reached.",
        "2. try Fri 20 Nov 2026 12:00:45 CET: it went out.",
        "#2 ✗ Failed",
        "1. try Fri 20 Nov 2026 13:00 CET: refused for good. X refused it.",
    ):
        assert words in out


@pytest.mark.usefixtures("told")
def test_history_as_json_is_newest_first(shell: Shell) -> None:
    shown = shell.fine("history", "--json").json
    assert [post["id"] for post in shown] == [2, 1]
    assert shown[1]["late_s"] == 45
    assert [one["outcome"] for one in shown[1]["attempts"]] == ["not_sent", "receipt"]
    assert shell.fine("history", "--format", "json").json == shown


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (["--account", "ines"], [2, 1]),
        (["--review", "skerry-light"], [1]),
        (["--status", "published"], [1]),
        (["--status", "failed", "--status", "queued"], [3, 2]),
        (["--status", "In Doubt"], []),
        (["--since", "2026-11-20 13:00", "--account", "ines"], [2]),
        (["--until", "2026-11-20 13:00", "--account", "ines"], [1]),
        (["--since", "2026-11-20T12:00Z"], [2]),
        (["--since", "2026-11-21"], []),
        (["--limit", "1"], [2]),
        (["--limit", "0"], [2, 1]),
    ],
)
def test_history_can_be_narrowed(shell: Shell, arguments: list[str], numbers: list[int]) -> None:
    shown = shell.fine("history", "--json", *arguments).json
    assert [post["id"] for post in shown] == numbers


@pytest.mark.parametrize(
    "arguments", [["--status", "lost"], ["--account", "nobody"], ["--since", "whenever"]]
)
def test_what_does_not_exist_is_exit_1(shell: Shell, arguments: list[str]) -> None:
    answer = shell("history", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert arguments[1] in answer.err


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--limit", "-1"]])
def test_a_form_that_is_none_is_wrong_usage(shell: Shell, arguments: list[str]) -> None:
    assert shell("history", *arguments).code == 2


def test_an_empty_history_says_so(shell: Shell) -> None:
    answer = shell.fine("history")
    assert answer.out == "Nothing has gone out yet.\n"
    assert shell.fine("history", "--json").json == []
    assert len(rows(shell)) == 0


def test_posts_in_doubt_or_cancelled_are_in_the_history(shell: Shell, store: Engine) -> None:
    numbers = [add_in(store, status) for status in (Status.IN_DOUBT, Status.CANCELLED)]
    assert {post["id"] for post in shell.fine("history", "--json").json} == set(numbers)
    assert "Held: in doubt" in shell.fine("history").out


# CSV


def rows(shell: Shell) -> list[dict[str, str]]:
    """The history as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(shell.fine("history", "--format", "csv").out)))


@pytest.mark.usefixtures("told")
def test_csv_has_a_row_for_each_post(shell: Shell) -> None:
    refused, out = rows(shell)
    assert list(out) == [
        "id", "status", "account", "network", "review", "due_at", "zone", "published_at",
        "late_s", "url", "text", "attempts", "attention", "embargo",
    ]  # fmt: skip
    assert (out["id"], out["status"], out["text"]) == ("1", "published", "Out.")
    assert (out["due_at"], out["late_s"]) == ("2026-11-20T11:00:00.000Z", "45.0")
    assert out["attempts"].startswith("1. try Fri 20 Nov 2026 12:00 CET: surely not sent.")
    assert refused["attention"] == "X refused it."


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", '=HYPERLINK("https://evil.test")']
)
def test_csv_calculates_nothing(shell: Shell, store: Engine, text: str) -> None:
    add_in(store, Status.PUBLISHED, text=text)
    (row,) = rows(shell)
    assert row["text"] == f"'{text}"


def test_csv_calculates_nothing_in_any_column(shell: Shell, store: Engine) -> None:
    add_in(store, Status.PUBLISHED)
    overwrite(store, Part, 1, url="=cmd()")
    (row,) = rows(shell)
    assert row["url"] == "'=cmd()"
    assert row["id"] == "1"


def test_csv_keeps_lines_commas_and_quotes(shell: Shell, store: Engine) -> None:
    text = 'One,\n"two", and\nthree'
    add_in(store, Status.PUBLISHED, text=text)
    assert rows(shell)[0]["text"] == text


# When the rules for the clocks change


def test_a_changed_rule_is_shown_with_the_two_ways_on(shell: Shell, store: Engine) -> None:
    add_account(store)
    shell.fine("queue", "add", "See it.", "--at", "2096-11-27 18:30")
    overwrite(store, Post, 1, attention=f"{CHANGED}Europe/Paris have changed.")
    answer = shell("status")
    assert answer.code == 3
    for words in (
        "! #1 Queued. The rules for the clocks of Europe/Paris have changed.",
        'to follow the clocks: handbill queue reschedule 1 --at "2096-11-27 18:30"',
        'to keep the instant: handbill queue reschedule 1 --at "2096-11-27T17:30:00Z"',
    ):
        assert words in answer.out
    assert "The rules for the clocks" in shell.fine("queue", "show", "1").out
    shell.fine("queue", "reschedule", "1", "--at", "2096-11-27T17:30:00Z")
    assert shell("status").code == 0

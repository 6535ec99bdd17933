"""`handbill pause` and `handbill resume`, and what else they change in what is told."""

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.store import restoring, standing
from handbill.store.standing import PAUSE
from tests.cli.shell import Shell
from tests.factories import DAY, HOUR, MINUTE, add_account, add_post, claim_one, status_of


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_ZONE", "Europe/Paris")


def test_pause_says_what_holds_now(shell: Shell, store: Engine) -> None:
    answer = shell.fine("pause", "A tragedy.")
    first, last = answer.out.splitlines()
    assert first.startswith("Everything is paused since ")
    assert first.endswith(" (Europe/Paris): A tragedy.")
    assert last == "Nothing is sent until `handbill resume`."
    assert standing.get(store, PAUSE) is not None


def test_a_second_pause_says_that_the_first_holds(shell: Shell) -> None:
    shell.fine("pause", "A tragedy.")
    answer = shell.fine("pause", "Another.")
    assert ": A tragedy." in answer.out
    assert "It was paused already" in answer.err
    assert "paused already" not in shell.fine("pause", " A tragedy.").err


def test_what_is_under_way_is_told(shell: Shell, store: Engine) -> None:
    add_post(store, at=now())
    claim_one(store, now())
    assert "1 being sent at this moment may still go out" in shell.fine("pause", "Stop.").err


@pytest.mark.parametrize(("arguments", "code"), [([], 2), ([" "], 1)])
def test_a_pause_without_a_reason_is_refused(shell: Shell, arguments: list[str], code: int) -> None:
    assert shell("pause", *arguments).code == code
    assert shell("status").code == 0


def test_status_shows_it_and_exits_3(shell: Shell) -> None:
    shell.fine("pause", "A tragedy.")
    answer = shell("status")
    assert answer.code == 3
    line = next(line for line in answer.out.splitlines() if line.startswith("! Everything"))
    assert "(Europe/Paris): A tragedy." in line
    assert f"→ handbill --home {shell.home} resume" in answer.out
    assert "✓" not in answer.out
    shown = shell("status", "--json").json["pause"]
    assert shown["reason"] == "A tragedy."
    assert shown["since"].endswith("Z")
    shell.fine("resume")
    assert shell.fine("status", "--json").json["pause"] is None


def test_queue_add_says_that_nothing_leaves(shell: Shell, store: Engine) -> None:
    add_account(store)
    shell.fine("pause", "A tragedy.")
    assert "Everything is paused" in shell.fine("queue", "add", "See it.", "--at", "+2h").err
    assert "Everything is paused" not in shell.fine("queue", "add", "A draft.", "--draft").err


def test_resume_shows_what_waited_by_account_and_lets_it_go(shell: Shell, store: Engine) -> None:
    ines, sol = add_account(store), add_account(store, "sol")
    for account in (ines, sol, ines):
        add_post(store, account, at=now() - 11 * MINUTE)
    late = add_post(store, ines, at=now() - DAY)
    shell.fine("pause", "A tragedy.")
    out = shell.fine("resume").out
    told = [line for line in out.splitlines() if not line.startswith("  #")]
    assert told[0].endswith("A tragedy.")
    assert told[1:] == [
        "Waited to leave on ines, 2 min apart:",
        "Waited to leave on sol:",
        "Too late now, so they will be listed as missed:",
        "Resumed.",
    ]
    assert out.count("  #") == 4
    assert status_of(store, late) is Status.QUEUED, "a worker misses it, by a clock that is right"
    assert standing.get(store, PAUSE) is None


def test_resume_tells_which_posts_are_asked_about_first(shell: Shell, store: Engine) -> None:
    add_post(store, at=now() - MINUTE)
    restoring.hold(store, now() - HOUR, now())
    status = shell("status").out
    assert "Restored from a backup of" in status
    assert "After `handbill resume` the network is asked" in status
    answer = shell.fine("resume")
    first, second, third, *_ = answer.out.splitlines()
    assert "Restored from a backup of" in first
    assert second == "May be out already, so the networks are asked first:"
    assert third.startswith("  #1 to ines, ")
    assert "it asks the network by itself" in shell("status").out


def test_resume_as_json(shell: Shell, store: Engine) -> None:
    add_post(store, at=now() - MINUTE)
    shell.fine("pause", "A tragedy.")
    shown = shell.fine("resume", "--json").json
    assert set(shown) == {"pause", "overdue", "missed", "asked"}
    assert [post["id"] for post in shown["overdue"]] == [1]
    assert standing.get(store, PAUSE) is None
    assert shell.fine("resume", "--json").json["pause"] is None


def test_pause_as_json(shell: Shell) -> None:
    assert shell.fine("pause", "A tragedy.", "--json").json["reason"] == "A tragedy."


def test_resume_of_what_is_not_paused_points_to_the_accounts(shell: Shell) -> None:
    answer = shell.fine("resume")
    assert answer.out == "There is no pause over everything.\n"
    assert "handbill account resume NAME" in answer.err

"""`handbill tick`, as far as no network is needed, and what `run` refuses to begin with."""

import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.logs import TALKATIVE
from handbill.store.lock import sole_worker
from tests.cli.shell import Shell
from tests.factories import DAY, MINUTE, account_of, add_in, add_post, claim_one, get, status_of


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_a_tick_with_nothing_due_says_so(shell: Shell, store: Engine) -> None:
    add_post(store, at=now() + DAY)
    assert shell.fine("tick").out == "Done: nothing was due.\n"


def test_a_tick_without_keys_pauses_the_account_and_says_how_to_mend_it(
    shell: Shell, store: Engine
) -> None:
    number = add_post(store, at=now() - MINUTE)
    answer = shell.fine("tick")
    assert answer.out == "Done: 1 sent or tried.\n"
    assert "ines has no api_key" in answer.err
    assert status_of(store, number) is Status.QUEUED
    assert account_of(store).paused_at is not None
    told = shell("status")
    assert told.code == 3
    assert "HANDBILL_APPS__X__API_KEY" in told.out
    assert "handbill account resume ines" in told.out


def test_a_tick_lists_what_is_missed_and_sends_none_of_it(shell: Shell, store: Engine) -> None:
    number = add_post(store, at=now() - DAY)
    answer = shell.fine("tick", "--log", "json")
    (event,) = [json.loads(line) for line in answer.err.splitlines()]
    assert (event["action"], event["post"], event["level"]) == ("missed", number, "warning")
    assert status_of(store, number) is Status.MISSED


def test_a_tick_takes_back_what_a_dead_worker_held(shell: Shell, store: Engine) -> None:
    number = add_post(store, at=now() - MINUTE)
    claim_one(store, now())
    shell.fine("tick")
    assert len(get(store, number).attempts) == 1
    assert status_of(store, number) is Status.QUEUED


def test_a_tick_beside_a_daemon_is_refused(shell: Shell, store: Engine) -> None:
    add_in(store, Status.QUEUED)
    with sole_worker(store):
        answer = shell("tick")
    assert answer.code == 1
    assert "Another Handbill is publishing" in answer.err


def test_a_second_daemon_is_refused(shell: Shell, store: Engine) -> None:
    with sole_worker(store):
        answer = shell("run")
    assert answer.code == 1
    assert "Another Handbill is publishing" in answer.err


@pytest.mark.parametrize("arguments", [["--log", "xml"], ["--workers", "0"], ["--workers", "999"]])
def test_an_argument_that_cannot_be_stops_the_daemon_before_it_begins(
    shell: Shell, arguments: list[str]
) -> None:
    answer = shell("run", *arguments)
    assert answer.code in (1, 2)
    assert arguments[0].removeprefix("--") in answer.err

"""The oracle must find each fault when it is there, and accuse nobody wrongly."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel

from bench import oracle
from handbill.domain.lifecycle import Status
from handbill.models import Account, Part, Post
from handbill.store import accounts, doubts
from handbill.store.claims import LEASE
from handbill.store.engine import write
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add_in,
    add_post,
    attempt,
    claim_and_arm,
    claim_one,
    expired,
    not_sent,
    overwrite,
    receipt,
    refused,
    unknown,
)

TEXT = "See it."
LATER = NOW + HOUR
AT_ONCE = timedelta(milliseconds=2)

Ledger = dict[str, Any]


def made(
    text: str = TEXT,
    remote_id: str = "1001",
    at: datetime = NOW + SECOND,
    account: str = "ines",
    arrived: datetime | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An accepted post and the request that made it."""
    post = {"id": remote_id, "account": account, "text": text, "accepted_at": _iso(at)}
    request = {
        "at": _iso(arrived or at - AT_ONCE),
        "method": "POST",
        "path": "/2/tweets",
        "account": account,
    }
    return post, request


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ledger(*entries: tuple[dict[str, Any], dict[str, Any]]) -> Ledger:
    """The ledger of a rehearsal that accepted these."""
    return {"posts": [post for post, _ in entries], "requests": [asked for _, asked in entries]}


def found(engine: Engine, truth: Ledger, now: datetime = LATER) -> dict[str, int]:
    """The counts that are not 0."""
    verdict = oracle.judge(engine, truth, now)
    return {name: n for name in oracle.NAMES if (n := getattr(verdict, name))}


# One post, and what the ledger says of it


def test_a_post_that_is_out_once_and_published_is_right(engine: Engine) -> None:
    add_post(engine, text=TEXT)
    attempt(engine, receipt("1001"))
    verdict = oracle.judge(engine, ledger(made()), LATER)
    assert verdict.ok
    assert verdict.line() == "DUP=0 LOST=0 SILENT=0 EARLY=0 FALSE_OK=0 FALSE_FAIL=0 STUCK=0"
    assert verdict.details() == ""


def test_dup_is_a_text_that_was_accepted_twice(lite: Engine) -> None:
    number = add_post(lite, text=TEXT)
    attempt(lite, receipt("1001"))
    twice = ledger(made(), made(remote_id="1002", at=NOW + MINUTE))
    verdict = oracle.judge(lite, twice, LATER)
    assert verdict.line() == "DUP=1 LOST=0 SILENT=0 EARLY=0 FALSE_OK=0 FALSE_FAIL=0 STUCK=0"
    assert verdict.posts["DUP"] == (number,)
    assert verdict.details() == f"DUP: {number}"
    assert not verdict.ok


def test_dup_is_not_two_posts_with_texts_of_their_own(lite: Engine) -> None:
    add_post(lite, text=TEXT)
    attempt(lite, receipt("1001"))
    add_post(lite, text="Another.")
    attempt(lite, receipt("1002"))
    assert found(lite, ledger(made(), made("Another.", "1002"))) == {}


def test_dup_is_found_across_accounts(lite: Engine) -> None:
    add_post(lite, text=TEXT)
    attempt(lite, receipt("1001"))
    assert found(lite, ledger(made(), made(account="mara", remote_id="1002"))) == {"DUP": 1}


def test_lost_is_a_due_post_that_stays_queued_for_no_reason(engine: Engine) -> None:
    add_post(engine)
    assert found(engine, ledger()) == {"LOST": 1}


def test_lost_is_not_a_post_whose_time_is_still_to_come(lite: Engine) -> None:
    add_post(lite, at=LATER + SECOND)
    assert found(lite, ledger()) == {}


def _paused(engine: Engine) -> None:
    accounts.pause(engine, "ines", "A holiday.", None, NOW)


def _resting(engine: Engine) -> None:
    overwrite(engine, Account, 1, rest_until=LATER + SECOND)


def _postponed(engine: Engine) -> None:
    overwrite(engine, Post, 1, not_before=LATER + SECOND)


def _behind_another(engine: Engine) -> None:
    add_post(engine, text="The one before.", at=NOW - SECOND)
    overwrite(engine, Post, claim_one(engine).post_id, lease_until=LATER + SECOND)


@pytest.mark.parametrize("keep", [_paused, _resting, _postponed, _behind_another])
def test_lost_is_not_a_post_that_something_keeps(lite: Engine, keep: Any) -> None:
    add_post(lite)
    keep(lite)
    assert found(lite, ledger()) == {}


def test_lost_is_a_post_behind_a_claim_that_nobody_takes_back(lite: Engine) -> None:
    add_post(lite)
    _behind_another(lite)
    assert found(lite, ledger(), LATER + MINUTE) == {"LOST": 1, "STUCK": 1}


def test_lost_is_a_post_whose_account_has_rested_long_enough(lite: Engine) -> None:
    add_post(lite)
    overwrite(lite, Account, 1, rest_until=LATER - SECOND)
    assert found(lite, ledger()) == {"LOST": 1}


@pytest.mark.parametrize(
    "status", [Status.DRAFT, Status.CANCELLED, Status.MISSED, Status.FAILED, Status.IN_DOUBT]
)
def test_lost_is_not_a_post_whose_state_shows_it(lite: Engine, status: Status) -> None:
    add_in(lite, status)
    assert found(lite, ledger()) == {}


def test_lost_is_a_second_part_that_nobody_sends(lite: Engine) -> None:
    add_post(lite, text=TEXT, more=["And this."])
    attempt(lite, receipt("1001"))
    assert found(lite, ledger(made())) == {"LOST": 1}


@pytest.mark.parametrize("status", [Status.FAILED, Status.MISSED, Status.IN_DOUBT])
def test_silent_is_a_post_with_trouble_and_no_word_of_it(engine: Engine, status: Status) -> None:
    number = add_in(engine, status)
    assert found(engine, ledger()) == {}
    overwrite(engine, Post, number, attention=" ")
    assert found(engine, ledger()) == {"SILENT": 1}


def test_early_is_a_request_before_the_due_time(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1001"))
    truth = ledger(made(at=NOW + AT_ONCE, arrived=NOW - timedelta(microseconds=1)))
    assert found(lite, truth) == {"EARLY": 1}


def test_early_is_not_a_request_at_the_due_time(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1001"))
    assert found(lite, ledger(made(at=NOW + AT_ONCE, arrived=NOW))) == {}


def test_early_looks_at_the_acceptance_when_the_request_is_forgotten(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1001"))
    early, late = ({**ledger(made(at=NOW + by)), "requests": []} for by in (-AT_ONCE, timedelta(0)))
    assert found(lite, early) == {"EARLY": 1}
    assert found(lite, late) == {}


def test_early_is_a_post_that_was_made_again_in_time(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1001"))
    truth = ledger(made(at=NOW - SECOND), made(remote_id="1002"))
    assert found(lite, truth) == {"DUP": 1, "EARLY": 1}


def test_early_does_not_take_another_posts_request_for_its_own(lite: Engine) -> None:
    add_post(lite, at=NOW - MINUTE, text="Earlier.")
    attempt(lite, receipt("1000"), NOW - MINUTE)
    add_post(lite)
    attempt(lite, receipt("1001"))
    truth = ledger(made("Earlier.", "1000", NOW - MINUTE + SECOND), made())
    assert found(lite, truth) == {}
    truth["requests"].reverse()
    assert found(lite, truth) == {}


def _lost(at: datetime) -> dict[str, Any]:
    """A creating request that was not accepted."""
    return made(at=at, arrived=at)[1]


def test_early_is_a_request_before_the_due_time_even_if_it_is_lost(engine: Engine) -> None:
    add_post(engine, at=NOW - MINUTE, text="Earlier.")
    attempt(engine, receipt("1000"), NOW - MINUTE)
    number = add_post(engine, text=TEXT)
    attempt(engine, receipt("1001"))
    truth = ledger(made("Earlier.", "1000", NOW - MINUTE + SECOND), made())
    truth["requests"].append(_lost(NOW - SECOND))
    assert oracle.judge(engine, truth, LATER).posts["EARLY"] == (number,)


def test_early_is_not_a_lost_request_at_its_time_that_is_made_again(lite: Engine) -> None:
    add_post(lite, at=NOW - MINUTE, text="Earlier.")
    attempt(lite, not_sent(), NOW - MINUTE)
    overwrite(lite, Post, 1, not_before=NOW - MINUTE)
    attempt(lite, receipt("1000"), NOW - SECOND)
    add_post(lite)
    attempt(lite, receipt("1001"))
    truth = ledger(made("Earlier.", "1000", NOW - SECOND + AT_ONCE), made())
    truth["requests"].append(_lost(NOW - MINUTE + AT_ONCE))
    assert found(lite, truth) == {}


def test_false_ok_is_published_without_being_out(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, receipt("1001"))
    assert found(engine, ledger()) == {"FALSE_OK": 1}


def test_false_ok_is_published_under_the_number_of_another_text(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1000"))
    assert found(lite, ledger(made("Earlier.", "1000"), made())) == {"FALSE_OK": 1}


def test_false_ok_is_published_from_another_account(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, receipt("1001"))
    assert found(lite, ledger(made(account="mara"))) == {"FALSE_OK": 1}


def test_false_ok_is_not_what_a_person_confirmed_without_a_link(lite: Engine) -> None:
    number = add_in(lite, Status.IN_DOUBT, text=TEXT)
    doubts.judge(lite, number, receipt(""), NOW + MINUTE)
    assert found(lite, ledger(made())) == {}
    assert found(lite, ledger()) == {"FALSE_OK": 1}


@pytest.mark.parametrize("status", [Status.DRAFT, Status.CANCELLED, Status.MISSED, Status.FAILED])
def test_false_fail_is_out_while_the_database_says_no(engine: Engine, status: Status) -> None:
    add_in(engine, status, text=TEXT)
    assert found(engine, ledger(made())) == {"FALSE_FAIL": 1}


def test_false_fail_is_out_and_queued_to_be_sent_again(lite: Engine) -> None:
    add_post(lite)
    attempt(lite, not_sent())
    assert found(lite, ledger(made())) == {"FALSE_FAIL": 1}


def test_false_fail_is_not_a_post_in_doubt(lite: Engine) -> None:
    add_in(lite, Status.IN_DOUBT, text=TEXT)
    assert found(lite, ledger(made())) == {}


def test_false_fail_is_not_a_queued_post_with_an_open_question(lite: Engine) -> None:
    number = add_post(lite)
    attempt(lite, unknown())
    overwrite(lite, Post, number, status=Status.QUEUED, attention=None)
    assert found(lite, ledger(made())) == {}


def test_false_fail_is_not_the_first_part_of_a_post_whose_second_failed(lite: Engine) -> None:
    add_post(lite, text=TEXT, more=["And this."])
    attempt(lite, receipt("1001"))
    attempt(lite, refused())
    assert found(lite, ledger(made())) == {}


@pytest.mark.parametrize("armed", [True, False])
def test_stuck_is_a_claim_whose_lease_has_run_out(engine: Engine, armed: bool) -> None:
    add_post(engine)
    (claim_and_arm if armed else claim_one)(engine)
    assert found(engine, ledger(), NOW + LEASE) == {}
    assert found(engine, ledger(), NOW + LEASE + SECOND) == {"STUCK": 1}


def test_stuck_is_not_a_claim_that_was_taken_back(lite: Engine) -> None:
    add_post(lite)
    expired(lite, armed=True)
    assert found(lite, ledger(), NOW + LEASE + SECOND) == {}


# Many posts


def test_ten_thousand_posts_are_judged_quickly(lite: Engine) -> None:
    add_post(lite, text="Post 0.", at=NOW - HOUR)
    accounts.pause(lite, "ines", "A holiday.", None, NOW)
    _copy(lite, Post, [{"id": n} for n in range(2, 10_001)])
    _copy(lite, Part, [{"id": n, "post_id": n, "text": f"Post {n}."} for n in range(2, 10_001)])
    truth = ledger(*(made(f"Post {n}.", str(5000 + n)) for n in range(2, 10_001)))
    start = time.perf_counter()
    assert found(lite, truth) == {"FALSE_FAIL": 9_999}
    assert time.perf_counter() - start < 5


def _copy(engine: Engine, kind: type[SQLModel], changes: list[dict[str, Any]]) -> None:
    """Copies of the first row, each with its changes."""
    with write(engine) as session:
        first = session.get_one(kind, 1).model_dump()
        session.execute(sa.insert(kind), [first | one for one in changes])


def test_verdicts_of_two_databases_add_up() -> None:
    one = oracle.Verdict.of({"DUP": [3, 3], "STUCK": [1]})
    both = one + oracle.Verdict.of({"DUP": [3]})
    assert both.line() == "DUP=2 LOST=0 SILENT=0 EARLY=0 FALSE_OK=0 FALSE_FAIL=0 STUCK=1"
    assert not both.ok

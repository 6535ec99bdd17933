"""Rows of accounts."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.network import Identity
from handbill.errors import InputProblem, NotFound
from handbill.store import accounts
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    account_in,
    account_of,
    add_account,
    add_post,
    attempt,
    busy,
    receipt,
)

INES = Identity("77", "@ines")


def test_an_account_is_kept_as_given(engine: Engine) -> None:
    add_account(
        engine, server="http://127.0.0.1:8765", zone="Asia/Tokyo", lateness_limit=timedelta(hours=2)
    )
    kept = account_of(engine)
    assert (kept.network, kept.server, kept.zone) == ("x", "http://127.0.0.1:8765", "Asia/Tokyo")
    assert kept.lateness_limit == 2 * HOUR
    assert kept.created_at == NOW
    assert (kept.paused_at, kept.rest_until, kept.remote_id, kept.handle) == (None,) * 4


@pytest.mark.parametrize(
    "limit", [timedelta(seconds=1), timedelta(days=40, microseconds=1), timedelta(weeks=520)]
)
def test_a_lateness_limit_comes_back_exactly(engine: Engine, limit: timedelta) -> None:
    add_account(engine, lateness_limit=limit)
    assert account_of(engine).lateness_limit == limit


def test_a_name_can_be_taken_once(engine: Engine) -> None:
    add_account(engine)
    with pytest.raises(InputProblem) as problem:
        add_account(engine)
    assert "ines" in problem.value.says
    assert "account list" in problem.value.cure


def test_an_unknown_name_is_answered_with_the_known_ones(engine: Engine) -> None:
    add_account(engine, "sol")
    add_account(engine, "ines")
    with pytest.raises(NotFound) as problem:
        accounts.named(engine, "inez")
    assert problem.value.cure == "Accounts: ines, sol."


def test_an_unknown_name_among_none_is_answered_with_how_to_add_it(engine: Engine) -> None:
    with pytest.raises(NotFound) as problem:
        accounts.named(engine, "ines")
    assert "handbill account add ines" in problem.value.cure


def test_accounts_are_listed_by_name(engine: Engine) -> None:
    for name in ("sol", "ada", "ines"):
        add_account(engine, name)
    assert [one.name for one in accounts.listing(engine)] == ["ada", "ines", "sol"]


def test_who_an_account_is_is_kept(engine: Engine) -> None:
    account = add_account(engine)
    accounts.identify(engine, account.id or 0, INES)
    kept = account_of(engine)
    assert (kept.remote_id, kept.handle) == ("77", "@ines")


def test_other_tokens_make_another_account_whose_newest_post_is_unknown(engine: Engine) -> None:
    account = add_account(engine)
    add_post(engine)
    attempt(engine, receipt("1001"))
    accounts.identify(engine, account.id or 0, INES)
    accounts.identify(engine, account.id or 0, INES)
    assert account_of(engine).newest_remote_id == "1001"
    accounts.identify(engine, account.id or 0, Identity("78", "@sol"))
    kept = account_of(engine)
    assert (kept.remote_id, kept.handle, kept.newest_remote_id) == ("78", "@sol", None)


def test_an_account_is_changed_by_its_name(engine: Engine) -> None:
    add_account(engine)
    add_account(engine, "sol")
    accounts.edit(engine, account_in(zone="Asia/Tokyo", lateness_limit=2 * HOUR))
    changed = account_of(engine)
    assert (changed.zone, changed.lateness_limit) == ("Asia/Tokyo", 2 * HOUR)
    assert account_of(engine, "sol").zone == "Europe/Paris"


@pytest.mark.parametrize(
    ("server", "known"), [(None, ("77", "@ines", "1001")), ("https://x.test", (None, None, None))]
)
def test_another_server_is_another_account_whose_posts_are_unknown(
    engine: Engine, server: str | None, known: tuple[str | None, ...]
) -> None:
    account = add_account(engine)
    accounts.identify(engine, account.id or 0, INES)
    add_post(engine)
    attempt(engine, receipt("1001"))
    accounts.edit(engine, account_in(server=server))
    kept = account_of(engine)
    assert (kept.remote_id, kept.handle, kept.newest_remote_id) == known


def test_a_pause_keeps_its_first_reason(engine: Engine) -> None:
    add_account(engine)
    accounts.pause(engine, "ines", "No credits.", "top up", NOW)
    accounts.pause(engine, "ines", "By hand.", None, NOW + MINUTE)
    kept = account_of(engine)
    assert (kept.paused_at, kept.pause_reason, kept.pause_cure) == (NOW, "No credits.", "top up")


def test_resuming_ends_pause_and_rest(engine: Engine) -> None:
    add_account(engine)
    add_post(engine)
    attempt(engine, busy(NOW + HOUR))
    accounts.pause(engine, "ines", "No credits.", "top up", NOW)
    accounts.resume(engine, "ines")
    kept = account_of(engine)
    assert (kept.paused_at, kept.pause_reason, kept.pause_cure) == (None, None, None)
    assert kept.rest_until is None

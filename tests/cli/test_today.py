"""`handbill today`."""

from decimal import Decimal

from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.models import Post
from tests.cli.shell import Shell
from tests.factories import MINUTE, add_in, add_post, image_row, overwrite


def test_an_empty_day_says_so(shell: Shell) -> None:
    answer = shell("today", "--zone", "Europe/Paris", "--date", "2026-11-27")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "Fri 27 Nov 2026 (Europe/Paris)"
    assert "Nothing leaves." in answer.out
    assert "✓ Nothing else needs your eyes." in answer.out


def test_the_sheet_shows_time_zone_text_price_and_embargo(shell: Shell, store: Engine) -> None:
    due = now().replace(hour=12, minute=0, second=0, microsecond=0)
    number = add_post(store, at=due, text="A lamp. Two liars.", images=[image_row()])
    columns = {"price": Decimal("0.215"), "embargo_zone": "Europe/Berlin"}
    overwrite(store, Post, number, not_before=due + 600 * MINUTE)
    overwrite(store, Post, number, embargo_until=due + 600 * MINUTE, **columns)
    out = shell("today", "--zone", "UTC").out
    for words in ("Leaves (1):", "A lamp. Two liars.", "(Europe/Paris)", "$0.215", "1 picture"):
        assert words in out
    assert "⚑ under embargo until " in out
    assert "(Europe/Berlin)" in out


def test_what_is_held_comes_with_its_next_step(shell: Shell, store: Engine) -> None:
    add_in(store, Status.MISSED)
    out = shell("today").out
    assert "! #1 Missed." in out
    assert "handbill queue reschedule 1" in out


def test_a_draft_says_how_to_approve_it(shell: Shell, store: Engine) -> None:
    add_post(store, at=now().replace(hour=12), draft=True)
    out = shell("today", "--zone", "UTC").out
    assert "which leave only if approved (1):" in out
    assert "queue approve 1" in out


def test_the_sheet_as_json(shell: Shell, store: Engine) -> None:
    number = add_post(store, at=now().replace(hour=12))
    overwrite(store, Post, number, price=Decimal("0.015"))
    sheet = shell("today", "--zone", "UTC", "--json").json
    assert (sheet["zone"], sheet["price_usd"], sheet["needs_care"]) == ("UTC", "0.0150", False)
    assert [(post["id"], post["embargoed"]) for post in sheet["leaving"]] == [(number, False)]


def test_an_unknown_zone_is_refused(shell: Shell) -> None:
    answer = shell("today", "--zone", "Paris")
    assert answer.code == 1
    assert "Europe/Paris" in answer.err

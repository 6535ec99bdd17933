"""The morning sheet: the right posts on the right day, and everything that needs care."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem
from handbill.models import Post, Review
from handbill.services import morning
from handbill.services.morning import Sheet
from handbill.store import accounts, standing
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Hands,
    add_account,
    add_in,
    add_post,
    add_review,
    get,
    image_row,
    make_desk,
    overwrite,
)

PARIS = ZoneInfo("Europe/Paris")
#: The first instant of the next day in Paris.
MIDNIGHT = NOW + 12 * HOUR


def sheet(engine: Engine, asked: str | None = None, zone: ZoneInfo = PARIS) -> Sheet:
    return morning.sheet(make_desk(engine), zone, asked)


def numbers(entries: object) -> list[int]:
    assert isinstance(entries, list)
    return [entry.post.id for entry in entries]


def test_a_day_begins_and_ends_at_midnight_in_its_zone(engine: Engine) -> None:
    last = add_post(engine, at=MIDNIGHT - SECOND)
    next_day = add_post(engine, at=MIDNIGHT)
    assert numbers(sheet(engine).leaving) == [last]
    assert numbers(sheet(engine, "tomorrow").leaving) == [next_day]
    assert numbers(sheet(engine, zone=ZoneInfo("America/New_York")).leaving) == [last, next_day]


def test_posts_come_in_the_order_of_their_times(engine: Engine) -> None:
    late, early = add_post(engine, at=NOW + 3 * HOUR), add_post(engine, at=NOW + HOUR)
    assert numbers(sheet(engine).leaving) == [early, late]


@pytest.mark.parametrize("words", ["2026-11-21", "sat", "tomorrow", "21 Nov 2026"])
def test_another_day_is_asked_for_in_words(engine: Engine, words: str) -> None:
    assert sheet(engine, words).day == (NOW + DAY).date()


@pytest.mark.parametrize("words", ["", "someday", "2026-13-01", "fri 18:30"])
def test_what_is_no_day_is_refused(engine: Engine, words: str) -> None:
    with pytest.raises(InputProblem):
        sheet(engine, words)


def test_each_post_stands_in_one_place(engine: Engine) -> None:
    draft = add_post(engine, add_account(engine, "sol"), at=NOW + HOUR, draft=True)
    add_post(engine, add_account(engine, "mo"), at=None, draft=True)
    out, held = add_in(engine, Status.PUBLISHED), add_in(engine, Status.IN_DOUBT)
    given_up = add_in(engine, Status.CANCELLED)
    found = sheet(engine)
    assert (numbers(found.drafts), numbers(found.out)) == ([draft], [out])
    assert numbers(found.held) == [held]
    assert given_up not in numbers(found.leaving)


def test_what_needs_eyes_is_told_whatever_its_day(engine: Engine) -> None:
    missed = add_in(engine, Status.MISSED, at=NOW - 3 * DAY)
    assert numbers(sheet(engine).held) == [missed]


def test_prices_are_added_up_as_far_as_they_are_known(engine: Engine) -> None:
    for price in (Decimal("0.015"), Decimal("0.2"), None):
        number = add_post(engine, at=NOW + HOUR)
        overwrite(engine, Post, number, price=price)
    assert sheet(engine).price == Decimal("0.215")


def test_an_embargo_is_marked_until_it_lifts(engine: Engine) -> None:
    number = add_post(engine, at=NOW + 2 * HOUR)
    overwrite(engine, Post, number, embargo_until=NOW + HOUR, embargo_zone="UTC")
    clock = Hands()
    desk = make_desk(engine, clock)
    before = morning.sheet(desk, PARIS)
    assert before.embargoed(before.leaving[0])
    clock.forward(HOUR)
    after = morning.sheet(desk, PARIS)
    assert not after.embargoed(after.leaving[0])


def test_a_picture_without_words_needs_care(engine: Engine) -> None:
    add_post(engine, at=NOW + HOUR, images=[image_row(alt=" ")])
    found = sheet(engine)
    assert morning.lacking_alt(found.leaving[0]) == 1
    assert found.needs_care


def test_a_day_with_nothing_odd_needs_no_care(engine: Engine) -> None:
    add_post(engine, at=NOW + HOUR, images=[image_row()])
    assert not sheet(engine).needs_care


def test_pauses_rests_and_drafts_of_reviews_are_told(engine: Engine) -> None:
    add_account(engine, "ines")
    sol = add_account(engine, "sol")
    accounts.pause(engine, "ines", "No credits.", None, NOW)
    overwrite(engine, type(sol), sol.id or 0, rest_until=NOW + 5 * MINUTE)
    standing.put(engine, standing.PAUSE, "A death.", NOW)
    review = add_review(engine)
    overwrite(engine, Review, review.id or 0, draft=True)
    found = sheet(engine)
    assert [account.name for account in found.paused] == ["ines"]
    assert [account.name for account in found.resting] == ["sol"]
    assert found.pause is not None
    assert found.unread == [review.slug]


def test_the_day_on_which_the_clocks_go_back_has_twenty_five_hours(engine: Engine) -> None:
    begins = NOW.replace(month=10, day=24, hour=22, minute=0)  # midnight of the 25th in Paris
    inside = [add_post(engine, at=begins + timedelta(hours=n)) for n in (0, 24)]
    outside = add_post(engine, at=begins + timedelta(hours=25))
    desk = make_desk(engine, Hands(begins + HOUR))
    found = morning.sheet(desk, PARIS)
    assert numbers(found.leaving) == inside
    assert get(engine, outside).post.id not in numbers(found.leaving)


def test_a_post_that_an_embargo_holds_is_on_the_sheet_of_the_day_on_which_it_lifts(
    engine: Engine,
) -> None:
    number = add_post(engine, at=NOW + HOUR, limit=9 * DAY)
    overwrite(engine, Post, number, not_before=NOW + 3 * DAY, embargo_until=NOW + 3 * DAY)
    assert numbers(sheet(engine).leaving) == []
    assert numbers(sheet(engine, "2026-11-23").leaving) == [number]
    assert numbers(sheet(engine, "2026-11-24").leaving) == []

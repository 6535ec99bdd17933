"""Works and their dates: when a date moves, all posts that hang on it move with it, or none."""

from datetime import UTC, date, datetime

import pytest

from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem, NotFound, TooLate
from handbill.inputs import TimeIn
from handbill.models import Account, Post, Review
from handbill.services import anchors, works
from handbill.services.desk import Desk
from handbill.services.works import Change
from handbill.store import posts
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    Hands,
    add_account,
    add_in,
    add_review,
    get,
    overwrite,
    set_embargo,
)


@pytest.fixture
def review(desk: Desk) -> Review:
    return add_review(desk.engine)


@pytest.fixture
def account(desk: Desk) -> Account:
    return add_account(desk.engine)


def plan(desk: Desk, at: str | None, name: str = "wide", zone: str | None = None) -> Change:
    asked = None if at is None else TimeIn(at=at, zone=zone)
    return works.plan(desk, "Skerry Light", name, asked)


def put(desk: Desk, at: str | None, name: str = "wide", zone: str | None = None) -> Change:
    change = plan(desk, at, name, zone)
    works.keep(desk, change)
    return change


def hanging(
    desk: Desk,
    account: Account,
    review: Review,
    anchor: str,
    at: datetime,
    status: Status = Status.QUEUED,
) -> int:
    number = add_in(desk.engine, status, account=account, review=review, at=at)
    overwrite(desk.engine, Post, number, anchor=anchor, zone=account.zone)
    return number


def due(desk: Desk, number: int) -> str:
    """The promise in words, in UTC."""
    moment = get(desk.engine, number).post.due_at
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


# Works


def test_a_work_that_a_review_names_is_known_by_title_and_slug(desk: Desk, review: Review) -> None:
    for name in ("Skerry Light", "skerry light", "skerry-light"):
        known = works.get(desk, name)
        assert (known.work.title, known.work.slug) == ("Skerry Light", "skerry-light")
        assert [one.slug for one in known.reviews] == [review.slug]
    assert len(works.listing(desk)) == 1


def test_a_work_without_a_review_is_added_and_later_reviews_are_put_to_it(desk: Desk) -> None:
    works.add(desk, "  Skerry   Light ")
    add_review(desk.engine)
    assert [one.slug for one in works.get(desk, "skerry-light").reviews] == ["skerry-light"]


@pytest.mark.parametrize("title", ["skerry light", "Skerry: Light"])
def test_a_work_is_added_once(desk: Desk, title: str) -> None:
    works.add(desk, "Skerry Light")
    with pytest.raises(InputProblem, match="already a work"):
        works.add(desk, title)


def test_a_work_that_nobody_named_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no work called Skerry, and no review of it") as problem:
        works.get(desk, "Skerry")
    assert "handbill work add 'Skerry'" in problem.value.cure


# Dates


def test_a_date_is_a_day_or_an_instant_in_its_zone(desk: Desk, review: Review) -> None:
    put(desk, "2017-10-12")
    put(desk, "2017-09-21 18:00", "festival", "America/Chicago")
    festival, wide = works.get(desk, "skerry-light").dates
    assert (wide.day, wide.at) == (date(2017, 10, 12), None)
    assert festival.at == datetime(2017, 9, 21, 23, 0, tzinfo=UTC)
    assert (festival.wall, festival.zone) == ("2017-09-21 18:00", "America/Chicago")


def test_a_date_takes_the_place_of_the_one_before(desk: Desk, review: Review) -> None:
    put(desk, "2017-10-12")
    put(desk, "2017-10-13 18:00", zone="Europe/Paris")
    (wide,) = works.get(desk, "skerry-light").dates
    assert (wide.day, wide.zone) == (None, "Europe/Paris")
    put(desk, None)
    assert works.get(desk, "skerry-light").dates == []


@pytest.mark.parametrize(
    ("name", "at", "says"),
    [
        ("embargo", "2017-10-12", "cannot be the name"),
        ("release", "2017-10-12", "cannot be the name"),
        ("monday", "2017-10-12", "cannot be the name"),
        ("now", "2017-10-12", "cannot be the name"),
        ("wide!", "2017-10-12", "cannot be the name"),
        ("w", "2017-10-12", "cannot be the name"),
        ("wide", "2017-10-12 18:00", "the zone is missing"),
        ("wide", "2017-02-30", "the zone is missing"),
        ("wide", "someday", "the zone is missing"),
    ],
)
def test_what_cannot_be_a_date_is_refused(
    desk: Desk, review: Review, name: str, at: str, says: str
) -> None:
    with pytest.raises(InputProblem, match=says):
        plan(desk, at, name)


def test_an_instant_that_the_clocks_skip_is_refused(desk: Desk, review: Review) -> None:
    with pytest.raises(InputProblem, match="does not exist"):
        plan(desk, "2027-03-28 02:30", zone="Europe/Paris")


def test_a_date_that_is_not_there_cannot_be_taken_away(desk: Desk, review: Review) -> None:
    with pytest.raises(NotFound, match="no date called wide"):
        plan(desk, None)


def test_the_names_in_offsets_stand_for_the_dates_the_review_and_its_embargoes(
    desk: Desk, review: Review
) -> None:
    put(desk, "2026-12-01")
    overwrite(desk.engine, Review, review.id or 0, published_on=date(2026, 11, 30))
    set_embargo(desk.engine, review, NOW + DAY)
    found = anchors.of(desk, works.get(desk, "skerry-light").reviews[0])
    assert found == {
        "wide": date(2026, 12, 1),
        "published": date(2026, 11, 30),
        "embargo": NOW + DAY,
    }


# What moves


def test_planning_moves_nothing_and_keeping_moves_all_that_hangs_on_the_date(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    eve = hanging(desk, account, review, "wide-1d 18:00", datetime(2026, 12, 3, 17, tzinfo=UTC))
    draft = hanging(
        desk, account, review, "release+2d 09:30",
        datetime(2026, 12, 6, 8, 30, tzinfo=UTC), Status.DRAFT,
    )  # fmt: skip
    other = hanging(desk, account, review, "streaming+0 09:00", NOW + DAY)
    free = add_in(desk.engine, Status.QUEUED, account=account, review=review, at=NOW + DAY)
    change = plan(desk, "2026-12-11")
    assert {one.entry.post.id for one in change.diff.moves} == {eve, draft}
    assert due(desk, eve) == "2026-12-03 17:00"
    before = {number: get(desk.engine, number).post for number in (other, free)}
    works.keep(desk, change)
    assert (due(desk, eve), due(desk, draft)) == ("2026-12-10 17:00", "2026-12-13 08:30")
    post = get(desk.engine, eve).post
    assert (post.due_wall, post.zone, post.revision) == ("2026-12-10 18:00", "Europe/Paris", 2)
    assert post.no_later_than == datetime(2026, 12, 10, 18, 0, tzinfo=UTC)
    assert {number: get(desk.engine, number).post for number in (other, free)} == before
    assert plan(desk, "2026-12-11").diff.moves == [], "it moves once"


def test_across_a_change_of_the_clocks_the_wall_clock_is_kept(
    desk: Desk, review: Review, account: Account, hands: Hands
) -> None:
    hands.now = datetime(2026, 10, 1, tzinfo=UTC)
    put(desk, "2026-10-24")
    summer = datetime(2026, 10, 24, 7, 30, tzinfo=UTC)
    number = hanging(desk, account, review, "wide+0 09:30", summer)
    put(desk, "2026-10-26")
    post = get(desk.engine, number).post
    assert (due(desk, number), post.due_wall) == ("2026-10-26 08:30", "2026-10-26 09:30")


def test_each_account_has_its_own_clock(desk: Desk, review: Review, account: Account) -> None:
    sol = add_account(desk.engine, "sol", zone="America/New_York")
    put(desk, "2026-12-04")
    mine = hanging(desk, account, review, "wide+0 09:00", NOW + DAY)
    other = hanging(desk, sol, review, "wide+0 09:00", NOW + DAY)
    put(desk, "2026-12-11")
    assert (due(desk, mine), due(desk, other)) == ("2026-12-11 08:00", "2026-12-11 14:00")


def test_a_post_moves_on_the_clocks_that_the_person_named(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    number = hanging(desk, account, review, "wide+0 09:00", NOW + DAY)
    overwrite(desk.engine, Post, number, zone="Asia/Tokyo")
    put(desk, "2026-12-11")
    post = get(desk.engine, number).post
    assert (due(desk, number), post.zone) == ("2026-12-11 00:00", "Asia/Tokyo")


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.IN_DOUBT, Status.PUBLISHED])
def test_what_is_out_in_doubt_or_under_way_stays_and_is_told(
    desk: Desk, review: Review, account: Account, status: Status
) -> None:
    put(desk, "2026-11-20")
    number = hanging(desk, account, review, "wide+0 12:00", NOW, status)
    before = get(desk.engine, number).post
    change = put(desk, "2026-12-11")
    assert [one.post.id for one in change.diff.stay] == [number]
    assert get(desk.engine, number).post == before


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED])
def test_what_is_over_is_not_spoken_of(
    desk: Desk, review: Review, account: Account, status: Status
) -> None:
    put(desk, "2026-11-20")
    number = hanging(desk, account, review, "wide+0 12:00", NOW, status)
    diff = put(desk, "2026-12-11").diff
    assert (diff.moves, diff.stay, diff.loose) == ([], [], [])
    assert due(desk, number) == "2026-11-20 11:00"


def test_what_loses_its_date_keeps_its_time_and_is_told(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    number = hanging(desk, account, review, "wide+0 09:00", NOW + DAY)
    change = put(desk, None)
    assert [(entry.post.id, "not known" in why) for entry, why in change.diff.loose] == [
        (number, True)
    ]
    assert get(desk.engine, number).post.due_at == NOW + DAY


@pytest.mark.parametrize("at", ["2026-12-11", None])
def test_a_slot_chosen_by_the_date_stays_and_is_told(
    desk: Desk, review: Review, account: Account, at: str | None
) -> None:
    put(desk, "2026-12-04")
    number = hanging(desk, account, review, "slot after wide+2d", NOW + DAY)
    hanging(desk, account, review, "slot", NOW + DAY)
    hanging(desk, account, review, "slot after wide+2d", NOW, Status.PUBLISHED)
    ((entry, why),) = put(desk, at).diff.loose
    assert entry.post.id == number
    assert f"Apply its plan again, or give it a time: handbill queue reschedule {number}" in why
    assert get(desk.engine, number).post.due_at == NOW + DAY


def test_a_queued_post_that_would_be_past_moves_nothing(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    number = hanging(desk, account, review, "wide-1d 18:00", NOW + DAY)
    hanging(desk, account, review, "wide+9d 18:00", NOW + DAY)
    with pytest.raises(InputProblem, match=rf"Post #{number} .*which is past"):
        plan(desk, "2026-11-20")


def test_a_post_that_hangs_on_a_skipped_hour_moves_nothing(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2027-03-20")
    number = hanging(desk, account, review, "wide+0 02:30", NOW + DAY)
    with pytest.raises(InputProblem, match=rf"Post #{number}: .* does not exist"):
        plan(desk, "2027-03-28")


def test_when_one_has_changed_since_it_was_shown_nothing_moves(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    one = hanging(desk, account, review, "wide+0 09:00", NOW + DAY)
    two = hanging(desk, account, review, "wide+0 10:00", NOW + DAY)
    change = plan(desk, "2026-12-11")
    posts.change(desk.engine, two, posts.edit("Other words.", None))
    with pytest.raises(TooLate, match=f"#{two} has changed"):
        works.keep(desk, change)
    assert get(desk.engine, one).post.due_at == NOW + DAY
    assert works.get(desk, "skerry-light").dates[0].day == date(2026, 12, 4)


def test_when_another_post_came_since_it_was_shown_nothing_moves(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    one = hanging(desk, account, review, "wide+0 09:00", NOW + DAY)
    change = plan(desk, "2026-12-11")
    two = hanging(desk, account, review, "release+0 10:00", NOW + DAY)
    with pytest.raises(TooLate, match=f"#{two} has changed"):
        works.keep(desk, change)
    assert get(desk.engine, one).post.due_at == NOW + DAY
    assert works.get(desk, "skerry-light").dates[0].day == date(2026, 12, 4)
    put(desk, "2026-12-11")
    put(desk, "2026-12-11")


def test_what_moves_before_an_embargo_lifts_is_held_by_it(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04")
    lift = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)
    number = hanging(desk, account, review, "wide+0 09:00", NOW + 14 * DAY)
    set_embargo(desk.engine, review, lift)
    put(desk, "2026-12-01")
    post = get(desk.engine, number).post
    assert (due(desk, number), post.not_before) == ("2026-12-01 08:00", lift)


def test_a_moved_instant_moves_what_hangs_on_it_by_hours(
    desk: Desk, review: Review, account: Account
) -> None:
    put(desk, "2026-12-04 18:00", "festival", "America/Chicago")
    number = hanging(desk, account, review, "festival+3h", NOW + DAY)
    put(desk, "2026-12-04 21:00", "festival", "America/Chicago")
    assert due(desk, number) == "2026-12-05 06:00"


def test_posts_about_another_work_stay(desk: Desk, review: Review, account: Account) -> None:
    other = add_review(desk.engine, "other", work="Another Light")
    put(desk, "2026-12-04")
    number = hanging(desk, account, other, "wide+0 09:00", NOW + HOUR)
    assert plan(desk, "2026-12-11").diff.moves == []
    assert get(desk.engine, number).post.due_at == NOW + HOUR


# What no post may give away


def test_words_that_give_something_away_are_kept_in_order_and_once(
    desk: Desk, review: Review
) -> None:
    known = works.set_spoilers(desk, "Skerry Light", ["the  twist", "Ana", "the twist"])
    assert known.work.spoilers == ["the twist", "Ana"]
    assert works.set_spoilers(desk, "Skerry Light", []).work.spoilers == []
    with pytest.raises(InputProblem, match="empty"):
        works.set_spoilers(desk, "Skerry Light", [" "])

"""What is told of posts: what waits, what became of them, and what needs eyes."""

import json
from datetime import UTC, datetime

import pytest

from handbill.domain.lateness import MOMENT
from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import Receipt
from handbill.errors import InputProblem, NotFound
from handbill.services import history
from handbill.services.desk import Desk
from handbill.services.history import Filter
from handbill.store import doubts, records
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
    attempt,
    busy,
    claim_one,
    get,
    image_row,
    not_sent,
    receipt,
    refused,
    unauthorized,
    unknown,
)

POST_KEYS = {
    "id", "status", "account", "network", "review", "due_at", "zone", "no_later_than",
    "published_at", "late_s", "url", "attention", "price", "parts", "attempts", "kind", "embargo",
}  # fmt: skip
PART_KEYS = {"position", "text", "url", "remote_id", "images"}
ATTEMPT_KEYS = {"started_at", "armed_at", "ended_at", "outcome", "resolution", "detail"}


# As JSON


@pytest.mark.parametrize("status", list(Status))
def test_a_post_has_the_same_keys_in_every_status(desk: Desk, status: Status) -> None:
    shown = history.as_json(get(desk.engine, add_in(desk.engine, status)))
    assert set(shown) == POST_KEYS
    assert all(set(part) == PART_KEYS for part in shown["parts"])
    assert all(set(one) == ATTEMPT_KEYS for one in shown["attempts"])
    assert shown["status"] == status.value
    assert json.loads(json.dumps(shown)) == shown


def test_a_published_post_as_json(desk: Desk) -> None:
    engine = desk.engine
    post_id = add_post(engine, review=add_review(engine), images=[image_row()])
    claim = claim_one(engine)
    records.record(engine, claim, receipt("1001"), NOW + 250 * MINUTE / 60_000)
    shown = history.as_json(get(engine, post_id))
    assert shown == {
        "id": post_id,
        "status": "published",
        "account": "ines",
        "network": "x",
        "review": "skerry-light",
        "due_at": "2026-11-20T11:00:00.000Z",
        "zone": "Europe/Paris",
        "no_later_than": "2026-11-20T12:00:00.000Z",
        "published_at": "2026-11-20T11:00:00.250Z",
        "late_s": 0.25,
        "kind": "review",
        "embargo": None,
        "url": "https://x.test/ines/status/1001",
        "attention": None,
        "price": None,
        "parts": [
            {
                "position": 1,
                "text": "See it.",
                "url": "https://x.test/ines/status/1001",
                "remote_id": "1001",
                "images": [image_row()],
            }
        ],
        "attempts": [
            {
                "started_at": "2026-11-20T11:00:00.000Z",
                "armed_at": None,
                "ended_at": "2026-11-20T11:00:00.250Z",
                "outcome": "receipt",
                "resolution": None,
                "detail": "",
            }
        ],
    }


def test_a_draft_without_a_time_as_json(desk: Desk) -> None:
    post_id = add_post(desk.engine, at=None, draft=True)
    shown = history.as_json(get(desk.engine, post_id))
    for key in ("due_at", "no_later_than", "published_at", "late_s", "url", "review", "attention"):
        assert shown[key] is None
    assert shown["attempts"] == []


def test_a_post_in_doubt_as_json(desk: Desk) -> None:
    engine = desk.engine
    post_id = add_post(engine)
    attempt(engine, unknown("The line broke."))
    doubts.judge(engine, post_id, Receipt("", "", "Confirmed by hand."), NOW + HOUR)
    shown = history.as_json(get(engine, post_id))
    (tried,) = shown["attempts"]
    assert (tried["outcome"], tried["resolution"]) == ("unknown", "confirmed")
    assert (tried["detail"], tried["armed_at"]) == ("The line broke.", "2026-11-20T11:00:00.000Z")
    assert (shown["url"], shown["parts"][0]["remote_id"]) == (None, None)


def test_an_instant_is_shown_in_utc_with_z() -> None:
    assert (
        history.utc(datetime(2026, 3, 1, 9, 5, 7, 1999, tzinfo=UTC)) == "2026-03-01T09:05:07.001Z"
    )
    assert history.utc(None) is None


# What became of posts


def test_history_shows_what_is_over_or_waits_for_a_person(desk: Desk) -> None:
    numbers = {status: add_in(desk.engine, status, at=NOW) for status in history.ENDED}
    for status in history.WAITING:
        add_in(desk.engine, status, at=NOW + DAY)
    shown = {entry.post.id for entry in history.history(desk, Filter())}
    assert shown == set(numbers.values())


def test_history_is_newest_first_and_only_so_long(desk: Desk) -> None:
    numbers = [add_in(desk.engine, Status.PUBLISHED, at=NOW + n * SECOND) for n in range(5)]
    shown = [entry.post.id for entry in history.history(desk, Filter(limit=3))]
    assert shown == numbers[:1:-1]


def test_history_can_be_narrowed(desk: Desk) -> None:
    engine = desk.engine
    sol, review = add_account(engine, "sol"), add_review(engine)
    about = add_in(engine, Status.FAILED, review=review)
    other = add_in(engine, Status.FAILED, account=sol, at=NOW + HOUR)

    def numbers(chosen: Filter) -> list[int | None]:
        return [entry.post.id for entry in history.history(desk, chosen)]

    assert numbers(Filter(account="sol")) == [other]
    assert numbers(Filter(review="skerry-light")) == [about]
    assert numbers(Filter(since=NOW + MINUTE)) == [other]
    assert numbers(Filter(until=NOW + MINUTE)) == [about]
    assert numbers(Filter(statuses=[Status.MISSED])) == []


def test_the_history_of_an_unknown_account_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        history.history(desk, Filter(account="nobody"))
    with pytest.raises(NotFound):
        history.queue(desk, "nobody")


def test_the_history_of_an_unknown_review_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        history.history(desk, Filter(review="nothing"))


def test_the_queue_shows_what_waits_soonest_first(desk: Desk) -> None:
    later = add_post(desk.engine, at=NOW + DAY)
    for status in history.ENDED:
        add_in(desk.engine, status)
    soon = add_post(desk.engine)
    assert [entry.post.id for entry in history.queue(desk, None)] == [soon, later]


# Boundaries in words


@pytest.mark.parametrize(
    ("text", "account", "expected"),
    [
        ("2026-11-27", None, datetime(2026, 11, 27, tzinfo=UTC)),
        ("2026-11-27", "ines", datetime(2026, 11, 26, 23, tzinfo=UTC)),
        (" 2026-11-27 18:30 ", "ines", datetime(2026, 11, 27, 17, 30, tzinfo=UTC)),
        ("2026-11-27T18:30Z", "ines", datetime(2026, 11, 27, 18, 30, tzinfo=UTC)),
        ("2025-01-01 10:00", None, datetime(2025, 1, 1, 10, tzinfo=UTC)),
        ("now", None, NOW),
    ],
)
def test_a_boundary_is_read_in_the_accounts_zone_or_else_in_utc(
    desk: Desk, text: str, account: str | None, expected: datetime
) -> None:
    add_account(desk.engine)
    assert history.boundary(desk, text, account) == expected


def test_no_boundary_is_none(desk: Desk) -> None:
    assert history.boundary(desk, None, None) is None


@pytest.mark.parametrize("text", ["", "whenever", "2026-13-01", "2026-02-30"])
def test_a_boundary_that_is_no_time_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(InputProblem):
        history.boundary(desk, text, None)


@pytest.mark.parametrize(
    ("zone", "day", "began"),
    [
        ("Africa/Cairo", "2026-04-24", datetime(2026, 4, 23, 22, tzinfo=UTC)),  # skipped
        ("America/Havana", "2026-11-01", datetime(2026, 11, 1, 4, tzinfo=UTC)),  # doubled
    ],
)
def test_a_day_begins_even_where_the_clocks_change_at_midnight(
    desk: Desk, zone: str, day: str, began: datetime
) -> None:
    add_account(desk.engine, "sol", zone=zone)
    assert history.boundary(desk, day, "sol") == began


# What needs eyes


def test_an_empty_queue_needs_no_eyes(desk: Desk) -> None:
    state = history.state(desk)
    assert not state.needs_eyes
    assert (state.counts, state.next_up, state.late, state.eyes) == ({}, [], [], [])


@pytest.mark.parametrize("status", [Status.MISSED, Status.FAILED, Status.IN_DOUBT])
def test_a_post_that_waits_for_a_person_needs_eyes(desk: Desk, status: Status) -> None:
    number = add_in(desk.engine, status)
    state = history.state(desk)
    assert state.needs_eyes
    assert [entry.post.id for entry in state.eyes] == [number]
    assert state.counts == {status: 1}


@pytest.mark.parametrize(
    "status", [Status.DRAFT, Status.QUEUED, Status.PUBLISHED, Status.CANCELLED]
)
def test_a_post_that_goes_its_way_needs_none(desk: Desk, status: Status) -> None:
    add_in(desk.engine, status)
    assert not history.state(desk).needs_eyes


def test_a_paused_account_needs_eyes(desk: Desk) -> None:
    add_post(desk.engine)
    attempt(desk.engine, unauthorized())
    state = history.state(desk)
    assert [account.name for account in state.paused] == ["ines"]
    assert state.needs_eyes


def test_a_resting_account_is_told_and_needs_no_eyes(desk: Desk, hands: Hands) -> None:
    add_post(desk.engine)
    attempt(desk.engine, busy(NOW + HOUR))
    state = history.state(desk)
    assert [account.name for account in state.resting] == ["ines"]
    assert not state.needs_eyes
    hands.forward(HOUR)
    assert history.state(desk).resting == []


def test_a_post_that_should_have_left_is_late_and_needs_eyes(desk: Desk, hands: Hands) -> None:
    number = add_post(desk.engine)
    hands.forward(MINUTE)
    state = history.state(desk)
    assert [entry.post.id for entry in state.late] == [number]
    assert state.needs_eyes


def test_a_post_that_is_due_this_moment_is_not_late_yet(desk: Desk, hands: Hands) -> None:
    add_post(desk.engine)
    hands.forward(MOMENT)
    assert not history.state(desk).needs_eyes


def test_a_post_whose_account_rests_is_not_late(desk: Desk, hands: Hands) -> None:
    add_post(desk.engine)
    attempt(desk.engine, busy(NOW + HOUR))
    hands.forward(30 * MINUTE)
    assert not history.state(desk).needs_eyes


def test_a_retry_that_waits_its_turn_is_not_late(desk: Desk, hands: Hands) -> None:
    add_post(desk.engine)
    attempt(desk.engine, not_sent())
    hands.forward(SECOND)
    assert history.state(desk).late == []


def test_the_next_five_are_told(desk: Desk) -> None:
    numbers = [add_post(desk.engine, at=NOW + n * HOUR) for n in range(1, 8)]
    attempt(desk.engine, refused(), NOW + HOUR)
    shown = [entry.post.id for entry in history.state(desk).next_up]
    assert shown == numbers[1:6]

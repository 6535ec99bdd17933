"""Rows of posts: what a person can do with one, and how they are read."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from handbill.domain.lifecycle import EDITABLE, Status
from handbill.domain.outcomes import Outcome
from handbill.errors import NotFound, TooLate
from handbill.models import Post
from handbill.store import listings, posts
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
    busy,
    claim_one,
    get,
    image_row,
    new_post,
    not_sent,
    receipt,
    refused,
    status_of,
    timing,
)

Act = Callable[[Session, Post], None]
ACTS: dict[str, Act] = {
    "edit": posts.edit("Other words.", None),
    "reschedule": posts.reschedule(timing(NOW + DAY)),
    "cancel": posts.cancel,
    "unqueue": posts.unqueue,
    "approve": posts.approve,
}
#: Where each verb is possible, and what it leads to.
ALLOWED = {
    **{("edit", status): status for status in EDITABLE},
    **{("reschedule", status): Status.QUEUED for status in EDITABLE},
    ("reschedule", Status.DRAFT): Status.DRAFT,
    ("cancel", Status.DRAFT): Status.CANCELLED,
    ("cancel", Status.QUEUED): Status.CANCELLED,
    ("cancel", Status.MISSED): Status.CANCELLED,
    ("cancel", Status.FAILED): Status.CANCELLED,
    ("unqueue", Status.QUEUED): Status.DRAFT,
    ("approve", Status.DRAFT): Status.QUEUED,
}


def change(engine: Engine, post_id: int, act: Act) -> None:
    posts.change(engine, post_id, act)


# A person's verbs


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", list(Status))
def test_a_persons_verb_works_exactly_where_it_is_allowed(
    lite: Engine, name: str, status: Status
) -> None:
    post_id = add_in(lite, status)
    before = get(lite, post_id)
    after = ALLOWED.get((name, status))
    if after is None:
        with pytest.raises(TooLate) as problem:
            change(lite, post_id, ACTS[name])
        assert f"#{post_id}" in problem.value.says
        assert get(lite, post_id) == before
    else:
        change(lite, post_id, ACTS[name])
        assert status_of(lite, post_id) is after


def test_too_late_while_publishing_says_to_look_again(engine: Engine) -> None:
    post_id = add_in(engine, Status.PUBLISHING)
    with pytest.raises(TooLate) as problem:
        change(engine, post_id, posts.cancel)
    assert f"handbill queue show {post_id}" in problem.value.cure


def test_too_late_while_in_doubt_asks_for_a_persons_word_first(engine: Engine) -> None:
    post_id = add_in(engine, Status.IN_DOUBT)
    with pytest.raises(TooLate) as problem:
        change(engine, post_id, posts.cancel)
    assert f"handbill queue confirm {post_id}" in problem.value.cure
    assert f"handbill queue deny {post_id}" in problem.value.cure


@pytest.mark.parametrize("name", ACTS)
def test_a_post_that_does_not_exist_is_not_found(engine: Engine, name: str) -> None:
    with pytest.raises(NotFound) as problem:
        change(engine, 99, ACTS[name])
    assert "#99" in problem.value.says


def test_an_edit_is_a_new_revision(engine: Engine) -> None:
    post_id = add_post(engine, images=[image_row()])
    change(engine, post_id, posts.edit("Other words.", None))
    entry = get(engine, post_id)
    assert (entry.parts[0].text, entry.parts[0].images) == ("Other words.", [image_row()])
    assert entry.post.revision == 2


def test_an_edit_of_the_pictures_keeps_the_text(engine: Engine) -> None:
    post_id = add_post(engine, images=[image_row()])
    change(engine, post_id, posts.edit(None, []))
    entry = get(engine, post_id)
    assert (entry.parts[0].text, entry.parts[0].images) == ("See it.", [])
    assert entry.post.revision == 2


def test_an_edit_changes_the_first_part_that_is_not_out(engine: Engine) -> None:
    post_id = add_post(engine, text="One.", more=["Two."])
    attempt(engine, receipt("1001"))
    change(engine, post_id, posts.edit("Other words.", None))
    assert [part.text for part in get(engine, post_id).parts] == ["One.", "Other words."]


def test_an_edit_leaves_a_failed_post_failed_with_its_reason(engine: Engine) -> None:
    post_id = add_in(engine, Status.FAILED)
    change(engine, post_id, posts.edit("Other words.", None))
    entry = get(engine, post_id)
    assert entry.post.status is Status.FAILED
    assert entry.post.attention


@pytest.mark.parametrize("status", [Status.MISSED, Status.FAILED])
def test_a_new_time_queues_a_missed_or_failed_post_again(engine: Engine, status: Status) -> None:
    post_id = add_in(engine, status)
    change(engine, post_id, posts.reschedule(timing(NOW + DAY, HOUR, "Asia/Tokyo")))
    post = get(engine, post_id).post
    assert (post.status, post.attention) == (Status.QUEUED, None)
    assert (post.due_at, post.not_before, post.no_later_than) == (
        NOW + DAY,
        NOW + DAY,
        NOW + DAY + HOUR,
    )
    assert (post.due_wall, post.zone) == ("2026-11-21 11:00", "Asia/Tokyo")


def test_a_new_time_is_a_new_revision_and_forgets_the_wait_of_a_retry(engine: Engine) -> None:
    post_id = add_post(engine)
    attempt(engine, not_sent())
    change(engine, post_id, posts.reschedule(timing(NOW)))
    post = get(engine, post_id).post
    assert (post.revision, post.not_before) == (2, NOW)


def test_a_draft_without_a_time_cannot_be_approved_and_the_answer_says_how(engine: Engine) -> None:
    post_id = add_post(engine, at=None, draft=True)
    with pytest.raises(TooLate) as problem:
        change(engine, post_id, posts.approve)
    assert f"handbill queue reschedule {post_id}" in problem.value.cure
    assert status_of(engine, post_id) is Status.DRAFT


def test_a_draft_that_gets_a_time_stays_a_draft_until_it_is_approved(engine: Engine) -> None:
    post_id = add_post(engine, at=None, draft=True)
    change(engine, post_id, posts.reschedule(timing(NOW)))
    assert status_of(engine, post_id) is Status.DRAFT
    change(engine, post_id, posts.approve)
    assert claim_one(engine).post_id == post_id


def test_a_cancelled_post_needs_nobodys_eyes(engine: Engine) -> None:
    post_id = add_in(engine, Status.FAILED)
    change(engine, post_id, posts.cancel)
    assert get(engine, post_id).post.attention is None
    assert listings.needing_eyes(engine) == []


# Writing


def test_posts_are_written_all_or_none(engine: Engine) -> None:
    account = add_account(engine)
    good = new_post(account)
    bad = posts.NewPost(999, None, "UTC", timing(), [("No such account.", [])], False)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        posts.add(engine, [good, bad], NOW)
    assert listings.queue(engine, list(Status), None) == []


def test_a_new_post_is_as_given(engine: Engine) -> None:
    account, review = add_account(engine), add_review(engine)
    one = new_post(
        account, "One.", more=["Two."], images=[image_row()], review=review, limit=2 * HOUR
    )
    (post_id,) = posts.add(engine, [one], NOW - DAY)
    entry = get(engine, post_id)
    assert entry.post.status is Status.QUEUED
    assert (entry.post.due_at, entry.post.not_before) == (NOW, NOW)
    assert entry.post.no_later_than == NOW + 2 * HOUR
    assert (entry.post.revision, entry.post.fence, entry.post.created_at) == (1, 0, NOW - DAY)
    assert entry.review is not None
    assert entry.review.slug == "skerry-light"
    assert [(part.position, part.text) for part in entry.parts] == [(1, "One."), (2, "Two.")]
    assert [part.images for part in entry.parts] == [[image_row()], []]
    assert entry.attempts == []


@pytest.mark.parametrize(
    "text",
    [
        "★★★½ (3.5/5)",
        "Ünïcødé 🎬👩‍🚀",
        "two\nlines\tand a tab",
        "'; DROP TABLE post; --",
        "x" * 10_000,
    ],
)
def test_a_text_comes_back_exactly(engine: Engine, text: str) -> None:
    assert get(engine, add_post(engine, text=text)).parts[0].text == text


def test_a_time_comes_back_to_the_microsecond(engine: Engine) -> None:
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=NOW.tzinfo)
    assert get(engine, add_post(engine, at=moment)).post.due_at == moment


# Reading


def test_the_queue_is_read_soonest_first_and_what_has_no_time_last(engine: Engine) -> None:
    later = add_post(engine, at=NOW + HOUR)
    undated = add_post(engine, at=None, draft=True)
    soon = add_post(engine, at=NOW)
    same = add_post(engine, at=NOW)
    found = listings.queue(engine, [Status.DRAFT, Status.QUEUED], None)
    assert [entry.post.id for entry in found] == [soon, same, later, undated]


def test_the_queue_can_be_read_for_one_account_one_status_and_only_so_far(engine: Engine) -> None:
    ines, sol = add_account(engine), add_account(engine, "sol")
    mine = [add_post(engine, ines, at=NOW + n * MINUTE) for n in range(3)]
    add_post(engine, sol)
    add_post(engine, ines, draft=True)
    found = listings.queue(engine, [Status.QUEUED], "ines")
    assert [entry.post.id for entry in found] == mine
    assert len(listings.queue(engine, [Status.QUEUED], None, limit=2)) == 2
    assert listings.queue(engine, [Status.QUEUED], "nobody") == []


def history(engine: Engine, **fields: object) -> list[int | None]:
    """The numbers that a look into the history shows."""
    asked: dict[str, object] = {
        "statuses": list(Status),
        "since": None,
        "until": None,
        "account": None,
        "review": None,
        "limit": None,
    }
    return [entry.post.id for entry in listings.history(engine, **{**asked, **fields})]  # type: ignore[arg-type]


def test_history_is_read_newest_first_by_going_out_or_else_by_being_due(engine: Engine) -> None:
    out_late = add_post(engine, at=NOW)
    attempt(engine, receipt("1001"), NOW + 30 * MINUTE)
    failed = add_post(engine, at=NOW + 10 * MINUTE)
    attempt(engine, refused(), NOW + 31 * MINUTE)
    undated = add_post(engine, at=None, draft=True)
    assert history(engine) == [out_late, failed, undated]


def test_history_can_be_read_for_a_stretch_of_time(engine: Engine) -> None:
    first, second, third = (add_post(engine, at=NOW + n * HOUR) for n in range(3))
    assert history(engine, since=NOW + HOUR) == [third, second]
    assert history(engine, until=NOW + HOUR) == [first]
    assert history(engine, since=NOW + HOUR, until=NOW + 2 * HOUR) == [second]


def test_history_can_be_read_by_account_review_status_and_only_so_far(engine: Engine) -> None:
    ines, sol, review = add_account(engine), add_account(engine, "sol"), add_review(engine)
    about = add_post(engine, ines, review=review)
    other = add_post(engine, sol)
    draft = add_post(engine, sol, draft=True)
    assert history(engine, account="sol") == [draft, other]
    assert history(engine, review="skerry-light") == [about]
    assert history(engine, statuses=[Status.DRAFT]) == [draft]
    assert history(engine, limit=1) == [draft]


def test_twelve_hundred_posts_are_read_with_all_that_belongs_to_them(lite: Engine) -> None:
    account = add_account(lite)
    many = [new_post(account, str(n), at=NOW + n * SECOND) for n in range(1200)]
    posts.add(lite, many, NOW)
    claim = attempt(lite, receipt("1001"))
    found = listings.queue(lite, list(Status), None)
    assert [entry.parts[0].text for entry in found] == [str(n) for n in range(1200)]
    assert [len(entry.attempts) for entry in found] == [1] + [0] * 1199
    assert claim.post_id == found[0].post.id
    assert len(history(lite)) == 1200


def test_what_is_overdue_is_what_should_have_left(engine: Engine) -> None:
    late = add_post(engine, at=NOW - MINUTE)
    add_post(engine, at=NOW + MINUTE)
    add_post(engine, at=NOW - MINUTE, draft=True)
    assert [entry.post.id for entry in listings.overdue(engine, NOW)] == [late]


def test_a_retry_that_waits_is_not_overdue(engine: Engine) -> None:
    add_post(engine)
    attempt(engine, not_sent(), NOW + SECOND)
    assert listings.overdue(engine, NOW + 2 * SECOND) == []


def test_a_post_whose_account_rests_is_not_overdue(engine: Engine) -> None:
    number = add_post(engine)
    attempt(engine, busy(NOW + HOUR))
    assert listings.overdue(engine, NOW + HOUR) == []
    assert [entry.post.id for entry in listings.overdue(engine, NOW + HOUR + SECOND)] == [number]


def test_what_needs_eyes_is_read_newest_first(engine: Engine) -> None:
    numbers = [add_in(engine, s) for s in (Status.FAILED, Status.MISSED, Status.IN_DOUBT)]
    add_post(engine)
    assert [entry.post.id for entry in listings.needing_eyes(engine)] == numbers[::-1]


def test_an_entry_lists_every_attempt_oldest_first(engine: Engine) -> None:
    post_id = add_post(engine, limit=DAY)
    tries: list[Outcome] = [not_sent(), not_sent("Again."), receipt()]
    for hour, outcome in enumerate(tries):
        attempt(engine, outcome, NOW + hour * HOUR)
    entry = get(engine, post_id)
    assert [one.outcome for one in entry.attempts] == ["not_sent", "not_sent", "receipt"]
    assert [one.detail for one in entry.attempts] == ["X could not be reached.", "Again.", ""]


def test_a_post_that_does_not_exist_cannot_be_shown(engine: Engine) -> None:
    with pytest.raises(NotFound) as problem:
        get(engine, 7)
    assert "queue list" in problem.value.cure

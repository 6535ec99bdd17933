"""What a text must say, and must not; where a picked quote stands; whether the review is there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from handbill.domain.disclosures import Disclosure
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import NOT_YET
from handbill.domain.spoilers import Spoiler
from handbill.domain.text.quotes import GONE
from handbill.domain.web import Page
from handbill.domain.when import Moment
from handbill.errors import InputProblem, NotFound
from handbill.inputs import TimeIn
from handbill.models import Account, Embargo, Post, Review, Work
from handbill.services import liveness, publishing, queueing, reviewing, slotting, wording
from handbill.services.desk import Desk
from handbill.store import embargoes as rows
from handbill.store import links, posts
from handbill.store.embargoes import Said, Which
from handbill.store.engine import write
from handbill.store.posts import Move
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Hands,
    add_account,
    add_post,
    add_review,
    claim_one,
    get,
    image_row,
    make_desk,
    overwrite,
    post_in,
    timing,
)
from tests.services.scripted import Line

TEXT = "The film is gorgeous. It is the boldest thing of the year. The twin did it, it turns out."
LINK = "https://example.com/skerry"


def no(_text: str, _moment: Moment) -> bool:
    return False


@pytest.fixture
def both(engine: Engine, hands: Hands) -> Desk:
    """A desk on each kind of database, with an account and a review with a text and a link."""
    add_account(engine)
    add_review(engine, text=TEXT, link=LINK, language="en")
    return make_desk(engine, hands)


def queue(desk: Desk, text: str = "See it.", **fields: object) -> int:
    new = post_in(text, **{"review": "skerry-light", **fields})
    return queueing.queue(desk, [("", new)], no)[0].post.id or 0


def said(desk: Desk, number: int) -> str:
    return get(desk.engine, number).parts[0].text


# Quotes


def test_a_picked_quote_stands_where_the_text_says_so(both: Desk) -> None:
    number = queue(both, "“{quote}” Now in cinemas.", quote=1)
    part = get(both.engine, number).parts[0]
    assert part.quote is not None
    assert part.quote in TEXT
    assert part.text == f"“{part.quote}” Now in cinemas."


def test_without_a_text_it_is_the_quote_and_the_work(both: Desk) -> None:
    number = queue(both, "", quote=1)
    assert said(both, number) == f"“{get(both.engine, number).parts[0].quote}” Skerry Light"


def test_a_quote_without_a_place_a_review_or_a_number_is_refused(both: Desk) -> None:
    with pytest.raises(InputProblem, match="no place for the quote"):
        queue(both, "See it.", quote=1)
    with pytest.raises(InputProblem, match="none was picked"):
        queue(both, "“{quote}” Go.")
    with pytest.raises(InputProblem, match="from a review"):
        queue(both, "{quote}", quote=1, review=None)
    with pytest.raises(NotFound, match="no quote 99"):
        queue(both, "{quote}", quote=99)


def test_a_quote_that_is_edited_away_is_no_quote_any_more(both: Desk) -> None:
    number = queue(both, "“{quote}” Go.", quote=1)
    kept = get(both.engine, number).parts[0].quote
    queueing.edit(both, number, f"Go. “{kept}”", None)
    assert get(both.engine, number).parts[0].quote == kept
    queueing.edit(both, number, "Go.", None)
    assert get(both.engine, number).parts[0].quote is None


def test_a_changed_review_tells_of_posts_that_quote_what_has_gone(both: Desk) -> None:
    number = queue(both, "“{quote}”", quote=1)
    reviewing.edit(both, "skerry-light", {"text": "Something else."})
    assert "no longer in the review" in (get(both.engine, number).post.attention or "")
    reviewing.edit(both, "skerry-light", {"text": TEXT})
    assert get(both.engine, number).post.attention is None


# Disclosures


def test_what_has_to_be_disclosed_is_added_and_cannot_be_edited_out(both: Desk) -> None:
    overwrite(both.engine, Review, 1, disclosure=Disclosure.COPY)
    number = queue(both, "See it.")
    assert said(both, number) == "See it.\nReview copy provided."
    queueing.edit(both, number, "See it soon.", None)
    assert said(both, number) == "See it soon.\nReview copy provided."
    queueing.edit(both, number, None, [])
    assert said(both, number).count("Review copy provided.") == 1


def test_a_disclosure_counts_within_the_length(both: Desk) -> None:
    overwrite(both.engine, Review, 1, disclosure=Disclosure.COPY)
    with pytest.raises(InputProblem, match="Too long for X by 22"):
        queue(both, "a" * 280)


# Spoilers


@pytest.mark.parametrize("text", ["The twin!", "Twins everywhere.", "THE TWÍN", "#TwinSister"])
def test_what_gives_away_is_refused_with_the_word(both: Desk, text: str) -> None:
    overwrite(both.engine, Work, 1, spoilers=["twin"])
    with pytest.raises(InputProblem, match=r"gives away: twin\."):
        queue(both, text)
    number = queue(both, "Between the lines.")
    with pytest.raises(InputProblem, match=r"gives away: twin\."):
        queueing.edit(both, number, text, None)
    assert said(both, number) == "Between the lines."


def test_x_has_no_warning_so_not_even_a_marked_post_may(both: Desk) -> None:
    overwrite(both.engine, Work, 1, spoilers=["twin"])
    with pytest.raises(InputProblem, match=r"gives away: twin\."):
        queue(both, "The twin!", spoiler=Spoiler.FULL)


def test_the_level_of_spoiler_is_kept(both: Desk) -> None:
    assert get(both.engine, queue(both, spoiler=Spoiler.MILD)).post.spoiler is Spoiler.MILD


def test_an_alt_text_gives_away_as_well(both: Desk) -> None:
    overwrite(both.engine, Work, 1, spoilers=["twin"])
    number = add_post(both.engine, review=reviewing.get(both, "skerry-light"), at=NOW + HOUR)
    posts.change(both.engine, number, posts.edit("See it.", [image_row(alt="The twin.")]))
    with pytest.raises(InputProblem, match=r"gives away: twin\."):
        queueing.edit(both, number, "Do see it.", None)


# Times that hang on something


def test_a_time_hangs_on_a_date_of_the_review_until_a_person_sets_another(both: Desk) -> None:
    overwrite(both.engine, Review, 1, published_at=NOW + DAY)
    number = queue(both, at="published+3h")
    post = get(both.engine, number).post
    assert (post.due_at, post.anchor) == (NOW + DAY + 3 * HOUR, "published+3h")
    queueing.reschedule(both, number, TimeIn(at="published+1d 18:00"), no)
    assert get(both.engine, number).post.anchor == "published+1d 18:00"
    queueing.reschedule(both, number, TimeIn(at="+5h"), no)
    assert get(both.engine, number).post.anchor is None


def test_an_offset_needs_a_review_and_a_date_that_is_known(both: Desk) -> None:
    with pytest.raises(InputProblem, match="hangs on a date of a review"):
        queue(both, at="wide+2d 09:30", review=None)
    with pytest.raises(InputProblem, match="not known when 'wide' is"):
        queue(both, at="wide+2d 09:30")


def test_the_next_free_slot_is_taken_after_the_embargo(both: Desk) -> None:
    slotting.keep(both, "ines", ["daily 09:00"])
    first, second = queue(both, at="slot", review=None), queue(both, at="slot", review=None)
    due = [get(both.engine, number).post.due_at for number in (first, second)]
    assert due == [datetime(2026, 11, day, 8, tzinfo=UTC) for day in (21, 22)]
    with write(both.engine) as session:
        session.add(
            Embargo(
                review_id=1,
                kind=Kind.REVIEW,
                until=NOW + 5 * DAY,
                wall="",
                zone="UTC",
                created_at=NOW,
            )
        )
    held = get(both.engine, queue(both, at="slot")).post
    assert held.due_at == datetime(2026, 11, 26, 8, tzinfo=UTC)


# Is the review live, and may it cost that much?


class Web:
    """Answers every address with one page, and counts."""

    def __init__(self, status: int = 200, title: str = "A lamp and two liars") -> None:
        self.status, self.title, self.asked = status, title, 0

    def __call__(self, url: str, headers: Mapping[str, str]) -> Page:
        del headers
        self.asked += 1
        body = f"<html><head><title>{self.title}</title></head><body><h1>{self.title}</h1></body>"
        return Page(url, self.status, body.encode(), {"content-type": "text/html; charset=utf-8"})


def due_now(desk: Desk, at: datetime = NOW) -> int:
    overwrite(desk.engine, Review, 1, check_link=True)
    return add_post(desk.engine, review=reviewing.get(desk, "skerry-light"), at=at)


def publish(desk: Desk, line: Line, now: datetime = NOW) -> Status:
    ended = publishing.publish(line.at(desk), claim_one(desk.engine, now))
    assert ended.status is not None
    return ended.status


def test_a_post_waits_with_attention_until_its_review_is_live(both: Desk, hands: Hands) -> None:
    web, line = Web(status=404), Line()
    desk, number = replace(both, fetch=web), due_now(both)
    assert publish(desk, line) is Status.QUEUED
    post = get(desk.engine, number).post
    assert "The review is not live." in (post.attention or "")
    assert "404" in (post.attention or "")
    assert "publish" not in line.asked
    assert post.not_before is not None
    web.status = 200
    hands.now = post.not_before
    assert publish(desk, line, post.not_before) is Status.PUBLISHED
    assert get(desk.engine, number).post.attention is None


def test_the_switch_of_the_review_turns_the_look_off(both: Desk) -> None:
    web = Web(status=404)
    due_now(both)
    overwrite(both.engine, Review, 1, check_link=False)
    assert publish(replace(both, fetch=web), Line()) is Status.PUBLISHED
    assert web.asked == 0


def test_ten_minutes_ahead_a_person_is_told(both: Desk, hands: Hands) -> None:
    web, number = Web(status=404), due_now(both, at=NOW + 10 * MINUTE)
    desk = replace(both, fetch=web)
    hands.now = NOW - SECOND
    assert liveness.look_ahead(desk) is None
    hands.now = NOW
    assert liveness.look_ahead(desk) == number
    assert (get(desk.engine, number).post.attention or "").startswith(NOT_YET)
    assert liveness.look_ahead(desk) is None, "once is enough"
    assert web.asked == 1


def test_a_review_that_is_there_is_looked_for_ahead_without_a_word(both: Desk) -> None:
    desk, number = replace(both, fetch=Web()), due_now(both, at=NOW + 5 * MINUTE)
    assert liveness.look_ahead(desk) == number
    assert get(desk.engine, number).post.attention is None


def test_what_is_told_ahead_is_taken_back_once_it_is_there(both: Desk, hands: Hands) -> None:
    web, number = Web(status=404), due_now(both, at=NOW + 5 * MINUTE)
    desk = replace(both, fetch=web)
    liveness.look_ahead(desk)
    web.status, hands.now = 200, NOW + 5 * MINUTE
    assert publish(desk, Line(), hands.now) is Status.PUBLISHED
    assert get(desk.engine, number).post.attention is None


def test_a_second_look_takes_the_word_back_and_leaves_a_lost_quote_be(both: Desk) -> None:
    desk, number = both, due_now(both, at=NOW + 15 * MINUTE)
    entry = get(desk.engine, number)
    for before, says, after in [
        (f"{NOT_YET} 404", None, None),
        (f"{GONE}x", None, f"{GONE}x"),
        (f"{GONE}x", f"{NOT_YET} 404", f"{GONE}x"),
        (None, f"{NOT_YET} 404", f"{NOT_YET} 404"),
    ]:
        overwrite(desk.engine, Post, number, attention=before)
        links.seen(desk.engine, entry, says, NOW, HOUR)
        assert get(desk.engine, number).post.attention == after
    post = get(desk.engine, number).post
    with write(desk.engine) as session:
        posts.move(session, [Move(number, post.revision, timing(NOW + HOUR))])
    assert get(desk.engine, number).post.attention is None


def test_past_the_cap_nothing_is_sent_and_a_person_is_told(both: Desk) -> None:
    number, line = add_post(both.engine), Line()
    overwrite(both.engine, Account, 1, monthly_cap=Decimal("0.01"))
    assert publish(both, line) is Status.QUEUED
    assert "It costs $0.015" in (get(both.engine, number).post.attention or "")
    assert "publish" not in line.asked


# What a first reaction, and a post about nothing, must not give away


def embargo(desk: Desk) -> None:
    """The embargo on the review lifts in two days; reactions are free."""
    lift = Moment.of(NOW + 2 * DAY, ZoneInfo("UTC"))
    rows.put(desk.engine, Which(1, Kind.REVIEW), lift, [], Said(NOW, "ines"))


@pytest.mark.parametrize(
    "text",
    [
        f"Look: {LINK}",
        "Look: EXAMPLE.com/skerry",
        "“It is the boldest thing of the year.” Soon.",
        "It  is the\nboldest thing of the year.",
    ],
)
def test_a_reaction_is_not_the_review(both: Desk, text: str) -> None:
    embargo(both)
    with pytest.raises(InputProblem, match="first reaction may not"):
        queue(both, text, kind=Kind.REACTION)
    number = queue(both, "What a night at sea!", kind=Kind.REACTION)
    with pytest.raises(InputProblem, match="first reaction may not"):
        queueing.edit(both, number, text, None)


def test_a_picked_quote_is_no_reaction(both: Desk) -> None:
    with pytest.raises(InputProblem, match="may not quote"):
        queue(both, "", quote=1, kind=Kind.REACTION)


def test_the_link_of_a_review_under_embargo_waits_whatever_the_post_is_about(
    both: Desk, hands: Hands
) -> None:
    embargo(both)
    for text in (f"Read it: {LINK}", "example.com/skerry"):
        with pytest.raises(InputProblem, match="under embargo"):
            queue(both, text, review=None)
    assert queue(both, "Read https://example.com/other", review=None)
    hands.now = NOW + 2 * DAY
    assert queue(both, f"Read it: {LINK}", review=None)


# What was fit when it was queued, and is not any more


def publishes(desk: Desk, number: int) -> Status:
    line = Line()
    status = publish(desk, line, NOW + HOUR)
    assert ("publish" in line.asked) is (status is Status.PUBLISHED)
    assert get(desk.engine, number).post.status is status
    return status


@pytest.mark.parametrize(
    ("row", "columns", "why"),
    [
        (Work, {"spoilers": ["lamp"]}, "It gives away: lamp."),
        (Review, {"disclosure": Disclosure.TRIP}, "It does not say what you have to disclose."),
    ],
)
def test_what_became_unfit_is_named_held_and_goes_out_once_it_is_mended(
    both: Desk, row: type[Work | Review], columns: dict[str, object], why: str
) -> None:
    number = queue(both, "The lamp!", at="+1h", no_later_than="1d")
    overwrite(both.engine, row, 1, **columns)
    assert [(e.post.id, says) for e, says in wording.misfits(both, [1])] == [(number, why)]
    assert isinstance(both.clock, Hands)
    both.clock.now = NOW + HOUR
    assert publishes(both, number) is Status.QUEUED
    assert why in (get(both.engine, number).post.attention or "")
    queueing.edit(both, number, "The light!", None)
    assert wording.misfits(both, [1]) == []
    both.clock.now = NOW + 2 * HOUR
    assert publish(both, Line(), both.clock.now) is Status.PUBLISHED


def test_a_draft_that_became_unfit_is_not_approved(both: Desk) -> None:
    number = queue(both, "The lamp!", at="+1h", draft=True)
    overwrite(both.engine, Work, 1, spoilers=["lamp"])
    with pytest.raises(InputProblem, match="It gives away: lamp"):
        queueing.approve(both, number)


def test_posts_of_one_batch_take_a_slot_each(both: Desk) -> None:
    slotting.keep(both, "ines", ["daily 09:00"])
    new = [(f"line {n}", post_in(f"Number {n}.", at="slot")) for n in range(3)]
    due = [entry.post.due_at for entry in queueing.queue(both, new, no)]
    assert due == [datetime(2026, 11, day, 8, tzinfo=UTC) for day in (21, 22, 23)]

"""Plans applied to a review: shown, made, changed after a date moved, and never made twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from handbill.domain import plans as rules
from handbill.domain.disclosures import Disclosure
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.plans import Plan
from handbill.domain.timetables import Change, Row, total
from handbill.errors import InputProblem, NotFound, TooLate
from handbill.models import Embargo, Post, ReleaseDate, Review, Work
from handbill.services import planning, plans, pricing, queueing, slotting
from handbill.services.desk import Desk
from handbill.services.planning import Timetable
from handbill.store import posts
from handbill.store.engine import write
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Hands,
    account_of,
    add_account,
    add_post,
    add_review,
    attempt,
    get,
    make_desk,
    overwrite,
    receipt,
)

TEXT = (
    "The lamp turns, and so does the plot. It is the best-lit film of the year. Two liars keep the "
    "light, and neither keeps a secret.\nI would sail there\nagain tomorrow. "
    + "This one sentence goes on and on, " * 10
    + "and ends."
)
QUOTES = ["It is the best-lit film of the year.", "I would sail there again tomorrow."]
LONG = "This one sentence goes on and on, " * 10 + "and ends."


@pytest.fixture
def both(engine: Engine, hands: Hands, tmp_path: Path) -> Desk:
    """A desk on each kind of database, with an account and a review of a film with dates."""
    add_account(engine)
    review = add_review(
        engine, text=TEXT, link="https://example.com/skerry", outlet="The Tide", rating="3.5/5"
    )
    with write(engine) as session:
        session.add(ReleaseDate(work_id=review.work_id or 0, name="wide", day=date(2026, 12, 4)))
    return make_desk(engine, hands, config=tmp_path / "config")


def plan_of(*steps: dict[str, Any], name: str = "mine") -> Plan:
    numbered = [
        {"name": f"step{n}", "when": "wide+0 12:00", "text": f"Text {n}."} | step
        for n, step in enumerate(steps, 1)
    ]
    return rules.read(name, {"step": numbered}, "mine.toml")


def propose(desk: Desk, plan: Plan, *names: str, quotes: Sequence[str] = ()) -> Timetable:
    return planning.propose(desk, plan, "skerry-light", names, quotes)


def make(desk: Desk, plan: Plan, queue: bool = False, quotes: Sequence[str] = ()) -> Timetable:
    table = propose(desk, plan, quotes=quotes)
    planning.apply(desk, table, queue)
    return table


def only(table: Timetable) -> Row:
    (row,) = table.rows
    return row


def changes(table: Timetable) -> list[tuple[str, Change]]:
    return [(row.step, row.change) for row in table.rows]


def walls(table: Timetable) -> list[str | None]:
    return [row.moment.wall if row.moment else None for row in table.rows]


def texts(table: Timetable) -> list[str | None]:
    return [row.written.text if row.written else None for row in table.rows]


def embargo(desk: Desk, until: datetime, kind: Kind = Kind.REVIEW) -> None:
    with write(desk.engine) as session:
        session.add(
            Embargo(review_id=1, kind=kind, until=until, wall="w", zone="UTC", created_at=NOW)
        )


def move_release(desk: Desk, day: date) -> None:
    overwrite(desk.engine, ReleaseDate, 1, day=day)


# The first time


def test_a_step_becomes_a_draft_with_all_that_belongs_to_it(both: Desk) -> None:
    plan = plan_of(
        {"text": "“{{ quote }}” {{ work }}", "quote": True, "spoiler": "mild", "kind": "review"}
        | {"no_later_than": "3h"}
    )
    row = only(make(both, plan, quotes=QUOTES))
    assert row.change is Change.NEW
    entry = get(both.engine, 1)
    post, part = entry.post, entry.parts[0]
    assert (post.status, post.plan, post.step) == (Status.DRAFT, "mine", "step1")
    assert (post.anchor, post.kind, post.spoiler) == ("wide+0 12:00", "review", "mild")
    assert (post.due_wall, post.zone) == ("2026-12-04 12:00", "Europe/Paris")
    assert post.due_at == datetime.fromisoformat("2026-12-04T11:00Z")
    assert post.no_later_than == datetime.fromisoformat("2026-12-04T14:00Z")
    assert (part.text, part.quote) == (f"“{QUOTES[0]}” Skerry Light", QUOTES[0])
    assert post.price == Decimal("0.015")
    assert entry.review is not None


def test_proposing_makes_nothing(both: Desk) -> None:
    propose(both, plan_of({}))
    with pytest.raises(NotFound):
        get(both.engine, 1)


def test_approved_at_once_the_posts_are_queued(both: Desk) -> None:
    make(both, plan_of({}, {}), queue=True)
    assert [get(both.engine, n).post.status for n in (1, 2)] == [Status.QUEUED, Status.QUEUED]


def test_a_row_tells_length_and_price_and_all_rows_a_sum(both: Desk) -> None:
    table = propose(both, plan_of({"text": "{{ link }}"}, {"text": "Plain."}))
    found = [row.written for row in table.rows if row.written]
    assert [(one.length, one.most, one.price) for one in found] == [
        (23, 280, Decimal("0.20")),
        (6, 280, Decimal("0.015")),
    ]
    assert total(table.rows) == Decimal("0.215")


def test_each_account_gets_its_own_on_its_own_clocks(both: Desk) -> None:
    add_account(both.engine, "sol", zone="America/New_York")
    plan = plan_of({}, {"accounts": ["sol"]})
    table = propose(both, plan)
    assert [(row.account, row.step) for row in table.rows] == [
        ("ines", "step1"), ("sol", "step1"), ("sol", "step2"),
    ]  # fmt: skip
    assert [row.moment.at.hour for row in table.rows if row.moment] == [11, 17, 17]
    assert [row.account for row in propose(both, plan, "sol").rows] == ["sol", "sol"]
    with pytest.raises(NotFound):
        propose(both, plan, "ada")


def test_accounts_begin_with_different_quotes(both: Desk) -> None:
    add_account(both.engine, "sol")
    plan = plan_of(*[{"text": "{{ quote }}", "quote": True}] * 2)
    assert texts(propose(both, plan, quotes=QUOTES)) == [*QUOTES, *reversed(QUOTES)]
    same = propose(both, plan_of({}))
    assert ["sol" in "".join(row.remarks) for row in same.rows] == [False, False]
    assert "ines says just the same; a network may refuse it." in same.rows[1].remarks


def test_a_spread_goes_on_at_the_same_hour_across_a_change_of_the_clocks(both: Desk) -> None:
    move_release(both, date(2027, 3, 26))
    table = make(both, plan_of({"times": 3, "every": "1d", "text": "{{ turn }} of {{ turns }}"}))
    assert [row.step for row in table.rows] == ["step1", "step1-2", "step1-3"]
    assert walls(table) == [f"2027-03-{day} 12:00" for day in (26, 27, 28)]
    assert texts(table) == ["1 of 3", "2 of 3", "3 of 3"]
    assert [get(both.engine, n).post.anchor for n in (1, 3)] == ["wide+0 12:00", "wide+2d 12:00"]


def test_slots_are_taken_one_after_the_other(both: Desk) -> None:
    slotting.keep(both, "ines", ["fri 18:00", "sat 10:00"])
    add_post(both.engine, account_of(both.engine), at=NOW + 6 * HOUR)
    plan = plan_of(
        *[{"when": "slot"}] * 2, {"when": "slot after wide+0"}, {"when": "slot after wide+1d"}
    )
    assert walls(propose(both, plan)) == [
        "2026-11-21 10:00", "2026-11-27 18:00", "2026-12-04 18:00", "2026-12-05 10:00",
    ]  # fmt: skip


def test_a_slot_waits_for_the_embargo(both: Desk) -> None:
    slotting.keep(both, "ines", ["daily 10:00"])
    embargo(both, NOW + 3 * DAY)
    assert walls(propose(both, plan_of({"when": "slot"}))) == ["2026-11-24 10:00"]


def test_the_first_known_anchor_is_taken(both: Desk) -> None:
    plan = plan_of({"when": ["embargo+0", "wide+0 09:00"]})
    assert walls(propose(both, plan)) == ["2026-12-04 09:00"]
    embargo(both, NOW + DAY)
    assert walls(propose(both, plan)) == ["2026-11-21 12:00"]


def test_the_first_text_that_can_be_filled_in_and_fits_is_taken(both: Desk) -> None:
    forms = ["{{ author }} says {{ quote }}", "{{ quote }} {{ title }}" + "!" * 230, "{{ quote }}"]
    plan = plan_of({"text": forms, "quote": True})
    assert texts(propose(both, plan, quotes=QUOTES)) == [QUOTES[0]]
    assert texts(propose(both, plan, quotes=[LONG, QUOTES[1]])) == [QUOTES[1]]


def test_a_quote_is_word_for_word_in_the_review_whatever_the_line_ends(both: Desk) -> None:
    plan = plan_of({"text": "{{ quote }}", "quote": True})
    shown = propose(both, plan, quotes=["I would  sail there again\ntomorrow."])
    assert texts(shown) == ["I would sail there again tomorrow."]
    with pytest.raises(InputProblem, match="does not say"):
        propose(both, plan, quotes=["I would sail there yesterday."])


@pytest.mark.parametrize(
    ("step", "quotes", "told"),
    [
        ({"when": "streaming+0 12:00"}, [], "handbill work date"),
        ({"when": "embargo+0"}, [], "handbill review embargo set"),
        ({"when": "wide+0"}, [], "is a day, 2026-12-04, without a time."),
        ({"when": "wide-30d 12:00"}, [], "is past; it is"),
        ({"when": "slot"}, [], "handbill slots set ines"),
        ({"text": "{{ author }}"}, [], "handbill review edit skerry-light --author NAME"),
        ({"text": "{{ quote }}"}, [], "Say quote = true in the step."),
        ({"text": "{{ quote }}", "quote": True}, [LONG], "Too long for X by 69"),
        ({"when": "wide+114d 02:30"}, [], "does not exist in Europe/Paris"),
    ],
)
def test_what_cannot_be_made_is_skipped_and_says_why(
    both: Desk, step: dict[str, Any], quotes: list[str], told: str
) -> None:
    table = make(both, plan_of(step, {}), quotes=quotes)
    assert changes(table) == [("step1", Change.SKIPPED), ("step2", Change.NEW)]
    assert told in table.rows[0].remarks[0]
    assert get(both.engine, 1).post.step == "step2"


def test_a_time_before_the_embargo_is_skipped_unless_it_holds_only_reviews(both: Desk) -> None:
    embargo(both, NOW + 30 * DAY)
    plan = plan_of({}, {"kind": "reaction"}, {"when": "embargo+0"})
    table = propose(both, plan)
    assert [row.change for row in table.rows] == [Change.SKIPPED, Change.NEW, Change.NEW]
    assert (
        "is before the embargo lifts: Sun 20 Dec 2026 11:00 UTC (UTC)" in table.rows[0].remarks[0]
    )


def test_posts_that_are_close_or_come_twice_are_remarked_on(both: Desk) -> None:
    noon = datetime.fromisoformat("2026-12-04T11:00Z")
    add_post(both.engine, account_of(both.engine), at=noon + MINUTE)
    plan = plan_of({}, {"when": "wide+0 12:40"}, {"when": "wide+0 15:00"})
    found = [" ".join(row.remarks) for row in propose(both, plan).rows]
    assert found[0] == "Only 1 min from another post of ines, less than 2 min."
    assert found[1] == "Within an hour of another post of ines: 39 min apart."
    assert found[2] == ""
    move_release(both, date(2027, 10, 31))
    twice = only(propose(both, plan_of({"when": "wide+0 02:30"})))
    assert twice.remarks == ["This time comes twice that night; the later is meant."]
    assert twice.moment is not None
    assert twice.moment.at == datetime.fromisoformat("2027-10-31T01:30Z")


def test_a_cap_is_remarked_on_refuses_to_queue_and_lets_drafts_be(both: Desk) -> None:
    pricing.cap(both, "ines", "0.02")
    plan = plan_of({}, {"when": "wide+1d 12:00"}, {"when": "wide+40d 12:00"})
    table = propose(both, plan)
    assert [bool(row.remarks) for row in table.rows] == [False, True, False]
    with pytest.raises(InputProblem, match="may cost"):
        planning.apply(both, table, queue=True)
    with pytest.raises(NotFound):
        get(both.engine, 1)
    planning.apply(both, table, queue=False)
    with pytest.raises(InputProblem, match="may cost"):
        planning.approve(both, "mine", "skerry-light")
    assert get(both.engine, 1).post.status is Status.DRAFT


# Again


def test_applied_again_it_changes_nothing(both: Desk) -> None:
    slotting.keep(both, "ines", ["daily 10:00"])
    plan = plan_of(
        {"text": "{{ quote }}", "quote": True}, {"when": "slot", "times": 2, "every": "2d"}
    )
    make(both, plan, quotes=QUOTES)
    again = make(both, plan, quotes=list(reversed(QUOTES)))
    assert {change for _, change in changes(again)} == {Change.SAME}
    assert texts(again)[0] == QUOTES[0]
    with pytest.raises(NotFound):
        get(both.engine, 4)
    assert [get(both.engine, n).post.revision for n in (1, 2, 3)] == [1, 1, 1]


def test_a_moved_release_date_moves_the_posts(both: Desk) -> None:
    plan = plan_of({}, {"when": "published+1d 10:00"})
    overwrite(both.engine, Review, 1, published_on=date(2026, 12, 1))
    make(both, plan, queue=True)
    move_release(both, date(2027, 4, 2))
    table = propose(both, plan)
    assert changes(table) == [("step1", Change.MOVED), ("step2", Change.SAME)]
    assert table.rows[0].was_due == datetime.fromisoformat("2026-12-04T11:00Z")
    planning.apply(both, table, queue=False)
    post = get(both.engine, 1).post
    assert (post.status, post.due_wall) == (Status.QUEUED, "2027-04-02 12:00")
    assert post.due_at == post.not_before == datetime.fromisoformat("2027-04-02T10:00Z")


def test_a_changed_text_is_shown_and_made(both: Desk) -> None:
    make(both, plan_of({}))
    table = propose(both, plan_of({"text": "Other: {{ link }}"}))
    row = only(table)
    assert (row.change, row.was_text, row.was_due) == (Change.CHANGED, "Text 1.", None)
    planning.apply(both, table, queue=True)
    entry = get(both.engine, 1)
    assert entry.parts[0].text == "Other: https://example.com/skerry"
    assert (entry.post.status, entry.post.price) == (Status.QUEUED, Decimal("0.20"))


def test_a_step_that_is_gone_gives_its_post_up_and_can_come_back(both: Desk) -> None:
    plan = plan_of({}, {})
    make(both, plan)
    table = make(both, replace(plan, steps=plan.steps[:1]))
    assert changes(table) == [("step1", Change.SAME), ("step2", Change.GONE)]
    assert get(both.engine, 2).post.status is Status.CANCELLED
    assert changes(make(both, plan)) == [("step1", Change.SAME), ("step2", Change.NEW)]


def test_what_a_person_gave_up_stays_so(both: Desk) -> None:
    make(both, plan_of({}))
    queueing.cancel(both, 1)
    assert changes(make(both, plan_of({}))) == [("step1", Change.CANCELLED)]
    with pytest.raises(NotFound):
        get(both.engine, 2)


def test_what_is_out_stays_as_it_is_even_if_the_date_moves(both: Desk) -> None:
    make(both, plan_of({}), queue=True)
    due = get(both.engine, 1).post.due_at
    assert due is not None
    attempt(both.engine, receipt(), due)
    move_release(both, date(2027, 1, 8))
    table = make(both, plan_of({"text": "Other."}))
    assert changes(table) == [("step1", Change.OUT)]
    assert get(both.engine, 1).post.due_at == due
    assert get(both.engine, 1).parts[0].text == "Text 1."


def test_a_time_that_a_person_set_stays(both: Desk) -> None:
    make(both, plan_of({}))
    overwrite(both.engine, Post, 1, anchor=None)
    move_release(both, date(2027, 1, 8))
    row = only(propose(both, plan_of({})))
    assert row.moment is not None
    assert row.moment.wall == "2026-12-04 12:00"
    assert "Its time was set by hand." in row.remarks


def test_a_step_that_becomes_a_reaction_is_no_longer_held_as_a_review(both: Desk) -> None:
    lift = datetime(2026, 12, 4, 11, tzinfo=UTC)
    embargo(both, lift)
    make(both, plan_of({}), queue=True)
    post = get(both.engine, 1).post
    assert post.embargo_until == lift
    earlier = plan_of({"kind": "reaction", "when": "wide-1d 12:00"})
    make(both, earlier, queue=True)
    post = get(both.engine, 1).post
    assert (post.kind, post.embargo_until, post.embargo_zone) == (Kind.REACTION, None, None)
    assert post.not_before == post.due_at
    assert post.due_at
    assert post.due_at < lift


def test_a_post_stays_when_its_text_can_no_longer_be_made(both: Desk) -> None:
    make(both, plan_of({"text": "{{ rating }}"}))
    overwrite(both.engine, Review, 1, rating=None)
    row = only(make(both, plan_of({"text": "{{ rating }}"})))
    assert row.change is Change.SAME
    assert row.remarks[0].startswith("It stays as it was made. The review has no rating.")
    assert get(both.engine, 1).parts[0].text == "★★★½ (3.5/5)"


def test_a_post_that_changed_since_it_was_looked_at_is_not_touched(both: Desk) -> None:
    make(both, plan_of({}, {}))
    table = propose(both, plan_of({"text": "A."}, {"text": "B."}))
    queueing.edit(both, 2, "By hand.", None)
    with pytest.raises(TooLate, match="Post #2 has changed meanwhile"):
        planning.apply(both, table, queue=False)
    assert [get(both.engine, n).parts[0].text for n in (1, 2)] == ["Text 1.", "By hand."]


@pytest.mark.parametrize("what", ["wide", "published", "embargo"])
def test_a_date_that_changed_since_it_was_looked_at_makes_nothing(both: Desk, what: str) -> None:
    table = propose(both, plan_of({}))
    if what == "wide":
        move_release(both, date(2027, 1, 8))
    elif what == "published":
        overwrite(both.engine, Review, 1, published_on=date(2026, 12, 1))
    else:
        embargo(both, NOW + DAY)
    with pytest.raises(TooLate, match="dates of the review have changed meanwhile"):
        planning.apply(both, table, queue=True)
    with pytest.raises(NotFound):
        get(both.engine, 1)
    make(both, plan_of({}), queue=True)


def test_applied_by_two_at_once_it_is_made_once(both: Desk) -> None:
    one, two = propose(both, plan_of({}, {})), propose(both, plan_of({}, {}))
    planning.apply(both, one, queue=False)
    with pytest.raises(TooLate, match="meanwhile"):
        planning.apply(both, two, queue=True)
    assert changes(propose(both, plan_of({}, {}))) == [
        ("step1", Change.SAME), ("step2", Change.SAME),
    ]  # fmt: skip


def test_approving_queues_the_drafts_of_that_plan_only(both: Desk) -> None:
    make(both, plan_of({}, {}))
    make(both, plan_of({}, name="other"))
    posts.change(both.engine, 2, posts.cancel)
    queued = planning.approve(both, "mine", "skerry-light")
    assert [entry.post.id for entry in queued] == [1]
    assert get(both.engine, 3).post.status is Status.DRAFT
    with pytest.raises(NotFound, match="no drafts"):
        planning.approve(both, "mine", "skerry-light")


def test_a_draft_whose_time_is_past_is_not_approved(both: Desk, hands: Hands) -> None:
    make(both, plan_of({}))
    hands.forward(timedelta(days=30))
    with pytest.raises(InputProblem, match="The time of post #1 is past"):
        planning.approve(both, "mine", "skerry-light")
    make(both, plan_of({}), queue=True)
    assert get(both.engine, 1).post.status is Status.DRAFT


# Those that ship


@pytest.mark.parametrize("name", ["opening-weekend", "festival", "streaming-drop", "evergreen"])
def test_a_plan_that_ships_can_be_made_whole(both: Desk, name: str) -> None:
    slotting.keep(both, "ines", ["thu 18:30"])
    embargo(both, NOW + 2 * HOUR)
    embargo(both, NOW + HOUR, Kind.REACTION)
    overwrite(both.engine, Review, 1, published_on=date(2026, 11, 22))
    with write(both.engine) as session:
        session.add(ReleaseDate(work_id=1, name="streaming", day=date(2026, 12, 18)))
    sentences = [*QUOTES, "The lamp turns, and so does the plot.", "Two liars keep the light"]
    table = make(both, plans.named(both, name), queue=True, quotes=sentences)
    assert {row.change for row in table.rows} == {Change.NEW}
    written = [row.written for row in table.rows if row.written]
    assert all(one.length <= one.most for one in written)
    assert sum(one.price == Decimal("0.20") for one in written) == 1
    assert all(one.quote and one.quote in one.text for one in written if "“" in one.text)
    again = propose(both, plans.named(both, name))
    assert {row.change for row in again.rows} == {Change.SAME}


def test_ones_own_plan_goes_before_one_that_ships(both: Desk) -> None:
    own = both.config / "plans"
    own.mkdir(parents=True)
    (own / "festival.toml").write_text('[[step]]\nname = "a"\nwhen = "wide+0 9am"\ntext = "A."\n')
    (own / "mine.toml").write_text('[[step]]\nname = "b"\nwhen = "slot"\ntext = "{{ tittle }}"\n')
    assert [step.name for step in plans.named(both, "festival").steps] == ["a"]
    with pytest.raises(InputProblem) as refused:
        plans.named(both, "mine")
    assert f"{own / 'mine.toml'}, step b, field text: a field called 'tittle'" in str(refused.value)
    with pytest.raises(NotFound, match="no plan called x"):
        plans.named(both, "x")


# Quotes of the review, disclosures, spoilers


QUOTED = {"text": "“{{ quote }}”", "quote": True}


def test_without_quotes_the_best_sentences_of_the_review_are_taken(both: Desk) -> None:
    row = only(make(both, plan_of(QUOTED), quotes=()))
    assert row.written is not None
    assert row.written.quote is not None
    assert row.written.quote in TEXT
    assert get(both.engine, 1).parts[0].quote == row.written.quote


def test_a_review_without_a_text_has_no_quote_to_take(both: Desk) -> None:
    overwrite(both.engine, Review, 1, text="")
    row = only(make(both, plan_of(QUOTED), quotes=()))
    assert row.change is Change.SKIPPED
    assert "No quote is left for it." in row.remarks[0]


def test_what_has_to_be_disclosed_is_in_every_text_and_counts(both: Desk) -> None:
    overwrite(both.engine, Review, 1, disclosure=Disclosure.SCREENER)
    row = only(make(both, plan_of({"text": "See it."})))
    assert row.written is not None
    assert row.written.text == "See it.\nScreener provided."
    assert row.written.length == len("See it.\nScreener provided.")


def test_a_quote_that_gives_something_away_makes_room_for_the_next(both: Desk) -> None:
    overwrite(both.engine, Work, 1, spoilers=["lit"])
    first, second = QUOTES
    row = only(make(both, plan_of(QUOTED), quotes=(first, second)))
    assert row.written is not None
    assert row.written.quote == second
    overwrite(both.engine, Work, 1, spoilers=["lit", "sail"])
    row = only(make(both, plan_of(QUOTED, name="other"), quotes=QUOTES))
    assert row.change is Change.SKIPPED
    assert "This gives away: sail." in row.remarks[0]


@pytest.mark.parametrize(
    ("form", "text"),
    [("rating", "★★★½ (3.5/5)"), ("stars", "★★★½"), ("fraction", "3.5/5"), ("in_words", "3.5 ")],
)
def test_a_text_chooses_the_form_of_the_rating(both: Desk, form: str, text: str) -> None:
    row = only(make(both, plan_of({"text": f"{{{{ {form} }}}}"})))
    assert row.written is not None
    assert row.written.text.startswith(text)
    assert form != "stars" or row.written.text == "★★★½"


@pytest.mark.parametrize("text", ["“{{ quote }}”", "{{ link }}", QUOTES[1]])
def test_a_step_that_is_a_reaction_gives_nothing_of_the_review_away(both: Desk, text: str) -> None:
    step = {"text": text, "quote": "quote" in text, "kind": "reaction"}
    row = only(make(both, plan_of(step), quotes=QUOTES))
    assert row.change is Change.SKIPPED
    assert "first reaction may not" in row.remarks[0]

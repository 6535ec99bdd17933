"""Embargoes are planned, shown, set and lifted; what would leave early is refused at the door."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.when import Moment
from handbill.errors import InputProblem, NotFound, TooLate
from handbill.inputs import PartIn, PostIn, TimeIn
from handbill.models import Account, Post, Review
from handbill.services import batches, embargoes, proofs, queueing, requeueing
from handbill.services.desk import Desk
from handbill.services.embargoes import Change
from handbill.store import listings, posts, records
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
    claim_and_arm,
    claim_one,
    get,
    overwrite,
    post_in,
    receipt,
    set_embargo,
    status_of,
)

LIFT = NOW + 5 * HOUR
LONG = 2 * DAY


def no(_text: str, _moment: Moment) -> bool:
    return False


@pytest.fixture
def account(desk: Desk) -> Account:
    return add_account(desk.engine)


@pytest.fixture
def review(desk: Desk) -> Review:
    return add_review(desk.engine, link="https://aint.test/skerry-light/")


def plan(desk: Desk, at: str = "2026-11-20 17:00", kind: Kind = Kind.REVIEW) -> Change:
    """In Paris, five hours from now unless told otherwise."""
    return embargoes.plan(desk, "skerry-light", kind, TimeIn(at=at, zone="Europe/Paris"))


def anchored(desk: Desk, anchor: str, review: Review, account: Account, **fields: object) -> int:
    number = add_post(desk.engine, account, review=review, **fields)
    overwrite(desk.engine, Post, number, anchor=anchor)
    return number


# Reading the time


def test_the_time_is_read_in_its_zone(desk: Desk, review: Review) -> None:
    lifts = plan(desk).lifts
    assert (lifts.at, lifts.wall, lifts.zone) == (
        NOW + 5 * HOUR,
        "2026-11-20 17:00",
        "Europe/Paris",
    )


def test_of_a_doubled_hour_the_later_one_is_meant(desk: Desk, review: Review, hands: Hands) -> None:
    hands.now = datetime.fromisoformat("2026-10-20T00:00Z")
    lifts = plan(desk, "2026-10-25 02:30").lifts
    assert lifts.at == datetime.fromisoformat("2026-10-25T01:30Z")


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2027-03-28 02:30", "does not exist"),
        ("2026-11-20 11:59", "is past"),
        ("someday", "not a time that Handbill is sure of"),
        ("2026-11-21", "is a day only"),
    ],
)
def test_a_time_that_cannot_be_is_refused(desk: Desk, review: Review, at: str, says: str) -> None:
    with pytest.raises(InputProblem, match=says):
        plan(desk, at)


def test_an_unknown_review_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        plan(desk)


# What it would do


def test_a_plan_changes_nothing_and_tells_what_would_be(
    desk: Desk, review: Review, account: Account
) -> None:
    early = add_post(desk.engine, account, review=review, at=NOW + HOUR)
    late = add_post(desk.engine, account, review=review, at=LIFT + HOUR)
    hangs = anchored(desk, "embargo+2h", review, account, at=NOW + HOUR)
    out = add_in(desk.engine, Status.PUBLISHED, account=account, review=review)
    effect = plan(desk).effect
    assert [one.entry.post.id for one in effect.held] == [early]
    assert [(one.entry.post.id, one.timing.due_at) for one in effect.follow] == [
        (hangs, LIFT + 2 * HOUR)
    ]
    assert [one.post.id for one in effect.gone] == [out]
    for number in (early, late, hangs):
        assert get(desk.engine, number).post.not_before != LIFT


def test_what_is_due_before_moves_only_when_it_is_wished(
    desk: Desk, review: Review, account: Account
) -> None:
    number = add_post(desk.engine, account, review=review, at=NOW + HOUR, limit=30 * MINUTE)
    told = embargoes.keep(desk, plan(desk), move=False)
    post = get(desk.engine, number).post
    assert (told.held, told.moved) == ([number], [])
    assert (post.due_at, post.not_before) == (NOW + HOUR, LIFT)
    told = embargoes.keep(desk, plan(desk), move=True)
    post = get(desk.engine, number).post
    assert (told.held, told.moved) == ([], [number])
    assert (post.due_at, post.due_wall, post.zone) == (LIFT, "2026-11-20 17:00", "Europe/Paris")
    assert post.no_later_than == LIFT + 30 * MINUTE, "its limit keeps its length"


def test_what_hangs_on_it_follows_when_it_moves(
    desk: Desk, review: Review, account: Account
) -> None:
    embargoes.keep(desk, plan(desk), move=False)
    hangs = anchored(desk, "embargo+1h", review, account, at=LIFT + HOUR)
    reaction = anchored(
        desk, "reaction-embargo+1h", review, account, at=LIFT + HOUR, kind=Kind.REACTION
    )
    change = plan(desk, "2026-11-21 17:00")
    assert embargoes.keep(desk, change, move=True).moved == [hangs]
    assert get(desk.engine, hangs).post.due_at == LIFT + DAY + HOUR
    assert get(desk.engine, reaction).post.due_at == LIFT + HOUR


@pytest.mark.parametrize(
    ("at", "loosens"), [("2026-11-20 16:59", True), ("2026-11-20 17:00", False)]
)
def test_an_embargo_that_would_lift_earlier_is_looser(
    desk: Desk, review: Review, at: str, loosens: bool
) -> None:
    embargoes.keep(desk, plan(desk), move=False)
    assert plan(desk, at).loosens is loosens
    embargoes.lift(desk, embargoes.plan_lift(desk, "skerry-light", None), "So it is.")
    assert not plan(desk, at).loosens, "it is not in force"


# Lifting early


def test_lifting_says_what_becomes_due_and_lets_it_leave(
    desk: Desk, review: Review, account: Account, hands: Hands
) -> None:
    due = add_post(desk.engine, account, review=review, limit=LONG)
    later = add_post(desk.engine, account, review=review, at=LIFT + DAY)
    hangs = anchored(desk, "embargo+1h", review, account, at=LIFT + HOUR)
    embargoes.keep(desk, plan(desk), move=False)
    hands.forward(HOUR)
    lifting = embargoes.plan_lift(desk, "skerry-light", None)
    assert [one.post.id for one in lifting.effect.free] == [due]
    assert [one.entry.post.id for one in lifting.effect.follow] == [hangs]
    assert embargoes.lift(desk, lifting, "The studio said so.").moved == [hangs]
    assert get(desk.engine, hangs).post.due_at == hands.now + HOUR
    assert get(desk.engine, later).post.not_before == LIFT + DAY
    assert claim_one(desk.engine, hands.now).post_id == due
    with pytest.raises(TooLate, match="not in force"):
        embargoes.lift(desk, lifting, "Again.")


def test_where_two_are_in_force_one_must_be_named(desk: Desk, review: Review) -> None:
    for kind in Kind:
        embargoes.keep(desk, plan(desk, kind=kind), move=False)
    with pytest.raises(InputProblem, match="two embargoes"):
        embargoes.plan_lift(desk, "skerry-light", None)
    lifting = embargoes.plan_lift(desk, "skerry-light", Kind.REACTION)
    assert lifting.embargo.kind is Kind.REACTION


def test_what_is_held_by_the_other_embargo_does_not_become_due(
    desk: Desk, review: Review, account: Account
) -> None:
    add_post(desk.engine, account, review=review, limit=LONG)
    for kind in Kind:
        embargoes.keep(desk, plan(desk, kind=kind), move=False)
    assert embargoes.plan_lift(desk, "skerry-light", Kind.REACTION).effect.free == []


def test_there_is_nothing_to_lift_where_none_is_in_force(
    desk: Desk, review: Review, hands: Hands
) -> None:
    embargoes.keep(desk, plan(desk), move=False)
    hands.forward(5 * HOUR)
    with pytest.raises(NotFound, match="No embargo on skerry-light is in force"):
        embargoes.plan_lift(desk, "skerry-light", None)


# At the door


def queue(desk: Desk, at: str, text: str = "See it.", **fields: object) -> int:
    new = post_in(text, at=at, review="skerry-light", **fields)
    (entry,) = queueing.queue(desk, [("", new)], no)
    return entry.post.id or 0


@pytest.fixture
def embargoed(desk: Desk, review: Review, account: Account) -> Review:
    set_embargo(desk.engine, review, LIFT)
    return review


@pytest.mark.parametrize("at", ["now", "+1h", "2026-11-20 16:59"])
@pytest.mark.parametrize("draft", [True, False])
@pytest.mark.usefixtures("embargoed")
def test_a_post_before_the_lift_is_refused_with_the_lift_on_both_clocks(
    desk: Desk, at: str, draft: bool
) -> None:
    with pytest.raises(InputProblem) as refused:
        queue(desk, at, draft=draft)
    assert str(refused.value).startswith(
        "skerry-light is under embargo until Fri 20 Nov 2026 11:00 EST (America/New_York), "
        "that is Fri 20 Nov 2026 17:00 CET (Europe/Paris); "
    )
    assert "--at embargo+0" in refused.value.cure
    assert listings.queue(desk.engine, list(Status), None) == []


@pytest.mark.usefixtures("embargoed")
def test_a_post_at_the_lift_or_after_it_is_taken(desk: Desk) -> None:
    number = queue(desk, "2026-11-20 17:00")
    assert get(desk.engine, number).post.embargo_until == LIFT


@pytest.mark.usefixtures("embargoed")
def test_a_first_reaction_is_taken_before_unless_it_has_the_link(desk: Desk) -> None:
    assert get(desk.engine, queue(desk, "+1h", kind=Kind.REACTION)).post.kind is Kind.REACTION
    for text in ("https://aint.test/skerry-light", "Look: HTTP://AINT.test/Skerry-light/?p=1"):
        with pytest.raises(InputProblem, match="may not contain the link"):
            queue(desk, "+1h", text, kind=Kind.REACTION)


@pytest.mark.usefixtures("embargoed")
def test_a_first_reaction_is_not_given_the_link_later(desk: Desk) -> None:
    number = queue(desk, "+1h", kind=Kind.REACTION)
    with pytest.raises(InputProblem, match="may not contain the link"):
        queueing.edit(desk, number, "https://aint.test/skerry-light", None)


def test_a_first_reaction_waits_for_the_embargo_on_reactions(desk: Desk, embargoed: Review) -> None:
    set_embargo(desk.engine, embargoed, NOW + 2 * HOUR, Kind.REACTION)
    with pytest.raises(InputProblem, match=r"--at reaction-embargo\+0"):
        queue(desk, "+1h", kind=Kind.REACTION)
    queue(desk, "+2h", kind=Kind.REACTION)


@pytest.mark.usefixtures("embargoed")
def test_a_post_is_not_rescheduled_before_it(desk: Desk) -> None:
    number = queue(desk, "2026-11-20 17:00")
    for at in ("now", "+1h"):
        with pytest.raises(InputProblem, match="is under embargo until"):
            queueing.reschedule(desk, number, TimeIn(at=at), no)
    assert get(desk.engine, number).post.due_at == LIFT


def test_a_draft_that_is_due_before_it_is_not_approved(
    desk: Desk, review: Review, account: Account
) -> None:
    number = queue(desk, "+1h", draft=True)
    set_embargo(desk.engine, review, LIFT)
    with pytest.raises(InputProblem, match="is under embargo until"):
        queueing.approve(desk, number)
    assert status_of(desk.engine, number) is Status.DRAFT


def test_what_was_missed_is_not_queued_again_before_it(
    desk: Desk, embargoed: Review, account: Account, hands: Hands
) -> None:
    number = add_in(desk.engine, Status.MISSED, account=account, at=NOW - DAY)
    overwrite(desk.engine, Post, number, review_id=embargoed.id)
    entries = requeueing.named(desk, [number])
    with pytest.raises(InputProblem, match=f"Post #{number}: skerry-light is under embargo"):
        requeueing.plan(desk, entries, TimeIn(), None, no)
    turns = requeueing.plan(desk, entries, TimeIn(at="+5h"), None, no)
    requeueing.requeue(desk, turns)
    assert get(desk.engine, number).post.embargo_until == LIFT


@pytest.mark.usefixtures("embargoed")
def test_a_file_of_posts_is_refused_whole_when_one_is_early(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(
        "account,text,at,review,kind\n"
        "ines,Early.,+1h,skerry-light,\n"
        "ines,A reaction.,+1h,skerry-light,reaction\n"
    )
    with pytest.raises(InputProblem, match=r"line 2: skerry-light is under embargo"):
        queueing.queue(desk, batches.read(file), no)
    file.write_text(file.read_text().replace("ines,Early.,+1h,", "ines,Later.,2026-11-20 17:00,"))
    one, two = queueing.queue(desk, batches.read(file), no)
    assert (one.post.kind, two.post.kind) == (Kind.REVIEW, Kind.REACTION)


def test_once_it_has_lifted_nothing_is_refused(desk: Desk, embargoed: Review, hands: Hands) -> None:
    hands.forward(5 * HOUR)
    queue(desk, "now")


# The proof


def test_a_post_that_had_none_has_no_proof(desk: Desk, review: Review, account: Account) -> None:
    number = add_in(desk.engine, Status.PUBLISHED, account=account, review=review)
    assert proofs.of(get(desk.engine, number)) is None


def test_the_proof_names_both_instants_on_three_clocks(
    desk: Desk, embargoed: Review, account: Account
) -> None:
    number = add_post(desk.engine, account, review=embargoed, limit=LONG)
    waiting = proofs.of(get(desk.engine, number))
    assert waiting is not None
    assert waiting.lines == [
        "embargo lifts 2026-11-20 16:00:00 UTC = Fri 20 Nov 2026 17:00 CET (Europe/Paris)"
        " = Fri 20 Nov 2026 11:00 EST (America/New_York)"
    ]
    claim = claim_and_arm(desk.engine, LIFT)
    left = LIFT + 2 * SECOND + timedelta(milliseconds=340)
    records.record(desk.engine, claim, receipt(), left)
    proof = proofs.of(get(desk.engine, number))
    assert proof is not None
    assert proof.lines == [
        "embargo lifted 2026-11-20 16:00:00 UTC = Fri 20 Nov 2026 17:00 CET (Europe/Paris)"
        " = Fri 20 Nov 2026 11:00 EST (America/New_York)",
        "left 2026-11-20 16:00:02.340 UTC = Fri 20 Nov 2026 17:00:02 CET (Europe/Paris)"
        " = Fri 20 Nov 2026 11:00:02 EST (America/New_York), 2.34 s after the lift",
    ]
    assert proofs.as_json(proof) == {
        "lifts_at": {
            "utc": "2026-11-20T16:00:00.000Z",
            "account": "2026-11-20T17:00:00.000+01:00",
            "embargo": "2026-11-20T11:00:00.000-05:00",
        },
        "left_at": {
            "utc": "2026-11-20T16:00:02.340Z",
            "account": "2026-11-20T17:00:02.340+01:00",
            "embargo": "2026-11-20T11:00:02.340-05:00",
        },
        "after_s": 2.34,
        "zone": "America/New_York",
        "lifted_early": None,
    }


def test_the_proof_says_when_a_person_let_it_lift_early(
    desk: Desk, embargoed: Review, account: Account
) -> None:
    number = add_post(desk.engine, account, review=embargoed, limit=LONG)
    embargoes.lift(desk, embargoes.plan_lift(desk, "skerry-light", None), "The studio said so.")
    proof = proofs.of(get(desk.engine, number))
    assert proof is not None
    assert proof.early is not None
    assert proof.lines[-1] == (
        f"lifted early by {proof.early.by}, not 2026-11-20 16:00:00 UTC = Fri 20 Nov 2026 17:00 CET"
        " (Europe/Paris) = Fri 20 Nov 2026 11:00 EST (America/New_York): The studio said so."
    )
    shown = proofs.as_json(proof)
    assert shown is not None
    assert shown["lifted_early"]["why"] == "The studio said so."
    assert shown["lifted_early"]["instead_of"]["utc"] == "2026-11-20T16:00:00.000Z"


def test_a_post_that_was_out_before_is_not_whitewashed(
    desk: Desk, review: Review, account: Account
) -> None:
    """Its first part was out when the embargo was set; the second waited."""
    number = add_post(desk.engine, account, review=review, more=["And more."], limit=LONG)
    records.record(desk.engine, claim_and_arm(desk.engine), receipt(), NOW)
    set_embargo(desk.engine, review, LIFT)
    proof = proofs.of(get(desk.engine, number))
    assert proof is not None
    assert proof.lines[1].endswith(", 5 h BEFORE the lift")


def test_posts_of_two_reviews_do_not_mix(desk: Desk, embargoed: Review, account: Account) -> None:
    other = add_review(desk.engine, "other")
    number = add_post(desk.engine, account, review=other)
    assert plan(desk, "2026-11-21 17:00").effect.moves == []
    posts.change(desk.engine, number, posts.edit("Other words.", None))
    assert get(desk.engine, number).post.not_before == NOW


def test_the_parts_of_a_thread_are_all_looked_through_for_the_link(
    desk: Desk, embargoed: Review
) -> None:
    parts = [PartIn(text="First."), PartIn(text="aint.test/skerry-light")]
    new = PostIn(account="ines", at="+1h", parts=parts, review="skerry-light", kind=Kind.REACTION)
    with pytest.raises(InputProblem, match="may not contain the link"):
        queueing.queue(desk, [("", new)], no)

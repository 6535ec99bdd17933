"""What was under embargo leaves only when the network's own clock agrees with ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import Halted, NotSent
from handbill.services import publishing
from handbill.services.desk import Desk
from handbill.store import claims, overdue
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    Hands,
    add_post,
    add_review,
    claim_one,
    get,
    image_row,
    make_desk,
    receipt,
    set_embargo,
)
from tests.services.scripted import Line

LIFT = NOW + HOUR


@pytest.fixture
def claim(desk: Desk, hands: Hands) -> Claim:
    """The claim of a post whose embargo lifts this moment."""
    review = add_review(desk.engine)
    set_embargo(desk.engine, review, LIFT)
    add_post(desk.engine, text="A storm.", review=review, limit=DAY, images=[image_row()])
    return claim_one(desk.engine, hands.forward(HOUR))


def test_the_hour_is_asked_before_anything_of_the_post_is_prepared(
    desk: Desk, claim: Claim
) -> None:
    line = Line(told=LIFT, needs_network=True)
    ended = publishing.publish(line.at(desk), claim)
    assert line.asked == ["connect", "hour", "asks", "whoami", "prepare", "publish"]
    assert ended.outcome == receipt()


def test_a_post_that_was_never_under_embargo_need_not_ask(desk: Desk) -> None:
    add_post(desk.engine)
    line = Line()
    publishing.publish(line.at(desk), claim_one(desk.engine))
    assert "hour" not in line.asked


APART = {
    "ahead": (LIFT - 32 * SECOND, "Our clock is 31 s ahead of X's."),
    "an hour ahead": (LIFT - HOUR, "Our clock is 59 min 59 s ahead of X's."),
    "behind": (LIFT + 31 * SECOND, "Our clock is 31 s behind X's."),
    "silent": (None, "X does not say what time it is."),
    "not lifted": (LIFT - 6 * SECOND, "By X's clock the embargo, Fri 20 Nov 2026 12:00 UTC (UTC),"),
}


@pytest.mark.parametrize(("told", "why"), APART.values(), ids=APART)
def test_a_clock_that_is_too_far_away_holds_the_post_with_attention(
    desk: Desk, claim: Claim, told: object, why: str
) -> None:
    line = Line(told=told, needs_network=True)  # type: ignore[arg-type]
    ended = publishing.publish(line.at(desk), claim)
    assert line.asked == ["connect", "hour"]
    assert (ended.outcome.kind, ended.status) == ("not_sent", Status.QUEUED)
    post = get(desk.engine, claim.post_id).post
    assert (post.attention or "").startswith(why)
    assert "nothing of it was sent" in (post.attention or "")
    assert post.not_before
    assert timedelta(0) < post.not_before - LIFT < MINUTE, "it is tried again soon"


@pytest.mark.parametrize("told", [LIFT, LIFT + 30 * SECOND])
def test_clocks_that_are_nearly_the_same_let_it_go(
    desk: Desk, claim: Claim, told: datetime
) -> None:
    line = Line(told=told)
    assert publishing.publish(line.at(desk), claim).status is Status.PUBLISHED
    assert line.asked.count("hour") == 1


@dataclass
class Clocks:
    """Ours and the network's, which a pause moves on; the network's may be stuck."""

    hands: Hands
    line: Line
    stuck: bool = False
    waited: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.hands.forward(timedelta(seconds=seconds))
        if self.line.told and not self.stuck:
            self.line.told += timedelta(seconds=seconds)


@pytest.mark.parametrize("short", [1, 5])
def test_a_clock_that_is_a_little_short_of_the_lift_is_waited_for(
    desk: Desk, hands: Hands, claim: Claim, short: int
) -> None:
    line = Line(told=LIFT - short * SECOND)
    clocks = Clocks(hands, line)
    assert publishing.publish(line.at(desk), claim, clocks).status is Status.PUBLISHED
    assert (clocks.waited, line.asked.count("hour")) == ([short], 2)


@pytest.mark.parametrize(("short", "waited"), [(5, [5]), (6, [])])
def test_a_clock_that_stays_short_of_the_lift_holds_the_post(
    desk: Desk, hands: Hands, claim: Claim, short: int, waited: list[float]
) -> None:
    line = Line(told=LIFT - short * SECOND, needs_network=True)
    clocks = Clocks(hands, line, stuck=True)
    assert publishing.publish(line.at(desk), claim, clocks).status is Status.QUEUED
    assert clocks.waited == waited
    assert line.asked == ["connect", *["hour"] * (1 + len(waited))]
    assert "has not lifted yet" in (get(desk.engine, claim.post_id).post.attention or "")


class Ticking(Hands):
    """Moves on whenever somebody looks at it."""

    def __call__(self) -> datetime:
        seen = self.now
        self.forward(publishing.LEAD)
        return seen


def test_a_post_that_is_claimed_ahead_asks_the_hour_only_at_the_lift(lite: Engine) -> None:
    review = add_review(lite)
    set_embargo(lite, review, LIFT)
    add_post(lite, review=review, at=LIFT)
    early = LIFT - publishing.LEAD * 0.6
    (claim,) = claims.claim(lite, early, "w1", 1, PICTURES, ahead=publishing.LEAD)
    hands, when = Ticking(early), dict[str, datetime]()
    line = Line(told=LIFT, meanwhile=lambda step: when.update({step: hands.now}))
    ended = publishing.publish(line.at(make_desk(lite, hands)), claim)
    assert ended.status is Status.PUBLISHED
    assert LIFT <= when["hour"] <= when["publish"] < LIFT + SECOND


def breaks_off(step: str) -> None:
    if step == "hour":
        raise Halted(NotSent("the connection was refused."))


def test_no_answer_holds_it_too(desk: Desk, claim: Claim) -> None:
    line = Line(meanwhile=breaks_off)
    publishing.publish(line.at(desk), claim)
    assert line.asked == ["connect", "hour"]
    attention = get(desk.engine, claim.post_id).post.attention
    assert attention is not None
    assert attention.startswith("X does not say what time it is: the connection was refused.")


def test_the_attention_is_gone_once_it_is_out(desk: Desk, hands: Hands, claim: Claim) -> None:
    publishing.publish(Line().at(desk), claim)
    again = claim_one(desk.engine, hands.forward(MINUTE))
    publishing.publish(Line(told=hands.now).at(desk), again)
    post = get(desk.engine, claim.post_id).post
    assert (post.status, post.attention) == (Status.PUBLISHED, None)


def test_the_attention_is_gone_when_the_next_try_fails_for_another_reason(
    desk: Desk, hands: Hands, claim: Claim
) -> None:
    publishing.publish(Line().at(desk), claim)
    again = claim_one(desk.engine, hands.forward(MINUTE))
    line = Line(told=hands.now, outcome=NotSent("X could not be reached."))
    publishing.publish(line.at(desk), again)
    assert get(desk.engine, claim.post_id).post.attention is None


def test_what_is_held_for_too_long_is_missed_and_listed(
    desk: Desk, hands: Hands, claim: Claim
) -> None:
    publishing.publish(Line().at(desk), claim)
    assert overdue.miss(desk.engine, hands.forward(2 * DAY)) == [claim.post_id]
    assert get(desk.engine, claim.post_id).post.attention


def test_an_embargo_that_is_set_while_the_network_says_who_we_are_keeps_the_pictures_here(
    desk: Desk,
) -> None:
    review = add_review(desk.engine)
    add_post(desk.engine, review=review, images=[image_row()])

    def sets(step: str) -> None:
        if step == "whoami":
            set_embargo(desk.engine, review, LIFT)

    line = Line(needs_network=True, meanwhile=sets)
    ended = publishing.publish(line.at(desk), claim_one(desk.engine))
    assert (line.asked[-1], ended.status) == ("whoami", Status.QUEUED)


def test_nothing_that_is_printed_of_a_claim_shows_its_text(claim: Claim) -> None:
    ended = publishing.Ended(claim, NotSent("No."), None)
    shown: Callable[[object], str] = repr
    assert "A storm" not in shown(claim) + shown(ended)
    assert "lighthouse" not in shown(claim)

"""A part is settled by the set of its attempts (rule zero), never by the last answer alone."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.lifecycle import Verb
from handbill.domain.outcomes import (
    FIRST_WAIT,
    KINDS,
    LONGEST_WAIT,
    STRIKES,
    Busy,
    Decision,
    Halted,
    NotSent,
    Outcome,
    Past,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
    backoff,
    decide,
    heed_echo,
    heed_strikes,
)
from tests.factories import (
    MINUTE,
    NOW,
    SECOND,
    busy,
    not_sent,
    receipt,
    refused,
    unauthorized,
    unknown,
)

OPEN = Past(None, None)
DOUBTFUL = Past("unknown", None)
FOUND = Past("unknown", "found")
CONFIRMED = Past("unknown", "confirmed")
ABSENT = Past("unknown", "absent")
DENIED = Past("unknown", "denied")
OUT = Past("receipt", None)
UNSENT = Past("not_sent", None)
NO = Past("refused", None)

MAY_BE_OUT = (OPEN, DOUBTFUL)
IS_OUT = (OUT, FOUND, CONFIRMED)
IS_NOT_OUT = (ABSENT, DENIED, UNSENT, NO, Past("busy", None), Past("unauthorized", None))
ANY_PAST = (*MAY_BE_OUT, *IS_OUT, *IS_NOT_OUT)
ANY_OUTCOME: tuple[Outcome, ...] = (
    receipt(),
    refused(),
    busy(),
    not_sent(),
    unauthorized(),
    unknown(),
)

pasts = st.lists(st.sampled_from(ANY_PAST), max_size=8)
outcomes = st.sampled_from(ANY_OUTCOME)


@pytest.mark.parametrize(
    ("outcome", "verb"),
    [
        (receipt(), Verb.CONFIRM),
        (refused(), Verb.FAIL),
        (busy(), Verb.DEFER),
        (not_sent(), Verb.DEFER),
        (unauthorized(), Verb.DEFER),
        (unknown(), Verb.DOUBT),
    ],
)
def test_a_first_try_is_settled_by_its_own_outcome(outcome: Outcome, verb: Verb) -> None:
    assert decide(outcome, []).verb is verb


@pytest.mark.parametrize("outcome", ANY_OUTCOME)
@pytest.mark.parametrize("past", IS_OUT)
def test_one_receipt_from_any_attempt_wins(outcome: Outcome, past: Past) -> None:
    assert decide(outcome, [UNSENT, past, DOUBTFUL]) == Decision(Verb.CONFIRM)


@pytest.mark.parametrize("outcome", [o for o in ANY_OUTCOME if not isinstance(o, Receipt)])
@pytest.mark.parametrize("past", MAY_BE_OUT)
def test_an_unresolved_attempt_keeps_the_part_in_doubt(outcome: Outcome, past: Past) -> None:
    assert decide(outcome, [ABSENT, past]).verb is Verb.DOUBT


@pytest.mark.parametrize("outcome", ANY_OUTCOME)
def test_attempts_that_are_surely_not_sent_change_nothing(outcome: Outcome) -> None:
    alone, after = decide(outcome, []), decide(outcome, [ABSENT, DENIED, NO])
    assert after == alone


@given(outcomes, pasts)
def test_back_to_queued_or_failed_only_if_every_attempt_is_surely_not_sent(
    outcome: Outcome, others: list[Past]
) -> None:
    decision = decide(outcome, others)
    if decision.verb in (Verb.DEFER, Verb.FAIL):
        assert all(past in IS_NOT_OUT for past in others)
        assert not isinstance(outcome, Receipt | Unknown)


@given(outcomes, pasts)
def test_confirmed_exactly_when_some_attempt_is_proved_out(
    outcome: Outcome, others: list[Past]
) -> None:
    proved = isinstance(outcome, Receipt) or any(past in IS_OUT for past in others)
    assert (decide(outcome, others).verb is Verb.CONFIRM) == proved


@given(outcomes, pasts, st.data())
def test_the_order_of_the_attempts_does_not_matter(
    outcome: Outcome, others: list[Past], data: st.DataObject
) -> None:
    assert decide(outcome, data.draw(st.permutations(others))) == decide(outcome, others)


@given(outcomes, pasts)
def test_the_account_hears_of_a_rest_or_a_pause_unless_the_part_is_out(
    outcome: Outcome, others: list[Past]
) -> None:
    decision = decide(outcome, others)
    out = decision.verb is Verb.CONFIRM
    assert (decision.rest_until is not None) == (isinstance(outcome, Busy) and not out)
    assert bool(decision.pause) == (isinstance(outcome, Unauthorized) and not out)


@pytest.mark.parametrize("past", MAY_BE_OUT)
def test_the_account_rests_or_is_paused_although_the_part_stays_in_doubt(past: Past) -> None:
    assert decide(busy(NOW + MINUTE), [past]) == Decision(Verb.DOUBT, rest_until=NOW + MINUTE)
    assert decide(unauthorized("No credits left.", "top up"), [past]) == Decision(
        Verb.DOUBT, pause="No credits left.", cure="top up"
    )


def test_a_rest_lasts_as_long_as_the_network_says() -> None:
    assert decide(busy(NOW + 9 * MINUTE), []).rest_until == NOW + 9 * MINUTE


def test_a_pause_carries_the_reason_and_the_cure() -> None:
    decision = decide(unauthorized("No credits left.", "top up"), [])
    assert (decision.pause, decision.cure) == ("No credits left.", "top up")


def test_only_what_could_not_be_sent_waits_before_the_next_try() -> None:
    assert decide(not_sent(), []).wait > timedelta(0)
    assert decide(busy(), []).wait == timedelta(0)
    assert decide(unauthorized(), []).wait == timedelta(0)


def test_a_person_is_told_of_a_retry_only_by_a_try_that_asks_for_it() -> None:
    assert decide(NotSent("Our clock is wrong.", attention=True), []).attention
    for outcome in (not_sent(), busy(), unauthorized(), refused(), unknown(), receipt()):
        assert not decide(outcome, []).attention


def test_the_first_retry_waits_as_long_as_the_first_wait_says() -> None:
    assert decide(not_sent(), [], 0.0).wait == backoff(1, 0.0)
    assert decide(not_sent(), []).wait == backoff(1, 0.5)


def test_the_wait_grows_with_the_tries_that_were_not_sent_and_with_no_others() -> None:
    first = decide(not_sent(), []).wait
    assert decide(not_sent(), [Past("busy", None), ABSENT, NO]).wait == first
    assert decide(not_sent(), [UNSENT]).wait == 2 * first
    assert decide(not_sent(), [UNSENT, UNSENT]).wait == 4 * first


# "You have said this already"


def test_a_duplicate_after_a_doubt_is_a_sign_that_the_doubt_came_true() -> None:
    for past in (DOUBTFUL, DENIED, ABSENT, FOUND):
        heard = heed_echo(refused("Said already.", duplicate=True), [UNSENT, past])
        assert isinstance(heard, Unknown)
        assert heard.says.startswith("Said already.")


def test_a_duplicate_without_an_earlier_doubt_is_a_refusal() -> None:
    answer = refused(duplicate=True)
    assert heed_echo(answer, []) is answer
    assert heed_echo(answer, [UNSENT, NO, OPEN]) is answer


@given(outcomes, pasts)
def test_no_other_answer_is_heard_differently(outcome: Outcome, others: list[Past]) -> None:
    assert heed_echo(outcome, others) is outcome


@given(st.booleans(), pasts)
def test_a_refusal_fails_a_part_only_if_it_is_no_echo(duplicate: bool, others: list[Past]) -> None:
    heard = heed_echo(Refused("No.", duplicate), others)
    if decide(heard, others).verb is Verb.FAIL:
        assert not (duplicate and any(past.doubted for past in others))


# How long to wait


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_between_half_its_top_and_its_top(tries: int, chance: float) -> None:
    top = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 16))
    assert top / 2 <= backoff(tries, chance) <= top


@given(st.floats(0, 1, exclude_max=True))
def test_waits_double_until_the_longest(chance: float) -> None:
    waits = [backoff(tries, chance) for tries in range(1, 12)]
    for before, after in pairwise(waits):
        assert before <= after <= 2 * before + timedelta(microseconds=2)
    assert waits[-1] == backoff(1000, chance)


def test_the_first_waits_are_as_documented() -> None:
    assert [backoff(n, 0.0).total_seconds() for n in range(1, 9)] == [
        7.5,
        15,
        30,
        60,
        120,
        240,
        300,
        300,
    ]


def test_chance_spreads_the_waits_evenly_over_their_upper_half() -> None:
    assert [backoff(2, chance).total_seconds() for chance in (0.0, 0.25, 0.5)] == [15, 18.75, 22.5]
    assert backoff(1, 0.0) < backoff(1, 0.3) < backoff(1, 0.9) < 15 * SECOND


# Workers that die over a post


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("strikes", range(STRIKES + 2))
def test_only_what_would_be_queued_again_is_set_aside_and_only_after_three_deaths(
    verb: Verb, strikes: int
) -> None:
    decision = Decision(verb, wait=MINUTE, rest_until=NOW, pause="No credits left.", cure="top up")
    heard = heed_strikes(decision, strikes)
    if verb is not Verb.DEFER or strikes < 3:
        assert heard is decision
        return
    assert heard.verb is Verb.FAIL
    assert (heard.rest_until, heard.pause, heard.cure) == (NOW, "No credits left.", "top up")


def test_what_is_set_aside_says_after_how_many_deaths_and_that_it_is_not_out() -> None:
    assert heed_strikes(Decision(Verb.DEFER), 4).says == (
        "Handbill stopped 4 times while it had this post in hand, so it was set aside. "
        "It did not go out."
    )


# What an attempt knows of itself


@pytest.mark.parametrize(
    ("past", "doubted", "unresolved", "out"),
    [
        (OPEN, False, True, False),
        (DOUBTFUL, True, True, False),
        (FOUND, True, False, True),
        (CONFIRMED, True, False, True),
        (ABSENT, True, False, False),
        (DENIED, True, False, False),
        (OUT, False, False, True),
        (UNSENT, False, False, False),
        (NO, False, False, False),
    ],
)
def test_an_attempt_is_doubted_unresolved_or_out(
    past: Past, doubted: bool, unresolved: bool, out: bool
) -> None:
    assert (past.doubted, past.unresolved, past.out) == (doubted, unresolved, out)


def test_the_kinds_are_the_closed_list() -> None:
    assert set(KINDS) == {"receipt", "refused", "busy", "not_sent", "unauthorized", "unknown"}


@pytest.mark.parametrize("outcome", [refused("No."), busy(says="Wait."), not_sent("Nobody there.")])
def test_a_step_that_ends_a_try_says_how(outcome: Refused | Busy | NotSent) -> None:
    halted = Halted(outcome)
    assert halted.outcome is outcome
    assert str(halted) == outcome.says

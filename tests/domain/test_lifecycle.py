"""Every cell of Status × Verb, against the drawing in the architecture and nothing else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.lifecycle import (
    EDITABLE,
    LABELS,
    NEEDS_EYES,
    TRANSITIONS,
    IllegalStep,
    Status,
    Verb,
    step,
)

#: The drawing, arrow by arrow: from, verb, to.
DRAWN = """
draft      queue    queued
queued     unqueue  draft
queued     claim    publishing
queued     miss     missed
publishing defer    queued
publishing doubt    in_doubt
publishing confirm  published
publishing fail     failed
in_doubt   confirm  published
in_doubt   fail     failed
in_doubt   defer    queued
missed     queue    queued
failed     queue    queued
draft      cancel   cancelled
queued     cancel   cancelled
missed     cancel   cancelled
failed     cancel   cancelled
"""
ARROWS = {(a, verb): b for a, verb, b in (line.split() for line in DRAWN.strip().splitlines())}
#: A receipt is proof, whatever became of the row.
PROOF = {(status.value, "confirm"): "published" for status in Status if status.value != "published"}
LEGAL = {**ARROWS, **PROOF}


@pytest.mark.parametrize(("status", "verb"), list(itertools.product(Status, Verb)))
def test_every_cell_is_as_drawn(status: Status, verb: Verb) -> None:
    expected = LEGAL.get((status.value, verb.value))
    if expected is None:
        with pytest.raises(IllegalStep) as refusal:
            step(status, verb)
        assert (refusal.value.status, refusal.value.verb) == (status, verb)
        assert str(refusal.value) == f"cannot {verb} a post that is {status}"
    else:
        assert step(status, verb).value == expected


def test_the_table_has_no_cell_that_is_not_drawn() -> None:
    written = {(a.value, verb.value): b.value for (a, verb), b in TRANSITIONS.items()}
    assert written == LEGAL


def test_nothing_leads_out_of_published() -> None:
    assert not [verb for verb in Verb if (Status.PUBLISHED, verb) in TRANSITIONS]


def test_only_a_claim_leads_to_publishing() -> None:
    into = {verb for (_, verb), after in TRANSITIONS.items() if after is Status.PUBLISHING}
    assert into == {Verb.CLAIM}


def test_only_proof_leads_to_published() -> None:
    into = {verb for (_, verb), after in TRANSITIONS.items() if after is Status.PUBLISHED}
    assert into == {Verb.CONFIRM}


@given(st.lists(st.sampled_from(Verb), max_size=30))
def test_no_walk_leaves_published_or_claims_twice_without_a_return_to_the_queue(
    verbs: list[Verb],
) -> None:
    status, claimed = Status.DRAFT, False
    for verb in verbs:
        before = status
        try:
            status = step(status, verb)
        except IllegalStep:
            assert status is before
            continue
        assert before is not Status.PUBLISHED
        if verb is Verb.CLAIM:
            assert not claimed
        claimed = status is Status.PUBLISHING


def test_every_status_has_a_label_and_the_doubtful_one_says_that_it_is_held() -> None:
    assert set(LABELS) == set(Status)
    assert LABELS[Status.IN_DOUBT] == "Held: in doubt"


def test_what_waits_for_a_person_is_in_doubt_failed_or_missed() -> None:
    assert {status.value for status in NEEDS_EYES} == {"in_doubt", "failed", "missed"}


def test_nothing_that_may_be_public_can_be_edited() -> None:
    assert {status.value for status in EDITABLE} == {"draft", "queued", "failed", "missed"}

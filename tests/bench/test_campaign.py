"""The fault plan hits as often as it says, with every kind of fault that there is."""

from collections import Counter

import pytest

from bench import campaign, chaos
from handbill.rehearsal.faults import Plan
from handbill.rehearsal.kinds import KINDS


def test_chaos_plays_every_kind_of_fault() -> None:
    assert {fault["do"] for fault in chaos.FAULTS} == set(KINDS)


def test_lost_answers_are_all_of_posts_that_were_made() -> None:
    plan = Plan()
    plan.replace({"faults": list(campaign.LOST_ANSWERS)})
    assert all(rule.accept for rule in plan.rules)


def test_every_fault_strikes_as_often_as_the_others() -> None:
    faults = [{"do": "drop"}, {"do": "half"}, {"do": "null"}]
    plan = Plan()
    plan.replace({"faults": campaign.share(0.6, faults), "seed": 7})
    struck = Counter(
        rule.do for _ in range(20_000) if (rule := plan.strike("POST", "/2/tweets", ""))
    )
    assert struck.keys() == {"drop", "half", "null"}
    assert all(count == pytest.approx(4_000, rel=0.1) for count in struck.values())


def test_the_doors_are_open_for_a_post_that_is_sent_twice() -> None:
    plan = Plan()
    plan.replace({"settings": campaign.OPEN_DOORS})
    assert not plan.settings.duplicate_check


def test_the_same_seed_brings_the_same_chance() -> None:
    assert campaign.chance(1, "a").random() == campaign.chance(1, "a").random()
    assert campaign.chance(1, "a").random() != campaign.chance(1, "b").random()

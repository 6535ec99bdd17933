"""A storm that struck nobody proves nothing, however clean its counts are."""

from dataclasses import replace

import pytest

from bench import chaos
from bench.campaign import Tally
from bench.oracle import Verdict

PART = chaos.Part("sqlite", workers=1, kills=10, posts=20, accounts=2)
ROUGH = chaos.Result(
    Tally(published=18, found=3, held=2),
    Verdict(),
    faulty=0.3,
    in_storm=7,
    out_in_storm=15,
    stops=1,
    quits=0,
)


def test_a_rough_storm_with_clean_counts_is_good() -> None:
    assert chaos._report([PART], [ROUGH], 1, chaos.FLOORS) == 0


@pytest.mark.parametrize(
    "calm",
    [
        replace(ROUGH, in_storm=5),
        replace(ROUGH, faulty=0.19),
        replace(ROUGH, ended=Tally(published=18, found=0, held=2)),
        replace(ROUGH, ended=Tally(published=20, found=3, held=0)),
    ],
)
def test_a_calm_one_is_not(calm: chaos.Result) -> None:
    assert chaos._report([PART], [calm], 1, chaos.FLOORS) == 1


def test_nor_is_one_with_a_post_out_twice_or_unaccounted_for() -> None:
    for bad in (replace(ROUGH, verdict=Verdict(DUP=1)), replace(ROUGH, ended=Tally(published=19))):
        assert chaos._report([PART], [bad], 1, chaos.FLOORS) == 1

"""No order of verbs, crashes and clocks makes a post public twice, too early, or silently never."""

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from handbill.domain.network import Claim, NotSeen, Sighting
from handbill.domain.outcomes import NotSent, Outcome, Unknown
from tests.store.laws import Row
from tests.store.outside import NOT_THERE
from tests.store.protocol import Protocol, profile


def run(machine: type[Protocol], engine: Engine, examples: int, *phases: Phase) -> Counter[str]:
    """Let the machine run; answers what really happened."""
    tally = Counter[str]()
    phases = phases or tuple(Phase)
    settings = profile(examples, derandomize=True, phases=phases)
    live: Any = lambda: machine(engine, tally)  # noqa: E731  a function serves as well as a class
    run_state_machine_as_test(live, settings=settings)
    return tally


def test_whatever_happens_no_law_is_broken(engine: Engine, kind: str) -> None:
    tally = run(Protocol, engine, 40 if kind == "sqlite" else 20)
    for what in ("armed", "landed late", "in_doubt>published", "in_doubt>queued", "expired"):
        assert tally[what], f"nothing was ever {what}: {tally}"


# A machine that could not find a broken rule would prove nothing.


class SendsWithoutLeave(Protocol):
    """Takes leave instead of asking for it."""

    def gets_leave(self, _claim: Claim) -> bool:
        return True


class TakesSilenceForNo(Protocol):
    """Believes that what is not answered was not sent."""

    def understands(self, answer: Outcome) -> Outcome:
        return NotSent(answer.says) if isinstance(answer, Unknown) else answer


class SendsAfterAStall(Protocol):
    """Sends whenever it wakes up, however long ago it got leave."""

    def dares(self, _armed_at: datetime) -> bool:
        return True


class TrustsALaggingTimeline(Protocol):
    """Takes what the timeline does not show yet for absent."""

    def sees(self, claim: Claim) -> Sighting:
        sighting = super().sees(claim)
        return NOT_THERE if isinstance(sighting, NotSeen) else sighting


class DeniesAtAGlance(Protocol):
    """Says no while a late request may still land."""

    def is_sure(self, _attempt: Row) -> bool:
        return True


@pytest.mark.parametrize(
    "broken",
    [
        SendsWithoutLeave,
        TakesSilenceForNo,
        SendsAfterAStall,
        TrustsALaggingTimeline,
        DeniesAtAGlance,
    ],
)
def test_a_broken_rule_is_found(lite: Engine, broken: type[Protocol]) -> None:
    with pytest.raises(AssertionError, match=r"public|twice|forgotten|leaves"):
        run(broken, lite, 200, Phase.generate)

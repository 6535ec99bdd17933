"""No order of verbs, crashes and clocks makes a post public twice, too early, or silently never."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import Phase, seed
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from handbill.domain.network import Claim, NotSeen, Sighting
from handbill.domain.outcomes import NotSent, Outcome, Unknown
from handbill.domain.settling import QUIET
from tests.store.laws import Row
from tests.store.outside import NOT_THERE
from tests.store.protocol import Protocol, Sending, profile


def run(
    machine: type[Sending], engine: Engine, examples: int, start: int, phases: Sequence[Phase]
) -> Counter[str]:
    """Let the machine run; answers what really happened."""
    tally = Counter[str]()

    @seed(start)
    def live() -> Sending:
        return machine(engine, tally)

    serves_as_a_class: Any = live
    run_state_machine_as_test(serves_as_a_class, settings=profile(examples, phases=phases))
    return tally


def test_whatever_happens_no_law_is_broken(engine: Engine, kind: str) -> None:
    often, seldom = ("armed", "expired", "requeue"), ("landed late", "in_doubt>published", "absent")
    tally = run(Protocol, engine, 40 if kind == "sqlite" else 10, 1, tuple(Phase))
    for what in often + (seldom if kind == "sqlite" else ()):
        assert tally[what], f"nothing was ever {what}: {tally}"


# A machine that could not find a broken rule would prove nothing.


class SendsWithoutLeave(Sending):
    """Takes leave instead of asking for it."""

    def gets_leave(self, _claim: Claim) -> bool:
        return True


class TakesSilenceForNo(Sending):
    """Believes that what is not answered was not sent."""

    def understands(self, answer: Outcome) -> Outcome:
        return NotSent(answer.says) if isinstance(answer, Unknown) else answer


class SendsAfterAStall(Sending):
    """Sends whenever it wakes up, however long ago it got leave."""

    def dares(self, _armed_at: datetime) -> bool:
        return True


class TrustsALaggingTimeline(Sending):
    """Takes what the timeline does not show yet for absent."""

    def sees(self, claim: Claim) -> Sighting:
        sighting = super().sees(claim)
        return NOT_THERE if isinstance(sighting, NotSeen) else sighting


class DeniesAtAGlance(Sending):
    """Says no while a late request may still land."""

    def is_sure(self, _attempt: Row) -> bool:
        return True

    def says_at(self) -> datetime:
        return self.now + QUIET


#: With each the number at which the dice begin, so that it is found soon.
BROKEN = {
    SendsWithoutLeave: 0,
    TakesSilenceForNo: 1,
    SendsAfterAStall: 4,
    TrustsALaggingTimeline: 9,
    DeniesAtAGlance: 8,
}


def search(broken: type[Sending], engine: Engine, start: int) -> None:
    """Some short runs, until one of them breaks a law."""
    for number in range(start, start + 50):
        run(broken, engine, 10, number, [Phase.generate])


@pytest.mark.parametrize(("broken", "start"), BROKEN.items())
def test_a_broken_rule_is_found(lite: Engine, broken: type[Sending], start: int) -> None:
    with pytest.raises(AssertionError, match=r"public|forgotten|leaves"):
        search(broken, lite, start)

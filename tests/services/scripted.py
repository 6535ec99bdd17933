"""A line to no network: it keeps the Protocol, does what a test tells it to, and remembers it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from handbill.domain.network import (
    AccountRef,
    Claim,
    Evidence,
    Identity,
    Network,
    NotSeen,
    Sighting,
)
from handbill.domain.outcomes import Outcome
from handbill.services.desk import Desk
from tests.factories import receipt

INES = Identity("77", "@ines")
EVIDENCE: Evidence = {"user_id": "77", "since_id": "900"}
UNSEEN = NotSeen("X's timeline does not show it.")


def nothing(_step: str) -> None:
    """What happens meanwhile, unless a test says otherwise."""


@dataclass
class Line:
    """Answers `outcome` and `sighting`, unless `meanwhile`, told of every step, raises."""

    outcome: Outcome = field(default_factory=receipt)
    sighting: Sighting = UNSEEN
    #: What time it says it is.
    told: datetime | None = None
    needs_network: bool = False
    meanwhile: Callable[[str], object] = nothing
    #: The steps, in order, and what each was given.
    asked: list[str] = field(default_factory=list)
    accounts: list[AccountRef] = field(default_factory=list)
    claims: dict[str, Claim] = field(default_factory=dict)
    evidence: Evidence | None = None
    send_by: float = 0.0

    def at(self, desk: Desk) -> Desk:
        """The desk with this line for every account."""
        return replace(desk, connect=self._connect)

    def _connect(self, account: AccountRef) -> Network:
        self.accounts.append(account)
        self._reach("connect")
        return self

    def _reach(self, step: str, claim: Claim | None = None) -> None:
        self.asked.append(step)
        if claim is not None:
            self.claims[step] = claim
        self.meanwhile(step)

    def whoami(self) -> Identity:
        self._reach("whoami")
        return INES

    def hour(self) -> datetime | None:
        self._reach("hour")
        return self.told

    def asks(self, claim: Claim) -> bool:
        self._reach("asks", claim)
        return self.needs_network

    def prepare(self, claim: Claim) -> Evidence:
        self._reach("prepare", claim)
        return EVIDENCE

    def publish(self, claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
        self.evidence, self.send_by = evidence, send_by
        self._reach("publish", claim)
        return self.outcome

    def find(self, claim: Claim) -> Sighting:
        self._reach("find", claim)
        return self.sighting

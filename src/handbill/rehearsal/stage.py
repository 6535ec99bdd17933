"""Everything that one rehearsal server holds."""

from dataclasses import dataclass, field

from handbill.rehearsal.faults import Plan
from handbill.rehearsal.ledger import Ledger
from handbill.rehearsal.limits import Limits
from handbill.rehearsal.signatures import Guard


@dataclass
class Stage:
    """The ledger, the fault plan, the rate limits and the guard at the door."""

    ledger: Ledger = field(default_factory=Ledger)
    plan: Plan = field(default_factory=Plan)
    guard: Guard = field(default_factory=Guard)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.limits = Limits(self.plan.settings)

    def reset(self) -> None:
        """Empty the ledger and the rate limits; the fault plan stays."""
        self.ledger.clear()
        self.limits.clear()

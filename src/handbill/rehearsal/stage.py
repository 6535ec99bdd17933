"""Everything that one rehearsal server holds."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from handbill.rehearsal.faults import Plan
from handbill.rehearsal.ledger import Ledger
from handbill.rehearsal.limits import Limits
from handbill.rehearsal.signatures import Guard
from handbill.rehearsal.wire import Line


@dataclass
class Stage:
    """The ledger, the fault plan, the rate limits and the guard at the door."""

    ledger: Ledger = field(default_factory=Ledger)
    plan: Plan = field(default_factory=Plan)
    guard: Guard = field(default_factory=Guard)
    limits: Limits = field(init=False)
    #: Faults that are being played just now, and on which connection.
    playing: dict[asyncio.Task[Any], Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limits = Limits(self.plan.settings)

    def break_off(self) -> None:
        """End every fault that is still dripping or waiting, so that the server can stop."""
        for task, line in self.playing.items():
            line.reset()
            task.cancel()

    def reset(self) -> None:
        """Empty the ledger and the rate limits; the fault plan stays."""
        self.ledger.clear()
        self.limits.clear()

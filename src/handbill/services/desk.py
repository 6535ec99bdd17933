"""What every use case needs at hand: store, clock, networks, the web and the folders."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from handbill.clock import Clock
from handbill.domain.lateness import DEFAULT_GAP
from handbill.domain.network import Connect, Directory, PriceList
from handbill.domain.web import Fetch


@dataclass(frozen=True)
class Desk:
    """Handed to every use case; `app.build` is the only place that makes one for real."""

    engine: Engine
    clock: Clock
    #: What a network refuses, by its name.
    networks: Directory
    #: The line of an account, credentials and all.
    connect: Connect
    #: Where queued pictures are kept.
    pictures: Path
    #: Gets an address that a person pasted.
    fetch: Fetch
    #: Where a person keeps plans and words of their own, beside those that ship.
    config: Path
    #: What each network charges.
    prices: PriceList
    #: What lies between two overdue posts of one account after an outage.
    gap: timedelta = DEFAULT_GAP

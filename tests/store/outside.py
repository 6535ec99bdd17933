"""The world outside, as the rule machine imagines it: what is public, and what is on its way.

It knows nothing of the store. What it answers is true, but it may lose a request, let it land late,
lose its answer, or be slow to show a text to those who look.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from handbill.domain.network import Claim, Evidence, Found, NotSeen, Sighting
from handbill.domain.outcomes import (
    Busy,
    NotSent,
    Outcome,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
)
from handbill.domain.settling import EXCHANGE_DEADLINE, QUIET

#: Accounts whose network proves both ways; the timelines of others lag, and prove no absence.
PROVING = frozenset({"bea"})

SILENCE = Unknown("No answer came, or one that says nothing.")
NOT_SHOWN = NotSeen("The timeline does not show it.")
NOT_THERE = NotSeen("The network has no such post.", proof=True)


class Fate(StrEnum):
    """What becomes of a creating request."""

    LANDS = "lands"
    LANDS_SOON = "lands soon"
    LANDS_LAST = "lands at the last moment"
    IS_LOST = "is lost"
    REFUSED = "is refused"
    DUPLICATE = "is taken for a duplicate"
    BUSY = "comes too often"
    UNAUTHORIZED = "is not allowed"
    NOT_SENT = "does not get through"


#: Fates that make the text public, and how long that takes; None: as long as it can.
LANDING: dict[Fate, timedelta | None] = {
    Fate.LANDS: timedelta(0),
    Fate.LANDS_SOON: timedelta(seconds=20),
    Fate.LANDS_LAST: None,
}


@dataclass(frozen=True)
class Said:
    """A text that is public."""

    remote_id: str
    claim: Claim
    at: datetime
    visible_at: datetime

    def receipt(self, at: datetime | None = None) -> Receipt:
        """The network's proof of it."""
        return Receipt(self.remote_id, f"https://x.test/status/{self.remote_id}", at=at)


@dataclass
class Request:
    """A creating request that has left."""

    claim: Claim
    fate: Fate
    sent_at: datetime
    lands_at: datetime | None
    lag: timedelta
    said: Said | None = None

    def answer(self, now: datetime) -> Outcome:
        """What the network says to it until `now`; it never lies about what it knows."""
        if now > self.sent_at + EXCHANGE_DEADLINE:
            return SILENCE
        if self.said is not None:
            return self.said.receipt()
        refusals: dict[Fate, Outcome] = {
            Fate.REFUSED: Refused("The network refused it."),
            Fate.DUPLICATE: Refused("The network has seen it.", duplicate=True),
            Fate.BUSY: Busy("The network asks to rest.", now + timedelta(minutes=15)),
            Fate.UNAUTHORIZED: Unauthorized("The tokens are not taken.", "renew"),
            Fate.NOT_SENT: NotSent("The network could not be reached."),
        }
        return refusals.get(self.fate, SILENCE)


@dataclass
class Outside:
    """One network for all accounts, and the people who read it."""

    public: list[Said] = field(default_factory=list)
    under_way: list[Request] = field(default_factory=list)

    def take(
        self, claim: Claim, armed_at: datetime, now: datetime, fate: Fate, lag: timedelta
    ) -> Request:
        """A creating request leaves a worker."""
        lands_at = None
        if fate in LANDING:
            after = LANDING[fate]
            lands_at = armed_at + QUIET if after is None else now + after
        if claim.account.name in PROVING:
            lag = timedelta(0)
        request = Request(claim, fate, now, lands_at, lag)
        self.under_way.append(request)
        self.pass_to(now)
        return request

    def pass_to(self, now: datetime) -> int:
        """Let everything land that lands until `now`; answers how many did."""
        landing = [r for r in self.under_way if r.lands_at is not None and r.lands_at <= now]
        for request in sorted(landing, key=lambda r: r.lands_at or now):
            at = request.lands_at or now
            number = str(1001 + len(self.public))
            request.said = Said(number, request.claim, at, at + request.lag)
            self.public.append(request.said)
            self.under_way.remove(request)
        return len(landing)

    def evidence(self, claim: Claim) -> Evidence:
        """What preparing finds: the account's newest post, as known or as asked."""
        own = [s.remote_id for s in self.public if s.claim.account.id == claim.account.id]
        return {"since_id": claim.account.newest_remote_id or (own[-1] if own else None)}

    def find(self, claim: Claim, now: datetime) -> Sighting:
        """What a look-up at `now` shows."""
        since = int(claim.evidence.get("since_id") or 0)
        for said in self.public:
            same = (said.claim.account.id, said.claim.text) == (claim.account.id, claim.text)
            if same and int(said.remote_id) > since and said.visible_at <= now:
                return Found(said.receipt(said.at))
        return NOT_THERE if claim.account.name in PROVING else NOT_SHOWN

    def of(self, part_id: int) -> Said | None:
        """The part as a person sees it who opens the network."""
        return next((said for said in self.public if said.claim.part_id == part_id), None)

    def show_all(self, now: datetime) -> None:
        """The timelines have caught up."""
        self.public = [
            Said(s.remote_id, s.claim, s.at, min(s.visible_at, now)) for s in self.public
        ]

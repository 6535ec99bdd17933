"""How a try ended, and what follows from it. Whatever is not surely known here is in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from handbill.domain.lifecycle import Verb


@dataclass(frozen=True)
class Receipt:
    """The network's proof that the part is out."""

    kind: ClassVar[str] = "receipt"
    remote_id: str
    url: str
    says: str = ""
    #: When the network says it went out; None: just now.
    at: datetime | None = None


@dataclass(frozen=True)
class Refused:
    """The network said no for good. `duplicate`: because it has seen this text before."""

    kind: ClassVar[str] = "refused"
    says: str
    duplicate: bool = False


@dataclass(frozen=True)
class Busy:
    """The network asks the account to rest until an instant."""

    kind: ClassVar[str] = "busy"
    says: str
    until: datetime


@dataclass(frozen=True)
class NotSent:
    """It failed before a byte was handed over."""

    kind: ClassVar[str] = "not_sent"
    says: str
    #: Whether a person should know at once, although it is tried again by itself.
    attention: bool = False


@dataclass(frozen=True)
class Unauthorized:
    """The account may not post until a person mends it; `cure` says how."""

    kind: ClassVar[str] = "unauthorized"
    says: str
    cure: str


@dataclass(frozen=True)
class Unknown:
    """Nobody here can know whether the part is out."""

    kind: ClassVar[str] = "unknown"
    says: str


Outcome = Receipt | Refused | Busy | NotSent | Unauthorized | Unknown
KINDS = tuple(c.kind for c in (Receipt, Refused, Busy, NotSent, Unauthorized, Unknown))


class Halted(Exception):
    """A step before the creating request ended the try; nothing of the post is public."""

    def __init__(self, outcome: Refused | Busy | NotSent | Unauthorized) -> None:
        super().__init__(outcome.says)
        self.outcome = outcome


@dataclass(frozen=True)
class Past:
    """Another attempt at the same part: its outcome's kind (None while it runs) and its resolution.

    `resolution` of an unknown outcome: None while unresolved, "found" or "confirmed" when the part
    proved to be out, "absent" or "denied" when it proved not to be.
    """

    kind: str | None
    resolution: str | None

    @property
    def doubted(self) -> bool:
        """Whether this attempt was ever in doubt."""
        return self.kind == Unknown.kind

    @property
    def unresolved(self) -> bool:
        """Whether it may still turn out to be public."""
        return self.kind is None or (self.doubted and self.resolution is None)

    @property
    def out(self) -> bool:
        """Whether it is proved to be public."""
        return self.kind == Receipt.kind or self.resolution in ("found", "confirmed")


@dataclass(frozen=True)
class Decision:
    """What the recording transaction does: a verb for the post and what its account is told."""

    #: None: the post stays as it is.
    verb: Verb | None
    wait: timedelta = timedelta(0)
    rest_until: datetime | None = None
    pause: str = ""
    cure: str = ""
    #: What a person is told, if it is not what the outcome says.
    says: str = ""
    #: Whether a person is told although the post goes back to the queue.
    attention: bool = False


#: How a post begins to say that its review cannot be read.
NOT_YET = "The review is not live yet; the post will wait for it."
#: How a try ends to say that a person could let the next one succeed.
AGAIN = "it is tried again."
#: So many workers may die over one post before it is set aside.
STRIKES = 3


def heed_strikes(decision: Decision, strikes: int) -> Decision:
    """Set a post aside over which workers keep dying, instead of queueing it once more."""
    if decision.verb is not Verb.DEFER or strikes < STRIKES:
        return decision
    says = (
        f"Handbill stopped {strikes} times while it had this post in hand, so it was set aside. "
        "It did not go out."
    )
    return replace(decision, verb=Verb.FAIL, says=says)


def heed_echo(outcome: Outcome, others: Sequence[Past]) -> Outcome:
    """Read "you have said this already" after an earlier doubt as a sign that it came true."""
    if isinstance(outcome, Refused) and outcome.duplicate and any(p.doubted for p in others):
        return Unknown(
            f"{outcome.says} An earlier try was in doubt and may be the one that is out."
        )
    return outcome


def decide(outcome: Outcome, others: Sequence[Past], chance: float = 0.5) -> Decision:
    """Settle a part by the whole set of its attempts, never by the last answer alone (rule zero).

    `others` are the part's other attempts; `chance` in [0, 1) spreads the wait of a retry.
    """
    if isinstance(outcome, Receipt) or any(past.out for past in others):
        return Decision(Verb.CONFIRM)
    if isinstance(outcome, Unknown) or any(past.unresolved for past in others):
        return _with_account(Decision(Verb.DOUBT), outcome)
    if isinstance(outcome, Refused):
        return Decision(Verb.FAIL)
    tries = 1 + sum(past.kind == NotSent.kind for past in others)
    if not isinstance(outcome, NotSent):
        return _with_account(Decision(Verb.DEFER), outcome)
    return Decision(Verb.DEFER, wait=backoff(tries, chance), attention=outcome.attention)


def _with_account(decision: Decision, outcome: Outcome) -> Decision:
    """Add what the account suffers, whatever becomes of the post."""
    if isinstance(outcome, Busy):
        return replace(decision, rest_until=outcome.until)
    if isinstance(outcome, Unauthorized):
        return replace(decision, pause=outcome.says, cure=outcome.cure)
    return decision


FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)


def backoff(tries: int, chance: float) -> timedelta:
    """How long to wait after the `tries`-th try that was surely not sent: doubling, with jitter."""
    top: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 16))
    return top / 2 + top / 2 * chance

"""What a network is to the rest of Handbill: what it can be asked, and the one call that publishes.

Services know networks by these Protocols alone; a network is one module in `handbill.networks`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from handbill.domain.outcomes import Outcome, Receipt
from handbill.domain.prices import Prices

#: What `prepare` found and `find` will need again; JSON, understood by its own network only.
Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Image:
    """A picture to attach: the file, its media type, and the text for those who cannot see it."""

    path: Path
    media_type: str
    alt: str
    size_bytes: int
    #: What people call it; kept files are named by their content.
    name: str = "The picture"


@dataclass(frozen=True)
class Identity:
    """Who the stored credentials are on the network."""

    remote_id: str
    handle: str


@dataclass(frozen=True)
class AccountRef:
    """The account of a claim, without anything secret."""

    id: int
    name: str
    network: str
    server: str | None
    handle: str | None
    remote_id: str | None
    newest_remote_id: str | None
    #: What its posts may cost in a month, in dollars.
    monthly_cap: Decimal | None = None


@dataclass(frozen=True)
class Claim:
    """Permission for one worker to send one part of one post now.

    `fence` and `revision` are what the row had when it was claimed: arming fails if either moved.
    `reply_to` is the receipt id of the part before. `evidence` and `armed_at` are filled in when a
    claim is looked up later.
    """

    attempt_id: int
    post_id: int
    part_id: int
    fence: int
    revision: int
    position: int
    #: Not in what is printed of a claim: under an embargo not even a log may show it.
    text: str = field(repr=False)
    images: tuple[Image, ...] = field(repr=False)
    reply_to: str | None
    account: AccountRef
    due_at: datetime
    not_before: datetime
    evidence: Evidence = field(default_factory=dict)
    armed_at: datetime | None = None
    #: What was found before each of the part's doubtful tries; any of them may be the one that is
    #: out. `evidence` is that of the first, from which a look-up starts.
    tries: tuple[Evidence, ...] = ()
    #: How many parts the post has.
    parts: int = 1
    #: When the last embargo that held the post lifts; None if there was none.
    embargo_until: datetime | None = None
    #: The review that the post is about.
    review_id: int | None = None


@dataclass(frozen=True)
class Found:
    """The part is out; here is the proof."""

    receipt: Receipt


@dataclass(frozen=True)
class NotSeen:
    """The look-up did not show it. `proof` says whether that proves that it is not out."""

    says: str
    proof: bool = False


Sighting = Found | NotSeen


class Network(Protocol):
    """One account's line to its network. Every call is bounded in time."""

    def whoami(self) -> Identity:
        """Ask who the credentials are. Raises Halted."""

    def hour(self) -> datetime | None:
        """What time the network says it is, in whole seconds; None when its answer does not say.

        Raises Halted when there is no answer.
        """

    def asks(self, claim: Claim) -> bool:
        """Whether preparing this claim needs the network; if not, it may be done ahead of time."""

    def prepare(self, claim: Claim) -> Evidence:
        """Do all that publishes nothing: uploads, the newest own post. Raises Halted."""

    def publish(self, claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
        """Make exactly one creating request and say what its answer proves.

        `send_by` is an instant of `clock.elapsed()`: not a byte leaves after it.
        """

    def find(self, claim: Claim) -> Sighting:
        """Look for the claim's part among the account's own posts since `armed_at`.

        After a restore there is no evidence, and the part may have been made at any time since.
        """


class NetworkModule(Protocol):
    """What a module in `handbill.networks` offers; its name is the network's name."""

    #: The name people know.
    TITLE: str
    #: What an app needs, for all its accounts: key → what it is, in words.
    APP_KEYS: Mapping[str, str]
    #: What each account needs besides.
    TOKENS: Mapping[str, str]
    #: What it charges unless the settings say otherwise; None: nothing.
    PRICES: Prices | None
    #: How long a part may be, as `length` counts.
    MAX_LENGTH: int
    #: Whether it can put a warning before a post that gives something away.
    HAS_WARNINGS: bool

    def check(self, text: str, images: Sequence[Image]) -> list[str]:
        """Everything the network would refuse about a part, one sentence each. No I/O."""

    def remarks(self, text: str) -> list[str]:
        """What a person may want to know about a text that is fine, one sentence each."""

    def length(self, text: str) -> int:
        """How long the network counts a text."""

    def links(self, text: str) -> list[str]:
        """What of a text the network will probably bill as a link."""

    def remote_id(self, link: str) -> str | None:
        """The number of the post that a link of this network leads to, or None."""

    def connect(
        self, credentials: Mapping[str, str], server: str | None, clock: Callable[[], datetime]
    ) -> Network:
        """A line for these credentials, all of APP_KEYS and TOKENS. Opens nothing yet."""


#: Gives the line of an account. Holds the credentials, so that nobody else need see them.
#: Raises SettingsProblem when they are missing.
Connect = Callable[[AccountRef], Network]

#: What a network charges, by its name; None: nothing.
PriceList = Callable[[str], Prices | None]

#: Gives a network's module by its name. Raises InputProblem, naming those that exist.
Directory = Callable[[str], NetworkModule]

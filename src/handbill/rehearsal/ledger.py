"""The ledger of truth: what the stand-in X accepted and when. It never forgets a post."""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handbill.clock import Clock, now

#: X's ids count milliseconds from here (2010-11-04), shifted over 22 bits of sequence.
EPOCH_MS = 1288834974657
#: Older lines of the request log make room for newer ones.
REQUESTS_KEPT = 20_000
#: Pictures are kept for the page up to this much; of older ones only the facts stay.
PICTURE_BYTES_KEPT = 64_000_000

Json = dict[str, Any]


def iso(moment: datetime) -> str:
    """UTC with microseconds and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Snowflakes:
    """Ids as X makes them: strictly rising, even when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, moment: datetime) -> str:
        """The id of something that came to be at this moment."""
        ms = int(moment.timestamp() * 1000) - EPOCH_MS
        self._last = max(ms << 22, self._last + 1)
        return str(self._last)


@dataclass(slots=True, kw_only=True)
class Medium:
    """One uploaded picture. `content` is None while parts are missing and after it was let go."""

    id: str
    account: str
    created_at: datetime
    type: str
    category: str
    declared: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)
    content: bytes | None = None
    size: int = 0
    sha256: str = ""
    alt: str | None = None
    #: When processing ends; None before the upload is complete.
    ready_at: datetime | None = None
    failed: bool = False
    used_by: str | None = None

    @property
    def key(self) -> str:
        """X's media_key: a kind (3 is a photo, 16 an animated GIF) and the id."""
        return f"{16 if self.type == 'image/gif' else 3}_{self.id}"

    def facts(self) -> Json:
        """As a post shows it in the ledger."""
        return {
            "id": self.id,
            "media_key": self.key,
            "type": self.type,
            "bytes": self.size,
            "sha256": self.sha256,
            "alt": self.alt,
        }


@dataclass(slots=True, kw_only=True)
class Entry:
    """One accepted post. `text` as it was sent, `shown` as X gives it back."""

    n: int
    id: str
    account: str
    text: str
    shown: str
    urls: list[Json]
    accepted_at: datetime
    reply_to: str | None
    media: list[Medium]
    #: "201", or the fault that was played instead of a plain answer.
    answered: str = "201"
    #: The timeline does not show the post before this; `datetime.max` is never.
    hidden_until: datetime | None = None
    deleted: bool = False

    def line(self) -> Json:
        """As the ledger shows it."""
        return {
            "n": self.n,
            "id": self.id,
            "account": self.account,
            "text": self.text,
            "shown": self.shown,
            "accepted_at": iso(self.accepted_at),
            "reply_to": self.reply_to,
            "media": [medium.facts() for medium in self.media],
            "answered": self.answered,
            "deleted": self.deleted,
        }


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One request, from the moment its headers came. `bytes` counts its body as far as it came."""

    n: int
    at: datetime
    method: str
    path: str
    account: str | None = None
    status: int | None = None
    fault: str | None = None
    bytes: int = 0

    def line(self) -> Json:
        """As the ledger shows it."""
        return {
            "n": self.n,
            "at": iso(self.at),
            "method": self.method,
            "path": self.path,
            "account": self.account,
            "status": self.status,
            "fault": self.fault,
            "bytes": self.bytes,
        }


class Ledger:
    """Everything that was sent and accepted since the start or the last reset."""

    def __init__(self, clock: Clock = now) -> None:
        self.clock = clock
        self.ids = Snowflakes()
        self.clear()

    def clear(self) -> None:
        """Empty the ledger. Ids go on rising."""
        self.posts: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self.timelines: dict[str, list[Entry]] = {}
        self.replies: dict[str, list[Entry]] = {}
        self.said: dict[str, set[str]] = {}
        self.media: dict[str, Medium] = {}
        self.arrivals: deque[Arrival] = deque(maxlen=REQUESTS_KEPT)
        self.names: dict[str, str] = {}
        self._requests = 0
        self._picture_bytes = 0
        self._pictures: deque[Medium] = deque()

    def arrive(self, at: datetime, method: str, path: str) -> Arrival:
        """Open the log line of a request whose headers are here."""
        self._requests += 1
        arrival = Arrival(n=self._requests, at=at, method=method, path=path)
        self.arrivals.append(arrival)
        return arrival

    def accept(self, entry: Entry) -> None:
        """The post is made: from here on it exists, whatever the answer will be."""
        self.posts.append(entry)
        self.by_id[entry.id] = entry
        self.timelines.setdefault(entry.account, []).append(entry)
        self.said.setdefault(entry.account, set()).add(entry.text.strip())
        if entry.reply_to:
            self.replies.setdefault(entry.reply_to, []).append(entry)
        for medium in entry.media:
            medium.used_by = entry.id

    def delete(self, entry: Entry) -> None:
        """The account took the post back. Its ledger line stays."""
        entry.deleted = True
        self.said[entry.account].discard(entry.text.strip())

    def keep(self, medium: Medium, content: bytes) -> None:
        """The upload is complete: note its facts, and let go of the oldest pictures if need be."""
        medium.parts.clear()
        medium.content, medium.size = content, len(content)
        medium.sha256 = hashlib.sha256(content).hexdigest()
        self._pictures.append(medium)
        self._picture_bytes += len(content)
        while self._picture_bytes > PICTURE_BYTES_KEPT:
            oldest = self._pictures.popleft()
            self._picture_bytes -= oldest.size
            oldest.content = None

    def timeline(self, account: str, lag: timedelta) -> Iterator[Entry]:
        """The account's posts that a reader can see by now, newest first."""
        moment = self.clock()
        for entry in reversed(self.timelines.get(account, ())):
            hidden = entry.hidden_until is not None and entry.hidden_until > moment
            if not hidden and not entry.deleted and entry.accepted_at + lag <= moment:
                yield entry

    def report(self) -> Json:
        """The whole ledger, ready for JSON."""
        return {
            "now": iso(self.clock()),
            "posts": [entry.line() for entry in self.posts],
            "requests": [arrival.line() for arrival in self.arrivals],
            "media": [
                {
                    **medium.facts(),
                    "account": medium.account,
                    "at": iso(medium.created_at),
                    "used_by": medium.used_by,
                }
                for medium in self.media.values()
            ],
        }

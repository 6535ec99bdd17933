"""Rows and values with every field defaulted, so that a test names only what matters to it."""

import sqlite3
import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel

from handbill import networks
from handbill.clock import Clock
from handbill.domain.embargo import Kind
from handbill.domain.lateness import DEFAULT_LIMIT
from handbill.domain.lifecycle import Status
from handbill.domain.network import AccountRef, Claim, Connect, Evidence, Network
from handbill.domain.outcomes import Busy, NotSent, Outcome, Receipt, Refused, Unauthorized, Unknown
from handbill.domain.prices import Prices
from handbill.domain.web import Fetch, Page
from handbill.domain.when import Moment
from handbill.inputs import AccountIn, ImageIn, PartIn, PostIn, ReviewIn
from handbill.models import Account, Attempt, Review
from handbill.services.desk import Desk
from handbill.store import (
    accounts,
    arming,
    claims,
    embargoes,
    leases,
    listings,
    overdue,
    posts,
    records,
    reviews,
)
from handbill.store.embargoes import Said, Told, Which
from handbill.store.engine import write
from handbill.store.listings import Entry
from handbill.store.posts import Move, NewPost, Timing

#: A Friday; noon in Paris.
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: Where pictures would be; nothing reads them.
PICTURES = Path("/pictures")


class Hands:
    """The hands of a clock: they stand still until they are moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> datetime:
        """Move on, and answer the new time."""
        self.now += by
        return self.now


def unconnected(account: AccountRef) -> Network:
    """A line that no test should need."""
    raise AssertionError(f"nobody was to speak to {account.network}")


def unfetched(url: str, headers: Mapping[str, str]) -> Page:
    """A way to the web that no test should need."""
    raise AssertionError(f"nobody was to fetch {url}")


def make_desk(
    engine: Engine,
    clock: Clock | None = None,
    pictures: Path = PICTURES,
    connect: Connect = unconnected,
    fetch: Fetch = unfetched,
    config: Path = PICTURES / "config",
    prices: Mapping[str, Prices] | None = None,
) -> Desk:
    """A desk with the networks that ship, and a line to none of them unless one is given."""
    return Desk(
        engine=engine,
        clock=clock or Hands(),
        networks=networks.module,
        connect=connect,
        pictures=pictures,
        fetch=fetch,
        config=config,
        prices=networks.price_list(prices or {}),
    )


# Inputs


def account_in(name: str = "ines", **fields: Any) -> AccountIn:
    """An account to add."""
    return AccountIn.model_validate({"name": name, "network": "x", "zone": "Europe/Paris"} | fields)


def review_in(title: str = "A lamp and two liars", **fields: Any) -> ReviewIn:
    """A review to add."""
    return ReviewIn.model_validate({"title": title, "work": "Skerry Light"} | fields)


def post_in(text: str = "See it.", *images: ImageIn, **fields: Any) -> PostIn:
    """A post to queue, two hours from now."""
    return PostIn.model_validate(
        {"account": "ines", "at": "+2h", "parts": [PartIn(text=text, images=list(images))]} | fields
    )


# Outcomes


def receipt(remote_id: str = "1001", **fields: Any) -> Receipt:
    """The network's proof."""
    return Receipt(remote_id, f"https://x.test/ines/status/{remote_id}", **fields)


def refused(says: str = "X refused it.", *, duplicate: bool = False) -> Refused:
    """A no for good."""
    return Refused(says, duplicate)


def busy(until: datetime = NOW + 15 * MINUTE, says: str = "X asks to wait.") -> Busy:
    """A request to rest."""
    return Busy(says, until)


def not_sent(says: str = "X could not be reached.") -> NotSent:
    """Surely nothing went out."""
    return NotSent(says)


def unauthorized(says: str = "X does not take the tokens.", cure: str = "renew") -> Unauthorized:
    """The account may not post."""
    return Unauthorized(says, cure)


def unknown(says: str = "The line broke.") -> Unknown:
    """Nobody can know."""
    return Unknown(says)


# Rows


def add_account(engine: Engine, name: str = "ines", **fields: Any) -> Account:
    """An account that is kept."""
    return accounts.add(engine, account_in(name, **fields), NOW)


def add_review(engine: Engine, slug: str = "skerry-light", **fields: Any) -> Review:
    """A review that is kept."""
    return reviews.add(engine, review_in(slug=slug, **fields), slug, NOW)


def set_embargo(
    engine: Engine,
    review: Review,
    until: datetime,
    kind: Kind = Kind.REVIEW,
    moves: Sequence[Move] = (),
    *,
    now: datetime = NOW,
) -> Told:
    """An embargo that was set in New York."""
    lifts = Moment.of(until, ZoneInfo("America/New_York"))
    return embargoes.put(engine, Which(review.id or 0, kind), lifts, moves, Said(now, "ines"))


def timing(
    at: datetime = NOW, limit: timedelta = DEFAULT_LIMIT, zone: str = "Europe/Paris"
) -> Timing:
    """When a post is due."""
    return Timing(at, f"{at:%Y-%m-%d %H:%M}", zone, at + limit)


def image_row(name: str = "a.png", alt: str = "A lighthouse.") -> dict[str, Any]:
    """A picture as a part's row keeps it."""
    return {"file": name, "media_type": "image/png", "alt": alt, "size_bytes": 70}


def new_post(
    account: Account,
    text: str = "See it.",
    *,
    at: datetime | None = NOW,
    limit: timedelta = DEFAULT_LIMIT,
    more: Sequence[str] = (),
    images: Sequence[dict[str, Any]] = (),
    review: Review | None = None,
    draft: bool = False,
    price: Decimal | None = None,
    kind: Kind = Kind.REVIEW,
) -> NewPost:
    """A checked post, due now; `more` are the texts of further parts."""
    return NewPost(
        account_id=account.id or 0,
        review_id=review.id if review else None,
        zone=account.zone,
        timing=None if at is None else timing(at, limit),
        parts=[(text, list(images)), *((other, []) for other in more)],
        draft=draft,
        price=price,
        kind=kind,
    )


def add_post(engine: Engine, account: Account | None = None, **fields: Any) -> int:
    """A post that is queued, due now, on an account of its own or on the one called ines."""
    known = {one.name: one for one in accounts.listing(engine)}
    owner = account or known.get("ines") or add_account(engine)
    return posts.add(engine, [new_post(owner, **fields)], NOW)[0]


def get(engine: Engine, post_id: int) -> Entry:
    """A post with all that belongs to it, as it is now."""
    return listings.get(engine, post_id)


def status_of(engine: Engine, post_id: int) -> Status:
    """Where a post is in its life."""
    return get(engine, post_id).post.status


def account_of(engine: Engine, name: str = "ines") -> Account:
    """An account as it is now."""
    return accounts.named(engine, name)


# Steps of the protocol


def claim_one(engine: Engine, now: datetime = NOW, worker: str = "w1") -> Claim:
    """Claim the post that is due."""
    (made,) = claims.claim(engine, now, worker, 1, PICTURES)
    return made


def arm(engine: Engine, claim: Claim, now: datetime = NOW, **evidence: Any) -> Claim:
    """Arm a claim; it must be possible."""
    kept: Evidence = {"since_id": "900", **evidence}
    assert arming.arm(engine, claim, kept, now)
    return claim


def claim_and_arm(engine: Engine, now: datetime = NOW, **evidence: Any) -> Claim:
    """Claim the post that is due, and arm it."""
    return arm(engine, claim_one(engine, now), now, **evidence)


def attempt(engine: Engine, outcome: Outcome, now: datetime = NOW, **evidence: Any) -> Claim:
    """A whole try at the post that is due."""
    claim = claim_and_arm(engine, now, **evidence)
    records.record(engine, claim, outcome, now)
    return claim


def expired(engine: Engine, now: datetime = NOW, *, armed: bool = True) -> Claim:
    """A try whose worker stopped; its claim is taken back."""
    claim = claim_and_arm(engine, now) if armed else claim_one(engine, now)
    assert leases.expire_all(engine, now + SECOND)
    return claim


def add_in(engine: Engine, status: Status, **fields: Any) -> int:
    """A post in any status, brought there the way that posts go."""
    at = fields.pop("at", NOW)
    if status is Status.DRAFT:
        return add_post(engine, at=at, draft=True, **fields)
    post_id = add_post(engine, at=at, **fields)
    if status is Status.PUBLISHING:
        claim_one(engine, at)
    elif status is Status.PUBLISHED:
        attempt(engine, receipt(str(1000 + post_id)), at)
    elif status is Status.IN_DOUBT:
        attempt(engine, unknown(), at)
    elif status is Status.FAILED:
        attempt(engine, refused(), at)
    elif status is Status.MISSED:
        limit = get(engine, post_id).post.no_later_than
        assert limit is not None
        assert post_id in overdue.miss(engine, limit + SECOND)
    elif status is Status.CANCELLED:
        posts.change(engine, post_id, posts.cancel)
    return post_id


def row_of(engine: Engine, attempt_id: int) -> Attempt:
    """An attempt as it is now."""
    with write(engine) as session:
        return session.get_one(Attempt, attempt_id)


def overwrite(engine: Engine, row: type[SQLModel], row_id: int, **columns: Any) -> None:
    """Write columns past all rules but the database's own, as a hand might."""
    with write(engine) as session:
        session.execute(sa.update(row).where(sa.column("id") == row_id).values(**columns))


# Files


def broken(file: Path, table: str = "post") -> bytes:
    """Overwrite a page of a closed SQLite database; answers what the file holds now."""
    with closing(sqlite3.connect(file)) as raw:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        page = raw.execute(query, [table]).fetchone()[0]
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xee" * size
    file.write_bytes(content)
    return bytes(content)


def nothing(_what: str, _done: int, _total: int) -> None:
    """For those who do not want to be told how far a longer work is."""


def png(width: int = 1, height: int = 1) -> bytes:
    """A real picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\x00" + b"\xd0\x20\x20" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )

"""Reads: what waits, what went out and how, and what needs eyes."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from handbill.domain import prices
from handbill.domain.lateness import MOMENT, late_by
from handbill.domain.lifecycle import Status
from handbill.domain.when import parse
from handbill.domain.zones import zone
from handbill.errors import InputProblem
from handbill.models import Account, Standing, Worker
from handbill.services import proofs
from handbill.services.desk import Desk
from handbill.store import accounts, agenda, listings, reviews, standing, workers
from handbill.store.listings import Entry

#: Where a post's life in the queue is over, or waits for a person.
ENDED = (Status.PUBLISHED, Status.FAILED, Status.MISSED, Status.IN_DOUBT, Status.CANCELLED)
WAITING = (Status.DRAFT, Status.QUEUED, Status.PUBLISHING)


@dataclass(frozen=True)
class Filter:
    """Which posts to show; None: all. Times are those of going out, or else of being due."""

    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None
    review: str | None = None
    statuses: Sequence[Status] = ENDED
    limit: int | None = 50


def history(desk: Desk, chosen: Filter) -> list[Entry]:
    """What became of posts, newest first. Raises NotFound for an unknown account or review."""
    if chosen.account:
        accounts.named(desk.engine, chosen.account)
    if chosen.review:
        reviews.named(desk.engine, chosen.review)
    return listings.history(
        desk.engine,
        statuses=chosen.statuses,
        since=chosen.since,
        until=chosen.until,
        account=chosen.account,
        review=chosen.review,
        limit=chosen.limit,
    )


def boundary(desk: Desk, text: str | None, account: str | None) -> datetime | None:
    """The instant of a day or time in words, in the account's zone if one is named, else in UTC."""
    if text is None:
        return None
    where = zone(accounts.named(desk.engine, account).zone if account else "UTC")
    with contextlib.suppress(ValueError):
        # A day begins even where the clocks change at midnight: fold 0 takes the first instant.
        begins = datetime.combine(date.fromisoformat(text.strip()), time(), tzinfo=where)
        return begins.astimezone(UTC)
    moment = parse(text, desk.clock(), where)
    if moment is None:
        raise InputProblem(f"'{text}' is not a time.", "Write 2026-11-27 or 2026-11-27 18:30.")
    return moment.at


def queue(desk: Desk, account: str | None, statuses: Sequence[Status] = WAITING) -> list[Entry]:
    """What waits, soonest first. Raises NotFound for an unknown account."""
    if account:
        accounts.named(desk.engine, account)
    return listings.queue(desk.engine, statuses, account)


@dataclass(frozen=True)
class State:
    """Everything `status` tells."""

    counts: dict[Status, int]
    next_up: Sequence[Entry]
    late: Sequence[Entry]
    eyes: Sequence[Entry]
    #: Queued posts that an embargo holds until after their limit, so that they will be missed.
    held_beyond: Sequence[Entry]
    #: The one big pause, if it is on.
    pause: Standing | None
    paused: Sequence[Account]
    resting: Sequence[Account]
    #: Who publishes or did lately; the newest sign of life first.
    workers: Sequence[Worker]
    now: datetime

    @property
    def alive(self) -> Sequence[Worker]:
        """The workers that have given a sign of life a moment ago."""
        since = self.now - workers.SILENCE
        return [one for one in self.workers if one.stopped_at is None and one.seen_at >= since]

    @property
    def troubles(self) -> Sequence[str]:
        """Why workers that live publish nothing."""
        return sorted({one.trouble for one in self.alive if one.trouble})

    @property
    def needs_eyes(self) -> bool:
        """Whether a person should look at something."""
        held = self.eyes or self.held_beyond or self.late
        return bool(held or self.pause or self.paused or self.troubles)


def state(desk: Desk) -> State:
    """What is due, late, held and paused at this moment.

    The posts of a resting account are not late yet: the rest says itself when it ends.
    """
    engine, now = desk.engine, desk.clock()
    everyone = accounts.listing(engine)
    return State(
        counts=agenda.counts(engine),
        next_up=listings.queue(engine, [Status.QUEUED], None, limit=5),
        late=listings.overdue(engine, now - MOMENT),
        eyes=listings.needing_eyes(engine),
        held_beyond=listings.held_beyond(engine),
        pause=standing.get(engine, standing.PAUSE),
        paused=[account for account in everyone if account.paused_at],
        resting=[a for a in everyone if a.rest_until and a.rest_until > now and not a.paused_at],
        workers=workers.listing(engine),
        now=now,
    )


def as_json(entry: Entry) -> dict[str, Any]:
    """A post as every `--json` shows it; times in UTC with Z, lateness in seconds."""
    post = entry.post
    late = None
    if post.published_at and post.due_at:
        late = round(late_by(post.due_at, post.published_at).total_seconds(), 3)
    return {
        "id": post.id,
        "status": post.status.value,
        "account": entry.account.name,
        "network": entry.account.network,
        "review": entry.review.slug if entry.review else None,
        "due_at": utc(post.due_at),
        "zone": post.zone,
        "no_later_than": utc(post.no_later_than),
        "published_at": utc(post.published_at),
        "late_s": late,
        "kind": post.kind.value,
        "embargo": proofs.as_json(proofs.of(entry)),
        "url": next((part.url for part in entry.parts if part.url), None),
        "attention": post.attention,
        "price": None if post.price is None else prices.plain(post.price),
        "parts": [
            {
                "position": part.position,
                "text": part.text,
                "url": part.url or None,
                "remote_id": part.remote_id or None,
                "images": part.images,
            }
            for part in entry.parts
        ],
        "attempts": [
            {
                "started_at": utc(attempt.started_at),
                "armed_at": utc(attempt.armed_at),
                "ended_at": utc(attempt.ended_at),
                "outcome": attempt.outcome,
                "resolution": attempt.resolution,
                "detail": attempt.detail,
            }
            for attempt in entry.attempts
        ],
    }


def utc(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

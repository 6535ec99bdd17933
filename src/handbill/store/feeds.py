"""Rows of feeds and of the entries that were seen in them, each taken once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from handbill.errors import InputProblem, NotFound
from handbill.inputs import ReviewIn
from handbill.models import Feed, FeedEntry, Review
from handbill.store import reviews
from handbill.store.engine import read, write


@dataclass(frozen=True)
class Sight:
    """What a look at a feed told about the feed itself."""

    title: str | None = None
    etag: str | None = None
    modified: str | None = None
    trouble: str | None = None


def add(engine: Engine, url: str, keys: Sequence[str], sight: Sight, now: datetime) -> Feed:
    """Watch a feed from now on; entries of these keys are taken as seen. Raises InputProblem."""
    try:
        with write(engine) as session:
            feed = Feed(url=url, looked_at=now, created_at=now, **vars(sight))
            session.add(feed)
            session.flush()
            session.add_all(
                FeedEntry(feed_id=feed.id or 0, key=key, seen_at=now) for key in dict.fromkeys(keys)
            )
            return feed
    except IntegrityError:
        raise InputProblem(f"{url} is watched already.", "See: handbill feed list") from None


def listing(engine: Engine) -> Sequence[Feed]:
    """All feeds, oldest first."""
    with read(engine) as session:
        return session.exec(select(Feed).order_by(col(Feed.id))).all()


def named(engine: Engine, which: str) -> Feed:
    """The feed of that number or address. Raises NotFound."""
    is_it = col(Feed.url) == which
    if which.isdecimal() and len(which) < 10:
        is_it = col(Feed.id) == int(which)
    with read(engine) as session:
        feed = session.exec(select(Feed).where(is_it)).first()
        if feed is None:
            raise NotFound(f"No feed {which} is watched.", "See: handbill feed list")
        return feed


def remove(engine: Engine, feed: Feed) -> None:
    """Watch it no longer; the reviews that came from it stay."""
    with write(engine) as session:
        session.execute(sa.delete(Feed).where(col(Feed.id) == feed.id))


def take_turn(engine: Engine, now: datetime, since: datetime) -> Feed | None:
    """The feed that was looked at longest ago, if that was before `since`; this worker's alone."""
    before = sa.or_(col(Feed.looked_at).is_(None), col(Feed.looked_at) <= since)
    with write(engine) as session:
        waiting = select(Feed).where(before).order_by(col(Feed.looked_at).nulls_first())
        feed = session.exec(waiting.limit(1).with_for_update(skip_locked=True)).first()
        if feed is not None:
            feed.looked_at = now
        return feed


def unseen(engine: Engine, feed: Feed, keys: Sequence[str]) -> list[str]:
    """Those of the keys that are new, in their order."""
    with read(engine) as session:
        rows = select(FeedEntry.key).where(FeedEntry.feed_id == feed.id)
        known = set(session.exec(rows).all())
    return [key for key in dict.fromkeys(keys) if key not in known]


def draft(
    engine: Engine, feed: Feed, key: str, new: tuple[ReviewIn, str], now: datetime
) -> Review | None:
    """Note an entry as seen and keep its review under a slug like the one given, both or neither;
    None when another was quicker."""

    def drafted() -> Review:
        with write(engine) as session:
            entry = FeedEntry(feed_id=feed.id or 0, key=key, seen_at=now)
            session.add(entry)
            session.flush()
            review = reviews.insert(session, *new, now)
            entry.review_id = review.id
            return review

    try:
        return reviews.once_more(drafted)
    except IntegrityError:
        if unseen(engine, feed, [key]):
            raise
        return None


def note(engine: Engine, feed: Feed, sight: Sight, now: datetime) -> None:
    """Write down how a look ended. After a trouble, what the server told before still holds."""
    with write(engine) as session:
        row = session.get(Feed, feed.id, with_for_update=True)
        if row is None:
            return  # it was removed meanwhile
        row.looked_at, row.trouble = now, sight.trouble
        if sight.trouble is None:
            row.title = sight.title or row.title
            row.etag, row.modified = sight.etag, sight.modified

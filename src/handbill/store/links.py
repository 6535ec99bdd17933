"""Which posts are about to leave for a review whose link has not been looked at."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.outcomes import NOT_YET
from handbill.domain.text.quotes import kept
from handbill.models import BY_NUMBER, IS_QUEUED, Post, Review
from handbill.store import listings
from handbill.store.engine import read, write
from handbill.store.listings import Entry


def next_to_see(engine: Engine, now: datetime, ahead: timedelta) -> Entry | None:
    """The next post that is due within `ahead`, whose review wants its link looked at, and for
    which that has not been done in this time."""
    with read(engine) as session:
        number = session.scalar(
            sa.select(col(Post.id))
            .join(Review, col(Review.id) == col(Post.review_id))
            .where(
                IS_QUEUED,
                col(Post.not_before) > now,
                col(Post.not_before) <= now + ahead,
                sa.or_(col(Post.link_seen_at).is_(None), col(Post.link_seen_at) < now - ahead),
                col(Review.check_link),
                col(Review.link).is_not(None),
            )
            .order_by(col(Post.not_before), col(Post.id))
            .limit(1)
        )
    return listings.get(engine, number) if number is not None else None


def seen(engine: Engine, entry: Entry, says: str | None, now: datetime, ahead: timedelta) -> None:
    """Write down that the review's link was looked at, and what a person should know, for every
    post about it that waits to leave within `ahead`."""
    with write(engine) as session:
        waiting = sa.select(Post).where(
            IS_QUEUED,
            col(Post.review_id) == entry.post.review_id,
            col(Post.not_before) <= now + ahead,
        )
        for post in session.scalars(waiting.order_by(BY_NUMBER).with_for_update()):
            post.link_seen_at = now
            post.attention = _now(post.attention, says)


def _now(attention: str | None, says: str | None) -> str | None:
    """A quote that is gone stays the reason; that the review was not there is taken back."""
    if says is None:
        return None if attention and attention.startswith(NOT_YET) else attention
    return kept(attention) or says

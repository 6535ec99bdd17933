"""Which posts are about to leave for a review whose link has not been looked at."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col

from handbill.domain.lifecycle import Status
from handbill.models import IS_QUEUED, Post, Review
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


def seen(engine: Engine, post_id: int, says: str | None, now: datetime) -> None:
    """Write down that it was looked at, and what a person should know, if the post still waits."""
    with write(engine) as session:
        post = _waiting(session, post_id)
        if post is not None:
            post.link_seen_at = now
            post.attention = says or post.attention


def _waiting(session: Session, post_id: int) -> Post | None:
    post = session.get(Post, post_id, with_for_update=True)
    return post if post is not None and post.status is Status.QUEUED else None

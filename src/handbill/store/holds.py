"""Keeps what a post says of its embargo true: the table of embargoes alone decides.

Called inside the transaction that writes the post, while the post's row is locked. Whoever writes
an embargo goes through all posts of its review in its own transaction (`store.embargoes`). So of
two who come at the same time the later one sees what the earlier one wrote.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from handbill.domain.embargo import Hold, holding
from handbill.models import Embargo, Post, Review


def hold(session: Session, post: Post) -> None:
    """Let a post wait for the embargoes of its review that hold it; with the row locked."""
    if post.review_id is None:
        return
    with session.no_autoflush:  # the row is not whole before this
        holds = holds_of(session, [post.review_id])
    apply(post, holding(holds.get(post.review_id, []), post.kind))


def apply(post: Post, found: Hold | None) -> None:
    """Write a hold on a post; what waits for a retry goes on waiting for it."""
    first = post.due_at if post.not_before == post.embargo_until else post.not_before
    if found is None:  # also of a post that was one of the review and is a first reaction now
        if post.embargo_until is not None:
            post.embargo_until, post.embargo_zone, post.not_before = None, None, first
        return
    post.embargo_until, post.embargo_zone = found.until, found.zone
    post.not_before = max(first, found.until) if first else None


def holds_of(session: Session, reviews: Collection[int]) -> Mapping[int, list[Hold]]:
    """The embargoes of reviews; one that was lifted early ended then."""
    rows = session.execute(
        sa.select(
            col(Embargo.review_id),
            col(Embargo.kind),
            col(Embargo.until),
            col(Embargo.lifted_at),
            col(Embargo.zone),
        ).where(col(Embargo.review_id).in_(reviews))
    )
    found: dict[int, list[Hold]] = {}
    for review_id, kind, until, lifted_at, zone in rows:
        found.setdefault(review_id, []).append(Hold(kind, ends(until, lifted_at), zone))
    return found


def ends(until: datetime, lifted_at: datetime | None) -> datetime:
    """When an embargo really ended, or will."""
    return until if lifted_at is None else min(until, lifted_at)


def locked_holds(session: Session, reviews: Collection[int]) -> Mapping[int, list[Hold]]:
    """`holds_of`, and until the transaction ends nobody can change them: for posts that are new."""
    if not reviews:
        return {}
    session.execute(
        sa.select(col(Review.id))
        .where(col(Review.id).in_(reviews))
        .order_by(col(Review.id))  # always, or two of us could wait for each other
        .with_for_update(read=True)
    ).all()
    return holds_of(session, reviews)

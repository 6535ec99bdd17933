"""Posts as they are read: with their account, review, parts and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain.lifecycle import Status
from handbill.models import (
    HELD_BY_EMBARGO,
    IS_PUBLISHING,
    IS_QUEUED,
    Account,
    Attempt,
    Embargo,
    Part,
    Post,
    Review,
)
from handbill.store.engine import read
from handbill.store.posts import no_such_post

#: So many posts are named at most, wherever many could be.
MOST = 100


@dataclass(frozen=True)
class Entry:
    """A post with everything that belongs to it, for reading."""

    post: Post
    account: Account
    review: Review | None
    parts: list[Part] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    #: Those on its review; only for a post that had one.
    embargoes: list[Embargo] = field(default_factory=list)


#: The condition of the history's index, word for word.
ENDED = "post.status NOT IN ('draft', 'publishing', 'queued')"


def get(engine: Engine, post_id: int) -> Entry:
    """One post with all that belongs to it. Raises NotFound."""
    found = _entries(engine, [col(Post.id) == post_id])
    if not found:
        raise no_such_post(post_id)
    return found[0]


def queue(
    engine: Engine, statuses: Sequence[Status], account: str | None, limit: int | None = None
) -> list[Entry]:
    """Posts in these statuses, soonest first; those without a time come last."""
    if [*statuses] == [Status.QUEUED] and not account:
        return _next_up(engine, limit)
    conditions: list[Any] = [col(Post.status).in_(statuses)]
    if account:
        conditions.append(col(Account.name) == account)
    return _entries(engine, conditions, [col(Post.due_at).is_(None), col(Post.due_at)], limit)


def _next_up(engine: Engine, limit: int | None) -> list[Entry]:
    """The first of the queue, by the index that the daemon claims by."""
    order: list[Any] = [col(Post.not_before), col(Post.id)]
    chosen = sa.select(col(Post.id)).where(IS_QUEUED).order_by(*order).limit(limit)
    return _entries(engine, [col(Post.id).in_(chosen)], order)


def history(
    engine: Engine,
    statuses: Sequence[Status],
    since: datetime | None,
    until: datetime | None,
    account: str | None,
    review: str | None,
    limit: int | None,
) -> list[Entry]:
    """Posts in these statuses by when they went out, or else were due; newest first."""
    moment = sa.func.coalesce(col(Post.published_at), col(Post.due_at), col(Post.created_at))
    conditions: list[Any] = [col(Post.status).in_(statuses)]
    if not {*statuses} & {Status.DRAFT, Status.QUEUED, Status.PUBLISHING}:
        conditions.append(sa.text(ENDED))  # in these words, so that the partial index serves
    if since is not None:
        conditions.append(moment >= since)
    if until is not None:
        conditions.append(moment < until)
    if account is not None:
        whose = sa.select(col(Account.id)).where(col(Account.name) == account)
        conditions.append(col(Post.account_id) == whose.scalar_subquery())
    if review is not None:
        which = sa.select(col(Review.id)).where(col(Review.slug) == review)
        conditions.append(col(Post.review_id) == which.scalar_subquery())
    order: list[Any] = [moment.desc(), col(Post.id).desc()]
    # First the numbers, by index alone; a planner that begins with the accounts reads every post.
    chosen = sa.select(col(Post.id)).where(*conditions).order_by(*order).limit(limit)
    return _entries(engine, [col(Post.id).in_(chosen)], order)


def about(engine: Engine, reviews: Sequence[int]) -> list[Entry]:
    """All posts about these reviews, soonest first."""
    return _entries(engine, [col(Post.review_id).in_(reviews)], [col(Post.due_at)])


def saying(engine: Engine, account_id: int, text: str) -> list[int]:
    """Numbers of an account's posts with a part of exactly this text that may be or are public."""
    with read(engine) as session:
        found = session.scalars(
            sa.select(col(Post.id))
            .join(Part, col(Part.post_id) == col(Post.id))
            .where(
                col(Post.account_id) == account_id,
                col(Part.text) == text,
                col(Post.status).not_in([Status.CANCELLED, Status.FAILED]),
            )
            .order_by(col(Post.id).desc())
            .limit(5)
        )
        return [number for number in found if number is not None]


def of_plan(engine: Engine, review_id: int, plan: str) -> list[Entry]:
    """All posts that a plan has made for a review, given up ones first."""
    conditions: list[Any] = [col(Post.review_id) == review_id, col(Post.plan) == plan]
    return _entries(engine, conditions, [col(Post.status) != Status.CANCELLED])


def lifting(engine: Engine, since: datetime, until: datetime) -> list[Entry]:
    """Queued posts that are due before and leave when their embargo lifts in this time."""
    conditions: list[Any] = [
        IS_QUEUED,
        col(Post.not_before) >= since,
        col(Post.not_before) < until,
        col(Post.embargo_until).is_not(None),
        col(Post.due_at) < since,
    ]
    return _entries(engine, conditions, [col(Post.not_before).desc()], MOST)


def held_beyond(engine: Engine) -> list[Entry]:
    """Queued posts whose embargo lifts only after the last instant at which they may leave."""
    return _entries(engine, [HELD_BY_EMBARGO], [col(Post.no_later_than)], MOST)


def overdue(engine: Engine, since: datetime) -> list[Entry]:
    """Posts that should have left before `since` and have not, or whose worker has gone silent.

    The first hundred, longest overdue first.
    """
    waiting = (
        sa.select(col(Post.id))
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(
            IS_QUEUED,
            col(Post.not_before) < since,
            sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) < since),
        )
    )
    stuck = sa.select(col(Post.id)).where(IS_PUBLISHING, col(Post.lease_until) < since)
    late = sa.union_all(waiting, stuck)
    return _entries(engine, [col(Post.id).in_(late)], [col(Post.not_before)], MOST)


def needing_eyes(engine: Engine) -> list[Entry]:
    """Posts that wait for a person; the newest hundred."""
    return _entries(engine, [col(Post.attention).is_not(None)], [col(Post.id).desc()], MOST)


def _entries(
    engine: Engine,
    conditions: Sequence[Any],
    order: Sequence[Any] = (),
    limit: int | None = None,
) -> list[Entry]:
    with read(engine) as session:
        rows = session.execute(
            sa.select(Post, Account, Review)
            .join(Account, col(Account.id) == col(Post.account_id))
            .outerjoin(Review, col(Review.id) == col(Post.review_id))
            .where(*conditions)
            .order_by(*order, col(Post.id))
            .limit(limit)
        ).all()
        entries = {post.id: Entry(post, account, review) for post, account, review in rows}
        _fill(session, entries)
        return list(entries.values())


def _fill(session: Session, entries: dict[int | None, Entry]) -> None:
    ids = [number for number in entries if number is not None]
    for start in range(0, len(ids), 500):  # SQLite takes only so many parameters
        some = ids[start : start + 500]
        for part in session.exec(
            select(Part).where(col(Part.post_id).in_(some)).order_by(col(Part.position))
        ):
            entries[part.post_id].parts.append(part)
        for attempt in session.exec(
            select(Attempt).where(col(Attempt.post_id).in_(some)).order_by(col(Attempt.id))
        ):
            entries[attempt.post_id].attempts.append(attempt)
    _fill_embargoes(session, [one for one in entries.values() if one.post.embargo_until])


def _fill_embargoes(session: Session, entries: Sequence[Entry]) -> None:
    reviews = sorted({entry.post.review_id or 0 for entry in entries})
    found: dict[int, list[Embargo]] = {}
    for start in range(0, len(reviews), 500):
        some = reviews[start : start + 500]
        for one in session.exec(select(Embargo).where(col(Embargo.review_id).in_(some))):
            found.setdefault(one.review_id, []).append(one)
    for entry in entries:
        entry.embargoes.extend(found.get(entry.post.review_id or 0, []))

"""Takes claims back from workers that are gone: unarmed ones are queued again, armed ones are in
doubt. A worker that comes back late can neither arm nor overrule."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col

from handbill.domain.lifecycle import Status
from handbill.domain.outcomes import NotSent, Unknown
from handbill.failpoints import failpoint
from handbill.models import BY_NUMBER, IS_PUBLISHING, Attempt, Post
from handbill.store.engine import read, write
from handbill.store.group import patiently
from handbill.store.holds import hold
from handbill.store.records import end_attempt

STOPPED_BEFORE = NotSent("Handbill stopped before sending; nothing went out.")
STOPPED_DURING = Unknown("Handbill stopped while sending, so nobody here knows if it went out.")
NEVER_BEGUN = NotSent("Handbill claimed this and never came to send it; nothing went out.")


@dataclass(frozen=True)
class Expired:
    """A claim whose worker is gone, and what became of the post."""

    post_id: int
    status: Status


def expire(engine: Engine, now: datetime, gone: Collection[str] = ()) -> list[Expired]:
    """Take back the claims whose lease ran out, or whose worker is known to be gone."""
    return _strike(
        engine, now, sa.or_(col(Post.lease_until) < now, col(Post.worker).in_(list(gone)))
    )


def expire_all(engine: Engine, now: datetime, but: str = "") -> list[Expired]:
    """Take back every open claim that is not this worker's. Only for a database's sole worker."""
    return _strike(engine, now, col(Post.worker).is_distinct_from(but))


def under_way(engine: Engine) -> bool:
    """Whether there is any open claim, be its worker alive or gone."""
    with read(engine) as session:
        query = sa.select(col(Post.id)).where(IS_PUBLISHING)
        return session.scalar(query.limit(1)) is not None


def forsake(engine: Engine, worker: str, kept: Collection[int], now: datetime) -> list[Expired]:
    """Take back what a worker claimed and will not send: it never heard of it, as its line broke
    during the commit, or it stops.

    `kept` are the numbers of the attempts that it has in hand.
    """
    unheard = sa.and_(
        col(Post.worker) == worker,
        col(Attempt.armed_at).is_(None),
        col(Attempt.id).not_in(list(kept)),
    )
    return _take_back(engine, now, unheard, lambda _attempt: NEVER_BEGUN, strikes=0)


def _strike(engine: Engine, now: datetime, whose: ColumnElement[bool]) -> list[Expired]:
    return _take_back(engine, now, whose, _stopped, strikes=1)


def _stopped(attempt: Attempt) -> NotSent | Unknown:
    return STOPPED_BEFORE if attempt.armed_at is None else STOPPED_DURING


def _take_back(
    engine: Engine,
    now: datetime,
    whose: ColumnElement[bool],
    outcome: Callable[[Attempt], NotSent | Unknown],
    strikes: int,
) -> list[Expired]:
    def take() -> list[Expired]:
        taken = []
        with write(engine) as session:
            for post, attempt in _open_claims(session, whose):
                post.strikes += strikes
                turn = post.not_before
                status = end_attempt(session, attempt.id or 0, outcome(attempt), now)
                if not strikes and status is Status.QUEUED:
                    post.not_before = turn  # nothing was tried, so nothing has to wait
                    hold(session, post)
                taken.append(Expired(attempt.post_id, status))
            session.flush()
            if taken:
                failpoint("expire.before_commit")
        return taken

    taken = patiently(take)
    if taken:
        failpoint("expire.after_commit")
    return taken


def _open_claims(session: Session, whose: ColumnElement[bool]) -> Sequence[tuple[Post, Attempt]]:
    """Publishing posts with their open attempt, locked."""
    query = (
        sa.select(Post, Attempt)
        .join(Attempt, col(Attempt.post_id) == col(Post.id))
        .where(
            IS_PUBLISHING,
            col(Attempt.ended_at).is_(None),
            whose,
        )
        .order_by(BY_NUMBER)
        .with_for_update(of=(Post, Attempt))
    )
    return [(post, attempt) for post, attempt in session.execute(query).all()]

"""What a backup cannot know: what went out after it was taken. Whatever may have is in doubt, all
is paused, and no network is asked before a person says so."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.outcomes import Unknown
from handbill.domain.settling import QUIET
from handbill.domain.zones import show
from handbill.models import Attempt, Embargo, Part, Post, Standing
from handbill.store.embargoes import KnownReview, carry_over
from handbill.store.engine import read, write
from handbill.store.records import end_attempt
from handbill.store.standing import PAUSE

#: The worker of an attempt that stands for whatever was tried after the backup was taken.
RESTORE = "restore"


#: From here a person's word, or none at all, would send a post.
_COULD_LEAVE = (Status.DRAFT, Status.QUEUED, Status.MISSED, Status.FAILED)

#: A post, known again in another copy of the same database: its number, and when it was made.
Known = tuple[int | None, datetime]


def tried(engine: Engine) -> set[Known]:
    """The posts that may be out, as far as this database knows."""
    armed = sa.exists().where(
        col(Attempt.post_id) == col(Post.id), col(Attempt.armed_at).is_not(None)
    )
    with read(engine) as session:
        return set(session.exec(select(Post.id, Post.created_at).where(armed)).all())


def hold(
    engine: Engine,
    taken_at: datetime,
    now: datetime,
    also: Collection[Known] = frozenset(),
    known: Mapping[KnownReview, Sequence[Embargo]] = MappingProxyType({}),
) -> None:
    """Make a copy of `taken_at` safe to go on with: paused, and everything in doubt that could have
    gone out since. What `also` names is held whatever the copy says of it, unless it cannot leave
    any more. Other posts that are due after `now` stay queued. Embargoes that are `known` hold here
    too: one that was set after the backup must not be forgotten with it."""
    with write(engine) as session:
        # This machine's clock may be behind the one by which the backup was taken.
        for post in session.scalars(_perhaps_sent(max(now, taken_at))).all():
            _doubt(session, post, taken_at, now)
        for number in _leaving_among(session, also):
            _doubt(session, session.get_one(Post, number), taken_at, now)
        session.flush()
        carry_over(session, known)
        session.flush()
        planned = col(Attempt.next_look_at).is_not(None)
        session.execute(sa.update(Attempt).where(planned).values(next_look_at=None))
        session.execute(sa.update(Attempt).where(_open_question()).values(looks=0))
        _pause(session, taken_at, now)


def _perhaps_sent(now: datetime) -> sa.Select[Post]:
    """An open claim may have been armed a moment later, a doubt denied and sent again. Claims come
    first: an account can have one publishing post only."""
    due = sa.and_(col(Post.status) == Status.QUEUED, col(Post.due_at) <= now)
    open_ones = col(Post.status).in_([Status.PUBLISHING, Status.IN_DOUBT])
    claims_first = (col(Post.status) != Status.PUBLISHING, col(Post.id))
    return sa.select(Post).where(sa.or_(due, open_ones)).order_by(*claims_first)


def _leaving_among(session: Session, known: Collection[Known]) -> list[int | None]:
    """Numbers of the posts that could leave later although they were tried meanwhile."""
    if not known:
        return []
    waiting = select(Post.id, Post.created_at).where(col(Post.status).in_(_COULD_LEAVE))
    return [number for number, made in session.exec(waiting) if (number, made) in known]


def _open_question() -> sa.ColumnElement[bool]:
    return sa.and_(col(Attempt.worker) == RESTORE, col(Attempt.resolution).is_(None))


def _doubt(session: Session, post: Post, taken_at: datetime, now: datetime) -> None:
    """Add to each part that was not out an attempt of which nobody can know the end.

    It counts as a claim of its own: no older attempt can move the post any more, but by a receipt.
    """
    when = show(taken_at, ZoneInfo(post.zone))
    outcome = Unknown(f"Restored from a backup of {when}; it may have gone out since.")
    for attempt in _under_way(session, post):
        attempt.armed_at = attempt.armed_at or taken_at
        end_attempt(session, attempt.id or 0, outcome, now)
    if post.status in _COULD_LEAVE:
        _claim(session, post, taken_at, now)
    session.flush()
    unasked = _parts_to_doubt(session, post)
    if unasked:
        post.fence += 1
    for part in unasked:
        attempt = Attempt(
            post_id=part.post_id,
            part_id=part.id or 0,
            fence=post.fence,
            revision=post.revision,
            worker=RESTORE,
            started_at=taken_at,
            armed_at=taken_at,
        )
        session.add(attempt)
        session.flush()
        end_attempt(session, attempt.id or 0, outcome, now)
    session.flush()


def _claim(session: Session, post: Post, taken_at: datetime, now: datetime) -> None:
    """As a worker after the backup must have claimed it; each step by itself, as they are guarded.
    A draft without a time gets one that is over: denied, it is missed and waits for a person."""
    if post.status is not Status.QUEUED:
        post.due_at = post.due_at or taken_at
        first = post.not_before or post.due_at
        post.not_before = max(first, post.embargo_until or first)
        post.no_later_than = post.no_later_than or post.due_at
        post.status = step(post.status, Verb.QUEUE)
        session.flush()
    post.status = step(post.status, Verb.CLAIM)
    post.lease_until = now


def _under_way(session: Session, post: Post) -> Sequence[Attempt]:
    return session.exec(
        select(Attempt).where(Attempt.post_id == post.id, col(Attempt.ended_at).is_(None))
    ).all()


def _parts_to_doubt(session: Session, post: Post) -> Sequence[Part]:
    """The parts that are not out; the last one first, so that the first one is the latest doubt,
    which is the one that a person is asked about."""
    asked = select(Attempt.part_id).where(Attempt.post_id == post.id, _open_question())
    return session.exec(
        select(Part)
        .where(Part.post_id == post.id, col(Part.remote_id).is_(None), col(Part.id).not_in(asked))
        .order_by(col(Part.position).desc())
    ).all()


def _pause(session: Session, taken_at: datetime, now: datetime) -> None:
    says = f"Restored from a backup of {show(taken_at, ZoneInfo('UTC'))}."
    before = session.get(Standing, PAUSE)
    if before is not None:
        says += f" It was paused then, too: {before.value}"
        session.delete(before)
        session.flush()
    session.add(Standing(name=PAUSE, value=says, since=now))


def is_unasked(attempt: Attempt) -> bool:
    """Whether the networks are asked about this only once the pause after a restore ends."""
    open_question = attempt.worker == RESTORE and attempt.resolution is None
    return open_question and attempt.looks == 0 and attempt.next_look_at is None


def sent_by(attempt: Attempt) -> datetime | None:
    """The last instant at which a request of this attempt may have left; None: surely none did."""
    return attempt.ended_at if attempt.worker == RESTORE else attempt.armed_at


def begin_looks(engine: Engine, restored_at: datetime) -> None:
    """Let the networks be asked about what a restore has left open; not before the last request of
    the time before it has landed."""
    with write(engine) as session:
        session.execute(
            sa.update(Attempt)
            .where(_open_question(), col(Attempt.looks) == 0, col(Attempt.next_look_at).is_(None))
            .values(next_look_at=restored_at + QUIET)
        )

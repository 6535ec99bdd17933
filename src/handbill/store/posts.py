"""Rows of posts and their parts: the verbs of a person, and the reading side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from handbill.domain.lifecycle import EDITABLE, LABELS, IllegalStep, Status, Verb, step
from handbill.domain.outcomes import Unknown
from handbill.errors import NotFound, TooLate
from handbill.models import IS_PUBLISHING, IS_QUEUED, Account, Attempt, Part, Post, Review
from handbill.store.changes import announce
from handbill.store.engine import read, write

#: So many posts are named at most, wherever many could be.
MOST = 100


@dataclass(frozen=True)
class Timing:
    """When a post is due: the instant, the words, the zone, and the last instant allowed."""

    due_at: datetime
    wall: str
    zone: str
    no_later_than: datetime


@dataclass(frozen=True)
class NewPost:
    """A checked post, ready to be written: texts with the pictures of each part."""

    account_id: int
    review_id: int | None
    zone: str
    timing: Timing | None
    parts: Sequence[tuple[str, list[dict[str, Any]]]]
    draft: bool


@dataclass(frozen=True)
class Entry:
    """A post with everything that belongs to it, for reading."""

    post: Post
    account: Account
    review: Review | None
    parts: list[Part] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


#: The condition of the history's index, word for word.
ENDED = "post.status NOT IN ('draft', 'publishing', 'queued')"


def add(engine: Engine, new: Iterable[NewPost], now: datetime) -> list[int]:
    """Write posts, all or none, as drafts or queued; answers their numbers."""
    wanted = list(new)
    with write(engine) as session:
        if not wanted:
            return []
        rows = [_row(one, now) for one in wanted]
        numbers = list(session.connection().execute(_ADD_POST, rows).scalars())
        parts = [
            {"post_id": number, "position": position, "text": text, "images": images}
            for number, one in zip(numbers, wanted, strict=True)
            for position, (text, images) in enumerate(one.parts, 1)
        ]
        session.connection().execute(_ADD_PART, parts)
        announce(session)
        return numbers


def _row(new: NewPost, now: datetime) -> dict[str, Any]:
    timing = new.timing
    return {
        "account_id": new.account_id,
        "review_id": new.review_id,
        "status": Status.DRAFT if new.draft else step(Status.DRAFT, Verb.QUEUE),
        "revision": 1,
        "fence": 0,
        "due_at": timing and timing.due_at,
        "not_before": timing and timing.due_at,
        "no_later_than": timing and timing.no_later_than,
        "due_wall": timing and timing.wall,
        "zone": timing.zone if timing else new.zone,
        "created_at": now,
    }


_TABLES = SQLModel.metadata.tables
_ADD_POST = sa.insert(_TABLES["post"]).returning(_TABLES["post"].c.id, sort_by_parameter_order=True)
_ADD_PART = sa.insert(_TABLES["part"])


def _set_time(post: Post, timing: Timing) -> None:
    post.due_at = post.not_before = timing.due_at
    post.due_wall, post.zone = timing.wall, timing.zone
    post.no_later_than = timing.no_later_than


#: What is done to a post within a transaction.
Act = Callable[[Session, Post], None]


def change(engine: Engine, post_id: int, act: Act) -> None:
    """Change one post in a transaction, unless a try at it may still turn out public.

    Raises NotFound; TooLate while it is being published or is in doubt, or when the post's status
    does not allow the verb.
    """
    change_all(engine, {post_id: act})


def change_all(engine: Engine, acts: Mapping[int, Act]) -> None:
    """Change several posts as `change` does, all or none."""
    with write(engine) as session:
        for post_id in sorted(acts):  # always in this order, or two of us could wait for ever
            _change(session, post_id, acts[post_id])
        announce(session)


def _change(session: Session, post_id: int, act: Act) -> None:
    post = session.get(Post, post_id, with_for_update=True)
    if post is None:
        raise no_such_post(post_id)
    if post.status in (Status.PUBLISHING, Status.IN_DOUBT) or _unresolved(session, post_id):
        raise _too_late(post)
    try:
        act(session, post)
    except IllegalStep:
        raise _too_late(post) from None
    post.strikes = 0


def no_such_post(post_id: int) -> NotFound:
    """The error for a number that no post has."""
    return NotFound(f"There is no post #{post_id}.", "See: handbill queue list")


def _too_late(post: Post) -> TooLate:
    cures = {
        Status.PUBLISHING: "It is being sent at this moment; look again: "
        f"handbill queue show {post.id}",
        Status.IN_DOUBT: "Say first whether it is out: "
        f"handbill queue confirm {post.id}, or handbill queue deny {post.id}",
    }
    return TooLate(
        f"Too late for post #{post.id}: it is {LABELS[post.status].lower()}.",
        cures.get(post.status, f"See: handbill queue show {post.id}"),
    )


def _unresolved(session: Session, post_id: int) -> bool:
    query = select(Attempt.id).where(
        Attempt.post_id == post_id,
        sa.or_(
            col(Attempt.ended_at).is_(None),
            sa.and_(col(Attempt.outcome) == Unknown.kind, col(Attempt.resolution).is_(None)),
        ),
    )
    return session.exec(query).first() is not None


def cancel(_session: Session, post: Post) -> None:
    """Give a post up."""
    post.status = step(post.status, Verb.CANCEL)
    post.attention = None


def unqueue(_session: Session, post: Post) -> None:
    """Make a queued post a draft again."""
    post.status = step(post.status, Verb.UNQUEUE)
    post.revision += 1


def approve(_session: Session, post: Post) -> None:
    """Queue a draft that has a time."""
    if post.status is not Status.DRAFT:
        raise IllegalStep(post.status, Verb.QUEUE)
    if post.due_at is None:
        raise TooLate(
            f"Post #{post.id} has no time yet.",
            f"Give it one: handbill queue reschedule {post.id} --at 'fri 18:30'",
        )
    post.status = step(post.status, Verb.QUEUE)


def reschedule(timing: Timing) -> Act:
    """Give a post a new time; a missed or failed one is queued again, a draft stays a draft."""

    def act(_session: Session, post: Post) -> None:
        if post.status not in EDITABLE:
            raise IllegalStep(post.status, Verb.QUEUE)
        _set_time(post, timing)
        post.revision += 1
        post.attention = None
        if post.status in (Status.MISSED, Status.FAILED):
            post.status = step(post.status, Verb.QUEUE)

    return act


def requeue(timing: Timing) -> Act:
    """Queue a missed or failed post again at a new time; a post in any other status is refused."""

    def act(session: Session, post: Post) -> None:
        if post.status not in (Status.MISSED, Status.FAILED):
            raise IllegalStep(post.status, Verb.QUEUE)
        reschedule(timing)(session, post)

    return act


def edit(text: str | None, images: list[dict[str, Any]] | None) -> Act:
    """Change the first part that is not out yet."""

    def act(session: Session, post: Post) -> None:
        if post.status not in EDITABLE:
            raise IllegalStep(post.status, Verb.QUEUE)
        part = session.exec(
            select(Part)
            .where(Part.post_id == post.id, col(Part.remote_id).is_(None))
            .order_by(col(Part.position))
        ).first()
        if part is None:
            raise _too_late(post)
        part.text = part.text if text is None else text
        part.images = part.images if images is None else images
        post.revision += 1

    return act


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

"""Rows of embargoes. Whoever writes one brings every post of its review up to date, all or none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.lifecycle import Status
from handbill.domain.when import Moment
from handbill.errors import TooLate
from handbill.models import BY_NUMBER, Attempt, Embargo, Post, Review
from handbill.store.changes import announce
from handbill.store.engine import read, write
from handbill.store.group import patiently
from handbill.store.holds import apply, ends, holds_of
from handbill.store.posts import Move


@dataclass
class Told:
    """What became of the posts of a review when an embargo on it was written."""

    #: Numbers of those that now wait for it although they are due before.
    held: list[int] = field(default_factory=list)
    #: Numbers of those that have a new time.
    moved: list[int] = field(default_factory=list)
    #: Numbers of those that are out, in doubt, or about to be sent, whatever it says.
    too_late: list[int] = field(default_factory=list)
    #: Numbers of those that a worker had claimed and not armed: it may have uploaded a picture.
    in_hand: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Which:
    """Which embargo: a review has one of each kind at most."""

    review_id: int
    kind: Kind


@dataclass(frozen=True)
class Said:
    """Who wrote an embargo, when, and why; it is kept with it for good."""

    at: datetime
    by: str
    why: str | None = None


def put(engine: Engine, which: Which, lifts: Moment, moves: Iterable[Move], said: Said) -> Told:
    """Set an embargo, in the place of the one of this kind that is there.

    A move of a post that has changed since it was shown is not made; the post is held all the same.
    """

    def change(session: Session) -> None:
        was = _row(session, which)
        row = was or Embargo(
            review_id=which.review_id,
            kind=which.kind,
            until=lifts.at,
            wall=lifts.wall,
            zone=lifts.zone,
            created_at=said.at,
        )
        in_force = was is not None and ends(was.until, was.lifted_at) > said.at
        row.until, row.wall, row.zone = lifts.at, lifts.wall, lifts.zone
        row.lifted_at = row.lifted_why = None
        row.created_at = said.at
        _keep(row, "moved" if in_force else "set", said)
        session.add(row)

    return _write(engine, which, change, list(moves))


def lift(engine: Engine, which: Which, moves: Iterable[Move], said: Said) -> Told:
    """End an embargo before its time, and keep why. Raises TooLate if it is not in force."""

    def change(session: Session) -> None:
        row = _row(session, which)
        if row is None or ends(row.until, row.lifted_at) <= said.at:
            raise TooLate("That embargo is not in force any more.", "Nothing is held by it.")
        row.lifted_at, row.lifted_why = said.at, said.why or ""
        _keep(row, "lifted", said)

    return _write(engine, which, change, list(moves))


def _keep(row: Embargo, what: str, said: Said) -> None:
    event = {
        "at": said.at.isoformat(),
        "what": what,
        "until": row.until.isoformat(),
        "why": said.why,
        "by": said.by,
    }
    row.events = [*row.events, event]  # a list that is changed in place is not written


def _write(
    engine: Engine, which: Which, change: Callable[[Session], None], moves: Sequence[Move]
) -> Told:
    def act() -> Told:
        with write(engine) as session:
            _lock(session, which.review_id)
            change(session)
            session.flush()
            told = bring_up_to_date(session, which, moves)
            announce(session)
            return told

    return patiently(act)


def _lock(session: Session, review_id: int) -> None:
    """Nobody adds a post about it meanwhile."""
    session.execute(
        sa.select(col(Review.id)).where(col(Review.id) == review_id).with_for_update()
    ).one()


def _row(session: Session, which: Which) -> Embargo | None:
    query = select(Embargo).where(Embargo.review_id == which.review_id, Embargo.kind == which.kind)
    return session.exec(query).first()


def bring_up_to_date(session: Session, which: Which, moves: Iterable[Move] = ()) -> Told:
    """Let every post of the review wait for its embargoes; in the caller's transaction.

    What may be out, or is armed, stays as it is. A claim of a post that changes cannot arm.
    """
    review_id = which.review_id
    posts = session.scalars(
        sa.select(Post)
        .where(col(Post.review_id) == review_id, col(Post.status) != Status.CANCELLED)
        .order_by(BY_NUMBER)
        .with_for_update()
    ).all()
    armed = _armed(session, review_id)
    holds = holds_of(session, [review_id]).get(review_id, [])
    new_times = {move.post_id: move for move in moves}
    told = Told()
    for post in posts:
        number = post.id or 0
        concerned = which.kind is Kind.REACTION or post.kind is Kind.REVIEW
        if post.status in (Status.PUBLISHED, Status.IN_DOUBT) or number in armed:
            told.too_late += [number] if concerned else []
            continue
        before = (post.embargo_until, post.not_before)
        if (move := new_times.get(number)) is not None and move.fits(post):
            move.make(post)
            told.moved.append(number)
        apply(post, holding(holds, post.kind))
        if number not in told.moved and (post.embargo_until, post.not_before) != before:
            post.revision += 1
        if concerned and post.status is Status.PUBLISHING:
            told.in_hand.append(number)
        if concerned and post.due_at and post.embargo_until and post.due_at < post.embargo_until:
            told.held.append(number)
    return told


def _armed(session: Session, review_id: int) -> set[int]:
    """Posts that are being sent at this moment. Arming locks the post, so this cannot change."""
    return set(
        session.scalars(
            sa.select(col(Attempt.post_id))
            .join(Post, col(Post.id) == col(Attempt.post_id))
            .where(
                col(Post.review_id) == review_id,
                col(Attempt.ended_at).is_(None),
                col(Attempt.armed_at).is_not(None),
            )
        )
    )


def of_review(engine: Engine, review_id: int) -> Sequence[Embargo]:
    """All embargoes of a review, in force or not, the earliest first."""
    with read(engine) as session:
        return session.exec(
            select(Embargo).where(Embargo.review_id == review_id).order_by(col(Embargo.until))
        ).all()


#: A review, known again in another copy of the same database: its number, and when it was made.
KnownReview = tuple[int, datetime]


def everything(engine: Engine) -> Mapping[KnownReview, Sequence[Embargo]]:
    """Every embargo that this database knows, by review."""
    found: dict[KnownReview, list[Embargo]] = {}
    with read(engine) as session:
        query = select(Embargo, Review).join(Review, col(Review.id) == col(Embargo.review_id))
        for embargo, review in session.exec(query):
            found.setdefault((embargo.review_id, review.created_at), []).append(embargo)
    return found


def carry_over(session: Session, known: Mapping[KnownReview, Sequence[Embargo]]) -> None:
    """Put embargoes of another copy in force here as well, wherever they end later."""
    for (review_id, made), those in known.items():
        review = session.get(Review, review_id)
        if review is None or review.created_at != made:
            continue
        for one in those:
            which = Which(review_id, one.kind)
            here = _row(session, which)
            if here:
                here.events = _joined(here, one)
            if here and ends(here.until, here.lifted_at) >= ends(one.until, one.lifted_at):
                continue
            session.add(_copied(here, one))
            session.flush()
            bring_up_to_date(session, which)


def _joined(here: Embargo, other: Embargo) -> list[dict[str, str | None]]:
    new = [event for event in other.events if event not in here.events]
    return sorted([*here.events, *new], key=lambda event: event["at"] or "")


def _copied(here: Embargo | None, other: Embargo) -> Embargo:
    row = here or Embargo(**other.model_dump(exclude={"id"}))
    for name in ("until", "wall", "zone", "created_at", "lifted_at", "lifted_why"):
        setattr(row, name, getattr(other, name))
    return row


def holds(engine: Engine, review_id: int) -> Sequence[Hold]:
    """The embargoes of a review as the domain sees them; one lifted early ended then."""
    with read(engine) as session:
        return holds_of(session, [review_id]).get(review_id, [])


def reviews_held(engine: Engine, now: datetime) -> Sequence[Review]:
    """The reviews with a link about which something is under embargo."""
    with read(engine) as session:
        held = sa.select(col(Embargo.review_id)).where(
            col(Embargo.lifted_at).is_(None), col(Embargo.until) > now
        )
        return session.exec(
            select(Review).where(col(Review.link).is_not(None), col(Review.id).in_(held))
        ).all()

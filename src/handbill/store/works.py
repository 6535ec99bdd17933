"""Rows of works and their release dates. A date moves together with the posts that hang on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain import plans
from handbill.domain.lifecycle import Status
from handbill.errors import InputProblem, NotFound, TooLate
from handbill.models import Post, ReleaseDate, Review, Work
from handbill.store import posts
from handbill.store.changes import announce
from handbill.store.engine import read, write
from handbill.store.group import patiently
from handbill.store.posts import Move


@dataclass(frozen=True)
class NewDate:
    """When a work comes out somewhere: a day, or an instant with its words and its zone."""

    day: date | None = None
    at: datetime | None = None
    wall: str | None = None
    zone: str | None = None


def add(engine: Engine, title: str, slug: str, now: datetime) -> Work:
    """Add a work, and put the reviews to it that name it so. Raises InputProblem for a title or a
    slug that is taken."""

    def act() -> Work:
        with write(engine) as session:
            for known in session.exec(select(Work)).all():
                if known.slug == slug or _same(known.title, title):
                    raise InputProblem(
                        f"There is already a work called {known.title} ({known.slug}).",
                        f"See: handbill work show {known.slug}",
                    )
            work = Work(slug=slug, title=title, created_at=now)
            session.add(work)
            session.flush()
            _adopt(session, work)
            return work

    return patiently(act)


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.strip().casefold() == other.strip().casefold()


def _adopt(session: Session, work: Work) -> None:
    """Reviews name their work by its title; from here on they are bound to it."""
    for review in session.exec(select(Review).where(col(Review.work_id).is_(None))):
        if _same(review.work, work.title):
            review.work_id = work.id
    session.flush()


def named(engine: Engine, name: str) -> Work:
    """The work of that slug, or of that title in any case. Raises NotFound."""
    with read(engine) as session:
        works = session.exec(select(Work).order_by(col(Work.id))).all()
    for work in works:
        if work.slug == name or _same(work.title, name):
            return work
    raise NotFound(f"There is no work called {name}.", "See: handbill work list")


def listing(engine: Engine) -> Sequence[Work]:
    """All works, newest first."""
    with read(engine) as session:
        return session.exec(select(Work).order_by(col(Work.id).desc())).all()


def of_review(engine: Engine, review: Review) -> Work | None:
    """The work that a review is about, if it is known."""
    with read(engine) as session:
        if review.work_id is not None:
            return session.get_one(Work, review.work_id)
        works = session.exec(select(Work).order_by(col(Work.id))).all()
    return next((work for work in works if _same(review.work, work.title)), None)


def dates_of(engine: Engine, work_id: int) -> Sequence[ReleaseDate]:
    """The dates of a work, by name."""
    with read(engine) as session:
        query = select(ReleaseDate).where(ReleaseDate.work_id == work_id)
        return session.exec(query.order_by(col(ReleaseDate.name))).all()


def reviews_of(engine: Engine, work: Work) -> Sequence[Review]:
    """The reviews that are about a work, newest first."""
    with read(engine) as session:
        return _about(session, work)


def _about(session: Session, work: Work) -> list[Review]:
    found = session.exec(select(Review).order_by(col(Review.id).desc())).all()
    return [
        review
        for review in found
        if review.work_id == work.id or (review.work_id is None and _same(review.work, work.title))
    ]


@dataclass(frozen=True)
class Shown:
    """What a person was shown of the posts that hang on a date."""

    #: Names that stand for the date.
    names: Collection[str]
    #: Numbers of all waiting posts that hang on it; of these some move.
    posts: Collection[int]
    moves: Sequence[Move] = ()


def put_date(engine: Engine, work_id: int, name: str, new: NewDate | None, shown: Shown) -> None:
    """Set a date of a work (None: take it away) and move the posts that hang on it: all, or none.

    Raises TooLate when one of them is not as it was shown any more, or was not shown.
    """

    def act() -> None:
        with write(engine) as session:
            reviews = _locked(session, work_id)
            _refuse_unseen(session, reviews, shown)
            _put(session, work_id, name, new)
            posts.move(session, shown.moves)
            announce(session)

    patiently(act)


def _locked(session: Session, work_id: int) -> list[int]:
    """Lock a work and before it, as everywhere, the reviews of it, and bind them to it; answers
    their numbers. Nobody adds a post about them meanwhile."""
    work = session.get_one(Work, work_id)
    found = [review.id or 0 for review in _about(session, work)]
    session.execute(
        sa.select(col(Review.id))
        .where(col(Review.id).in_(found))
        .order_by(col(Review.id))
        .with_for_update()
    ).all()
    session.refresh(work, with_for_update=True)
    _adopt(session, work)
    return found


def _refuse_unseen(session: Session, reviews: Collection[int], shown: Shown) -> None:
    waiting = session.execute(
        sa.select(col(Post.id), col(Post.anchor)).where(
            col(Post.review_id).in_(reviews),
            col(Post.anchor).is_not(None),
            col(Post.status).in_([Status.DRAFT, Status.QUEUED]),
        )
    )
    for number, anchor in waiting:
        if number not in shown.posts and plans.anchor_of(anchor) in shown.names:
            raise TooLate(
                f"Post #{number} has changed meanwhile; nothing was moved.",
                "Look again, and decide anew.",
            )


def _put(session: Session, work_id: int, name: str, new: NewDate | None) -> None:
    table = sa.delete(ReleaseDate).where(
        col(ReleaseDate.work_id) == work_id, col(ReleaseDate.name) == name
    )
    session.execute(table)
    if new is not None:
        session.add(
            ReleaseDate(
                work_id=work_id, name=name, day=new.day, at=new.at, wall=new.wall, zone=new.zone
            )
        )
    session.flush()


def put_spoilers(engine: Engine, work_id: int, words: Sequence[str]) -> None:
    """The words that no post about a work may give away, in the place of those before."""

    def act() -> None:
        with write(engine) as session:
            _locked(session, work_id)
            session.get_one(Work, work_id).spoilers = list(words)

    patiently(act)

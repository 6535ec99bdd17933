"""Rows of reviews, each hung on the work that it is about."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from handbill.domain.slugs import slugify
from handbill.errors import InputProblem, NotFound
from handbill.inputs import ReviewIn
from handbill.models import Review, Work
from handbill.store.engine import read, write
from handbill.store.group import patiently

T = TypeVar("T")


def add(engine: Engine, new: ReviewIn, slug: str, now: datetime) -> Review:
    """Add a review under `slug`, or under the next free `slug-2` … when it was not chosen.

    Raises InputProblem when a chosen slug is taken.
    """

    def added() -> Review:
        with write(engine) as session:
            return insert(session, new, slug, now)

    return once_more(added)


def insert(session: Session, new: ReviewIn, slug: str, now: datetime) -> Review:
    """`add` within a transaction that writes more than this."""
    free = slug if new.slug else _next_free(session, slug)
    if session.exec(select(Review).where(Review.slug == free)).first():
        raise InputProblem(f"There is already a review called {free}.", "Choose another --slug.")
    review = Review(**new.model_dump(exclude={"slug"}), slug=free, created_at=now)
    review.work_id = _work_id(session, new.work, now)
    session.add(review)
    session.flush()
    return review


def change(engine: Engine, slug: str, new: ReviewIn, now: datetime) -> Review:
    """Put new fields in place of all the old ones. Raises NotFound."""

    def changed() -> Review:
        with write(engine) as session:
            review = _locked(session, slug)
            for name, value in new.model_dump(exclude={"slug"}).items():
                setattr(review, name, value)
            review.work_id = _work_id(session, new.work, now)
            return review

    return once_more(lambda: patiently(changed))


def keep(engine: Engine, slug: str) -> Review:
    """Take away the marks of a draft. Raises NotFound."""
    with write(engine) as session:
        review = _locked(session, slug)
        review.draft, review.unsure = False, []
        return review


def once_more(call: Callable[[], T]) -> T:
    """Two who add a review of the same new work in one moment: the second finds the first's."""
    try:
        return call()
    except IntegrityError:
        return call()


def _work_id(session: Session, title: str | None, now: datetime) -> int | None:
    """The work of that title, made if need be; titles that make the same slug are the same."""
    if title is None:
        return None
    slug = slugify(title, "work")
    work = session.exec(select(Work).where(Work.title == title)).first()
    if work is None and slug != "work":
        work = session.exec(select(Work).where(Work.slug == slug)).first()
    if work is None:
        taken = session.exec(select(Work.slug).where(col(Work.slug).startswith(slug))).all()
        work = Work(slug=_free(slug, set(taken)), title=title, created_at=now)
        session.add(work)
        session.flush()
    return work.id


def _next_free(session: Session, slug: str) -> str:
    taken = session.exec(select(Review.slug).where(col(Review.slug).startswith(slug))).all()
    return _free(slug, set(taken))


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    return next(f"{slug}-{n}" for n in range(2, len(taken) + 3) if f"{slug}-{n}" not in taken)


def _locked(session: Session, slug: str) -> Review:
    review = session.exec(select(Review).where(Review.slug == slug).with_for_update()).first()
    if review is None:
        raise _unknown(slug)
    return review


def _unknown(slug: str) -> NotFound:
    return NotFound(f"There is no review called {slug}.", "See: handbill review list")


def named(engine: Engine, slug: str) -> Review:
    """The review of that slug. Raises NotFound."""
    with read(engine) as session:
        review = session.exec(select(Review).where(Review.slug == slug)).first()
        if review is None:
            raise _unknown(slug)
        return review


def get(engine: Engine, review_id: int) -> Review:
    """The review of that number, which must be there."""
    with read(engine) as session:
        return session.get_one(Review, review_id)


def listing(engine: Engine) -> Sequence[Review]:
    """All reviews, newest first."""
    with read(engine) as session:
        return session.exec(select(Review).order_by(col(Review.id).desc())).all()

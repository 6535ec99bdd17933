"""Rows of reviews."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.errors import InputProblem, NotFound
from handbill.inputs import ReviewIn
from handbill.models import Review
from handbill.store.engine import read, write


def add(engine: Engine, new: ReviewIn, slug: str, now: datetime) -> Review:
    """Add a review under `slug`, or under the next free `slug-2` … when it was not chosen.

    Raises InputProblem when a chosen slug is taken.
    """
    with write(engine) as session:
        free = slug if new.slug else _next_free(session, slug)
        if session.exec(select(Review).where(Review.slug == free)).first():
            raise InputProblem(
                f"There is already a review called {free}.", "Choose another --slug."
            )
        review = Review(**new.model_dump(exclude={"slug"}), slug=free, created_at=now)
        session.add(review)
        session.flush()
        return review


def _next_free(session: Session, slug: str) -> str:
    taken = set(session.exec(select(Review.slug).where(col(Review.slug).startswith(slug))).all())
    if slug not in taken:
        return slug
    return next(f"{slug}-{n}" for n in range(2, len(taken) + 3) if f"{slug}-{n}" not in taken)


def named(engine: Engine, slug: str) -> Review:
    """The review of that slug. Raises NotFound."""
    with read(engine) as session:
        review = session.exec(select(Review).where(Review.slug == slug)).first()
        if review is None:
            raise NotFound(f"There is no review called {slug}.", "See: handbill review list")
        return review


def listing(engine: Engine) -> Sequence[Review]:
    """All reviews, newest first."""
    with read(engine) as session:
        return session.exec(select(Review).order_by(col(Review.id).desc())).all()

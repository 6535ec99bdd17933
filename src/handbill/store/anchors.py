"""Reads what the times of a plan hang on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.models import Embargo, ReleaseDate, Review, Work
from handbill.store.engine import read


@dataclass(frozen=True)
class Basis:
    """All that the times of a plan were made of, to be known again."""

    review_id: int
    work_id: int | None
    published: tuple[Any, ...]
    dates: frozenset[tuple[Any, ...]]
    embargoes: frozenset[tuple[Any, ...]]


def basis(engine: Engine, review: Review) -> Basis:
    """What the times of posts about this review hang on; to be read before the times are made."""
    with read(engine) as session:
        return _basis(session, review)


def locked_basis(session: Session, review_id: int) -> Basis:
    """`basis` as it is now, and until the transaction ends nobody can change it."""
    review = session.get_one(Review, review_id, with_for_update={"read": True})
    if review.work_id is not None:  # the review first, as who sets a date does
        session.get_one(Work, review.work_id, with_for_update={"read": True})
    return _basis(session, review)


def _basis(session: Session, review: Review) -> Basis:
    dates = session.execute(
        sa.select(col(ReleaseDate.name), col(ReleaseDate.day), col(ReleaseDate.at)).where(
            col(ReleaseDate.work_id) == review.work_id
        )
    )
    embargoes = session.execute(
        sa.select(col(Embargo.kind), col(Embargo.until), col(Embargo.lifted_at)).where(
            col(Embargo.review_id) == review.id
        )
    )
    return Basis(
        review.id or 0,
        review.work_id,
        (review.published_on, review.published_at),
        frozenset(tuple(row) for row in dates),
        frozenset(tuple(row) for row in embargoes),
    )


def dates(engine: Engine, work_id: int | None) -> Sequence[ReleaseDate]:
    """The dates of a work."""
    with read(engine) as session:
        return session.exec(select(ReleaseDate).where(ReleaseDate.work_id == work_id)).all()


def embargoes(engine: Engine, review_id: int) -> Sequence[Embargo]:
    """The embargoes of a review, lifted ones too."""
    with read(engine) as session:
        return session.exec(select(Embargo).where(Embargo.review_id == review_id)).all()

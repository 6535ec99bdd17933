"""Reads what the times of a plan hang on."""

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlmodel import select

from handbill.models import Embargo, ReleaseDate
from handbill.store.engine import read


def dates(engine: Engine, work_id: int | None) -> Sequence[ReleaseDate]:
    """The dates of a work."""
    with read(engine) as session:
        return session.exec(select(ReleaseDate).where(ReleaseDate.work_id == work_id)).all()


def embargoes(engine: Engine, review_id: int) -> Sequence[Embargo]:
    """The embargoes of a review, lifted ones too."""
    with read(engine) as session:
        return session.exec(select(Embargo).where(Embargo.review_id == review_id)).all()

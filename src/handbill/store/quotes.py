"""What posts quote of a review, and the attention of those whose quote has gone from it."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.lifecycle import Status
from handbill.domain.text.quotes import GONE
from handbill.models import Part, Post
from handbill.store.engine import begin, read

#: Posts that still wait to leave.
WAITING = (Status.DRAFT, Status.QUEUED)


@dataclass(frozen=True)
class Quoting:
    """A post and what its parts quote, in their order."""

    post_id: int
    status: Status
    revision: int
    attention: str | None
    quotes: tuple[str, ...]


def quoting(engine: Engine, review_id: int) -> list[Quoting]:
    """The posts that quote a review and are not given up, by their numbers."""
    with read(engine) as session:
        rows = session.execute(
            sa.select(
                col(Post.id),
                col(Post.status),
                col(Post.revision),
                col(Post.attention),
                col(Part.quote),
            )
            .join(Part, col(Part.post_id) == col(Post.id))
            .where(
                col(Post.review_id) == review_id,
                col(Post.status) != Status.CANCELLED,
                col(Part.quote).is_not(None),
            )
            .order_by(col(Post.id), col(Part.position))
        ).all()
    found: dict[int, Quoting] = {}
    for number, status, revision, attention, quote in rows:
        before = found[number].quotes if number in found else ()
        found[number] = Quoting(number, status, revision, attention, (*before, quote))
    return list(found.values())


def tell(engine: Engine, told: Iterable[tuple[Quoting, str | None]]) -> list[int]:
    """Raise or (None) take back the attention for a quote that has gone; answers the numbers of
    posts that changed.

    Only where a post still waits and is as it was read. Another reason for attention stays.
    """
    with begin(engine) as connection:
        return [
            one.post_id
            for one, says in told
            if connection.execute(
                sa.update(Post)
                .where(
                    col(Post.id) == one.post_id,
                    col(Post.revision) == one.revision,
                    col(Post.status).in_(WAITING),
                    sa.or_(
                        col(Post.attention).is_(None),
                        col(Post.attention).startswith(GONE, autoescape=True),
                    ),
                    col(Post.attention).is_distinct_from(says),
                )
                .values(attention=says)
            ).rowcount
        ]

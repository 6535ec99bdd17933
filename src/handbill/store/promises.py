"""Posts that wait for a time on some wall, for whoever checks that it still means the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col

from handbill.domain.lifecycle import Status
from handbill.models import Post
from handbill.store.engine import begin, read

#: So many are read at once; a queue may hold a million.
CHUNK = 1000


@dataclass(frozen=True)
class Promise:
    """When a post is due: the instant, and the words and the zone in which it was asked for."""

    post_id: int
    due_at: datetime
    wall: str
    zone: str


def waiting(engine: Engine, now: datetime) -> Iterator[list[Promise]]:
    """The promises of all drafts and queued posts that are still ahead, a chunk at a time."""
    last = 0
    while chunk := _after(engine, last, now):
        yield chunk
        last = chunk[-1].post_id


def _after(engine: Engine, last: int, now: datetime) -> list[Promise]:
    columns = (col(Post.id), col(Post.due_at), col(Post.due_wall), col(Post.zone))
    with read(engine) as session:
        rows = session.execute(
            sa.select(*columns)
            .where(col(Post.id) > last, _is_promised(), col(Post.due_at) > now)
            .order_by(col(Post.id))
            .limit(CHUNK)
        ).all()
    return [Promise(*row) for row in rows]


def _is_promised() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Post.status).in_([Status.DRAFT, Status.QUEUED]), col(Post.due_wall).is_not(None)
    )


def tell(engine: Engine, told: Iterable[tuple[Promise, str]]) -> list[int]:
    """Raise the attention of posts whose promise is still this one and of which this has not been
    told yet; answers their numbers."""
    with begin(engine) as connection:
        return [
            promise.post_id
            for promise, says in told
            if connection.execute(
                sa.update(Post)
                .where(
                    col(Post.id) == promise.post_id,
                    _is_promised(),
                    col(Post.due_at) == promise.due_at,
                    col(Post.due_wall) == promise.wall,
                    col(Post.zone) == promise.zone,
                    col(Post.attention).is_distinct_from(says),
                )
                .values(attention=says)
            ).rowcount
        ]

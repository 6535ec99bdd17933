"""What did not leave in time: missed past its limit, and else spaced out after an outage."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col

from handbill.domain.lateness import MOMENT, spaced
from handbill.domain.lifecycle import Status, Verb, step
from handbill.failpoints import failpoint
from handbill.models import Account, Post, Standing
from handbill.store.engine import write
from handbill.store.standing import PAUSE


def miss(engine: Engine, now: datetime) -> list[int]:
    """List as missed what can no longer leave within its limit; answers the posts' numbers."""
    with write(engine) as session:
        rows = session.execute(
            _waiting(now, col(Post.no_later_than) < now).with_only_columns(Post, Account)
        ).all()
        pause = session.get(Standing, PAUSE) if rows else None
        for post, account in rows:
            post.status = step(post.status, Verb.MISS)
            post.attention = _why_missed(account, pause, now)
        session.flush()
        if rows:
            failpoint("miss.before_commit")
    if rows:
        failpoint("miss.after_commit")
    return [post.id or 0 for post, _account in rows]


def _waiting(now: datetime, which: sa.ColumnElement[bool]) -> sa.Select[Post, Account]:
    return (
        sa.select(Post, Account)
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(col(Post.status) == Status.QUEUED, col(Post.not_before) <= now, which)
        .order_by(col(Post.account_id), col(Post.not_before), col(Post.id))
        .with_for_update(of=Post)
    )


def _why_missed(account: Account, pause: Standing | None, now: datetime) -> str:
    if pause is not None:
        return f"Not sent in time: everything is paused. {pause.value}"
    if account.paused_at is not None:
        return f"Not sent in time: {account.name} is paused. {account.pause_reason}"
    if account.rest_until is not None and account.rest_until > now:
        return f"Not sent in time: the network asked {account.name} to rest."
    return "Not sent in time: Handbill was not running, or the network could not be reached."


def space_out(engine: Engine, now: datetime, gap: timedelta) -> int:
    """After an outage, let each account's overdue posts leave one by one, `gap` apart.

    The first may leave at once; what gets no turn within its limit will be missed. Answers how many
    posts have to wait longer for it. `due_at` stays the promise.
    """
    with write(engine) as session:
        moved = 0
        for _account, posts in groupby(_overdue(session, now), key=lambda post: post.account_id):
            for turn, post in enumerate(posts):
                if turn and post.no_later_than is not None:
                    post.not_before = spaced(now, turn * gap, post.no_later_than)
                    moved += 1
        return moved


def _overdue(session: Session, now: datetime) -> Sequence[Post]:
    """Overdue posts that may still leave, by account and due time."""
    return session.scalars(
        _waiting(now - MOMENT, col(Post.no_later_than) >= now).with_only_columns(Post)
    ).all()

"""What did not leave in time: missed past its limit, and else spaced out after an outage."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col

from handbill.domain.lateness import BARELY, take_turns
from handbill.domain.lifecycle import Verb, step
from handbill.domain.network import Claim
from handbill.domain.outcomes import AGAIN
from handbill.domain.zones import show
from handbill.failpoints import failpoint
from handbill.models import BY_NUMBER, HELD_BY_EMBARGO, IS_QUEUED, Account, Post, Standing
from handbill.store.engine import write
from handbill.store.standing import PAUSE


def miss(engine: Engine, now: datetime) -> list[int]:
    """List as missed what can no longer leave within its limit; answers the posts' numbers."""
    with write(engine) as session:
        rows = session.execute(
            sa.select(Post, Account)
            .join(Account, col(Account.id) == col(Post.account_id))
            .where(
                sa.or_(_may_leave_from(now), HELD_BY_EMBARGO),
                col(Post.no_later_than) < now,
            )
            .order_by(BY_NUMBER)  # always, or two workers could wait for each other
            .with_for_update(of=Post)
        ).all()
        pause = session.get(Standing, PAUSE) if rows else None
        for post, account in rows:
            post.status = step(post.status, Verb.MISS)
            post.attention = _why_missed(post, account, pause, now)
        session.flush()
        if rows:
            failpoint("miss.before_commit")
    if rows:
        failpoint("miss.after_commit")
    return [post.id or 0 for post, _account in rows]


def _may_leave_from(moment: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(IS_QUEUED, col(Post.not_before) <= moment)


def _why_missed(post: Post, account: Account, pause: Standing | None, now: datetime) -> str:
    if pause is not None:
        return f"Not sent in time: everything is paused. {pause.value}"
    if account.paused_at is not None:
        return f"Not sent in time: {account.name} is paused. {account.pause_reason}"
    if account.rest_until is not None and account.rest_until > now:
        return f"Not sent in time: the network asked {account.name} to rest."
    if post.embargo_until and post.no_later_than and post.embargo_until > post.no_later_than:
        lift = show(post.embargo_until, ZoneInfo(post.embargo_zone or "UTC"))
        return f"Not sent in time: its embargo lifts later, {lift}."
    if post.not_before and post.no_later_than and post.not_before > post.no_later_than:
        return "Not sent in time: overdue posts leave one by one, and its turn came too late."
    if post.attention and post.attention.endswith(AGAIN):
        return f"Not sent in time: {post.attention.removesuffix(AGAIN).rstrip(' ;')}."
    return "Not sent in time: Handbill was not running, or the network could not be reached."


def space_out(engine: Engine, now: datetime, gap: timedelta) -> int:
    """After an outage, let each account's overdue posts leave one by one, `gap` apart.

    The first may leave at once; what gets no turn within its limit will be missed. Answers how many
    posts have to wait longer for it. `due_at` stays the promise.
    """
    with write(engine) as session:
        late = sorted(_overdue(session, now, _may_leave_from(now)), key=_old_order)
        accounts = groupby(late, key=lambda post: post.account_id)
        return sum(_spread(list(posts), now, now, gap) for _account, posts in accounts)


def keep_apart(engine: Engine, claim: Claim, now: datetime, gap: timedelta) -> int:
    """Before an overdue post is sent, let the account's other overdue ones wait for `gap`.

    While one post of an account is being published none of its others can be claimed. So no two
    overdue posts leave closer together, whatever held them up and however long a retry took.
    Answers how many of them were free to leave at once.
    """
    others = sa.and_(
        _may_leave_from(now + gap),
        col(Post.account_id) == claim.account.id,
        col(Post.id) != claim.post_id,
    )
    with write(engine) as session:
        late = sorted(_overdue(session, now, others), key=_old_order)
        free = sum(post.not_before is not None and post.not_before <= now for post in late)
        _spread(late, now + gap, now, gap)
        return free


def _overdue(session: Session, now: datetime, which: sa.ColumnElement[bool]) -> Sequence[Post]:
    """Queued posts that are late and may still leave, locked."""
    return session.scalars(
        sa.select(Post)
        .where(which, col(Post.due_at) <= now - BARELY, col(Post.no_later_than) >= now)
        .order_by(BY_NUMBER)
        .with_for_update()
    ).all()


def _old_order(post: Post) -> tuple[int, datetime | None, int | None]:
    return post.account_id, post.due_at, post.id


def _spread(posts: Sequence[Post], first: datetime, now: datetime, gap: timedelta) -> int:
    """Give one account's posts their turns; answers how many have to wait for theirs."""
    spans = [(post.not_before or now, post.no_later_than or now) for post in posts]
    waiting = 0
    for post, turn in zip(posts, take_turns(spans, first, gap), strict=True):
        first_allowed = max(turn, post.embargo_until or turn)
        if first_allowed > now and first_allowed != post.not_before:
            post.not_before = first_allowed
            waiting += 1
    return waiting

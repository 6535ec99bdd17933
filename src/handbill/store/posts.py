"""Rows of posts and their parts: how they are made, and the verbs of a person."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.lifecycle import EDITABLE, LABELS, IllegalStep, Status, Verb, step
from handbill.domain.outcomes import NOT_YET, Unknown
from handbill.domain.spoilers import Spoiler
from handbill.domain.text.quotes import contains, kept
from handbill.errors import NotFound, TooLate
from handbill.models import Attempt, Part, Post
from handbill.store.changes import announce
from handbill.store.engine import write
from handbill.store.group import patiently
from handbill.store.holds import hold, locked_holds


@dataclass(frozen=True)
class Timing:
    """When a post is due: the instant, the words, the zone, and the last instant allowed."""

    due_at: datetime
    wall: str
    zone: str
    no_later_than: datetime


@dataclass(frozen=True)
class NewPost:
    """A checked post, ready to be written: texts with the pictures of each part."""

    account_id: int
    review_id: int | None
    zone: str
    timing: Timing | None
    parts: Sequence[tuple[str, list[dict[str, Any]]]] = field(repr=False)
    draft: bool
    #: What of each part's text is quoted from the review; shorter than `parts`: the rest is not.
    quotes: Sequence[str | None] = ()
    kind: Kind = Kind.REVIEW
    spoiler: Spoiler = Spoiler.NONE
    #: What its time hangs on.
    anchor: str | None = None
    plan: str | None = None
    step: str | None = None
    #: In dollars; None: its network charges nothing.
    price: Decimal | None = None


def add(engine: Engine, new: Iterable[NewPost], now: datetime) -> list[int]:
    """Write posts, all or none, as drafts or queued; answers their numbers."""
    with write(engine) as session:
        return add_all(session, list(new), now)


def add_all(session: Session, wanted: Sequence[NewPost], now: datetime) -> list[int]:
    """`add` within a transaction."""
    if not wanted:
        return []
    holds = locked_holds(session, {one.review_id for one in wanted if one.review_id})
    rows = [_row(one, holding(holds.get(one.review_id or 0, []), one.kind), now) for one in wanted]
    numbers = list(session.connection().execute(_ADD_POST, rows).scalars())
    parts = [
        {"post_id": number, "position": position, "text": text, "images": images, "quote": quote}
        for number, one in zip(numbers, wanted, strict=True)
        for position, ((text, images), quote) in enumerate(
            zip_longest(one.parts, one.quotes[: len(one.parts)]), 1
        )
    ]
    session.connection().execute(_ADD_PART, parts)
    announce(session)
    return numbers


def _row(new: NewPost, held: Hold | None, now: datetime) -> dict[str, Any]:
    timing = new.timing
    return {
        "account_id": new.account_id,
        "review_id": new.review_id,
        "status": Status.DRAFT if new.draft else step(Status.DRAFT, Verb.QUEUE),
        "revision": 1,
        "fence": 0,
        "due_at": timing and timing.due_at,
        "not_before": timing and max(timing.due_at, held.until if held else timing.due_at),
        "no_later_than": timing and timing.no_later_than,
        "due_wall": timing and timing.wall,
        "zone": timing.zone if timing else new.zone,
        "kind": new.kind,
        "spoiler": new.spoiler,
        "anchor": new.anchor,
        "plan": new.plan,
        "step": new.step,
        "price": new.price,
        "embargo_until": held and held.until,
        "embargo_zone": held and held.zone,
        "created_at": now,
    }


_TABLES = SQLModel.metadata.tables
_ADD_POST = sa.insert(_TABLES["post"]).returning(_TABLES["post"].c.id, sort_by_parameter_order=True)
_ADD_PART = sa.insert(_TABLES["part"])


def _set_time(post: Post, timing: Timing) -> None:
    post.due_at = post.not_before = timing.due_at
    post.due_wall, post.zone = timing.wall, timing.zone
    post.no_later_than = timing.no_later_than


@dataclass(frozen=True)
class Move:
    """A new time for a post that hangs on something which moved, as it was shown to a person."""

    post_id: int
    #: Of the post when it was shown.
    revision: int
    timing: Timing

    def fits(self, post: Post) -> bool:
        """Whether the post still waits, and is as it was shown."""
        waits = post.status in (Status.DRAFT, Status.QUEUED)
        return waits and post.revision == self.revision

    def make(self, post: Post) -> None:
        """Give it the time."""
        _set_time(post, self.timing)
        post.revision += 1
        if post.attention and post.attention.startswith(NOT_YET):
            post.attention = None  # it is looked for anew before the new time


def move(session: Session, moves: Iterable[Move]) -> None:
    """Make all moves, or none: raises TooLate when a post is not as it was shown any more."""
    for one in sorted(moves, key=lambda one: one.post_id):
        post = session.get(Post, one.post_id, with_for_update=True)
        if post is None or not one.fits(post) or _unresolved(session, one.post_id):
            raise TooLate(
                f"Post #{one.post_id} has changed meanwhile; nothing was moved.",
                "Look again, and decide anew.",
            )
        one.make(post)
        hold(session, post)


def move_all(engine: Engine, moves: Sequence[Move]) -> None:
    """`move` in a transaction of its own."""

    def act() -> None:
        with write(engine) as session:
            move(session, moves)
            announce(session)

    patiently(act)


#: What is done to a post within a transaction.
Act = Callable[[Session, Post], None]


def change(engine: Engine, post_id: int, act: Act) -> None:
    """Change one post in a transaction, unless a try at it may still turn out public.

    Raises NotFound; TooLate while it is being published or is in doubt, or when the post's status
    does not allow the verb.
    """
    change_all(engine, {post_id: act})


def change_all(engine: Engine, acts: Mapping[int, Act]) -> None:
    """Change several posts as `change` does, all or none."""
    with write(engine) as session:
        apply_all(session, acts)


def apply_all(session: Session, acts: Mapping[int, Act]) -> None:
    """`change_all` within a transaction."""
    for post_id in sorted(acts):  # always in this order, or two of us could wait for ever
        _change(session, post_id, acts[post_id])
    announce(session)


def _change(session: Session, post_id: int, act: Act) -> None:
    post = session.get(Post, post_id, with_for_update=True)
    if post is None:
        raise no_such_post(post_id)
    if post.status in (Status.PUBLISHING, Status.IN_DOUBT) or _unresolved(session, post_id):
        raise _too_late(post)
    try:
        act(session, post)
    except IllegalStep:
        raise _too_late(post) from None
    if post.status in EDITABLE:
        hold(session, post)
    post.strikes = 0


def no_such_post(post_id: int) -> NotFound:
    """The error for a number that no post has."""
    return NotFound(f"There is no post #{post_id}.", "See: handbill queue list")


def _too_late(post: Post) -> TooLate:
    cures = {
        Status.PUBLISHING: "A worker has it in hand at this moment; look again: "
        f"handbill queue show {post.id}",
        Status.IN_DOUBT: "Say first whether it is out: "
        f"handbill queue confirm {post.id}, or handbill queue deny {post.id}",
    }
    return TooLate(
        f"Too late for post #{post.id}: it is {LABELS[post.status].lower()}.",
        cures.get(post.status, f"See: handbill queue show {post.id}"),
    )


def _unresolved(session: Session, post_id: int) -> bool:
    query = select(Attempt.id).where(
        Attempt.post_id == post_id,
        sa.or_(
            col(Attempt.ended_at).is_(None),
            sa.and_(col(Attempt.outcome) == Unknown.kind, col(Attempt.resolution).is_(None)),
        ),
    )
    return session.exec(query).first() is not None


def cancel(_session: Session, post: Post) -> None:
    """Give a post up."""
    post.status = step(post.status, Verb.CANCEL)
    post.attention = None


def unqueue(_session: Session, post: Post) -> None:
    """Make a queued post a draft again."""
    post.status = step(post.status, Verb.UNQUEUE)
    post.revision += 1


def approve(_session: Session, post: Post) -> None:
    """Queue a draft that has a time."""
    if post.status is not Status.DRAFT:
        raise IllegalStep(post.status, Verb.QUEUE)
    if post.due_at is None:
        raise TooLate(
            f"Post #{post.id} has no time yet.",
            f"Give it one: handbill queue reschedule {post.id} --at 'fri 18:30'",
        )
    post.status = step(post.status, Verb.QUEUE)


def reschedule(timing: Timing, anchor: str | None = None) -> Act:
    """Give a post a new time; a missed or failed one is queued again, a draft stays a draft."""

    def act(_session: Session, post: Post) -> None:
        if post.status not in EDITABLE:
            raise IllegalStep(post.status, Verb.QUEUE)
        _set_time(post, timing)
        post.anchor = anchor  # a time that a person sets hangs on nothing else any more
        post.revision += 1
        post.attention = kept(post.attention)
        if post.status in (Status.MISSED, Status.FAILED):
            post.status = step(post.status, Verb.QUEUE)

    return act


def requeue(timing: Timing) -> Act:
    """Queue a missed or failed post again at a new time; a post in any other status is refused."""

    def act(session: Session, post: Post) -> None:
        if post.status not in (Status.MISSED, Status.FAILED):
            raise IllegalStep(post.status, Verb.QUEUE)
        reschedule(timing)(session, post)

    return act


def edit(
    text: str | None, images: list[dict[str, Any]] | None, price: Decimal | None = None
) -> Act:
    """Change the first part that is not out yet, and what the post costs with it."""

    def act(session: Session, post: Post) -> None:
        if post.status not in EDITABLE:
            raise IllegalStep(post.status, Verb.QUEUE)
        part = session.exec(
            select(Part)
            .where(Part.post_id == post.id, col(Part.remote_id).is_(None))
            .order_by(col(Part.position))
        ).first()
        if part is None:
            raise _too_late(post)
        part.text = part.text if text is None else text
        if part.quote and not contains(part.text, part.quote):
            part.quote = None
        part.images = part.images if images is None else images
        post.price = post.price if price is None else price
        post.revision += 1

    return act

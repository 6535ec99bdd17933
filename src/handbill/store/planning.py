"""Writes what a plan makes for a review: its new posts and its older ones in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from handbill.domain.lifecycle import Status
from handbill.errors import TooLate
from handbill.models import Part, Post
from handbill.store import posts
from handbill.store.anchors import Basis, locked_basis
from handbill.store.engine import write
from handbill.store.group import patiently
from handbill.store.holds import locked_holds
from handbill.store.posts import Act, NewPost

_AGAIN = "Look at it anew, with the same command."
#: How PostgreSQL and SQLite name the index that lets a step be made once.
_MADE = ("uq_post_step", "post.step")


def apply(
    engine: Engine,
    new: Sequence[NewPost],
    acts: Mapping[int, Act],
    now: datetime,
    basis: Basis | None = None,
) -> list[int]:
    """Add posts and change others, all or none; answers the new numbers. Raises TooLate when
    another has applied the plan, or changed one of its posts or what its times were made of
    (`basis`), since it was looked at."""

    def act() -> list[int]:
        with write(engine) as session:
            # Reviews before posts, as who sets an embargo does, or two could wait for ever.
            locked_holds(session, {one.review_id for one in new if one.review_id})
            if basis is not None and locked_basis(session, basis.review_id) != basis:
                raise TooLate("The dates of the review have changed meanwhile.", _AGAIN)
            posts.apply_all(session, acts)
            return posts.add_all(session, new, now)

    try:
        return patiently(act)
    except IntegrityError as error:
        if not any(name in str(error.orig) for name in _MADE):
            raise
        raise TooLate("Somebody has applied this plan meanwhile.", _AGAIN) from None


def seen(post: Post, *acts: Act) -> Act:
    """Do these to a post if it is still as it was read. Raises TooLate."""

    def act(session: Session, found: Post) -> None:
        if (found.revision, found.status) != (post.revision, post.status):
            raise TooLate(f"Post #{post.id} has changed meanwhile.", _AGAIN)
        for one in acts:
            one(session, found)

    return act


def rewrite(new: NewPost) -> Act:
    """Give a draft or queued post the text, the time and the rest of what the plan makes now."""

    def act(session: Session, post: Post) -> None:
        part = session.exec(select(Part).where(Part.post_id == post.id)).one()
        part.text = new.parts[0][0]
        part.quote = new.quotes[0] if new.quotes else None
        post.kind, post.spoiler, post.price = new.kind, new.spoiler, new.price
        if new.timing is not None:
            posts.reschedule(new.timing)(session, post)
        post.anchor = new.anchor

    return act


def drop(session: Session, post: Post) -> None:
    """Give a post up that its plan no longer has; should the step come back, it is made anew."""
    posts.cancel(session, post)
    post.plan = post.step = None


def approve(session: Session, post: Post) -> None:
    """Queue a draft; a queued post stays as it is."""
    if post.status is Status.DRAFT:
        posts.approve(session, post)

"""Keeps reviews: what was written, where it can be read, and a short name for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from handbill.domain import offsets
from handbill.domain.offsets import Anchor
from handbill.domain.ratings import shown
from handbill.domain.slugs import slugify
from handbill.errors import InputProblem
from handbill.inputs import ReviewIn, checked_review
from handbill.models import Review
from handbill.services import anchors, retiming, teasing
from handbill.services.desk import Desk
from handbill.services.history import utc
from handbill.services.importing import Taken
from handbill.services.retiming import Diff
from handbill.store import listings, posts, reviews

#: What a person may change of a review; its short name stays, as commands and scripts know it.
FIELDS = frozenset(ReviewIn.model_fields) - {"slug", "draft", "unsure", "source"}


def add(desk: Desk, new: ReviewIn) -> Review:
    """Add a review; its slug is made of the work's name, else of the headline."""
    slug = new.slug or slugify(new.work or new.title)
    return reviews.add(desk.engine, new, slug, desk.clock())


def edit(desk: Desk, slug: str, changes: dict[str, Any]) -> Review:
    """Change fields; what a person typed is sure. Raises NotFound, InputProblem.

    An empty text takes a field away.
    """
    if not changes:
        raise InputProblem("Nothing was to be changed.", "See: handbill review edit --help")
    review = get(desk, slug)
    return _change(desk, review, changes, [f for f in review.unsure if f not in changes])


def keep(desk: Desk, slug: str) -> Review:
    """A person has looked: it is no draft, and nothing in it is unsure. Raises NotFound."""
    return reviews.keep(desk.engine, slug)


def renew(desk: Desk, slug: str, taken: Taken, typed: dict[str, Any]) -> tuple[Review, list[str]]:
    """Read a review again: its text is taken, and of the other fields those that are empty or
    unsure; answers also a remark on each that is another now. Raises NotFound, InputProblem."""
    review = get(desk, slug)
    open_ = [f for f in taken.fields if not getattr(review, f) or f in review.unsure]
    changes = {f: taken.fields[f] for f in open_} | {"text": taken.fields["text"]} | typed
    read = checked_review(taken.fields)
    others = [
        f"{f} is '{new}' there, and '{getattr(review, f)}' is kept."
        for f in taken.fields
        if f not in changes and (new := getattr(read, f)) != getattr(review, f)
    ]
    unsure = [f for f in review.unsure if f not in changes]
    unsure += [f for f in taken.unsure if f in open_ and f not in typed]
    return _change(desk, review, changes, unsure), others


def _change(desk: Desk, review: Review, changes: dict[str, Any], unsure: list[str]) -> Review:
    kept = {name: getattr(review, name) for name in FIELDS | {"draft", "source"}}
    if "published_on" in changes and "published_at" not in changes:
        kept["published_at"] = None  # that instant was on another day
    new = checked_review(kept | changes | {"unsure": unsure})
    changed = reviews.change(desk.engine, review.slug, new, desk.clock())
    teasing.mark_stale(desk, changed)
    return changed


# Posts that hang on a date of the review


def dates(desk: Desk, slug: str) -> Mapping[str, Anchor]:
    """What the times of posts about a review hang on, by name. Raises NotFound."""
    return anchors.of(desk, get(desk, slug))


def follow(desk: Desk, review: Review, before: Mapping[str, Anchor]) -> Diff:
    """What becomes of the posts that hang on dates which were others `before`; nothing is changed
    yet. A post that cannot move keeps its time, with the reason."""
    known = anchors.of(desk, review)
    names = {name for name in {*known, *before} if known.get(name) != before.get(name)}
    if names.intersection(offsets.RELEASES):
        names.add("release")
    about = listings.about(desk.engine, [review.id or 0])
    return retiming.each(about, names, lambda _review: known, desk.clock())


def move(desk: Desk, diff: Diff) -> None:
    """Move the posts as shown: all, or none. Raises TooLate when one has changed meanwhile."""
    posts.move_all(desk.engine, [moving.move for moving in diff.moves])


def rating(review: Review) -> str:
    """A rating with its symbols, for people; empty when there is none."""
    return shown(review.rating) if review.rating else ""


def as_json(review: Review) -> dict[str, Any]:
    """Everything that is kept of a review."""
    fields = review.model_dump(mode="json", exclude={"id", "work_id", "slug", "created_at"})
    dated = {"published_at": utc(review.published_at), "created_at": utc(review.created_at)}
    return {"slug": review.slug, **fields, **dated}


def listing(desk: Desk) -> Sequence[Review]:
    """All reviews, newest first."""
    return reviews.listing(desk.engine)


def get(desk: Desk, slug: str) -> Review:
    """The review of that slug. Raises NotFound."""
    return reviews.named(desk.engine, slug)

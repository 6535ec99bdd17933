"""Keeps reviews: what was written, where it can be read, and a short name for it."""

import re
import unicodedata
from collections.abc import Sequence

from handbill.inputs import ReviewIn
from handbill.models import Review
from handbill.services.desk import Desk
from handbill.store import reviews


def add(desk: Desk, new: ReviewIn) -> Review:
    """Add a review; its slug is made of the work's name, else of the headline."""
    slug = new.slug or slugify(new.work or new.title)
    return reviews.add(desk.engine, new, slug, desk.clock())


def slugify(words: str) -> str:
    """A short name of lower-case letters, digits and hyphens; never empty."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-") or "review"


def listing(desk: Desk) -> Sequence[Review]:
    """All reviews, newest first."""
    return reviews.listing(desk.engine)


def get(desk: Desk, slug: str) -> Review:
    """The review of that slug. Raises NotFound."""
    return reviews.named(desk.engine, slug)

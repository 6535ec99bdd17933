"""What the times of a plan hang on: the dates of a review and of its work."""

from handbill.domain.embargo import Kind
from handbill.domain.offsets import Anchor
from handbill.models import Embargo, Review
from handbill.services.desk import Desk
from handbill.store import anchors

#: Names of what belongs to the review itself, and not to its work.
OF_REVIEWS = ("embargo", "reaction-embargo", "published")


def of(desk: Desk, review: Review) -> dict[str, Anchor]:
    """By name: the work's dates, `published`, `embargo` (the last that is set) and
    `reaction-embargo`.

    An embargo that was lifted early counts from when it was lifted, once none is left in force.
    """
    found: dict[str, Anchor] = {}
    for one in anchors.dates(desk.engine, review.work_id):
        if (at := one.at or one.day) is not None:
            found[one.name] = at
    if (published := review.published_at or review.published_on) is not None:
        found["published"] = published
    embargoes = anchors.embargoes(desk.engine, review.id or 0)
    reactions = [one for one in embargoes if one.kind is Kind.REACTION]
    for name, some in (("embargo", embargoes), ("reaction-embargo", reactions)):
        set_ = [one.until for one in some if one.lifted_at is None]
        if ends := set_ or [one.lifted_at for one in some if one.lifted_at is not None]:
            found[name] = max(ends)
    return found


def in_force(desk: Desk, review: Review) -> list[Embargo]:
    """The embargoes of a review that were not lifted early."""
    return [one for one in anchors.embargoes(desk.engine, review.id or 0) if one.lifted_at is None]

"""What the texts of a post about a review must say, and what they must not give away."""

from collections.abc import Sequence

from handbill.domain.disclosures import with_disclosure
from handbill.domain.spoilers import Spoiler, forbidden
from handbill.errors import InputProblem
from handbill.models import Account, Review
from handbill.services import teasing
from handbill.services.desk import Desk
from handbill.store.quotes import work_of

#: Where a picked quote stands in a text.
PLACE = "{quote}"


def quoted(
    desk: Desk, review: Review | None, texts: Sequence[str], number: int | None
) -> tuple[list[str], str | None]:
    """The texts with the picked quote in its place, and the quote as the review has it.

    Without a text it is the quote and the work's name. Raises NotFound for a number that `tease`
    does not show, InputProblem where the text has no place for it.
    """
    if number is None:
        return [*texts], None
    if review is None:
        raise InputProblem("A quote is taken from a review.", "Say which one: --review REVIEW")
    picked = teasing.picked(desk, review.slug, number)
    first, *rest = texts
    if not first.strip():
        first = f"“{PLACE}” {review.work or ''}".rstrip()
    if PLACE not in first:
        raise InputProblem(
            f"The text has no place for the quote: write {PLACE} in it.",
            "Or leave the text away, and it is the quote alone.",
        )
    return [first.replace(PLACE, picked.shown), *rest], picked.text


def disclosed(desk: Desk, review: Review | None, texts: Sequence[str]) -> list[str]:
    """The texts of a post's parts, the first with what the critic has to disclose. Without a review
    to which that applies they are as given."""
    if review is None or review.disclosure is None or not texts:
        return [*texts]
    first, *rest = texts
    return [with_disclosure(first, review.disclosure, teasing.words(desk).disclosures), *rest]


def refuse_spoilers(
    desk: Desk, account: Account, review: Review | None, texts: Sequence[str], level: Spoiler
) -> None:
    """Raise InputProblem, with the words, when texts or alt texts give away what they must not.

    A post that is marked as a full spoiler may, where the network puts a warning before it.
    """
    work = work_of(desk.engine, review) if review else None
    if work is None or not work.spoilers:
        return
    if level is Spoiler.FULL and desk.networks(account.network).HAS_WARNINGS:
        return
    if found := forbidden("\n".join(texts), work.spoilers):
        raise InputProblem(
            f"This gives away: {', '.join(found)}.",
            f"Say it without. What must not be said: handbill work show {work.slug}",
        )

"""What the texts of a post about a review must say, and what they must not give away."""

from collections.abc import Sequence

from handbill.domain.disclosures import with_disclosure
from handbill.domain.spoilers import Spoiler, forbidden
from handbill.errors import InputProblem
from handbill.models import Account, Review
from handbill.services.desk import Desk
from handbill.services.teasing import words
from handbill.store.quotes import work_of


def disclosed(desk: Desk, review: Review | None, texts: Sequence[str]) -> list[str]:
    """The texts of a post's parts, the first with what the critic has to disclose. Without a review
    to which that applies they are as given."""
    if review is None or review.disclosure is None or not texts:
        return [*texts]
    first, *rest = texts
    return [with_disclosure(first, review.disclosure, words(desk).disclosures), *rest]


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

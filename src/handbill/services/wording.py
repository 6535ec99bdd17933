"""What the texts of a post about a review must say, and what they must not give away."""

from collections.abc import Mapping, Sequence

from handbill.domain.disclosures import Disclosure, is_disclosed, with_disclosure
from handbill.domain.network import Claim
from handbill.domain.spoilers import Spoiler, forbidden
from handbill.errors import InputProblem
from handbill.models import Account, Review
from handbill.services import teasing
from handbill.services.desk import Desk
from handbill.store import listings, reviews, works
from handbill.store.listings import Entry
from handbill.store.quotes import WAITING

#: Where a picked quote stands in a text.
PLACE = "{quote}"


def quoted(
    desk: Desk, review: Review | None, texts: Sequence[str], number: int | None
) -> tuple[list[str], str | None]:
    """The texts with the picked quote in its place, and the quote as the review has it.

    Without a text it is the quote and the work's name. Raises NotFound for a number that `tease`
    does not show, InputProblem where the text has no place for it.
    """
    if number is None and any(PLACE in text for text in texts):
        raise InputProblem(
            f"The text has a place for a quote, {PLACE}, and none was picked.",
            "Pick one: --quote N; its numbers: handbill tease REVIEW",
        )
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
    return [with_disclosure(first, review.disclosure, _disclosures(desk)), *rest]


def refuse_spoilers(
    desk: Desk, account: Account, review: Review | None, texts: Sequence[str], level: Spoiler
) -> None:
    """Raise InputProblem, with the words, when texts or alt texts give away what they must not.

    A post that is marked as a full spoiler may, where the network puts a warning before it.
    """
    work = works.of_review(desk.engine, review) if review else None
    if work is None or not work.spoilers:
        return
    if level is Spoiler.FULL and desk.networks(account.network).HAS_WARNINGS:
        return
    if found := forbidden("\n".join(texts), work.spoilers):
        raise InputProblem(
            f"This gives away: {', '.join(found)}.",
            f"Say it without. What must not be said: handbill work show {work.slug}",
        )


def why_unfit(desk: Desk, claim: Claim) -> str | None:
    """Why a claimed part must not leave as it is, although it was fit when it was written: what
    must not be said, or has to be disclosed, may have been set since."""
    if claim.review_id is None:
        return None
    review = reviews.get(desk.engine, claim.review_id)
    first = claim.text if claim.position == 1 else None
    return _unfit(desk, review, first, [claim.text, *(image.alt for image in claim.images)])


def misfits(desk: Desk, review_ids: Sequence[int]) -> list[tuple[Entry, str]]:
    """The drafts and queued posts about reviews that must not leave as they are, each with why."""
    waiting = [e for e in listings.about(desk.engine, review_ids) if e.post.status in WAITING]
    found = [(entry, _why(desk, entry)) for entry in waiting]
    return [(entry, why) for entry, why in found if why]


def refuse_unfit(desk: Desk, entry: Entry) -> None:
    """Raise InputProblem for a post that must not be queued as it is."""
    if why := _why(desk, entry):
        number = entry.post.id
        raise InputProblem(
            f"Post #{number}: {why}", f"Change it: handbill queue edit {number} --text TEXT"
        )


def _why(desk: Desk, entry: Entry) -> str | None:
    if entry.review is None:
        return None
    says = [part.text for part in entry.parts]
    says += [image["alt"] for part in entry.parts for image in part.images]
    return _unfit(desk, entry.review, entry.parts[0].text, says)


def _unfit(desk: Desk, review: Review, first: str | None, says: Sequence[str]) -> str | None:
    kind = review.disclosure
    if first is not None and kind and not is_disclosed(first, kind, _disclosures(desk)):
        return "It does not say what you have to disclose."
    work = works.of_review(desk.engine, review)
    if work and (found := forbidden("\n".join(says), work.spoilers)):
        return f"It gives away: {', '.join(found)}."
    return None


def _disclosures(desk: Desk) -> Mapping[Disclosure, str]:
    return teasing.words(desk).disclosures

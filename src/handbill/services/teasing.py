"""Proposes what to quote of a review, and watches over what is quoted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handbill import shipped
from handbill.domain import words as lists
from handbill.domain.network import NetworkModule
from handbill.domain.teasing import Candidate, Mark, Proposal, Subject, propose
from handbill.domain.text.quotes import GONE, missing, plain
from handbill.domain.words import Words
from handbill.errors import InputProblem, NotFound, SettingsProblem
from handbill.models import Review
from handbill.services.desk import Desk
from handbill.store import listings, quotes, reviews, works
from handbill.store.listings import Entry
from handbill.store.quotes import WAITING, Quoting

FILE = "words.toml"


@dataclass(frozen=True)
class Length:
    """How long a text is on a network, as that network counts."""

    counted: int
    allowed: int


@dataclass(frozen=True)
class Teaser:
    """A candidate with its number among all of its review, by which it is picked."""

    number: int
    candidate: Candidate
    #: By network.
    lengths: dict[str, Length]
    #: Numbers of posts that quote it already.
    used_in: tuple[int, ...]


@dataclass(frozen=True)
class Tease:
    """The best candidates of a review, and what a person should know about how they were found."""

    review: Review
    teasers: tuple[Teaser, ...]
    #: How many there are in all.
    found: int
    remarks: tuple[str, ...]


def words(desk: Desk) -> Words:
    """The critic's own list of words, or else the one that ships. Raises SettingsProblem."""
    own = desk.config / FILE
    return _read(own if own.is_file() else shipped.folder() / FILE)


def _read(file: Path) -> Words:
    try:
        source = file.read_text("utf-8")
    except OSError as error:
        raise SettingsProblem(
            f"{file} cannot be read: {error.strerror}.", f"Allow it: chmod u+r '{file}'"
        ) from None
    except UnicodeDecodeError:
        raise SettingsProblem(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from None
    return lists.read(source, str(file))


def tease(desk: Desk, slug: str, limit: int, networks: Sequence[str]) -> Tease:
    """The first `limit` candidates of a review, each with its length on these networks.

    Raises NotFound, or InputProblem when the review has no text.
    """
    review = reviews.named(desk.engine, slug)
    proposal = _propose(desk, review)
    quoted = quotes.quoting(desk.engine, review.id or 0)
    chosen = enumerate(proposal.candidates[:limit], 1)
    return Tease(
        review,
        tuple(_teaser(desk, number, one, networks, quoted) for number, one in chosen),
        len(proposal.candidates),
        proposal.remarks,
    )


def _length(network: NetworkModule, text: str) -> Length:
    return Length(network.length(text), network.MAX_LENGTH)


def picked(desk: Desk, slug: str, number: int) -> Candidate:
    """The candidate that `tease` shows under this number, as long as review and words stay.

    Raises NotFound for a review or a number that is not there.
    """
    candidates = _propose(desk, reviews.named(desk.engine, slug)).candidates
    if not 1 <= number <= len(candidates):
        raise NotFound(
            f"{slug} has no quote {number}; there are {len(candidates)}.",
            f"See: handbill tease {slug}",
        )
    return candidates[number - 1]


#: What no post should quote unless a person has picked it.
_DOUBTFUL = frozenset(Mark)


def best(desk: Desk, review: Review) -> list[str]:
    """Whole sentences of a review that can be quoted without a person's look, the best first; none
    when it has no text."""
    if not review.text.strip():
        return []
    found = _propose(desk, review).candidates
    return [one.text for one in found if not one.marks & _DOUBTFUL and one.score > 0]


def _propose(desk: Desk, review: Review) -> Proposal:
    if not review.text.strip():
        raise InputProblem(
            f"The review {review.slug} has no text to quote from.",
            "Add it with its text: handbill review add FILE",
        )
    return propose(review.text, words(desk), _subject(desk, review))


def _subject(desk: Desk, review: Review) -> Subject:
    work = works.of_review(desk.engine, review)
    titles = (review.work, work.title if work else None)
    names = (review.author, review.outlet, review.handle)
    return Subject(
        headline=review.title,
        titles=tuple(dict.fromkeys(title for title in titles if title)),
        names=tuple(name for name in names if name),
        forbidden=tuple(work.spoilers) if work else (),
        language=review.language,
    )


def _teaser(
    desk: Desk,
    number: int,
    candidate: Candidate,
    networks: Sequence[str],
    quoted: Sequence[Quoting],
) -> Teaser:
    shown, text = candidate.shown, plain(candidate.text)
    return Teaser(
        number,
        candidate,
        {name: _length(desk.networks(name), shown) for name in networks},
        tuple(one.post_id for one in quoted if any(_same(text, q) for q in one.quotes)),
    )


def _same(text: str, quote: str) -> bool:
    """Whether one is a part of the other."""
    other = plain(quote)
    return bool(other) and (text in other or other in text)


def stale(desk: Desk, review: Review) -> list[Entry]:
    """The drafts and queued posts that quote what is no longer in the review."""
    gone = _gone(review, quotes.quoting(desk.engine, review.id or 0))
    return [listings.get(desk.engine, one.post_id) for one, says in gone if says]


def mark_stale(desk: Desk, review: Review) -> tuple[list[int], list[int]]:
    """Raise the attention of waiting posts whose quote has gone from the review, and take it back
    where the quote is there again; answers the numbers of both.

    A post that needs eyes for another reason keeps that one. To be called when a review, or the
    quote of a post, has changed.
    """
    gone = _gone(review, quotes.quoting(desk.engine, review.id or 0))
    changed = set(quotes.tell(desk.engine, gone))
    raised = [one.post_id for one, says in gone if says and one.post_id in changed]
    return raised, sorted(changed - set(raised))


def _gone(review: Review, quoted: Sequence[Quoting]) -> list[tuple[Quoting, str | None]]:
    """What is to be said of each waiting post; None where every quote stands in the review."""
    waiting = [one for one in quoted if one.status in WAITING]
    lost = set(missing(review.text, {quote for one in waiting for quote in one.quotes}))
    return [(one, _says([q for q in one.quotes if q in lost])) for one in waiting]


def _says(lost: Sequence[str]) -> str | None:
    return f"{GONE}“{' '.join(lost[0].split())}”" if lost else None

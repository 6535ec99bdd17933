"""What the posts of a plan say: the longest form that fits, with a quote that is in the review."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handbill.domain import ratings
from handbill.domain.lifecycle import Status
from handbill.domain.plans import Turn
from handbill.domain.text.quotes import contains
from handbill.domain.timetables import Written
from handbill.errors import InputProblem
from handbill.models import Account, Review
from handbill.services import embargoes, templates, wording
from handbill.services.desk import Desk
from handbill.services.pricing import alts, priced
from handbill.services.templates import VARIABLES, Absent
from handbill.store.listings import Entry


def verbatim(review: Review, quote: str) -> str:
    """A quote with single blanks. Raises InputProblem if the review does not say just that."""
    plain = " ".join(quote.split())
    if not plain or not contains(review.text, plain):
        raise InputProblem(
            f"The review does not say {plain[:80]!r}.",
            f"Quote it word for word; see: handbill review show {review.slug}",
        )
    return plain


class Quotes:
    """The quotes that one account may still use: each once, the best first.

    Accounts begin at different ones, as networks do not like the same text from several.
    """

    def __init__(
        self, review: Review, best: Sequence[str], made: Sequence[Entry], number: int
    ) -> None:
        turned = number % len(best) if best else 0
        self._review = review
        kept = [entry.parts[0].quote for entry in made if entry.post.status is not Status.CANCELLED]
        self._used = {quote for quote in kept if quote}
        self._best = [*best[turned:], *best[:turned]]

    def candidates(self, made: Entry | None) -> Iterator[str]:
        """First the one that the post has, if it is still in the review."""
        own = made.parts[0].quote if made else None
        if own and contains(self._review.text, own):
            yield own
        yield from (quote for quote in self._best if quote not in self._used)

    def use(self, quote: str) -> None:
        """Take a quote away from the steps that follow."""
        self._used.add(quote)


@dataclass(frozen=True)
class Writer:
    """Writes the posts of one account."""

    desk: Desk
    review: Review
    account: Account
    quotes: Quotes

    def write(self, turn: Turn, made: Entry | None) -> Written:
        """The first text of a step that can be filled in and that its network takes, with the
        first quote that allows it. Raises InputProblem when none does."""
        why: list[InputProblem] = []
        step = turn.step
        candidates: list[str | None] = [*self.quotes.candidates(made)] if step.quote else [None]
        for quote in candidates:
            for template in step.texts:
                try:
                    written = self._one(template, turn, quote, made)
                except InputProblem as problem:
                    why.append(problem)
                    continue
                if quote:
                    self.quotes.use(quote)
                return written
        if not why:
            raise InputProblem(
                "No quote is left for it.", "Give more: --quote 'a sentence of the review'"
            )
        raise why[-1]

    def _one(self, template: str, turn: Turn, quote: str | None, made: Entry | None) -> Written:
        try:
            text = templates.render(template, self._values(turn, quote))
        except Absent as absent:
            raise self._lacking(absent.field) from None
        (text,) = wording.disclosed(self.desk, self.review, [text])
        embargoes.refuse_giving_away(self.desk, self.review, turn.step.kind, [text], quote)
        wording.refuse_spoilers(self.desk, self.account, self.review, [text], turn.step.spoiler)
        module = self.desk.networks(self.account.network)
        if wrong := module.check(text, ()):
            raise InputProblem(" ".join(wrong), "Give the step a shorter text, or another quote.")
        images = alts(made.parts[0].images) if made else 0
        price = priced(self.desk, self.account, [(text, images)])
        said = quote if quote and quote in text else None
        return Written(text, said, module.length(text), module.MAX_LENGTH, price)

    def _values(self, turn: Turn, quote: str | None) -> dict[str, str | int | None]:
        review = self.review
        return {
            "title": review.title,
            "work": review.work,
            "outlet": review.outlet,
            "author": review.author,
            "handle": review.handle,
            "link": review.link,
            **_rated(review.rating),
            "quote": quote,
            "turn": turn.number,
            "turns": turn.step.times,
        }

    def _lacking(self, field: str) -> InputProblem:
        option = VARIABLES[field][1]
        if not option:
            return InputProblem(
                f"The text wants a {field}, and the step has none.",
                "Say quote = true in the step." if field == "quote" else "Mend the plan.",
            )
        return InputProblem(
            f"The review has no {field}.",
            f"Set it: handbill review edit {self.review.slug} {option}",
        )


def _rated(kept: str | None) -> dict[str, str | int | None]:
    """A rating in all its forms; words that are no rating have one only."""
    known = ratings.read(kept) if kept else None
    return {
        "rating": ratings.shown(kept) if kept else None,
        "stars": known.stars if known else None,
        "fraction": known.fraction if known else None,
        "in_words": known.words if known else None,
    }


def as_kept(desk: Desk, entry: Entry) -> Written:
    """What a post says now."""
    part, module = entry.parts[0], desk.networks(entry.account.network)
    length = module.length(part.text)
    return Written(part.text, part.quote, length, module.MAX_LENGTH, entry.post.price)

"""Proposes what to quote of a review, word for word, each point of its score named in words.

| a sentence | points | named |
|---|---|---|
| says what the critic thinks | mild word +1, strong +2, at most +4 | `opinion: gorgeous` |
| neither says what the critic thinks nor sums up | −1 | `states, does not judge` |
| speaks of what is judged | +1 | `of the craft: camera` |
| sums up | +1 | `sums up: worth your` |
| names the work | +0.5 | `names the work` |
| is in the last paragraph | +1 | `in the last paragraph` |
| has 40 to 140 characters | +1 | `a good length` |
| has over 200, over 280 | −1, −2 | `long`, `too long for many networks` |
| asks | −0.5 | `asks` |
| leans on what stands before | −0.75 | `needs what stands before it: it` |
| is about the critic | −1 | `about the critic: my` |
| has names, not of the work or outlet | −1 each, at most −2 | `names: Lola Vance` |
| tells the plot | −1.5 a sign, at most −4.5 | `tells the plot: returns to` |
| opens as a story does | −1.5 | `opens as a story does: then` |
| has words of an ending | −5 | `may give away: twist` |
| has a word that is forbidden for the work | −10 | `gives away: …` |
| leaves a quotation or bracket open | −2 | `leaves a quotation or bracket open` |
| is no part of the review | −4 | `no part of the review: subscribe` |
| is a clause | −0.25 | `part of a sentence` |

A sentence is plot when its signs of plot cost as much as its opinion counts, and a spoiler when it
has words of an ending or a forbidden one. Spoilers are ranked last and plot before them, whatever
their points. Of a sentence and its clauses only the best is proposed.

In a language other than the list's only the shape counts: length, place, the work's name, marks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from handbill.domain.scoring import Reason, for_words, of, opening, opinion, plot_cost, said
from handbill.domain.spoilers import forbidden
from handbill.domain.text.sentences import (
    Clause,
    Span,
    clauses,
    paragraphs,
    sentences,
    with_ellipses,
)
from handbill.domain.words import Hit, Sort, Words, tokens_of

#: What is read of a text, in characters: twenty thousand words, more than any review has.
MAX_READ = 120_000
#: What can be quoted, in characters and words.
SHORTEST, LONGEST, FEWEST_WORDS = 12, 500, 3
#: A paragraph of so many characters is the review's last; shorter ones below it are a farewell.
_LAST_PARAGRAPH = 60
_MAX_NAMES = 2.0
#: So many words of a text are looked at to tell its language, and so great a part must be English.
_SAMPLE, _ENGLISH_PART = 3_000, 0.15
_ENGLISH = frozenset(
    tokens_of(
        "the of and to a in is it that for as with was on his her be by at this from but not are"
    )
)

_CAPITALISED = r"(?=[^\W\d_a-z])[^\W\d_]['’\w]+"
_NAME = re.compile(rf"(?<!\w){_CAPITALISED}(?:\s{_CAPITALISED})*")
_LINKS = re.compile(r"https?://|\bwww\.|(?<![\w@])@\w|(?<!\w)#\w")
_PAIRS = (("“", "”"), ("(", ")"), ("[", "]"), ("«", "»"))


_I = re.compile(r"I['’]")


class Mark(StrEnum):
    """What a critic should know about a candidate before it is posted."""

    PLOT = "plot"
    SPOILER = "spoiler"
    CONTEXT = "needs context"
    ABOUT_ME = "about me"
    CLAUSE = "clause"
    ASIDE = "not of the review"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known about a review besides its text; nothing need be."""

    headline: str = ""
    #: The work's names.
    titles: tuple[str, ...] = ()
    #: Others that are no names of a story: author, outlet.
    names: tuple[str, ...] = ()
    #: Words that no post about the work may give away.
    forbidden: tuple[str, ...] = ()
    #: BCP 47; None if nobody said.
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of a review that could be quoted: `text` is the review's own `[start:end]`."""

    text: str
    start: int
    end: int
    score: float
    reasons: tuple[Reason, ...]
    marks: frozenset[Mark]
    cut_before: bool = False
    cut_after: bool = False

    @property
    def shown(self) -> str:
        """As it is posted: on one line, with `…` where its sentence goes on."""
        line = " ".join(self.text.split())
        return with_ellipses(line, cut_before=self.cut_before, cut_after=self.cut_after)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Candidates, best first, and what a person should know about how they were found."""

    candidates: tuple[Candidate, ...]
    remarks: tuple[str, ...]


def propose(text: str, words: Words, subject: Subject = Subject()) -> Proposal:
    """Rank what could be quoted of a review. Takes time in proportion to its length."""
    read = text[:MAX_READ]
    known = _speaks(read, words, subject.language)
    jury = _Jury(read, words, subject, by_words=known)
    found = [best for one in _quotable(read, subject) for best in jury.best_of(one)]
    found.sort(key=lambda one: (*_rank(one), one.start))
    return Proposal(tuple(found), tuple(_remarks(text, words, by_words=known)))


def _rank(candidate: Candidate) -> tuple[bool, bool, bool, float]:
    marks = candidate.marks
    return (Mark.SPOILER in marks, Mark.ASIDE in marks, Mark.PLOT in marks, -candidate.score)


def _remarks(text: str, words: Words, *, by_words: bool) -> Iterator[str]:
    if not by_words:
        name = "English" if words.language == "en" else f"for {words.language}"
        yield (
            f"The list of words is {name} and this review is not, so only the shape of its "
            "sentences was judged: look for plot and spoilers yourself."
        )
    if len(text) > MAX_READ:
        yield f"Only the first {MAX_READ:,} of {len(text):,} characters were read."


def _speaks(text: str, words: Words, language: str | None) -> bool:
    """Whether the list is for the language of this text."""
    if language:
        return language.lower().split("-")[0] == words.language
    if words.language != "en":
        return True  # whoever brings a list of their own knows for what
    tokens = tokens_of(text[: _SAMPLE * 8])[:_SAMPLE]
    return sum(token in _ENGLISH for token in tokens) >= _ENGLISH_PART * len(tokens)


def _quotable(text: str, subject: Subject) -> Iterator[Span]:
    headline = " ".join(subject.headline.split()).casefold()
    first = next(iter(paragraphs(text)), None)
    for one in sentences(text, subject.titles):
        if len(one.text) < SHORTEST:
            continue
        line = " ".join(one.text.split())
        alone = first is not None and one.end == first.end and one.start == first.start
        if line.casefold() != headline and not (alone and _is_heading(line)):
            yield one


def _is_heading(line: str) -> bool:
    """Whether a lone first line looks like one: no mark, or a capital on most longer words."""
    if line.endswith("."):
        return False
    longer = [word for word in line.split() if len(word) > 3]
    capital = sum(word[0].isupper() for word in longer)
    return line[-1:] not in "!?…”\"'" or capital > 0.6 * len(longer)


class _Jury:
    """Judges the sentences of one review."""

    def __init__(self, text: str, words: Words, subject: Subject, *, by_words: bool) -> None:
        self._text = text
        self._words = words
        self._by_words = by_words
        self._forbidden = subject.forbidden
        self._titles = [title.casefold() for title in subject.titles if title.strip()]
        ours = tokens_of(" ".join((*subject.titles, *subject.names, subject.headline)))
        self._ours = frozenset(ours)
        long = [part for part in paragraphs(text) if len(part.text) >= _LAST_PARAGRAPH]
        self._last = long[-1].start if long else len(text)
        self._until = long[-1].end if long else 0

    def best_of(self, sentence: Span) -> list[Candidate]:
        """The sentence or the clause of it that is ranked first, if any can be quoted."""
        whole = Clause(sentence.text, sentence.start, sentence.end, False, False)
        parts = clauses(self._text, sentence) if self._by_words else []
        judged = [self._judged(one) for one in (whole, *parts) if _can_be_quoted(one.text)]
        return [min(judged, key=_rank)] if judged else []

    def _judged(self, one: Clause) -> Candidate:
        tokens = tokens_of(one.text)
        hits = self._words.find(tokens) if self._by_words else []
        worded = for_words(hits) if self._by_words else ()
        reasons = [*self._for_shape(one), *worded, *self._against(one, hits)]
        return Candidate(
            one.text,
            one.start,
            one.end,
            sum(reason.points for reason in reasons),
            tuple(reasons),
            frozenset(self._marks(one, hits, reasons)),
            one.cut_before,
            one.cut_after,
        )

    def _for_shape(self, one: Clause) -> Iterator[Reason]:
        length = len(one.text)
        if any(title in one.text.casefold() for title in self._titles):
            yield Reason("names the work", 0.5)
        if self._last <= one.start < self._until:
            yield Reason("in the last paragraph", 1)
        if 40 <= length <= 140:
            yield Reason("a good length", 1)
        elif length > 200:
            yield Reason(*(("too long for many networks", -2) if length > 280 else ("long", -1)))
        if one.text.rstrip("\"”’')").endswith("?"):
            yield Reason("asks", -0.5)
        if one.cut_before or one.cut_after:
            yield Reason("part of a sentence", -0.25)
        if _is_open(one.text):
            yield Reason("leaves a quotation or bracket open", -2)

    def _against(self, one: Clause, hits: Sequence[Hit]) -> Iterator[Reason]:
        if given := forbidden(one.text, self._forbidden):
            yield Reason(f"gives away: {', '.join(given)}", -10)
        if self._by_words and (names := self._names(one.text, hits)):
            cost = min(float(len(names)), _MAX_NAMES)
            yield Reason(f"names: {', '.join(names)}", -cost)
        if _is_aside(one.text, hits):
            words = said(hits, Sort.NOT_REVIEW) or "a link or a handle"
            yield Reason(f"no part of the review: {words}", -4)

    def _names(self, text: str, hits: Sequence[Hit]) -> list[str]:
        """Names that the subject does not explain; a capital that opens the text is none."""
        found = [one[0] for one in _NAME.finditer(text, 1) if one[0][0].isupper()]
        if not found:
            return []
        known = (hit.words.split() for hit in hits if hit.sort is Sort.KNOWN)
        familiar = self._ours.union(*known)
        return [
            name
            for name in found
            if not (set(tokens_of(name)) <= familiar or _I.match(name) or _is_acronym(name))
        ]

    def _marks(self, one: Clause, hits: Sequence[Hit], reasons: Sequence[Reason]) -> Iterator[Mark]:
        if of(hits, Sort.SPOILER) or any(one.words.startswith("gives away") for one in reasons):
            yield Mark.SPOILER
        if 0 < plot_cost(hits) >= opinion(hits):
            yield Mark.PLOT
        if opening(hits, Sort.CONTEXT):
            yield Mark.CONTEXT
        if of(hits, Sort.ABOUT_ME):
            yield Mark.ABOUT_ME
        if one.cut_before or one.cut_after:
            yield Mark.CLAUSE
        if _is_aside(one.text, hits):
            yield Mark.ASIDE


def _is_acronym(name: str) -> bool:
    """EP, TV, DVD."""
    return len(name) <= 4 and name.isupper()


def _can_be_quoted(text: str) -> bool:
    return SHORTEST <= len(text) <= LONGEST and len(text.split()) >= FEWEST_WORDS


def _is_aside(text: str, hits: Sequence[Hit]) -> bool:
    return bool(of(hits, Sort.NOT_REVIEW)) or _LINKS.search(text) is not None


def _is_open(text: str) -> bool:
    odd = text.count('"') % 2
    return bool(odd) or any(text.count(opens) != text.count(closes) for opens, closes in _PAIRS)

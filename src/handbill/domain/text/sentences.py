"""Paragraphs, sentences and clauses of a text, each with its place in it. Changes no character.

Every rule looks at a bounded stretch around a mark, so that the time grows with the text alone.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: A sentence longer than this is not cut into clauses; nobody could post its parts either.
MAX_CUT = 2_000
#: A clause that stands alone has at least so many characters and words.
MIN_CLAUSE = 25
MIN_CLAUSE_WORDS = 4
#: A line shorter than this with no mark at its end is a heading, not a wrapped line.
_WRAPPED = 40
#: No token that matters before a mark is longer.
_TOKEN = 24


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BLANK_LINES = re.compile(r"\n[^\S\n]*+\n\s*+")
# Marks, closing signs, blanks: each run is taken whole and only from its beginning.
_MARKS = re.compile(
    r"""(?<![.!?…。！？])(?P<marks>[.!?…。！？]++)(?P<closing>["'”’»)\]』」]*+)(?P<blank>\s*+)"""
    r"|(?<!\s)(?P<line>[^\S\n]*+\n\s*+)"
)
_WORD = re.compile(r"[\"'“‘«(\[]{0,3}([\w’'&]{1,24})")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_EAST = "。！？"
#: Never the end of a sentence: a name or an explanation follows.
_LEADING = _set(
    "mr mrs ms mx dr prof capt lt col gen sgt cmdr rev hon fr sen gov pres messrs mme mlle vs "
    "v cf ca e.g i.e feat ft dir prod incl approx"
)
#: Not the end when a number follows.
_COUNTING = _set("no nos vol pt ep ch p pp fig op")
#: The end only when a word follows that seldom is a name.
_TRAILING = _set("st jr sr inc ltd co corp bros etc al a.m p.m a.k.a dept est u.s u.k")
_STARTERS = _set(
    "i the it this that these those in he she we they you but and a an as at when there what "
    "its his her my our their yet still so then not no for on if with by from who why how all"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: `text[start:end]`, code points from 0."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Clause(Span):
    """A part of a sentence that can stand alone; what was left out is shown by an ellipsis."""

    cut_before: bool
    cut_after: bool


def paragraphs(text: str) -> list[Span]:
    """What blank lines separate, without the blanks around it."""
    edges = [0, *(at for gap in _BLANK_LINES.finditer(text) for at in gap.span()), len(text)]
    spans = (_trimmed(text, *edges[n : n + 2]) for n in range(0, len(edges), 2))
    return [span for span in spans if span.text]


def sentences(text: str, titles: Sequence[str] = ()) -> list[Span]:
    """The sentences of a text, in order; a paragraph ends one in any case.

    A mark inside one of `titles` ("tick, tick... BOOM!") ends none, nor does that of an
    abbreviation, an initial or an ellipsis before a small letter. English abbreviations only.
    """
    masks = _Masks(text, titles)
    return [one for part in paragraphs(text) for one in _of_paragraph(text, part, masks)]


def _of_paragraph(text: str, part: Span, masks: "_Masks") -> Iterator[Span]:
    start = part.start
    for mark in _MARKS.finditer(text, part.start, part.end):
        if mark.end() >= part.end:
            break
        if mark["line"] is not None:
            ends, stop = _is_heading(text, start, mark), mark.start()
        else:
            ends, stop = _ends(text, mark, masks), mark.end("closing")
        if ends:
            yield _trimmed(text, start, stop)
            start = mark.end()
    yield _trimmed(text, start, part.end)


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    return Span(piece, start, start + len(piece))


def _is_heading(text: str, start: int, line: re.Match[str]) -> bool:
    return line.start() - max(start, text.rfind("\n", start, line.start()) + 1) < _WRAPPED


def _ends(text: str, mark: re.Match[str], masks: "_Masks") -> bool:
    marks, blank = mark["marks"], mark["blank"]
    if marks[-1] in _EAST:
        return not masks.hides(mark.start())
    if not blank:
        return False
    word = _WORD.match(text, mark.end())
    following = word[1] if word else ""
    if following[:1].islower():
        return False
    if masks.hides(mark.start()):
        return masks.closes(mark.end("marks")) and following.lower() in _STARTERS
    if marks != "." or mark["closing"]:
        return True
    return _full_stop(text, mark.start(), following)


def _full_stop(text: str, at: int, following: str) -> bool:
    """Whether a single stop behind this token ends the sentence."""
    stretch = text[max(at - _TOKEN, 0) : at]
    written = "" if stretch[-1:].isspace() else (stretch.split() or [""])[-1].lstrip("\"'“‘«([—–-")
    before = written.lower()
    if before in _LEADING:
        return False
    if before in _COUNTING and written != "P":  # which is an initial
        return not following[:1].isdigit()
    if before in _TRAILING or (before != "i" and _INITIALS.fullmatch(f"{before}.")):
        return following.lower() in _STARTERS
    return True


class _Masks:
    """Where titles with marks in them stand."""

    def __init__(self, text: str, titles: Sequence[str]) -> None:
        spans = sorted(
            span
            for title in {title.strip() for title in titles}
            if re.search(r"[.!?…]", title)
            for span in _occurrences(text, title)
        )
        self._starts = [start for start, _end in spans]
        self._ends = [end for _start, end in spans]
        self._every_end = frozenset(self._ends)

    def hides(self, at: int) -> bool:
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self._ends[place]

    def closes(self, at: int) -> bool:
        return at in self._every_end


def _occurrences(text: str, title: str) -> Iterator[tuple[int, int]]:
    at = text.find(title)
    while at >= 0:
        yield at, at + len(title)
        at = text.find(title, at + len(title))


#: Where a sentence may be cut, and whether what stands before may stand alone.
_CUTS = re.compile(
    r"(?P<strong>;\s|\s[—–]\s|—|:\s)|(?P<weak>,\s(?:and|but|yet|so)\s)|(?P<comma>,\s)"
)
#: What stands behind one of these makes what stands before mean something else.
_TURNS = re.compile(
    r"(?:but|yet|though|although|if|unless|except|until|only|or|not|never|were|had|just|however|"
    r"rather|provided|as long|at least|at most|for all|almost|nearly|barely)\b",
    re.IGNORECASE,
)
#: Begins a part that leans on the one before it.
_LEANS = re.compile(
    r"(?:and|but|yet|so|or|nor|which|who|whose|whom|that|where|when|while|because|since|as|if|"
    r"unless|until|than|with|without|including|like|such|even|though|although|not|only|however|"
    r"rather|except|almost|nearly|barely)\b",
    re.IGNORECASE,
)
#: Opens a sentence whose first part concedes and whose second part says what is meant.
_CONCEDES = re.compile(
    r"(?:although|though|even though|while|despite|in spite of|regardless of|for all)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|does|do|did|can|could|will|would|should|may|might|must|"
    r"never|makes?|gives?|works?|feels?|looks?|plays?|remains?|deserves?|earns?)\b"
    r"|\w(?:n['’]t|['’](?:s|re|ve|ll|d))\b",
    re.IGNORECASE,
)


def clauses(text: str, sentence: Span) -> list[Clause]:
    """Parts of an English sentence that say something true of it alone, as `text` has them.

    Never what stands before a *but* or an *if*: alone it would say more than was meant. A last
    part may stand behind a semicolon, a dash, a colon, an *and* or *but*, or behind a concession.
    """
    if len(sentence.text) > MAX_CUT:
        return []
    found = []
    for cut in _CUTS.finditer(sentence.text):
        before, after = sentence.text[: cut.start()], sentence.text[cut.end() :]
        if cut["comma"] is None or _concedes(before):
            found += _alone(text, sentence.start + cut.end(), sentence.end, after)
        if _may_end(cut, after) and not _concedes(before):
            found += _alone(text, sentence.start, sentence.start + cut.start(), before)
    return [_as_clause(sentence, span) for span in found]


def _may_end(cut: re.Match[str], after: str) -> bool:
    """Whether what stands before the cut means the same without what stands after it."""
    if cut["comma"] or ":" in cut[0] or _TURNS.match(after):
        return False
    joined = (cut["weak"] or "").strip(", \n")
    return not joined or (joined == "and" and _FINITE.search(after) is not None)


def _concedes(before: str) -> bool:
    return _CONCEDES.match(before) is not None and "," not in before


def _alone(text: str, start: int, end: int, piece: str) -> list[Span]:
    fits = (
        len(piece) >= MIN_CLAUSE
        and len(piece.split()) >= MIN_CLAUSE_WORDS
        and not _LEANS.match(piece)
        and not _CONCEDES.match(piece)
        and _FINITE.search(piece)
    )
    return [_trimmed(text, start, end)] if fits else []


def _as_clause(sentence: Span, span: Span) -> Clause:
    return Clause(
        span.text,
        span.start,
        span.end,
        cut_before=span.start > sentence.start,
        cut_after=span.end < sentence.end,
    )


def with_ellipses(text: str, *, cut_before: bool, cut_after: bool) -> str:
    """A quoted part as it is shown: `…` stands where its sentence goes on."""
    return f"{'…' if cut_before else ''}{text}{'…' if cut_after else ''}"

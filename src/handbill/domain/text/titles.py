"""Guesses which work a review is about, by its headline and by what the text keeps naming."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

_QUOTED = re.compile(
    r"“([^”]{2,120})”|‘([^’]{2,120})’(?!\w)|\"([^\"]{2,120})\"|«([^»]{2,120})»"
    r"|(?<!\w)'([^'\n]{2,120})'(?!\w)|(?<![\w*])[*_]([^*_]{2,120})[*_](?!\w)"
)
_KIND = r"(?:an?|the|film|movie|book|album|game|tv|theatre|theater|music|show|festival)"
_REVIEW = re.compile(
    rf"^(?:{_KIND}\s+){{0,3}}review\s*[:–—-]\s*(.{{2,120}})$"
    rf"|^(.{{2,120}}?)\s*[:–—(|-]?\s+(?:{_KIND}\s+){{0,3}}review\b",
    re.I,
)
_YEAR = re.compile(r"^(.{2,120}?)\s*\((?:18|19|20)\d\d\)")
_TOKEN = re.compile(r"[^\s“”\"«»()\[\],;:!?]+")
_TRIM = ".,;:!?'’‘–—-"
_LONGEST_NAME = 8
_SMALL_WORDS = (
    "a an and as at but by for from in into of on or the this that to with is was it its i my "
    "review film movie book album show game"
)
_SMALL = frozenset(_SMALL_WORDS.split())
_SENTENCE_START = re.compile(r"(?:^|[.!?…][\"”’')]*\s+|\n\s*)$")
_CAPITALS = re.compile(r"[A-Z][\w’-]*(?: (?:of|the|and|[A-Z][\w’-]*)){0,5}")
#: A name of one word must come oftener; one in the first sentences is worth so much more.
_OFTEN, _EARLY, _BEGINNING, _MOST_RUNS = 3, 2, 300, 300
#: So much of a text is looked at.
_ENOUGH = 40_000


def guess(headline: str, text: str, others: tuple[str, ...] = ()) -> str:
    """The work's name, or nothing. `others` are names that it is not: author, outlet."""
    text = text[:_ENOUGH]
    for pattern in (_QUOTED, _REVIEW, _YEAR):
        if found := pattern.search(headline):
            name = str(next(filter(None, found.groups()))).strip(" :–—-|")
            if name and name.lower() not in _SMALL:
                return name
    return _repeated(headline, text, others) or _kept_naming(text, others)


def _repeated(headline: str, text: str, others: tuple[str, ...]) -> str:
    """The name within the headline that the text names most often."""
    best, most = "", 0.0
    for name in _names(headline):
        times = _times(name, text)
        score = times * (1 + 0.5 * name.count(" "))
        if score > most and not _is_other(name, others) and not _is_word(name, text):
            best, most = name, score
    return best


def _names(line: str) -> list[str]:
    """Runs of words that begin and end with a capital or a number, and are not all small words."""
    tokens = [token.strip(_TRIM) for token in _TOKEN.findall(line[:500])]
    found = []
    for start, first in enumerate(tokens):
        for end in range(start + 1, min(len(tokens), start + _LONGEST_NAME) + 1):
            run = tokens[start:end]
            if not (_capital(first) and _capital(run[-1])) or not all(run):
                continue
            if any(token.lower() not in _SMALL for token in run):
                found.append(" ".join(run))
    return [name for name in found if name in line]


def _capital(token: str) -> bool:
    return token[:1].isupper() or token[:1].isdigit()


def _times(name: str, text: str) -> int:
    return len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", text))


def _is_other(name: str, others: tuple[str, ...]) -> bool:
    return any(name.lower() in other.lower() for other in others)


def _is_word(name: str, text: str) -> bool:
    """Whether it is an everyday word that a headline writes large."""
    return " " not in name and _times(name.lower(), text) > 0


def _kept_naming(text: str, others: tuple[str, ...]) -> str:
    """What stands in quotation marks or capitals, within sentences, again and again."""
    quoted = Counter(str(next(filter(None, found.groups()))) for found in _QUOTED.finditer(text))
    for quote, times in quoted.most_common(1):
        if times > 1 and _capital(quote):
            return quote.rstrip(",.")
    return _named_first(text, others)


def _named_first(text: str, others: tuple[str, ...]) -> str:
    best, most = "", 0
    for name in dict.fromkeys(_within_sentences(text)):
        times = _times(name, text)
        score = times + (_EARLY if name in text[:_BEGINNING] else 0)
        enough = times > 1 if " " in name else times > _OFTEN
        if enough and score > most and not _is_other(name, others) and not _is_word(name, text):
            best, most = name, score
    return best


def _within_sentences(text: str) -> Iterator[str]:
    """Runs of capitals that are not owed to the start of a sentence; the first few hundred."""
    for found in islice(_CAPITALS.finditer(text), _MOST_RUNS):
        if not _SENTENCE_START.search(text[max(0, found.start() - 6) : found.start()]):
            yield re.sub(r"(?: (?:of|the|and))+$", "", found[0])

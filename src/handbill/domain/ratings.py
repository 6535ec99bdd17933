"""Ratings as critics print them: read in many spellings, kept in one, shown in symbols and words.

Nothing is rounded or carried over to another scale: `8/10` never becomes four stars.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

#: Up to so many points are shown as stars.
MOST_STARS = 6
#: Scales that critics use: what else looks like a fraction in running text is none.
SCALES = frozenset({4, 5, 6, 10, 20, 100})
#: The scale of stars that stand without one; where that is assumed, a person should look.
USUAL = 5

_PARTS = {"¼": ".25", "½": ".5", "¾": ".75"}
_NUMBER = r"(?:\d{0,3}[¼½¾]|\d{1,3}(?:[.,]\d{1,2})?)"
_OUT_OF = re.compile(rf"({_NUMBER})\s*(?:/|\bout of\b)\s*(\d{{1,3}})(?:\s*stars?)?", re.I)
_STARS_OUT_OF = re.compile(rf"({_NUMBER})\s*stars?\s*(?:/|\bout of\b)\s*(\d{{1,3}})", re.I)
_STARS = re.compile(rf"({_NUMBER})[\s-]*stars?", re.I)
_PERCENT = re.compile(rf"({_NUMBER})\s*(?:%|per ?cent)", re.I)
_SYMBOLS = re.compile(
    r"([★⭐]{0,6})([¼½¾⯨⯪✬]?)([☆✩]{0,6})(?:\s*\(?(_N)/(\d{1,3})\)?)?".replace("_N", _NUMBER)
)
_LETTER = re.compile(r"([A-F])\s?([+\-−–]|plus|minus)?", re.I)

_SIGNS = {"plus": "+", "minus": "-", "−": "-", "–": "-"}
_SPOKEN = {"+": " plus", "-": " minus", "": ""}


@dataclass(frozen=True)
class Rating:
    """A letter, or so many points of so many. `str()` shows symbols, `kept` is for the table."""

    value: Decimal | None = None
    scale: int | None = None
    letter: str | None = None
    #: A percentage is written with its sign.
    percent: bool = False
    #: False when the scale was not printed and the usual one was taken.
    sure: bool = field(default=True, compare=False)

    @property
    def kept(self) -> str:
        """The one spelling that is kept: `3.5/5`, `85%`, `B+`."""
        return self.fraction or self.letter or ""

    @property
    def fraction(self) -> str:
        """`3.5/5` or `85%`; empty for a letter."""
        if self.value is None:
            return ""
        return f"{_plain(self.value)}%" if self.percent else f"{_plain(self.value)}/{self.scale}"

    @property
    def stars(self) -> str:
        """`★★★½`; empty where stars cannot say it exactly: letters, long scales, 3.7, nothing."""
        if self.value is None or self.scale is None or self.scale > MOST_STARS:
            return ""
        whole, part = divmod(self.value, 1)
        if part not in (0, Decimal("0.5")):
            return ""
        return "★" * int(whole) + "½" * bool(part)

    @property
    def words(self) -> str:
        """For those who hear it: `3.5 out of 5 stars`, `85 per cent`, `B plus`."""
        if self.letter:
            return self.letter[0] + _SPOKEN[self.letter[1:]]
        number = _plain(self.value or Decimal(0))
        if self.percent:
            return f"{number} per cent"
        return f"{number} out of {self.scale}" + (" stars" if self.stars else "")

    def __str__(self) -> str:
        return f"{self.stars} ({self.fraction})" if self.stars else self.kept


def read(text: str) -> Rating | None:
    """A rating in any of the usual spellings; None when it is none, but words such as `A must`.

    Raises ValueError for what can be no rating: 7/5, six and a half stars.
    """
    words = _folded(text)
    if found := _STARS_OUT_OF.fullmatch(words) or _OUT_OF.fullmatch(words):
        return _points(found[1], found[2])
    if found := _PERCENT.fullmatch(words):
        return Rating(_within(found[1], 100), 100, percent=True)
    if found := _STARS.fullmatch(words):
        return Rating(_within(found[1], USUAL), USUAL, sure=False)
    if found := _LETTER.fullmatch(words):
        sign = (found[2] or "").lower()
        return Rating(letter=found[1].upper() + _SIGNS.get(sign, sign))
    if set(words) & set("★⭐☆✩½"):
        return _symbols(words)
    if any(char.isdecimal() for char in words):
        raise ValueError("cannot be read; give e.g. 3.5/5, ★★★½, 8/10, 85% or B+")
    return None


def shown(kept: str) -> str:
    """A kept rating with its symbols; other words, such as `A must`, as they are."""
    rating = _tried(kept)
    return str(rating) if rating else kept


def _folded(text: str) -> str:
    """One kind of blanks and halves, and no variation selectors behind stars."""
    words = " ".join(text.replace("\ufe0f", "").replace("\ufe0e", "").split())
    words = re.sub(r"(?<=\d)[ -](?:1/2|and a half)(?!\d)", "½", words)
    return re.sub(r"(?<=\d) (?=[¼½¾])", "", words)


def _points(value: str, scale: str) -> Rating:
    if int(scale) < 2:
        raise ValueError("has a scale that is none")
    return Rating(_within(value, int(scale)), int(scale))


def _within(number: str, scale: int) -> Decimal:
    value = _decimal(number)
    if value > scale:
        raise ValueError(f"is more than {scale} out of {scale}")
    return value


def _decimal(number: str) -> Decimal:
    whole, part = (number[:-1], _PARTS[number[-1]]) if number[-1] in _PARTS else (number, "")
    return Decimal(f"{whole or 0}{part}".replace(",", "."))


def _symbols(words: str) -> Rating:
    found = _SYMBOLS.fullmatch(words)
    if found is None:
        raise ValueError("cannot be read; give e.g. ★★★½ or 3.5/5")
    full, part, empty, number, scale = found.groups()
    value = Decimal(len(full)) + Decimal(_PARTS.get(part, "0.5") if part else 0)
    if number is not None:
        told = _points(number, scale)
        if told.value != value:
            raise ValueError(f"says two things: {full}{part} and {number}/{scale}")
        return told
    count = len(full) + bool(part) + len(empty)
    if empty:
        return Rating(value, _at_least(count, 3))
    return Rating(_within(str(value), USUAL), USUAL, sure=False)


def _at_least(count: int, least: int) -> int:
    if not least <= count <= MOST_STARS:
        raise ValueError(f"has {count} stars, full and empty")
    return count


def _plain(value: Decimal) -> str:
    """Without needless noughts: 3.5, 10, 0."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# In a text

_LABEL = re.compile(
    r"^[\W_]*(?:(?:my|our|final|overall|star)\s+)?(?:rating|grade|score|verdict|stars)\b\s*[:=–—-]?\s*",
    re.I,
)
_LINE_OF_ITS_OWN = re.compile(r"[★⭐☆✩]|/|out of|stars?\b|%", re.I)
_IN_TEXT = re.compile(
    rf"(?<![\w/.,½★⭐-])(?:[★⭐]{{1,6}}[½⯨✬]?[☆✩]{{0,6}}|{_NUMBER}\s*(?:/|out of)\s*\d{{1,3}}"
    r"(?:\s*stars)?)(?![\w/½★⭐☆]|[.,]\d)",
    re.I,
)
_MAX_LINE = 60
#: A rating is printed at one end of a review, within so many characters.
_NEAR = 20_000


def find(text: str) -> Rating | None:
    """The rating that a review prints: on a line of its own, or else once within a sentence.

    Not sure of the latter, nor where the review prints several that differ.
    """
    if len(text) > 2 * _NEAR:
        text = f"{text[:_NEAR]}\n{text[-_NEAR:]}"
    lines = [line.strip(" \t*_#|>") for line in text.splitlines()]
    alone = [rating for line in lines if (rating := _alone(line))]
    if alone:
        return _chosen(alone, sure=alone[-1].sure)
    found = [rating for match in _IN_TEXT.finditer(text) if (rating := _tried(match[0]))]
    return _chosen([one for one in found if one.scale in SCALES], sure=False)


def _chosen(found: list[Rating], *, sure: bool) -> Rating | None:
    """The last one: a review ends with it. Sure only if the others say the same."""
    if not found:
        return None
    last = found[-1]
    return Rating(last.value, last.scale, last.letter, last.percent, sure and len(set(found)) == 1)


def _alone(line: str) -> Rating | None:
    if not line or len(line) > _MAX_LINE:
        return None
    label = _LABEL.match(line)
    if label is None and not _LINE_OF_ITS_OWN.search(line):
        return None
    return _tried(line[label.end() :] if label else line)


def _tried(words: str) -> Rating | None:
    try:
        rating = read(words.strip(" .*_"))
    except ValueError:
        return None
    return rating

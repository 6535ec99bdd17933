"""X's weighted length (twitter-text configuration v3). Never changes or cuts a text.

Rules: docs.x.com, "Counting characters", and the behaviour of twitter-text 3 `parseTweet`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from handbill.domain.text.domains import REFUSED
from handbill.domain.text.emoji import sequences
from handbill.domain.text.links import urls
from handbill.domain.text.normal import nfc

#: Weight of a post for an account without a subscription.
LIMIT = 280
#: Weight of any link, as X replaces it by one of its own.
URL_WEIGHT = 23
EMOJI_WEIGHT = 2
#: Code points of weight 1: up to here, and from first to last of these; every other weighs 2.
_ALWAYS_LIGHT = 0x10FF
_LIGHT = ((0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


@dataclass(frozen=True, slots=True)
class Measure:
    """What a text weighs. Ranges are in UTF-16 units of the text as given, **both ends inclusive**.

    That is twitter-text's own convention: an empty range cannot be written, and is (0, 0).
    """

    #: Weight of the text in NFC.
    weight: int
    #: Neither empty, nor too heavy, nor with a character that X refuses.
    valid: bool
    #: Weight in thousandths of the limit, rounded down.
    permillage: int
    #: The whole text.
    display_range: tuple[int, int]
    #: The beginning that fits and has no refused character.
    valid_range: tuple[int, int]


def weighted_length(text: str) -> int:
    """Weight of a text: 1 or 2 for a character, 2 for an emoji, 23 for a link."""
    return sum(weight for weight, _ in _pieces(nfc(text)))


def measure(text: str, limit: int = LIMIT) -> Measure:
    """Weigh a text and say how much of it fits in `limit` (a weight, more than 0)."""
    normal = nfc(text)
    weight = units = last_fitting = 0
    accepted = True
    for piece_weight, piece in _pieces(normal):
        weight += piece_weight
        units += _utf16_units(piece)
        accepted = accepted and piece not in REFUSED
        if accepted and weight <= limit:
            last_fitting = units - 1
    given = _utf16_units(text)
    return Measure(
        weight=weight,
        valid=accepted and 0 < weight <= limit,
        permillage=weight * 1000 // limit,
        display_range=(0, max(given - 1, 0)),
        valid_range=(0, last_fitting + given - units),
    )


def _pieces(normal: str) -> Iterator[tuple[int, str]]:
    """A text cut into links, emoji and characters, each with its weight."""
    position = 0
    for start, end, weight in _wholes(normal):
        if start < position:
            continue
        yield from _characters(normal[position:start])
        yield weight, normal[start:end]
        position = end
    yield from _characters(normal[position:])


def _wholes(normal: str) -> list[tuple[int, int, int]]:
    found = [(link.start, link.end, URL_WEIGHT) for link in urls(normal)]
    found.extend((start, end, EMOJI_WEIGHT) for start, end in sequences(normal))
    return sorted(found)


def _characters(text: str) -> Iterator[tuple[int, str]]:
    for char in text:
        yield _character_weight(ord(char)), char


def _character_weight(code: int) -> int:
    if code <= _ALWAYS_LIGHT:
        return 1
    return 1 if any(first <= code <= last for first, last in _LIGHT) else 2


def _utf16_units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)

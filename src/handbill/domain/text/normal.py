"""Canonical composition (NFC) in linear time, whatever the text."""

from itertools import groupby
from unicodedata import combining, normalize

#: More marks on one letter than any language writes (UAX #15 allows 30 in a stream-safe text).
_MANY_MARKS = 30
#: Vowel signs that count as letters until they come apart, always, into two marks (Tibetan).
_TWO_MARKS = {0x0F73: "\u0f71\u0f72", 0x0F75: "\u0f71\u0f74", 0x0F81: "\u0f71\u0f80"}


def nfc(text: str) -> str:
    """The text in normalization form C, as X counts and stores it.

    `unicodedata` sorts marks by insertion, which is quadratic on thousands of them, so a long run
    is put in canonical order (UAX #15: a stable sort by combining class) before it sees the run.
    """
    return text if text.isascii() else normalize("NFC", _in_order(text.translate(_TWO_MARKS)))


def _in_order(text: str) -> str:
    parts = []
    for _, run in groupby(text, key=lambda char: combining(char) > 0):
        marks = list(run)
        if len(marks) > _MANY_MARKS and combining(marks[0]):
            marks.sort(key=combining)
        parts.extend(marks)
    return "".join(parts)

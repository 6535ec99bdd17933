"""Canonical composition (NFC) in linear time, whatever the text."""

import re
from itertools import groupby
from unicodedata import combining, normalize

#: More marks on one letter than any language writes (UAX #15 allows 30 in a stream-safe text).
_MANY_MARKS = 30
_ASCII_ONLY = re.compile("[\x00-\x7f]*+")


def nfc(text: str) -> str:
    """The text in normalization form C, as X counts and stores it.

    `unicodedata` sorts marks by insertion, which is quadratic on thousands of them, so a long run
    is put in canonical order (UAX #15: a stable sort by combining class) before it sees the run.
    """
    if _ASCII_ONLY.fullmatch(text):
        return text
    return normalize("NFC", _in_order(text))


def _in_order(text: str) -> str:
    parts = []
    for _, run in groupby(text, key=lambda char: combining(char) > 0):
        marks = list(run)
        if len(marks) > _MANY_MARKS and combining(marks[0]):
            marks.sort(key=combining)
        parts.extend(marks)
    return "".join(parts)

"""Characters that must not be sent, that may deceive, or that would upset a terminal.

Nothing here removes a character: a text is refused, warned about or shown escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from unicodedata import bidirectional, category, name

from handbill.domain.text.emoji import is_picture

# The last two code points of each plane stand for nothing (Unicode, chapter 23.7).
_PLANE_ENDS = "".join(
    f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
#: A line may end in CR LF, which is normalised where text comes in; CR alone may not stand.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    + _PLANE_ENDS
    + "]|\r(?!\n)"
)

_JOINERS = "\u200c\u200d"
_MARKS = "\u061c\u200e\u200f"
_STYLES = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_UNSEEN = re.compile(
    f"[\xad\u034f\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\uffa0\ufff9-\ufffb"
    f"\U0001d173-\U0001d17a\U000e0000-\U000e007f{_JOINERS}{_MARKS}{_STYLES}]"
)
_STYLE = re.compile(f"[{_STYLES}]")
_FLAG_TAGS = re.compile("🏴[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
#: Arabic to Sinhala, Tibetan and Burmese, Khmer and Mongolian: scripts in which joiners have work.
_JOINING_SCRIPT = re.compile("[\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\ua8ff\ufb50-\ufdcf]")


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A character no network may be sent. `position` counts code points from 0."""

    position: int
    char: str
    name: str


@dataclass(frozen=True, slots=True)
class Suspicious:
    """A character that is not seen, or turns the text round. Kept, but worth a warning."""

    position: int
    char: str
    name: str


def forbidden(text: str) -> list[Forbidden]:
    """Controls other than newline and tab, lone surrogates, noncharacters and U+FEFF."""
    return [
        Forbidden(found.start(), found[0], _forbidden_name(found[0]))
        for found in _FORBIDDEN.finditer(text)
    ]


def suspicious(text: str) -> list[Suspicious]:
    """Invisible characters and direction controls that the text does not need.

    Needed are joiners between emoji or in scripts that join, tags in a flag, one style selector
    after a character, and direction marks in a text with right-to-left letters. Overrides and
    isolates are always told: they make a text look other than it is (CVE-2021-42574).
    """
    return [
        Suspicious(
            found.start(), found[0], _numbered(name(found[0], "unassigned").lower(), found[0])
        )
        for found in _unneeded(text)
    ]


def printable(text: str, *, newlines: bool = False) -> str:
    r"""The text safe for a terminal or a log: what is unsafe is written `\x1b` or `\u202e`.

    Letters, emoji and spaces stay, and so do newlines if `newlines`. For people to read: a
    backslash stays single, so it cannot be turned back.
    """
    unsafe = {found.start() for found in chain(_FORBIDDEN.finditer(text), _unneeded(text))}
    return "".join(
        _escape(char) if place in unsafe or _breaks_line(char, newlines=newlines) else char
        for place, char in enumerate(text)
    )


def _unneeded(text: str) -> Iterator[re.Match[str]]:
    needed = _NeededUnseen(text)
    return (found for found in _UNSEEN.finditer(text) if not needed.at(found.start()))


def _breaks_line(char: str, *, newlines: bool) -> bool:
    if char == "\n":
        return not newlines
    return category(char) in ("Cc", "Zl", "Zp")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _forbidden_name(char: str) -> str:
    if char == "\ufeff":
        return _numbered("byte order mark", char)
    kinds = {"Cc": "control character", "Cs": "lone surrogate"}
    return _numbered(kinds.get(category(char), "noncharacter"), char)


def _numbered(label: str, char: str) -> str:
    return f"{label} U+{ord(char):04X}"


class _NeededUnseen:
    """Answers whether an invisible character has work where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._flags = set(_flag_tags(text))

    @cached_property
    def _right_to_left(self) -> bool:
        return any(_is_right_to_left(char) for char in self._text)

    def at(self, place: int) -> bool:
        char = self._text[place]
        if char in _JOINERS:
            return self._joins(place)
        if char in _MARKS:
            return self._right_to_left
        if _STYLE.match(char):
            return place > 0 and not _STYLE.match(self._text, place - 1)
        return place in self._flags

    def _joins(self, place: int) -> bool:
        before = self._text[max(place - 1, 0) : place]
        if _JOINING_SCRIPT.match(before):
            return category(before)[0] in "LM"
        if self._text[place] != "\u200d":
            return False
        if before == "\ufe0f":
            before = self._text[max(place - 2, 0) : place - 1]
        return is_picture(before) and is_picture(self._text[place + 1 : place + 2])


def _flag_tags(text: str) -> Iterator[int]:
    for flag in _FLAG_TAGS.finditer(text):
        yield from range(*flag.span())


def _is_right_to_left(char: str) -> bool:
    return bidirectional(char) in ("R", "AL") and category(char)[0] == "L"

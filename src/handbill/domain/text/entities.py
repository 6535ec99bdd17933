"""Finds links, hashtags, cashtags and mentions as X does. Never changes the text.

Written from the behaviour of twitter-text 3 (github.com/twitter/twitter-text).
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from unicodedata import category

from handbill.domain.text.domains import DIRECTIONS, LATIN, SPACES
from handbill.domain.text.links import Span, urls

__all__ = [
    "Mention",
    "Span",
    "cashtags",
    "hashtags",
    "mentions",
    "mentions_or_lists",
    "reply_to",
    "urls",
]

#: Signs that may stand in a hashtag beside letters, marks and digits: `_`, joiners, and the
#: punctuation that words are written with in Cyrillic, Hebrew, Japanese, Tibetan and Catalan.
_TAG_SIGNS = frozenset(
    "_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\xb7"
)
_SIGN = re.compile("[#＃]")
_STYLE_MARKS = ("\ufe0e", "\ufe0f")
_KEYCAP_MARKS = ("\ufe0f", "\u20e3")

_CASHTAG = re.compile(
    f"(?<![^{SPACES}{DIRECTIONS}])\\$([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)"
    f"(?![^{SPACES}!-/:-@\\[-`{{-~])"
)
_NAME = "[@＠](?P<name>[A-Za-z0-9_]{1,20})"
_MENTION = re.compile(
    "(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<![A-Za-z0-9_+~.-])[Rr][Tt]:?)"
    f"(?P<whole>{_NAME}(?P<slug>/[A-Za-z][A-Za-z0-9_-]{{0,24}})?)"
)
_REPLY = re.compile(f"[{SPACES}{DIRECTIONS}]*+(?P<whole>{_NAME})")
_SPOILS_MENTION = re.compile(f"[@＠{LATIN}]|://")


_Found = TypeVar("_Found", bound=Span)


@dataclass(frozen=True, order=True, slots=True)
class Mention(Span):
    """An account (`text`), or one of its lists when `list_slug` (with its slash) is not empty."""

    list_slug: str = ""


def hashtags(text: str) -> list[Span]:
    """The hashtags, without their sign; none of those that stand within a link.

    Rules: twitter-text 3 `extractHashtagsWithIndices`: letters and marks of any script, digits and
    a few signs, at least one of them a letter, not after a letter, a digit or `&`.
    """
    return _outside_links(text, _hashtags(text)) if _SIGN.search(text) else []


def _hashtags(text: str) -> Iterator[Span]:
    used = 0
    for sign in _SIGN.finditer(text):
        start = sign.start()
        end = _tag_end(text, start + 1)
        if not _begins_tag(text, start, used) or not _has_letter(text[start + 1 : end]):
            continue
        used = end
        if not _SIGN.match(text, end) and not text.startswith("://", end):
            yield Span(start, end, text[start + 1 : end])


def _begins_tag(text: str, start: int, used: int) -> bool:
    if text[start + 1 : start + 2] in _KEYCAP_MARKS:
        return False
    if start == 0:
        return True
    before = text[start - 1]
    return start > used and (before in _STYLE_MARKS or (before != "&" and not _in_tag(before)))


def _tag_end(text: str, start: int) -> int:
    end = start
    while end < len(text) and _in_tag(text[end]):
        end += 1
    return end


def _in_tag(char: str) -> bool:
    return _is_letter(char) or char in _TAG_SIGNS or category(char) == "Nd"


def _is_letter(char: str) -> bool:
    return category(char)[0] in "LM"


def _has_letter(tag: str) -> bool:
    return any(_is_letter(char) for char in tag)


def cashtags(text: str) -> list[Span]:
    """The ticker symbols, without `$`: one to six letters, perhaps `.` or `_` and one or two more.

    Rules: twitter-text 3 `extractCashtagsWithIndices`: after a space or at the beginning, before a
    space, a punctuation sign or the end.
    """
    return [Span(found.start(), found.end(), found[1]) for found in _CASHTAG.finditer(text)]


def mentions(text: str) -> list[Span]:
    """The accounts named with `@`, without it; neither lists nor what stands within a link.

    Rules: twitter-text 3 `extractMentionsWithIndices`.
    """
    return [
        Span(found.start, found.end, found.text)
        for found in mentions_or_lists(text)
        if not found.list_slug
    ]


def mentions_or_lists(text: str) -> list[Mention]:
    """The accounts and the lists (`@account/list`) named in a text, outside its links.

    Rules: twitter-text 3 `extractMentionsOrListsWithIndices`.
    """
    return _outside_links(text, _mentions(text)) if re.search("[@＠]", text) else []


def _mentions(text: str) -> Iterator[Mention]:
    used = -1
    for found in _MENTION.finditer(text):
        start, end = found.span("whole")
        if start != used and not _SPOILS_MENTION.match(text, end):
            yield Mention(start, end, found["name"], found["slug"] or "")
        used = end


def reply_to(text: str) -> Span | None:
    """The account a text begins with, if it does: X shows such a post to fewer people.

    Rules: twitter-text 3 `extractReplies`.
    """
    found = _REPLY.match(text)
    if not found or _SPOILS_MENTION.match(text, found.end()):
        return None
    return Span(*found.span("whole"), found["name"])


def _outside_links(text: str, spans: Iterable[_Found]) -> list[_Found]:
    """Those that no link overlaps; of two that overlap, the one that begins first stays."""
    links = deque(urls(text))
    kept: list[_Found] = []
    used = 0
    for span in spans:
        while links and links[0].start < span.start:
            used = _after(links.popleft(), used)
        if span.start >= used:
            kept.append(span)
            used = span.end
    return kept


def _after(link: Span, used: int) -> int:
    return link.end if link.start >= used else used

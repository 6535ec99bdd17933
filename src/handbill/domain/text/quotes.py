"""Whether a quote stands word for word in a review. Never makes it fit.

Blanks and line ends count as one blank, quotation marks of a kind as the same, and so do dashes
of one character; every other character must be the same.
"""

import re
from collections.abc import Iterable

#: How the one sentence begins that a post with such a quote carries.
GONE = "This quote is no longer in the review: "

_SAME = str.maketrans(
    dict.fromkeys("‘’‚‛′`´‹›", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
_RUN = re.compile(r"\S+")
_WORD_START = re.compile(r"(?<!\w)\S")


def kept(attention: str | None) -> str | None:
    """What still stands of a post's attention whenever it is retried or moved: a quote that went
    from the review comes back by that alone."""
    return attention if attention and attention.startswith(GONE) else None


def plain(text: str) -> str:
    """The text as quotes are compared: single blanks, one kind of each mark and dash."""
    return " ".join(text.translate(_SAME).split())


def contains(review_text: str, quote: str) -> bool:
    """Whether the quote stands in the text, beginning and ending with whole words."""
    return not missing(review_text, [quote])


def missing(review_text: str, quotes: Iterable[str]) -> list[str]:
    """Those of the quotes that do not stand in the text, in their order."""
    whole = plain(review_text)
    return [quote for quote in quotes if _find(whole, plain(quote)) < 0]


def where(review_text: str, quote: str) -> tuple[int, int] | None:
    """The first place of the quote, `review_text[start:end]`; None if it is not in the text."""
    wanted = plain(quote)
    at = _find(plain(review_text), wanted)
    return _in_original(review_text, at, at + len(wanted)) if at >= 0 else None


def _find(whole: str, wanted: str) -> int:
    """Where it stands in whole words, or -1."""
    at = whole.find(wanted) if wanted else -1
    while at >= 0 and not _bounded(whole, at, at + len(wanted)):
        following = _WORD_START.search(whole, at + 1)
        at = whole.find(wanted, following.start()) if following else -1
    return at


def _bounded(whole: str, start: int, end: int) -> bool:
    return not (_joined(whole, start) or _joined(whole, end))


def _joined(whole: str, at: int) -> bool:
    """Whether a word goes on across this place."""
    return 0 < at < len(whole) and whole[at - 1].isalnum() and whole[at].isalnum()


def _in_original(text: str, start: int, end: int) -> tuple[int, int]:
    """Places among single blanks, told in the text as it was."""
    begun, passed = -1, 0
    for run in _RUN.finditer(text):
        length = run.end() - run.start()
        if begun < 0 and start < passed + length:
            begun = run.start() + start - passed
        if end <= passed + length:
            return begun, run.start() + end - passed
        passed += length + 1
    raise ValueError("the place is not in the text")

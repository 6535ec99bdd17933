"""In which language a text is written, by its most common small words; None when in doubt."""

import re
from collections import Counter

_SMALL = {
    "en": "the and of to is that it this with for but as was are not be by his her which",
    "de": "der die und das ist nicht ein eine zu den mit von auf sich auch wie dem wird er sie",
    "fr": "le la les et des est une un dans que qui pas pour du sur avec ce il elle plus au",
    "es": "el la los las y de que en un una es por con del para su lo se más como pero",
    "it": "il la di che e un una è per non con del della sono si gli nel più ma come",
    "pt": "o a os as de que e um uma é não com para do da em se mais mas como por",
    "nl": "de het een en van is dat niet in op te met voor zijn er ook aan maar die deze",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL.items()}
_WORD = re.compile(r"[^\W\d_]+")
#: So much of a text is looked at, and so many of its words must be among the small ones.
_ENOUGH_CHARACTERS, _FEWEST, _SHARE = 20_000, 5, 0.15


def guess(text: str) -> str | None:
    """A BCP 47 tag, if one language fits well and better than every other."""
    words = Counter(_WORD.findall(text[:_ENOUGH_CHARACTERS].lower()))
    hits = {name: sum(words[word] for word in small) for name, small in _WORDS.items()}
    first, second = sorted(hits, key=lambda name: -hits[name])[:2]
    fits = hits[first] >= max(_FEWEST, _SHARE * words.total())
    return first if fits and hits[first] >= 1.4 * hits[second] else None

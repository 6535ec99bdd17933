"""How much a post gives away, and the words that it must not."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Spoiler(StrEnum):
    """How much a post gives away."""

    NONE = "none"
    MILD = "mild"
    FULL = "full"


_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_HYPHENS = re.compile(r"(?<=\w)[-‐‑](?=\w)")
_HASHTAG = re.compile(r"[#＃]\w+")
_CAMEL = re.compile(
    r"(?<=[^\W\d_])(?<![A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
#: Scripts that set no blanks between words: Thai to Burmese, kana, Chinese, their extensions.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
#: Endings of a plural that a singular lacks, and how the singular must then end.
_HISSING = ("s", "x", "z", "ch", "sh")


def forbidden(text: str, words: Sequence[str]) -> list[str]:
    """Those of `words` that stand in the text, as they are listed and in that order.

    Whole words only, whatever their case and accents, singular, plural or possessive, and with a
    hyphen, a blank or nothing between their parts; also inside a hashtag's capitals. Where a
    script sets no blanks, anywhere in the text. Takes time in proportion to the text.
    """
    listed = tuple(dict.fromkeys(words))
    if not listed:
        return []
    wanted = _wanted(listed)
    apart = _fold(_HASHTAG.sub(lambda tag: _CAMEL.sub("-", tag[0]), text))
    joined = _HYPHENS.sub("", apart)
    found = _matched(_tokens(apart), wanted.begins)
    if joined != apart:
        found |= _matched(_tokens(joined), wanted.begins)
    found |= {word for word, folded in wanted.bare.items() if folded in apart}
    return [word for word in listed if word in found]


def _is_bare(folded: str) -> bool:
    """Whether it can only be found as it is: without letters, or in a script without blanks."""
    return bool(folded) and (not _TOKEN.search(folded) or bool(_UNSPACED.search(folded)))


def _fold(text: str) -> str:
    """Small letters without accents, invisible signs and curly apostrophes."""
    if not text.isascii():
        # Marks go first: to put thousands of them in order takes the square of their number.
        whole = unicodedata.normalize("NFKD", "".join(filter(_is_seen, text)))
        text = "".join(filter(_is_seen, whole)).replace("’", "'").replace("ʼ", "'")
    # Whose capital is I like that of i, in every case map but the Turkish.
    return text.casefold().replace("ı", "i")


def _is_seen(char: str) -> bool:
    return not unicodedata.combining(char) and unicodedata.category(char) != "Cf"


def _tokens(folded: str) -> list[str]:
    return [token.replace("'", "") for token in _TOKEN.findall(folded)]


#: What each word of a phrase may look like.
_Phrase = tuple[frozenset[str], ...]


def _phrases(word: str) -> Iterator[_Phrase]:
    tokens = _tokens(_fold(word))
    if tokens:
        yield tuple(map(_forms, tokens))
    if len(tokens) > 1:
        yield (_forms("".join(tokens)),)


def _forms(token: str) -> frozenset[str]:
    """A word with its plural and possessive, and if it looks like a plural, its singular."""
    forms = {token, f"{token}s", f"{token}es", *_singulars(token)}
    if len(token) > 2 and token.endswith("y"):
        forms.add(f"{token[:-1]}ies")
    return frozenset(forms)


def _singulars(token: str) -> Iterator[str]:
    if token.endswith("ies") and len(token) > 4:
        yield f"{token[:-3]}y"
    if token.endswith("es") and token[:-2].endswith(_HISSING) and len(token) > 4:
        yield token[:-2]
    if token.endswith("s") and not token.endswith("ss") and len(token) > 4:
        yield token[:-1]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A list of forbidden words, ready to be looked up."""

    #: By each form of a phrase's first word: the word as listed, and the phrase.
    begins: Mapping[str, Sequence[tuple[str, _Phrase]]]
    #: Those that can only be found as they are, folded.
    bare: Mapping[str, str]


@lru_cache(maxsize=16)
def _wanted(words: tuple[str, ...]) -> _Wanted:
    begins: dict[str, list[tuple[str, _Phrase]]] = {}
    for word in words:
        for phrase in _phrases(word):
            for form in phrase[0]:
                begins.setdefault(form, []).append((word, phrase))
    folded = {word: _fold(word).strip() for word in words}
    return _Wanted(begins, {word: bare for word, bare in folded.items() if _is_bare(bare)})


def _matched(tokens: list[str], begins: Mapping[str, Sequence[tuple[str, _Phrase]]]) -> set[str]:
    return {
        word
        for at, token in enumerate(tokens)
        for word, phrase in begins.get(token, ())
        if _stands(tokens, at, phrase)
    }


def _stands(tokens: list[str], at: int, phrase: _Phrase) -> bool:
    there = tokens[at : at + len(phrase)]
    return len(there) == len(phrase) and all(
        token in forms for token, forms in zip(there, phrase, strict=True)
    )

"""The list of words by which teasers are found: read, checked, and matched against sentences.

Matching takes time in proportion to the text: each word is looked up, never each entry searched.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handbill.domain.disclosures import TEXTS, Disclosure
from handbill.errors import SettingsProblem

#: A phrase has at most so many words.
MAX_PHRASE = 8
MAX_DISCLOSURE = 100


class Sort(StrEnum):
    """What an entry of the list is a sign of."""

    OPINION = "opinion"
    CRAFT = "craft"
    VERDICT = "verdict"
    PLOT = "plot"
    OPENERS = "openers"
    SPOILER = "spoiler"
    CONTEXT = "context"
    KNOWN = "known"
    ABOUT_ME = "about_me"
    NOT_REVIEW = "not_review"


#: Those of the table [words]; opinions come from [praise] and [pan].
_PLAIN = tuple(sort for sort in Sort if sort is not Sort.OPINION)
_STRENGTHS = {"strong": 2, "mild": 1}
_TABLES = ("praise", "pan", "words", "disclosures")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CURE = "Mend it, or take it away so that the list that ships is used."


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found in a sentence: its words as they stand there, and where among its words."""

    sort: Sort
    points: int
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class _Entry:
    sort: Sort
    points: int
    #: Exact words, but for the last one if `begins`.
    tokens: tuple[str, ...]
    begins: bool

    def stands(self, tokens: list[str], at: int) -> bool:
        size = len(self.tokens)
        there = tokens[at : at + size]
        if len(there) < size:
            return False
        last = self.tokens[-1]
        ends = there[-1].startswith(last) if self.begins else there[-1] == last
        return ends and all(a == b for a, b in zip(there[:-1], self.tokens, strict=False))


class Words:
    """A list of words in one language, ready to be looked up."""

    def __init__(
        self, language: str, entries: Iterable[_Entry], disclosures: Mapping[Disclosure, str]
    ) -> None:
        self.language = language
        #: What a post says for each disclosure.
        self.disclosures = disclosures
        self._exact: dict[str, list[_Entry]] = {}
        self._begun: dict[str, list[_Entry]] = {}
        for entry in entries:
            alone = entry.begins and len(entry.tokens) == 1
            (self._begun if alone else self._exact).setdefault(entry.tokens[0], []).append(entry)
        self._lengths = sorted({len(begin) for begin in self._begun})

    def find(self, tokens: list[str]) -> list[Hit]:
        """Every entry that stands among these words, in their order."""
        return [
            Hit(entry.sort, entry.points, " ".join(tokens[at : at + len(entry.tokens)]), at)
            for at in range(len(tokens))
            for entry in self._entries(tokens[at])
            if entry.stands(tokens, at)
        ]

    def _entries(self, token: str) -> Iterator[_Entry]:
        yield from self._exact.get(token, ())
        for length in self._lengths:
            if length > len(token):
                return
            yield from self._begun.get(token[:length], ())


def tokens_of(text: str) -> list[str]:
    """The words of a short text as the list has them: small, without accents and possessive 's."""
    folded = text.replace("’", "'").casefold()
    if not folded.isascii():
        folded = "".join(
            char
            for char in unicodedata.normalize("NFKD", folded)
            if not unicodedata.combining(char)
        )
    return [token.removesuffix("'s") for token in _TOKEN.findall(folded)]


def read(source: str, place: str) -> Words:
    """The list that a TOML text holds; `place` is its file. Raises SettingsProblem."""
    try:
        given = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SettingsProblem(f"{place} is not TOML: {error}.", _CURE) from None
    _refuse_unknown(place, "", given, ("language", *_TABLES))
    language = given.get("language")
    if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2,3}", language):
        raise SettingsProblem(f'{place}: language must be like "en".', _CURE)
    tables = {name: _table(place, given, name) for name in _TABLES}
    return Words(language, list(_entries(place, tables)), _disclosures(place, tables))


def _table(place: str, given: Mapping[str, Any], name: str) -> dict[str, str]:
    table = given.get(name, {})
    if not isinstance(table, dict):
        raise SettingsProblem(f"{place}: {name} must be a table, [{name}].", _CURE)
    known: tuple[str, ...] = tuple(_STRENGTHS)
    if name == "words":
        known = tuple(_PLAIN)
    elif name == "disclosures":
        known = tuple(Disclosure)
    _refuse_unknown(place, f"{name}.", table, known)
    for key, value in table.items():
        if not isinstance(value, str):
            raise SettingsProblem(f"{place}: {name}.{key} must be text in quotation marks.", _CURE)
    return table


def _refuse_unknown(place: str, prefix: str, given: Iterable[str], known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            raise SettingsProblem(
                f"{place}: there is no {prefix}{key}.", f"There are: {', '.join(known)}."
            )


def _entries(place: str, tables: Mapping[str, Mapping[str, str]]) -> Iterator[_Entry]:
    for table in ("praise", "pan"):
        for key, value in tables[table].items():
            for one in value.split():
                yield _entry(f"{place}: {table}.{key}", one, Sort.OPINION, _STRENGTHS[key])
    for key, value in tables["words"].items():
        for one in value.split():
            yield _entry(f"{place}: words.{key}", one, Sort(key), 1)


def _entry(place: str, written: str, sort: Sort, points: int) -> _Entry:
    tokens = tuple(tokens_of(written.removesuffix("*").replace("-", " ")))
    if not 0 < len(tokens) <= MAX_PHRASE or "*" in written[:-1]:
        raise SettingsProblem(
            f"{place} has '{written}', which is no word.",
            f"A * may stand at the end only, and a phrase has 1 to {MAX_PHRASE} words.",
        )
    return _Entry(sort, points, tokens, written.endswith("*"))


def _disclosures(place: str, tables: Mapping[str, Mapping[str, str]]) -> dict[Disclosure, str]:
    own = {Disclosure(key): value.strip() for key, value in tables["disclosures"].items()}
    for kind, text in own.items():
        if not text or "\n" in text or len(text) > MAX_DISCLOSURE:
            raise SettingsProblem(
                f"{place}: disclosures.{kind} must be one line of 1 to {MAX_DISCLOSURE} "
                "characters.",
                _CURE,
            )
    return {**TEXTS, **own}

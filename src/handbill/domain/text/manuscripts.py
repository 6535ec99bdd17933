"""What a review in plain text or Markdown says about itself, by the habits of critics' files.

An outlet and a headline on top, or lines such as `Author: …`; at the end a name and
"Follow me on Twitter @name".
"""

import re
from dataclasses import dataclass, field

from handbill.domain import ratings
from handbill.domain.found import Findings
from handbill.domain.text import dates, languages, titles

_FIELDS = {
    "title": "title", "headline": "title", "work": "work", "film": "work", "movie": "work",
    "book": "work", "album": "work", "record": "work", "show": "work", "game": "work",
    "outlet": "outlet", "publication": "outlet", "site": "outlet", "for": "outlet",
    "author": "author", "by": "author", "critic": "author", "reviewer": "author",
    "handle": "handle", "twitter": "handle", "x": "handle", "link": "link", "url": "link",
    "permalink": "link", "canonical": "link", "date": "date", "published": "date",
    "rating": "rating", "grade": "rating", "score": "rating", "stars": "rating",
    "language": "language", "lang": "language",
}  # fmt: skip
_LABELLED = re.compile(r"([A-Za-z]{1,12})\s*[:=]\s*(\S.{0,490})")
_BYLINE = re.compile(r"(?:(?:a |film |movie |book )*review(?:ed)? )?by\s+(\S.{1,80})", re.I)
_LINK = re.compile(r"<?(https?://\S{3,1990}?)>?")
_FOLLOW = re.compile(
    r"\b(?:follow|find|twitter|tweets?|on x|bluesky|mastodon)\b.{0,80}?"
    r"(?<![\w.@])@(\w[\w.]{0,60}(?:@[\w.-]+\w)?)",
    re.I,
)
_HANDLE = re.compile(r"@(\w[\w.]{0,60}(?:@[\w.-]+\w)?)")
_END = re.compile(r"[.!?…:;,][\"”’')]*$")
_FENCE = re.compile(r"^(---|\+\+\+)[ \t]*\n(.{0,20000}?)\n\1[ \t]*(?:\n|$)", re.S)

#: A line of the head or a signature is no longer than that; a paragraph is.
_SHORT = 160
_HEAD_LINES, _TAIL_LINES = 8, 6
_SIGNATURE_WORDS = 6


@dataclass
class Manuscript:
    """What was found, and the text that remains when what is kept elsewhere is taken away."""

    text: str
    found: Findings = field(default_factory=Findings)
    #: All of the text, with what stands in fields as well.
    whole: str = ""


def read(text: str, *, markdown: bool = False) -> Manuscript:
    """Read a review as its critic typed it."""
    text = text.strip("\n ")
    made = Manuscript(text, whole=plain(text) if markdown else text)
    if markdown:
        _front_matter(made)
    _head(made)
    if markdown:
        made.text = plain(made.text)
    _tail(made)
    complete(made.found, made.text)
    return made


def complete(found: Findings, text: str) -> None:
    """What the text itself tells where nothing else did: rating, language, headline, work."""
    if rating := ratings.find(text):
        found.add("rating", rating.kept, sure=rating.sure)
    if language := languages.guess(text):
        found.add("language", language)
    if "title" not in found:
        found.add("title", _first_words(text), sure=False)
    others = (found.told("author"), found.told("outlet"))
    work = titles.guess(found.told("title"), text, tuple(filter(None, others)))
    found.add("work", work, sure=False)


def _first_words(text: str) -> str:
    line = " ".join(text.split("\n\n", 1)[0].split())
    sentence = re.split(r"(?<=[.!?…])\s", line, maxsplit=1)[0]
    return sentence if len(sentence) <= 120 else sentence[:119].rsplit(" ", 1)[0] + "…"


# The head


def _front_matter(made: Manuscript) -> None:
    fence = _FENCE.match(made.text)
    if fence is None:
        return
    for line in fence[2].splitlines():
        if labelled := _LABELLED.fullmatch(line.strip()):
            _note(made.found, labelled[1], labelled[2].strip("\"' "))
    made.text = made.text[fence.end() :].strip("\n ")


def _head(made: Manuscript) -> None:
    """The short lines on top; what is not understood stays in the text."""
    lines = made.text.split("\n")
    unread: list[int] = []
    taken: set[int] = set()
    for number, line in enumerate(lines):
        words = line.strip()
        if len(words) > _SHORT or len(taken) + len(unread) >= _HEAD_LINES:
            break
        if not words:
            continue
        if heading := re.match(r"#{1,2}\s+(\S.*)", words):
            made.found.add("title", _inline(heading[1].strip("# ")))
            taken.add(number)
        elif _told_by(made.found, words):
            taken.add(number)
        else:
            unread.append(number)
    if len(lines) > len(taken) + len(unread):
        taken |= _names_on_top(made.found, [(n, _inline(lines[n].strip())) for n in unread])
    made.text = "\n".join(line for n, line in enumerate(lines) if n not in taken).strip("\n ")


def _told_by(found: Findings, words: str) -> bool:
    """Whether a line says plainly what it is."""
    words = words.strip("*_ ")
    if labelled := _LABELLED.fullmatch(words):
        return _note(found, labelled[1], labelled[2])
    if byline := _BYLINE.fullmatch(words):
        found.add("author", byline[1].strip())
    elif link := _LINK.fullmatch(words):
        found.add("link", link[1])
    elif day := dates.day(words):
        found.add("published_on", day)
    else:
        return False
    return True


def _note(found: Findings, label: str, value: str) -> bool:
    """A labelled line of the head, if the label is one of ours and its value can be read."""
    name = _FIELDS.get(label.lower())
    if name == "date":
        name, day = "published_on", dates.day(value)
        found.add("published_at", dates.instant(value))
        found.add(name, day)
        return day is not None
    if name == "rating":
        return False  # found with all others in the text
    if name is None or (name == "link" and not _LINK.fullmatch(value)):
        return False
    found.add(name, value.strip())
    return True


def _names_on_top(found: Findings, lines: list[tuple[int, str]]) -> set[int]:
    """The lines without a label: the headline, and before it perhaps the outlet."""
    lines = [(number, words) for number, words in lines if ratings.find(words) is None]
    if "title" in found or not lines:
        return set()
    (first, words), *more = lines
    name = words.rstrip(" (:|–—-")
    if more and "outlet" not in found and _could_be_outlet(name):
        found.add("outlet", name, sure=False)
        found.add("title", more[0][1], sure=False)
        return {first, more[0][0]}
    found.add("title", words, sure=not more)
    return {first}


def _could_be_outlet(name: str) -> bool:
    return len(name.split()) <= _SIGNATURE_WORDS and not _END.search(name)


# The tail


def _tail(made: Manuscript) -> None:
    """The handle and the name at the end; both stay in the text."""
    lines = [line.strip() for line in made.text.split("\n") if line.strip()][-_TAIL_LINES:]
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if len(line) > _SHORT:
            break
        if handle := _FOLLOW.search(line) or _HANDLE.fullmatch(line):
            made.found.add("handle", f"@{handle[1].rstrip('.')}")
        elif _is_name(line):
            name = line.lstrip("–—-~ ")
            told = name.lower() in made.found.told("title").lower()
            made.found.add("author", name, sure=told)
            break


def _is_name(line: str) -> bool:
    words = line.lstrip("–—-~ ").split()
    small = ("de", "del", "van", "von", "der", "la", "di", "da", "of", "the")
    return (
        0 < len(words) <= _SIGNATURE_WORDS
        and not _END.search(line)
        and ratings.find(line) is None
        and all(word[:1].isupper() or word in small for word in words)
    )


# Markdown

_CODE_FENCE = re.compile(r"^(?:```|~~~).*$", re.M)
_IMAGE = re.compile(r"!\[([^\]\n]{0,500})\]\([^()\s]{0,2000}[^()\n]{0,300}\)")
_ANCHOR = re.compile(r"\[([^\]\n]{0,500})\]\([^()\s]{0,2000}[^()\n]{0,300}\)")
_MARKS = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|[*+-][ \t]+(?=\S))", re.M)
_EMPHASIS = re.compile(r"(?<![\w*_\\])([*_]{1,3})(?=\S)([^*_\n]{1,2000})(?<=\S)\1(?![\w*_])")
_RULE = re.compile(r"^[ \t]{0,3}(?:[-*_][ \t]*){3,}$", re.M)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


def plain(text: str) -> str:
    """Markdown without its marks; the words are untouched."""
    for pattern, words in ((_CODE_FENCE, ""), (_RULE, ""), (_MARKS, ""), (_IMAGE, "")):
        text = pattern.sub(words, text)
    return _inline(text).strip("\n ")


def _inline(text: str) -> str:
    text = _ANCHOR.sub(r"\1", text)
    for _ in range(2):  # **a *b* c**
        text = _EMPHASIS.sub(r"\2", text)
    return _ESCAPED.sub(r"\1", text)

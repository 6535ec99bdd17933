"""What a web page says about itself: its head, JSON-LD and plain words. Never runs or loads it.

Every pattern takes linear time, whatever a page contains.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

_ATTRIBUTES = r"""(?:[^<>"']|"[^"<]{0,4000}"|'[^'<]{0,4000}')*+"""
_TAG = re.compile(rf"<(meta|link|html|base|input)\b({_ATTRIBUTES})>", re.I)
_ATTRIBUTE = re.compile(r"""([\w:-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]{1,4000}))""")
_TITLE = re.compile(r"<title\b[^<>]*+>([^<]{0,2000})", re.I)
_HEADLINE = re.compile(r"<h1\b[^<>]*+>((?:[^<]|<(?!/h1)){0,2000}+)", re.I)
_LD_JSON = re.compile(r"""<script\b[^<>]{0,500}application/ld\+json[^<>]{0,500}>""", re.I)
_END_OF_SCRIPT = re.compile(r"</script", re.I)
_UNSEEN = re.compile(r"<(?:(script|style|template|noscript|svg)\b|!--)", re.I)
_MARKUP = re.compile(r"<[a-zA-Z/!?][^<>]*+>?")
_BREAK = re.compile(r"<(?:br|/?(?:p|div|li|h[1-6]|blockquote|tr|figure|section))\b[^<>]*+>", re.I)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml"})
_DEEPEST = 40


@dataclass
class Head:
    """What stands in a page's head; the first of each name counts."""

    title: str = ""
    headline: str = ""
    language: str = ""
    canonical: str = ""
    #: `og:title`, `author`, `article:published_time`, … in lower case.
    meta: dict[str, str] = field(default_factory=dict)
    #: Types of the input fields, such as `password`.
    inputs: list[str] = field(default_factory=list)
    #: Addresses of the feeds that it offers.
    feeds: list[str] = field(default_factory=list)
    #: All objects of its JSON-LD, outer before inner.
    data: list[dict[str, Any]] = field(default_factory=list)

    def named(self, value: Any) -> str:
        """The name in a value of JSON-LD: a text, an object, a reference to one, or several."""
        if isinstance(value, list):
            return ", ".join(filter(None, map(self.named, value[:5])))
        if isinstance(value, dict):
            same = [
                one for one in self.data if one.get("@id") == value.get("@id") and "name" in one
            ]
            name = value.get("name") or (same[0]["name"] if same and "@id" in value else "")
            return plain(name) if isinstance(name, str) else ""
        return plain(value) if isinstance(value, str) else ""

    def typed(self, *types: str) -> dict[str, Any]:
        """The first object of JSON-LD of one of these types; empty when there is none."""
        return next((one for one in self.data if set(kinds(one)) & set(types)), {})


def kinds(one: dict[str, Any]) -> list[str]:
    """The types of an object of JSON-LD, without the vocabulary's address."""
    given = one.get("@type")
    names = given if isinstance(given, list) else [given]
    return [name.rpartition("/")[2] for name in names if isinstance(name, str)]


def head(page: str) -> Head:
    """Read what a page says about itself."""
    found = Head(data=list(_data(page)))
    for tag in _TAG.finditer(page):
        _take(found, tag[1].lower(), _attributes(tag[2]))
    if title := _TITLE.search(page):
        found.title = plain(title[1])
    if headline := _HEADLINE.search(page):
        found.headline = words(headline[1])
    return found


def _take(found: Head, tag: str, given: dict[str, str]) -> None:
    if tag == "meta" and "content" in given:
        name = given.get("property") or given.get("name") or given.get("itemprop") or ""
        found.meta.setdefault(name.lower(), plain(given["content"]))
    elif tag == "link" and given.get("rel", "").lower() == "canonical":
        found.canonical = found.canonical or given.get("href", "").strip()
    elif tag == "link" and given.get("type", "").lower() in _FEED_TYPES:
        found.feeds.append(given.get("href", "").strip())
    elif tag == "html":
        found.language = found.language or given.get("lang", "").strip()
    elif tag == "input":
        found.inputs.append(given.get("type", "text").lower())


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(text):
        found.setdefault(one[1].lower(), unescape(one[2] or one[3] or one[4] or ""))
    return found


def _data(page: str) -> Iterator[dict[str, Any]]:
    place = 0
    while opening := _LD_JSON.search(page, place):
        closing = _END_OF_SCRIPT.search(page, opening.end())
        if closing is None:
            return
        yield from _objects(_parsed(page[opening.end() : closing.start()]))
        place = closing.end()


def _parsed(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip(" \n;")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _objects(one, depth + 1)


def plain(text: str) -> str:
    """A value of the head on one line, without references such as `&amp;`."""
    return " ".join(unescape(text).split())


def words(page: str) -> str:
    """All that a page shows or hides by style alone, on one line, in the order of its source."""
    return plain(_MARKUP.sub(" ", _seen(page)))


def paragraphs(markup: str) -> str:
    """The text of a piece of HTML, with an empty line between paragraphs."""
    pieces = _BREAK.split(_seen(markup))
    lines = (plain(_MARKUP.sub("", piece)) for piece in pieces)
    return "\n\n".join(line for line in lines if line)


def _seen(page: str) -> str:
    """Without what is no text: scripts, styles and the like."""
    parts, place = [], 0
    while unseen := _UNSEEN.search(page, place):
        parts.append(page[place : unseen.start()])
        closing = re.compile(f"</{unseen[1]}[^<>]*+>?" if unseen[1] else "-->", re.I).search(
            page, unseen.end()
        )
        place = closing.end() if closing else len(page)
    parts.append(page[place:])
    return "".join(parts)

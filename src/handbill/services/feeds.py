"""Watches a critic's RSS or Atom feeds: each new entry becomes the draft of a review, once."""

import calendar
import hashlib
import io
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from handbill.domain.found import Findings
from handbill.domain.slugs import slugify
from handbill.domain.text import manuscripts, pages
from handbill.domain.text.encodings import decode
from handbill.domain.text.manuscripts import Manuscript
from handbill.domain.web import Page
from handbill.errors import InputProblem, SettingsProblem
from handbill.inputs import ReviewIn
from handbill.models import Feed, Review
from handbill.services import importing
from handbill.services.articles import needs_extra
from handbill.services.desk import Desk
from handbill.store import feeds
from handbill.store.feeds import Sight

log = logging.getLogger("handbill")

#: How long after a look at a feed the next one is due.
EVERY = timedelta(minutes=30)
#: How often a daemon asks whether a look is due.
ASK = timedelta(seconds=10)
_LONGEST_KEY = 500


@dataclass
class Looked:
    """One look at a feed: the drafts that it brought, or why it could not be read."""

    feed: Feed
    drafts: list[Review] = field(default_factory=list)
    trouble: str | None = None


@dataclass(frozen=True)
class _Read:
    sight: Sight
    #: By key, oldest first.
    entries: dict[str, Any]
    feed: Any


def add(desk: Desk, url: str, *, everything: bool = False) -> tuple[Looked, int]:
    """Watch a feed; answers how many entries were there already and were left alone.

    With `everything` they become drafts, too. Raises InputProblem, SettingsProblem.
    """
    page = desk.fetch(url, {})
    read = _read(page)
    skipped = [] if everything else list(read.entries)
    looked = Looked(feeds.add(desk.engine, url, skipped, read.sight, desk.clock()))
    looked.drafts = _draft(desk, looked.feed, read)
    return looked, len(skipped)


def listing(desk: Desk) -> list[Feed]:
    """All feeds, oldest first."""
    return list(feeds.listing(desk.engine))


def remove(desk: Desk, which: str) -> Feed:
    """Watch a feed no longer, by its number or address. Raises NotFound."""
    feed = feeds.named(desk.engine, which)
    feeds.remove(desk.engine, feed)
    return feed


def look(desk: Desk) -> list[Looked]:
    """Look at every feed now."""
    return [_look(desk, feed) for feed in feeds.listing(desk.engine)]


def look_due(desk: Desk) -> Looked | None:
    """Look at the one feed that has waited longest, if that is long enough; for housekeeping."""
    now = desk.clock()
    feed = feeds.take_turn(desk.engine, now, now - EVERY)
    return None if feed is None else _look(desk, feed)


def _look(desk: Desk, feed: Feed) -> Looked:
    looked = Looked(feed)
    try:
        page = desk.fetch(feed.url, _conditions(feed))
        if page.status == 304:
            sight = Sight(feed.title, feed.etag, feed.modified)
        else:
            read = _read(page)
            looked.drafts = _draft(desk, feed, read)
            sight = read.sight  # only now: what is not drafted must be sent again
    except (InputProblem, SettingsProblem) as problem:
        looked.trouble = str(problem)
        sight = Sight(trouble=looked.trouble)
    feeds.note(desk.engine, feed, sight, desk.clock())
    _tell(looked)
    return looked


def _tell(looked: Looked) -> None:
    extra = {"action": "feed", "feed": looked.feed.id}
    for review in looked.drafts:
        log.info("Drafted the review %s from %s.", review.slug, looked.feed.url, extra=extra)
    if looked.trouble and looked.trouble != looked.feed.trouble:
        log.warning("The feed %s: %s", looked.feed.url, looked.trouble, extra=extra)


def _conditions(feed: Feed) -> dict[str, str]:
    """So that a server need not send what we have (RFC 9110, 13.1)."""
    asked = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
    return {name: value for name, value in asked.items() if value}


# Reading a feed


def _read(page: Page) -> _Read:
    """Raises InputProblem when that is no feed, or one that is broken before its first entry."""
    if page.status != 200:
        raise InputProblem(
            f"{page.url} cannot be read: the server answers {page.status}.",
            "Open it in a browser to see whether the feed is still there.",
        )
    parsed = _parsed(page)
    if not parsed.get("version") or (
        parsed.bozo and not parsed.entries and not parsed.feed.get("title")
    ):
        raise _no_feed(page, parsed)
    entries = {key: one for one in reversed(parsed.entries) if (key := _key(one))}
    sight = Sight(
        title=pages.plain(parsed.feed.get("title", ""))[:500] or None,
        etag=_short(page.headers.get("etag"), 500),
        modified=_short(page.headers.get("last-modified"), 100),
    )
    return _Read(sight, entries, parsed.feed)


def _parsed(page: Page) -> Any:
    try:
        import feedparser
    except ImportError:
        raise needs_extra() from None
    # A stream: given a text, it would take that for an address, or a file's name, and open it.
    told = {"content-type": page.headers.get("content-type", ""), "content-location": page.url}
    return feedparser.parse(io.BytesIO(page.body), response_headers=told)


def _no_feed(page: Page, parsed: Any) -> InputProblem:
    try:
        offered = pages.head(decode(page.body, page.headers.get("content-type", "")).text).feeds
    except ValueError:
        offered = []
    if offered:
        address = urljoin(page.url, offered[0])
        return InputProblem(f"{page.url} is a page, not its feed.", f"handbill feed add {address}")
    line = getattr(parsed.get("bozo_exception"), "getLineNumber", None)
    where = f"; it breaks off in line {line()}" if line and parsed.get("version") else ""
    return InputProblem(
        f"{page.url} is no feed that can be read{where}.",
        "Look for the address of the site's RSS or Atom feed.",
    )


def _key(entry: Any) -> str:
    key = str(entry.get("id") or entry.get("link") or entry.get("title") or "")
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:400]}#{hashlib.sha256(key.encode()).hexdigest()}"


def _short(value: str | None, most: int) -> str | None:
    return value if value and len(value) <= most else None


# Drafting


#: So many entries of a feed are looked at, its first ones; nobody writes more in half an hour.
MOST_ENTRIES = 100


def _draft(desk: Desk, feed: Feed, read: _Read) -> list[Review]:
    drafts = []
    for key in feeds.unseen(desk.engine, feed, list(read.entries)[:MOST_ENTRIES]):
        new = _review(read, read.entries[key])
        slug = slugify(new.work or new.title)
        if review := feeds.draft(desk.engine, feed, key, (new, slug), desk.clock()):
            drafts.append(review)
    return drafts


def _review(read: _Read, entry: Any) -> ReviewIn:
    found = Findings()
    found.add("title", pages.plain(pages.words(entry.get("title", ""))))
    found.add("link", entry.get("link"))
    found.add("author", pages.plain(entry.get("author", "")))
    found.add("outlet", read.sight.title, sure=False)
    _dates(found, entry.get("published_parsed"))
    whole = [one for one in entry.get("content", []) if one.get("value")]
    markup = whole[0]["value"] if whole else entry.get("summary", "")
    text = importing.printed(pages.paragraphs(markup))
    manuscripts.complete(found, text)
    found.add("language", read.feed.get("language"))
    taken = importing.fitting(Manuscript(text, found, text), [], entry.get("link"), True)
    if not whole:
        taken.unsure.append("text")  # a feed often has the beginning alone
    return taken.review(draft=True)


def _dates(found: Findings, published: Any) -> None:
    """The instant in UTC, as feedparser gives it; a feed's days are days in UTC."""
    if published:
        instant = datetime.fromtimestamp(calendar.timegm(published), UTC)
        found.add("published_at", instant)
        found.add("published_on", instant.date())

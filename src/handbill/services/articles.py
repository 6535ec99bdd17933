"""Reads a review off a web page: what the page says about itself, and the article in it."""

import logging
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from handbill.domain import ratings
from handbill.domain.found import Findings
from handbill.domain.text import dates, manuscripts, pages
from handbill.domain.text.manuscripts import Manuscript
from handbill.domain.text.pages import Head
from handbill.errors import InputProblem, SettingsProblem

ARTICLES = (
    "Review", "CriticReview", "NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle",
    "Article", "BlogPosting", "WebPage",
)  # fmt: skip
#: schema.org's own when a page does not give the best rating there is.
_BEST = "5"
#: Pages of more elements take the library minutes.
MAX_ELEMENTS = 60_000


def needs_extra() -> SettingsProblem:
    """What to say where the libraries for pages and feeds are not installed."""
    return SettingsProblem(
        "To read pages and feeds, Handbill needs two more libraries.",
        "Install them: pip install 'handbill[import]'",
    )


def read(page: str, address: str | None = None) -> Manuscript:
    """The review in a page. Raises InputProblem when there is none, SettingsProblem without the
    libraries."""
    if page.count("<") > MAX_ELEMENTS:
        raise InputProblem(
            f"That page consists of more than {MAX_ELEMENTS:,} pieces.",
            "Save the review's text in a file, and: handbill review add FILE --link ADDRESS",
        )
    head = pages.head(page)
    found = Findings()
    _by_data(found, head)
    _by_meta(found, head)
    _link(found, head, address)
    text = _article(page) or _told_text(head)
    if not text:
        raise InputProblem(
            "There is no review to be found in that page: it has no running text.",
            "Save the review's text in a file, and: handbill review add FILE --link ADDRESS",
        )
    first, _, rest = text.partition("\n\n")
    if rest and first == found.told("title"):
        text = rest
    manuscripts.complete(found, text)
    return Manuscript(text, found, text)


def _article(page: str) -> str:
    try:
        import trafilatura
    except ImportError:
        raise needs_extra() from None
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    text = trafilatura.extract(
        page, output_format="txt", include_comments=False, include_tables=False
    )
    lines = [line.strip() for line in (text or "").splitlines()]
    return "\n\n".join(line for line in lines if line)


def _told_text(head: Head) -> str:
    """The text within JSON-LD, where nothing is found in the page itself."""
    for one in head.data:
        for name in ("reviewBody", "articleBody"):
            if isinstance(one.get(name), str) and len(one[name].split()) > 20:
                return "\n\n".join(re.split(r"\s*\n\s*", pages.words(one[name]).strip()))
    return ""


def _by_data(found: Findings, head: Head) -> None:
    """JSON-LD, in the words of schema.org."""
    review = head.typed("Review", "CriticReview")
    article = head.typed(*ARTICLES)
    for one in (review, article):
        found.add("work", head.named(one.get("itemReviewed")))
        found.add("title", _text(one.get("headline")) or "")
        found.add("author", head.named(one.get("author")))
        found.add("outlet", head.named(one.get("publisher")))
        _date(found, _text(one.get("datePublished")))
        found.add("language", _text(one.get("inLanguage")))
    _rating(found, review.get("reviewRating"))


def _text(value: Any) -> str:
    return pages.plain(value) if isinstance(value, str) else ""


def _date(found: Findings, told: str) -> None:
    found.add("published_at", dates.instant(told))
    found.add("published_on", dates.day(told))


def _rating(found: Findings, told: Any) -> None:
    if not isinstance(told, dict):
        return
    value, best = str(told.get("ratingValue") or ""), told.get("bestRating")
    try:
        rating = ratings.read(value if best is None else f"{value}/{best}")
    except ValueError:
        rating = None
    if rating is None and best is None:
        rating = _tried(f"{value}/{_BEST}")
        if rating:
            found.add("rating", rating.kept, sure=False)
    elif rating:
        found.add("rating", rating.kept, sure=rating.sure)


def _tried(words: str) -> ratings.Rating | None:
    try:
        return ratings.read(words)
    except ValueError:
        return None


def _by_meta(found: Findings, head: Head) -> None:
    """OpenGraph, the older names, and the title in the tab."""
    meta = head.meta
    outlet = meta.get("og:site_name") or meta.get("application-name") or ""
    found.add("outlet", outlet)
    found.add("title", _without(outlet, meta.get("og:title", "")))
    found.add("title", head.headline)
    found.add("title", _without(outlet, head.title), sure=False)
    author = meta.get("author") or meta.get("article:author") or meta.get("dc.creator") or ""
    found.add("author", "" if "://" in author else author)
    creator = meta.get("twitter:creator", "")
    found.add("handle", creator if creator.strip("@") else "")
    for name in ("article:published_time", "date", "dc.date", "datepublished"):
        _date(found, meta.get(name, ""))
    found.add("language", (head.language or meta.get("og:locale", "")).replace("_", "-"))


def _without(outlet: str, title: str) -> str:
    """A title without the outlet's name behind a stroke."""
    if not outlet:
        return title
    return re.sub(rf"\s+[|–—·:-]\s+{re.escape(outlet)}\s*$", "", title, flags=re.I)


def _link(found: Findings, head: Head, address: str | None) -> None:
    """The page's own name for its address, if that is on the same host; else where it was."""
    for told in (head.canonical, head.meta.get("og:url", "")):
        link = urljoin(address or "", told) if told else ""
        if link and (address is None or host(link) == host(address)):
            found.add("link", link, sure=address is not None)
    found.add("link", address)


def host(link: str) -> str:
    """The server's name without its `www.`."""
    try:
        return (urlsplit(link).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

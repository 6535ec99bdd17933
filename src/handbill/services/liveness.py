"""Whether a review can be read at its link by anybody, right now."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, urljoin, urlsplit

from handbill.domain.network import Claim
from handbill.domain.outcomes import NOT_YET
from handbill.domain.text import pages
from handbill.domain.text.encodings import decode
from handbill.domain.text.pages import Head
from handbill.domain.web import Page
from handbill.errors import InputProblem
from handbill.models import Review
from handbill.services.articles import host
from handbill.services.desk import Desk
from handbill.store import links, reviews

#: Parts of an address that stand for a door, not for a review.
_DOORS = frozenset(
    ("login", "log-in", "signin", "sign-in", "wp-login.php", "auth", "authorize", "sso")
)
_WALLS = frozenset(("consent", "cookie-consent", "privacy-gate", "gdpr", "collectconsent"))
#: So long before its time the review of a post is looked for.
AHEAD = timedelta(minutes=10)

_WORD = re.compile(r"\w+")
_PAGES = frozenset({"text/html", "application/xhtml+xml", ""})


@dataclass(frozen=True)
class Live:
    """The answer, and in one sentence why it is a no."""

    ok: bool
    says: str = ""


def is_live(desk: Desk, review: Review) -> Live:
    """Look whether the review is at its link. Nothing about it is sent but the question."""
    if not review.link:
        return Live(False, "The review has no link.")
    try:
        page = desk.fetch(review.link, {})
    except InputProblem as problem:
        return Live(False, problem.says)
    why_not = _of_answer(review.link, page) or _of_page(review, page)
    return Live(False, why_not) if why_not else Live(True)


def why_not_yet(desk: Desk, claim: Claim) -> str | None:
    """Why a claimed post must wait for its review, in a sentence; None if it need not."""
    if claim.review_id is None or claim.position > 1:
        return None
    review = reviews.get(desk.engine, claim.review_id)
    if not review.check_link or not review.link:
        return None
    live = is_live(desk, review)
    return None if live.ok else f"The review is not live. {live.says}"


def look_ahead(desk: Desk) -> int | None:
    """Look whether the review of a post that is due in ten minutes can be read, and tell a person
    if not. Answers the post's number; None when there is none to look for."""
    now = desk.clock()
    entry = links.next_to_see(desk.engine, now, AHEAD)
    if entry is None or entry.review is None:
        return None
    live = is_live(desk, entry.review)
    says = None if live.ok else f"{NOT_YET} {live.says}"
    links.seen(desk.engine, entry, says, now, AHEAD)
    return entry.post.id


def _of_answer(link: str, page: Page) -> str:
    """What the server's answer alone tells."""
    if page.status != 200:
        return f"{link} is not there for everybody: the server answers {page.status}."
    if page.media_type not in _PAGES:
        return f"{link} is no page but {page.media_type}."
    end, begun = urlsplit(page.url), urlsplit(link)
    new = _segments(end) - _segments(begun)
    if new & _DOORS:
        return f"{link} leads to a login page, {page.url}."
    if new & _WALLS:
        return f"{link} leads to a question about consent, {page.url}."
    if host(page.url) != host(link):
        return f"{link} leads to another site, {page.url}."
    if _is_front(end) and not _is_front(begun):
        return f"{link} leads to the front page, {page.url}."
    return ""


def _of_page(review: Review, page: Page) -> str:
    """What the page tells: its own address, and whether it has the headline."""
    link = review.link or ""
    try:
        text = decode(page.body, page.headers.get("content-type", "")).text
    except ValueError:
        return f"{link} is no page that can be read."
    head = pages.head(text)
    own = urljoin(page.url, head.canonical) if head.canonical else page.url
    if _place(own) not in (_place(link), _place(page.url)):
        return f"{link} says that its own address is another: {own}."
    if _has(review.title, [head.title, head.meta.get("og:title", ""), pages.words(text)]):
        return ""
    return _without_headline(link, head)


def _without_headline(link: str, head: Head) -> str:
    if "password" in head.inputs:
        return f"{link} shows a login, and not the review's headline."
    return f"{link} does not show the review's headline."


def _segments(parts: SplitResult) -> set[str]:
    names = (parts.hostname or "").lower().split(".") + parts.path.lower().split("/")
    return {name for name in names if name}


def _is_front(parts: SplitResult) -> bool:
    return parts.path.strip("/").lower() in ("", "index.html", "index.php") and not parts.query


def _place(link: str) -> tuple[str, str, str]:
    """An address without what does not matter to where it leads: scheme, `www.`, a last stroke.

    A query counts only where nothing else names the page: `/?p=123`.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return "", link, ""
    path = parts.path.rstrip("/")
    return host(link), path, "" if path else parts.query


def _has(title: str, texts: list[str]) -> bool:
    wanted = _folded(title.rstrip(" …"))
    return any(wanted in _folded(text) for text in texts)


def _folded(text: str) -> str:
    """Words alone, without case and accents: typographers change everything else."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return f" {' '.join(_WORD.findall(kept.replace(chr(0x2019), '').replace(chr(39), '')))} "

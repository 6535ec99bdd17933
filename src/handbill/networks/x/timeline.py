"""Recognises our own post on X's timeline, where its text comes back changed."""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handbill.domain.network import Claim
from handbill.domain.text.entities import urls

FIELDS = ["created_at", "entities", "referenced_tweets", "attachments", "note_tweet"]
MAX_PAGES = 5
#: How far X's clock may run behind ours.
CLOCK_SLACK = timedelta(minutes=2)


@dataclass(frozen=True)
class Hit:
    """A post on the timeline that is ours."""

    id: str
    created_at: datetime | None


def match(page: Mapping[str, Any], claim: Claim) -> Hit | None:
    """The claim's part on one page of a timeline: by media key, else by parent and text.

    Text alone is compared as a reader would: entities decoded, links by what they lead to.
    """
    tweets = [t for t in page.get("data") or [] if isinstance(t, dict) and _id(t)]
    recent = [t for t in tweets if _is_since(t, claim)]
    keys = {key for key in claim.evidence.get("media_keys", []) if key}
    for tweet in recent:
        if keys and keys == set((tweet.get("attachments") or {}).get("media_keys") or []):
            return Hit(_id(tweet), _created(tweet))
    ours = plain(claim.text)
    for tweet in recent:
        if _parent(tweet) == claim.reply_to and shown(tweet) == ours:
            return Hit(_id(tweet), _created(tweet))
    return None


def _id(tweet: Mapping[str, Any]) -> str:
    number = str(tweet.get("id", ""))
    return number if number.isascii() and number.isdigit() else ""


def _created(tweet: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(tweet.get("created_at"))).astimezone(UTC)
    except ValueError:
        return None


def _is_since(tweet: Mapping[str, Any], claim: Claim) -> bool:
    created = _created(tweet)
    if created is None or claim.armed_at is None:
        return True
    return created >= claim.armed_at - CLOCK_SLACK


def _parent(tweet: Mapping[str, Any]) -> str | None:
    for reference in tweet.get("referenced_tweets") or []:
        if reference.get("type") == "replied_to":
            return str(reference.get("id"))
    return None


def plain(text: str) -> str:
    """Our text in the form in which `shown` gives a timeline's."""
    pieces, end = [], 0
    for span in urls(text):
        pieces += [text[end : span.start], _address(span.text)]
        end = span.end
    return _folded("".join([*pieces, text[end:]]))


def shown(tweet: Mapping[str, Any]) -> str:
    """A timeline's text as it was sent: t.co links replaced, those of pictures removed."""
    source = tweet.get("note_tweet") or tweet
    text = html.unescape(str(source.get("text", "")))
    for link in (source.get("entities") or {}).get("urls") or []:
        picture = "media_key" in link
        text = text.replace(str(link.get("url")), "" if picture else _expanded(link))
    return _folded(text)


def _expanded(link: Mapping[str, Any]) -> str:
    return _address(str(link.get("expanded_url", "")))


def _address(url: str) -> str:
    """A link without its scheme, its host in lower case, without a closing slash."""
    rest = re.sub(r"^https?://", "", url.strip(), flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())

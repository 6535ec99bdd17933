"""Recognises our own post on X's timeline, where its text comes back changed."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handbill.domain.network import Claim
from handbill.domain.text.entities import urls
from handbill.domain.text.normal import nfc

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
    """The claim's part on one page of a timeline. Total: odd JSON is passed over, never raises.

    A part with pictures is known by the media keys of any of its tries. A part without, or one
    whose keys are not known because a backup was restored, is known by parent, text and number of
    pictures; pictures without words are not known again then. Text is compared as a reader would:
    entities decoded, links by what they lead to.
    """
    tries = [_keys(evidence) for evidence in claim.tries or (claim.evidence,)]
    ours = plain(claim.text)
    for tweet in _dicts(page.get("data")):
        if not _id(tweet) or not _is_since(tweet, claim):
            continue
        theirs = _media_keys(tweet)
        alike = len(theirs) == len(claim.images) and (ours or not claim.images)
        same_words = alike and _parent(tweet) == claim.reply_to and shown(tweet) == ours
        if (theirs and theirs in tries) or (set() in tries and same_words):
            return Hit(_id(tweet), _created(tweet))
    return None


def _keys(evidence: Mapping[str, Any]) -> set[str]:
    """The media keys of one try; another one uploads anew, and has others."""
    return {str(key) for key in evidence.get("media_keys", []) if key}


def earliest(claim: Claim) -> datetime | None:
    """The first instant, by X's clock, at which the part may have been made."""
    return claim.armed_at and claim.armed_at - CLOCK_SLACK


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _media_keys(tweet: Mapping[str, Any]) -> set[str]:
    found = _dict(tweet.get("attachments")).get("media_keys")
    return {str(key) for key in found} if isinstance(found, list) else set()


def _id(tweet: Mapping[str, Any]) -> str:
    number = str(tweet.get("id", ""))
    return number if re.fullmatch(r"[1-9][0-9]{0,18}", number) else ""


def _created(tweet: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(tweet.get("created_at"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_since(tweet: Mapping[str, Any], claim: Claim) -> bool:
    created, since = _created(tweet), earliest(claim)
    return created is None or since is None or created >= since


def _parent(tweet: Mapping[str, Any]) -> str | None:
    for reference in _dicts(tweet.get("referenced_tweets")):
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
    source = _dict(tweet.get("note_tweet")) or tweet
    text = html.unescape(str(source.get("text", "")))
    for link in _dicts(_dict(source.get("entities")).get("urls")):
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
    return " ".join(nfc(text).split())

"""POST /2/tweets: checks a post as X does, and accepts it."""

import json
import re
from datetime import timedelta
from typing import Any

from handbill.domain.text.weighted import weighted_length
from handbill.rehearsal.ledger import Entry, Medium
from handbill.rehearsal.shapes import Refusal, duplicate, forbidden, invalid
from handbill.rehearsal.shown import rewrite
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Answer, Call

ID = re.compile(r"[0-9]{1,19}")

#: The body's fields and what they may hold, from X's OpenAPI description (2026).
FIELDS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "media": dict,
    "reply": dict,
    "reply_settings": str,
    "made_with_ai": bool,
    "paid_partnership": bool,
    "poll": dict,
    "geo": dict,
    "quote_tweet_id": str,
    "card_uri": str,
    "community_id": str,
    "direct_message_deep_link": str,
    "edit_options": dict,
    "for_super_followers_only": bool,
    "nullcast": bool,
    "share_with_followers": bool,
}
MEDIA_FIELDS: dict[str, type | tuple[type, ...]] = {"media_ids": list, "tagged_user_ids": list}
REPLY_FIELDS: dict[str, type | tuple[type, ...]] = {
    "in_reply_to_tweet_id": str,
    "exclude_reply_user_ids": list,
    "auto_populate_reply_metadata": bool,
}
REPLY_SETTINGS = {"following", "mentionedUsers", "subscribers", "verified"}
MAX_MEDIA = 4


def json_object(call: Call) -> dict[str, Any]:
    """The body, if it is an object of JSON and says so."""
    if call.content_type != "application/json":
        raise Refusal(invalid("Requests with bodies must have content-type of application/json."))
    try:
        data = json.loads(call.body)
    except (ValueError, RecursionError):
        raise Refusal(invalid("The request body is not valid JSON.")) from None
    if not isinstance(data, dict):
        raise Refusal(invalid("$: the request body must be an object."))
    return data


def check_fields(
    data: dict[str, Any], allowed: dict[str, type | tuple[type, ...]], where: str = "$"
) -> None:
    """Refuse unknown fields and wrong types."""
    for name, value in data.items():
        place = f"{where}.{name}".encode("ascii", "backslashreplace").decode()
        if name not in allowed:
            raise Refusal(
                invalid(
                    f"[{place}] : is not defined in the schema and the schema does not allow "
                    "additional properties"
                )
            )
        if not isinstance(value, allowed[name]):
            raise Refusal(invalid(f"[{place}] : has the wrong type"))


def create(stage: Stage, call: Call) -> Answer:
    """Make the post, or refuse with X's words."""
    data = json_object(call)
    check_fields(data, FIELDS)
    settings = data.get("reply_settings")
    if settings is not None and settings not in REPLY_SETTINGS:
        raise Refusal(invalid("[$.reply_settings] : does not have a value in the enumeration"))
    text = _text(data)
    media = _media(stage, call.account, data.get("media", {}))
    parent = _parent(stage, call.account, data.get("reply", {}))
    if not text.strip() and not media:
        raise Refusal(invalid("One of the following is required: text, media.media_ids"))
    if weighted_length(text) > stage.plan.settings.text_limit:
        raise Refusal(forbidden("Tweet needs to be a bit shorter."))
    said = stage.ledger.said.get(call.account, ())
    if stage.plan.settings.duplicate_check and text.strip() and text.strip() in said:
        raise Refusal(duplicate())
    call.made = _accept(stage, call.account, text, media, parent)
    made = {
        "id": call.made.id,
        "text": call.made.shown,
        "edit_history_tweet_ids": [call.made.id],
    }
    return Answer.of(201, {"data": made})


def _accept(
    stage: Stage, account: str, text: str, media: list[Medium], parent: str | None
) -> Entry:
    ledger = stage.ledger
    moment = ledger.clock()
    post_id = ledger.ids.next(moment)
    shown, urls = rewrite(text, post_id, account, media)
    entry = Entry(
        n=len(ledger.posts) + 1,
        id=post_id,
        account=account,
        text=text,
        shown=shown,
        urls=urls,
        accepted_at=moment,
        reply_to=parent,
        media=media,
    )
    ledger.accept(entry)
    return entry


def _text(data: dict[str, Any]) -> str:
    text: str = data.get("text", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(invalid("[$.text] : is not valid Unicode text")) from None
    return text


def _media(stage: Stage, account: str, given: dict[str, Any]) -> list[Medium]:
    check_fields(given, MEDIA_FIELDS, "$.media")
    ids = given.get("media_ids")
    if ids is None:
        return []
    if not 1 <= len(ids) <= MAX_MEDIA:
        raise Refusal(invalid("[$.media.media_ids] : must have 1 to 4 items"))
    if not all(isinstance(one, str) and ID.fullmatch(one) for one in ids):
        raise Refusal(invalid("[$.media.media_ids] : does not match ^[0-9]{1,19}$"))
    found = [stage.ledger.media.get(one) for one in ids]
    media = [one for one in found if one and _usable(stage, account, one)]
    if len(media) != len(ids) or len(set(ids)) != len(ids):
        raise Refusal(invalid("Your media IDs are invalid.", {"media.media_ids": ids}))
    return media


def _usable(stage: Stage, account: str, medium: Medium) -> bool:
    moment = stage.ledger.clock()
    expires = medium.created_at + timedelta(seconds=stage.plan.settings.media_ttl)
    ready = medium.ready_at is not None and medium.ready_at <= moment and not medium.failed
    return medium.account == account and medium.used_by is None and ready and moment < expires


def _parent(stage: Stage, account: str, given: dict[str, Any]) -> str | None:
    """The post that is answered: one's own, or one that mentions the account."""
    check_fields(given, REPLY_FIELDS, "$.reply")
    if not given:
        return None
    parent_id = given.get("in_reply_to_tweet_id")
    if not isinstance(parent_id, str) or not ID.fullmatch(parent_id):
        raise Refusal(
            invalid(
                "[$.reply.in_reply_to_tweet_id] : does not match ^[0-9]{1,19}$",
                {"reply.in_reply_to_tweet_id": [str(parent_id)]},
            )
        )
    parent = stage.ledger.by_id.get(parent_id)
    if parent is None or parent.deleted:
        raise Refusal(
            forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        )
    if parent.account != account and f"@{account}".lower() not in parent.text.lower():
        raise Refusal(
            forbidden(
                "Reply to this conversation is not allowed because you have not been mentioned or "
                "otherwise engaged by the author of the post you are replying to."
            )
        )
    return parent_id

"""X's media routes: one-shot and chunked upload, status, alt text."""

import base64
import binascii
from datetime import timedelta
from typing import Any

from handbill.rehearsal import multipart
from handbill.rehearsal.ledger import Medium
from handbill.rehearsal.posting import check_fields, json_object
from handbill.rehearsal.shapes import Refusal, invalid, problem
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Answer, Call

#: X's limits in bytes, by kind (NETWORKS.md).
MAX_BYTES = {
    "image/jpeg": 5_242_880,
    "image/png": 5_242_880,
    "image/webp": 5_242_880,
    "image/gif": 15_728_640,
}
CATEGORIES = {"tweet_image", "tweet_gif", "tweet_video", "amplify_video", "subtitles"}
MAX_ALT = 1_000
MAX_SEGMENT = 999

_UPLOAD_FIELDS: dict[str, type | tuple[type, ...]] = {
    "media": str,
    "media_category": str,
    "media_type": str,
    "shared": bool,
    "additional_owners": list,
}
_INITIALIZE_FIELDS: dict[str, type | tuple[type, ...]] = {
    "media_type": str,
    "total_bytes": int,
    "media_category": str,
    "shared": bool,
    "additional_owners": list,
}


def kind_of(content: bytes) -> str | None:
    """The picture's type by its first bytes; None for anything that X does not take."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def upload(stage: Stage, call: Call, _argument: str) -> Answer:
    """POST /2/media/upload: the whole picture at once, as JSON or multipart."""
    if call.content_type == "multipart/form-data":
        parts = multipart.fields(call.body, call.headers["content-type"])
        content, category = parts.get("media"), parts.get("media_category", b"").decode("latin-1")
    else:
        data = json_object(call)
        check_fields(data, _UPLOAD_FIELDS)
        content, category = _decoded(data.get("media")), data.get("media_category", "")
    if not content:
        raise Refusal(invalid("[$.media] : is missing but it is required"))
    medium = _begin(stage, call.account, kind_of(content) or "", category)
    _complete(stage, medium, content)
    return Answer.of(200, {"data": _facts(stage, medium)})


def initialize(stage: Stage, call: Call, _argument: str) -> Answer:
    """The first step of a chunked upload: what will come, and how much of it."""
    data = json_object(call)
    check_fields(data, _INITIALIZE_FIELDS)
    kind, total = data.get("media_type", ""), data.get("total_bytes", 0)
    if not 0 < total <= MAX_BYTES.get(kind, 0):
        raise Refusal(
            invalid("[$.total_bytes] : is not allowed for this media_type", {"media_type": [kind]})
        )
    medium = _begin(stage, call.account, kind, data.get("media_category", ""))
    medium.declared = total
    return Answer.of(200, {"data": _facts(stage, medium)})


def append(stage: Stage, call: Call, media_id: str) -> Answer:
    """The next step: one segment, as JSON (base64) or multipart."""
    medium = _own(stage, call, media_id)
    if call.content_type == "multipart/form-data":
        parts = multipart.fields(call.body, call.headers["content-type"])
        content, index = parts.get("media"), parts.get("segment_index", b"").decode("latin-1")
    else:
        data = json_object(call)
        check_fields(data, {"media": str, "segment_index": (int, str)})
        content, index = _decoded(data.get("media")), str(data.get("segment_index", ""))
    if not content:
        raise Refusal(invalid("[$.media] : is missing but it is required"))
    if not (index.isascii() and index.isdigit() and int(index[:9]) <= MAX_SEGMENT):
        raise Refusal(invalid("[$.segment_index] : must be a number from 0 to 999"))
    if medium.ready_at is not None:
        raise Refusal(invalid("The upload is already finalized.", {"id": [media_id]}))
    others = sum(len(part) for number, part in medium.parts.items() if number != int(index))
    if others + len(content) > medium.declared:
        raise Refusal(invalid("Segments exceed the provided total_bytes.", {"id": [media_id]}))
    medium.parts[int(index)] = content
    expires = medium.created_at + timedelta(seconds=stage.plan.settings.media_ttl)
    return Answer.of(200, {"data": {"expires_at": int(expires.timestamp())}})


def finalize(stage: Stage, call: Call, media_id: str) -> Answer:
    """The last step: the picture is put together and checked."""
    medium = _own(stage, call, media_id)
    if medium.ready_at is None:
        content = b"".join(medium.parts[index] for index in sorted(medium.parts))
        gapless = sorted(medium.parts) == list(range(len(medium.parts)))
        if len(content) != medium.declared or not gapless:
            raise Refusal(invalid("Segments do not add up to provided total_bytes."))
        if kind_of(content) != medium.type:
            raise Refusal(invalid("media type unrecognized.", {"id": [media_id]}))
        _complete(stage, medium, content)
    return Answer.of(200, {"data": _facts(stage, medium)})


def status(stage: Stage, call: Call, _argument: str) -> Answer:
    """GET /2/media/upload?command=STATUS&media_id=: how far processing is."""
    if call.query.get("command", "STATUS") != "STATUS":
        raise Refusal(invalid("The `command` query parameter value is not one of [STATUS]"))
    return Answer.of(
        200, {"data": _facts(stage, _own(stage, call, call.query.get("media_id", "")))}
    )


def describe(stage: Stage, call: Call, _argument: str) -> Answer:
    """POST /2/media/metadata: alt text, before the picture is posted."""
    data = json_object(call)
    check_fields(data, {"id": str, "metadata": dict})
    medium = _own(stage, call, data.get("id", ""))
    alt = data.get("metadata", {}).get("alt_text", {})
    text = alt.get("text") if isinstance(alt, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_ALT or not _encodable(text):
        raise Refusal(invalid(f"[$.metadata.alt_text.text] : must be 1 to {MAX_ALT} characters"))
    medium.alt = text
    metadata = {"alt_text": {"text": text}}
    return Answer.of(200, {"data": {"id": medium.id, "associated_metadata": metadata}})


def _begin(stage: Stage, account: str, kind: str, category: str) -> Medium:
    if category not in CATEGORIES:
        raise Refusal(invalid("[$.media_category] : does not have a value in the enumeration"))
    if kind not in MAX_BYTES or category != ("tweet_gif" if kind == "image/gif" else "tweet_image"):
        raise Refusal(invalid("media type unrecognized.", {"media_category": [category]}))
    moment = stage.ledger.clock()
    medium = Medium(
        id=stage.ledger.ids.next(moment),
        account=account,
        created_at=moment,
        type=kind,
        category=category,
    )
    stage.ledger.media[medium.id] = medium
    return medium


def _complete(stage: Stage, medium: Medium, content: bytes) -> None:
    if len(content) > MAX_BYTES[medium.type]:
        del stage.ledger.media[medium.id]
        limit = MAX_BYTES[medium.type]
        raise Refusal(
            problem(413, "Request Entity Too Large", f"maxFileSizeExceeded: {limit} Bytes")
        )
    stage.ledger.keep(medium, content)
    wait = stage.plan.settings.processing_seconds if medium.type == "image/gif" else 0
    medium.ready_at = stage.ledger.clock() + timedelta(seconds=wait)
    medium.failed = medium.type == "image/gif" and stage.plan.settings.processing_fails


def _own(stage: Stage, call: Call, media_id: str) -> Medium:
    medium = stage.ledger.media.get(media_id)
    if medium is None or medium.account != call.account:
        raise Refusal(invalid("Your media IDs are invalid.", {"id": [media_id]}))
    return medium


def _facts(stage: Stage, medium: Medium) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": medium.id,
        "media_key": medium.key,
        "expires_after_secs": int(stage.plan.settings.media_ttl),
    }
    if medium.size:
        facts["size"] = medium.size
    if medium.type == "image/gif" and medium.ready_at is not None:
        facts["processing_info"] = _processing(stage, medium)
    return facts


def _processing(stage: Stage, medium: Medium) -> dict[str, Any]:
    moment = stage.ledger.clock()
    if medium.ready_at is not None and moment < medium.ready_at:
        wait = (medium.ready_at - moment).total_seconds()
        return {"state": "pending", "check_after_secs": max(1, round(wait))}
    if medium.failed:
        reason = {"code": 1, "name": "InvalidMedia", "message": "Unsupported image format"}
        return {"state": "failed", "error": reason}
    return {"state": "succeeded", "progress_percent": 100}


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(invalid("[$.media] : is not valid base64")) from None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

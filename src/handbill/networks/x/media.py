"""Pictures on their way to X. Nobody sees what these requests make before a post names it."""

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import tweepy

from handbill.clock import elapsed
from handbill.domain.network import Image
from handbill.domain.outcomes import Halted, NotSent, Refused
from handbill.networks.x import answers

CHUNK_BYTES = 4_000_000

#: How long we wait for X to read a GIF.
PROCESSING_PATIENCE = timedelta(seconds=60)
MEDIA = "/2/media/upload"

#: Makes one request through tweepy and gives the answer's body. Raises Halted.
Ask = Callable[[Callable[[tweepy.Client], object]], dict[str, Any]]


def upload(ask: Ask, image: Image) -> tuple[str, str]:
    """Bring a picture and its description to X; answers its two numbers. Raises Halted."""
    try:
        content = image.path.read_bytes()
    except OSError:
        raise Halted(
            Refused(f"A picture of this post ({image.path.name}) is not there any more.")
        ) from None
    send = _in_chunks if image.media_type == "image/gif" else _in_one
    data = send(ask, content, image.media_type)
    if not str(data.get("id", "")).isdigit():
        raise Halted(NotSent("X took a picture without giving it a number."))
    media_id = str(data["id"])
    if image.alt:
        alt = {"id": media_id, "metadata": {"alt_text": {"text": image.alt}}}
        _post(ask, "/2/media/metadata", alt)
    return media_id, str(data.get("media_key", ""))


def _in_one(ask: Ask, content: bytes, _media_type: str) -> dict[str, Any]:
    media = base64.b64encode(content).decode()
    body = {"media": media, "media_category": "tweet_image"}
    return answers.data(_post(ask, MEDIA, body))


def _in_chunks(ask: Ask, content: bytes, media_type: str) -> dict[str, Any]:
    start = {
        "media_type": media_type,
        "total_bytes": len(content),
        "media_category": "tweet_gif",
    }
    data = answers.data(_post(ask, f"{MEDIA}/initialize", start))
    route = f"{MEDIA}/{data.get('id')}"
    for index, offset in enumerate(range(0, len(content), CHUNK_BYTES)):
        chunk = base64.b64encode(content[offset : offset + CHUNK_BYTES]).decode()
        _post(ask, f"{route}/append", {"media": chunk, "segment_index": index})
    _await_processing(ask, answers.data(_post(ask, f"{route}/finalize", {})))
    return data


def _await_processing(ask: Ask, media: dict[str, Any]) -> None:
    """Ask until X has read the picture. Nobody can see these requests. Raises Halted."""
    ends = elapsed() + PROCESSING_PATIENCE.total_seconds()
    while (work := answers.processing(media)).state not in ("", "succeeded"):
        if work.state == "failed":
            raise Halted(Refused("X could not read the GIF."))
        if elapsed() > ends:
            raise Halted(NotSent("X was still working on the GIF."))
        time.sleep(work.wait_s)
        media = _status(ask, str(media.get("id")))


def _status(ask: Ask, media_id: str) -> dict[str, Any]:
    query = {"command": "STATUS", "media_id": media_id}
    return answers.data(
        ask(lambda client: client.request("GET", MEDIA, params=query, user_auth=True))
    )


def _post(ask: Ask, route: str, body: dict[str, Any]) -> dict[str, Any]:
    return ask(lambda client: client.request("POST", route, json=body, user_auth=True))

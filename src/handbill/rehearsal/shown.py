"""How a post looks once X has it: escaped, links behind t.co, pictures as a trailing link."""

import hashlib
import unicodedata
from typing import Any

from handbill.domain.text.entities import urls as links_in
from handbill.rehearsal.ledger import Medium

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DISPLAY_LENGTH = 27


def rewrite(text: str, post_id: str, account: str, media: list[Medium]) -> tuple[str, list[Any]]:
    """The text as X gives it back, and its `entities.urls`.

    X trims and normalises (NFC), escapes & < >, and wraps every link; `start` and `end` count code
    points of the returned, escaped text.
    """
    text = unicodedata.normalize("NFC", text).strip()
    pieces: list[str] = []
    entities: list[dict[str, Any]] = []
    length = done = 0
    for number, link in enumerate(links_in(text)):
        before = _escape(text[done : link.start])
        short = _short(post_id, number)
        start = length + len(before)
        entities.append(_link(short, link.text, start))
        pieces += [before, short]
        length, done = start + len(short), link.end
    pieces.append(_escape(text[done:]))
    shown = "".join(pieces)
    if not media:
        return shown, entities
    short = _short(post_id, len(entities))
    shown = f"{shown} {short}" if shown else short
    pictures = [_picture(short, post_id, account, one, len(shown)) for one in media]
    return shown, entities + pictures


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(post_id: str, number: int) -> str:
    """Always 23 characters, like every t.co link."""
    value = int.from_bytes(hashlib.sha256(f"{post_id}/{number}".encode()).digest()[:8], "big")
    code = ""
    for _ in range(10):
        value, digit = divmod(value, 62)
        code += _ALPHABET[digit]
    return f"https://t.co/{code}"


def _link(short: str, written: str, start: int) -> dict[str, Any]:
    full = written if "://" in written else f"http://{written}"
    bare = full.partition("://")[2].removeprefix("www.")
    display = bare if len(bare) <= _DISPLAY_LENGTH else f"{bare[: _DISPLAY_LENGTH - 1]}…"
    return {
        "start": start,
        "end": start + len(short),
        "url": short,
        "expanded_url": full,
        "display_url": display,
    }


def _picture(short: str, post_id: str, account: str, medium: Medium, end: int) -> dict[str, Any]:
    """X lists one link per picture, all with the same address and place."""
    return {
        "start": end - len(short),
        "end": end,
        "url": short,
        "expanded_url": f"https://x.com/{account}/status/{post_id}/photo/1",
        "display_url": f"pic.x.com/{short.rpartition('/')[2]}",
        "media_key": medium.key,
    }

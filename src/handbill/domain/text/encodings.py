"""Bytes as text: what is declared, or UTF-8, or what Windows wrote; with a word when it is a guess.

No byte is dropped in silence.
"""

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Browsers read these as what Windows makes of them (WHATWG Encoding, 4.2).
_AS_WINDOWS = frozenset({"ascii", "iso8859-1"})
_IN_PAGE = re.compile(
    rb"""<meta\b[^<>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})|<\?xml[^<>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""",
    re.I,
)
_IN_HEADER = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.I)
_PRESCAN = 4096


@dataclass(frozen=True)
class Decoded:
    """A text, and one sentence where it may have been misread."""

    text: str
    remark: str = ""


def decode(raw: bytes, content_type: str = "") -> Decoded:
    """The text of bytes, with one kind of line end. Raises ValueError when it is no text at all."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _decoded(raw[len(mark) :], name)
    declared = _declared(raw, content_type)
    if b"\0" in raw[:_PRESCAN] and not (declared or "").startswith("utf-16"):
        raise ValueError("is no text")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(raw, declared if declared not in (None, "utf-8") else "cp1252", declared)
    if declared in (None, "utf-8", "cp1252") or text.isascii():
        return _plain(text)  # UTF-8 that fits by chance is rarer than a wrong label
    return _decoded(raw, declared or "utf-8", declared)


def _declared(raw: bytes, content_type: str) -> str | None:
    header = _IN_HEADER.search(content_type)
    page = _IN_PAGE.search(raw[:_PRESCAN])
    names = [header[1]] if header else []
    names += [(page[1] or page[2]).decode("ascii", "ignore")] if page else []
    return next(filter(None, map(_known, names)), None)


def _known(name: str) -> str | None:
    """A text encoding that Python knows, under its one name."""
    try:
        known = codecs.lookup(name)
    except LookupError:
        return None
    if not getattr(known, "_is_text_encoding", True):
        return None
    return "cp1252" if known.name in _AS_WINDOWS else known.name


def _decoded(raw: bytes, name: str, declared: str | None = None) -> Decoded:
    try:
        text = raw.decode(name)
    except (UnicodeError, LookupError):
        text = raw.decode(name, "replace")
        return Decoded(
            _plain(text).text,
            f"Some letters could not be read as {name}; they are shown as � in the text.",
        )
    if declared == name or raw.startswith(b"\xef\xbb\xbf") or name.startswith("utf-"):
        return _plain(text)
    return Decoded(
        _plain(text).text,
        "It is not UTF-8, so it was read as Windows text (windows-1252); look at its accents.",
    )


def _plain(text: str) -> Decoded:
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"))

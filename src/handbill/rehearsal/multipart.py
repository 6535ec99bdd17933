"""Reads multipart/form-data (RFC 7578): enough for an upload, without a dependency."""

import re
from email.message import Message

_NAME = re.compile(r'[; ]name="([^"]*)"', re.IGNORECASE)


def fields(body: bytes, content_type: str) -> dict[str, bytes]:
    """Each part by its name; empty if the body is not what its header says."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        return {}
    found: dict[str, bytes] = {}
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return found
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head.decode("latin-1"))
        if blank and name:
            found[name[1]] = content
    return {}  # the closing boundary is missing: cut off on the way

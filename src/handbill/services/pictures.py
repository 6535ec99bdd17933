"""Takes pictures into the pictures folder, by content, so that the original may be moved away."""

import hashlib
import os
from pathlib import Path
from typing import Any

from handbill.domain.network import Image
from handbill.domain.pictures import ENDINGS, media_type
from handbill.domain.text.characters import printable
from handbill.errors import InputProblem
from handbill.inputs import ImageIn

MAX_FILE_BYTES = 20_000_000


def keep(image: ImageIn, folder: Path) -> Image:
    """Copy a picture into `folder` under the hash of its content. Raises InputProblem."""
    content = _read(image.file)
    kind = media_type(content[:12])
    if kind is None:
        raise InputProblem(f"{image.file} is not a picture.", "Use JPEG, PNG, WebP or GIF.")
    kept = folder / f"{hashlib.sha256(content).hexdigest()}.{ENDINGS[kind]}"
    put(content, kept)
    return Image(kept, kind, image.alt, len(content), Path(image.file).name)


def put(content: bytes, kept: Path) -> None:
    """Write a picture whole or not at all, unless it is there already."""
    if kept.exists():
        return
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}.part")
    unfinished.write_bytes(content)
    unfinished.replace(kept)


def as_row(image: Image) -> dict[str, Any]:
    """The picture as the part's row keeps it."""
    return {
        "file": image.path.name,
        "media_type": image.media_type,
        "alt": image.alt,
        "size_bytes": image.size_bytes,
    }


def _read(name: str) -> bytes:
    try:
        path = Path(name).expanduser()
        if path.stat().st_size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES / 1e6:.0f} MB"
            raise InputProblem(f"{path} is larger than {limit}.", "Make it smaller.")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:  # no such user, no such path
        reason = error.strerror if isinstance(error, OSError) else "it cannot be a path"
        raise InputProblem(
            f"The picture {printable(name)} cannot be read ({reason}).", "Check the path."
        ) from None

"""What X takes and refuses, and what it makes of a text; all known without asking it."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from handbill.domain.network import Image
from handbill.domain.prices import Prices
from handbill.domain.text.characters import forbidden, suspicious
from handbill.domain.text.entities import cashtags, urls
from handbill.domain.text.weighted import weighted_length

MAX_WEIGHT = MAX_LENGTH = 280
#: X has no warning that an author could put before a text.
HAS_WARNINGS = False
#: More than this can never count 280: a link of 4,096 characters counts 23.
MAX_CHARACTERS = 60_000
MAX_CASHTAGS = 1
MAX_IMAGES = 4
MAX_ALT_CHARACTERS = 1000
#: Largest file of each kind that X takes, in bytes.
MAX_BYTES = {
    "image/jpeg": 5_000_000,
    "image/png": 5_000_000,
    "image/webp": 5_000_000,
    "image/gif": 15_000_000,
}

#: Pay per use, as X published it in February 2026.
PRICES = Prices(date(2026, 2, 1), Decimal("0.015"), Decimal("0.20"), Decimal("0.005"))


def check(text: str, images: Sequence[Image]) -> list[str]:
    """Everything X would refuse about a part, one sentence each. No I/O."""
    return [*_check_text(text, bool(images)), *_check_images(images)]


def remote_id(link: str) -> str | None:
    """The number in `https://x.com/NAME/status/NUMBER`, or None."""
    found = re.fullmatch(
        r"https?://[^/\s]+/[^/\s]+/status/([1-9]\d{0,18})(?:[/?#]\S*)?", link.strip()
    )
    return found[1] if found else None


def length(text: str) -> int:
    """X's weighted count; a text that is hopelessly long is only measured."""
    return weighted_length(text) if len(text) <= MAX_CHARACTERS else len(text)


def links(text: str) -> list[str]:
    """Links, and names that X takes for one, such as `README.md`. X has never said which it bills,
    so all of them."""
    return [span.text for span in urls(text)]


def remarks(text: str) -> list[str]:
    """The count, names that X takes for links, and characters that nobody can see."""
    found = [f"Counts {weighted_length(text)} of {MAX_WEIGHT}."]
    bare = [span.text for span in urls(text) if "://" not in span.text]
    if bare:
        found.append(f"X makes a link of {', '.join(bare)}, and may charge for it.")
    found += [
        f"Character {odd.position + 1} is invisible ({odd.name}); is it meant?"
        for odd in suspicious(text)[:3]
    ]
    return found


def _check_text(text: str, has_images: bool) -> list[str]:
    if len(text) > MAX_CHARACTERS:  # counting megabytes would take long
        return [f"Too long for X: {len(text)} characters."]
    wrong = [
        f"Character {bad.position + 1} ({bad.name}) cannot be posted." for bad in forbidden(text)
    ]
    if wrong:
        return wrong[:5]
    if not text.strip() and not has_images:
        return ["The text is empty."]
    if (weight := weighted_length(text)) > MAX_WEIGHT:
        over = weight - MAX_WEIGHT
        wrong.append(f"Too long for X by {over}: it counts {weight} of {MAX_WEIGHT}.")
    if len(tags := cashtags(text)) > MAX_CASHTAGS:
        where = ", ".join(f"${tag.text.lstrip('$')} at character {tag.start + 1}" for tag in tags)
        wrong.append(f"X takes one cashtag a post, and here are {len(tags)}: {where}.")
    return wrong


def _check_images(images: Sequence[Image]) -> list[str]:
    wrong = []
    if len(images) > MAX_IMAGES:
        wrong.append(f"X takes {MAX_IMAGES} pictures a post, and here are {len(images)}.")
    if len(images) > 1 and any(image.media_type == "image/gif" for image in images):
        wrong.append("X takes a GIF only alone.")
    for image in images:
        limit = MAX_BYTES.get(image.media_type)
        if limit is None:
            wrong.append(f"X does not take {image.name}; use JPEG, PNG, WebP or GIF.")
        elif image.size_bytes > limit:
            size = image.size_bytes / 1e6
            wrong.append(f"{image.name} is too large: {size:.1f} of {limit / 1e6:.0f} MB.")
        wrong += [
            f"The alt text of {image.name}: character {bad.position + 1} ({bad.name}) "
            "cannot be posted."
            for bad in forbidden(image.alt)[:3]
        ]
        if len(image.alt) > MAX_ALT_CHARACTERS:
            count = f"{len(image.alt)} of {MAX_ALT_CHARACTERS} characters"
            wrong.append(f"The alt text of {image.name} is too long: {count}.")
    return wrong

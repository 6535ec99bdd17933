"""Short names for commands, made of titles."""

import re
import unicodedata


def slugify(words: str, otherwise: str = "review") -> str:
    """A short name of lower-case letters, digits and hyphens; `otherwise` when none is left."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-") or otherwise

"""How much a post gives away, and the words that it must not."""

from enum import StrEnum


class Spoiler(StrEnum):
    """How much a post gives away."""

    NONE = "none"
    MILD = "mild"
    FULL = "full"

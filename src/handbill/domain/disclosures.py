"""What a critic got for nothing, and the words that say so in every post about the review."""

from enum import StrEnum


class Disclosure(StrEnum):
    """What a critic got, and has to say so."""

    SCREENER = "screener"
    COPY = "copy"
    TRIP = "trip"
    AFFILIATE = "affiliate"

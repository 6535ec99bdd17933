"""What a critic got for nothing, and the words that say so in every post about the review."""

from collections.abc import Mapping
from enum import StrEnum


class Disclosure(StrEnum):
    """What a critic got, and has to say so."""

    SCREENER = "screener"
    COPY = "copy"
    TRIP = "trip"
    AFFILIATE = "affiliate"


#: What a post says, unless a list of words says otherwise. In English; short, and hard to misread
#: (16 CFR 255.5: what a reader would not expect must be disclosed clearly).
TEXTS: Mapping[Disclosure, str] = {
    Disclosure.SCREENER: "Screener provided.",
    Disclosure.COPY: "Review copy provided.",
    Disclosure.TRIP: "Travel paid by the organisers.",
    Disclosure.AFFILIATE: "#ad: affiliate link.",
}


def with_disclosure(
    text: str, disclosure: Disclosure | None, texts: Mapping[Disclosure, str] = TEXTS
) -> str:
    """The text of a first part with the disclosure on a line of its own at its end, once.

    Unchanged where it says so already, and where there is nothing to disclose.
    """
    if disclosure is None or is_disclosed(text, disclosure, texts):
        return text
    return f"{text.rstrip()}\n{texts[disclosure]}".lstrip("\n")


def is_disclosed(
    text: str, disclosure: Disclosure | None, texts: Mapping[Disclosure, str] = TEXTS
) -> bool:
    """Whether a line of the text is just these words, whatever the capitals and blanks.

    A line of its own: in the middle of a sentence the same words might say the contrary.
    """
    if disclosure is None:
        return True
    wanted = _plain(texts[disclosure])
    return any(_plain(line) == wanted for line in text.split("\n"))


def _plain(line: str) -> str:
    return " ".join(line.casefold().split())

"""Forbidden, suspicious and printable characters."""

from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain.text.characters import Forbidden, forbidden, printable, suspicious

#: Whatever is not seen, and its neighbours, far oftener than chance would bring them.
UNSEEN = st.sampled_from(
    "\u200b\u200c\u200d\u200e\u200f\u061c\u202e\u2066\ufe0e\ufe0f\U000e0101\U000e0067\U000e007f\xad\r\n"
    "a👩🎤🏴🏽न\u0915ش"
)
TEXTS = st.lists(UNSEEN | st.characters(exclude_categories=()), max_size=40).map("".join)
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("\0", "control character U+0000"),
        ("\x1b", "control character U+001B"),
        ("\r", "control character U+000D"),
        ("\x7f", "control character U+007F"),
        ("\x85", "control character U+0085"),
        ("\x9f", "control character U+009F"),
        ("\ud800", "lone surrogate U+D800"),
        ("\udfff", "lone surrogate U+DFFF"),
        ("\ufeff", "byte order mark U+FEFF"),
        ("\ufdd0", "noncharacter U+FDD0"),
        ("\ufffe", "noncharacter U+FFFE"),
        ("\uffff", "noncharacter U+FFFF"),
        ("\U0001ffff", "noncharacter U+1FFFF"),
        ("\U0010fffe", "noncharacter U+10FFFE"),
    ],
)
def test_forbidden_characters_are_told_with_place_and_name(char: str, name: str) -> None:
    assert forbidden(f"👩a{char}b") == [Forbidden(2, char, name)]


@pytest.mark.parametrize("text", ["", "a\nb\tc", "a\r\nb", "👩\u200d🎤", "\xa0\u2028\ufffd\ue000"])
def test_other_characters_are_not_forbidden(text: str) -> None:
    assert forbidden(text) == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a\u202eb\u202c", [1, 3]),
        ("\u2066a\u2069", [0, 2]),
        ("a\u200bb", [1]),
        ("a\u2060b\xadc", [1, 3]),
        ("a\u200db", [1]),
        ("a\u200cb", [1]),
        ("👩\u200d", [1]),
        ("\u200d👩", [0]),
        ("👩\u200c🎤", [1]),
        ("a\u200fb", [1]),
        ("\ufe0fa", [0]),
        ("❤\ufe0f\ufe0f", [2]),
        ("a\U000e0061", [1]),
        ("🏴\U000e0067\U000e0062", [1, 2]),
        ("\u3164", [0]),
    ],
)
def test_suspicious_characters(text: str, places: list[int]) -> None:
    assert [found.position for found in suspicious(text)] == places


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        "👩\u200d🎤",
        "🏳\ufe0f\u200d🌈",
        "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿",
        "👩\u200d🐱",
        SCOTLAND,
        "می\u200cخواهم",
        "क्\u200dष",
        "שלום\u200f!",
        "❤\ufe0f and ☺\ufe0e",
    ],
)
def test_what_a_script_or_an_emoji_needs_is_not_suspicious(text: str) -> None:
    assert suspicious(text) == []
    assert printable(text) == text


def test_a_suspicious_character_is_named() -> None:
    assert suspicious("\u202e")[0].name == "right-to-left override U+202E"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Théâtre 映画 👍🏽", "Théâtre 映画 👍🏽"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\ud800", r"\ud800"),
        ("\U0001ffff", r"\U0001ffff"),
        ("a\u2028b", r"a\u2028b"),
        ("\x9b2J", r"\x9b2J"),
        ("back\\slash", "back\\slash"),
        ("a\xa0b", "a\xa0b"),
    ],
)
def test_printable_text(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_newlines_stay_only_when_asked_for() -> None:
    assert printable("a\nb\r\nc", newlines=True) == "a\nb\\r\nc"


@given(text=TEXTS, newlines=st.booleans())
@settings(deadline=None)
def test_printable_text_is_safe_and_stays_as_it_is(text: str, newlines: bool) -> None:
    shown = printable(text, newlines=newlines)
    assert printable(shown, newlines=newlines) == shown
    assert not forbidden(shown)
    assert not suspicious(shown)
    unsafe = {category(char) for char in shown.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
    assert not unsafe
    assert newlines or "\n" not in shown
    shown.encode("utf-8")


@given(text=TEXTS)
@settings(deadline=None)
def test_what_is_told_stands_where_it_is_said_to(text: str) -> None:
    assert all(text[found.position] == found.char for found in forbidden(text))
    assert all(text[found.position] == found.char for found in suspicious(text))

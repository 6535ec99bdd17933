"""Weights: characters, emoji, links, ranges, and the laws that hold for any text."""

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain.text.normal import nfc
from handbill.domain.text.weighted import LIMIT, Measure, measure, weighted_length

MARKS = st.sampled_from("a\u0301\u0316\u0323\u0f73\u0f75\u0f81\u0344\u1100\u1161가é")
ANY_CHARACTER = st.characters(exclude_categories=())
PIECES = st.sampled_from(
    [
        "weekly.com",
        "http://",
        "-a.co",
        ".",
        "é",
        "👩",
        "\u200d",
        "🎤",
        "🏽",
        "🇫",
        "🇷",
        "\ufe0f",
        "1\u20e3",
    ]
)
TEXTS = st.lists(PIECES | MARKS | ANY_CHARACTER, max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Four stars", 10),
        ("Théâtre", 7),
        ("The\u0301a\u0302tre", 7),
        ("фильм", 5),
        ("映画", 4),
        ("ჯაზი", 4),
        ("\u1100", 2),
        ("“film” – it’s fine", 18),
        ("…", 2),
        ("★★★★", 8),
        ("\u200b\u200d", 2),
        ("\u200e\u2028", 4),
        ("\u2032\u2037\u2038", 4),
        ("\ud800", 2),
        ("a\nb\tc", 5),
        ("https://weekly.com/a/very/long/address/that/does/not/count", 23),
        ("weekly.com", 23),
        ("weekly.com weekly.com", 47),
        ("#film @critic", 13),
    ],
)
def test_weight_of_a_text(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    "emoji",
    [
        "😀",
        "☺",
        "☺\ufe0f",
        "©\ufe0f",
        "👍🏽",
        "1\ufe0f\u20e3",
        "#\u20e3",
        "🇫🇷",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "👩\u200d🎤",
        "👩🏽\u200d🎤",
        "🧑\u200d⚕\ufe0f",
        "👨\u200d👩\u200d👧\u200d👦",
        "🧑\u200d🧑\u200d🧒",
        "👩\u200d❤\ufe0f\u200d💋\u200d👨🏿",
        "🧑🏻\u200d🤝\u200d🧑🏿",
        "🤷\u200d♀\ufe0f",
        "🕵\ufe0f\u200d♀\ufe0f",
        "🏃\u200d♀\ufe0f\u200d➡\ufe0f",
        "🏳\ufe0f\u200d🌈",
        "🏴\u200d☠\ufe0f",
        "❤\ufe0f\u200d🔥",
        "🫱🏻\u200d🫲🏿",
        "🐻\u200d❄\ufe0f",
    ],
)
def test_an_emoji_weighs_two_whatever_it_is_made_of(emoji: str) -> None:
    assert weighted_length(emoji) == 2
    assert weighted_length(f"{emoji}{emoji} a") == 6


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("©", 1),
        ("☺\ufe0e", 4),
        ("🐱🏽", 4),
        ("🇦🇦", 4),
        ("🇫🇷🇫", 4),
        ("👩\u200d🐱", 5),
        ("👩\u200d", 3),
        ("😀\ufe0f", 4),
        ("a\ufe0f", 3),
        ("1\ufe0f", 3),
        ("🏴\U000e0061\U000e007f", 6),
    ],
)
def test_what_is_no_emoji_is_weighed_in_its_parts(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_a_text_of_just_the_limit_is_valid() -> None:
    assert measure("a" * LIMIT) == Measure(280, True, 1000, (0, 279), (0, 279))
    assert measure("a" * 281) == Measure(281, False, 1003, (0, 280), (0, 279))


def test_an_empty_text_is_not_valid() -> None:
    assert measure("") == Measure(0, False, 0, (0, 0), (0, 0))


def test_the_limit_can_be_another() -> None:
    assert measure("a" * 281, limit=25_000).valid
    assert measure("abc", limit=2) == Measure(3, False, 1500, (0, 2), (0, 1))


@pytest.mark.parametrize("char", ["\ufffe", "\ufeff", "\uffff"])
def test_a_refused_character_ends_the_valid_range(char: str) -> None:
    assert measure(f"ab{char}cd") == Measure(6, False, 21, (0, 4), (0, 1))


def test_ranges_count_utf16_units_of_the_text_as_given() -> None:
    assert measure("👩\u200d🎤").display_range == (0, 4)
    assert measure("e\u0301") == Measure(1, True, 3, (0, 1), (0, 1))


def test_a_link_over_the_limit_is_left_out_of_the_valid_range_whole() -> None:
    text = "a" * 270 + " weekly.com"
    assert measure(text).valid_range == (0, 270)


@given(text=TEXTS)
@settings(deadline=None)
def test_measuring_never_fails_and_agrees_with_itself(text: str) -> None:
    found = measure(text)
    assert found.weight == weighted_length(text) == weighted_length(nfc(text))
    assert found.permillage == found.weight * 1000 // LIMIT
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert found.display_range == (0, max(units - 1, 0))
    assert found.valid_range[1] <= found.display_range[1]
    if found.valid:
        assert found.valid_range == found.display_range


@given(one=TEXTS, two=TEXTS)
@settings(deadline=None)
def test_two_texts_with_a_space_between_weigh_no_more_than_both(one: str, two: str) -> None:
    together = weighted_length(f"{one} {two}")
    assert together <= weighted_length(one) + weighted_length(two) + 1


@given(text=st.lists(MARKS, max_size=120).map("".join) | TEXTS)
@settings(deadline=None)
def test_composition_is_that_of_the_standard_library(text: str) -> None:
    assert nfc(text) == normalize("NFC", text)


def test_marks_beyond_any_language_are_composed_alike() -> None:
    text = "a" + "\u0301\u0316\u0f73" * 50 + "é" + "\u0316" * 40
    assert nfc(text) == normalize("NFC", text)

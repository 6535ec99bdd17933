"""Whether a quote stands in a review, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.text.quotes import contains, missing, where

TEXT = "“It’s a good  story” – well\ntold, and it's short. The heart of it is art."


@pytest.mark.parametrize(
    "quote",
    [
        "a good story",
        "It's a good story",
        '"It’s a good story" - well told',
        "well\u00a0told,",
        "  art.  ",
        "art",
    ],
)
def test_blanks_marks_and_dashes_may_be_others(quote: str) -> None:
    found = where(TEXT, quote)
    assert contains(TEXT, quote)
    assert found is not None
    assert contains(TEXT[slice(*found)], quote)


@pytest.mark.parametrize(
    "quote",
    [
        "a Good story",
        "a good tale",
        "a good story told",
        "ood story",
        "hear",
        "",
        "  ",
        "…a good story",
    ],
)
def test_nothing_else_may_differ(quote: str) -> None:
    assert not contains(TEXT, quote)
    assert where(TEXT, quote) is None


def test_a_whole_word_is_found_behind_a_part_of_another() -> None:
    assert where("heart smart art", "art") == (12, 15)


def test_those_that_are_missing_are_named_in_order() -> None:
    assert missing("One. Two. Three.", ["Four.", "Two.", "On", "One."]) == ["Four.", "On"]


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_every_stretch_of_whole_words_is_contained(text: str, first: int, last: int) -> None:
    words = text.split()
    quote = " ".join(words[first:last])
    if quote:
        found = where(text, quote)
        assert found is not None
        assert contains(quote, text[slice(*found)])

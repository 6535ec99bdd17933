"""What a post says when the critic got something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.disclosures import TEXTS, Disclosure, is_disclosed, with_disclosure

KINDS = st.sampled_from(Disclosure)


def test_every_kind_has_its_words() -> None:
    assert set(TEXTS) == set(Disclosure)


@given(st.text(), KINDS)
def test_it_is_added_once_and_then_is_there(text: str, kind: Disclosure) -> None:
    once = with_disclosure(text, kind)
    assert is_disclosed(once, kind)
    assert with_disclosure(once, kind) == once
    assert once.split("\n")[-1] == TEXTS[kind] or is_disclosed(text, kind)


def test_it_stands_on_a_line_of_its_own_at_the_end() -> None:
    text = with_disclosure("See it: https://a.example \n", Disclosure.COPY)
    assert text == "See it: https://a.example\nReview copy provided."
    assert with_disclosure("", Disclosure.COPY) == "Review copy provided."


def test_nothing_is_added_when_there_is_nothing_to_disclose() -> None:
    assert with_disclosure("See it. ", None) == "See it. "
    assert is_disclosed("See it.", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("See it.\nreview  COPY provided.", True),
        ("Review copy provided.\nSee it.", True),
        ("No review copy provided.", False),
        ("See it. Review copy provided.", False),
        ("Review copy provided. Not!", False),
        ("Screener provided.", False),
    ],
)
def test_only_a_whole_line_says_so(text: str, said: bool) -> None:
    assert is_disclosed(text, Disclosure.COPY) is said


def test_other_words_can_take_their_place() -> None:
    texts = {**TEXTS, Disclosure.COPY: "Rezensionsexemplar."}
    assert with_disclosure("Lest es.", Disclosure.COPY, texts) == "Lest es.\nRezensionsexemplar."
    assert not is_disclosed("Review copy provided.", Disclosure.COPY, texts)

"""Words that no post may give away."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.spoilers import forbidden


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The TWIN did it.", "twin"),
        ("Both twins did it.", "twin"),
        ("The twin did it.", "twins"),
        ("The twin's hat.", "twin"),
        ("The twin’s hat.", "twin"),
        ("The twins’ hats.", "twin"),
        ("Two witches.", "witch"),
        ("A witch.", "witches"),
        ("Two spies.", "spy"),
        ("Renée lives.", "renee"),
        ("Rene\u0301e lives.", "RENÉE"),
        ("Renee lives.", "Renée"),
        ("A step-father.", "stepfather"),
        ("A stepfather.", "step-father"),
        ("A step father.", "step-father"),
        ("Her step-father's hat.", "step father"),
        ("The attorneys general.", "attorney general"),
        ("He is\n dead  by then.", "is dead"),
        ("Go #TeamRenee!", "Renée"),
        ("#bobdidit", "Bob did it"),
        ("A tw\xadin.", "twin"),
        ("He is ﬁne.", "fine"),
        ("犯人は彼です。", "犯人"),
        ("It ends in 💀.", "💀"),
        ("O'Brien!", "O’Brien"),
        ("In 1979.", "1979"),
    ],
)
def test_a_word_is_found_in_every_form(text: str, word: str) -> None:
    assert forbidden(text, [word]) == [word]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Twinning and between.", "twin"),
        ("It is renewed.", "new"),
        ("A new film.", "news"),
        ("A bos.", "boss"),
        ("He is not dead.", "is dead"),
        ("Father took a step.", "step-father"),
        ("1979 and 79", "9"),
        ("Anything.", ""),
        ("Anything.", " - "),
        ("", "twin"),
    ],
)
def test_other_words_are_not(text: str, word: str) -> None:
    assert forbidden(text, [word]) == []


def test_the_words_come_as_they_are_listed_each_once() -> None:
    listed = ["Twin", "letter", "ghost", "Twin"]
    assert forbidden("A ghost, a letter and twins.", listed) == ["Twin", "letter", "ghost"]


WORDS = st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x17F), min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=3), st.text(max_size=20), st.booleans())
def test_a_word_is_found_wherever_it_stands(words: list[str], around: str, upper: bool) -> None:
    phrase = " ".join(words)
    written = unicodedata.normalize("NFD", phrase.upper() if upper else phrase)
    assert forbidden(f"{around} {written}, {around}", [phrase]) == [phrase]

"""The list of words: what it may hold, and what is found with it."""

import pytest

from handbill import shipped
from handbill.domain.disclosures import TEXTS, Disclosure
from handbill.domain.words import Sort, Words, read, tokens_of
from handbill.errors import SettingsProblem

LIST = """
language = "en"
[praise]
strong = "gorgeous* must-see"
mild = "good"
[words]
plot = "returns-to falls-in-love*"
"""


def found(words: Words, text: str) -> list[tuple[Sort, int, str]]:
    return [(hit.sort, hit.points, hit.words) for hit in words.find(tokens_of(text))]


def test_the_list_that_ships_can_be_read() -> None:
    words = read((shipped.folder() / "words.toml").read_text("utf-8"), "words.toml")
    assert words.language == "en"
    assert words.disclosures == TEXTS
    assert {hit.sort for hit in words.find(tokens_of("Gorgeous film"))} == {
        Sort.OPINION,
        Sort.CRAFT,
    }


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("GORGEOUSLY", [(Sort.OPINION, 2, "gorgeously")]),
        ("A must see, a must-see", [(Sort.OPINION, 2, "must see")] * 2),
        ("The good's best", [(Sort.OPINION, 1, "good")]),
        ("goodness", []),
        ("He falls in lovely", [(Sort.PLOT, 1, "falls in lovely")]),
        ("He returns", []),
        ("returns to", [(Sort.PLOT, 1, "returns to")]),
        ("", []),
    ],
)
def test_entries_are_found_as_whole_words_and_phrases(
    text: str, hits: list[tuple[Sort, int, str]]
) -> None:
    assert found(read(LIST, "words.toml"), text) == hits


def test_accents_do_not_matter() -> None:
    words = read('language = "fr"\n[praise]\nmild = "éclatant*"', "words.toml")
    assert found(words, "Eclatante, ÉCLATANT") == [
        (Sort.OPINION, 1, "eclatante"),
        (Sort.OPINION, 1, "eclatant"),
    ]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("language = ", "is not TOML"),
        ("", "language must be like"),
        ("language = 3", "language must be like"),
        ('language = "en"\nprais = 1', "there is no prais"),
        ('language = "en"\npraise = "good"', r"praise must be a table, \[praise\]"),
        ('language = "en"\n[praise]\nfair = "good"', "there is no praise.fair"),
        ('language = "en"\n[words]\nopinion = "good"', "there is no words.opinion"),
        ('language = "en"\n[words]\nplot = ["a"]', "words.plot must be text"),
        ('language = "en"\n[words]\nplot = "a*b"', r"'a\*b', which is no word"),
        ('language = "en"\n[words]\nplot = "*"', "which is no word"),
        ('language = "en"\n[words]\nplot = "a-b-c-d-e-f-g-h-i"', "which is no word"),
        ('language = "en"\n[disclosures]\ncopy = " "', "disclosures.copy must be one line"),
        ('language = "en"\n[disclosures]\ngift = "a"', "there is no disclosures.gift"),
    ],
)
def test_a_wrong_list_is_refused_in_plain_words(source: str, says: str) -> None:
    with pytest.raises(SettingsProblem, match=says) as refusal:
        read(source, "/home/words.toml")
    assert "/home/words.toml" in refusal.value.says
    assert refusal.value.cure


def test_a_list_may_bring_disclosures_of_its_own() -> None:
    words = read('language = "en"\n[disclosures]\ncopy = "Free copy."', "words.toml")
    assert words.disclosures == {**TEXTS, Disclosure.COPY: "Free copy."}

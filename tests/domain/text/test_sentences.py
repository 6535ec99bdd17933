"""Where sentences and clauses begin and end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.text.sentences import clauses, paragraphs, sentences, with_ellipses
from tests.reviews import names, sample

PIECES = st.sampled_from(
    ["A", "the film", ".", "!", "?", "…", "...", " ", "\n", "\n\n", '"', "”", "(", ")", "Mr", "U.S",
     ", and ", ", but ", "; ", " — ", "is good", "Although", "。", "é", "9", "Moulin Rouge!"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.characters(), max_size=60).map("".join)


def cut(text: str, *titles: str) -> list[str]:
    return [one.text for one in sentences(text, titles)]


@pytest.mark.parametrize("name", names())
def test_each_sentence_of_a_whole_review_is_found(name: str) -> None:
    review = sample(name)
    assert cut(review.text, review.work) == [line for _, line in review.sentences]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Mr. Holm plays Dr. No. It works.", 2),
        ("A score by J. P. Holm and R. Vane lifts it.", 1),
        ("A U.S. Navy film. It floats.", 2),
        ("It was made in the U.S. The rest is Canadian.", 2),
        ("See No. 5 on the list. Then stop.", 2),
        ("Is it good? No. Is it short? No.", 4),
        ("It costs $3.50 at 9.30 p.m. on Fridays.", 1),
        ("Well... maybe. Or… not. Then… Silence.", 4),
        ("“It sings!” Then it stops. (It does.) Really.", 4),
        ("Stop!!! Now?!", 2),
        ("It is plan I. Good.", 2),
        ("良い映画。本当に！でも長い。", 3),
        ("No mark at the end\n\nA new paragraph", 2),
        ("A heading\nThe text below it.", 2),
        ("This line is long enough to have been wrapped where\nthe window ended.", 1),
        ("", 0),
        (" \n\n ", 0),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, number: int) -> None:
    assert len(cut(text)) == number


def test_a_mark_inside_a_title_ends_nothing() -> None:
    text = "See tick, tick... BOOM! Garfield sings. I like Moulin Rouge! It is loud."
    assert cut(text, "tick, tick... BOOM!", "Moulin Rouge!") == [
        "See tick, tick... BOOM! Garfield sings.",
        "I like Moulin Rouge!",
        "It is loud.",
    ]
    assert len(cut(text)) > 3


@given(TEXTS)
def test_what_is_found_stands_in_the_text_and_nothing_but_blanks_is_lost(text: str) -> None:
    found = sentences(text, ["Moulin Rouge!"])
    assert all(text[one.start : one.end] == one.text == one.text.strip() != "" for one in found)
    assert "".join("".join(one.text for one in found).split()) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(TEXTS)
def test_clauses_are_parts_of_their_sentence(text: str) -> None:
    for one in sentences(text):
        for part in clauses(text, one):
            assert text[part.start : part.end] == part.text
            assert one.start <= part.start < part.end <= one.end
            assert part.cut_before or part.cut_after


def parts(text: str) -> list[str]:
    (one,) = sentences(text)
    return [
        with_ellipses(part.text, cut_before=part.cut_before, cut_after=part.cut_after)
        for part in clauses(text, one)
    ]


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        (
            "Regardless of taste, nobody could say that it is not gorgeous.",
            ["…nobody could say that it is not gorgeous."],
        ),
        (
            "The camera work here is stunning; the editing is another matter.",
            ["…the editing is another matter.", "The camera work here is stunning…"],
        ),
        (
            "It is blatant, but it works to build up the tension.",
            ["…it works to build up the tension."],
        ),
        ("This is a masterpiece for children, but only for them.", []),
        ("This is a masterpiece of its kind, if you have no taste.", []),
        ("If you liked the first, this is a masterpiece for you.", []),
        (
            "This is the best film of them all — for its first minute.",
            ["This is the best film of them all…"],
        ),
        ("She is splendid as the elder sister, the cook, and the ghost.", []),
        ("It is good.", []),
    ],
)  # fmt: skip
def test_a_clause_says_alone_what_it_said_in_its_sentence(text: str, alone: list[str]) -> None:
    assert parts(text) == alone


def test_an_endless_sentence_is_not_cut() -> None:
    text = "the film is long, and it goes on; " * 100
    (one,) = sentences(text)
    assert clauses(text, one) == []


def test_blank_lines_part_paragraphs() -> None:
    assert [one.text for one in paragraphs("\n A.\nB.\n \n\nC.\n")] == ["A.\nB.", "C."]

"""Ratings: every usual spelling is read, one is kept, and none is invented."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.ratings import MOST_STARS, Rating, find, read


def known(text: str) -> Rating:
    rating = read(text)
    assert rating is not None
    return rating


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("3.5/5", "3.5/5", "★★★½ (3.5/5)"),
        ("3,5/5", "3.5/5", "★★★½ (3.5/5)"),
        (" 3.50 / 5 ", "3.5/5", "★★★½ (3.5/5)"),
        ("★★★½", "3.5/5", "★★★½ (3.5/5)"),
        ("★★★☆☆", "3/5", "★★★ (3/5)"),
        ("★★★½☆", "3.5/5", "★★★½ (3.5/5)"),
        ("★★★½ (3.5/5)", "3.5/5", "★★★½ (3.5/5)"),
        ("★★★½ (3½/4)", "3.5/4", "★★★½ (3.5/4)"),
        ("★★★☆", "3/4", "★★★ (3/4)"),
        ("☆☆☆☆☆", "0/5", "0/5"),
        ("½☆☆☆☆", "0.5/5", "½ (0.5/5)"),
        ("⭐⭐⭐⭐", "4/5", "★★★★ (4/5)"),
        ("⭐️⭐️⭐️", "3/5", "★★★ (3/5)"),
        ("B+", "B+", "B+"),
        ("b +", "B+", "B+"),
        ("A−", "A-", "A-"),
        ("C minus", "C-", "C-"),
        ("F", "F", "F"),
        ("8/10", "8/10", "8/10"),
        ("8 out of 10", "8/10", "8/10"),
        ("85%", "85%", "85%"),
        ("85 per cent", "85%", "85%"),
        ("85/100", "85/100", "85/100"),
        ("3½ out of 5", "3.5/5", "★★★½ (3.5/5)"),
        ("3 1/2 out of 5 stars", "3.5/5", "★★★½ (3.5/5)"),
        ("3½ stars out of 4", "3.5/4", "★★★½ (3.5/4)"),
        ("½ out of 4", "0.5/4", "½ (0.5/4)"),
        ("4 stars", "4/5", "★★★★ (4/5)"),
        ("2½ stars", "2.5/5", "★★½ (2.5/5)"),
        ("2.75/4", "2.75/4", "2.75/4"),
        ("2¾/4", "2.75/4", "2.75/4"),
        ("3.7/5", "3.7/5", "3.7/5"),
        ("10/10", "10/10", "10/10"),
        ("0/5", "0/5", "0/5"),
    ],
)
def test_every_usual_spelling_is_read_and_kept_in_one(typed: str, kept: str, shown: str) -> None:
    rating = known(typed)
    assert (rating.kept, str(rating)) == (kept, shown)
    assert known(kept) == known(shown) == rating


@pytest.mark.parametrize(
    "nonsense",
    [
        "7/5", "11/10", "101%", "★★★★★★", "6 stars", "★★☆☆☆☆☆", "★☆", "3/0", "3/1", "1/2/3",
        "3,5,5", "★★★ (2/5)", "★★★ (x/5)", "☆★", "five of 7", "-3/5", "3.125/5", "★ or 4", "1985",
        "3/5/10", "1" * 400, "٣٫٣",
    ],
)  # fmt: skip
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r"^(cannot|is|has|says) "):
        read(nonsense)


@pytest.mark.parametrize("words", ["Recommended", "A must", "", "G", "Bingo", "thumbs up"])
def test_other_words_are_no_rating_of_ours(words: str) -> None:
    assert read(words) is None


@pytest.mark.parametrize(
    ("typed", "sure"), [("★★★", False), ("4 stars", False), ("★★★☆☆", True), ("4/5", True)]
)
def test_it_is_not_sure_of_a_scale_that_is_not_printed(typed: str, sure: bool) -> None:
    assert known(typed).sure is sure


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("★★★½", "3.5 out of 5 stars"), ("8/10", "8 out of 10"), ("85%", "85 per cent"),
        ("B+", "B plus"), ("A-", "A minus"), ("C", "C"), ("3.7/5", "3.7 out of 5"),
    ],
)  # fmt: skip
def test_it_can_be_heard(typed: str, words: str) -> None:
    assert known(typed).words == words


HALVES = st.integers(2, 100).flatmap(
    lambda scale: st.integers(0, 2 * scale).map(lambda half: Rating(Decimal(half) / 2, scale))
)
FINE = st.integers(2, 100).flatmap(
    lambda scale: st.integers(0, 100 * scale).map(lambda n: Rating(Decimal(n) / 100, scale))
)
LETTERS = st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["", "+", "-"])).map(
    lambda both: Rating(letter="".join(both))
)
PERCENT = st.integers(0, 100).map(lambda n: Rating(Decimal(n), 100, percent=True))


@given(HALVES | FINE | LETTERS | PERCENT)
def test_what_is_kept_and_what_is_shown_read_back_as_the_same(rating: Rating) -> None:
    assert known(rating.kept) == rating
    assert known(str(rating)) == rating
    assert len(rating.kept) <= 20


@given(HALVES)
def test_stars_say_the_value_exactly_or_nothing(rating: Rating) -> None:
    assert rating.value is not None
    if rating.scale and rating.scale <= MOST_STARS:
        assert rating.stars.count("★") + Decimal("0.5") * rating.stars.count("½") == rating.value
    else:
        assert rating.stars == ""


@given(st.text(alphabet="0123456789/½★☆.,% ABF+-stars outf\u0660\n", max_size=25))
def test_anything_is_read_or_refused_in_words(text: str) -> None:
    try:
        rating = read(text)
    except ValueError:
        rating = None
    assert rating is None or known(rating.kept) == rating


# In a text


@pytest.mark.parametrize(
    ("text", "kept", "sure"),
    [
        ("A film.\n\nRating: 3.5/5", "3.5/5", True),
        ("A film.\n\n**Grade: B+**\n", "B+", True),
        ("Grade: A\nA film.", "A", True),
        ("A film.\n\n★★★½☆\n", "3.5/5", True),
        ("A film.\n\n★★★½\n", "3.5/5", False),
        ("A film.\n\nVerdict – 4 out of 5 stars.", "4/5", True),
        ("A film.\nScore: 85%", "85%", True),
        ("I give it 4/5 and no more.", "4/5", False),
        ("I give it ★★★☆☆, no more.", "3/5", False),
        ("Rating: 3/5\nSound: fine.\nRating: 4/5", "4/5", False),
        ("Rating: 4/5\n\nA film.\n\n4/5", "4/5", True),
    ],
)
def test_a_printed_rating_is_found(text: str, kept: str, sure: bool) -> None:
    rating = find(text)
    assert rating is not None
    assert (rating.kept, rating.sure) == (kept, sure)


@pytest.mark.parametrize(
    "text",
    [
        "On 10/10/2017 it opened.", "It runs 24/7.", "After 9/11 nothing was the same.", "A", "B.",
        "Verdict: See it.", "Rating: PG-13", "He has 2 stars in it.", "A 50/50 chance.",
        "Only 85% of it works.", "Version 1.2/5.3", "", "It stars Ann Lee.", "Rating: 7/5",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert find(text) is None


def test_ten_megabytes_are_looked_through_at_once() -> None:
    import time

    for piece in ("3.5 out of the 5/", "★★★", "1/2 ", "Rating: ", "9" * 50, "½"):
        begun = time.monotonic()
        find(piece * (2_000_000 // len(piece)))
        assert time.monotonic() - begun < 2

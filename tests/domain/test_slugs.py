"""Short names are made of titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.slugs import slugify
from handbill.inputs import ReviewIn


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("The Keeper of Skerry Light", "the-keeper-of-skerry-light"),
        ("Amélie", "amelie"),
        ("  Otto e mezzo! / Part 2  ", "otto-e-mezzo-part-2"),
        ("Привет", "review"),
        ("…", "review"),
        ("", "review"),
        ("x" * 200, "x" * 60),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_a_slug_is_made_of_words(words: str, slug: str) -> None:
    assert slugify(words) == slug


def test_what_leaves_no_letter_gets_the_word_that_was_asked_for() -> None:
    assert slugify("Привет", "work") == "work"


@given(st.text(max_size=200))
def test_every_slug_that_we_make_is_one_that_could_be_chosen(words: str) -> None:
    slug = slugify(words)
    assert ReviewIn(title="A", slug=slug).slug == slug

"""Rows of reviews."""

import pytest
from sqlalchemy import Engine

from handbill.errors import InputProblem, NotFound
from handbill.store import reviews
from tests.factories import NOW, add_review, review_in


def test_a_review_is_kept_as_given(engine: Engine) -> None:
    add_review(
        engine, rating="4/5", outlet="The Gazette", handle="ines", link="https://a.example/b"
    )
    kept = reviews.named(engine, "skerry-light")
    assert (kept.title, kept.work, kept.outlet) == (
        "A lamp and two liars",
        "Skerry Light",
        "The Gazette",
    )
    assert (kept.handle, kept.rating, kept.link) == ("@ines", "4/5", "https://a.example/b")
    assert kept.created_at == NOW


def test_a_chosen_slug_can_be_taken_once(engine: Engine) -> None:
    add_review(engine)
    with pytest.raises(InputProblem) as problem:
        add_review(engine)
    assert "skerry-light" in problem.value.says
    assert "--slug" in problem.value.cure


def test_a_slug_that_was_not_chosen_gets_the_next_free_number(engine: Engine) -> None:
    slugs = [reviews.add(engine, review_in(), "skerry", NOW).slug for _ in range(3)]
    assert slugs == ["skerry", "skerry-2", "skerry-3"]


def test_a_slug_that_others_begin_with_is_free(engine: Engine) -> None:
    reviews.add(engine, review_in(), "skerry-light", NOW)
    assert reviews.add(engine, review_in(), "skerry", NOW).slug == "skerry"
    assert reviews.add(engine, review_in(), "skerry-light", NOW).slug == "skerry-light-2"


def test_a_gap_between_numbers_is_used(engine: Engine) -> None:
    for slug in ("skerry", "skerry-3"):
        add_review(engine, slug)
    assert reviews.add(engine, review_in(), "skerry", NOW).slug == "skerry-2"
    assert reviews.add(engine, review_in(), "skerry", NOW).slug == "skerry-4"


def test_an_unknown_review_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound) as problem:
        reviews.named(engine, "nothing")
    assert "review list" in problem.value.cure


def test_reviews_are_listed_newest_first(engine: Engine) -> None:
    for slug in ("one", "two", "three"):
        add_review(engine, slug)
    assert [one.slug for one in reviews.listing(engine)] == ["three", "two", "one"]

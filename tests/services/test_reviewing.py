"""Reviews and their short names."""

import pytest
from pydantic import ValidationError

from handbill.errors import InputProblem, NotFound
from handbill.services import reviewing
from handbill.services.desk import Desk
from tests.factories import review_in


def test_the_slug_is_made_of_the_work_or_else_of_the_title(desk: Desk) -> None:
    assert reviewing.add(desk, review_in("A headline", work="Skerry Light")).slug == "skerry-light"
    assert reviewing.add(desk, review_in("A headline", work=None)).slug == "a-headline"


def test_a_second_review_of_a_work_gets_a_number(desk: Desk) -> None:
    slugs = [reviewing.add(desk, review_in()).slug for _ in range(3)]
    assert slugs == ["skerry-light", "skerry-light-2", "skerry-light-3"]


def test_a_chosen_slug_is_kept_or_refused(desk: Desk) -> None:
    assert reviewing.add(desk, review_in(slug="mine")).slug == "mine"
    with pytest.raises(InputProblem, match="already a review called mine"):
        reviewing.add(desk, review_in(slug="mine"))


def test_reviews_are_found_by_slug_and_listed_newest_first(desk: Desk) -> None:
    for slug in ("one", "two"):
        reviewing.add(desk, review_in(slug=slug))
    assert reviewing.get(desk, "one").slug == "one"
    assert [review.slug for review in reviewing.listing(desk)] == ["two", "one"]
    with pytest.raises(NotFound):
        reviewing.get(desk, "three")


@pytest.mark.parametrize(("given_as", "kept"), [("ines", "@ines"), ("@ines", "@ines"), ("", None)])
def test_a_handle_is_kept_with_one_at(given_as: str, kept: str | None) -> None:
    assert review_in(handle=given_as).handle == kept


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 501},
        {"slug": "Mine"},
        {"slug": "a--b"},
        {"slug": "-a"},
        {"slug": "a/b"},
        {"slug": ""},
        {"link": "gazette.example.com"},
        {"link": "javascript:alert(1)"},
        {"link": "ftp://gazette.example.com/a"},
        {"link": "https://"},
        {"rating": "x" * 21},
        {"stars": "5"},
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        review_in(**fields)


@pytest.mark.parametrize("link", ["https://gazette.example.com", "http://a.example/b?c=d#e"])
def test_a_web_address_is_kept(link: str) -> None:
    assert review_in(link=link).link == link


@pytest.mark.parametrize(
    "fields",
    [
        {"rating": "7/5"},
        {"rating": "1985"},
        {"text": "It \x00 shines."},
        {"text": "It \ud800 shines."},
        {"published_at": "2026-11-20T09:30"},
        {"disclosure": "bribe"},
    ],
    ids=repr,
)
def test_new_fields_are_checked_too(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        review_in(**fields)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("3½ out of 5", "3.5/5"), ("★★★☆☆", "3/5"), ("A must", "A must"), (" ", None)],
)
def test_a_rating_is_kept_in_one_spelling_and_other_words_as_typed(
    typed: str, kept: str | None
) -> None:
    assert review_in(rating=typed).rating == kept


def test_an_edit_changes_what_was_typed_and_makes_it_sure(desk: Desk) -> None:
    reviewing.add(desk, review_in(slug="lamp", outlet="A", unsure=["work", "outlet"], draft=True))
    review = reviewing.edit(desk, "lamp", {"outlet": "B", "rating": "★★★½", "link": None})
    assert (review.outlet, review.rating, review.unsure) == ("B", "3.5/5", ["work"])
    assert (review.work, review.draft) == ("Skerry Light", True)
    assert reviewing.get(desk, "lamp").outlet == "B"
    kept = reviewing.keep(desk, "lamp")
    assert (kept.draft, kept.unsure) == (False, [])


def test_an_instant_goes_when_another_day_is_given(desk: Desk) -> None:
    day = {"published_on": "2026-11-20", "published_at": "2026-11-20T09:30Z"}
    reviewing.add(desk, review_in(slug="lamp", **day))
    assert reviewing.edit(desk, "lamp", {"outlet": "B"}).published_at is not None
    assert reviewing.edit(desk, "lamp", {"published_on": "2026-11-21"}).published_at is None


def test_an_edit_that_cannot_be_changes_nothing(desk: Desk) -> None:
    reviewing.add(desk, review_in(slug="lamp"))
    with pytest.raises(InputProblem, match="rating"):
        reviewing.edit(desk, "lamp", {"outlet": "B", "rating": "7/5"})
    with pytest.raises(InputProblem, match="Nothing"):
        reviewing.edit(desk, "lamp", {})
    with pytest.raises(InputProblem, match="title"):
        reviewing.edit(desk, "lamp", {"title": None})
    with pytest.raises(NotFound):
        reviewing.edit(desk, "nothing", {"outlet": "B"})
    assert reviewing.get(desk, "lamp").outlet is None


def test_ratings_are_shown_with_their_symbols(desk: Desk) -> None:
    review = reviewing.add(desk, review_in(rating="3.5/5"))
    assert reviewing.rating(review) == "★★★½ (3.5/5)"
    assert reviewing.rating(reviewing.add(desk, review_in(rating="A must"))) == "A must"
    assert reviewing.rating(reviewing.add(desk, review_in())) == ""

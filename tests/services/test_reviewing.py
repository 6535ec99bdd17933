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

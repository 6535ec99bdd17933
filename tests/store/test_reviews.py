"""Rows of reviews."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from handbill.domain.disclosures import Disclosure
from handbill.errors import InputProblem, NotFound
from handbill.models import Work
from handbill.store import reviews
from handbill.store.engine import read
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


def works(engine: Engine) -> dict[str, str]:
    with read(engine) as session:
        return {work.slug: work.title for work in session.exec(select(Work)).all()}


def test_reviews_of_one_work_hang_on_it_however_they_write_its_name(engine: Engine) -> None:
    first = add_review(engine, "one", work="Amélie")
    second = add_review(engine, "two", work="AMELIE")
    assert first.work_id == second.work_id is not None
    assert works(engine) == {"amelie": "Amélie"}
    assert add_review(engine, "three", work=None).work_id is None


def test_works_whose_names_leave_no_letter_stay_apart(engine: Engine) -> None:
    ids = [add_review(engine, f"r{n}", work=title).work_id for n, title in enumerate("АБА")]
    assert ids[0] == ids[2] != ids[1]
    assert works(engine) == {"work": "А", "work-2": "Б"}


def test_everything_about_a_review_is_kept(engine: Engine) -> None:
    add_review(
        engine, text="It shines.\r\nTwice.", language="en", published_on="2026-11-20",
        published_at="2026-11-20T09:30+01:00", disclosure="screener", check_link=True,
        draft=True, unsure=["work"], source="a.txt", rating="3½ out of 5",
    )  # fmt: skip
    kept = reviews.named(engine, "skerry-light")
    assert (kept.text, kept.language, kept.rating) == ("It shines.\nTwice.", "en", "3.5/5")
    assert kept.published_on == date(2026, 11, 20)
    assert kept.published_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert kept.disclosure is Disclosure.SCREENER
    assert (kept.check_link, kept.draft, kept.unsure, kept.source) == (
        True,
        True,
        ["work"],
        "a.txt",
    )


def test_a_change_replaces_the_fields_and_leaves_the_slug(engine: Engine) -> None:
    add_review(engine, rating="4/5", draft=True, unsure=["rating"])
    reviews.change(engine, "skerry-light", review_in("Another", work="Skerry Dark"), NOW)
    kept = reviews.named(engine, "skerry-light")
    assert (kept.title, kept.rating, kept.draft, kept.unsure) == ("Another", None, False, [])
    assert set(works(engine)) == {"skerry-light", "skerry-dark"}
    for call in (reviews.keep, lambda e, s: reviews.change(e, s, review_in(), NOW)):
        with pytest.raises(NotFound):
            call(engine, "nothing")

"""Rows of works and dates: a date and the posts that hang on it are written together, or not."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from handbill.errors import InputProblem, NotFound, TooLate
from handbill.models import Post, ReleaseDate, Review, Work
from handbill.store import works
from handbill.store.engine import write
from handbill.store.posts import Move
from handbill.store.works import NewDate, Shown
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    add_post,
    add_review,
    get,
    overwrite,
    set_embargo,
    timing,
)

WIDE = NewDate(day=date(2026, 12, 4))
NONE = Shown({"wide", "release"}, [])


def shown(*moves: Move) -> Shown:
    return Shown(NONE.names, [move.post_id for move in moves], moves)


@pytest.fixture
def work(engine: Engine) -> Work:
    return works.add(engine, "Skerry Light", "skerry-light", NOW)


def days(engine: Engine, work: Work) -> list[date | None]:
    return [one.day for one in works.dates_of(engine, work.id or 0)]


def test_reviews_of_before_there_were_works_are_put_to_one_by_its_title(engine: Engine) -> None:
    mine = add_review(engine, work="SKERRY light")
    other = add_review(engine, "other", work="Skerry")
    with write(engine) as session:
        session.execute(sa.update(Review).values(work_id=None))
        session.execute(sa.delete(Work))
    other.work_id = None
    work = works.add(engine, "Skerry Light", "skerry-light", NOW)
    assert [one.id for one in works.reviews_of(engine, work)] == [mine.id]
    assert works.of_review(engine, works.reviews_of(engine, work)[0]) == work
    assert works.of_review(engine, other) is None


def test_a_later_review_is_put_to_it_as_well(engine: Engine, work: Work) -> None:
    review = add_review(engine)
    assert review.work_id == work.id
    assert works.of_review(engine, review) == work
    works.put_spoilers(engine, work.id or 0, ["the twist"])
    assert works.reviews_of(engine, work)[0].work_id == work.id
    assert works.named(engine, "SKERRY LIGHT").spoilers == ["the twist"]


def test_a_title_and_a_slug_are_taken_once(engine: Engine, work: Work) -> None:
    for title, slug in (("skerry light", "other"), ("Other", "skerry-light")):
        with pytest.raises(InputProblem, match="already a work"):
            works.add(engine, title, slug, NOW)
    with pytest.raises(NotFound):
        works.named(engine, "Other")
    assert works.listing(engine) == [work]


def test_a_date_and_the_posts_that_hang_on_it_move_together(engine: Engine, work: Work) -> None:
    review = add_review(engine)
    number = add_post(engine, review=review)
    works.put_date(engine, work.id or 0, "wide", WIDE, shown(Move(number, 1, timing(NOW + DAY))))
    post = get(engine, number).post
    assert (post.due_at, post.not_before, post.revision) == (NOW + DAY, NOW + DAY, 2)
    assert days(engine, work) == [date(2026, 12, 4)]


def test_when_one_post_has_changed_neither_date_nor_posts_move(engine: Engine, work: Work) -> None:
    numbers = [add_post(engine) for _ in range(2)]
    works.put_date(engine, work.id or 0, "wide", WIDE, NONE)
    moves = [Move(numbers[0], 1, timing(NOW + DAY)), Move(numbers[1], 2, timing(NOW + DAY))]
    with pytest.raises(TooLate, match="has changed meanwhile; nothing was moved"):
        works.put_date(engine, work.id or 0, "wide", NewDate(day=date(2027, 1, 1)), shown(*moves))
    assert days(engine, work) == [date(2026, 12, 4)]
    assert [get(engine, number).post.due_at for number in numbers] == [NOW, NOW]


@pytest.mark.parametrize("anchor", ["wide+0 09:00", "release+1d 09:00", "slot after wide+2d"])
def test_a_post_that_was_not_shown_keeps_the_date_from_moving(
    engine: Engine, work: Work, anchor: str
) -> None:
    number = add_post(engine, review=add_review(engine))
    overwrite(engine, Post, number, anchor=anchor)
    with pytest.raises(TooLate, match=f"#{number} has changed meanwhile; nothing was moved"):
        works.put_date(engine, work.id or 0, "wide", WIDE, NONE)
    assert days(engine, work) == []
    works.put_date(engine, work.id or 0, "wide", WIDE, Shown(NONE.names, [number]))
    works.put_date(engine, work.id or 0, "festival", WIDE, Shown({"festival"}, []))


def test_a_moved_post_goes_on_waiting_for_its_embargo(engine: Engine, work: Work) -> None:
    review = add_review(engine)
    number = add_post(engine, review=review, at=NOW + DAY)
    set_embargo(engine, review, NOW + 5 * HOUR)
    revision = get(engine, number).post.revision
    move = Move(number, revision, timing(NOW + HOUR))
    works.put_date(engine, work.id or 0, "wide", WIDE, shown(move))
    post = get(engine, number).post
    assert (post.due_at, post.not_before) == (NOW + HOUR, NOW + 5 * HOUR)


def test_a_date_that_is_taken_away_is_gone(engine: Engine, work: Work) -> None:
    works.put_date(engine, work.id or 0, "wide", WIDE, NONE)
    works.put_date(engine, work.id or 0, "wide", None, NONE)
    assert days(engine, work) == []


@pytest.mark.parametrize(
    "columns", [{"day": None}, {"at": NOW}, {"day": None, "at": NOW}, {"zone": "UTC"}]
)
def test_the_database_refuses_a_date_that_is_no_day_and_no_instant(
    engine: Engine, work: Work, columns: dict[str, object]
) -> None:
    works.put_date(engine, work.id or 0, "wide", WIDE, NONE)
    with pytest.raises(IntegrityError):
        overwrite(engine, ReleaseDate, 1, **columns)

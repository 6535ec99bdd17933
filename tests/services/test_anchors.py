"""What the times of a plan hang on."""

from datetime import date

from sqlalchemy import Engine

from handbill.domain.embargo import Kind
from handbill.models import Embargo, ReleaseDate, Review, Work
from handbill.services import anchors
from handbill.store.engine import write
from tests.factories import DAY, HOUR, NOW, add_review, make_desk, overwrite


def test_a_review_without_dates_has_no_anchors(engine: Engine) -> None:
    assert anchors.of(make_desk(engine), add_review(engine)) == {}


def test_dates_of_the_work_and_of_the_review_are_anchors(engine: Engine) -> None:
    review = add_review(engine, published_on=date(2026, 11, 25))
    with write(engine) as session:
        session.add(Work(slug="other", title="other", created_at=NOW))
        session.flush()
        session.add(ReleaseDate(work_id=1, name="wide", day=date(2026, 12, 4)))
        session.add(ReleaseDate(work_id=1, name="festival", at=NOW, wall="w", zone="UTC"))
        session.add(ReleaseDate(work_id=2, name="streaming", day=date(2026, 12, 18)))
        found = session.get_one(Review, review.id)
    desk = make_desk(engine)
    expected = {"wide": date(2026, 12, 4), "festival": NOW, "published": date(2026, 11, 25)}
    assert anchors.of(desk, found) == expected
    found.published_at = NOW + DAY
    assert anchors.of(desk, found)["published"] == NOW + DAY


def test_the_last_embargo_counts_and_one_lifted_early_only_when_none_is_left(
    engine: Engine,
) -> None:
    review, desk = add_review(engine), make_desk(engine)
    with write(engine) as session:
        for kind, until in ((Kind.REACTION, NOW + DAY), (Kind.REVIEW, NOW + 2 * DAY)):
            session.add(
                Embargo(review_id=1, kind=kind, until=until, wall="w", zone="UTC", created_at=NOW)
            )
    both = {"embargo": NOW + 2 * DAY, "reaction-embargo": NOW + DAY}
    assert anchors.of(desk, review) == both
    overwrite(engine, Embargo, 2, lifted_at=NOW + HOUR, lifted_why="They said so.")
    assert anchors.of(desk, review) == {"embargo": NOW + DAY, "reaction-embargo": NOW + DAY}
    overwrite(engine, Embargo, 1, lifted_at=NOW, lifted_why="They said so.")
    assert anchors.of(desk, review) == {"embargo": NOW + HOUR, "reaction-embargo": NOW}
    assert anchors.in_force(desk, review) == []

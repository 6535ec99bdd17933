"""Who publishes from this database."""

from datetime import datetime

from sqlalchemy import Engine

from handbill.models import Worker
from handbill.store import workers
from tests.factories import DAY, MINUTE, NOW, SECOND


def worker(name: str, now: datetime = NOW) -> Worker:
    return Worker(name=name, host="desk", pid=1, version="1", started_at=now, seen_at=now)


def test_the_first_worker_has_nobody_before_it(engine: Engine) -> None:
    assert workers.register(engine, worker("w1")) is None


def test_a_new_worker_hears_of_the_newest_sign_of_life(engine: Engine) -> None:
    workers.register(engine, worker("w1"))
    workers.beat(engine, "w1", NOW + MINUTE)
    assert workers.register(engine, worker("w2", NOW + DAY)) == NOW + MINUTE


def test_a_beat_answers_the_newest_sign_before_it(engine: Engine) -> None:
    workers.register(engine, worker("w1"))
    assert workers.beat(engine, "w1", NOW + MINUTE) == NOW
    assert workers.beat(engine, "w1", NOW + 2 * MINUTE) == NOW + MINUTE


def test_they_are_listed_newest_sign_first_with_their_trouble(engine: Engine) -> None:
    workers.register(engine, worker("w1"))
    workers.register(engine, worker("w2", NOW + SECOND))
    workers.beat(engine, "w1", NOW + MINUTE, "Its clock is wrong.")
    assert [(one.name, one.trouble) for one in workers.listing(engine)] == [
        ("w1", "Its clock is wrong."),
        ("w2", None),
    ]


def test_who_is_silent_or_has_ended_is_gone(engine: Engine) -> None:
    for name in ("quiet", "ended", "lives"):
        workers.register(engine, worker(name))
    workers.beat(engine, "lives", NOW + MINUTE)
    workers.stop(engine, "ended", NOW + MINUTE)
    assert set(workers.silent(engine, NOW + SECOND)) == {"quiet", "ended"}


def test_one_that_was_thought_gone_lives_again_with_its_next_beat(engine: Engine) -> None:
    workers.register(engine, worker("w1"))
    workers.stop(engine, "w1", NOW)
    workers.beat(engine, "w1", NOW + MINUTE)
    assert workers.silent(engine, NOW) == []


def test_the_long_gone_are_forgotten(engine: Engine) -> None:
    workers.register(engine, worker("w1"))
    workers.register(engine, worker("w2", NOW + 3 * DAY))
    assert [one.name for one in workers.listing(engine)] == ["w2"]

"""All rows, from any kind of database to any other, as of one moment."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.errors import StoreProblem
from handbill.models import (
    Account,
    Attempt,
    Embargo,
    Feed,
    FeedEntry,
    Part,
    Post,
    ReleaseDate,
    Review,
    Worker,
)
from handbill.store import accounts, copying, standing, workers
from handbill.store.engine import begin, snapshot, write
from handbill.store.standing import ZONE_DATA
from tests.factories import (
    NOW,
    add_account,
    add_in,
    add_post,
    add_review,
    attempt,
    expired,
    image_row,
    nothing,
    overwrite,
    unknown,
)

#: What is easily lost on the way: parts of a second, letters, order, emptiness, odd lengths.
ODD_TIME = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)
ODD_TEXT = "Ünï ★★★½ 🧑‍🚀\n\ttab, \"quotes\", 'more', \\back, %s :name ?"
ODD_JSON: dict[str, Any] = {
    "since_id": None,
    "ids": ["1", 2, 3.5, True, {}, []],
    "ünï": {"b": 1, "a": "★"},
}


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Everything that is copied, value by value."""
    with snapshot(engine) as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in copying.tables()
        }


def lived_in(engine: Engine) -> Engine:
    """A database in which everything has happened."""
    add_post(engine, add_account(engine, "eve"))
    expired(engine)
    for status in Status:
        account = add_account(engine, f"in_{status.value}")
        add_in(engine, status, account=account, review=None, text=f"{ODD_TEXT} {status}")
    sol = add_account(engine, "sol", zone="America/St_Johns")
    accounts.pause(engine, "sol", "On holiday.", "wait", NOW)
    overwrite(engine, Account, sol.id or 0, lateness_limit=timedelta(days=40, microseconds=7))
    overwrite(engine, Account, sol.id or 0, rest_until=ODD_TIME, newest_remote_id="9" * 19)
    post = add_post(engine, add_account(engine, "ada"), more=["Two.", ""], images=[image_row()] * 2)
    attempt(engine, unknown("★"), NOW, **ODD_JSON)
    overwrite(engine, Post, post, due_at=ODD_TIME, due_wall="2026-03-29 01:59:59")
    _with_all_that_belongs_to_it(engine, add_review(engine, rating="3.5/5", handle=None))
    add_post(engine, sol)
    standing.put(engine, ZONE_DATA, "2025b", NOW)
    return engine


def _with_all_that_belongs_to_it(engine: Engine, review: Review) -> None:
    with write(engine) as session:
        feed = Feed(url="https://example.com/feed.xml", created_at=NOW)
        session.add(feed)
        session.flush()
        session.add(
            FeedEntry(feed_id=feed.id or 0, key="tag:1", review_id=review.id, seen_at=ODD_TIME)
        )
        session.add(ReleaseDate(work_id=review.work_id or 0, name="wide", day=date(2026, 12, 4)))
        session.add(
            Embargo(
                review_id=review.id or 0,
                kind=Kind.REACTION,
                until=ODD_TIME,
                wall="2026-03-29 01:59:59",
                zone="Europe/Paris",
                created_at=NOW,
            )
        )


def copied(source: Engine, target: Engine) -> None:
    """Copy all rows into an empty database."""
    with snapshot(source) as theirs, begin(target) as ours:
        copying.fill(theirs, ours, nothing)


def test_every_row_arrives_as_it_was(engine: Engine, other: Engine) -> None:
    lived_in(engine)
    copied(engine, other)
    assert rows(other) == rows(engine)
    assert all(rows(engine).values())


def test_there_and_back_nothing_has_changed(engine: Engine, other: Engine) -> None:
    before = rows(lived_in(engine))
    copied(engine, other)
    copying.replace_all(other, engine, lambda _gone: None, nothing)
    assert rows(engine) == before


def test_a_value_arrives_with_its_type(engine: Engine, other: Engine) -> None:
    lived_in(engine)
    copied(engine, other)
    with write(other) as session:
        account = session.scalars(sa.select(Account).where(sa.column("name") == "sol")).one()
        assert account.lateness_limit == timedelta(days=40, microseconds=7)
        assert account.rest_until == ODD_TIME
        assert account.rest_until.utcoffset() == timedelta(0)
        tried = session.scalars(sa.select(Attempt).where(sa.column("detail") == "★")).one()
        assert tried.evidence == {"since_id": None, **ODD_JSON}
        assert {post.status for post in session.scalars(sa.select(Post))} == set(Status)
        pictured = next(p for p in session.scalars(sa.select(Part)) if len(p.images) == 2)
        assert pictured.images[1] == image_row()


def test_the_copy_can_be_worked_with_and_gives_new_numbers(engine: Engine, other: Engine) -> None:
    last = max(row["id"] for row in rows(lived_in(engine))["post"])
    copied(engine, other)
    assert add_post(other, add_account(other, "new")) == last + 1


def test_workers_stay_where_they_are(engine: Engine, other: Engine) -> None:
    one = Worker(name="w1", host="h", pid=1, version="1", started_at=NOW, seen_at=NOW)
    workers.register(engine, one)
    copied(engine, other)
    assert workers.listing(other) == []


def test_more_rows_than_are_carried_at_once(
    lite: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "CHUNK", 7)
    for _ in range(23):
        add_post(lite)
    told: list[tuple[str, int, int]] = []
    with snapshot(lite) as theirs, begin(other) as ours:
        copying.fill(theirs, ours, lambda *step: told.append(step))
    assert rows(other) == rows(lite)
    assert told[-1] == ("rows", 47, 47)
    assert [done for _what, done, _total in told] == sorted(done for _what, done, _total in told)


def test_the_copy_is_of_one_moment_and_nobody_waits_for_it(engine: Engine, other: Engine) -> None:
    first = add_post(engine)
    written = threading.Event()

    def write_meanwhile(_what: str, _done: int, _total: int) -> None:
        if not written.is_set():
            add_post(engine, text="Added meanwhile.")
            written.set()

    with snapshot(engine) as theirs, begin(other) as ours:
        copying.fill(theirs, ours, write_meanwhile)
    assert written.is_set()
    assert [row["id"] for row in rows(other)["post"]] == [first]
    assert len(rows(engine)["post"]) == 2


# In the place of what is there


def test_what_was_there_is_gone_and_was_counted_before(engine: Engine, other: Engine) -> None:
    lived_in(engine)
    add_post(other, text="Older.")
    told: list[dict[str, int]] = []
    copying.replace_all(engine, other, told.append, nothing)
    assert rows(other) == rows(engine)
    assert [{name: n for name, n in one.items() if n} for one in told] == [
        {"account": 1, "post": 1, "part": 1}
    ]


def test_a_refusal_leaves_everything_as_it_was(engine: Engine, other: Engine) -> None:
    lived_in(engine)
    add_post(other, text="Older.")
    before = rows(other)

    def refuse(_gone: dict[str, int]) -> None:
        raise StoreProblem("There are posts.")

    with pytest.raises(StoreProblem):
        copying.replace_all(engine, other, refuse, nothing)
    assert rows(other) == before


def test_breaking_off_half_way_leaves_everything_as_it_was(engine: Engine, other: Engine) -> None:
    lived_in(engine)
    add_post(other, text="Older.")
    before = rows(other)

    def break_off(_what: str, done: int, total: int) -> None:
        if done > total / 2:
            raise LookupError

    with pytest.raises(LookupError):
        copying.replace_all(engine, other, lambda _gone: None, break_off)
    assert rows(other) == before


def test_everything_is_copied_but_who_publishes() -> None:
    left_out = SQLModel.metadata.tables.keys() - {table.name for table in copying.tables()}
    assert left_out == {"worker"}

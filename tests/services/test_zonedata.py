"""Time-zone data that change after a post was queued: noticed, shown, and no promise moves.

The data are real: a folder of our own goes before the system's, and in it one zone's file stands
under another one's name.
"""

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from handbill.domain import zones
from handbill.domain.lifecycle import Status
from handbill.domain.when import Moment
from handbill.inputs import TimeIn
from handbill.models import Account, Post, Worker
from handbill.services import moments, queueing, zonedata
from handbill.services.desk import Desk
from handbill.services.moments import About
from handbill.store import posts, promises, standing, workers
from handbill.store.posts import NewPost, Timing
from tests.factories import (
    DAY,
    NOW,
    Hands,
    account_of,
    add_account,
    add_in,
    attempt,
    get,
    make_desk,
    overwrite,
    receipt,
)

Redraw = Callable[[str, str], None]


def _forget() -> None:
    ZoneInfo.clear_cache()
    zones.names.cache_clear()


@pytest.fixture
def redraw(tmp_path: Path) -> Iterator[Redraw]:
    """Gives a zone the clocks of another one, as a new release of the data would."""

    def change(name: str, like: str) -> None:
        file = tmp_path / "zoneinfo" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        packed = resources.files("tzdata").joinpath("zoneinfo", *like.split("/"))
        file.write_bytes(packed.read_bytes())

    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path / "zoneinfo")])
    _forget()
    yield change
    zoneinfo.reset_tzpath(before)
    _forget()


@pytest.fixture
def here(engine: Engine, hands: Hands) -> Desk:
    made = make_desk(engine, hands)
    add_account(engine)
    return made


def no(_text: str, _moment: Moment) -> bool:
    return False


def queue(desk: Desk, at: str, zone: str = "Europe/Paris", fold: str | None = None) -> int:
    """A post for a time on a wall, as somebody types it."""
    account = account_of(desk.engine)
    asked = TimeIn(at=at, zone=zone, fold=fold)
    timing = moments.when(desk, account, asked, About(), no).timing
    return posts.add(desk.engine, [new(account, timing)], NOW)[0]


def new(account: Account, timing: Timing) -> NewPost:
    return NewPost(account.id or 0, None, timing.zone, timing, [("See it.", [])], draft=False)


def post(desk: Desk, number: int) -> Post:
    return get(desk.engine, number).post


def test_data_that_have_not_changed_are_looked_at_once(here: Desk, redraw: Redraw) -> None:
    number = queue(here, "2026-11-27 18:30")
    assert [zonedata.notice(here) for _ in range(3)] == [[], [], []]
    assert post(here, number).attention is None


def test_a_changed_rule_is_noticed_and_the_promise_stays(
    here: Desk, redraw: Redraw, caplog: pytest.LogCaptureFixture
) -> None:
    number, other = queue(here, "2026-11-27 18:30"), queue(here, "2026-11-27 18:30", "Asia/Tokyo")
    zonedata.notice(here)
    before = post(here, number)
    redraw("Europe/Paris", "Europe/Helsinki")
    assert zonedata.notice(here) == [number]
    after = post(here, number)
    assert after.attention == (
        "The rules for the clocks of Europe/Paris have changed since this was queued: "
        "2026-11-27 18:30 there was Fri 27 Nov 2026 17:30 UTC, and is now Fri 27 Nov 2026 16:30 "
        "UTC. It keeps the instant that was promised, which is now called "
        "Fri 27 Nov 2026 19:30 EET (Europe/Paris)."
    )
    assert (after.due_at, after.not_before, after.due_wall, after.status, after.revision) == (
        before.due_at, before.not_before, before.due_wall, before.status, before.revision
    )  # fmt: skip
    assert post(here, other).attention is None
    assert "1 waiting posts need your eyes, #1 first" in caplog.text
    assert zonedata.notice(here) == [], "it is told once"


def register(desk: Desk, host: str) -> None:
    worker = Worker(name=f"{host}-1", host=host, pid=1, version="1", started_at=NOW, seen_at=NOW)
    workers.register(desk.engine, worker)


def test_a_machine_that_is_gone_is_not_compared_with(
    here: Desk, redraw: Redraw, caplog: pytest.LogCaptureFixture
) -> None:
    register(here, "other")
    standing.put(here.engine, standing.ZONE_DATA, f"{'0' * 32} {NOW.isoformat()} gone", NOW)
    redraw("Europe/Paris", "Europe/Helsinki")
    zonedata.notice(here)
    assert "are not those of" not in caplog.text


def test_machines_with_different_data_tell_of_a_post_once_and_that_they_differ(
    here: Desk, redraw: Redraw, caplog: pytest.LogCaptureFixture
) -> None:
    number = queue(here, "2026-11-27 18:30")
    register(here, "other")
    told = []
    for _day in range(3):
        standing.put(here.engine, standing.ZONE_DATA, f"{'0' * 32} {NOW.isoformat()} other", NOW)
        redraw("Europe/Paris", "Europe/Helsinki")
        told.append(zonedata.notice(here))
    assert told == [[number], [], []]
    assert caplog.text.count("waiting posts need your eyes") == 1
    assert caplog.text.count("time-zone data of this machine are not those of other.") == 3
    assert zonedata.notice(here) == []
    assert caplog.text.count("are not those of other.") == 3


def test_data_that_changed_before_the_first_look_are_noticed_too(
    here: Desk, redraw: Redraw
) -> None:
    number = queue(here, "2026-11-27 18:30")
    redraw("Europe/Paris", "Europe/Helsinki")
    assert zonedata.notice(here) == [number]


def test_a_change_elsewhere_touches_nobody(here: Desk, redraw: Redraw) -> None:
    number = queue(here, "2026-11-27 18:30")
    zonedata.notice(here)
    redraw("Asia/Tokyo", "Europe/Helsinki")
    assert zonedata.notice(here) == []
    assert post(here, number).attention is None


@pytest.mark.parametrize("fold", ["earlier", "later"])
def test_both_of_a_doubled_hour_are_still_the_same(here: Desk, redraw: Redraw, fold: str) -> None:
    number = queue(here, "2027-10-31 02:30", fold=fold)
    redraw("Europe/Paris", "Europe/Berlin")
    assert zonedata.notice(here) == []
    assert post(here, number).attention is None


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2027-03-14 02:30", "and is now a time that those clocks skip."),
        (
            "2027-11-07 01:30",
            "and is now both Sun 7 Nov 2027 05:30 UTC and Sun 7 Nov 2027 06:30 UTC.",
        ),
    ],
)
def test_a_time_that_is_skipped_or_doubled_by_now_is_said(
    here: Desk, redraw: Redraw, at: str, words: str
) -> None:
    number = queue(here, at)
    redraw("Europe/Paris", "America/New_York")
    assert zonedata.notice(here) == [number]
    assert words in (post(here, number).attention or "")


@pytest.mark.parametrize("status", list(Status))
def test_only_what_waits_is_told_of(here: Desk, redraw: Redraw, status: Status) -> None:
    redraw("Europe/Paris", "Europe/Helsinki")
    number = add_in(here.engine, status, at=NOW + DAY)
    overwrite(here.engine, Post, number, due_wall="2026-11-21 12:00")
    before = post(here, number).attention
    waits = status in (Status.DRAFT, Status.QUEUED)
    assert zonedata.notice(here) == ([number] if waits else [])
    assert waits or post(here, number).attention == before


@pytest.mark.parametrize("columns", [{"due_wall": None}, {"due_wall": ""}, {"due_wall": "noon"}])
def test_what_was_not_asked_for_by_a_wall_is_passed_over(
    here: Desk, redraw: Redraw, columns: dict[str, str | None]
) -> None:
    number = queue(here, "2026-11-27 18:30")
    overwrite(here.engine, Post, number, **columns)
    redraw("Europe/Paris", "Europe/Helsinki")
    assert zonedata.notice(here) == []


def test_what_is_over_or_due_now_is_passed_over(here: Desk, redraw: Redraw, hands: Hands) -> None:
    queue(here, "2026-11-20 18:30")
    queue(here, "now")
    hands.forward(DAY)
    redraw("Europe/Paris", "Europe/Helsinki")
    assert zonedata.notice(here) == []


def test_an_instant_that_was_rounded_to_the_second_is_the_same(
    here: Desk, redraw: Redraw, hands: Hands
) -> None:
    hands.forward(timedelta(milliseconds=300))
    queue(here, "now")
    hands.forward(-DAY)
    assert zonedata.notice(here) == []


def test_it_does_not_stop_the_post_and_is_over_when_that_is_out(
    here: Desk, redraw: Redraw, hands: Hands
) -> None:
    number = queue(here, "2026-11-27 18:30")
    redraw("Europe/Paris", "Europe/Helsinki")
    zonedata.notice(here)
    hands.now = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    attempt(here.engine, receipt(), hands.now)
    assert (post(here, number).status, post(here, number).attention) == (Status.PUBLISHED, None)


@pytest.mark.parametrize(
    ("at", "due", "wall"),
    [
        ("2026-11-27 18:30", "2026-11-27 16:30", "2026-11-27 18:30"),
        ("2026-11-27T17:30:00Z", "2026-11-27 17:30", "2026-11-27 19:30"),
    ],
    ids=["follow the clocks", "keep the instant"],
)
def test_either_command_settles_it(
    here: Desk, redraw: Redraw, at: str, due: str, wall: str
) -> None:
    number = queue(here, "2026-11-27 18:30")
    redraw("Europe/Paris", "Europe/Helsinki")
    zonedata.notice(here)
    queueing.reschedule(here, number, TimeIn(at=at), no)
    settled = post(here, number)
    assert settled.due_at == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert (settled.due_wall, settled.attention) == (wall, None)
    redraw("Asia/Tokyo", "Europe/Helsinki")
    assert zonedata.notice(here) == []


def test_one_that_was_changed_while_we_looked_is_not_told(here: Desk, redraw: Redraw) -> None:
    number = queue(here, "2026-11-27 18:30")
    ((promise,),) = promises.waiting(here.engine, NOW)
    queueing.reschedule(here, number, TimeIn(at="2026-11-28 18:30"), no)
    assert promises.tell(here.engine, [(promise, "Look.")]) == []
    assert post(here, number).attention is None


def test_a_long_queue_is_looked_through_in_chunks(here: Desk, redraw: Redraw) -> None:
    account = account_of(here.engine)
    at = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    timing = Timing(at, "2026-11-27 18:30", "Europe/Paris", at + DAY)
    many = posts.add(here.engine, [new(account, timing)] * (promises.CHUNK + 5), NOW)
    assert [len(chunk) for chunk in promises.waiting(here.engine, NOW)] == [promises.CHUNK, 5]
    redraw("Europe/Paris", "Europe/Helsinki")
    assert zonedata.notice(here) == many


def test_a_look_that_is_broken_off_is_made_again(here: Desk, redraw: Redraw, hands: Hands) -> None:
    number = queue(here, "2026-11-27 18:30")
    zonedata.notice(here)
    kept = standing.get(here.engine, standing.ZONE_DATA)
    redraw("Europe/Paris", "Europe/Helsinki")
    overwrite(here.engine, Post, number, zone="Not/There")
    assert zonedata.notice(here) == [], "a zone that is gone is passed over"
    overwrite(here.engine, Post, number, zone="Europe/Paris")
    assert kept is not None
    standing.put(here.engine, standing.ZONE_DATA, kept.value, hands.now)
    assert zonedata.notice(here) == [number]


def test_a_process_that_is_older_than_the_data_reads_them_anew(here: Desk, redraw: Redraw) -> None:
    zonedata.notice(here)
    old = ZoneInfo("Europe/Paris")
    redraw("Europe/Paris", "Europe/Helsinki")
    assert ZoneInfo("Europe/Paris") is old
    zonedata.notice(here)
    assert zones.zone("Europe/Paris").utcoffset(datetime(2026, 11, 27)) == timedelta(hours=2)  # noqa: DTZ001


def test_a_tick_looks_once_a_day(here: Desk, redraw: Redraw, hands: Hands) -> None:
    number = queue(here, "2026-11-27 18:30")
    assert zonedata.notice_daily(here) == []
    redraw("Europe/Paris", "Europe/Helsinki")
    hands.forward(DAY / 2)
    assert zonedata.notice_daily(here) == []
    hands.forward(DAY / 2)
    assert zonedata.notice_daily(here) == [number]


def test_the_sum_is_the_same_from_the_system_and_from_the_package_if_the_data_are(
    redraw: Redraw,
) -> None:
    before = zonedata.sum_up()
    redraw("Europe/Paris", "Europe/Paris")
    assert zonedata.sum_up() == before
    redraw("Europe/Paris", "Europe/Berlin")
    assert zonedata.sum_up() != before

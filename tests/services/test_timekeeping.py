"""Whether the clock is right: jumps, long sleeps, and what the networks say. Nothing leaves early.

The two clocks are moved by hand, and the line to a network is a small one of our own that tells
the time as a test says.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import Engine

from handbill.domain.durations import spell
from handbill.domain.network import AccountRef, Network
from handbill.domain.outcomes import Halted, NotSent
from handbill.domain.settling import QUIET
from handbill.errors import SettingsProblem
from handbill.services import timekeeping
from handbill.services.desk import Desk
from handbill.services.timekeeping import ASK_AGAIN, ASK_ANYWAY, ASLEEP, Timekeeper
from handbill.store import accounts
from tests.factories import DAY, HOUR, MINUTE, NOW, SECOND, Hands, add_account, make_desk


@dataclass
class World:
    """The true time, a clock that may be wrong, and networks that know or do not answer."""

    hands: Hands
    true: datetime = NOW
    seconds: float = 1000.0
    #: By the server of an account: how far its time is off, or what it does instead of answering.
    off: dict[str | None, timedelta | Exception | None] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    #: How long an answer takes.
    slow: timedelta = timedelta(0)

    def elapsed(self) -> float:
        return self.seconds

    def forward(self, by: timedelta) -> None:
        """Time goes by, on every clock."""
        self.true += by
        self.hands.forward(by)
        self.seconds += by.total_seconds()

    def connect(self, account: AccountRef) -> Network:
        return cast(Network, Witness(self, account.server))


@dataclass
class Witness:
    """A line that tells the time."""

    world: World
    server: str | None

    def hour(self) -> datetime | None:
        self.world.asked.append(self.server)
        self.world.forward(self.world.slow)
        off = self.world.off.get(self.server, timedelta(0))
        if isinstance(off, Exception):
            raise off
        return None if off is None else (self.world.true + off).replace(microsecond=0)


@pytest.fixture
def world(hands: Hands) -> World:
    return World(hands)


@pytest.fixture
def here(desk: Desk, world: World) -> Desk:
    """A desk with one account, on X itself."""
    add_account(desk.engine)
    return replace(desk, connect=world.connect)


def keeper(desk: Desk, world: World) -> Timekeeper:
    return Timekeeper(desk, world.elapsed)


@pytest.fixture
def settled(here: Desk, world: World) -> Timekeeper:
    """One that has asked, and was told that all is right."""
    made = keeper(here, world)
    assert made.trusted()
    world.asked.clear()
    return made


AWAY = Halted(NotSent("X could not be reached."))


# At the start


def test_nothing_is_trusted_until_a_network_has_agreed(here: Desk, world: World) -> None:
    made = keeper(here, world)
    assert made.moment() is None
    assert made.trusted()
    assert (made.moment(), made.trouble, world.asked) == (NOW, None, [None])


def test_once_it_is_sure_nobody_is_asked_again(settled: Timekeeper, world: World) -> None:
    for _ in range(20):
        world.forward(15 * SECOND)
        assert settled.trusted()
        settled.ask_anyway()
    assert world.asked == []


@pytest.mark.parametrize(
    ("ahead", "trusted"),
    [(timedelta(0), True), (2 * SECOND, True), (6 * SECOND, False), (HOUR, False), (DAY, False)],
)
def test_a_clock_that_runs_ahead_is_not_trusted(
    here: Desk, world: World, ahead: timedelta, trusted: bool
) -> None:
    world.hands.forward(ahead)
    assert keeper(here, world).trusted() is trusted


def test_it_says_how_far_ahead_and_by_whose_clock(here: Desk, world: World) -> None:
    world.hands.forward(HOUR)
    made = keeper(here, world)
    assert not made.trusted()
    assert made.trouble == (
        "This computer's clock is 1 h ahead of X's, and everything would go out early. "
        "Nothing is sent until it is right."
    )


def test_a_clock_that_is_behind_makes_nothing_early_and_is_said(here: Desk, world: World) -> None:
    world.hands.forward(-HOUR)
    made = keeper(here, world)
    assert made.trusted()
    assert made.trouble == (
        "This computer's clock is 1 h behind X's, so everything goes out late. Set it right."
    )


def test_an_answer_that_takes_long_is_no_false_alarm(here: Desk, world: World) -> None:
    world.slow = 5 * SECOND
    made = keeper(here, world)
    assert made.trusted()
    assert made.trouble is None


# When it goes wrong


@pytest.mark.parametrize("jump", [HOUR, DAY, -HOUR, -DAY, 3 * SECOND])
def test_a_jump_is_noticed_said_and_asked_about(
    settled: Timekeeper, world: World, jump: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    world.forward(10 * SECOND)
    world.hands.forward(jump)
    assert settled.moment() is None, "until somebody has been asked"
    settled.trusted()
    assert world.asked == [None]
    where = "ahead" if jump > timedelta(0) else "back"
    assert f"This computer's clock jumped {where} by {spell(abs(jump))}." in caplog.text


def test_a_clock_that_is_steered_is_no_jump(settled: Timekeeper, world: World) -> None:
    for _ in range(10):
        world.forward(15 * SECOND)
        world.hands.forward(SECOND)
        assert settled.moment() is not None
    assert world.asked == []


def test_nothing_is_sent_while_it_is_ahead_and_all_goes_on_when_it_is_right(
    settled: Timekeeper, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.hands.forward(HOUR)
    for _ in range(20):
        assert not settled.trusted()
        assert settled.moment() is None
        world.forward(15 * SECOND)
    assert caplog.text.count("would go out early") == 1, "it is said once"
    world.hands.forward(-HOUR)
    assert settled.trusted()
    assert settled.trouble is None
    assert settled.moment() == world.true
    assert "The clock is right, and posts leave again." in caplog.text


def test_while_it_is_ahead_the_network_is_asked_every_now_and_then(
    settled: Timekeeper, world: World
) -> None:
    world.hands.forward(HOUR)
    for _ in range(60):
        settled.trusted()
        world.forward(SECOND)
    assert len(world.asked) == 60 * SECOND // ASK_AGAIN


def test_a_correction_of_a_clock_that_was_ahead_too_slow_to_jump_is_found(
    settled: Timekeeper, world: World
) -> None:
    world.hands.forward(6 * SECOND)
    assert not settled.trusted()
    for _ in range(6):
        world.forward(ASK_AGAIN)
        world.hands.forward(-SECOND)
        settled.trusted()
    assert settled.moment() == world.true


def test_one_that_goes_wrong_too_slowly_to_be_seen_is_found_within_hours(
    settled: Timekeeper, world: World
) -> None:
    for _ in range(ASK_ANYWAY // MINUTE):
        world.forward(MINUTE)
        world.hands.forward(SECOND / 10)
        settled.ask_anyway()
    assert not settled.trusted()
    assert "ahead of X's" in (settled.trouble or "")


# When nobody can say


def test_while_the_network_is_away_nothing_leaves_and_the_reason_is_said(
    here: Desk, world: World
) -> None:
    world.off[None] = AWAY
    made = keeper(here, world)
    assert not made.trusted()
    assert made.trouble == (
        "X does not answer, so nobody can say whether the clock of this computer is right. "
        "Nothing is sent until it does."
    )
    world.off.clear()
    world.forward(ASK_AGAIN / 2)
    assert not made.trusted(), "it is not asked again at once"
    world.forward(ASK_AGAIN / 2)
    assert made.trusted()
    assert made.trouble is None


def test_once_it_is_sure_an_outage_of_the_network_is_no_trouble_of_the_clock(
    settled: Timekeeper, world: World
) -> None:
    world.off[None] = AWAY
    world.forward(ASK_ANYWAY)
    settled.ask_anyway()
    assert world.asked == [None]
    assert settled.trusted()
    assert settled.trouble is None


def test_a_network_that_answers_and_does_not_say_is_believed_and_not_asked_again(
    here: Desk, world: World
) -> None:
    world.off[None] = None
    made = keeper(here, world)
    for _ in range(5):
        assert made.trusted()
        world.forward(MINUTE)
    assert world.asked == [None]


def test_without_anybody_to_ask_the_clock_is_believed_until_there_is_somebody(
    desk: Desk, world: World
) -> None:
    here = replace(desk, connect=world.connect)
    world.hands.forward(HOUR)
    made = keeper(here, world)
    assert made.trusted()
    add_account(here.engine)
    assert not made.trusted()


def test_a_paused_accounts_network_is_asked_only_if_nobody_else_can_be(
    here: Desk, world: World
) -> None:
    def connect(account: AccountRef) -> Network:
        if account.name == "keyless":
            raise SettingsProblem("keyless has no api_key for X.")
        return world.connect(account)

    add_account(here.engine, "keyless")
    accounts.pause(here.engine, "ines", "On holiday.", None, NOW)
    desk = replace(here, connect=connect)
    assert keeper(desk, world).trusted()
    assert world.asked == [None]
    world.hands.forward(DAY)
    assert not keeper(desk, world).trusted(), "or posts would be missed by a clock that is wrong"
    others(here, "https://one.test")
    world.off["https://one.test"] = DAY
    world.asked.clear()
    assert keeper(desk, world).trusted()
    assert world.asked == ["https://one.test"]


# Whom to believe


def others(desk: Desk, *servers: str) -> None:
    for number, server in enumerate(servers):
        add_account(desk.engine, f"other_{number}", server=server)


def test_when_networks_differ_one_that_agrees_is_enough(here: Desk, world: World) -> None:
    others(here, "https://one.test")
    world.off[None] = -DAY
    made = keeper(here, world)
    assert made.trusted()
    assert world.asked == [None, "https://one.test"]


def test_the_nearest_of_those_who_disagree_is_told(here: Desk, world: World) -> None:
    others(here, "https://one.test")
    world.off[None] = -HOUR
    world.hands.forward(HOUR)
    made = keeper(here, world)
    assert not made.trusted()
    assert "is 1 h ahead" in (made.trouble or "")


def test_one_that_is_away_does_not_hide_what_another_says(here: Desk, world: World) -> None:
    others(here, "https://one.test")
    world.off[None] = AWAY
    assert keeper(here, world).trusted()


def test_a_server_on_this_machine_is_no_witness_while_there_is_another(
    here: Desk, world: World
) -> None:
    others(here, "http://127.0.0.1:8765")
    world.hands.forward(HOUR)
    world.off["http://127.0.0.1:8765"] = HOUR  # it goes by the same wrong clock
    assert not keeper(here, world).trusted()
    accounts.pause(here.engine, "ines", "On holiday.", None, NOW)
    assert keeper(here, world).trusted(), "it is the only one that anything could go to"


def test_the_official_ones_come_first_each_place_once_and_only_a_few(
    here: Desk, world: World
) -> None:
    others(here, *(f"https://{n}.test" for n in (1, 1, 2, 3, 4, 5)))
    world.off = {None: AWAY, **{f"https://{n}.test": AWAY for n in range(6)}}
    keeper(here, world).trusted()
    assert world.asked == [None, "https://1.test", "https://2.test", "https://3.test"]
    assert len(world.asked) == timekeeping.MOST


# Asleep


def test_a_long_sleep_is_said_once_with_its_length_and_the_clock_is_asked_about(
    settled: Timekeeper, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.forward(3 * HOUR)
    settled.wake()
    assert settled.moment() is None
    assert settled.trusted()
    world.forward(15 * SECOND)
    settled.wake()
    assert [r.message for r in caplog.records if vars(r).get("action") == "asleep"] == [
        "Nothing has run here for 3 h; this computer was asleep, or busy."
    ]
    assert world.asked == [None]


def test_a_round_that_is_a_little_late_is_no_sleep(settled: Timekeeper, world: World) -> None:
    world.forward(ASLEEP - SECOND)
    settled.wake()
    assert settled.moment() is not None


# Look-ups


def test_look_ups_wait_until_no_request_from_before_a_jump_ahead_can_be_under_way(
    settled: Timekeeper, world: World
) -> None:
    assert settled.quiet()
    world.hands.forward(-HOUR)
    assert settled.trusted()
    world.forward(MINUTE)
    assert settled.quiet(), "by a clock that jumped back, requests seem younger"
    world.hands.forward(HOUR)
    assert settled.trusted(), "it is right now"
    assert not settled.quiet()
    world.forward(QUIET - SECOND)
    assert not settled.quiet()
    world.forward(SECOND)
    assert settled.quiet()


def test_no_look_up_counts_while_the_clock_is_wrong(settled: Timekeeper, world: World) -> None:
    world.hands.forward(DAY)
    assert not settled.trusted()
    world.forward(HOUR)
    settled.trusted()
    assert not settled.quiet()


def test_the_clock_that_decides_is_named(engine: Engine, kind: str, world: World) -> None:
    add_account(engine)
    world.hands.forward(HOUR)
    made = keeper(make_desk(engine, world.hands, connect=world.connect), world)
    assert not made.trusted()
    whose = {"sqlite": "This computer", "postgresql": "The database server"}[kind]
    assert (made.trouble or "").startswith(f"{whose}'s clock is 1 h ahead of X's")

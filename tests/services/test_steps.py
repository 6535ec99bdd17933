"""A claim is taken to its end step by step, each once and in this order, over a line of our own."""

import logging
import re
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.clock import elapsed
from handbill.domain.lateness import OUTAGE
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim
from handbill.domain.outcomes import (
    Busy,
    Halted,
    NotSent,
    Outcome,
    Refused,
    Unauthorized,
    Unknown,
)
from handbill.domain.settling import SEND_WINDOW
from handbill.errors import InputProblem, SettingsProblem, StoreProblem
from handbill.failpoints import Broken
from handbill.models import Post
from handbill.services import connecting, pausing, publishing
from handbill.services.desk import Desk
from handbill.services.publishing import LEAD, Ended
from handbill.store import accounts, claims
from tests.factories import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PICTURES,
    SECOND,
    Hands,
    account_of,
    add_account,
    add_post,
    busy,
    claim_one,
    get,
    make_desk,
    not_sent,
    receipt,
    refused,
    row_of,
    status_of,
    unauthorized,
    unknown,
)
from tests.services.scripted import EVIDENCE, INES, Line

LEAST = timedelta(microseconds=1)


@pytest.fixture
def claim(desk: Desk) -> Claim:
    """The claim of a post that is due."""
    add_post(desk.engine, text="A storm.")
    return claim_one(desk.engine)


def breaks(error: BaseException, step: str) -> Line:
    """A line that breaks at one step."""

    def meanwhile(reached: str) -> None:
        if reached == step:
            raise error

    return Line(meanwhile=meanwhile)


# The order


def test_every_step_happens_once_and_in_its_order(desk: Desk, claim: Claim) -> None:
    seen = list[tuple[str, bool, str | None]]()

    def meanwhile(step: str) -> None:
        row = row_of(desk.engine, claim.attempt_id)
        seen.append((step, row.armed_at is not None, row.outcome))

    line = Line(meanwhile=meanwhile)
    ended = publishing.publish(line.at(desk), claim)
    assert seen == [
        ("connect", False, None),
        ("asks", False, None),
        ("whoami", False, None),
        ("prepare", False, None),
        ("publish", True, None),
    ]
    assert (ended.outcome, ended.status) == (receipt(), Status.PUBLISHED)
    assert ended.claim.attempt_id == claim.attempt_id
    assert status_of(desk.engine, claim.post_id) is Status.PUBLISHED


def test_what_was_prepared_is_kept_when_arming_and_handed_on(desk: Desk, claim: Claim) -> None:
    line = Line()
    publishing.publish(line.at(desk), claim)
    assert line.evidence == EVIDENCE
    row = row_of(desk.engine, claim.attempt_id)
    assert (row.evidence, row.armed_at) == (EVIDENCE, NOW)


def test_the_line_is_that_of_the_claims_account(desk: Desk, claim: Claim) -> None:
    line = Line()
    publishing.publish(line.at(desk), claim)
    assert line.accounts == [claim.account]
    assert line.claims["asks"] == claim


def test_the_window_for_the_first_byte_opens_when_armed(desk: Desk, claim: Claim) -> None:
    armed = list[float]()
    line = Line(meanwhile=lambda step: armed.append(elapsed()) if step == "publish" else None)
    before = elapsed()
    publishing.publish(line.at(desk), claim)
    window = SEND_WINDOW.total_seconds()
    assert before + window < line.send_by < armed[0] + window


# Who we are


def test_an_account_is_asked_once_who_it_is(desk: Desk, claim: Claim) -> None:
    line = Line()
    publishing.publish(line.at(desk), claim)
    account = account_of(desk.engine)
    assert (account.remote_id, account.handle) == ("77", "@ines")
    for step in ("prepare", "publish"):
        sent = line.claims[step].account
        assert (sent.remote_id, sent.handle, sent.name) == ("77", "@ines", "ines")
        assert line.claims[step].text == "A storm."
    add_post(desk.engine, text="Another.")
    line.asked.clear()
    publishing.publish(line.at(desk), claim_one(desk.engine))
    assert line.asked == ["connect", "asks", "prepare", "publish"]


def test_only_the_account_that_was_asked_is_known_afterwards(desk: Desk) -> None:
    add_account(desk.engine, "ada")
    add_post(desk.engine, add_account(desk.engine, "sol"))
    publishing.publish(Line().at(desk), claim_one(desk.engine))
    assert account_of(desk.engine, "ada").remote_id is None
    assert account_of(desk.engine, "sol").remote_id == "77"


# Not before its time


class Ticking(Hands):
    """Moves on whenever somebody looks at it."""

    def __call__(self) -> datetime:
        seen = self.now
        self.forward(LEAD)
        return seen


@pytest.mark.parametrize("needs_network", [True, False])
def test_a_post_claimed_ahead_leaves_at_its_time_and_needs_no_network_before_it(
    lite: Engine, needs_network: bool
) -> None:
    post_id, early = add_post(lite), NOW - LEAD * 0.6
    accounts.identify(lite, 1, INES)
    (claim,) = claims.claim(lite, early, "w1", 1, PICTURES, ahead=LEAD)
    hands, when = Ticking(early), dict[str, datetime]()
    line = Line(needs_network=needs_network, meanwhile=lambda step: when.update({step: hands.now}))
    publishing.publish(line.at(make_desk(lite, hands)), claim)
    assert status_of(lite, post_id) is Status.PUBLISHED
    assert when["asks"] < NOW <= when["publish"]
    assert (when["prepare"] >= NOW) is needs_network


def test_a_clock_that_stands_still_is_not_waited_for(desk: Desk, hands: Hands) -> None:
    add_post(desk.engine, at=NOW + HOUR)
    (claim,) = claims.claim(desk.engine, NOW, "w1", 1, PICTURES, ahead=HOUR)
    line, begun = Line(), elapsed()
    ended = publishing.publish(line.at(desk), claim)
    assert LEAD.total_seconds() <= elapsed() - begun < 30 * LEAD.total_seconds()
    assert ended.outcome == publishing.CHANGED
    assert "publish" not in line.asked
    assert hands.now == NOW


# Not right behind another


@pytest.mark.parametrize(
    ("late", "held"), [(OUTAGE - LEAST, False), (OUTAGE, True), (HOUR / 2, True)]
)
def test_behind_an_overdue_post_the_accounts_others_wait_for_their_turn(
    desk: Desk, caplog: pytest.LogCaptureFixture, late: timedelta, held: bool
) -> None:
    caplog.set_level(logging.INFO, "handbill")
    account, due_at = add_account(desk.engine), NOW - late
    _, second, third = (add_post(desk.engine, account, at=due_at, limit=DAY) for _ in range(3))
    other = add_post(desk.engine, add_account(desk.engine, "sol"), at=due_at)
    ended = publishing.publish(Line().at(desk), claim_one(desk.engine))
    assert ended.status is Status.PUBLISHED
    leaves = [get(desk.engine, number).post.not_before for number in (second, third, other)]
    turns = [NOW + desk.gap, NOW + 2 * desk.gap] if held else [due_at, due_at]
    assert leaves == [*turns, due_at]
    told = [(r.levelno, r.message, vars(r).get("action")) for r in caplog.records]
    words = "Overdue posts of ines leave one by one; 2 wait for their turn."
    assert told == ([(logging.INFO, words, "spaced")] if held else [])
    assert [(vars(r)["account"], vars(r)["posts"]) for r in caplog.records] == [("ines", 2)] * held


def test_an_overdue_post_without_others_is_sent_without_a_word(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "handbill")
    add_post(desk.engine, at=NOW - HOUR / 2)
    ended = publishing.publish(Line().at(desk), claim_one(desk.engine))
    assert ended.status is Status.PUBLISHED
    assert caplog.records == []


# What ends a try before anything is public


def test_what_may_not_be_armed_any_more_is_not_sent(desk: Desk, claim: Claim) -> None:
    line = Line(
        meanwhile=lambda step: (
            accounts.pause(desk.engine, "ines", "Stop!", None, NOW) if step == "prepare" else None
        )
    )
    ended = publishing.publish(line.at(desk), claim)
    assert "publish" not in line.asked
    assert ended.status is Status.QUEUED
    (ended_try,) = get(desk.engine, claim.post_id).attempts
    assert (ended_try.outcome, ended_try.detail) == (
        "not_sent",
        "The post, its account or the time changed at the last moment; nothing was sent.",
    )


@pytest.mark.parametrize("step", ["connect", "asks", "whoami", "prepare"])
@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (not_sent(), Status.QUEUED),
        (busy(NOW + HOUR), Status.QUEUED),
        (unauthorized(), Status.QUEUED),
        (refused("The picture is gone."), Status.FAILED),
    ],
)
def test_a_step_that_ends_the_try_says_how_and_nothing_is_sent(
    desk: Desk,
    claim: Claim,
    step: str,
    trouble: NotSent | Busy | Unauthorized | Refused,
    status: Status,
) -> None:
    line = breaks(Halted(trouble), step)
    ended = publishing.publish(line.at(desk), claim)
    assert (ended.outcome, ended.status) == (trouble, status)
    assert "publish" not in line.asked
    (ended_try,) = get(desk.engine, claim.post_id).attempts
    assert (ended_try.outcome, ended_try.detail) == (trouble.kind, trouble.says)


@pytest.mark.parametrize("problem", [SettingsProblem, InputProblem])
def test_what_a_person_can_mend_pauses_the_account_with_reason_and_cure(
    desk: Desk, claim: Claim, problem: type[SettingsProblem | InputProblem]
) -> None:
    line = breaks(problem("ines has no api_key.", "Put it into .env."), "connect")
    ended = publishing.publish(line.at(desk), claim)
    assert ended.outcome == Unauthorized("ines has no api_key.", "Put it into .env.")
    account = account_of(desk.engine)
    assert (account.pause_reason, account.pause_cure) == (
        "ines has no api_key.",
        "Put it into .env.",
    )
    assert ended.status is Status.QUEUED


def test_a_database_that_cannot_be_written_before_sending_sends_nothing(
    desk: Desk, claim: Claim
) -> None:
    line = breaks(StoreProblem("The disk is full."), "prepare")
    ended = publishing.publish(line.at(desk), claim)
    assert ended.outcome == NotSent("The database could not be written, so nothing was sent.")
    assert ended.status is Status.QUEUED
    assert account_of(desk.engine).paused_at is None


@pytest.mark.parametrize("step", ["connect", "asks", "whoami", "prepare"])
@pytest.mark.parametrize("error", [LookupError("a bug"), KeyboardInterrupt()])
def test_a_bug_before_sending_is_raised_and_the_try_ended_as_not_sent(
    desk: Desk, claim: Claim, step: str, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        publishing.publish(breaks(error, step).at(desk), claim)
    entry = get(desk.engine, claim.post_id)
    assert entry.post.status is Status.QUEUED
    assert (entry.attempts[0].outcome, entry.attempts[0].detail) == (
        "not_sent",
        "Handbill itself failed before sending; nothing went out.",
    )


# While it is sent


def test_a_bug_while_sending_is_a_doubt_and_told_in_the_log(
    desk: Desk, claim: Claim, caplog: pytest.LogCaptureFixture
) -> None:
    ended = publishing.publish(breaks(LookupError("a bug"), "publish").at(desk), claim)
    assert ended.outcome == Unknown("The exchange ended in a way Handbill does not know.")
    assert ended.status is Status.IN_DOUBT
    (told,) = caplog.records
    assert (told.levelno, told.message) == (
        logging.ERROR,
        "the creating request ended in an unforeseen way",
    )
    assert told.exc_info is not None
    assert isinstance(told.exc_info[1], LookupError)


def test_ctrl_c_while_sending_is_raised_and_a_doubt(desk: Desk, claim: Claim) -> None:
    with pytest.raises(KeyboardInterrupt):
        publishing.publish(breaks(KeyboardInterrupt(), "publish").at(desk), claim)
    assert get(desk.engine, claim.post_id).post.attention == (
        "Handbill itself failed while sending, so nobody knows if it went out."
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (receipt(), Status.PUBLISHED),
        (refused(), Status.FAILED),
        (busy(NOW + HOUR), Status.QUEUED),
        (not_sent(), Status.QUEUED),
        (unauthorized(), Status.QUEUED),
        (unknown(), Status.IN_DOUBT),
    ],
)
def test_what_the_network_answered_is_what_is_recorded(
    desk: Desk, claim: Claim, outcome: Outcome, status: Status
) -> None:
    ended = publishing.publish(Line(outcome=outcome).at(desk), claim)
    assert (ended.outcome, ended.status) == (outcome, status)
    assert row_of(desk.engine, claim.attempt_id).outcome == outcome.kind


PLACES = [
    ("prepare.before", Status.QUEUED, ["connect", "asks"]),
    ("prepare.after", Status.QUEUED, ["connect", "asks", "whoami", "prepare"]),
    ("publish.before", Status.IN_DOUBT, ["connect", "asks", "whoami", "prepare"]),
    ("publish.after", Status.IN_DOUBT, ["connect", "asks", "whoami", "prepare", "publish"]),
]


@pytest.mark.parametrize(("place", "status", "reached"), PLACES)
def test_wherever_it_breaks_off_the_try_is_ended_honestly(
    desk: Desk,
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    status: Status,
    reached: list[str],
) -> None:
    monkeypatch.setenv("FAILPOINT", f"{place}:raise")
    line = Line()
    before = status is Status.QUEUED
    with pytest.raises(Broken, match=place) if before else nullcontext():
        publishing.publish(line.at(desk), claim)
    assert line.asked == reached
    assert status_of(desk.engine, claim.post_id) is status


# Written down


def test_chance_spreads_the_retries_of_a_first_try(desk: Desk) -> None:
    waits = set()
    for name in ("ada", "ines", "sol"):
        post_id = add_post(desk.engine, add_account(desk.engine, name))
        ended = publishing.record(desk, claim_one(desk.engine), not_sent())
        assert ended.status is Status.QUEUED
        leaves = get(desk.engine, post_id).post.not_before
        assert leaves is not None
        waits.add(leaves - NOW)
    assert len(waits) == 3
    assert all(7.5 * SECOND <= wait < 15 * SECOND for wait in waits)


@contextmanager
def unwritable(engine: Engine) -> Generator[Callable[[], None]]:
    """A database that cannot be written, until the end of the block or of what it gives."""

    def guard(dbapi: Any, _record: object, _proxy: object) -> None:
        dbapi.execute("PRAGMA query_only=1")

    def mend() -> None:
        if sa.event.contains(engine, "checkout", guard):
            sa.event.remove(engine, "checkout", guard)
        engine.dispose()

    sa.event.listen(engine, "checkout", guard)
    yield mend
    mend()


@pytest.fixture
def pair(own_file: Engine) -> list[Ended]:
    """Two receipts that are not written down yet."""
    made = []
    for name in ("ada", "ines"):
        post_id = add_post(own_file, add_account(own_file, name))
        made.append(Ended(claim_one(own_file), receipt(str(1000 + post_id)), None))
    return made


def test_what_cannot_be_written_down_is_kept_and_told(
    own_file: Engine, pair: list[Ended], caplog: pytest.LogCaptureFixture
) -> None:
    desk, (first, _) = make_desk(own_file), pair
    with unwritable(own_file):
        assert publishing.record(desk, first.claim, first.outcome) == first
    (told,) = caplog.records
    assert told.levelno == logging.ERROR
    assert re.fullmatch(
        r"post #1: .*handbill.db cannot be written: .* Trying again\.", told.message
    )
    assert status_of(own_file, 1) is Status.PUBLISHING


def test_without_patience_one_is_tried_and_goes_behind_the_others(
    own_file: Engine, pair: list[Ended], caplog: pytest.LogCaptureFixture
) -> None:
    desk, waiting = make_desk(own_file), deque(pair)
    with unwritable(own_file):
        publishing.write_down(desk, waiting, timedelta(0))
    assert list(waiting) == pair[::-1]
    assert len(caplog.records) == 1
    publishing.write_down(desk, waiting, timedelta(0))
    assert not waiting
    for number in (1, 2):
        entry = get(own_file, number)
        assert (entry.post.status, entry.parts[0].remote_id) == (
            Status.PUBLISHED,
            str(1000 + number),
        )


def test_with_patience_it_is_tried_until_it_can_be_written(
    own_file: Engine, pair: list[Ended]
) -> None:
    waiting, asked = deque(pair), list[datetime]()
    with unwritable(own_file) as mend:

        def clock() -> datetime:
            asked.append(NOW)
            if len(asked) > 1:
                mend()
            return NOW

        publishing.write_down(make_desk(own_file, clock), waiting, MINUTE)
    assert not waiting
    assert len(asked) == 1 + len(pair)
    assert [status_of(own_file, number) for number in (1, 2)] == [Status.PUBLISHED] * 2


def test_patience_ends(
    own_file: Engine, pair: list[Ended], caplog: pytest.LogCaptureFixture
) -> None:
    waiting, begun = deque(pair), elapsed()
    with unwritable(own_file):
        publishing.write_down(make_desk(own_file), waiting, SECOND * 0.7)
    assert 0.7 <= elapsed() - begun < 10
    assert sorted(waiting, key=lambda ended: ended.claim.post_id) == pair
    assert len(caplog.records) >= len(pair), "each at least once"


def test_where_nothing_waits_there_is_nothing_to_write(desk: Desk) -> None:
    publishing.write_down(desk, deque(), timedelta(0))


@pytest.mark.parametrize("what", ["everything", "the account", "the time"])
def test_nothing_is_shown_to_the_network_before_the_time_or_in_a_pause(
    desk: Desk, claim: Claim, what: str
) -> None:
    if what == "everything":
        pausing.pause(desk, "Stop.")
    elif what == "the account":
        connecting.pause(desk, "ines", "Stop.")
    else:
        claim = replace(claim, not_before=NOW + DAY)
        with desk.engine.begin() as connection:
            connection.execute(sa.update(Post).values(not_before=NOW + DAY))
    line = Line(needs_network=True)
    ended = publishing.publish(line.at(desk), claim)
    assert ended.status is Status.QUEUED
    assert line.asked == ["connect", "asks"]

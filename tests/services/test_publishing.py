"""Claims taken to their end over a real socket, and doubts settled, with a clock that is moved."""

from collections import deque
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench import rig
from handbill.app import App, build
from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.domain.network import (
    AccountRef,
    Claim,
    Evidence,
    Identity,
    Network,
    NotSeen,
    Sighting,
)
from handbill.domain.outcomes import Outcome, Unknown
from handbill.errors import Problem, TooLate
from handbill.inputs import PartIn, PostIn
from handbill.models import Account
from handbill.networks import x
from handbill.rehearsal import practice_keys
from handbill.rehearsal import user_id as practice_user
from handbill.services import connecting, history, publishing, queueing, rounds, settling
from handbill.services.desk import Desk
from handbill.settings import load
from handbill.store import accounts, claims, listings
from handbill.store.engine import write
from handbill.store.listings import Entry

MINUTE = timedelta(minutes=1)


@pytest.fixture
def app(home: Path, stage: rig.Stage) -> Generator[App]:
    app = rig.make_home(home, stage.url, "ada")
    yield app
    app.desk.engine.dispose()


def ahead(app: App, by: timedelta) -> Desk:
    """The same desk, with a clock that runs ahead."""
    return rig.timeless(replace(app.desk, clock=lambda: now() + by))


def entry(app: App, number: int) -> Entry:
    return listings.get(app.desk.engine, number)


def publish(app: App, text: str = "A post.") -> int:
    (number,) = rig.queue(app, "ada", text)
    assert rounds.tick(app.desk) == 1
    return number


LOST: list[dict[str, Any]] = [
    {"do": "drop", "accept": True},
    {"do": "half"},
    {"do": "error", "shape": "unavailable", "accept": True},
    {"do": "error", "shape": "unavailable-html", "accept": True},
    {"do": "no-id"},
    {"do": "truncated"},
    {"do": "big", "bytes": 3_000_000},
]


@pytest.mark.parametrize("fault", LOST)
def test_what_was_accepted_and_lost_is_held_then_found_and_never_sent_again(
    app: App, stage: rig.Stage, fault: dict[str, Any]
) -> None:
    stage.faults(fault)
    number = publish(app)
    assert entry(app, number).post.status is Status.IN_DOUBT
    assert entry(app, number).post.attention
    rounds.tick(ahead(app, MINUTE))
    found = entry(app, number)
    assert found.post.status is Status.PUBLISHED
    assert found.post.attention is None
    assert found.parts[0].remote_id == stage.accepted()[0]["id"]
    assert len(stage.accepted()) == 1


def test_a_doubt_that_x_cannot_settle_goes_through_five_looks_to_a_person(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "drop"})
    number = publish(app)
    for looks, minutes in enumerate((1, 2, 4, 8, 20), 1):
        rounds.tick(ahead(app, minutes * MINUTE))
        assert entry(app, number).attempts[0].looks == looks
    assert entry(app, number).attempts[0].next_look_at is None
    rounds.tick(ahead(app, 50 * MINUTE))
    assert entry(app, number).post.status is Status.IN_DOUBT
    assert stage.accepted() == []


def test_a_denied_doubt_is_sent_again_and_only_once(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "drop"})
    number = publish(app)
    settling.deny(ahead(app, 2 * MINUTE), number)
    rounds.tick(app.desk)
    assert entry(app, number).post.status is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def test_a_duplicate_after_a_wrongly_denied_doubt_is_looked_up_not_failed(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "drop", "accept": True}, timeline_lag=3600)
    number = publish(app)
    settling.deny(ahead(app, 2 * MINUTE), number)
    rounds.tick(app.desk)
    doubted = entry(app, number)
    assert doubted.post.status is Status.IN_DOUBT
    assert "same text before" in (doubted.post.attention or "")
    stage.faults(timeline_lag=0)
    rounds.tick(ahead(app, MINUTE))
    assert entry(app, number).post.status is Status.PUBLISHED
    assert len(stage.accepted()) == 1


def test_a_confirmed_doubt_keeps_the_link_a_person_gave(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "drop", "accept": True})
    number = publish(app)
    settling.confirm(app.desk, number, "https://x.com/ada/status/123456")
    done = entry(app, number)
    assert done.post.status is Status.PUBLISHED
    assert (done.parts[0].remote_id, done.parts[0].url) == (
        "123456",
        "https://x.com/ada/status/123456",
    )
    with pytest.raises(TooLate, match="not in doubt"):
        settling.deny(ahead(app, 2 * MINUTE), number)


def test_the_answer_with_another_posts_number_is_held_and_then_found(
    app: App, stage: rig.Stage
) -> None:
    publish(app, "The first.")
    stage.faults({"do": "wrong-id"})
    number = publish(app, "The second.")
    assert entry(app, number).post.status is Status.IN_DOUBT
    rounds.tick(ahead(app, MINUTE))
    assert entry(app, number).parts[0].remote_id == stage.accepted()[1]["id"]


def test_a_network_that_is_down_is_tried_again_until_the_limit_and_then_missed(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "drop", "method": "GET", "path": "*", "times": None})
    number = publish(app)
    assert entry(app, number).post.status is Status.QUEUED
    rounds.tick(ahead(app, 59 * MINUTE))
    assert entry(app, number).post.status is Status.QUEUED
    assert len(entry(app, number).attempts) == 2
    rounds.tick(ahead(app, 61 * MINUTE))
    missed = entry(app, number)
    assert missed.post.status is Status.MISSED
    assert missed.post.attention
    assert stage.accepted() == []


def test_a_post_that_waited_too_long_is_missed_not_sent(app: App, stage: rig.Stage) -> None:
    numbers = rig.queue(app, "ada", *[f"Overdue {n}" for n in range(5)])
    rounds.tick(ahead(app, 61 * MINUTE))
    assert {entry(app, n).post.status for n in numbers} == {Status.MISSED}
    assert stage.accepted() == []


def test_an_account_that_x_sends_to_rest_sends_nothing_until_then(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "error", "shape": "too-many-requests", "reset": 600})
    first, second = rig.queue(app, "ada", "One.", "Two.")
    rounds.tick(app.desk)
    assert entry(app, first).post.status is Status.QUEUED
    assert rounds.tick(ahead(app, 5 * MINUTE)) == 0
    assert rounds.tick(ahead(app, 11 * MINUTE)) == 1
    assert rounds.tick(ahead(app, 14 * MINUTE)) == 1, "what is so late leaves one by one"
    assert [post["text"] for post in stage.accepted()] == ["One.", "Two."]
    assert entry(app, second).post.status is Status.PUBLISHED


def test_an_account_without_keys_is_paused_with_the_names_of_the_keys(app: App, home: Path) -> None:
    (home / ".env").write_text("")
    bare = build(load(home, env={}))
    (number,) = rig.queue(bare, "ada", "Waits for keys.")
    rounds.tick(bare.desk)
    waiting = entry(bare, number)
    assert waiting.post.status is Status.QUEUED
    assert "ada has no api_key" in (waiting.account.pause_reason or "")
    assert "HANDBILL_TOKENS__ADA__ACCESS_TOKEN" in (waiting.account.pause_cure or "")
    bare.desk.engine.dispose()


def test_a_pause_between_claim_and_arm_sends_nothing(app: App, stage: rig.Stage) -> None:
    (number,) = rig.queue(app, "ada", "Too late to stop?")
    (claim,) = claims.claim(app.desk.engine, now(), "me", 1, app.desk.pictures)
    connecting.pause(app.desk, "ada", "Stop!")
    ended = publishing.publish(app.desk, claim)
    assert ended.status is Status.QUEUED
    assert stage.accepted() == []
    assert entry(app, number).attempts[0].outcome == "not_sent"


def test_a_post_claimed_ahead_leaves_on_time_and_not_before(app: App, stage: rig.Stage) -> None:
    due = now() + timedelta(milliseconds=80)
    rig.queue_at(app, "ada", [("On the dot.", due)])
    (claim,) = claims.claim(
        app.desk.engine, now(), "me", 1, app.desk.pictures, ahead=publishing.LEAD
    )
    publishing.publish(app.desk, claim)
    assert stage.accepted()[0]["accepted_at"] >= due.isoformat().replace("+00:00", "Z")


def test_a_clock_that_stepped_back_after_the_claim_sends_nothing(
    app: App, stage: rig.Stage
) -> None:
    rig.queue(app, "ada", "An hour early?")
    (claim,) = claims.claim(app.desk.engine, now(), "me", 1, app.desk.pictures)
    ended = publishing.publish(ahead(app, -60 * MINUTE), claim)
    assert ended.status is Status.QUEUED
    assert stage.accepted() == []


def test_a_post_of_two_parts_goes_out_as_a_thread(app: App, stage: rig.Stage) -> None:
    parts = [PartIn(text="First."), PartIn(text="Second.")]
    new = PostIn(account="ada", at="now", parts=parts)
    (queued,) = queueing.queue(app.desk, [("", new)], lambda _text, _moment: False)
    assert rounds.tick(app.desk) == 2
    first, second = stage.accepted()
    assert second["reply_to"] == first["id"]
    done = entry(app, queued.post.id or 0)
    assert done.post.status is Status.PUBLISHED
    assert [part.remote_id for part in done.parts] == [first["id"], second["id"]]


def test_nobody_can_edit_or_cancel_while_a_post_is_in_doubt(app: App, stage: rig.Stage) -> None:
    stage.faults({"do": "drop"})
    number = publish(app)
    with pytest.raises(TooLate, match="handbill queue deny"):
        queueing.cancel(app.desk, number)
    with pytest.raises(TooLate):
        queueing.edit(app.desk, number, "Another text.", None)


def test_a_look_that_cannot_be_made_does_not_count(app: App, stage: rig.Stage) -> None:
    stage.faults(
        {"do": "drop", "accept": True},
        {"do": "error", "shape": "unavailable", "method": "GET", "path": "*", "after": 1},
    )
    number = publish(app)
    rounds.tick(ahead(app, MINUTE))
    waiting = entry(app, number)
    assert waiting.attempts[0].looks == 0
    assert "could not look" in (waiting.post.attention or "")
    rounds.tick(ahead(app, 3 * MINUTE))
    assert entry(app, number).post.status is Status.PUBLISHED


def test_checking_an_account_tells_who_it_is(app: App) -> None:
    checked = connecting.check(app.desk, "ada")
    assert checked.identity
    assert checked.identity.handle == "@ada"
    assert checked.account.remote_id == checked.identity.remote_id


# What nobody foresaw


class Odd:
    """A line that breaks at one step, as a bug of ours would."""

    def __init__(self, step: str, error: BaseException) -> None:
        self._step, self._error = step, error

    def _reach(self, step: str) -> None:
        if step == self._step:
            raise self._error

    def whoami(self) -> Identity:
        return Identity("1", "@ada")

    def hour(self) -> datetime | None:
        return None

    def asks(self, _claim: Claim) -> bool:
        return False

    def prepare(self, claim: Claim) -> Evidence:
        self._reach("prepare")
        return {"user_id": "1", "since_id": None, "claim": claim.attempt_id}

    def publish(self, _claim: Claim, _evidence: Evidence, _send_by: float) -> Outcome:
        self._reach("publish")
        return Unknown("Nobody answered.")

    def find(self, _claim: Claim) -> Sighting:
        self._reach("find")
        return NotSeen("Not there.")


def odd(app: App, step: str, error: BaseException) -> Desk:
    return replace(app.desk, connect=lambda _account: Odd(step, error))


def test_a_bug_before_sending_ends_the_try_as_not_sent(app: App) -> None:
    (number,) = rig.queue(app, "ada", "A post.")
    with pytest.raises(LookupError):
        rounds.tick(odd(app, "prepare", LookupError("a bug")))
    waiting = entry(app, number)
    assert waiting.post.status is Status.QUEUED
    assert waiting.attempts[0].outcome == "not_sent"


def test_a_bug_while_sending_is_a_doubt(app: App) -> None:
    (number,) = rig.queue(app, "ada", "A post.")
    rounds.tick(odd(app, "publish", LookupError("a bug")))
    assert entry(app, number).post.status is Status.IN_DOUBT


def test_ctrl_c_while_sending_is_a_doubt(app: App) -> None:
    (number,) = rig.queue(app, "ada", "A post.")
    with pytest.raises(KeyboardInterrupt):
        rounds.tick(odd(app, "publish", KeyboardInterrupt()))
    assert entry(app, number).post.status is Status.IN_DOUBT


def test_a_bug_in_a_look_up_stops_no_post_and_is_not_repeated_at_once(
    app: App, stage: rig.Stage
) -> None:
    stage.faults({"do": "drop"})
    number = publish(app)
    (other,) = rig.queue(app, "ada", "Another post.", at="+1m")
    later = replace(ahead(app, 2 * MINUTE), connect=lambda _a: Odd("find", LookupError("a bug")))
    with pytest.raises(LookupError):
        rounds.tick(later)
    assert entry(app, other).attempts, "the other post was tried"
    look = entry(app, number).attempts[0].next_look_at
    assert look is not None
    assert look > now() + 2 * MINUTE


def test_new_keys_count_without_a_restart(app: App, stage: rig.Stage, home: Path) -> None:
    env = home / ".env"
    right = env.read_text()
    env.write_text(right.replace("-secret", "-wrong"))
    number = publish(app)
    assert entry(app, number).account.paused_at
    env.write_text(right)
    connecting.resume(app.desk, "ada")
    rounds.tick(app.desk)
    assert entry(app, number).post.status is Status.PUBLISHED


def with_line(app: App, server: str, seconds: float) -> Desk:
    line = x.connect(practice_keys("ada"), server, now, timedelta(seconds=seconds))
    return replace(app.desk, connect=lambda _account: line)


def test_a_refused_connection_queues_the_post_again_and_a_drip_holds_it(
    app: App, stage: rig.Stage
) -> None:
    (first,) = rig.queue(app, "ada", "Nobody there.")
    accounts.identify(app.desk.engine, 1, Identity(practice_user("ada"), "@ada"))
    with_newest(app, "7")
    with pytest.raises(Problem, match="does not answer"):  # nobody says that the clock is right
        rounds.tick(with_line(app, "http://127.0.0.1:9", 1))
    assert entry(app, first).attempts == []
    (claim,) = claims.claim(app.desk.engine, now(), "me", 1, app.desk.pictures)
    publishing.publish(with_line(app, "http://127.0.0.1:9", 1), claim)
    assert entry(app, first).post.status is Status.QUEUED
    assert entry(app, first).attempts[0].outcome == "not_sent"
    stage.faults({"do": "drip", "bytes_per_second": 2})
    (second,) = rig.queue(app, "ada", "Drop by drop.")
    rounds.tick(with_line(app, stage.url, 1))
    assert entry(app, second).post.status is Status.IN_DOUBT


def with_newest(app: App, remote_id: str) -> None:
    """The account knows a post of its own, so that preparing asks nobody."""
    with write(app.desk.engine) as session:
        session.get_one(Account, 1).newest_remote_id = remote_id


def test_a_post_whose_worker_has_gone_silent_needs_eyes(app: App) -> None:
    rig.queue(app, "ada", "Orphan.")
    claims.claim(app.desk.engine, now(), "gone", 1, app.desk.pictures)
    assert not history.state(app.desk).needs_eyes
    assert history.state(ahead(app, 15 * MINUTE)).needs_eyes


def test_a_receipt_that_cannot_be_written_down_is_kept_and_written_later(
    app: App, stage: rig.Stage
) -> None:
    (number,) = rig.queue(app, "ada", "Out, but not yet in the book.")
    (claim,) = claims.claim(app.desk.engine, now(), "me", 1, app.desk.pictures)
    unwritable = False

    @sa.event.listens_for(app.desk.engine, "checkout")
    def _guard(dbapi: Any, _record: object, _proxy: object) -> None:
        dbapi.execute(f"PRAGMA query_only={int(unwritable)}")

    def lock_after_sending(account: AccountRef) -> Network:
        line = app.desk.connect(account)
        send = line.publish

        def publish(claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
            nonlocal unwritable
            outcome = send(claim, evidence, send_by)
            unwritable = True
            return outcome

        line.publish = publish  # type: ignore[method-assign]
        return line

    ended = publishing.publish(replace(app.desk, connect=lock_after_sending), claim)
    assert ended.status is None
    assert entry(app, number).post.status is Status.PUBLISHING
    waiting = deque([ended])
    publishing.write_down(app.desk, waiting, timedelta(0))
    assert list(waiting) == [ended], "it is kept for as long as it cannot be written"
    unwritable = False
    publishing.write_down(app.desk, waiting, timedelta(0))
    assert not waiting
    assert entry(app, number).post.status is Status.PUBLISHED
    assert len(stage.accepted()) == 1

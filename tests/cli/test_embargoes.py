"""`handbill review embargo …`, and what the other commands say of it."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from handbill.clock import now
from handbill.domain.lifecycle import Status
from handbill.models import Post, Review
from handbill.store import posts
from tests.cli.shell import Answer, Shell
from tests.factories import (
    HOUR,
    NOW,
    add_account,
    add_in,
    add_post,
    add_review,
    claim_one,
    get,
    image_row,
    overwrite,
    set_embargo,
    status_of,
)

SET = ("review", "embargo", "set", "skerry-light")
LIFT = ("review", "embargo", "lift", "skerry-light")


@pytest.fixture(autouse=True)
def review(store: Engine) -> Review:
    add_account(store)
    return add_review(store)


def set_it(shell: Shell, *more: str, at: str = "2096-11-27 18:30") -> Answer:
    return shell(*SET, at, "--zone", "America/New_York", *more)


def waiting(store: Engine, review: Review) -> int:
    """A post that is due in an hour."""
    return add_post(store, review=review, at=now() + HOUR)


def test_an_embargo_is_repeated_in_its_zone_and_in_utc(shell: Shell) -> None:
    answer = set_it(shell)
    assert answer.out.splitlines() == [
        "The embargo on skerry-light holds everything but first reactions until "
        "Tue 27 Nov 2096 18:30 EST (America/New_York), that is 2096-11-27 23:30 UTC.",
        "Set.",
    ]


def test_without_a_word_posts_keep_their_time_and_are_held(
    shell: Shell, store: Engine, review: Review
) -> None:
    number = waiting(store, review)
    before = get(store, number).post
    answer = set_it(shell)
    post = get(store, number).post
    assert post.due_at == before.due_at
    assert post.not_before == post.embargo_until
    assert f"#{number} keeps its time" in answer.out
    assert "it will be missed" in answer.out
    assert f"handbill queue reschedule {number} --at embargo+0" in answer.err


def test_with_yes_they_move_to_the_lift(shell: Shell, store: Engine, review: Review) -> None:
    number = waiting(store, review)
    answer = set_it(shell, "--yes")
    assert f"Moved: #{number}." in answer.out
    assert "Wed 28 Nov 2096 00:30 CET" in answer.out
    post = get(store, number).post
    assert post.due_at == post.embargo_until


def test_what_is_out_is_told(shell: Shell, store: Engine, review: Review) -> None:
    number = add_in(store, Status.PUBLISHED, review=review)
    assert f"! Too late for #{number}: it is already out." in set_it(shell).out


def test_as_json(shell: Shell, store: Engine, review: Review) -> None:
    number = waiting(store, review)
    out = add_in(store, Status.PUBLISHED, review=review)
    assert set_it(shell, "--json").json == {
        "review": "skerry-light",
        "kind": "review",
        "until": "2096-11-27T23:30:00.000Z",
        "zone": "America/New_York",
        "moved": [],
        "held": [number],
        "too_late": [out],
        "keeps": [],
        "in_hand": [],
    }


def test_a_slot_that_stays_behind_is_told(shell: Shell, store: Engine, review: Review) -> None:
    set_it(shell)
    until = get(store, waiting(store, review)).post.embargo_until
    assert until is not None
    number = add_post(store, review=review, at=until + HOUR)
    overwrite(store, Post, number, anchor="slot after embargo+0")
    says = f"#{number} (slot after embargo+0) keeps its time. It has a slot"
    assert says in set_it(shell).out
    (keeps,) = set_it(shell, "--json").json["keeps"]
    assert keeps["post"] == number
    lifted = shell.fine(*LIFT, "--yes-i-may")
    assert says in lifted.out


def test_what_a_worker_has_in_hand_is_told(shell: Shell, store: Engine, review: Review) -> None:
    number = add_post(store, review=review, images=[image_row()])
    claim_one(store)
    told = f"! #{number} is in a worker's hands at this moment: its text is held, but a picture"
    answer = set_it(shell)
    assert told in answer.out
    assert "Too late" not in answer.out
    again = set_it(shell, "--json").json
    assert (again["held"], again["in_hand"], again["too_late"]) == ([number], [number], [])


def test_moving_it_earlier_is_refused_and_lifting_it_named(shell: Shell) -> None:
    set_it(shell)
    refused = set_it(shell, at="2096-11-26 18:30")
    assert refused.code == 1
    assert "lifts later, Tue 27 Nov 2096" in refused.err
    assert "handbill review embargo lift skerry-light --kind review --yes-i-may" in refused.err
    assert set_it(shell, "--yes-i-may", at="2096-11-26 18:30").code == 2
    assert set_it(shell, at="2096-11-28 18:30").code == 0


def test_the_list_shows_the_record_even_of_an_embargo_that_was_set_anew(shell: Shell) -> None:
    set_it(shell)
    shell.fine(*LIFT, "--yes-i-may", "--why", "The studio said so.")
    set_it(shell, at="2096-11-26 18:30")
    shown = shell.fine("review", "embargo", "list", "skerry-light").out
    assert "review embargo, until Tue 27 Nov 2096 18:30 EST, lifted by " in shown
    assert "The studio said so." in shown
    (one,) = shell.fine("review", "embargo", "list", "skerry-light", "--json").json
    assert [event["what"] for event in one["events"]] == ["set", "lifted", "set"]
    lifted = one["events"][1]
    assert (lifted["until"], lifted["why"]) == ("2096-11-27T23:30:00.000Z", "The studio said so.")
    assert lifted["by"]


def test_the_list_shows_what_is_in_force_and_what_was_lifted(shell: Shell, store: Engine) -> None:
    assert (
        "no embargo on skerry-light" in shell.fine("review", "embargo", "list", "skerry-light").out
    )
    set_it(shell)
    set_it(shell, "--kind", "reaction")
    shell.fine(*LIFT, "--kind", "reaction", "--yes-i-may", "--why", "The studio said so.")
    shown = shell.fine("review", "embargo", "list", "skerry-light").out
    assert "in force" in shown
    assert "The studio said so." in shown
    first, second = shell.fine("review", "embargo", "list", "skerry-light", "--json").json
    kinds = {one["kind"]: one for one in (first, second)}
    assert kinds["review"]["in_force"] is True
    assert kinds["reaction"]["in_force"] is False
    assert kinds["reaction"]["lifted_why"] == "The studio said so."


def test_lifting_without_the_word_says_what_would_follow_and_does_nothing(
    shell: Shell, store: Engine, review: Review
) -> None:
    number = add_post(store, review=review, at=now() - timedelta(minutes=1), limit=HOUR)
    set_it(shell)
    refused = shell(*LIFT)
    assert refused.code == 1
    assert f"Lifted now, #{number} would leave at once. Nothing was lifted." in refused.err
    assert (get(store, number).post.not_before or NOW) > now()
    done = shell.fine(*LIFT, "--yes-i-may")
    assert f"#{number} to ines on X becomes due at once" in done.out
    assert (get(store, number).post.not_before or now()) <= now()


def test_what_hangs_on_it_moves_when_it_is_lifted(
    shell: Shell, store: Engine, review: Review
) -> None:
    set_it(shell)
    until = get(store, waiting(store, review)).post.embargo_until
    assert until is not None
    hangs = add_post(store, review=review, at=until)
    overwrite(store, Post, hangs, anchor="embargo+0")
    refused = shell(*LIFT)
    assert f"What hangs on it would move: #{hangs}." in refused.err
    assert shell.fine(*LIFT, "--yes-i-may", "--json").json["moved"] == [hangs]
    assert (get(store, hangs).post.due_at or until) < now() + HOUR


def test_nothing_is_lifted_where_none_is_in_force(shell: Shell) -> None:
    answer = shell(*LIFT, "--yes-i-may")
    assert answer.code == 1
    assert "No embargo on skerry-light is in force." in answer.err


def test_queue_add_refuses_an_early_post_and_takes_a_reaction(shell: Shell) -> None:
    set_it(shell)
    early = ("queue", "add", "See it.", "--at", "+2h", "--review", "skerry-light")
    refused = shell(*early)
    assert refused.code == 1
    assert "skerry-light is under embargo until Tue 27 Nov 2096 18:30 EST" in refused.err
    assert "--at embargo+0" in refused.err
    assert shell.fine(*early, "--kind", "reaction", "--json").json[0]["kind"] == "reaction"


def test_show_says_until_when_a_post_is_held(shell: Shell, store: Engine, review: Review) -> None:
    number = waiting(store, review)
    set_it(shell)
    assert "embargo lifts 2096-11-27 23:30:00 UTC" in shell.fine("queue", "show", str(number)).out


def test_the_history_keeps_the_proof_in_every_form(
    shell: Shell, store: Engine, review: Review
) -> None:
    set_embargo(store, review, NOW, now=NOW - HOUR)
    number = add_in(store, Status.PUBLISHED, review=review)
    text = shell.fine("history").out
    assert "embargo lifted 2026-11-20 11:00:00 UTC = Fri 20 Nov 2026 12:00 CET" in text
    assert "0 s after the lift" in text
    (row,) = shell.fine("history", "--json").json
    assert (row["id"], row["embargo"]["after_s"]) == (number, 0.0)
    assert row["embargo"]["lifts_at"]["embargo"] == "2026-11-20T06:00:00.000-05:00"
    (line,) = csv.DictReader(io.StringIO(shell.fine("history", "--format", "csv").out))
    assert line["embargo"].splitlines()[1].startswith("left 2026-11-20 11:00:00 UTC = ")


def test_status_and_queue_list_never_stumble_over_a_held_draft(
    shell: Shell, store: Engine, review: Review
) -> None:
    number = add_post(store, review=review, draft=True, at=None)
    set_it(shell)
    assert status_of(store, number) is Status.DRAFT
    shell.fine("queue", "list")
    shell.fine("status")
    posts.change(store, number, posts.cancel)


def test_a_post_that_is_held_beyond_its_limit_is_named_with_a_way_on(
    shell: Shell, store: Engine
) -> None:
    account = add_account(store, "mo")
    number = add_post(store, account, at=now() + HOUR, review=add_review(store, "held-up"))
    shell.fine("review", "embargo", "set", "held-up", "+5h")
    state = shell("status")
    assert state.code == 3
    assert f"! #{number} is under embargo until " in state.out
    assert f"handbill queue reschedule {number} --at embargo+0" in state.out
    assert "needs your eyes" not in state.out
    assert [p["id"] for p in shell("status", "--json").json["held_beyond_limit"]] == [number]
    assert "⚑ held until " in shell.fine("queue", "list").out
    shell.fine("queue", "reschedule", str(number), "--at", "embargo+0")
    assert shell("status").code == 0

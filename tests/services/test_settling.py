"""Posts in doubt: looked for when it is time, and settled by a person's word."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handbill.domain.lifecycle import Status
from handbill.domain.network import Found, NotSeen
from handbill.domain.outcomes import Busy, Halted, NotSent, Refused, Unauthorized
from handbill.domain.settling import COME_BACK, QUIET, REST
from handbill.errors import InputProblem, NotFound, SettingsProblem, TooLate
from handbill.services import settling
from handbill.services.desk import Desk
from handbill.services.settling import Looked
from tests.factories import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Hands,
    account_of,
    add_account,
    add_in,
    add_post,
    attempt,
    busy,
    get,
    not_sent,
    receipt,
    refused,
    status_of,
    unauthorized,
    unknown,
)
from tests.services.scripted import Line


def raises(error: BaseException, step: str) -> Callable[[str], None]:
    """Breaks at one step."""

    def meanwhile(reached: str) -> None:
        if reached == step:
            raise error

    return meanwhile


@pytest.fixture
def doubtful(desk: Desk, hands: Hands) -> int:
    """A post in doubt whose first look-up is due."""
    post_id = add_in(desk.engine, Status.IN_DOUBT, text="A storm.")
    hands.forward(5 * SECOND)
    return post_id


# Looking


def test_where_nothing_is_due_nobody_is_asked(desk: Desk) -> None:
    add_in(desk.engine, Status.IN_DOUBT)
    line = Line()
    assert settling.look(line.at(desk)) is None
    assert line.asked == []


def test_one_look_is_made_at_a_time_the_longest_due_first(desk: Desk, hands: Hands) -> None:
    sol = add_account(desk.engine, "sol")
    first = add_in(desk.engine, Status.IN_DOUBT)
    second = add_in(desk.engine, Status.IN_DOUBT, account=sol, at=NOW + SECOND)
    hands.forward(MINUTE)
    line = Line()
    assert settling.look(line.at(desk)) == Looked(first, "ines", Status.IN_DOUBT)
    assert settling.look(line.at(desk)) == Looked(second, "sol", Status.IN_DOUBT)
    assert settling.look(line.at(desk)) is None
    assert line.asked == ["connect", "find"] * 2


def test_what_is_found_is_published(desk: Desk, doubtful: int) -> None:
    line = Line(sighting=Found(receipt("1001", at=NOW + SECOND)))
    assert settling.look(line.at(desk)) == Looked(doubtful, "ines", Status.PUBLISHED)
    assert [account.name for account in line.accounts] == ["ines"]
    assert line.claims["find"].text == "A storm."
    assert line.claims["find"].images == ()
    entry = get(desk.engine, doubtful)
    assert entry.parts[0].remote_id == "1001"
    assert entry.attempts[0].resolved_at == NOW + 5 * SECOND


def test_what_is_not_seen_is_looked_for_again(desk: Desk, doubtful: int) -> None:
    line = Line(sighting=NotSeen("Not there yet."))
    assert settling.look(line.at(desk)) == Looked(doubtful, "ines", Status.IN_DOUBT)
    entry = get(desk.engine, doubtful)
    assert (entry.attempts[0].looks, entry.post.attention) == (1, "Not there yet.")
    assert entry.attempts[0].next_look_at == NOW + 30 * SECOND


@pytest.mark.parametrize(
    ("began", "status"), [(QUIET - SECOND, Status.IN_DOUBT), (QUIET, Status.QUEUED)]
)
def test_absence_counts_by_when_the_look_began_not_by_when_it_ended(
    desk: Desk, doubtful: int, hands: Hands, began: timedelta, status: Status
) -> None:
    hands.now = NOW + began
    line = Line(
        sighting=NotSeen("No such record.", proof=True),
        meanwhile=lambda step: hands.forward(HOUR) if step == "find" else None,
    )
    assert settling.look(line.at(desk)) == Looked(doubtful, "ines", status)


# When the network cannot be asked


@pytest.mark.parametrize(
    ("trouble", "until"),
    [
        (not_sent("X could not be reached."), NOW + 5 * SECOND + COME_BACK),
        (refused("X does not like us."), NOW + 5 * SECOND + COME_BACK),
        (unauthorized("X does not take the tokens.", "renew"), NOW + 5 * SECOND + COME_BACK),
        (busy(NOW + 9 * MINUTE, "X asks to wait."), NOW + 9 * MINUTE),
    ],
)
def test_a_look_that_the_network_does_not_allow_is_put_off(
    desk: Desk,
    doubtful: int,
    trouble: Refused | Busy | NotSent | Unauthorized,
    until: datetime,
) -> None:
    line = Line(meanwhile=raises(Halted(trouble), "find"))
    assert settling.look(line.at(desk)) == Looked(doubtful, "ines", Status.IN_DOUBT)
    entry = get(desk.engine, doubtful)
    assert (entry.attempts[0].looks, entry.attempts[0].next_look_at) == (0, until)
    assert entry.post.attention == f"Handbill could not look: {trouble.says}"


def test_tokens_that_are_not_taken_any_more_pause_the_account(desk: Desk, doubtful: int) -> None:
    halted = Halted(unauthorized("X does not take the tokens.", "renew"))
    settling.look(Line(meanwhile=raises(halted, "find")).at(desk))
    account = account_of(desk.engine)
    assert account.paused_at == NOW + 5 * SECOND
    assert (account.pause_reason, account.pause_cure) == ("X does not take the tokens.", "renew")


@pytest.mark.parametrize("trouble", [not_sent(), refused(), busy()])
def test_no_other_trouble_of_a_look_pauses_it(
    desk: Desk, doubtful: int, trouble: Refused | Busy | NotSent
) -> None:
    settling.look(Line(meanwhile=raises(Halted(trouble), "find")).at(desk))
    account = account_of(desk.engine)
    assert (account.paused_at, account.rest_until) == (None, NOW + REST)


def test_without_keys_a_look_is_put_off_with_the_way_to_mend_it(desk: Desk, doubtful: int) -> None:
    missing = SettingsProblem("ines has no api_key.", "Put it into .env.")
    line = Line(meanwhile=raises(missing, "connect"))
    assert settling.look(line.at(desk)) == Looked(doubtful, "ines", Status.IN_DOUBT)
    entry = get(desk.engine, doubtful)
    assert entry.post.attention == (
        "Handbill could not look: ines has no api_key. Put it into .env."
    )
    assert entry.attempts[0].next_look_at == NOW + 5 * SECOND + COME_BACK
    assert entry.attempts[0].looks == 0


def test_a_bug_in_a_look_is_not_taken_for_an_answer(desk: Desk, doubtful: int) -> None:
    with pytest.raises(LookupError):
        settling.look(Line(meanwhile=raises(LookupError("a bug"), "find")).at(desk))
    entry = get(desk.engine, doubtful)
    assert (entry.post.status, entry.attempts[0].looks) == (Status.IN_DOUBT, 0)


# A person's word


def test_a_yes_without_a_link_publishes_and_keeps_no_link(desk: Desk, doubtful: int) -> None:
    assert settling.confirm(desk, doubtful, None) is Status.PUBLISHED
    entry = get(desk.engine, doubtful)
    assert (entry.parts[0].remote_id, entry.parts[0].url) == ("", "")
    assert entry.attempts[0].resolved_at == NOW + 5 * SECOND


def test_a_yes_with_a_link_keeps_it_and_its_number(desk: Desk, doubtful: int) -> None:
    link = "https://x.com/ines/status/123456"
    assert settling.confirm(desk, doubtful, link) is Status.PUBLISHED
    entry = get(desk.engine, doubtful)
    assert (entry.parts[0].remote_id, entry.parts[0].url) == ("123456", link)


@pytest.mark.parametrize("link", ["https://x.com/ines", "https://example.com/1", "", "123456"])
def test_a_link_that_leads_to_no_post_settles_nothing(desk: Desk, doubtful: int, link: str) -> None:
    before = get(desk.engine, doubtful)
    with pytest.raises(InputProblem) as problem:
        settling.confirm(desk, doubtful, link)
    assert (
        str(problem.value)
        == (
            f"{link} is not the link of a post. "
            "Open the post itself and copy its address, or leave --url away."
        ).strip()
    )
    assert get(desk.engine, doubtful) == before


def test_a_no_queues_it_again(desk: Desk, hands: Hands, doubtful: int) -> None:
    later = hands.forward(QUIET)
    assert settling.deny(desk, doubtful) is Status.QUEUED
    (denied,) = get(desk.engine, doubtful).attempts
    assert (denied.resolution, denied.resolved_at) == ("denied", later)


def test_a_no_does_not_count_while_a_request_may_be_on_its_way(
    desk: Desk, hands: Hands, doubtful: int
) -> None:
    (tried,) = get(desk.engine, doubtful).attempts
    assert tried.armed_at is not None
    hands.now = tried.armed_at + QUIET - SECOND
    with pytest.raises(InputProblem, match="on its way") as refused:
        settling.deny(desk, doubtful)
    assert refused.value.cure == f"Look again in 1 s, and then: handbill queue deny {doubtful}"
    hands.forward(SECOND)
    assert settling.deny(desk, doubtful) is Status.QUEUED


def test_a_word_on_one_of_two_doubts_leaves_the_other(
    desk: Desk, hands: Hands, doubtful: int
) -> None:
    hands.forward(QUIET)
    other = add_post(desk.engine, add_account(desk.engine, "sol"))
    attempt(desk.engine, unknown())
    settling.deny(desk, other)
    assert status_of(desk.engine, doubtful) is Status.IN_DOUBT


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.IN_DOUBT])
@pytest.mark.parametrize("link", [None, "https://x.com/ines/status/123456"])
def test_a_word_on_a_post_that_is_not_in_doubt_is_too_late(
    desk: Desk, status: Status, link: str | None
) -> None:
    post_id = add_in(desk.engine, status)
    words: list[Callable[[], Status]] = [
        lambda: settling.deny(desk, post_id),
        lambda: settling.confirm(desk, post_id, link),
    ]
    for word in words:
        with pytest.raises(TooLate) as problem:
            word()
        assert problem.value.says == f"Post #{post_id} is not in doubt; it is {status}."
        assert problem.value.cure == f"See: handbill queue show {post_id}"


def test_a_word_on_a_post_that_does_not_exist_is_refused(desk: Desk) -> None:
    for word in (settling.deny, lambda d, n: settling.confirm(d, n, None)):
        with pytest.raises(NotFound):
            word(desk, 99)

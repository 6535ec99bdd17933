"""What X's answers mean, to the letter: shapes, statuses and headers without a network."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from handbill.domain.outcomes import Busy, NotSent, Outcome, Receipt, Refused, Unauthorized, Unknown
from handbill.networks.x import answers
from handbill.networks.x.answers import Answer, Processing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ADDRESS = "https://x.test/ada/status/"
PROBLEMS = "https://api.twitter.com/2/problems/"


def answer(
    status: int, body: dict[str, Any] | None, reason: str = "Because", **headers: str
) -> Answer:
    """An answer with its headers."""
    return Answer(status, reason, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def no(status: int, title: str = "No", **more: Any) -> Answer:
    """An error in X's own shape."""
    return answer(status, {"title": title, "type": "about:blank", "status": status, **more})


def proves(given: Answer) -> Outcome:
    return answers.outcome(given, ADDRESS, lambda: NOW)


# The creating request


@pytest.mark.parametrize("status", [200, 201, 299])
@pytest.mark.parametrize("number", ["1", "1234567890123456789", 77])
def test_a_good_answer_with_a_number_is_a_receipt(status: int, number: object) -> None:
    made = proves(answer(status, {"data": {"id": number}}))
    assert made == Receipt(str(number), f"{ADDRESS}{number}")


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": {"id": ""}},
        {"data": {"id": "0"}},
        {"data": {"id": "07"}},
        {"data": {"id": "-7"}},
        {"data": {"id": "7 "}},
        {"data": {"id": "12345678901234567890"}},
        {"data": {"id": None}},
        {"id": "7"},
    ],
)
def test_a_good_answer_without_a_number_proves_nothing(body: dict[str, Any] | None) -> None:
    assert proves(answer(200, body)) == Unknown(
        "X answered 200, but without the number of the post."
    )


OPEN = "that leaves open whether the post is out."


@pytest.mark.parametrize(
    "given",
    [
        answer(199, {"data": {"id": "7"}}),
        answer(300, {"data": {"id": "7"}}),
        answer(403, None),
        answer(403, {}),
        answer(403, {"title": "No"}),
        answer(403, {"type": "about:blank"}),
        answer(403, {"status": 403}),
        answer(403, {"title": "No", "status": 400}),
        answer(403, {"title": "No", "type": "about:blank", "status": "403"}),
        answer(403, {"errors": [{"detail": "no message"}]}),
        answer(403, {"errors": ["message"]}),
        answer(403, {"errors": {"message": "No"}}),
        answer(403, {"detail": "Your account is suspended."}),
        no(500),
        no(503),
        no(409),
        no(418),
    ],
)
def test_what_is_not_on_the_closed_list_leaves_it_open(given: Answer) -> None:
    says = f"X answered with an error ({given.status} Because) {OPEN}"
    assert proves(given) == Unknown(says)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
@pytest.mark.parametrize(
    "body",
    [
        {"title": "No", "type": "about:blank", "detail": "Too long."},
        {"title": "No", "detail": "Too long.", "status": None},
        {"errors": [{"message": "Too long."}]},
        {"errors": ["odd", {"message": "Too long."}, {"message": "And more."}]},
        {"title": "Too long. . ", "type": ""},
    ],
)
def test_a_refusal_is_in_xs_own_words(status: int, body: dict[str, Any]) -> None:
    given = {key: status if key == "status" else value for key, value in body.items()}
    assert proves(answer(status, given)) == Refused(f"X refused the post ({status}): Too long.")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"message": "First.", "detail": "Second."}], "detail": "Third."}, "First"),
        ({"errors": [{"message": "", "detail": "Second."}], "detail": "Third."}, "Second"),
        ({"errors": [], "title": "Fourth.", "type": "", "detail": "Third."}, "Third"),
        ({"title": "Fourth.", "type": ""}, "Fourth"),
        ({"title": "", "type": ""}, "Because"),
        ({"title": "x" * 400, "type": ""}, "x" * 300),
        ({"title": "a\x1b[2Jb", "type": ""}, "a\\x1b[2Jb"),
        ({"title": 5, "type": ""}, "5"),
    ],
)
def test_the_nearest_words_are_told_made_safe_and_cut(body: dict[str, Any], words: str) -> None:
    assert proves(answer(400, body)).says == f"X refused the post (400): {words}."


def test_an_error_without_any_word_says_so() -> None:
    assert answer(400, {"title": ""}, reason="").detail == "no reason"


def test_401_asks_for_fresh_keys() -> None:
    assert proves(no(401)) == Unauthorized(
        "X does not accept this account's keys and tokens (401).",
        "put fresh ones into .env and try `handbill account check`",
    )


def test_402_asks_for_credits() -> None:
    assert proves(no(402)) == Unauthorized(
        "X says this app has no credits left (402).", "top up at X"
    )


DUPLICATE = Refused("X says you have posted this same text before (403).", duplicate=True)
NOT_ENROLLED = Unauthorized(
    "X says this app is not enrolled for posting (403).",
    "attach the app to a project with access in X's developer portal",
)
READS_ONLY = Unauthorized(
    "X says this app may read but not post (403).",
    "give it Read and Write in the developer portal, make new tokens, put them into .env",
)
SUSPENDED = Unauthorized("X has suspended this account (403).", "settle it with X")
LOCKED = Unauthorized("X has locked this account for now (403).", "log in at X and unlock it")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"detail": "You are not allowed to create a DUPLICATE post."}, DUPLICATE),
        ({"title": "Duplicate"}, DUPLICATE),
        ({"reason": "duplicate"}, DUPLICATE),
        ({"errors": [{"message": "Status is a duplicate."}]}, DUPLICATE),
        ({"errors": [{"message": "x"}, {"detail": "duplicate"}]}, DUPLICATE),
        ({"type": f"{PROBLEMS}client-forbidden"}, NOT_ENROLLED),
        ({"reason": "client-not-enrolled"}, NOT_ENROLLED),
        ({"type": f"{PROBLEMS}oauth1-permissions"}, READS_ONLY),
        ({"type": f"{PROBLEMS}unsupported-authentication"}, READS_ONLY),
        ({"detail": "Your client lacks a permission."}, READS_ONLY),
        ({"detail": "Your account is suspended."}, SUSPENDED),
        ({"detail": "This account has been temporarily suspended, sorry"}, SUSPENDED),
        ({"detail": "To protect our users, this account is locked."}, LOCKED),
        ({"detail": "The author's account is suspended."}, None),
        ({"detail": "Your account is unsuspendedly fine."}, None),
        ({"detail": "Suspended is your account's friend."}, None),
        ({"detail": "The conversation is locked."}, None),
        ({"detail": "Your account has blocked the author."}, None),
        ({"type": "oauth1-permissions"}, None),
        ({"type": f"{PROBLEMS}oauth1-permissions/more"}, None),
    ],
)
def test_a_403_tells_whom_it_is_about(more: dict[str, Any], expected: Outcome | None) -> None:
    outcome = proves(no(403, **more))
    if expected is not None:
        assert outcome == expected
    else:
        assert isinstance(outcome, Refused)
        assert outcome.says.startswith("X refused the post (403): ")
        assert not outcome.duplicate


def test_429_rests_until_the_header_says() -> None:
    busy = proves(
        answer(
            429,
            {"title": "Too Many Requests", "type": "about:blank"},
            x_rate_limit_reset=str(int(NOW.timestamp()) + 600),
        )
    )
    assert busy == Busy(
        "X asks us to wait until 12:10 UTC (429: Too Many Requests).", NOW + 10 * MINUTE
    )


@pytest.mark.parametrize(
    ("more", "period"),
    [({"period": "Monthly"}, "monthly"), ({}, "current"), ({"period": "\n"}, "\\n")],
)
def test_a_quota_that_is_used_up_pauses_and_names_its_period(
    more: dict[str, Any], period: str
) -> None:
    outcome = proves(no(429, type=f"{PROBLEMS}usage-capped", **more))
    assert outcome == Unauthorized(
        f"X says the {period} quota of this app is used up (429).",
        "raise it at X or wait for the next period",
    )


def test_another_status_with_that_type_is_no_quota() -> None:
    assert isinstance(proves(no(400, type=f"{PROBLEMS}usage-capped")), Refused)


# Where nothing is published


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (no(402), Unauthorized("X says this app has no credits left (402).", "top up at X")),
        (no(400, "Odd"), Refused("X refused the post (400): Odd.")),
        (no(503), NotSent("X is not well (503 Because).")),
        (answer(402, None), NotSent("X is not well (402 Because).")),
        (answer(400, {}), NotSent("X is not well (400 Because).")),
    ],
)
def test_before_anything_is_public_the_unknown_is_not_sent(
    given: Answer, expected: Outcome
) -> None:
    assert answers.halt(given, lambda: NOW) == expected


def test_before_anything_is_public_a_429_rests_too() -> None:
    halted = answers.halt(no(429), lambda: NOW)
    assert isinstance(halted, Busy)
    assert halted.until == NOW + answers.DEFAULT_REST


# Headers that say how long


def used_up(*families: str, **resets: int) -> dict[str, str]:
    """Headers of limits, some of which are used up; `resets` in minutes from now."""
    named = {"rate": "x-rate-limit", "user": "x-user-limit-24hour", "app": "x-app-limit-24hour"}
    moment = int(NOW.timestamp())
    headers = {f"{named[k]}-reset": str(moment + 60 * v) for k, v in resets.items()}
    return headers | {f"{named[family]}-remaining": " 0 " for family in families}


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        (used_up("user", rate=1, user=120, app=180), 120),
        (used_up("app", rate=1, user=120, app=180), 180),
        (used_up("rate", rate=1, user=120, app=180), 1),
        (used_up("user", "app", "rate", rate=1, user=120, app=180), 120),
        (used_up("app", "rate", rate=1, user=120, app=180), 180),
        (used_up(rate=1, user=120, app=180), 1),
        (used_up("user", rate=1), 15),
        ({**used_up("user", rate=1), "retry-after": "120"}, 2),
        ({**used_up("user", user=60 * 26), "retry-after": "120"}, 2),
        (used_up("user", user=60 * 25), 60 * 25),
        ({"retry-after": "99999999"}, 15),
    ],
)
def test_the_limit_that_is_used_up_is_believed_first(headers: dict[str, str], minutes: int) -> None:
    assert answers.rest_until(headers, NOW) == NOW + minutes * MINUTE


@pytest.mark.parametrize(
    ("value", "rests"),
    [
        ("0", 5 * SECOND),
        ("4", 5 * SECOND),
        ("6", 6 * SECOND),
        ("7.5", 7.5 * SECOND),
        ("  60  ", MINUTE),
        ("-0.001", answers.DEFAULT_REST),
        ("90000", 25 * 60 * MINUTE),
        ("90001", answers.DEFAULT_REST),
        ("100000000", 5 * SECOND),
        ("2026-11-22 12:10", 10 * MINUTE),
        ("2026-11-22T12:10:00", 10 * MINUTE),
        ("2026-11-22T14:10:00+02:00", 10 * MINUTE),
        ("2026-11-22T12:25:00+00:15", 10 * MINUTE),
        ("Sun, 22 Nov 2026 12:10:00 -0000", 10 * MINUTE),
        ("Sun, 22 Nov 2026 14:10:00 +0200", 10 * MINUTE),
    ],
)
def test_a_moment_is_read_in_every_way_of_writing_it(value: str, rests: timedelta) -> None:
    assert answers.rest_until({"retry-after": value}, NOW) == NOW + rests


# Numbers that carry their time


def numbered(at: datetime) -> str:
    """The first number that X gives at an instant."""
    return str(((at - answers.NUMBERS_BEGAN) // timedelta(milliseconds=1)) << 22)


@pytest.mark.parametrize(
    ("made", "older"),
    [
        (NOW + MINUTE, False),
        (NOW, False),
        (NOW - 4 * SECOND, False),
        (NOW - 6 * SECOND, True),
        (NOW - 60 * MINUTE, True),
        (NOW - 1439 * MINUTE, True),
        (NOW - 1441 * MINUTE, False),
    ],
)
def test_a_number_tells_how_old_it_is(made: datetime, older: bool) -> None:
    answer = answers.Answer(201, "Created", {"Date": format_datetime(NOW + MINUTE, True)}, {})
    assert answers.is_older(numbered(made), None, answer, MINUTE) is older


@pytest.mark.parametrize("date", [None, "soon", "Mon, 01 Jan 0001 00:00:00 +1400"])
def test_without_a_time_of_theirs_a_number_tells_nothing(date: str | None) -> None:
    answer = answers.Answer(201, "Created", {"Date": date} if date else {}, {})
    assert not answers.is_older(numbered(NOW - 60 * MINUTE), None, answer, SECOND)


@pytest.mark.parametrize(
    ("newest", "older"),
    [("899", False), ("900", True), ("901", True), ("", False), ("x901", False), (None, False)],
)
def test_a_number_is_behind_our_newest_or_it_is_older(newest: str | None, older: bool) -> None:
    assert answers.is_older("900", newest, answers.Answer(201, "", {}, {}), SECOND) is older


# Read


def response(status: int, content: bytes, reason: str | None = "OK") -> requests.Response:
    made = requests.Response()
    made.status_code, made._content, made.reason = status, content, reason  # type: ignore[assignment]
    made.headers["X-Thing"] = "7"
    return made


def test_an_answer_is_taken_apart() -> None:
    read = answers.read(response(201, b'{"data": {"id": "7"}}', "Created"))
    assert (read.status, read.reason, read.body) == (201, "Created", {"data": {"id": "7"}})
    assert read.headers["x-thing"] == "7"


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[1]", b"7", b"<html>", b"{", b"\xff\xfe", b"[" * 99999]
)
def test_what_is_no_object_is_nothing(content: bytes) -> None:
    assert answers.read(response(200, content)).body is None


def test_a_missing_or_odd_reason_is_made_safe() -> None:
    assert answers.read(response(200, b"{}", None)).reason == ""
    assert answers.read(response(200, b"{}", "a\x1bb")).reason == "a\\x1bb"


def test_no_secret_is_kept_of_what_an_answer_echoes() -> None:
    echo = response(400, b'{"title": "aaa and bbb", "type": "aaa"}', "aaa, bbb")
    read = answers.read(echo, ["aaa", "bbb"])
    assert read.body == {"title": "[secret] and [secret]", "type": "[secret]"}
    assert read.reason == "[secret], [secret]"


# Uploads


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (None, Processing("", 1.0)),
        ("pending", Processing("", 1.0)),
        ({}, Processing("", 1.0)),
        ({"state": "pending", "check_after_secs": 3}, Processing("pending", 3.0)),
        ({"state": "pending", "check_after_secs": 0.5}, Processing("pending", 0.5)),
        ({"state": "pending", "check_after_secs": 10}, Processing("pending", 10.0)),
        ({"state": "pending", "check_after_secs": 10.5}, Processing("pending", 1.0)),
        ({"state": "pending", "check_after_secs": 0}, Processing("pending", 1.0)),
        ({"state": "pending", "check_after_secs": -1}, Processing("pending", 1.0)),
        ({"state": "pending", "check_after_secs": "3"}, Processing("pending", 1.0)),
        ({"state": "failed"}, Processing("failed", 1.0)),
    ],
)
def test_how_far_a_picture_is(info: object, expected: Processing) -> None:
    assert answers.processing({"processing_info": info}) == expected
    assert answers.processing({}) == Processing("", 1.0)


@pytest.mark.parametrize(
    ("body", "found"),
    [({"meta": {"a": 1}}, {"a": 1}), ({"meta": 5}, {}), ({"meta": [1]}, {}), ({}, {})],
)
def test_an_object_in_an_answer_is_found_or_empty(
    body: dict[str, Any], found: dict[str, Any]
) -> None:
    assert answers.data(body, "meta") == found
    assert answers.data({"data": found}) == found

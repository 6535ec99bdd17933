"""X over a real socket: what each answer proves, and that there is exactly one creating request."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.rig import Stage
from handbill.clock import elapsed, now
from handbill.domain.network import AccountRef, Claim, Evidence, Found, Image, NotSeen
from handbill.domain.outcomes import (
    Busy,
    Halted,
    NotSent,
    Outcome,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
)
from handbill.networks import x
from handbill.rehearsal import practice_keys
from handbill.rehearsal import user_id as practice_user

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
GIF = b"GIF89a" + bytes(100)


def line(server: str, name: str = "ada", seconds: float = 10) -> x.X:
    return x.connect(practice_keys(name), server, now, timedelta(seconds=seconds))


def claim(server: str, text: str = "A fine film.", **fields: Any) -> Claim:
    account = AccountRef(1, "ada", "x", server, "@ada", None, None)
    moment = datetime.now(UTC)
    whole = Claim(
        attempt_id=1,
        post_id=1,
        part_id=1,
        fence=1,
        revision=1,
        position=1,
        text=text,
        images=(),
        reply_to=None,
        account=account,
        due_at=moment,
        not_before=moment,
        armed_at=moment,
    )
    return replace(whole, **fields)


def soon() -> float:
    return elapsed() + 5


def send(stage: Stage, seconds: float = 10, **fields: Any) -> Outcome:
    one = claim(stage.url, **fields)
    return line(stage.url, seconds=seconds).publish(one, one.evidence, soon())


def creating_requests(stage: Stage) -> int:
    made = stage.ledger()["requests"]
    return sum(r["method"] == "POST" and r["path"] == "/2/tweets" for r in made)


def test_a_receipt_names_the_post_and_its_address(stage: Stage) -> None:
    outcome = send(stage, text="One & only <3 https://example.com/review")
    (post,) = stage.accepted()
    assert outcome == Receipt(post["id"], f"{stage.url}/ada/status/{post['id']}")
    assert post["text"] == "One & only <3 https://example.com/review"


def test_from_arming_to_the_receipt_nobody_asks_what_time_it_is(stage: Stage) -> None:
    """The clock may be a database server's, and that be away just now."""

    def clock() -> datetime:
        raise AssertionError("the clock was asked")

    one = claim(stage.url)
    line = x.connect(practice_keys("ada"), stage.url, clock, timedelta(seconds=10))
    assert isinstance(line.publish(one, one.evidence, soon()), Receipt)


ANSWERS: list[tuple[dict[str, Any], type[Outcome], str]] = [
    ({"do": "error", "shape": "credits"}, Unauthorized, "no credits left (402)"),
    ({"do": "error", "shape": "unauthorized"}, Unauthorized, "keys and tokens (401)"),
    ({"do": "error", "shape": "suspended"}, Unauthorized, "suspended this account"),
    ({"do": "error", "shape": "locked"}, Unauthorized, "locked this account"),
    ({"do": "error", "shape": "oauth1-permissions"}, Unauthorized, "may read but not post"),
    ({"do": "error", "shape": "client-not-enrolled"}, Unauthorized, "not enrolled"),
    ({"do": "error", "shape": "duplicate"}, Refused, "this same text before"),
    ({"do": "error", "shape": "invalid-request"}, Refused, "(400)"),
    ({"do": "error", "shape": "not-found"}, Refused, "(404)"),
    ({"do": "error", "shape": "too-large"}, Refused, "(413)"),
    ({"do": "error", "shape": "unprocessable"}, Refused, "(422)"),
    ({"do": "error", "shape": "too-many-requests"}, Busy, "wait until"),
    ({"do": "error", "shape": "usage-cap"}, Unauthorized, "monthly quota"),
    ({"do": "error", "shape": "unavailable"}, Unknown, "503"),
    ({"do": "error", "shape": "unavailable", "accept": True}, Unknown, "503"),
    ({"do": "error", "shape": "unavailable-html"}, Unknown, "503"),
    ({"do": "error", "shape": "bad-gateway-html", "accept": True}, Unknown, "502"),
    ({"do": "error", "shape": "server-error"}, Unknown, "500"),
    ({"do": "html-login"}, Unknown, "number of the post"),
    ({"do": "null"}, Unknown, "number of the post"),
    ({"do": "no-id"}, Unknown, "number of the post"),
    ({"do": "truncated"}, Unknown, "number of the post"),
    ({"do": "redirect"}, Unknown, "307"),
    ({"do": "redirect", "status": 303}, Unknown, "303"),
    ({"do": "drop"}, Unknown, "line to X broke"),
    ({"do": "drop", "accept": True}, Unknown, "line to X broke"),
    ({"do": "half"}, Unknown, "line to X broke"),
    ({"do": "reset", "accept": True}, Unknown, "line to X broke"),
    ({"do": "reset", "accept": True, "after_bytes": 40}, Unknown, "line to X broke"),
    ({"do": "big", "bytes": 5_000_000}, Unknown, "line to X broke"),
    ({"do": "status", "status": 403, "body": "<html>no"}, Unknown, "403"),
    ({"do": "status", "status": 404, "body": '{"detail":"Not Found"}'}, Unknown, "404"),
    ({"do": "status", "status": 400, "body": '{"errors":[]}'}, Unknown, "400"),
    (
        {
            "do": "status",
            "status": 403,
            "body": '{"errors":[{"code":187,"message":"Status is a duplicate."}]}',
        },
        Refused,
        "same text before",
    ),
    (
        {
            "do": "status",
            "status": 403,
            "body": '{"title":"No","status":403,"detail":"The author was suspended."}',
        },
        Refused,
        "author was suspended",
    ),
    ({"do": "status", "status": 201, "body": '{"data":{"id":"0"}}'}, Unknown, "number"),
    (
        {"do": "status", "status": 201, "body": '{"data":{"id":"' + "9" * 300 + '"}}'},
        Unknown,
        "number",
    ),
    ({"do": "status", "status": 429, "body": "slow down"}, Unknown, "429"),
    ({"do": "status", "status": 400, "body": '"a string"'}, Unknown, "400"),
    ({"do": "status", "status": 418, "body": "{}"}, Unknown, "418"),
    ({"do": "status", "status": 204, "body": ""}, Unknown, "204"),
]


@pytest.mark.parametrize(("fault", "expected", "words"), ANSWERS)
def test_each_answer_proves_what_the_closed_list_says(
    stage: Stage, fault: dict[str, Any], expected: type[Outcome], words: str
) -> None:
    stage.faults(fault)
    outcome = send(stage)
    assert isinstance(outcome, expected)
    assert words in outcome.says
    assert creating_requests(stage) == 1
    assert not any(post["answered"] == "redirect" for post in stage.accepted())


def test_an_odd_charset_makes_no_receipt_of_what_cannot_be_read(stage: Stage) -> None:
    stage.faults({"do": "wrong-charset"})
    outcome = send(stage)
    (post,) = stage.accepted()
    assert isinstance(outcome, Unknown) or (outcome.says == "" and isinstance(outcome, Receipt))
    assert not isinstance(outcome, Receipt) or outcome.remote_id == post["id"]


def test_a_dripping_answer_ends_at_the_deadline_and_is_unknown(stage: Stage) -> None:
    stage.faults({"do": "drip", "bytes_per_second": 5})
    start = elapsed()
    outcome = send(stage, seconds=1)
    assert elapsed() - start < 4
    assert isinstance(outcome, Unknown)
    assert "1 seconds" in outcome.says
    assert len(stage.accepted()) == 1


def test_a_refused_connection_is_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = f"http://127.0.0.1:{port}"
    outcome = line(server).publish(claim(server), {}, soon())
    assert outcome == NotSent("X could not be reached: the connection was refused.")


def test_an_unknown_host_is_surely_not_sent() -> None:
    server = "http://no-such-host.invalid"
    outcome = line(server).publish(claim(server), {}, soon())
    assert isinstance(outcome, NotSent)


def test_nothing_is_sent_when_the_window_after_arming_has_closed(stage: Stage) -> None:
    one = claim(stage.url)
    outcome = line(stage.url).publish(one, {}, elapsed() - 1)
    assert isinstance(outcome, NotSent)
    assert "busy or asleep" in outcome.says
    assert creating_requests(stage) == 0


@contextmanager
def raw_server(answer: bytes) -> Generator[str]:
    """Answers every connection with these bytes, then closes it."""

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


WHOLE = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 42\r\n"
    b'Connection: close\r\n\r\n{"data":{"id":"1234567890123","text":"x"}}'
)


def test_an_answer_cut_after_any_byte_is_unknown_and_only_the_whole_is_a_receipt() -> None:
    wrong = []
    for cut in range(0, len(WHOLE), 3):
        with raw_server(WHOLE[:cut]) as server:
            outcome = line(server).publish(claim(server), {}, soon())
        if not isinstance(outcome, Unknown):
            wrong.append((cut, outcome))
    assert wrong == []
    with raw_server(WHOLE) as server:
        assert isinstance(line(server).publish(claim(server), {}, soon()), Receipt)


def test_proxies_and_netrc_of_the_environment_are_not_asked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert isinstance(send(stage), Receipt)


def test_wrong_keys_are_answered_with_the_way_to_mend_them(stage: Stage) -> None:
    keys = {**practice_keys("ada"), "access_token_secret": "wrong"}
    outcome = x.connect(keys, stage.url, now).publish(claim(stage.url), {}, soon())
    assert isinstance(outcome, Unauthorized)
    assert "account check" in outcome.cure


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, 15),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 600)}, 10),
        ({"x-rate-limit-reset": str((int(NOON.timestamp()) + 600) * 1000)}, 10),
        ({"x-rate-limit-reset": f"{NOON.timestamp() + 600:.3f}"}, 10),
        ({"x-rate-limit-reset": "600"}, 10),
        ({"x-rate-limit-reset": "2026-11-22T12:10:00Z"}, 10),
        ({"x-rate-limit-reset": "2026-11-22T13:10:00+01:00"}, 10),
        ({"x-rate-limit-reset": "Sun, 22 Nov 2026 12:10:00 GMT"}, 10),
        ({"retry-after": "600"}, 10),
        ({"retry-after": "Sun, 22 Nov 2026 12:10:00 GMT"}, 10),
        ({"x-rate-limit-reset": "soon", "retry-after": "600"}, 10),
        ({"x-rate-limit-reset": ""}, 15),
        ({"x-rate-limit-reset": "soon"}, 15),
        ({"x-rate-limit-reset": "-600"}, 15),
        ({"x-rate-limit-reset": "nan"}, 15),
        ({"x-rate-limit-reset": "inf"}, 15),
        ({"x-rate-limit-reset": "1e999"}, 15),
        ({"x-rate-limit-reset": "9" * 40}, 15),
        ({"x-rate-limit-reset": "99999999999"}, 15),
        ({"x-rate-limit-reset": "2126-11-22T12:10:00Z"}, 15),
        ({"x-rate-limit-reset": "9999-12-31T23:59:59-12:00"}, 15),
        ({"x-rate-limit-reset": "Fri, 31 Dec 9999 23:59:59 -1200"}, 15),
        ({"x-rate-limit-reset": "0x10"}, 15),
        ({"x-rate-limit-reset": "12:10"}, 15),
        ({"x-rate-limit-reset": "null"}, 15),
        ({"x-rate-limit-reset": "1, 2"}, 15),
        (
            {
                "x-rate-limit-reset": str(int(NOON.timestamp()) + 60),
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": str(int(NOON.timestamp()) + 7200),
            },
            120,
        ),
        (
            {
                "x-rate-limit-reset": str(int(NOON.timestamp()) + 600),
                "x-user-limit-24hour-remaining": "5",
                "x-user-limit-24hour-reset": str(int(NOON.timestamp()) + 7200),
            },
            10,
        ),
        ({"x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": "3600"}, 60),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 25 * 3600 + 60)}, 15),
    ],
)
def test_a_429_rests_until_its_header_says_or_a_quarter_of_an_hour(
    headers: dict[str, str], minutes: int
) -> None:
    assert x.answers.rest_until(headers, NOON) == NOON + timedelta(minutes=minutes)


def test_a_reset_in_the_past_still_rests_a_moment() -> None:
    past = {"x-rate-limit-reset": str(int(NOON.timestamp()) - 600)}
    assert x.answers.rest_until(past, NOON) == NOON + x.answers.SHORTEST_REST


def test_terminal_escapes_in_an_error_are_made_harmless(stage: Stage) -> None:
    body = '{"title":"No","detail":"\\u001b[2Jgone","status":400}'
    stage.faults({"do": "status", "status": 400, "body": body})
    assert "\x1b" not in send(stage).says


@pytest.mark.parametrize(
    ("number", "expected"), [("899", Unknown), ("900", Unknown), ("901", Receipt)]
)
def test_a_number_that_is_not_behind_our_newest_post_is_no_receipt(
    stage: Stage, number: str, expected: type[Outcome]
) -> None:
    stage.faults({"do": "status", "status": 201, "body": f'{{"data":{{"id":"{number}"}}}}'})
    outcome = send(stage, evidence={"since_id": "900"})
    assert isinstance(outcome, expected)
    assert creating_requests(stage) == 1


# Before and after the creating request


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ("Date: Fri, 20 Nov 2026 11:00:00 GMT", datetime(2026, 11, 20, 11, tzinfo=UTC)),
        (
            "Date: Fri, 20 Nov 2026 10:00:00 GMT\r\nAge: 3600",
            datetime(2026, 11, 20, 11, tzinfo=UTC),
        ),
        ("Date: Fri, 20 Nov 2026 11:00:00 -0000", None),
        ("Date: noonish", None),
        ("Date: Fri, 20 Nov 2026 10:00:00 GMT\r\nAge: some", None),
        ("Server: forgetful", None),
    ],
)
def test_any_answer_tells_the_time_or_does_not_say(headers: str, told: datetime | None) -> None:
    with raw_server(f"HTTP/1.1 404 Not Found\r\n{headers}\r\n\r\n".encode()) as url:
        assert line(url).hour() == told


def test_the_rehearsal_goes_by_this_machines_clock(stage: Stage) -> None:
    told = line(stage.url).hour()
    assert told is not None
    assert timedelta(0) <= now() - told < timedelta(seconds=5)


def test_a_network_that_is_away_tells_no_time() -> None:
    with pytest.raises(Halted) as halted:
        line("http://127.0.0.1:9").hour()
    assert halted.value.outcome == NotSent(
        "It could not be asked what time it is: the connection was refused."
    )


def test_whoami_tells_the_number_and_the_name(stage: Stage) -> None:
    who = line(stage.url).whoami()
    assert who.handle == "@ada"
    assert who.remote_id.isdigit()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"do": "error", "shape": "unavailable"}, NotSent),
        ({"do": "drop"}, NotSent),
        ({"do": "null"}, NotSent),
        ({"do": "error", "shape": "credits"}, Unauthorized),
        ({"do": "error", "shape": "too-many-requests"}, Busy),
    ],
)
def test_a_fault_before_anything_is_public_is_never_unknown(
    stage: Stage, fault: dict[str, Any], expected: type[Outcome]
) -> None:
    stage.faults({**fault, "method": "GET", "path": "/2/users/*"})
    with pytest.raises(Halted) as halted:
        line(stage.url).prepare(claim(stage.url))
    assert isinstance(halted.value.outcome, expected)


@pytest.mark.parametrize("body", ["null", "[]", "5", "<html>Log in</html>"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2/users/me"),
        ("GET", "/2/users/*/tweets"),
        ("POST", "/2/media/upload"),
        ("POST", "/2/media/metadata"),
    ],
)
def test_a_good_answer_that_is_no_object_ends_the_preparation_unsent(
    stage: Stage, tmp_path: Path, method: str, path: str, body: str
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    stage.faults({"do": "status", "status": 200, "body": body, "method": method, "path": path})
    with pytest.raises(Halted) as halted:
        line(stage.url).prepare(
            claim(stage.url, images=(Image(file, "image/png", "A chair.", len(PNG)),))
        )
    assert isinstance(halted.value.outcome, NotSent)
    assert creating_requests(stage) == 0
    assert stage.accepted() == []


@pytest.mark.parametrize("page", ['{"meta": 5}', '{"meta": [1], "data": 7}', "{}"])
def test_an_odd_page_of_the_timeline_tells_no_newest_post_and_shows_nothing(
    stage: Stage, page: str
) -> None:
    odd = {"do": "status", "status": 200, "body": page, "method": "GET"}
    stage.faults({**odd, "path": "/2/users/*/tweets", "times": None})
    ada, one = prepared(stage)
    assert one.evidence["since_id"] is None
    sighting = ada.find(one)
    assert isinstance(sighting, NotSeen)
    assert not sighting.proof


def test_preparing_learns_the_newest_post_only_when_none_is_known(stage: Stage) -> None:
    send(stage, text="The one before.")
    (post,) = stage.accepted()
    ada = line(stage.url)
    who = ada.whoami()
    assert ada.prepare(claim(stage.url))["since_id"] == post["id"]
    known = AccountRef(1, "ada", "x", stage.url, "@ada", who.remote_id, "77")
    before = len(stage.ledger()["requests"])
    assert ada.prepare(claim(stage.url, account=known))["since_id"] == "77"
    assert len(stage.ledger()["requests"]) == before


@pytest.mark.parametrize(("content", "kind"), [(PNG, "image/png"), (GIF, "image/gif")])
def test_a_picture_goes_out_with_its_alt_text(
    stage: Stage, tmp_path: Path, content: bytes, kind: str
) -> None:
    file = tmp_path / "picture"
    file.write_bytes(content)
    image = Image(file, kind, "A red chair.", len(content))
    ada, one = line(stage.url), claim(stage.url, images=(image,))
    outcome = ada.publish(one, ada.prepare(one), soon())
    assert isinstance(outcome, Receipt)
    (media,) = stage.accepted()[0]["media"]
    assert (media["bytes"], media["type"], media["alt"]) == (len(content), kind, "A red chair.")


def test_a_picture_that_is_gone_refuses_the_post(stage: Stage, tmp_path: Path) -> None:
    image = Image(tmp_path / "gone.png", "image/png", "A chair.", 10)
    with pytest.raises(Halted) as halted:
        line(stage.url).prepare(claim(stage.url, images=(image,)))
    assert isinstance(halted.value.outcome, Refused)
    assert stage.accepted() == []


# Did it go out?


def prepared(stage: Stage, **fields: Any) -> tuple[x.X, Claim]:
    ada = line(stage.url)
    one = claim(stage.url, **fields)
    return ada, replace(one, evidence=ada.prepare(one))


TEXTS = [
    "Plain words.",
    "Fish & chips <3 > all",
    "Literal &amp; stays &lt;so&gt;",
    "Read https://example.com/review?a=1&b=2 now",
    "Bare example.com and Example.COM/Path/ too",
    "Line one\n\nline   two",
    "Cafe\u0301 na\u00efve \U0001f9d1\u200d\U0001f680 \u2605\u2605\u2605\u00bd",
    "https://example.com/a https://example.com/a",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_post_whose_answer_was_lost_is_found_on_the_timeline(stage: Stage, text: str) -> None:
    ada, one = prepared(stage, text=text)
    stage.faults({"do": "drop", "accept": True})
    assert isinstance(ada.publish(one, one.evidence, soon()), Unknown)
    sighting = ada.find(one)
    assert isinstance(sighting, Found)
    assert sighting.receipt.remote_id == stage.accepted()[0]["id"]


def test_a_post_with_a_picture_is_found_by_its_media_key(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    ada, one = prepared(stage, text="", images=(Image(file, "image/png", "A chair.", 108),))
    stage.faults({"do": "half"})
    assert isinstance(ada.publish(one, one.evidence, soon()), Unknown)
    assert isinstance(ada.find(one), Found)


PICTURED = "A lamp & two liars: https://example.com/review"


def forgotten(one: Claim, taken_at: datetime) -> Claim:
    """The claim as it is after a backup was restored: nothing is known of what was sent."""
    account = replace(one.account, remote_id=practice_user("ada"))
    return replace(one, evidence={}, armed_at=taken_at, account=account)


def test_without_evidence_the_timeline_is_read_since_the_earliest_possible_moment(
    stage: Stage,
) -> None:
    stage.faults(duplicate_check=False, limit_15min=1000)
    ada = line(stage.url)
    for n in range(120):
        ada.publish(claim(stage.url, text=f"Post {n}."), {}, soon())
    oldest = forgotten(claim(stage.url, text="Post 0."), now())
    assert isinstance(ada.find(oldest), Found)
    assert isinstance(ada.find(replace(oldest, armed_at=now() + timedelta(hours=1))), NotSeen)
    route = f"/2/users/{practice_user('ada')}/tweets"
    asked = [r for r in stage.ledger()["requests"] if r["path"] == route]
    assert len(asked) == 2 + 1, "what is older is not read, and not paid for"


def test_a_post_with_a_picture_is_found_without_its_key_by_words_and_number_of_pictures(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    image = Image(file, "image/png", "A chair.", len(PNG))
    ada, one = prepared(stage, text=PICTURED, images=(image,))
    ada.publish(one, one.evidence, soon())
    lost = forgotten(one, now() - timedelta(days=2))
    assert isinstance(ada.find(lost), Found)
    assert isinstance(ada.find(replace(lost, images=(image, image))), NotSeen)
    assert isinstance(ada.find(replace(lost, images=())), NotSeen)
    assert isinstance(ada.find(replace(lost, text="Other words.")), NotSeen)


def test_pictures_without_words_are_not_known_again_without_their_keys(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    ada, one = prepared(stage, text="", images=(Image(file, "image/png", "A chair.", len(PNG)),))
    ada.publish(one, one.evidence, soon())
    lost = forgotten(one, now() - timedelta(days=2))
    assert isinstance(ada.find(lost), NotSeen)


def test_a_reply_is_not_taken_for_the_same_words_elsewhere(stage: Stage) -> None:
    stage.faults(duplicate_check=False)
    ada, one = prepared(stage, text="Same words.")
    ada.publish(one, one.evidence, soon())
    parent = stage.accepted()[0]["id"]
    assert isinstance(ada.find(replace(one, reply_to=parent)), NotSeen)
    answer = replace(one, reply_to=parent)
    ada.publish(answer, answer.evidence, soon())
    found = ada.find(answer)
    assert isinstance(found, Found)
    assert found.receipt.remote_id == stage.accepted()[1]["id"]


def test_what_is_not_there_is_not_seen_and_that_proves_nothing(stage: Stage) -> None:
    ada, one = prepared(stage)
    sighting = ada.find(one)
    assert isinstance(sighting, NotSeen)
    assert not sighting.proof


def test_a_lagging_timeline_shows_it_later(stage: Stage) -> None:
    ada, one = prepared(stage)
    stage.faults({"do": "drop", "accept": True}, timeline_lag=3600)
    ada.publish(one, one.evidence, soon())
    assert isinstance(ada.find(one), NotSeen)
    stage.faults(timeline_lag=0)
    assert isinstance(ada.find(one), Found)


def test_pictures_of_others_are_not_taken_for_ours(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    image = Image(file, "image/png", "A chair.", len(PNG))
    ada, ours = prepared(stage, text="", images=(image,))
    theirs = ada.prepare(claim(stage.url, text="", images=(image,)))
    ada.publish(claim(stage.url, text=""), theirs, soon())
    assert isinstance(ada.find(ours), NotSeen)
    assert isinstance(ada.find(replace(ours, images=(), evidence={"user_id": "1"})), NotSeen)


def test_whichever_try_is_out_is_known_by_its_own_pictures(stage: Stage, tmp_path: Path) -> None:
    """Each try uploads anew; after a wrong no, the second may be the one that is out."""
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    ada, first = prepared(stage, images=(Image(file, "image/png", "A chair.", len(PNG)),))
    second = ada.prepare(first)
    assert second["media_keys"] != first.evidence["media_keys"]
    ada.publish(first, second, soon())
    assert isinstance(ada.find(first), NotSeen)
    found = ada.find(replace(first, tries=(first.evidence, second)))
    assert isinstance(found, Found)
    assert found.receipt.remote_id == stage.accepted()[0]["id"]


ODD_TIMELINES: list[Any] = [
    {"data": 5},
    {"data": ["x", None]},
    {"data": [{"id": "7", "text": None, "referenced_tweets": ["x"]}]},
    {"data": [{"id": "7", "note_tweet": "x", "entities": 5}]},
    {"data": [{"id": "7", "attachments": [1], "created_at": "0001-01-01T00:00:00+14:00"}]},
    {"data": [{"id": "7", "entities": {"urls": [5, {"url": None}]}}]},
    {"data": [{"id": {"a": 1}, "text": "A fine film."}]},
]


@pytest.mark.parametrize("page", ODD_TIMELINES)
def test_an_odd_timeline_is_passed_over(page: dict[str, Any]) -> None:
    assert x.timeline.match(page, claim("https://x.test", text="Something else.")) is None


def test_the_tokens_of_another_account_send_nothing(stage: Stage) -> None:
    account = AccountRef(1, "ada", "x", stage.url, "@ada", "12345", "77")
    with pytest.raises(Halted) as halted:
        line(stage.url).prepare(claim(stage.url, account=account))
    assert "not those of @ada" in halted.value.outcome.says
    assert stage.ledger()["requests"] == []


def test_an_answer_that_echoes_our_keys_is_kept_without_them(stage: Stage) -> None:
    secret = practice_keys("ada")["access_token"]
    body = f'{{"title":"No","detail":"you sent {secret}","status":400}}'
    stage.faults({"do": "status", "status": 400, "body": body})
    assert send(stage).says == "X refused the post (400): you sent [secret]."


def test_a_key_at_the_place_where_the_words_are_cut_is_taken_out_whole(stage: Stage) -> None:
    secret = practice_keys("ada")["access_token"]
    for before in range(300 - len(secret), 301, 7):
        body = f'{{"title":"No","detail":"{"x" * before}{secret}","status":400}}'
        stage.faults({"do": "status", "status": 400, "body": body})
        assert "x" * before + secret[:4] not in send(stage).says


def test_an_older_post_with_the_same_words_is_not_taken_for_ours(stage: Stage) -> None:
    stage.faults(duplicate_check=False)
    send(stage, text="Again and again.")
    later = claim(stage.url, text="Again and again.", armed_at=now() + timedelta(minutes=10))
    evidence: Evidence = {"user_id": line(stage.url).whoami().remote_id, "since_id": None}
    assert isinstance(line(stage.url).find(replace(later, evidence=evidence)), NotSeen)


def test_the_look_goes_back_over_several_pages(stage: Stage) -> None:
    stage.faults(limit_15min=10_000)
    ada, one = prepared(stage, text="The first of many.")
    ada.publish(one, one.evidence, soon())
    for number in range(130):
        ada.publish(claim(stage.url, text=f"Filler {number}"), {}, soon())
    assert isinstance(ada.find(one), Found)


# What is refused when queueing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("x" * 281, "Too long for X by 1: it counts 281 of 280."),
        ("x" * 10_000_000, "Too long for X"),
        ("$AAPL and $TSLA", "one cashtag a post, and here are 2"),
        ("a\x00b", "Character 2 (control character U+0000)"),
        ("ab\ud800", "Character 3"),
        ("\x1b[2J", "Character 1"),
    ],
)
def test_what_x_would_refuse_is_said_with_count_and_place(text: str, words: str) -> None:
    assert words in " ".join(x.check(text, []))


def test_280_and_a_link_of_any_length_are_fine() -> None:
    assert x.check("x" * 280, []) == []
    assert x.check("x" * 256 + " https://example.com/" + "y" * 200, []) == []


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([Image(Path("a.png"), "image/png", "x", 1)] * 5, "takes 4 pictures"),
        ([Image(Path("a.png"), "image/png", "x", 5_000_001, "a.png")], "a.png is too large"),
        ([Image(Path("a.png"), "image/png", "x" * 1001, 1, "a.png")], "1001 of 1000"),
        ([Image(Path("a.bmp"), "image/bmp", "x", 1, "a.bmp")], "does not take a.bmp"),
        ([Image(Path("a.gif"), "image/gif", "x", 1)] * 2, "GIF only alone"),
    ],
)
def test_pictures_that_x_would_refuse_are_named(images: list[Image], words: str) -> None:
    assert words in " ".join(x.check("Text", images))


def test_remarks_warn_of_names_that_become_links() -> None:
    assert x.remarks("See README.md") == [
        "Counts 27 of 280.",
        "X makes a link of README.md, and may charge for it.",
    ]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("A lamp and two liars.", []),
        ("https://example.com/a?b=c", ["https://example.com/a?b=c"]),
        ("See README.md, and example.com", ["README.md", "example.com"]),
    ],
)
def test_what_x_will_probably_bill_as_a_link(text: str, links: list[str]) -> None:
    assert x.links(text) == links


def test_a_link_counts_23_and_a_hopeless_text_is_only_measured() -> None:
    assert x.length(f"Read: https://example.com/{'a' * 300}") == 29
    assert x.length("a " * 500_000) == 1_000_000

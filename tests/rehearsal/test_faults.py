"""Each kind of fault, seen from outside and in the ledger."""

import json
import socket

import pytest
import requests
import tweepy

from handbill.rehearsal.shapes import ERRORS
from tests.rehearsal.driving import PNG, Json, StandIn, everything, until

BODY = {"text": "Stunning."}


def made(stand_in: StandIn) -> list[str]:
    """How each accepted post was answered."""
    return [post["answered"] for post in stand_in.posts("mira")]


def logged(stand_in: StandIn) -> list[tuple[int | None, str | None]]:
    return [(line["status"], line["fault"]) for line in stand_in.requests("mira")]


def parts(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return {"status": lines[0].split()[1], **dict(line.split(": ", 1) for line in lines[1:])}, body


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("shape", ERRORS)
def test_every_error_shape_before_and_after_acceptance(
    stand_in: StandIn, shape: str, accept: bool
) -> None:
    stand_in.plan({"do": "error", "shape": shape, "accept": accept})
    answer = stand_in.post("mira", "Stunning.")
    assert answer.status_code == ERRORS[shape]().status
    assert ("x-rate-limit-limit" in answer.headers) is True
    html = shape.endswith("-html")
    assert answer.headers["content-type"].startswith("text/html" if html else "application/json")
    assert html or answer.json()["title"]
    assert made(stand_in) == (["error"] if accept else [])
    assert logged(stand_in) == [(answer.status_code, "error")]


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ("unauthorized", tweepy.Unauthorized),
        ("duplicate", tweepy.Forbidden),
        ("too-many-requests", tweepy.TooManyRequests),
        ("server-error", tweepy.TwitterServerError),
        ("credits", tweepy.HTTPException),
    ],
)
def test_tweepy_takes_the_shapes_for_real(
    stand_in: StandIn, shape: str, error: type[tweepy.HTTPException]
) -> None:
    stand_in.plan({"do": "error", "shape": shape})
    with pytest.raises(error):
        stand_in.client("mira").create_tweet(**BODY)


@pytest.mark.parametrize(
    ("reset", "header"),
    [
        ("1700000000.5", "1700000000.5"),
        (" 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("-1", "-1"),
        ("", ""),
        ("é", "é"),
        (None, None),
        ("none", None),
    ],
)
def test_a_reset_header_of_any_form(
    stand_in: StandIn, reset: str | None, header: str | None
) -> None:
    rule: Json = {"do": "error", "shape": "too-many-requests", "reset": reset}
    stand_in.plan({**rule, "headers": {"Retry-After": "120", "x-rate-limit-limit": None}})
    head, _ = parts_latin(everything(stand_in.raw("mira", BODY)))
    assert head.get("x-rate-limit-reset") == header
    assert head["retry-after"] == "120"
    assert "x-rate-limit-limit" not in head
    assert head["x-rate-limit-remaining"] == "0"


def parts_latin(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    pairs = (line.split(":", 1) for line in head.decode("latin-1").split("\r\n")[1:])
    return {name: text.strip() for name, text in pairs}, body


def test_a_reset_in_seconds_is_counted_from_now(stand_in: StandIn) -> None:
    stand_in.plan(
        {"do": "error", "shape": "too-many-requests", "times": 1},
        {"do": "error", "shape": "too-many-requests", "times": 1, "reset": 60},
    )
    quarter, minute = (
        int(stand_in.post("mira", "a").headers["x-rate-limit-reset"]) for _ in range(2)
    )
    assert 839 <= quarter - minute <= 841


def test_a_raw_status_with_anything_in_it(stand_in: StandIn) -> None:
    stand_in.plan(
        {
            "do": "status",
            "status": 599,
            "body": "<b>é</b>",
            "content_type": "text/plain",
            "headers": {"X-Odd": "1"},
        }
    )
    answer = stand_in.post("mira", "a")
    assert (answer.status_code, answer.content) == (599, "<b>é</b>".encode())
    assert (answer.headers["content-type"], answer.headers["x-odd"]) == ("text/plain", "1")


@pytest.mark.parametrize("accept", [False, True])
def test_drop_ends_the_connection_without_a_byte(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "drop", "accept": accept})
    assert everything(stand_in.raw("mira", BODY)) == b""
    assert made(stand_in) == (["drop"] if accept else [])
    assert logged(stand_in) == [(None, "drop")]


@pytest.mark.parametrize("accept", [False, True])
def test_tweepy_cannot_tell_whether_a_dropped_post_was_made(
    stand_in: StandIn, accept: bool
) -> None:
    stand_in.plan({"do": "drop", "accept": accept})
    with pytest.raises(requests.ConnectionError):
        stand_in.client("mira").create_tweet(**BODY)
    assert len(made(stand_in)) == accept


def until_reset(connection: socket.socket) -> bytes:
    received = b""
    with connection:
        while True:
            try:
                chunk = connection.recv(65_536)
            except ConnectionResetError:
                return received
            assert chunk, "the end came as FIN, not as RST"
            received += chunk


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("after_bytes", [0, 1, 20, 200])
def test_reset_after_some_bytes_of_the_answer(
    stand_in: StandIn, after_bytes: int, accept: bool
) -> None:
    stand_in.plan({"do": "reset", "after_bytes": after_bytes, "accept": accept})
    received = until_reset(stand_in.raw("mira", BODY))
    assert len(received) == after_bytes
    status = b"HTTP/1.1 201 Created" if accept else b"HTTP/1.1 503 Service"
    assert received[:20] == status[:after_bytes]
    assert made(stand_in) == (["reset"] if accept else [])


@pytest.mark.parametrize("after", [0, 10, 500, 100_000])
def test_a_cut_request_gets_a_reset_and_makes_no_post(stand_in: StandIn, after: int) -> None:
    stand_in.plan({"do": "cut", "after_request_bytes": after})
    assert until_reset(stand_in.raw("mira", {"text": "x" * 250})) == b""
    assert made(stand_in) == []
    assert logged(stand_in) == [(None, "cut")]
    assert stand_in.post("mira", "Again.").status_code == 201


def test_a_cut_comes_while_the_client_is_still_sending(stand_in: StandIn) -> None:
    stand_in.plan({"do": "cut", "after_request_bytes": 200_000, "path": "/2/media/upload"})
    with pytest.raises(requests.ConnectionError):
        stand_in.upload("mira", PNG + bytes(12_000_000))
    (line,) = stand_in.requests("mira")
    assert 200_000 <= line["bytes"] < 12_000_000


@pytest.mark.parametrize("accept", [True, False])
def test_half_an_answer(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "half", "accept": accept})
    head, body = parts(everything(stand_in.raw("mira", BODY)))
    assert head["status"] == ("201" if accept else "503")
    assert len(body) == int(head["content-length"]) // 2
    assert made(stand_in) == (["half"] if accept else [])
    assert logged(stand_in) == [(int(head["status"]), "half")]


def test_a_dripping_answer_is_complete_in_the_end(stand_in: StandIn) -> None:
    stand_in.plan({"do": "drip", "bytes_per_second": 20_000})
    head, body = parts(everything(stand_in.raw("mira", BODY)))
    assert json.loads(body)["data"]["id"] == stand_in.posts("mira")[0]["id"]
    assert len(body) == int(head["content-length"])


def test_a_drip_holds_up_nobody_else(stand_in: StandIn) -> None:
    stand_in.plan({"do": "drip", "bytes_per_second": 1, "account": "mira"})
    with stand_in.raw("mira", BODY) as dripping:
        assert dripping.recv(100) == b"H"
        assert stand_in.post("joe", "quick").status_code == 201
        assert made(stand_in) == ["drip"]


def test_a_delayed_post_is_made_before_or_after_the_wait(stand_in: StandIn) -> None:
    stand_in.plan(
        {"do": "delay", "seconds": 3600, "accept": True, "account": "mira"},
        {"do": "delay", "seconds": 3600, "account": "joe"},
    )
    with stand_in.raw("mira", BODY), stand_in.raw("joe", BODY) as late:
        late.settimeout(0.05)
        with pytest.raises(TimeoutError):
            late.recv(1)
        assert [post["account"] for post in stand_in.ledger()["posts"]] == ["mira"]


@pytest.mark.parametrize("accept", [False, True])
def test_after_a_short_delay_the_answer_is_an_ordinary_one(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "delay", "seconds": 0.01, "accept": accept})
    answer = stand_in.post("mira", "a")
    assert answer.status_code == 201
    assert made(stand_in) == ["delay"]
    assert logged(stand_in) == [(201, "delay")]


def test_a_late_post_lands_although_the_client_has_left(stand_in: StandIn) -> None:
    stand_in.plan({"do": "delay", "seconds": 0.1})
    stand_in.raw("mira", BODY).close()
    until(lambda: bool(made(stand_in)))
    assert made(stand_in) == ["delay"]


def test_html_login_is_200_and_no_post(stand_in: StandIn) -> None:
    stand_in.plan({"do": "html-login"})
    answer = stand_in.post("mira", "a")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "log in" in answer.text
    assert made(stand_in) == []


@pytest.mark.parametrize("accept", [True, False])
def test_null(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "null", "accept": accept})
    answer = stand_in.post("mira", "a")
    assert (answer.status_code, answer.content) == (200, b"null")
    assert made(stand_in) == (["null"] if accept else [])


@pytest.mark.parametrize("accept", [True, False])
def test_no_id(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "no-id", "accept": accept})
    answer = stand_in.post("mira", "a")
    assert answer.status_code == 201
    assert answer.json()["data"].keys() == {"text"}
    assert made(stand_in) == (["no-id"] if accept else [])


@pytest.mark.parametrize("accept", [True, False])
def test_wrong_id_is_the_id_of_an_earlier_post(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "wrong-id", "after": 1, "accept": accept})
    first = stand_in.post("mira", "a").json()["data"]["id"]
    data = stand_in.post("mira", "b").json()["data"]
    assert (data["id"], data["edit_history_tweet_ids"]) == (first, [first])
    assert made(stand_in) == ["201", *(["wrong-id"] if accept else [])]


def test_wrong_id_of_the_first_post_of_all(stand_in: StandIn) -> None:
    stand_in.plan({"do": "wrong-id"})
    data = stand_in.post("mira", "a").json()["data"]
    assert data["id"] not in {stand_in.posts("mira")[0]["id"], ""}


def test_big_goes_on_until_the_client_has_enough(stand_in: StandIn) -> None:
    stand_in.plan({"do": "big", "bytes": 900_000_000, "account": "mira"})
    with stand_in.raw("mira", BODY) as connection:
        received = 0
        while received < 2_000_000:
            chunk = connection.recv(65_536)
            assert chunk
            received += len(chunk)
        assert stand_in.post("joe", "meanwhile").status_code == 201
    assert made(stand_in) == ["big"]


def test_big_ends_with_the_answer(stand_in: StandIn) -> None:
    stand_in.plan({"do": "big", "bytes": 100_000})
    head, body = parts(everything(stand_in.raw("mira", BODY)))
    assert "content-length" not in head
    assert len(body) > 100_000
    assert json.loads(body)["data"]["id"] == stand_in.posts("mira")[0]["id"]


def test_wrong_charset(stand_in: StandIn) -> None:
    stand_in.plan({"do": "wrong-charset"})
    answer = stand_in.post("mira", "a")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()
    assert made(stand_in) == ["wrong-charset"]


@pytest.mark.parametrize("accept", [True, False])
def test_truncated_json_of_the_right_length(stand_in: StandIn, accept: bool) -> None:
    stand_in.plan({"do": "truncated", "accept": accept})
    answer = stand_in.post("mira", "a")
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert answer.status_code == (201 if accept else 503)
    assert made(stand_in) == (["truncated"] if accept else [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_that_is_not_followed_makes_no_post(stand_in: StandIn, status: int) -> None:
    stand_in.plan({"do": "redirect", "status": status})
    answer = stand_in.post("mira", "a")
    assert answer.status_code == status
    assert answer.headers["location"] == f"{stand_in.base}/2/elsewhere/tweets"
    assert made(stand_in) == []


def test_a_client_that_follows_a_redirect_is_found_out(stand_in: StandIn) -> None:
    stand_in.plan({"do": "redirect"})
    stand_in.client("mira").create_tweet(**BODY)
    assert made(stand_in) == ["redirect"]
    assert [line["path"] for line in stand_in.requests("mira")] == [
        "/2/tweets",
        "/2/elsewhere/tweets",
    ]


def test_a_forgotten_post_was_made_but_never_shows(stand_in: StandIn) -> None:
    stand_in.plan({"do": "forget"})
    assert stand_in.post("mira", "a").status_code == 201
    assert stand_in.timeline("mira") == {"meta": {"result_count": 0}}
    assert "post-" not in stand_in.page().text
    assert made(stand_in) == ["forget"]


@pytest.mark.parametrize(("seconds", "count"), [(3600, 0), (0, 1)])
def test_a_hidden_post_shows_after_its_time(stand_in: StandIn, seconds: int, count: int) -> None:
    stand_in.plan({"do": "hide", "seconds": seconds})
    stand_in.post("mira", "a")
    assert stand_in.timeline("mira")["meta"]["result_count"] == count
    assert made(stand_in) == ["hide"]


def test_other_routes_can_fail_too(stand_in: StandIn) -> None:
    stand_in.plan(
        {"do": "error", "shape": "unavailable", "method": "GET", "path": "/2/users/*/tweets"},
        {"do": "half", "method": "GET", "path": "/2/users/me"},
    )
    assert stand_in.timeline("mira")["status"] == 503
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        stand_in.client("mira").get_me()
    assert logged(stand_in) == [(503, "error"), (200, "half")]


def test_what_x_would_refuse_is_not_made_by_a_fault(stand_in: StandIn) -> None:
    stand_in.plan({"do": "drop", "accept": True})
    connection = stand_in.raw("mira", {"text": "a" * 281})
    assert everything(connection) == b""
    assert made(stand_in) == []


def test_a_body_cut_off_is_counted_as_far_as_it_came(stand_in: StandIn) -> None:
    with socket.create_connection(("127.0.0.1", stand_in.port), timeout=5) as connection:
        head = "POST /2/tweets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 10)

    until(lambda: [line["bytes"] for line in stand_in.ledger()["requests"]] == [10])
    assert stand_in.ledger()["requests"][0]["status"] is None

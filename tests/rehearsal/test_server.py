"""The process: how it starts, whom it serves, and how it stops."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest
import requests

from tests.rehearsal.driving import StandIn


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "handbill.rehearsal", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def ready(running: subprocess.Popen[str]) -> StandIn:
    assert running.stdout
    word, _, base = running.stdout.readline().strip().partition(" ")
    assert word == "ready"
    return StandIn(base)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_promptly_and_cleanly_whatever_is_still_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[faults]]\ndo = "drip"\n[[faults]]\ndo = "delay"\nseconds = 3600\n'
        '[[faults]]\ndo = "big"\nbytes = 1000000000\n'
    )
    with process("--faults", str(plan)) as running:
        stand_in = ready(running)
        idle = socket.create_connection(("127.0.0.1", stand_in.port))
        dripping, delayed, big = (stand_in.raw("mira", {"text": str(n)}) for n in range(3))
        with idle, dripping, delayed, big:
            assert dripping.recv(1) == b"H"
            assert big.recv(1) == b"H"
            begun = monotonic()
            running.send_signal(number)
            assert running.wait(timeout=5) == 0
            assert monotonic() - begun < 1.5
        assert running.stderr
        assert running.stderr.read() == ""


def test_a_port_in_use_is_said_in_one_line(stand_in: StandIn) -> None:
    with process("--port", str(stand_in.port)) as running:
        _, words = running.communicate(timeout=5)
    assert running.returncode == 1
    assert words.startswith(f"The rehearsal cannot listen on 127.0.0.1:{stand_in.port}")
    assert words.count("\n") == 1


def test_a_bad_plan_file_is_said_in_one_line(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[faults]]\ndo = "explode"\n')
    with process("--faults", str(plan)) as running:
        out, words = running.communicate(timeout=5)
    assert (running.returncode, out) == (1, "")
    assert "Unknown fault 'explode'" in words


def test_importing_the_keys_loads_no_web_server() -> None:
    code = "import sys, handbill.rehearsal; print({'starlette', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:1", 200),
        ("rebound.example", 400),
        ("127.0.0.1.example", 400),
        ("", 400),
    ],
)
def test_only_this_machine_s_names_are_served(stand_in: StandIn, host: str, status: int) -> None:
    for path in ("", "_rehearsal/ledger"):
        answer = requests.get(f"{stand_in.base}/{path}", headers={"Host": host}, timeout=5)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2/nothing", 404),
        ("GET", "/1.1/statuses/update.json", 404),
        ("POST", "/2/tweets/", 404),
        ("PUT", "/2/tweets", 405),
    ],
)
def test_unknown_paths_answer_in_the_shape_of_x(
    stand_in: StandIn, method: str, path: str, status: int
) -> None:
    answer = stand_in.call("mira", method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json().keys() == {"title", "detail", "type", "status"}


def test_a_body_that_is_too_big_is_413(stand_in: StandIn) -> None:
    answer = stand_in.call("mira", "POST", "/2/tweets", data=b"x" * 25_000_001)
    assert (answer.status_code, answer.json()["title"]) == (413, "Request Entity Too Large")
    (line,) = stand_in.ledger()["requests"]
    assert line["bytes"] == 25_000_001


def test_every_request_to_x_is_in_the_ledger_and_no_other(stand_in: StandIn) -> None:
    stand_in.post("mira", "Stunning.")
    stand_in.page()
    requests.get(f"{stand_in.base}/favicon.ico", timeout=5)
    requests.get(f"{stand_in.base}/2/users/me", timeout=5)
    lines = stand_in.ledger()["requests"]
    kept = ("n", "method", "path", "account", "status", "fault", "bytes")
    assert [tuple(line[key] for key in kept) for line in lines] == [
        (1, "POST", "/2/tweets", "mira", 201, None, 21),
        (2, "GET", "/2/users/me", None, 401, None, 0),
    ]


def test_reset_empties_the_ledger_and_ids_go_on(stand_in: StandIn) -> None:
    before = stand_in.post("mira", "Stunning.").json()["data"]["id"]
    requests.post(f"{stand_in.base}/_rehearsal/reset", timeout=5)
    ledger = stand_in.ledger()
    assert (ledger["posts"], ledger["requests"], ledger["media"]) == ([], [], [])
    after = stand_in.post("mira", "Stunning.").json()["data"]["id"]
    assert int(after) > int(before)
    assert stand_in.get("/_rehearsal/count") == {"posts": 1}


@pytest.mark.parametrize("path", ["reset", "faults"])
def test_another_site_s_page_cannot_write(stand_in: StandIn, path: str) -> None:
    stand_in.post("mira", "Stunning.")
    answer = requests.post(
        f"{stand_in.base}/_rehearsal/{path}",
        json={},
        headers={"Sec-Fetch-Site": "cross-site"},
        timeout=5,
    )
    assert answer.status_code == 403
    assert len(stand_in.posts("mira")) == 1


def test_reading_never_writes(stand_in: StandIn) -> None:
    assert requests.get(f"{stand_in.base}/_rehearsal/reset", timeout=5).status_code == 405

"""Lines on which nothing comes, or so slowly that the deadline comes first."""

import socket
import time
from collections.abc import Iterator, Mapping

from bench.netfaults.answers import FRAMINGS, MADE, document, head, problem, whole
from bench.netfaults.case import Case, Expected
from bench.netfaults.server import Line, Play, say
from handbill.domain.outcomes import Receipt, Unauthorized, Unknown

SHORT_S = 0.5
MINUTE_S = 60.0
ANSWER = whole(201, document(MADE))


def cases() -> Iterator[Case]:
    """All but those that take a minute."""
    yield from _silent()
    yield from _dripping()


def minute_cases() -> Iterator[Case]:
    """The deadline that every exchange has, in real time: a byte a second, or none."""
    yield _slow("one byte a second", _drip(ANSWER, 1.0), deadline_s=MINUTE_S)
    yield _slow("no answer for a minute", _silent_after(b""), deadline_s=MINUTE_S)


def _silent() -> Iterator[Case]:
    """The line is there, and then nothing comes, or not enough."""
    made = {framing: whole(201, document(MADE), framing=framing) for framing in FRAMINGS}
    starts = {
        "nothing": b"",
        "half a status line": b"HTTP/1.1 2",
        "go on": b"HTTP/1.1 100 C\r\n\r\n",
    }
    for framing, answer in made.items():
        starts[f"half of the headers, {framing}"] = answer[: answer.index(b"\r\n\r\n") // 2]
        starts[f"all headers, {framing}"] = answer[: answer.index(b"\r\n\r\n") + 4]
        starts[f"half of the body, {framing}"] = answer[:-40]
    for name, start in starts.items():
        yield _slow(f"silent after {name}", _silent_after(start))
    yield _slow("the request is not read", Line.drain)
    yield _slow("the request is read slowly", _read_slowly, claim={"text": "x" * 20_000_000})
    # It says its number, but whether that was all only its end would have said.
    yield _slow("silent at the end", _silent_after(made["close"]), (Unknown, Receipt))
    yield _slow("the answer comes late", _late(0.8))
    yield _slow("the answer comes in time", _late(0.2), (Receipt,), deadline_s=2.0)


def _dripping() -> Iterator[Case]:
    for framing in FRAMINGS:
        yield _slow(
            f"201 drips, {framing}", _drip(whole(201, document(MADE), framing=framing), 0.1)
        )
    for status in (401, 403, 429, 503):
        yield _slow(f"{status} drips", _drip(whole(status, problem(status, "No")), 0.1))
    endless = {
        "go on": b"HTTP/1.1 100 C\r\n\r\n",
        "headers": b"x: y\r\n",
        "blanks": b" ",
        "chunks": b"1\r\n \r\n",
    }
    openings = {"headers": b"HTTP/1.1 201 C\r\n", "blanks": head("201 C"), "go on": b""}
    for name, piece in endless.items():
        opening = openings.get(name, head("201 C", "transfer-encoding: chunked"))
        yield _slow(f"{name} without end", _endless(opening, piece))
    yield _slow("201 byte by byte, at once", _drip(ANSWER, 0), (Receipt,), deadline_s=5.0)
    refused = whole(401, problem(401, "Unauthorized"))
    yield _slow("401 byte by byte, at once", _drip(refused, 0), (Unauthorized,), deadline_s=5.0)


def _slow(
    name: str,
    play: Play,
    expected: Expected = (Unknown,),
    deadline_s: float = SHORT_S,
    claim: Mapping[str, str] | None = None,
) -> Case:
    return Case(name, expected, (play,), deadline_s=deadline_s, claim=claim or {}, waits=True)


def _silent_after(start: bytes) -> Play:
    return say(start, lambda line: line.drain(2 * MINUTE_S))


def _late(after_s: float) -> Play:
    def play(line: Line) -> None:
        line.request()
        time.sleep(after_s)
        line.write(ANSWER)

    return play


def _read_slowly(line: Line) -> None:
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(15):
        line.read(1)
        time.sleep(0.1)


def _drip(data: bytes, pause_s: float) -> Play:
    def play(line: Line) -> None:
        line.request()
        line.drip(data, pause_s)

    return play


def _endless(opening: bytes, piece: bytes) -> Play:
    def play(line: Line) -> None:
        line.request()
        line.write(opening)
        while True:
            line.drip(piece, 0.02)

    return play

"""The line breaks after every single byte, of the answer and of the request."""

from collections.abc import Iterator
from itertools import product

from bench.netfaults.answers import MADE, document, problem, whole
from bench.netfaults.case import Case, Expected, publish
from bench.netfaults.server import BREAKS, Break, Line, Play, say, serving
from handbill.domain.outcomes import (
    Busy,
    NotSent,
    Outcome,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
)

LIMITS = ("x-rate-limit-limit: 100", "x-rate-limit-remaining: 99")
KINDS: list[tuple[str, int, bytes, type[Outcome]]] = [
    ("401", 401, problem(401, "Unauthorized"), Unauthorized),
    ("403", 403, problem(403, "Forbidden", "Your account is suspended."), Unauthorized),
    ("422", 422, problem(422, "Unprocessable Entity"), Refused),
    ("429", 429, problem(429, "Too Many Requests"), Busy),
]


def cases() -> Iterator[Case]:
    """Every byte of a 201 in three framings and of the request; every third of a refusal."""
    for framing in ("length", "chunked", "close"):
        answer = whole("201", document(MADE), *LIMITS, framing=framing)
        yield from _answer(f"201, {framing},", answer, Receipt, framing)
    for name, status, body, kind in KINDS:
        yield from _answer(name, whole(status, body), kind, "length", step=3)
    yield from _request()
    yield from _large_request()


def _answer(
    name: str, answer: bytes, kind: type[Outcome], framing: str, step: int = 1
) -> Iterator[Case]:
    for breaks, cut in product(BREAKS, range(0, len(answer), step)):
        yield Case(
            f"{name} {breaks.__name__} after {cut} of {len(answer)} bytes",
            _of_a_part(cut - len(answer), kind, framing),
            (say(answer[:cut], breaks),),
        )
    yield Case(f"{name} leave after all", (kind,), (say(answer, Line.leave),))
    # Without a length only the end says that it was all, and a reset is not the end.
    all_came: Expected = (Unknown,) if framing == "close" else (kind,)
    breaks = Line.reset if framing == "close" else _reset_when_read
    yield Case(f"{name} reset after all", all_came, (say(answer, breaks),))


def _of_a_part(missing: int, kind: type[Outcome], framing: str) -> Expected:
    """A chunked body is complete with its last chunk (RFC 9112, section 8). From that chunk's "0"
    on, all that X had to say is here, so to believe it is as right as to doubt it."""
    begun = framing == "chunked" and missing > -len(b"0\r\n\r\n")
    return (kind, Unknown) if begun else (Unknown,)


def _reset_when_read(line: Line) -> None:
    line.drain(1.0)
    line.reset()


def _request_length() -> int:
    """How long our request is. From try to try a signature differs by a few characters."""
    with serving() as server:
        case = Case("the request's length", (Receipt,), (say(whole(201, document(MADE))),))
        server.play(case.plays)
        publish(f"http://{server.address}", case)
        (line,) = server.settle()
        return len(line.came)


def _request() -> Iterator[Case]:
    """Bytes that were handed over may have arrived, however few of them were read."""
    length = _request_length()
    for breaks, cut in product(BREAKS, range(length + 1)):
        play = _cut_request(cut, breaks)
        yield Case(f"{breaks.__name__} after {cut} of {length} request bytes", (Unknown,), (play,))
    # Whether the request or the reset is first is a race, and nobody is to lose it.
    for number in range(20):
        yield Case(
            f"reset before reading, {number}", (Unknown, NotSent), (Line.reset,), requests=(0, 1)
        )


def _cut_request(count: int, breaks: Break) -> Play:
    def play(line: Line) -> None:
        if count == 0:
            line.await_bytes()
        line.read(count)
        breaks(line)

    return play


def _large_request() -> Iterator[Case]:
    """The line breaks while we are still sending."""
    text = {"text": "x" * 8_000_000}
    for breaks, cut in product(BREAKS, (1, 1000, 100_000, 4_000_000)):
        name = f"{breaks.__name__} after {cut} bytes of a request that is on its way"
        yield Case(name, (Unknown,), (_cut_request(cut, breaks),), claim=text)
    for cut in (1000, 100_000):
        name = f"413 after {cut} bytes of a request that is on its way"
        yield Case(name, (Refused, Unknown), (_refuse_early(cut),), claim=text)


def _refuse_early(count: int) -> Play:
    def play(line: Line) -> None:
        line.read(count)
        line.write(whole(413, problem(413, "Request Entity Too Large")))

    return play

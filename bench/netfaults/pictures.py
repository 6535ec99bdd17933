"""What goes wrong before the creating request: who we are, and the pictures. Nothing may be out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from bench.netfaults.answers import HTML, MADE, PAGE, document, invalid, problem, whole
from bench.netfaults.case import Case, Expected, prepare_and_publish
from bench.netfaults.server import BREAKS, Line, Play, say
from handbill.domain.network import AccountRef, Image
from handbill.domain.outcomes import Busy, NotSent, Receipt, Refused, Unauthorized
from handbill.rehearsal import user_id

MEDIA = {"id": "1992187654321098700", "media_key": "3_1992187654321098700"}
#: Nobody here looks into a picture, so any file will do.
FILE = Path(__file__)


def _picture(kind: str, alt: str) -> dict[str, Any]:
    return {"images": (Image(FILE, f"image/{kind}", alt, FILE.stat().st_size),)}


def _media(**more: Any) -> bytes:
    return whole(200, document({"data": {**MEDIA, **more}}))


def _work(state: str, wait_s: object = 0.01) -> bytes:
    return _media(processing_info={"state": state, "check_after_secs": wait_s})


@dataclass(frozen=True)
class Flow:
    """A claim, and the answers that lead to its post, in the order in which they are asked for."""

    name: str
    claim: Mapping[str, Any]
    steps: Sequence[tuple[str, bytes]]

    def case(self, at: int, what: str, play: Play, expected: Expected) -> Case:
        """All goes well until the step `at`; whatever is asked afterwards does so again."""
        created = at >= len(self.steps) - 1
        return Case(
            f"{self.name}, {self.steps[at][0]}: {what}",
            expected,
            (*self.said(0, at), play, *self.said(at + 1)),
            requests=(0, 1) if len(expected) > 1 else (int(created or expected == (Receipt,)),),
            alone=False,
            claim=self.claim,
            attempt=prepare_and_publish,
        )

    def said(self, start: int, end: int | None = None) -> list[Play]:
        """The answers of some of the steps."""
        return [say(answer) for _step, answer in self.steps[start:end]]

    @property
    def before(self) -> list[tuple[int, str, bytes]]:
        """The steps before the post is made."""
        return [(at, step, answer) for at, (step, answer) in enumerate(self.steps[:-1])]


ME = whole(200, document({"data": {"id": user_id("ada"), "username": "ada"}}))
NEWEST = whole(200, document({"meta": {"newest_id": "7", "result_count": 1}}))
CREATE = ("create", whole(201, document(MADE)))
APPENDED = whole(200, document({"data": {"expires_at": 1795348800}}))
DESCRIBED = whole(200, document({"data": {"id": MEDIA["id"], "associated_metadata": {}}}))

STRANGER = Flow(
    "a stranger",
    {"account": AccountRef(1, "ada", "x", None, None, None, None)},
    [("who we are", ME), ("our newest", NEWEST), CREATE],
)
PNG = Flow("a PNG", _picture("png", ""), [("upload", _media()), CREATE])
JPEG = Flow(
    "a described JPEG",
    _picture("jpeg", "A red chair."),
    [("upload", _media()), ("describe", DESCRIBED), CREATE],
)
GIF = Flow(
    "a GIF",
    _picture("gif", ""),
    [
        ("initialize", _media()),
        ("append", APPENDED),
        ("finalize", _work("pending")),
        ("first status", _work("in_progress")),
        ("second status", _work("succeeded")),
        CREATE,
    ],
)
FLOWS = (STRANGER, PNG, JPEG, GIF)

#: Whole answers, and what they mean as long as nothing is public.
FAULTS: list[tuple[str, bytes, Expected]] = [
    ("nothing", b"", (NotSent,)),
    ("half an answer", CREATE[1][:-20], (NotSent,)),
    ("noise", bytes(range(256)), (NotSent,)),
    ("500", whole(500, problem(500, "Internal Server Error")), (NotSent,)),
    ("503", whole(503, problem(503, "Service Unavailable")), (NotSent,)),
    ("a page with 502", whole(502, PAGE.encode(), kind=HTML), (NotSent,)),
    ("a page with 404", whole(404, PAGE.encode(), kind=HTML), (NotSent,)),
    ("a page with 401", whole(401, PAGE.encode(), kind=HTML), (NotSent,)),
    ("302", whole(302, b"", "location: /2/tweets"), (NotSent,)),
    ("307", whole(307, b"", "location: /2/tweets"), (NotSent,)),
    ("401", whole(401, problem(401, "Unauthorized")), (Unauthorized,)),
    ("402", whole(402, problem(402, "CreditsDepleted")), (Unauthorized,)),
    ("403", whole(403, problem(403, "Forbidden", "Your account is suspended.")), (Unauthorized,)),
    ("429", whole(429, problem(429, "Too Many Requests"), "retry-after: 60"), (Busy,)),
]
REJECTED = [
    whole(400, invalid("media type unrecognized.")),
    whole(403, problem(403, "Forbidden", "You may not use this media.")),
    whole(413, problem(413, "Request Entity Too Large", "maxFileSizeExceeded")),
    whole(422, problem(422, "Unprocessable Entity")),
]
NUMBERLESS = [b"null", b"", b"[]", b"{}", b'{"data":{}}', b'{"data":{"id":null}}', PAGE.encode()]


NOTHING_SAID = [b"null", b"[]", PAGE.encode()]


def cases() -> Iterator[Case]:
    """Every fault at every step of every flow."""
    for flow in FLOWS:
        yield flow.case(len(flow.steps) - 1, "all well", say(CREATE[1]), (Receipt,))
        for at, step, answer in flow.before:
            for fault, data, expected in FAULTS:
                yield flow.case(at, fault, say(data), expected)
            for breaks, cut in product(BREAKS, range(0, len(answer), 9)):
                what = f"{breaks.__name__} after {cut} bytes"
                yield flow.case(at, what, say(answer[:cut], breaks), _gone_without(step))
            silent = flow.case(at, "silent", Line.drain, (NotSent,))
            yield replace(silent, deadline_s=0.5, waits=True)
    yield from _rejected()
    yield from _says_nothing()
    yield from _odd()


def _gone_without(step: str) -> Expected:
    """Not to know our newest post only makes a look-up longer; all else is needed."""
    return (NotSent, Receipt) if step == "our newest" else (NotSent,)


def _rejected() -> Iterator[Case]:
    """X does not take the picture, cannot read it, or has it no more when it should be posted."""
    expired = whole(400, invalid("Your media IDs are invalid."))
    for flow in (PNG, JPEG, GIF):
        for at, (number, data) in product(range(len(flow.steps)), enumerate(REJECTED)):
            yield flow.case(at, f"rejected, {number}", say(data), (Refused,))
        yield flow.case(len(flow.steps) - 1, "expired", say(expired), (Refused,))
    for at in (2, 3, 4):
        yield GIF.case(at, "failed", say(_work("failed")), (Refused,))


def _says_nothing() -> Iterator[Case]:
    """A yes without what is needed, or by somebody who is not X."""
    for flow in FLOWS:
        for body in NUMBERLESS:
            yield flow.case(0, f"{body[:24]!r}", say(whole(200, body)), (NotSent,))
        for (at, step, _answer), body in product(flow.before[1:], NOTHING_SAID):
            yield flow.case(at, f"{body[:24]!r}", say(whole(200, body)), _gone_without(step))


def _odd() -> Iterator[Case]:
    other = whole(200, document({"data": {"id": user_id("bob"), "username": "bob"}}))
    yield STRANGER.case(0, "somebody else", say(other), (Unauthorized,))
    for meta in ("null", "5", '"x"', "[1]", '{"newest_id":null}', '{"newest_id":[]}'):
        said = say(whole(200, b'{"meta":%s}' % meta.encode()))
        yield STRANGER.case(1, meta, said, (Receipt, NotSent))
    waits: tuple[object, ...] = ("soon", None, -5, 1e9, True, [])
    for wait in waits:
        case = GIF.case(2, f"wait {wait!r}", say(_work("pending", wait)), (Receipt,))
        yield replace(case, waits=True)


def minute_cases() -> Iterator[Case]:
    """X is never done with the picture."""
    pending = say(_work("pending", 1))
    case = GIF.case(2, "pending for ever", pending, (NotSent,))
    plays = (*GIF.said(0, 2), *[pending] * 100)
    yield replace(case, plays=plays, deadline_s=63.0, waits=True)

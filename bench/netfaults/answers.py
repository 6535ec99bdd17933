"""What X, or somebody in its place, answers: the closed list, its shapes, and odd bodies."""

import json
from collections.abc import Iterator
from itertools import product

from bench.netfaults.case import KEYS, Case, Expected
from bench.netfaults.server import ID, Line, Play, say
from handbill.domain.outcomes import (
    Busy,
    Past,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
)

PROBLEMS = "https://api.twitter.com/2/problems/"
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
MADE = {"data": {"edit_history_tweet_ids": [ID], "id": ID, "text": "A fine film."}}
PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in, please.</body></html>"
FRAMINGS = ("length", "chunked", "close")


def document(value: object) -> bytes:
    """JSON as X writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def head(status: str, *fields: str, kind: str = JSON) -> bytes:
    """A status line and headers like X's, up to the blank line."""
    common = ("date: Sun, 22 Nov 2026 12:00:00 GMT", f"content-type: {kind}", "api-version: 2.140")
    text = "\r\n".join([f"HTTP/1.1 {status}", *common, *fields, "", ""])
    return text.encode("latin-1")


def whole(
    status: int | str, body: bytes, *fields: str, framing: str = "length", kind: str = JSON
) -> bytes:
    """A whole answer in one of the three ways to say where it ends."""
    if framing == "length":
        return head(f"{status} Said", *fields, f"content-length: {len(body)}", kind=kind) + body
    if framing == "close":
        return head(f"{status} Said", *fields, "connection: close", kind=kind) + body
    middle = len(body) // 2
    pieces = [piece for piece in (body[:middle], body[middle:]) if piece]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head(f"{status} Said", *fields, "transfer-encoding: chunked", kind=kind) + (
        chunks + b"0\r\n\r\n"
    )


def problem(status: int, title: str, detail: str = "", kind: str = "about:blank") -> bytes:
    """An error in X's own shape."""
    detail = detail or title
    return document({"title": title, "detail": detail, "type": kind, "status": status})


def invalid(message: str) -> bytes:
    """X's 400."""
    return document(
        {
            "errors": [{"parameters": {}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        }
    )


#: X's own words, and what they must lead to.
OWN: list[tuple[str, int, bytes, Expected]] = [
    ("made", 201, document(MADE), (Receipt,)),
    ("made, said with 200", 200, document(MADE), (Receipt,)),
    ("invalid", 400, invalid("Your media IDs are invalid."), (Refused,)),
    ("bad request", 400, problem(400, "Bad Request"), (Refused,)),
    ("unauthorized", 401, problem(401, "Unauthorized"), (Unauthorized,)),
    (
        "no credits",
        402,
        document(
            {
                "title": "CreditsDepleted",
                "detail": "Your enrolled account [0] does not have any credits to fulfill this.",
                "type": PROBLEMS + "credits",
            }
        ),
        (Unauthorized,),
    ),
    ("too long", 403, problem(403, "Forbidden", "Tweet needs to be a bit shorter."), (Refused,)),
    (
        "stranger's thread",
        403,
        problem(403, "Forbidden", "Reply to this conversation is not allowed."),
        (Refused,),
    ),
    (
        "suspended",
        403,
        problem(
            403,
            "Forbidden",
            "Your account is suspended and is not permitted to access this feature.",
        ),
        (Unauthorized,),
    ),
    (
        "locked",
        403,
        problem(
            403,
            "Forbidden",
            "To protect our users from spam and other malicious activity, this account is "
            "temporarily locked. Please log in to https://twitter.com to unlock your account.",
        ),
        (Unauthorized,),
    ),
    (
        "read-only app",
        403,
        problem(
            403,
            "Forbidden",
            "Your client app is not configured with the appropriate oauth1 app permissions for "
            "this endpoint.",
            PROBLEMS + "oauth1-permissions",
        ),
        (Unauthorized,),
    ),
    (
        "not enrolled",
        403,
        document(
            {
                "title": "Client Forbidden",
                "detail": "You must use keys from an App that is attached to a Project.",
                "reason": "client-not-enrolled",
                "type": PROBLEMS + "client-forbidden",
            }
        ),
        (Unauthorized,),
    ),
    (
        "missing scope",
        403,
        problem(
            403,
            "Unsupported Authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
            PROBLEMS + "unsupported-authentication",
        ),
        (Unauthorized,),
    ),
    ("not found", 404, problem(404, "Not Found"), (Refused,)),
    ("too large", 413, problem(413, "Request Entity Too Large"), (Refused,)),
    ("unprocessable", 422, problem(422, "Unprocessable Entity"), (Refused,)),
    ("too many", 429, problem(429, "Too Many Requests"), (Busy,)),
    # No rest helps when a month's quota is used up: that is a matter for a person, as 402 is.
    (
        "month's quota",
        429,
        document(
            {
                "title": "UsageCapExceeded",
                "period": "Monthly",
                "detail": "Usage cap exceeded: Monthly product cap",
                "type": PROBLEMS + "usage-capped",
            }
        ),
        (Unauthorized, Busy),
    ),
]
DUPLICATE = problem(
    403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
)
#: Earlier tries at the same part, and what "duplicate" then says.
ECHOES: list[tuple[str, tuple[Past, ...], Expected]] = [
    ("first time", (), (Refused,)),
    ("after a rest", (Past("busy", None), Past("not_sent", None)), (Refused,)),
    ("after a doubt", (Past("unknown", None),), (Unknown,)),
    ("after a doubt that was denied", (Past("unknown", "denied"),), (Unknown,)),
    ("after a rest and a doubt", (Past("busy", None), Past("unknown", "absent")), (Unknown,)),
]

#: Bodies that are nobody's word, whatever the status.
FOREIGN: list[tuple[str, bytes, str]] = [
    ("nothing", b"", JSON),
    ("a page", PAGE.encode(), HTML),
    ("a page called JSON", PAGE.encode(), JSON),
    ("words", b"upstream connect error", "text/plain"),
    ("null", b"null", JSON),
    ("a list", b"[]", JSON),
    ("a text", b'"no"', JSON),
    ("an empty object", b"{}", JSON),
    ("a gateway's object", b'{"message":"Forbidden"}', JSON),
    ("another framework's", b'{"detail":"Not Found"}', JSON),
    ("no errors", b'{"errors":[]}', JSON),
    ("odd errors", b'{"errors":["no",null,5]}', JSON),
    ("another status", problem(599, "Of Another Answer"), JSON),
    ("half of X's own", problem(403, "Forbidden")[:-9], JSON),
    ("not UTF-8", b'{"title":"No","status":\xff\xfe}', JSON),
    ("deep", b"[" * 100_000, JSON),
]
NO = (400, 401, 402, 403, 404, 413, 422, 429)
#: Statuses that are on no list, whatever is said with them.
UNLISTED = [*range(300, 309), 405, 406, 407, 408, 409, 410, 415, 418, 425, 428, 431, 451]
BROKEN = (500, 502, 503, 504, 501, 505, 507, 508, 511, 520, 522, 524, 530, 599)


def cases() -> Iterator[Case]:
    """Everything about whole answers."""
    yield from _own()
    yield from _foreign()
    yield from _broken()
    yield from _leaky()


def _own() -> Iterator[Case]:
    for framing, (name, status, body, expected) in product(FRAMINGS, OWN):
        yield Case(
            f"{status} {name}, {framing}", expected, (say(whole(status, body, framing=framing)),)
        )
    for framing, (name, others, expected) in product(FRAMINGS, ECHOES):
        yield Case(
            f"403 duplicate {name}, {framing}",
            expected,
            (say(whole(403, DUPLICATE, framing=framing)),),
            duplicate=True,
            others=others,
        )
    for status in (202, 203):
        yield Case(f"{status} with a number", (Receipt,), (say(whole(status, document(MADE))),))


def _foreign() -> Iterator[Case]:
    for status, (name, body, kind) in product((*NO, 200, 201, 202), FOREIGN):
        said = say(whole(status, body, kind=kind))
        yield Case(f"{status} with {name}", (Unknown,), (said,))
    for status, body in product(UNLISTED, (problem(0, "No"), PAGE.encode(), document(MADE))):
        own = body.replace(b'"status":0', b'"status":%d' % status)
        yield Case(f"{status} unlisted, {body[:9]!r}", (Unknown,), (say(whole(status, own)),))
    for status in (204, 205):
        yield Case(f"{status} without a body", (Unknown,), (say(head(f"{status} None")),))


def _broken() -> Iterator[Case]:
    """5xx: from before the post was read to after it was made, which nobody can see."""
    bodies = [
        ("X's own", b"", JSON),
        ("a page", PAGE.encode(), HTML),
        ("nothing", b"", "text/plain"),
        ("the post's number", document(MADE), JSON),
    ]
    for status, (name, body, kind), framing in product(BROKEN, bodies, FRAMINGS):
        own = problem(status, "Service Unavailable") if name == "X's own" else body
        answer = whole(status, own, framing=framing, kind=kind)
        for when, play in (("after", say(answer)), ("before", _unread(answer))):
            yield Case(f"{status} with {name}, {framing}, {when} acceptance", (Unknown,), (play,))


def _unread(data: bytes) -> Play:
    """Answer when only the head of the request was read."""

    def play(line: Line) -> None:
        line.head()
        line.write(data)
        line.leave()

    return play


def _leaky() -> Iterator[Case]:
    """Answers that say our own keys back, whole or where a text is cut to length."""
    for name, key in KEYS.items():
        for before in (0, 200, 283, 285, 287, 289):
            detail = "x" * before + key + " you sent"
            body = problem(400, "Bad Request", detail)
            yield Case(f"400 echoes {name} at {before}", (Refused,), (say(whole(400, body)),))
        for status, expected in ((401, Unauthorized), (429, Busy), (403, Refused), (503, Unknown)):
            own = problem(status, key, key)
            yield Case(f"{status} echoes {name}", (expected,), (say(whole(status, own)),))
            reason = whole(f"{status} {key}", own.replace(key.encode(), b"No"))
            yield Case(f"{status} echoes {name} as reason", (expected,), (say(reason),))
        yield Case(f"a line that is only {name}", (Unknown,), (say(key.encode() + b"\r\n\r\n"),))

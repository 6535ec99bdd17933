"""Answers that are odd but whole: numbers, encodings, framings, sizes, redirects."""

import gzip
import json
import zlib
from collections.abc import Iterator
from itertools import product

from bench.netfaults.answers import HTML, MADE, PAGE, document, head, whole
from bench.netfaults.case import Case, Expected
from bench.netfaults.server import ID, Line, Play, say
from handbill.domain.outcomes import Receipt, Unknown

MB = 1_000_000
EITHER: Expected = (Receipt, Unknown)
BODY = document(MADE)

#: What may stand where the number should; none can be used.
NO_NUMBERS = [
    "null",
    '""',
    '"0"',
    '"-5"',
    '"12a"',
    '"0x12"',
    '"1e18"',
    '" 12"',
    '"12\\n"',
    '"\\u0661\\u0662"',
    '"' + "9" * 20 + '"',
    '"' + "9" * 300 + '"',
    "0",
    "-5",
    "1.5",
    "1e18",
    "NaN",
    "true",
    '["12"]',
    '{"id":"12"}',
    '"../12"',
    '"12?x"',
]
NO_DATA = [
    "{}",
    '{"data":null}',
    '{"data":[]}',
    '{"data":{}}',
    '{"data":"12"}',
    f'{{"data":[{{"id":"{ID}"}}]}}',
    f'{{"id":"{ID}"}}',
    f'{{"data":{{"text":"{ID}"}}}}',
    '{"errors":[{"message":"Could not find tweet","title":"Not Found Error"}]}',
    f'{{"data":{{"id":"{ID}"}},"data":null}}',
    f'{{"data":{{"id":"{ID}"}}}}{{"data":{{"id":"{ID}"}}}}',
    f'{{"data":{{"id":"{ID}"}}',
    f"{{'data':{{'id':'{ID}'}}}}",
    f'for(;;);{{"data":{{"id":"{ID}"}}}}',
]


_SIZE, _CHUNK = len(BODY), b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
_CHUNKED = "transfer-encoding: chunked"
#: Heads and bodies that do not go together, and what is not quite HTTP.
FRAMED: list[tuple[str, bytes, Expected]] = [
    ("length too small", head("201 C", f"content-length: {_SIZE - 9}") + BODY, (Unknown,)),
    ("length too large", head("201 C", f"content-length: {_SIZE + 1}") + BODY, (Unknown,)),
    ("length of nothing", head("201 C", "content-length: 0") + BODY, (Unknown,)),
    ("length below zero", head("201 C", "content-length: -5") + BODY, EITHER),
    ("length in words", head("201 C", "content-length: many") + BODY, EITHER),
    ("lengths that differ", head("201 C", "content-length: 5, 6") + BODY, (Unknown,)),
    (
        "length said twice",
        head("201 C", f"content-length: {_SIZE}", f"content-length: {_SIZE}") + BODY,
        EITHER,
    ),
    (
        "length and chunks",
        head("201 C", _CHUNKED, "content-length: 5") + _CHUNK,
        EITHER,
    ),
    ("chunks that are none", head("201 C", _CHUNKED) + BODY, (Unknown,)),
    ("a chunk below zero", head("201 C", _CHUNKED) + b"-5\r\n" + BODY, (Unknown,)),
    ("a chunk too large", head("201 C", _CHUNKED) + b"fff\r\n" + BODY, (Unknown,)),
    ("a chunk too small", head("201 C", _CHUNKED) + b"9\r\n" + BODY, (Unknown,)),
    ("chunks with extras", head("201 C", _CHUNKED) + _CHUNK.replace(b"\r", b";a=b\r", 1), EITHER),
    ("chunks and a trailer", head("201 C", _CHUNKED) + _CHUNK[:-2] + b"a: b\r\n\r\n", (Receipt,)),
    ("HTTP/1.0", whole(201, BODY, framing="close").replace(b"1.1", b"1.0", 1), (Receipt,)),
    ("HTTP/0.9", BODY, (Unknown,)),
    ("HTTP/3.7", whole(201, BODY).replace(b"1.1", b"3.7", 1), EITHER),
    ("HTTP/2's preface", b"\x00\x00\x12\x04" + bytes(14), (Unknown,)),
    ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", (Unknown,)),
    ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n", (Unknown,)),
    ("bare line ends", whole(201, BODY).replace(b"\r\n", b"\n"), EITHER),
    ("a blank line first", b"\r\n" + whole(201, BODY), EITHER),
    ("no reason", whole(201, BODY).replace(b" Said", b"", 1), (Receipt,)),
    ("a header without a colon", whole(201, BODY, "odd"), EITHER),
    ("a header of no name", whole(201, BODY, ": odd"), EITHER),
    ("two answers", whole(201, BODY) + whole(503, b"{}"), (Receipt,)),
    ("go on, then made", b"HTTP/1.1 100 Go On\r\n\r\n" + whole(201, BODY), (Receipt,)),
    ("hints, then made", b"HTTP/1.1 103 Early\r\n\r\n" + whole(201, BODY), EITHER),
    ("another protocol from here", head("101 Switch", "upgrade: x"), (Unknown,)),
    *[
        (f"status {status}", whole(201, BODY).replace(b"201", status.encode(), 1), (Unknown,))
        for status in ("20", "2010", "abc", "099", "-201", "2O1", "")
    ],
]


def cases() -> Iterator[Case]:
    """Everything that is odd about an answer that came whole."""
    yield from _numbers()
    yield from _encodings()
    yield from _framings()
    yield from _sizes()
    yield from _strangers()
    yield from _redirects()


def _numbers() -> Iterator[Case]:
    for status, given in product((200, 201), NO_NUMBERS):
        body = f'{{"data":{{"id":{given},"text":"A fine film."}}}}'.encode()
        yield Case(f"{status}, number {given[:20]}", (Unknown,), (say(whole(status, body)),))
    for status, body_text in product((200, 201), NO_DATA):
        said = say(whole(status, body_text.encode()))
        yield Case(f"{status}, body {body_text[:40]}", (Unknown,), (said,))
    yield Case("a bare number", EITHER, (say(whole(201, b'{"data":{"id":%s}}' % ID.encode())),))
    spaced = b" \r\n\t" + BODY + b"\n" * 50
    yield Case("blanks around it", (Receipt,), (say(whole(201, spaced)),))


def _encodings() -> Iterator[Case]:
    text = json.dumps(MADE)
    for charset in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        for kind in ("application/json; charset=utf-8", f"application/json; charset={charset}"):
            said = whole(201, text.encode(charset), kind=kind)
            yield Case(f"{charset} called {kind[26:]}", EITHER, (say(said),))
    for charset in ("cp500", "cp1026", "utf-7", "no-such-charset", "\xe9"):
        body = text.encode(charset) if charset[:2] == "cp" else BODY
        expected: Expected = (Unknown,) if charset[:2] == "cp" else (Receipt,)
        kind = f"application/json; charset={charset}"
        yield Case(f"charset {charset!r}", expected, (say(whole(201, body, kind=kind)),))
    latin = text.replace("fine", "fin\xe9").encode("latin-1")
    yield Case("Latin-1 called UTF-8", EITHER, (say(whole(201, latin)),))
    for kind in ("text/plain", "text/html", "image/png", ""):
        yield Case(f"made, called {kind!r}", (Receipt,), (say(whole(201, BODY, kind=kind)),))
    packed = gzip.compress(BODY)
    zipped = "content-encoding: gzip"
    encoded: list[tuple[str, bytes, str, Expected]] = [
        ("gzip", packed, zipped, (Receipt,)),
        ("gzip cut", packed[:-12], zipped, (Unknown,)),
        ("gzip without its sum", packed[:-8], zipped, EITHER),
        ("gzip with a wrong sum", packed[:-8] + bytes(8), zipped, (Unknown,)),
        ("gzip only called so", BODY, zipped, (Unknown,)),
        ("gzip not called so", packed, "x-none: 1", (Unknown,)),
        ("deflate", zlib.compress(BODY), "content-encoding: deflate", (Receipt,)),
        ("deflate only called so", BODY, "content-encoding: deflate", (Unknown,)),
        ("gzip twice", gzip.compress(packed), f"{zipped}, gzip", EITHER),
        ("an unknown encoding", packed, "content-encoding: rot13", (Unknown,)),
    ]
    for name, body, field, expected in encoded:
        yield Case(name, expected, (say(whole(201, body, field)),))


def _framings() -> Iterator[Case]:
    for name, data, expected in FRAMED:
        yield Case(name, expected, (say(data),))


def _sizes() -> Iterator[Case]:
    """Answers without an end, of which a little may be taken."""
    blank, line = b" " * 65_536, b"x: y\r\n" * 10_000
    many = 100 * MB // len(blank)
    large: list[tuple[str, Play]] = [
        ("by length", _flood(head("201 C", f"content-length: {100 * MB}"), blank, many)),
        ("to the end of the line", _flood(head("201 C", "connection: close"), blank, many)),
        (
            "in chunks",
            _flood(head("201 C", "transfer-encoding: chunked"), b"10000\r\n%s\r\n" % blank, many),
        ),
        ("of a refusal", _flood(head("403 F", f"content-length: {100 * MB}"), blank, many)),
        ("of headers", _flood(b"HTTP/1.1 201 C\r\n", line, many)),
        ("of one header", _flood(b"HTTP/1.1 201 C\r\nx: ", blank, many)),
        ("of a status line", _flood(b"HTTP/1.1 201 ", blank, many)),
        (
            "of a chunk's size",
            _flood(head("201 C", "transfer-encoding: chunked"), b"0" * 65_536, many),
        ),
        ("packed small", _bomb),
    ]
    for name, play in large:
        yield Case(f"100 MB {name}", (Unknown,), (play,), pushed=20 * MB)
    long = whole(201, b" " * MB + BODY)
    yield Case("1 MB of blanks before it", (Receipt,), (say(long),))


def _flood(start: bytes, piece: bytes, count: int) -> Play:
    def play(line: Line) -> None:
        line.request()
        line.write(start)
        for _ in range(count):
            line.write(piece)
        line.write(BODY)
        line.leave()

    return play


def _bomb(line: Line) -> None:
    packer = zlib.compressobj(level=1, wbits=31)
    packed = b"".join(packer.compress(b" " * MB) for _ in range(100))
    packed += packer.compress(BODY) + packer.flush()
    say(whole(201, packed, "content-encoding: gzip"))(line)


def _strangers() -> Iterator[Case]:
    """Somebody else's page in X's place."""
    page = PAGE.encode()
    meta = b'<meta http-equiv="refresh" content="0;url=http://portal.invalid/">' + page
    basic = 'www-authenticate: Basic realm="Hotel"'
    digest = 'www-authenticate: Digest realm="Hotel", nonce="5", qop="auth"'
    said = [
        ("a login page", whole(200, page, kind=HTML)),
        ("a login page said with 201", whole(201, page, kind=HTML)),
        ("a page that leads on", whole(200, meta, "refresh: 0;url=/2/tweets", kind=HTML)),
        ("a page that sets cookies", whole(200, page, "set-cookie: a=b; Path=/", kind=HTML)),
        ("a page in chunks", whole(200, page, framing="chunked", kind=HTML)),
        ("a page that names our number", whole(200, page + BODY, kind=HTML)),
        ("a portal's 302", whole(302, page, "location: http://portal.invalid/", kind=HTML)),
        ("a portal's 511", whole(511, page, kind=HTML)),
        ("a portal's 401", whole(401, page, basic, kind=HTML)),
        ("a portal's 401 with a puzzle", whole(401, page, digest, kind=HTML)),
        ("a proxy's 407", whole(407, page, 'proxy-authenticate: Basic realm="x"', kind=HTML)),
        ("a check for the net", head("204 No Content")),
    ]
    for name, data in said:
        yield Case(name, (Unknown,), (say(data),))


def _redirects() -> Iterator[Case]:
    """Nobody is followed: the post goes to one place, once."""
    places = (
        "/2/tweets",
        "/2/elsewhere",
        "{here}/2/tweets",
        "{here}/2/elsewhere",
        "//{host}/2/tweets",
        "https://{host}/2/tweets",
        "?again=1",
        "",
        "http://[",
    )
    for status, place in product((301, 302, 303, 307, 308), places):
        for extra in ("retry-after: 0", "x-none: 1"):
            name = f"{status} to {place or 'nowhere'}, {extra}"
            yield Case(name, (Unknown,), (_lead(status, place, extra),))


def _lead(status: int, place: str, extra: str) -> Play:
    def play(line: Line) -> None:
        host = f"127.0.0.1:{line.sock.getsockname()[1]}"
        there = place.format(here=f"http://{host}", host=host)
        say(whole(status, b"", f"location: {there}", extra))(line)

    return play

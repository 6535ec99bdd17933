"""Lines that are never made, or that nobody can trust: nothing is sent."""

import socket
import ssl
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from itertools import count, product
from pathlib import Path
from threading import Timer

from bench.netfaults.answers import MADE, document, head, whole
from bench.netfaults.case import Case, Door, Expected, publish
from bench.netfaults.server import BREAKS, Break, Line, Nobody, Play, Server, say
from handbill.domain.outcomes import NotSent

SHORT_S = 0.5
MINUTE_S = 60.0
SCHEMES = ("http", "https")
ANSWER = whole(201, document(MADE))
UNSENT: Expected = (NotSent,)


def cases() -> Iterator[Case]:
    """All but those that take the whole patience of a connection."""
    yield from _unreachable()
    yield from _untrusted()


def minute_cases() -> Iterator[Case]:
    """In real time."""
    yield _unsent("black hole, the usual patience", "http", _full, MINUTE_S)


# Never made


def _unreachable() -> Iterator[Case]:
    hosts = ("no-such-host.invalid", "x.no-such-host.invalid", f"{'a' * 64}.invalid", "a..invalid")
    for host, scheme in product(hosts, SCHEMES):
        yield _unsent(f"no DNS for {host[:20]}", scheme, partial(_at, host), MINUTE_S)
    for number, scheme in product(range(5), SCHEMES):
        yield _unsent(f"refused, {number}", scheme, _closed)
    for scheme in SCHEMES:
        yield _unsent("black hole", scheme, _full, SHORT_S)
    late = Case("too late when the line is made", UNSENT, requests=(0,), door=_full_at_first)
    yield replace(late, attempt=partial(publish, window_s=0.5), waits=True)
    gone = partial(publish, window_s=-1)
    yield Case("too late from the start", UNSENT, requests=(0,), attempt=gone)


def _unsent(name: str, scheme: str, door: Door | None, deadline_s: float = 10.0) -> Case:
    return Case(
        f"{name}, {scheme}",
        UNSENT,
        requests=(0,),
        scheme=scheme,
        deadline_s=deadline_s,
        door=door,
        waits=deadline_s != 10.0,
    )


@contextmanager
def _at(host: str) -> Generator[Nobody]:
    yield Nobody(host)


@contextmanager
def _closed() -> Generator[Nobody]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    yield Nobody(f"127.0.0.1:{port}")


@contextmanager
def _full() -> Generator[Nobody]:
    """A port whose queue is full, so that the kernel answers no more."""
    with _queue() as (listener, _ahead):
        yield Nobody(f"127.0.0.1:{listener.getsockname()[1]}")


@contextmanager
def _full_at_first() -> Generator[Server]:
    """The same, until somebody comes who sees to the queue."""

    def open_up() -> None:
        for _ in range(ahead):
            listener.accept()[0].close()
        server.listen()

    with _queue() as (listener, ahead):
        server = Server(listener)
        opening = Timer(0.3, open_up)
        opening.start()
        yield server
        opening.join()
        server.close()


@contextmanager
def _queue() -> Generator[tuple[socket.socket, int]]:
    """A full one, and how many are in it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as ahead:
        for number in count():
            one = ahead.enter_context(socket.socket())
            one.settimeout(0.1)
            try:
                one.connect(listener.getsockname())
            except TimeoutError:
                yield listener, number
                return


# Not to be trusted


@cache
def _identity(name: str, minor: int = 3) -> ssl.SSLContext:
    """A certificate that we made ourselves for `name`, so nobody has a reason to trust it."""
    kind = "IP" if name[0].isdigit() else "DNS"
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key", Path(folder) / "certificate"
        command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-addext", f"subjectAltName={kind}:{name}"]
        command += ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    version = ssl.TLSVersion.TLSv1_2 if minor == 2 else ssl.TLSVersion.TLSv1_3
    context.minimum_version = context.maximum_version = version
    return context


def _untrusted() -> Iterator[Case]:
    """A line that cannot be trusted is given up; nothing is said in the clear instead."""
    for name, minor in product(("127.0.0.1", "localhost", "api.twitter.com"), (2, 3)):
        play = _shake_hands(_identity(name, minor))
        yield _over_tls(f"a self-made certificate for {name}, TLS 1.{minor}", play)
    answers = {
        "plain HTTP": ANSWER,
        "a way to plain HTTP": head("301 Moved", "location: http://127.0.0.1/"),
        "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
        "noise": bytes(range(256)) * 20,
        "nothing": b"",
    }
    for name, data in answers.items():
        yield _over_tls(f"answered with {name}", _answer_hello(data, Line.leave))
    size = len(_flight(_own_hello()))
    for breaks, cut in product(BREAKS, range(0, size, 12)):
        name = f"{breaks.__name__} after {cut} of about {size} bytes of the handshake"
        yield _over_tls(name, _cut_handshake(cut, breaks))
    yield _over_tls("silent", Line.drain, SHORT_S)
    yield _over_tls("silent after half of the handshake", _cut_handshake(size // 2), SHORT_S)
    yield _over_tls("a dripping handshake", _drip_handshake, SHORT_S)


def _over_tls(name: str, play: Play, deadline_s: float = 10.0) -> Case:
    return replace(_unsent(f"TLS, {name}", "https", None, deadline_s), plays=(play,))


def _shake_hands(context: ssl.SSLContext) -> Play:
    """Carry the handshake through, and take the post if it comes."""

    def play(line: Line) -> None:
        line.sock = context.wrap_socket(line.sock, server_side=True)
        say(ANSWER)(line)

    return play


def _answer_hello(data: bytes, breaks: Break) -> Play:
    def play(line: Line) -> None:
        line.hello()
        line.write(data)
        breaks(line)

    return play


def _own_hello() -> bytes:
    sent = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="x.test")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def _flight(hello: bytes) -> bytes:
    """All that a server says to a client's first words."""
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    heard.write(hello)
    server = _identity("127.0.0.1").wrap_bio(heard, said, server_side=True)
    with suppress(ssl.SSLWantReadError):
        server.do_handshake()
    return said.read()


def _cut_handshake(cut: int, breaks: Break = Line.drain) -> Play:
    def play(line: Line) -> None:
        line.write(_flight(line.hello())[:cut])
        breaks(line)

    return play


def _drip_handshake(line: Line) -> None:
    line.drip(_flight(line.hello()), 0.1)

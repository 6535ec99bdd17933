"""A real web server on this machine that answers exactly what a test wrote down."""

import gzip
import socket
import socketserver
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address

from handbill.domain.addresses import Address
from handbill.egress import Egress

#: Sends an answer, byte by byte if it likes.
Script = Callable[[socket.socket], None]


class Site:
    """What the server answers by path, and what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Script] = {}
        self.connections = 0
        #: The head of each request, with names in lower case; `:path` is its path.
        self.requests: list[dict[str, str]] = []
        self.port = 0

    def address(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> str:
        """Put a page there; answers its address. `content_type` becomes `Content-Type`."""
        self.pages[path] = answer(body, status, **headers)
        return self.address(path)


def answer(body: str | bytes = b"", status: int = 200, **headers: str) -> bytes:
    """An answer as it goes over the wire."""
    raw = body.encode() if isinstance(body, str) else body
    given = {"content_type": "text/html; charset=utf-8", "content_length": str(len(raw))} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode() + raw


def packed(body: bytes) -> bytes:
    """An answer that is packed."""
    return answer(gzip.compress(body), content_encoding="gzip")


def _request(sock: socket.socket) -> dict[str, str]:
    with sock.makefile("rb") as lines:
        first = lines.readline().decode("latin-1").split(" ")
        found = {":path": first[1] if len(first) > 1 else ""}
        while line := lines.readline().strip().decode("latin-1"):
            name, _, value = line.partition(":")
            found[name.lower()] = value.strip()
    return found


@contextmanager
def serving() -> Generator[Site]:
    """Answer on 127.0.0.1 until the end of the block."""
    site = Site()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            site.connections += 1
            try:
                request = _request(self.request)
                site.requests.append(request)
                page = site.pages.get(request[":path"], answer("nothing here", 404))
                page(self.request) if callable(page) else self.request.sendall(page)
            except OSError:
                return  # the other side has left, as some tests want

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()


def here(
    names: Mapping[str, str] | None = None, deadline: timedelta = timedelta(seconds=5)
) -> Egress:
    """A way to servers on this machine alone; whatever name is asked for is here."""

    def resolve(host: str, _port: int) -> list[Address]:
        return [ip_address((names or {}).get(host, "127.0.0.1"))]

    def allowed(address: Address, _port: int) -> bool:
        return address.is_loopback

    return Egress(resolve=resolve, allowed=allowed, deadline=deadline)

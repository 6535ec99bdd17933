"""The one way to an address that a person pasted: public addresses only, bounded in time and size.

Nobody else in Handbill may open a connection for such an address. A name is looked up once, and
the connection goes to the very address that was checked; so does each redirect's. No proxy, no
cookie, no password, nothing from the environment.
"""

import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urldefrag, urljoin

from handbill import __version__
from handbill.clock import elapsed
from handbill.domain.addresses import Address, Target, is_public, target
from handbill.domain.web import Page
from handbill.errors import InputProblem

DEADLINE = timedelta(seconds=10)
MAX_BYTES = 2_000_000
MAX_REDIRECTS = 5
#: How long one of several addresses of a server is tried before the next one.
PATIENCE = timedelta(seconds=3)
_CHUNK = 65_536
_REDIRECTS = (301, 302, 303, 307, 308)

#: The addresses of a name. Raises OSError.
Resolve = Callable[[str, int], Sequence[Address]]
#: Whether a connection to this port of this address may be opened.
Allowed = Callable[[Address, int], bool]


def resolve(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, as this machine looks names up. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(info[4][0])) for info in found))


def _trust() -> ssl.SSLContext:
    from requests.utils import (
        DEFAULT_CA_BUNDLE_PATH,
    )  # the same authorities that the networks are checked by

    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)


@dataclass(frozen=True)
class Egress:
    """Gets pages. A test hands in what is allowed; nothing else is left open to choose."""

    resolve: Resolve = resolve
    allowed: Allowed = is_public
    trust: Callable[[], ssl.SSLContext] = _trust
    deadline: timedelta = DEADLINE

    def __call__(self, url: str, headers: Mapping[str, str]) -> Page:
        """Get a page, following its redirects. Raises InputProblem in plain words."""
        fetching = _Fetching(self, url, headers)
        watch = threading.Timer(self.deadline.total_seconds(), fetching.cut)
        watch.daemon = True
        watch.start()
        try:
            return fetching.run()
        finally:
            watch.cancel()


@dataclass
class _Fetching:
    """One page on its way, with all its redirects; the deadline is for the whole of it."""

    egress: Egress
    asked: str
    headers: Mapping[str, str]
    late: bool = False
    sock: socket.socket | None = None
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = elapsed() + self.egress.deadline.total_seconds()

    @property
    def left(self) -> float:
        return max(0.001, self.ends - elapsed())

    def cut(self) -> None:
        """End it. A read timeout starts anew with every byte that drips in; this does not."""
        self.late = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # already closed

    def run(self) -> Page:
        url, seen = urldefrag(self.asked).url, set[str]()
        while len(seen) <= MAX_REDIRECTS:
            seen.add(url)
            page = self._in_words(url)
            further = page.headers.get("location")
            if page.status not in _REDIRECTS or not further:
                return page
            url = urldefrag(urljoin(url, _as_sent(further))).url
            if url in seen:
                raise self._no("leads in a circle")
        raise self._no(f"leads from one address to the next, more than {MAX_REDIRECTS} times")

    def _in_words(self, url: str) -> Page:
        try:
            return self._get(url)
        except InputProblem:
            raise
        except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
            raise self._no(self._why(error)) from None

    def _no(self, clause: str) -> InputProblem:
        return InputProblem(
            f"{self.asked[:300]} cannot be read: it {clause}.",
            "Open it in a browser to see whether the address is right; "
            "or save the page and give its file.",
        )

    def _why(self, error: Exception) -> str:
        if self.late or isinstance(error, TimeoutError | NotInTime):
            seconds = self.egress.deadline.total_seconds()
            return f"was not there within {seconds:g} seconds"
        if type(error) is ValueError:
            return str(error)
        for kind, words in _REASONS:
            if isinstance(error, kind):
                return words
        return "could not be reached"

    def _get(self, url: str) -> Page:
        goal = target(url)
        connection = http.client.HTTPConnection(goal.host, goal.port)
        try:
            connection.sock = self.sock = self._connect(goal)
            connection.putrequest("GET", goal.path, skip_host=True, skip_accept_encoding=True)
            for name, value in {**_headers(goal), **self.headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            body = b"" if answer.status in _REDIRECTS else self._body(answer, headers)
            return Page(url, answer.status, body, headers)
        finally:
            connection.close()

    def _connect(self, goal: Target) -> socket.socket:
        addresses = self._addresses(goal)
        for address in addresses:
            last = address is addresses[-1]
            patience = self.left if last else min(self.left, PATIENCE.total_seconds())
            try:
                sock = socket.create_connection((str(address), goal.port), patience)
                break
            except OSError:
                if last or self.late:
                    raise
        sock.settimeout(self.left)
        return self._secured(goal, sock) if goal.scheme == "https" else sock

    def _secured(self, goal: Target, sock: socket.socket) -> ssl.SSLSocket:
        secured = self.egress.trust().wrap_socket(
            sock, server_hostname=goal.host, do_handshake_on_connect=False
        )
        self.sock = secured  # a handshake can drip, too
        with ExitStack() as unless_done:
            unless_done.callback(secured.close)
            secured.do_handshake()
            unless_done.pop_all()
        return secured

    def _addresses(self, goal: Target) -> Sequence[Address]:
        """All of them must be for everybody: which one is taken would otherwise be luck."""
        literal = goal.literal
        addresses = [literal] if literal else self._looked_up(goal)
        if not addresses:
            raise socket.gaierror
        if not all(self.egress.allowed(address, goal.port) for address in addresses):
            raise ValueError("leads to a private address, or to a port that is not the web's")
        return addresses

    def _looked_up(self, goal: Target) -> Sequence[Address]:
        """In a thread of its own, as nothing can interrupt a name server's silence."""
        answer: Future[Sequence[Address]] = Future()

        def ask() -> None:
            try:
                answer.set_result(self.egress.resolve(goal.host, goal.port))
            except (OSError, UnicodeError) as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        return answer.result(self.left)

    def _body(self, answer: http.client.HTTPResponse, headers: Mapping[str, str]) -> bytes:
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip", "x-gzip", ""):
            raise ValueError("is packed in a way that was not asked for")
        packed = _Gunzip() if "gzip" in coding else None
        whole = bytearray()
        while chunk := answer.read1(_CHUNK):
            whole += packed.unpack(chunk) if packed else chunk
            if len(whole) > MAX_BYTES:
                raise ValueError(f"is larger than {MAX_BYTES // 1_000_000} MB")
        if self.late:  # what was cut off looks like the end of a page without a length
            raise TimeoutError
        if answer.length or (packed and not packed.whole):
            raise http.client.IncompleteRead(b"", answer.length)
        return bytes(whole)


class _Gunzip:
    """Unpacks no more than the limit, however small it came."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._made = 0

    @property
    def whole(self) -> bool:
        """Whether it has come to its end, or has not begun."""
        return self._member.eof or not self._made

    def unpack(self, packed: bytes) -> bytes:
        made = bytearray()
        while packed and self._made <= MAX_BYTES:
            if self._member.eof:  # a file may consist of several members (RFC 1952, 2.2)
                self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            made += (part := self._member.decompress(packed, MAX_BYTES + 1 - self._made))
            self._made += len(part)
            packed = self._member.unused_data or self._member.unconsumed_tail
        return bytes(made)


def _as_sent(header: str) -> str:
    """A header's value as UTF-8, if it is that; `http.client` reads every byte as one letter."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _headers(goal: Target) -> dict[str, str]:
    return {
        "Host": goal.authority,
        "User-Agent": f"Handbill/{__version__}",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLError, "has no certificate that can be trusted"),
    (socket.gaierror, "names a server that could not be found; is this machine online?"),
    (UnicodeError, "names a server that could not be found"),
    (ConnectionRefusedError, "takes no connection"),
    (http.client.HTTPException, "does not answer as a web server does, or broke off"),
    (zlib.error, "is packed in a way that cannot be read"),
)

fetch = Egress()

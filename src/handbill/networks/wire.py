"""HTTP sense for every network: one exchange, bounded in time and size, of which we know exactly
whether a byte was handed over. It never retries, never follows a redirect, never asks a proxy."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from handbill.clock import elapsed
from handbill.domain.outcomes import Halted, NotSent
from handbill.domain.settling import EXCHANGE_DEADLINE
from handbill.failpoints import failpoint

CONNECT_TIMEOUT = timedelta(seconds=10)
MAX_ANSWER_BYTES = 2_000_000


class SentTooLate(OSError):
    """The window after arming had closed before the first byte; nothing was sent."""


class Exchange:
    """What is known about one request: whether bytes left, and the whole answer if one came."""

    def __init__(
        self, deadline: timedelta = EXCHANGE_DEADLINE, send_by: float | None = None
    ) -> None:
        self.handed_over = False
        self.timed_out = False
        self.response: requests.Response | None = None
        self.ends = elapsed() + deadline.total_seconds()
        self._send_by = send_by
        self._socket: socket.socket | None = None

    @property
    def publishes(self) -> bool:
        """Whether this is the one request that makes something public."""
        return self._send_by is not None

    @property
    def left(self) -> float:
        """Seconds until the deadline, never less than a moment."""
        return max(0.001, self.ends - elapsed())

    def watch(self, sock: socket.socket) -> None:
        """From here on the deadline closes this socket."""
        self._socket = sock
        if self.timed_out:
            self.cut()

    def hand_over(self) -> None:
        """Called before bytes leave. Raises SentTooLate when they may not leave any more."""
        if not self.handed_over and self._send_by is not None and elapsed() > self._send_by:
            raise SentTooLate("the time to send had passed")
        self.handed_over = True
        if self.publishes:
            failpoint("send.before_bytes")

    def cut(self) -> None:
        """End the exchange. A read timeout starts anew with every byte that drips in; this does
        not."""
        self.timed_out = True
        if self._socket is not None:
            try:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return  # already closed


class _Watchdog:
    """Cuts exchanges at their deadline: one thread for all, as a new one for each costs time just
    when a post should leave."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: set[Exchange] = set()
        self._thread: threading.Thread | None = None

    def watch(self, exchange: Exchange) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadline", daemon=True)
                self._thread.start()
            if not self._watched or exchange.ends < min(one.ends for one in self._watched):
                self._changed.notify()
            self._watched.add(exchange)

    def forget(self, exchange: Exchange) -> None:
        with self._changed:
            self._watched.discard(exchange)

    def _run(self) -> None:
        with self._changed:
            while True:
                ends = min((one.ends for one in self._watched), default=None)
                self._changed.wait(None if ends is None else max(0.0, ends - elapsed()))
                for late in [one for one in self._watched if one.ends <= elapsed()]:
                    self._watched.discard(late)
                    late.cut()


_watchdog = _Watchdog()
_current: ContextVar[Exchange] = ContextVar("exchange")
_capturing: ContextVar[bool] = ContextVar("capturing", default=False)


class _Captured(Exception):
    """Carries a request out of a library that was about to send it."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        super().__init__("captured")
        self.request = request


def capture(call: Callable[[], object]) -> requests.PreparedRequest:
    """Let a library build and sign a request, and take it away before anything is opened."""
    token = _capturing.set(True)
    try:
        call()
    except _Captured as captured:
        return captured.request
    finally:
        _capturing.reset(token)
    raise RuntimeError("the library made no request")


class _Watched:
    """Mixed into urllib3's connections: tells the current exchange what happens on the wire."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _current.get().watch(self.sock)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _current.get().hand_over()
        super().send(data)  # type: ignore[misc]


class _Connection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class BoundedAdapter(HTTPAdapter):
    """The one adapter mounted on a client's session.

    `base` replaces the scheme and host that the library has written in; signatures are made before
    and stay those of the official host.
    """

    def __init__(self, official: str, base: str | None = None) -> None:
        super().__init__(max_retries=0)
        self._official, self._base = official, base

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that report to the current exchange."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kw: Any) -> requests.Response:
        """One exchange, read to its end within the exchange's deadline and size."""
        if _capturing.get():
            raise _Captured(request)
        exchange = _current.get()
        if self._base and request.url:
            request.url = request.url.replace(self._official, self._base, 1)
        timeout = (min(CONNECT_TIMEOUT.total_seconds(), exchange.left), exchange.left)
        response = super().send(request, stream=True, timeout=timeout, verify=True, proxies={})
        if exchange.publishes:
            failpoint("send.answering")
        response._content = _read(response)
        response.headers.pop("Location", None)  # so that nobody follows it
        exchange.response = response
        return response


def _read(response: requests.Response) -> bytes:
    try:
        body: bytes = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise requests.ConnectionError("the answer broke off") from error
    finally:
        response.raw.close()
    if len(body) > MAX_ANSWER_BYTES:
        raise requests.ConnectionError("the answer was too large")
    return body


def mount(session: requests.Session, official: str, base: str | None) -> None:
    """Make a library's session use our adapter alone, and nothing from the environment."""
    session.trust_env = False
    session.adapters.clear()
    session.mount(official, BoundedAdapter(official, base))


@contextmanager
def exchange(
    deadline: timedelta = EXCHANGE_DEADLINE, send_by: float | None = None
) -> Generator[Exchange]:
    """The frame of exactly one request made by this thread."""
    one = Exchange(deadline, send_by)
    token = _current.set(one)
    _watchdog.watch(one)
    try:
        yield one
    finally:
        _watchdog.forget(one)
        _current.reset(token)


#: Whether our clock is right is asked when a post waits for the answer.
HOUR_DEADLINE = timedelta(seconds=5)


def hour(session: requests.Session, official: str) -> datetime | None:
    """The time in the `Date` of an answer (RFC 9110, 6.6.1); the question carries no credentials.

    None when the answer does not say. Raises Halted when there is none.
    """
    with exchange(HOUR_DEADLINE):
        try:
            headers = session.head(f"{official}/").headers
        except requests.RequestException as error:
            says = f"It could not be asked what time it is: {why_not_sent(error)}."
            raise Halted(NotSent(says)) from error
    try:
        told = parsedate_to_datetime(headers["Date"])
        kept = timedelta(seconds=int(headers.get("Age", "0")))  # by a cache (RFC 9111, 5.1)
        return told + kept if told.tzinfo else None
    except (KeyError, ValueError, OverflowError):
        return None


def why_not_sent(error: BaseException) -> str:
    """Why nothing could be handed over, in words that end no sentence."""
    text = repr(error)
    reasons = (
        ("SentTooLate", "the computer was busy or asleep for too long"),
        ("NameResolutionError", "its address could not be looked up; is this machine online?"),
        ("getaddrinfo", "its address could not be looked up; is this machine online?"),
        ("ConnectTimeout", "it did not pick up in time"),
        ("SSL", "its certificate is not trusted"),
        ("refused", "the connection was refused"),
    )
    return next((words for sign, words in reasons if sign in text), "the connection failed")

"""The stand-in X as a process of its own on 127.0.0.1: builds the application and serves it."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handbill.errors import SettingsProblem
from handbill.rehearsal import control, page
from handbill.rehearsal.exchange import exchange, header_map
from handbill.rehearsal.shapes import problem
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Line

HOST = "127.0.0.1"
#: Seconds that an unused connection stays open: longer than any client keeps one in its pool, so
#: that no post is lost on a connection that the server has just closed.
KEEP_ALIVE = 300

_HOSTS = {"127.0.0.1", "localhost"}
_OWN = {"/", "/page.css", "/icon.svg", "/favicon.ico"}
#: For everything that a browser may show.
_SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def build(stage: Stage) -> ASGIApp:
    """The application: the page and the control routes through Starlette, X's paths straight on."""
    pages = _safe(Starlette(routes=[*page.routes(stage), *control.routes(stage)]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = header_map(scope)
        if headers.get("host", "").partition(":")[0] not in _HOSTS:
            refusal = problem(400, "Bad Request", "Only 127.0.0.1 and localhost are served.")
            await refusal.send(send)
        elif _is_for_people(scope["path"]):
            await pages(scope, receive, send)
        else:
            await exchange(stage, headers, scope, receive, send)

    return app


def _is_for_people(path: str) -> bool:
    """The page and the control routes; everything else is X's."""
    return path in _OWN or path.startswith("/_rehearsal/") or path.split("/")[2:3] == ["status"]


def _safe(app: ASGIApp) -> ASGIApp:
    """Adds the headers that keep a browser from doing anything but show what it got."""
    extra = [(name.encode(), value.encode()) for name, value in _SAFE.items()]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await app(scope, receive, with_headers)

    return wrapped


def _say_nothing(_address: str) -> None:
    pass


def serve(
    port: int = 0,
    faults: Path | None = None,
    announce: Callable[[str], None] = _say_nothing,
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` gets the base address once the server listens;
    port 0 takes a free one. Raises a Problem if the plan or the port cannot be used."""
    stage = Stage()
    if faults is not None:
        stage.plan.load(faults)
    with _listen(port) as listener:
        config = uvicorn.Config(
            build(stage),
            http=Line,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,
        )
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        _Server(config, lambda: announce(address), stage.break_off).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], break_off: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._break_off = break_off

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._break_off()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but it does not raise the signal again: to be stopped is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's delay off (40 ms an answer) only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsProblem(
            f"The rehearsal cannot listen on {HOST}:{port}: {error}.",
            "Choose another --port, or 0 for a free one.",
        ) from error
    return listener

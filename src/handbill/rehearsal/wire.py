"""Requests and answers as plain values, and the connection under them, so that a fault can reach
the socket: leave, reset, or write half an answer."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from handbill.clock import now
from handbill.rehearsal.ledger import Entry

JSON = "application/json; charset=utf-8"
#: Closing with this option set sends RST instead of FIN (SO_LINGER, zero seconds).
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Answer:
    """What goes back: a status, a body, and headers beside content-type and content-length."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON

    @classmethod
    def of(cls, status: int, data: object) -> "Answer":
        """An answer of JSON; what is no Unicode (a lone surrogate, echoed) stays a JSON escape."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return cls(status, text.encode("utf-8", "backslashreplace"))

    def head(self) -> dict[str, str]:
        """Every header it is sent with."""
        return {
            "content-type": self.content_type,
            "content-length": str(len(self.body)),
            **self.headers,
        }

    async def send(self, send: Send) -> None:
        """Send it in the ordinary way."""
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.head().items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    def raw(self) -> bytes:
        """The bytes of the whole answer; the connection is closed behind it."""
        return self.raw_head() + self.body

    def raw_head(self, *, sized: bool = True) -> bytes:
        """The bytes up to and with the blank line; without a length if not `sized`."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        head = {"connection": "close", **self.head()}
        if not sized:
            del head["content-length"]
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in head.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


@dataclass
class Call:
    """One request that X's side looks at. Header names are lower case."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes = b""
    account: str = ""
    #: The post that this request made, if it made one.
    made: Entry | None = None

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """The media type without its parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Line(H11Protocol):
    """uvicorn's connection, which also notes when bytes came in and lets itself be torn down.

    The application finds it as `scope["state"]["line"]`.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "line": self}, _loop)

    def data_received(self, data: bytes) -> None:
        """Note the time before anything is parsed."""
        self.app_state["arrived"] = now()
        super().data_received(data)

    @property
    def lost(self) -> bool:
        """True once nothing more can be sent."""
        return bool(self.transport.is_closing())

    async def write(self, data: bytes) -> None:
        """Send bytes past the HTTP layer; waits while the reader is slow."""
        self.transport.write(data)
        await self.flow.drain()

    def hang_up(self) -> None:
        """Close after what was written, and let uvicorn think that the client left."""
        self.cycle.disconnected = True
        self.transport.close()

    def reset(self) -> None:
        """Close at once with RST, if it is still open."""
        self.cycle.disconnected = True
        if not self.lost:
            sock: socket.socket = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.transport.abort()


def arrival_time(scope: Mapping[str, Any]) -> datetime:
    """When the headers of this request came."""
    moment: datetime = scope["state"]["arrived"]
    return moment

"""A stand-in for X that is only quick: for figures of speed, where the rehearsal's own work would
be measured too. It checks nothing. `python -m bench.sink --port 0 --latency 0.15`

Knows no more of the program than X does, and is a process of its own.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
FIRST_ID = 10**18


@dataclass
class Books:
    """What arrived, and how long answers take."""

    #: Account, text, and the instant at which the request's first byte was here.
    posts: list[tuple[str, str, float]] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    latency: float = 0.0
    #: Accounts whose answers take longer, in seconds.
    slow: dict[str, float] = field(default_factory=dict)
    #: Counts on when the rest is emptied: an id is never given twice.
    given: int = FIRST_ID

    def post(self, account: str, text: str, at: float) -> dict[str, Any]:
        """Keep a post; answers what X answers."""
        self.given += 1
        self.posts.append((account, text, at))
        self.texts[text] += 1
        return {"data": {"id": str(self.given), "text": text}}

    def control(self, name: str, body: bytes) -> dict[str, Any]:
        """`ledger` and `count` tell, `plan` sets the latencies, `reset` empties."""
        if name == "plan":
            plan = json.loads(body)
            self.latency, self.slow = plan["latency"], plan["slow"]
        elif name == "reset":
            self.posts.clear()
            self.texts.clear()
        elif name == "ledger":
            return {"posts": [{"account": a, "text": t, "at": _iso(at)} for a, t, at in self.posts]}
        return {"posts": len(self.posts), "doubles": self.texts.total() - len(self.texts)}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


class Line(asyncio.Protocol):
    """One connection: HTTP/1.1 as far as one well-behaved client needs it."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._came = b""
        self._at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        if not self._came:
            self._at = time.time()
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self._came = b""
            self._answer(head.decode("latin-1"), body)

    def _answer(self, head: str, body: bytes) -> None:
        method, path, _rest = head.split(" ", 2)
        account = _account(head)
        status, wait = 200, self._books.slow.get(account, self._books.latency)
        if path.startswith("/_sink/"):
            found, wait = self._books.control(path.removeprefix("/_sink/"), body), 0.0
        elif method == "POST":
            status = 201
            found = self._books.post(account, json.loads(body).get("text", ""), self._at)
        elif path.startswith("/2/users/me"):
            found = {"data": {"id": _id(head), "username": account}}
        else:
            found = {"meta": {"result_count": 0}}
        answer = _http(status, b"" if method == "HEAD" else json.dumps(found).encode())
        if wait:
            asyncio.get_running_loop().call_later(wait, self._out.write, answer)
        else:
            self._out.write(answer)


def _length(head: bytes) -> int:
    name = b"content-length:"
    at = head.lower().find(name)
    return 0 if at < 0 else int(head[at + len(name) :].split(b"\r\n", 1)[0])


def _token(head: str) -> str:
    return head.partition('oauth_token="')[2].partition('"')[0]


def _account(head: str) -> str:
    """Practice tokens end in the account's name."""
    return _token(head).rpartition("-")[2]


def _id(head: str) -> str:
    """X's tokens begin with their owner's number; any other gets a number of its own."""
    token = _token(head)
    number = token.partition("-")[0]
    return (
        number
        if number.isdigit()
        else str(int(hashlib.sha256(token.encode()).hexdigest()[:15], 16))
    )


def _http(status: int, body: bytes) -> bytes:
    reason = "Created" if status == 201 else "OK"
    head = f"HTTP/1.1 {status} {reason}\r\nDate: {_date(int(time.time()))}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@lru_cache(1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


async def serve(port: int, latency: float) -> None:
    """Serve until the process ends; says where on standard output."""
    books = Books(latency=latency)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(books), HOST, port, backlog=2048)
    print(f"ready http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Arrived:
    """A post as the sink saw it."""

    account: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Sink:
    """A running sink, seen from outside."""

    url: str

    def arrived(self) -> list[Arrived]:
        """All posts, as they came."""
        return [
            Arrived(post["account"], post["text"], datetime.fromisoformat(post["at"]))
            for post in self._call("ledger")["posts"]
        ]

    def count(self) -> int:
        """How many posts have come."""
        return int(self._call("count")["posts"])

    def doubles(self) -> int:
        """How many posts came that had come before."""
        return int(self._call("count")["doubles"])

    def reset(self, latency: float = 0.0, slow: Mapping[str, float] | None = None) -> None:
        """Empty it, and set how long its answers take, in seconds."""
        self._call("reset", {})
        self._call("plan", {"latency": latency, "slow": dict(slow or {})})

    def _call(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sink/{name}", data)  # noqa: S310  our own
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
            return found


@contextmanager
def running() -> Generator[Sink]:
    """A sink as a process, ended with the block."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "bench.sink"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout
    try:
        yield Sink(process.stdout.readline().split()[1])
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.sink", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="of an answer, in seconds")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.latency))

"""A line to PostgreSQL that breaks in a COMMIT: before the server hears it, or before its answer.

Knows PostgreSQL's wire protocol as far as it must, and the program's transactions by a statement
that each of them holds and no other.
"""

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa

#: A packet of the handshake has no letter; this is the last one, after encryption was refused.
START = 196_608


class When(StrEnum):
    """Where the line breaks."""

    BEFORE = "before the server has heard it"
    AFTER = "before its answer is back"


#: What only this transaction says.
SAYS = {
    "claim": b"INSERT INTO attempt",
    "arm": b"UPDATE attempt SET armed_at",
    "record": b"UPDATE part SET",
}


@dataclass
class Cutter:
    """Cuts one commit of a kind, and is a clear line from then on."""

    server: str
    step: str
    when: When
    address: sa.URL
    cut: threading.Event = field(default_factory=threading.Event)
    armed: threading.Event = field(default_factory=threading.Event)

    def relay(self, client: socket.socket) -> None:
        """Carry one connection until either side or the cut ends it."""
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        line = _Line(client, server)
        back = threading.Thread(target=line.carry_back, daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            self._carry(line)
        line.close()
        back.join()

    def _carry(self, line: "_Line") -> None:
        said = b""
        line.shake_hands()
        while message := line.message():
            said += message
            if _is_commit(message):
                if self._strikes(said):
                    return line.cut_off(message if self.when is When.AFTER else b"", self.cut)
                said = b""
            line.server.sendall(message)
        return None

    def _strikes(self, said: bytes) -> bool:
        return self.armed.is_set() and not self.cut.is_set() and SAYS[self.step] in said


def _is_commit(message: bytes) -> bool:
    return message[:1] in b"QP" and b"COMMIT\x00" in message


class _Line:
    """One client and its server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self._deaf = threading.Event()
        self._answered = threading.Event()

    def shake_hands(self) -> None:
        while packet := self._packet(b""):
            self.server.sendall(packet)
            if int.from_bytes(packet[4:8]) == START:
                return

    def message(self) -> bytes:
        """The client's next message; nothing when it has gone."""
        letter = self._exactly(1)
        return self._packet(letter) if letter else b""

    def _packet(self, letter: bytes) -> bytes:
        size = self._exactly(4)
        return letter + size + self._exactly(int.from_bytes(size) - 4) if size else b""

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            if not (more := self.client.recv(count - len(got))):
                return b""
            got += more
        return got

    def carry_back(self) -> None:
        """The server's answers, as long as they shall get through."""
        with contextlib.suppress(OSError):
            while answer := self.server.recv(65_536):
                if self._deaf.is_set():
                    self._answered.set()
                else:
                    self.client.sendall(answer)
        self._answered.set()
        self.close()

    def cut_off(self, last: bytes, cut: threading.Event) -> None:
        """Let the server hear `last`, if there is any, and wait until it has done so."""
        self._deaf.set()
        if last:
            self.server.sendall(last)
            self._answered.wait(10)
        cut.set()

    def close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cutter(server: str, step: str, when: When) -> Generator[Cutter]:
    """A way to the server at this address that breaks once; clear until `armed` is set."""
    url = sa.make_url(server)
    folder = str(url.query["host"])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        way = url.set(host="127.0.0.1", port=port, query={"sslmode": "disable"})
        found = Cutter(f"{folder}/.s.PGSQL.{url.port or 5432}", step, when, way)
        threading.Thread(target=_listen, args=(listening, found), daemon=True).start()
        yield found


def _listen(listening: socket.socket, found: Cutter) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _address = listening.accept()
            threading.Thread(target=found.relay, args=(client,), daemon=True).start()

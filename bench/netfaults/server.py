"""A server that says and breaks off exactly what it is told, byte by byte, and keeps what came."""

import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress

#: Closing with this option sends RST instead of FIN (SO_LINGER, zero seconds).
_RST_ON_CLOSE = struct.pack("ii", 1, 0)
#: How long a connection waits for the other side before it is given up.
PATIENCE_S = 5.0
#: For the reader to take what was written, before a reset could throw it away.
_SETTLE_S = 0.002
#: What a TLS record begins with: a change of cipher, an alert, a handshake, data.
_TLS_RECORDS = (b"\x14", b"\x15", b"\x16", b"\x17")


class Line:
    """One connection, from the server's side."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE_S)
        self.sock = sock
        self.came = bytearray()
        self.written = 0

    @property
    def requests(self) -> int:
        """How many requests began here, however little of them came; of TLS we can tell none."""
        if self.came[:1] in _TLS_RECORDS:
            return 0
        return max(len(re.findall(rb"HTTP/1\.1\r\n", self.came)), int(bool(self.came)))

    @property
    def creates(self) -> bool:
        """Whether what came could be a creating request."""
        wanted = b"POST /2/tweets HTTP/1.1"
        return bool(self.came) and wanted.startswith(bytes(self.came[: len(wanted)]))

    def read(self, count: int) -> bytes:
        """So many bytes more, or what comes until the other side ends."""
        start = len(self.came)
        while (missing := start + count - len(self.came)) > 0:
            if not (some := self.sock.recv(min(missing, 65_536))):
                break
            self.came += some
        return bytes(self.came[start:])

    def head(self) -> bytes:
        """The next request up to its blank line."""
        start, blank = len(self.came), b"\r\n\r\n"
        while self.came.find(blank, start) < 0:
            if not (ahead := self.sock.recv(65_536, socket.MSG_PEEK)):
                break
            found = ahead.find(blank)
            self.read(found + len(blank) if found >= 0 else 1)
        return bytes(self.came[start:])

    def request(self) -> bytes:
        """The whole of the next request."""
        head = self.head()
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        return head + self.read(int(length[1]) if length else 0)

    def hello(self) -> bytes:
        """The first flight of a TLS handshake, which counts as no request; empty if it is none."""
        if self.sock.recv(1, socket.MSG_PEEK) not in _TLS_RECORDS:
            self.drain()
            return b""
        return self.sock.recv(65_536)

    def await_bytes(self) -> None:
        """Wait until something has come, and leave it unread."""
        self.sock.recv(1, socket.MSG_PEEK)

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)
        self.written += len(data)

    def drip(self, data: bytes, pause_s: float) -> None:
        """Send it byte by byte."""
        for number in range(len(data)):
            self.write(data[number : number + 1])
            time.sleep(pause_s)

    def leave(self) -> None:
        """End our half with FIN."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection with RST; what had come unread still counts as handed over."""
        time.sleep(_SETTLE_S if self.written else 0)
        self.sock.settimeout(0)
        with suppress(BlockingIOError):
            self.came += self.sock.recv(65_536, socket.MSG_PEEK)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        self.sock.close()

    def hear_no_more(self) -> None:
        """What is there can still be read, and then it ends."""
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RD)

    def drain(self, patience_s: float = PATIENCE_S) -> None:
        """Keep what comes until the other side ends."""
        self.sock.settimeout(patience_s)
        while some := self.sock.recv(65_536):
            self.came += some


#: What a connection does from beginning to end.
Play = Callable[[Line], None]
Break = Callable[[Line], None]
#: The two ways in which a line can end: with RST and with FIN.
BREAKS: Sequence[Break] = (Line.reset, Line.leave)


def say(data: bytes, ends: Break = Line.leave) -> Play:
    """Take the request, answer, end."""

    def play(line: Line) -> None:
        line.request()
        line.write(data)
        ends(line)

    return play


ID = "1992187654321098765"
_MADE = b'{"data":{"id":"%s","text":"A fine film."}}' % ID.encode()
#: What every connection gets for which no play is left: whoever asks twice, posts twice.
ACCEPT = say(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(_MADE), _MADE))


class Server:
    """Listens on 127.0.0.1 and plays each connection its part."""

    def __init__(self, listener: socket.socket | None = None) -> None:
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._plays: Sequence[Play] = ()
        self._lines: list[Line] = []
        self._playing: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def listen(self) -> None:
        """Begin to take connections."""
        self._accepting.start()

    def play(self, plays: Sequence[Play]) -> None:
        """Forget what was, and play the next connections these, in order."""
        self._plays, self._lines, self._playing = plays, [], []

    def settle(self) -> list[Line]:
        """All connections that were made, with all that came on them, when no more can come: the
        other side has its outcome, even if it has not hung up."""
        while self._take():
            pass
        for line in self._lines:
            line.hear_no_more()
        for thread in self._playing:
            thread.join()
        return self._lines

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        self._accepting.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            if select.select([self._listener], [], [], 0.1)[0]:
                self._take()

    def _take(self) -> bool:
        """Begin with a connection that waits. Two threads come here: whoever settles must not miss
        one that is already accepted."""
        with self._lock:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return False
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = Line(sock)
            play = self._plays[len(self._lines)] if len(self._lines) < len(self._plays) else ACCEPT
            thread = threading.Thread(target=_perform, args=(play, line), daemon=True)
            self._lines.append(line)
            self._playing.append(thread)
            thread.start()
        return True


def _perform(play: Play, line: Line) -> None:
    """Play the part, then listen for more requests until the other side has had enough."""
    try:
        play(line)
        if line.sock.fileno() != -1:
            line.drain()
    except OSError:
        return  # the other side is gone
    finally:
        line.sock.close()


@contextmanager
def serving() -> Generator[Server]:
    """A server, closed with the block."""
    server = Server()
    server.listen()
    try:
        yield server
    finally:
        server.close()


class Nobody:
    """An address at which nobody plays."""

    def __init__(self, address: str) -> None:
        self.address = address

    def play(self, plays: Sequence[Play]) -> None:
        """There is nothing to play."""

    def settle(self) -> list[Line]:
        """No connection was made that we could know of."""
        return []

"""A TCP proxy between a client and a PostgreSQL server that breaks the network on purpose.

It cuts (RST), stalls (both directions or one), half-closes, refuses, and loses the answer to a
COMMIT: the server has committed, and the client never hears of it. Standard library only. It reads
the frames of the server's answers, so connections through it must be without TLS.
"""

import contextlib
import enum
import select
import socket
import struct
import threading
from dataclasses import dataclass, field

HOST = "127.0.0.1"
BLOCK = 65_536
PENDING_MAX = 1_048_576
HEADER = 5
COMMITTED = b"C" + struct.pack("!I", 4 + len(b"COMMIT\0")) + b"COMMIT\0"
"""CommandComplete for COMMIT. Source: the manual's "Message Formats"."""
RESET = struct.pack("ii", 1, 0)


class Way(enum.Enum):
    """A direction through the proxy."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


BOTH = frozenset(Way)


@dataclass(eq=False, slots=True)
class Stream:
    """One direction of a connection.

    Attributes:
        part: Bytes of a frame that is not whole yet; a frame is passed on when it is.
        pending: Bytes that the sink has not taken.
        is_mute: What comes is thrown away, since the sink was told the end.
    """

    way: Way
    source: socket.socket
    sink: socket.socket
    part: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)
    is_ended: bool = False
    is_closed: bool = False
    is_mute: bool = False

    def frames(self):
        """Take whole frames of the server off the part that is there."""
        while len(self.part) >= HEADER:
            size = 1 + struct.unpack_from("!I", self.part, 1)[0]
            if len(self.part) < size:
                return
            yield bytes(self.part[:size])
            del self.part[:size]


@dataclass(eq=False, slots=True)
class Connection:
    """A client's connection and ours to the server."""

    client: socket.socket
    server: socket.socket
    streams: dict[Way, Stream]


class FaultProxy:
    """Listens on a port of its own and passes everything on to a server until told otherwise."""

    def __init__(self, port: int) -> None:
        """Begin to pass connections on to a port of this machine."""
        self._server_port = port
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._connections: list[Connection] = []
        self._held: frozenset[Way] = frozenset()
        self._commits_to_lose = 0
        self._is_refusing = False
        self._is_over = False
        self.commits_lost = 0
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"proxy {self.port}", daemon=True)
        self._thread.start()

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *_):
        """Close everything."""
        self.close()

    # ---- what a test does -----------------------------------------------------------------------

    def cut(self) -> int:
        """Reset every connection, towards both ends; new ones are accepted. Returns how many."""
        with self._changing():
            cut = list(self._connections)
            for connection in cut:
                self._reset(connection)
        return len(cut)

    def stall(self, ways: frozenset[Way] = BOTH) -> None:
        """Hold all bytes of these directions, of new connections too, until `heal`."""
        with self._changing():
            self._held = ways

    def half_close(self) -> int:
        """Tell every client that the server has ended its side; the server hears nothing."""
        with self._changing():
            closed = list(self._connections)
            for connection in closed:
                stream = connection.streams[Way.TO_CLIENT]
                stream.is_mute = True
                self._end(stream)
        return len(closed)

    def refuse(self) -> None:
        """Reset every connection and every new one until `heal`."""
        with self._changing():
            self._is_refusing = True
            for connection in list(self._connections):
                self._reset(connection)

    def lose_commits(self, count: int) -> None:
        """Drop the answers to the next COMMITs and reset their connections."""
        with self._changing():
            self._commits_to_lose = count

    def heal(self) -> None:
        """Pass everything on again; bytes that were held go on."""
        with self._changing():
            self._held = frozenset()
            self._is_refusing = False
            self._commits_to_lose = 0

    @property
    def connections(self) -> int:
        """How many connections there are."""
        with self._lock:
            return len(self._connections)

    def close(self) -> None:
        """Reset everything and stop listening."""
        with self._changing():
            self._is_over = True
        self._thread.join(10)
        for connection in list(self._connections):
            self._reset(connection)
        for one in (self._listener, self._waker, self._woken):
            one.close()

    @contextlib.contextmanager
    def _changing(self):
        with self._lock:
            yield
        self._waker.send(b"!")

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._is_over:
                    return
                readers, writers = self._interests()
            try:
                readable, writable, _ = select.select(
                    [self._listener, self._woken, *readers], list(writers), []
                )
            except (ValueError, OSError):
                continue  # a socket was closed between the two steps
            with self._lock:
                self._serve(readable, writable, readers, writers)

    def _interests(self) -> tuple[dict, dict]:
        readers, writers = {}, {}
        for connection in self._connections:
            for stream in connection.streams.values():
                if stream.way in self._held:
                    continue
                if not stream.is_ended and len(stream.pending) < PENDING_MAX:
                    readers[stream.source] = (connection, stream)
                if stream.pending and not stream.is_closed:
                    writers[stream.sink] = (connection, stream)
        return readers, writers

    def _serve(self, readable, writable, readers, writers) -> None:
        for one in writable:
            self._guarded(self._flush, *writers[one])
        for one in readable:
            if one is self._woken:
                self._woken.recv(BLOCK)
            elif one is self._listener:
                self._accept()
            else:
                self._guarded(self._read, *readers[one])

    def _guarded(self, act, connection: Connection, stream: Stream) -> None:
        if connection not in self._connections or stream.way in self._held:
            return
        try:
            act(connection, stream)
        except BlockingIOError:
            return
        except OSError:
            self._reset(connection)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection((HOST, self._server_port), timeout=5)
        except OSError:
            server = None
        if server is None or self._is_refusing:
            _reset(client)
            if server is not None:
                server.close()
            return
        for one in (client, server):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        streams = {
            Way.TO_SERVER: Stream(Way.TO_SERVER, client, server),
            Way.TO_CLIENT: Stream(Way.TO_CLIENT, server, client),
        }
        self._connections.append(Connection(client, server, streams))

    def _read(self, connection: Connection, stream: Stream) -> None:
        block = stream.source.recv(BLOCK)
        if not block:
            stream.is_ended = True
            stream.pending += stream.part
            if not stream.pending:
                self._end(stream)
            self._close_ended(connection)
            return
        if stream.is_mute:
            return
        if stream.way is Way.TO_SERVER:
            stream.pending += block
        else:
            stream.part += block
            for frame in stream.frames():
                if frame == COMMITTED and self._commits_to_lose:
                    self._commits_to_lose -= 1
                    self.commits_lost += 1
                    self._reset(connection)
                    return
                stream.pending += frame
        self._flush(connection, stream)

    def _flush(self, connection: Connection, stream: Stream) -> None:
        if stream.pending and not stream.is_closed:
            del stream.pending[: stream.sink.send(stream.pending)]
        if stream.is_ended and not stream.pending:
            self._end(stream)
            self._close_ended(connection)

    def _end(self, stream: Stream) -> None:
        """Pass an end on to the sink."""
        if not stream.is_closed:
            stream.is_closed = True
            stream.pending.clear()
            with contextlib.suppress(OSError):
                stream.sink.shutdown(socket.SHUT_WR)

    def _close_ended(self, connection: Connection) -> None:
        if connection in self._connections and all(
            stream.is_ended and stream.is_closed for stream in connection.streams.values()
        ):
            self._connections.remove(connection)
            connection.client.close()
            connection.server.close()

    def _reset(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        _reset(connection.client)
        _reset(connection.server)


def _reset(one: socket.socket) -> None:
    """Close a socket so that the other end gets RST."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    one.close()

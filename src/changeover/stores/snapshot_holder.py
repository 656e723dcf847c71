"""The snapshot of the catalog: read in the background, replaced whole, kept if reading fails.

One thread per store reads it, in both colours: reading is rare, and a thread needs no loop. It
listens on PostgREST's channel, joins what comes in a burst, and reads again after its connection
was lost, since messages may be missing then. Behind a pooler nothing is listened to.

Source: shared reference "PostgREST: the language that we speak", section 11.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

import psycopg
from psycopg import sql

from changeover.catalog.snapshot import Snapshot

CHANNEL: Final = "pgrst"
BURST_S: Final = 0.1
"""Shortest time between the beginnings of two reloads."""

SOON_S: Final = 5.0
"""Shortest time between two reloads that nobody waits for, asked for by errors of statements."""

BACK_OFF_S_MIN: Final = 0.25
BACK_OFF_S_MAX: Final = 32.0

Made = TypeVar("Made")
Connection = psycopg.Connection[Any]


class SnapshotHolder(Generic[Made]):
    """Holds what was made of the newest snapshot.

    Attributes:
        current: What the newest snapshot was made into; None before the first.
        is_failing: Whether the last attempt to read it failed.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Connection],
        read: Callable[[Connection], Snapshot],
        make: Callable[[Snapshot, int], Made],
        channel: str | None = CHANNEL,
        reload_configuration: Callable[[], None] = lambda: None,
    ) -> None:
        """Read nothing yet.

        Args:
            connect: Opens a connection in autocommit.
            read: Reads a snapshot.
            make: Makes of a snapshot and its generation what requests are answered with.
            channel: Where reloads are asked for; None listens to nothing.
            reload_configuration: Called when the configuration is to be read again, in the
                thread of the holder.
        """
        self._connect = connect
        self._read = read
        self._make = make
        self._channel = channel
        self._reload_configuration = reload_configuration
        self.current: Made | None = None
        self.is_failing = False
        self._snapshot: Snapshot | None = None
        self._generation = 0
        self._lock = threading.Lock()
        self._waiting: list[Future[Made | None]] = []
        self._is_wanted = True
        self._is_closed = False
        self._started_s = 0.0
        self._thread: threading.Thread | None = None
        # Made when the thread is: a holder that never reads holds no socket, and one that was made
        # before a fork shares none with its copy.
        self._bell: socket.socket | None = None
        self._ear: socket.socket | None = None

    def start(self) -> None:
        """Start reading; once is enough."""
        with self._lock:
            if self._thread is not None or self._is_closed:
                return
            self._bell, self._ear = socket.socketpair()
            self._bell.setblocking(False)
            self._ear.setblocking(False)
            self._thread = threading.Thread(
                target=self._serve, name="changeover-snapshot", daemon=True
            )
        self._thread.start()

    def refresh(self) -> "Future[Made | None]":
        """Ask for a snapshot that is read from now on.

        Returns:
            What it was made into; what was held before if it can't be read.
        """
        self.start()
        future: Future[Made | None] = Future()
        with self._lock:
            if self._is_closed or (self.is_failing and self.current is None):
                future.set_result(self.current)
                return future
            self._waiting.append(future)
            self._is_wanted = True
        self._ring()
        return future

    def refresh_soon(self) -> None:
        """Ask for a newer snapshot without waiting for it, unless the last is quite new."""
        if time.monotonic() - self._started_s < SOON_S:
            return
        with self._lock:
            self._is_wanted = True
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            with contextlib.suppress(OSError):  # full: it rings already; closed: nobody listens
                self._bell.send(b"!")

    def close(self) -> None:
        """Stop reading; may be called twice."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        self._ring()
        if thread is not None:
            thread.join()
        self._answer_waiting()
        for end in (self._bell, self._ear):
            if end is not None:
                end.close()

    def _serve(self) -> None:
        back_off_s = BACK_OFF_S_MIN
        while not self._is_closed:
            try:
                self._follow()
                back_off_s = BACK_OFF_S_MIN
            except Exception:  # noqa: BLE001 - the edge of the thread: the old snapshot serves on
                self.is_failing = True
                self._answer_waiting()
                self._pause(back_off_s)
                # What came meanwhile is unknown, so that it is read anew.
                self._is_wanted = True
                back_off_s = min(BACK_OFF_S_MAX, back_off_s * 2)

    def _follow(self) -> None:
        """Read whenever it is wanted, until the connection breaks or the holder is closed."""
        with self._connect() as connection:
            if self._channel is not None:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            while not self._is_closed:
                if self._is_wanted:
                    self._load(connection)
                if self._channel is None:
                    break
                self._wait(connection)
        if self._channel is None:
            self._wait(None)

    def _load(self, connection: Connection) -> None:
        self._pause(self._started_s + BURST_S - time.monotonic())
        with self._lock:
            self._is_wanted = False
            joined, self._waiting = self._waiting, []
        self._started_s = time.monotonic()
        try:
            snapshot = self._read(connection)
            if snapshot != self._snapshot:
                self._generation += 1
                self.current = self._make(snapshot, self._generation)
                self._snapshot = snapshot
            self.is_failing = False
        finally:
            self._answer(joined)

    def _answer(self, waiting: "list[Future[Made | None]]") -> None:
        for future in waiting:
            # Whoever left meanwhile has cancelled theirs, and must not take the thread along.
            if future.set_running_or_notify_cancel():
                future.set_result(self.current)

    def _answer_waiting(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        self._answer(waiting)

    def _wait(self, connection: Connection | None) -> None:
        """Return when a snapshot is wanted or the holder is closed."""
        while not (self._is_wanted or self._is_closed):
            for ready in self._ready(connection, None):
                if ready is connection and connection is not None:
                    for notification in connection.notifies(timeout=0):
                        self._hear(notification.payload)
                else:
                    self._hush()

    def _hear(self, payload: str) -> None:
        if payload in ("", "reload schema"):
            self._is_wanted = True
        if payload in ("", "reload config"):
            self._reload_configuration()

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_closed and (left := deadline - time.monotonic()) > 0:
            for _ in self._ready(None, left):
                self._hush()

    def _ready(self, connection: Connection | None, timeout_s: float | None) -> list[object]:
        assert self._ear is not None, "the thread runs once it is made"
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            if connection is not None:
                selector.register(connection, selectors.EVENT_READ)
            return [key.fileobj for key, _ in selector.select(timeout_s)]

    def _hush(self) -> None:
        assert self._ear is not None, "the thread runs once it is made"
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(4096):
                pass

"""The connections of a store, and who may use one.

A request that finds no free slot waits for one, bounded; with a slot in hand it gets an idle
connection that is still alive, or opens one itself. So a server that refuses us is answered with
what it said, at once, and a pool that is full with a time-out: two different answers, which is why
this is no pool that connects in the background.

What connections are kept for how long is written once (`Shelf`); the two pools add waiting.
"""

import asyncio
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus

from changeover.database.endpoint import read_dsn
from changeover.engine.sql import bind, concat, join, literal, raw, statement
from changeover.model.secret import Secret
from changeover.stores.fault import cannot_connect, pool_exhausted
from changeover.stores.frame import API_PINS
from changeover.stores.session import Command, Session

PREPARE_THRESHOLD: Final = 2

Connection = TypeVar("Connection", psycopg.Connection[Any], psycopg.AsyncConnection[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How connections are opened and kept.

    Attributes:
        dsn: The connection string of the role that may become the others.
        connections_max: Most connections at once (`db-pool`).
        acquisition_timeout_s: Longest wait for one (`db-pool-acquisition-timeout`).
        lifetime_s_max: A connection older than this is not used again (`db-pool-max-lifetime`).
        idle_s_max: A connection unused for longer is closed (`db-pool-max-idletime`).
        connect_timeout_s: Longest wait for the server to take a connection.
        prepare_threshold: A statement is prepared the nth time it is seen on a connection; None for
            never (`db-prepared-statements`).
        is_pooled: A pooler in transaction mode stands before the server: nothing is prepared by
            name, pinned in the session or listened to.
    """

    dsn: Secret
    connections_max: int = 10
    acquisition_timeout_s: float = 10.0
    lifetime_s_max: float = 1800.0
    idle_s_max: float = 30.0
    connect_timeout_s: int = 10
    prepare_threshold: int | None = PREPARE_THRESHOLD
    is_pooled: bool = False

    def __post_init__(self) -> None:
        """Refuse a connection string that libpq would quote in its complaint.

        Raises:
            ConfigurationError: If it can't be read.
        """
        read_dsn(self.dsn, "the connection string")

    def connect_arguments(self, purpose: str) -> dict[str, Any]:
        """Return what psycopg's connect takes beside the connection string."""
        return {
            "autocommit": True,
            "application_name": f"changeover {purpose}",
            "connect_timeout": self.connect_timeout_s,
            "client_encoding": "UTF8",
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "prepare_threshold": None,
        }


def _pin_command() -> Command:
    names = enumerate(API_PINS)
    calls = (
        concat(raw("pg_catalog.set_config("), literal(name), raw(", "), bind(at), raw(", false)"))
        for at, name in names
    )
    text = statement(concat(raw("SELECT "), join(", ", calls))).text.encode()
    return Command(text, tuple(value.encode() for value in API_PINS.values()))


_PIN: Final = _pin_command()


def _pin(session: Session[Any]) -> PQGen[None]:
    """Pin the session's settings and read them back."""
    (result,) = yield from session.exchange([_PIN], 0)
    found = (
        [result.get_value(0, at) for at in range(len(_PIN.values))]
        if result.status == ExecStatus.TUPLES_OK
        else []
    )
    if found != list(_PIN.values):
        raise psycopg.OperationalError("the session's settings could not be pinned")
    session.remember_pins()


_of_parents: list[Session[Any]] = []
"""Connections of the process that this one was forked from."""

_pools: "weakref.WeakSet[Pool | AsyncPool]" = weakref.WeakSet()


def _begin_anew() -> None:
    for pool in list(_pools):
        pool.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)


class Shelf:
    """Idle connections, the one used last on top."""

    def __init__(self, settings: PoolSettings) -> None:
        """Start with none."""
        self._settings = settings
        self._idle: deque[Session[Any]] = deque()
        self.is_closed = False

    def begin_anew(self) -> None:
        """Forget the connections, in a forked child: they are the parent's, who still uses them.

        They are kept unused, since closing one would end it for the parent as well.
        """
        _of_parents.extend(self._idle)
        self._idle = deque()

    def pop(self) -> Session[Any] | None:
        """Return an idle connection that is alive and young enough, or None."""
        now = time.monotonic()
        self._close_unused(now)
        while True:
            try:
                session = self._idle.pop()
            except IndexError:
                return None
            if now - session.born_s < self._settings.lifetime_s_max and session.is_alive():
                return session
            session.close()

    def _close_unused(self, now: float) -> None:
        oldest = now - self._settings.idle_s_max
        while self._idle and self._idle[0].idle_since_s < oldest:
            try:
                session = self._idle.popleft()
            except IndexError:
                return
            session.close()

    def put(self, session: Session[Any]) -> None:
        """Take a connection back; one that is not as it was given out is closed."""
        if self.is_closed or not session.is_idle or not session.is_pinned:
            session.close()
            return
        session.idle_since_s = time.monotonic()
        self._idle.append(session)

    def close(self) -> None:
        """Close all idle connections; those in use are closed when they come back."""
        self.is_closed = True
        while self._idle:
            self._idle.pop().close()


class Pool:
    """Connections for threads."""

    def __init__(self, settings: PoolSettings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._shelf = Shelf(settings)
        self._slots = threading.Semaphore(settings.connections_max)
        _pools.add(self)

    def begin_anew(self) -> None:
        """Start with no connection, in a forked child."""
        self._shelf.begin_anew()
        self._slots = threading.Semaphore(self._settings.connections_max)

    def take(self) -> Session[psycopg.Connection[Any]]:
        """Return a connection that is alive; give it back whatever happens.

        Raises:
            Refusal: PGRST000 or PGRST003.
        """
        if not self._slots.acquire(timeout=self._settings.acquisition_timeout_s):
            raise pool_exhausted()
        try:
            return self._shelf.pop() or self._open()
        except BaseException:
            self._slots.release()
            raise

    def _open(self) -> Session[psycopg.Connection[Any]]:
        arguments = self._settings.connect_arguments("api")
        try:
            connection = psycopg.connect(self._settings.dsn.reveal(), **arguments)
            with _kept(connection, self._settings) as session:
                if not self._settings.is_pooled:
                    connection.wait(_pin(session))
                return session
        except psycopg.Error as error:
            raise cannot_connect(error) from error

    def give(self, session: Session[Any]) -> None:
        """Take a connection back."""
        self._shelf.put(session)
        self._slots.release()

    def close(self) -> None:
        """Close all connections."""
        self._shelf.close()


class AsyncPool:
    """Connections for the tasks of one loop, or of one loop after the other."""

    def __init__(self, settings: PoolSettings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._shelf = Shelf(settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slots = asyncio.Semaphore(settings.connections_max)
        _pools.add(self)

    def begin_anew(self) -> None:
        """Start with no connection, in a forked child."""
        self._shelf.begin_anew()
        self._loop, self._slots = None, asyncio.Semaphore(self._settings.connections_max)

    async def take(self) -> Session[psycopg.AsyncConnection[Any]]:
        """Return a connection that is alive; give it back whatever happens.

        Raises:
            Refusal: PGRST000 or PGRST003.
        """
        await self._wait_for_slot()
        try:
            return self._shelf.pop() or await self._open()
        except BaseException:
            self._slots.release()
            raise

    async def _wait_for_slot(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # A semaphore serves one loop. Whoever waited in an earlier one has ended with it, and
            # idle connections belong to no loop.
            self._loop, self._slots = loop, asyncio.Semaphore(self._settings.connections_max)
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._settings.acquisition_timeout_s):
                await self._slots.acquire()
        except TimeoutError:
            raise pool_exhausted() from None

    async def _open(self) -> Session[psycopg.AsyncConnection[Any]]:
        arguments = self._settings.connect_arguments("api")
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._settings.dsn.reveal(), **arguments
            )
            with _kept(connection, self._settings) as session:
                if not self._settings.is_pooled:
                    await connection.wait(_pin(session))
                return session
        except psycopg.Error as error:
            raise cannot_connect(error) from error

    def give(self, session: Session[Any]) -> None:
        """Take a connection back."""
        self._shelf.put(session)
        self._slots.release()

    def close(self) -> None:
        """Close all connections."""
        self._shelf.close()


@contextmanager
def _kept(connection: Connection, settings: PoolSettings) -> Iterator[Session[Connection]]:
    """Give a new connection as a session; it is closed if the block fails."""
    session = Session(
        connection=connection,
        pgconn=connection.pgconn,
        prepare_threshold=None if settings.is_pooled else settings.prepare_threshold,
        born_s=time.monotonic(),
    )
    try:
        yield session
    except BaseException:
        session.close()
        raise

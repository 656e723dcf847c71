"""What is done with a message, from its identity to its answer, whatever the colour.

A generator of steps: it says what it waits for and is told what came of it. So the order of things,
and what happens to a connection when something goes wrong, is written once.

Source: shared reference "PostgREST: the language that we speak", section 2 ("Order of checks").
"""

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.abc import PQGen

from changeover.catalog.api_reading import read_snapshot
from changeover.catalog.snapshot import Snapshot
from changeover.database.endpoint import read_dsn
from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.stores.desk import Desk
from changeover.stores.errand import Errand
from changeover.stores.fault import lost_connection, no_snapshot
from changeover.stores.key import Identity, Keys, KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.session import Command, Row, Session, rows_of, within
from changeover.stores.snapshot_holder import CHANNEL, SnapshotHolder

_MISSES: Final = frozenset({"PGRST200", "PGRST202", "PGRST204", "PGRST205"})
"""Refusals that a stale snapshot may be the reason of: it is read again before answering."""

_STALE: Final = frozenset({"42703", "42P01", "42883"})
"""Errors of the server that may tell the same; the next request shall know better."""

_PLACE: Final = ("service", "host", "hostaddr", "port", "dbname")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """All that a store on PostgreSQL is told.

    Attributes:
        pool: Where the database is.
        api: What the API allows.
        keys: How callers are told apart.
        channel: Where reloads of the catalog are asked for; None listens to nothing.
        clock: Seconds since 1970, for the times in tokens.
    """

    pool: PoolSettings
    api: ApiSettings = field(default_factory=ApiSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    channel: str | None = CHANNEL
    clock: Callable[[], float] = time.time


class Take:
    """The step that waits for a connection."""


TAKE: Final = Take()


@dataclass(frozen=True, slots=True)
class Run:
    """The step that waits for a server."""

    session: Session[Any]
    work: PQGen[Any]


Step: TypeAlias = "Take | Run | Future[Desk | None]"
Steps: TypeAlias = Generator[Step, Any, Reply]
RowSteps: TypeAlias = Generator[Step, Any, list[Row]]


class Counter:
    """Where messages are taken and answers handed out."""

    def __init__(
        self,
        settings: StoreSettings,
        give: Callable[[Session[Any]], None],
        reload_configuration: Callable[[], None],
    ) -> None:
        """Open nothing yet.

        Args:
            settings: What the store was told.
            give: Takes a connection back; waits for nothing.
            reload_configuration: Called when the configuration is to be read again.
        """
        self._settings = settings
        self._keys = Keys(settings.keys)
        self._give = give
        self.holder: Final[SnapshotHolder[Desk]] = SnapshotHolder(
            connect=self._connect,
            read=self._read,
            make=self._make,
            channel=None if settings.pool.is_pooled else settings.channel,
            reload_configuration=reload_configuration,
        )

    @property
    def place(self) -> str:
        """Where the database is, without who asks there."""
        parts = read_dsn(self._settings.pool.dsn, "the connection string")
        return " ".join(f"{name}={parts[name]}" for name in _PLACE if name in parts)

    def _connect(self) -> psycopg.Connection[Any]:
        pool = self._settings.pool
        return psycopg.connect(pool.dsn.reveal(), **pool.connect_arguments("catalog"))

    def _read(self, connection: psycopg.Connection[Any]) -> Snapshot:
        api = self._settings.api
        return read_snapshot(connection, api.schemas, api.extra_search_path)

    def _make(self, snapshot: Snapshot, generation: int) -> Desk:
        is_pooled = self._settings.pool.is_pooled
        return Desk(self._settings.api, snapshot, generation, is_pooled=is_pooled)

    def steps(
        self,
        message: Message,
        bound: Session[Any] | None = None,
        timeout_s: float | None = None,
    ) -> Steps:
        """Answer a message.

        Args:
            message: What was asked.
            bound: The session of a transaction that the request is a part of.
            timeout_s: How long the server is waited for; its connection is closed then.

        Returns:
            The steps to wait for, and at their end the answer.
        """
        role = ""
        try:
            identity = self._keys.identify(message, self._settings.clock())
            role = identity.role
            answer = yield from self._answer(message, identity, bound, timeout_s)
        except Refusal as refusal:
            answer = refusal.reply(is_minimal=self._settings.api.is_minimal)
        return Reply(
            status=answer.status,
            reason=answer.reason,
            headers=answer.headers,
            body=b"" if message.method == "HEAD" else answer.body,
            role=role,
        )

    def call(self, command: Command, timeout_s: float) -> RowSteps:
        """Run one statement of our own as the login role, and return its rows.

        Args:
            command: The statement.
            timeout_s: How long the server is waited for; the connection is closed then.

        Raises:
            Refusal: There was no connection, it broke, or the server has refused.
        """
        session = yield TAKE
        try:
            with told(session):
                rows: list[Row] = yield Run(session, within(rows_of(session, command), timeout_s))
            return rows
        finally:
            self._give(session)

    def _answer(
        self,
        message: Message,
        identity: Identity,
        bound: Session[Any] | None,
        timeout_s: float | None,
    ) -> Steps:
        desk = self.holder.current or (yield self.holder.refresh())
        if desk is None:
            raise no_snapshot()
        errand = yield from self._errand(desk, message, identity)
        if errand.is_without_transaction:
            return errand.answer()
        if bound is not None:
            return (yield from self._run(bound, errand.run_nested(bound)))
        session = yield TAKE
        try:
            work = errand.run(session)
            if timeout_s is not None:
                work = within(work, timeout_s)
            return (yield from self._run(session, work))
        finally:
            self._give(session)

    def _errand(
        self, desk: Desk, message: Message, identity: Identity
    ) -> Generator[Step, Any, Errand]:
        try:
            return desk.errand(message, identity)
        except Refusal as refusal:
            if refusal.code not in _MISSES:
                raise
            newer: Desk | None = yield self.holder.refresh()
            if newer is None or newer is desk:
                raise
        return newer.errand(message, identity)

    def _run(self, session: Session[Any], work: PQGen[Reply]) -> Steps:
        try:
            with told(session):
                answer: Reply = yield Run(session, work)
        except Refusal as refusal:
            if refusal.code in _STALE:
                self.holder.refresh_soon()
            raise
        return answer


@contextmanager
def told(session: Session[Any]) -> Iterator[None]:
    """Close a session whose connection broke, and refuse the request with what the driver said."""
    try:
        yield
    except psycopg.Error as error:
        session.close()
        raise lost_connection(error) from error

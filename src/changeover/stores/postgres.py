"""Stores that answer from PostgreSQL itself, for threads and for tasks.

What is done with a message stands in `counter.py`; here is only how each colour waits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

import psycopg

from changeover.catalog.snapshot import Snapshot
from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.stores import block
from changeover.stores.counter import Counter, Run, Step, StoreSettings, Take, told
from changeover.stores.desk import Desk
from changeover.stores.drive import drive, drive_async
from changeover.stores.fault import no_snapshot
from changeover.stores.pool import AsyncPool, Pool
from changeover.stores.session import Command, Row, Session

T = TypeVar("T")


def _ignore() -> None:
    """Do nothing when the configuration is to be read again."""


class PostgresStore:
    """Answers messages from PostgreSQL, for any number of threads."""

    def __init__(
        self, settings: StoreSettings, *, reload_configuration: Callable[[], None] = _ignore
    ) -> None:
        """Open nothing yet; the first message does.

        Args:
            settings: Where the database is and what the API allows.
            reload_configuration: Called, in another thread, on NOTIFY `reload config`.

        Raises:
            ConfigurationError: If keys or the connection string can't be read.
        """
        self._pool = Pool(settings.pool)
        self._timeout_s = settings.pool.acquisition_timeout_s
        self._counter = Counter(settings, self._pool.give, reload_configuration)

    def open(self) -> None:
        """Start reading the catalog, so that the first message need not wait for it."""
        self._counter.holder.start()

    @property
    def place(self) -> str:
        """Where the database is, without who asks there."""
        return self._counter.place

    @property
    def desk(self) -> Desk | None:
        """What the newest snapshot of the catalog was made into; None before the first."""
        return self._counter.holder.current

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the catalog; the first is waited for.

        Raises:
            Refusal: PGRST002, if it can't be read in time.
        """
        desk = self.desk or self._wait(self._counter.holder.refresh())
        if desk is None:
            raise no_snapshot()
        return desk.snapshot

    def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        return self._drive(self._counter.steps(message))

    def send_within(self, message: Message, timeout_s: float) -> Reply:
        """Answer a read; give up a server that says nothing for so long.

        Waiting for a connection has limits of its own.

        Args:
            message: What was asked.
            timeout_s: In seconds.
        """
        return self._drive(self._counter.steps(message, timeout_s=timeout_s))

    def run(self, command: Command, timeout_s: float) -> list[Row]:
        """Run one statement of our own as the login role, in a transaction of its own.

        Args:
            command: The statement.
            timeout_s: How long the server is waited for.

        Returns:
            Its rows, values as text.

        Raises:
            Refusal: There was no connection, it broke, or the server has refused.
        """
        return self._drive(self._counter.call(command, timeout_s))

    def _drive(self, steps: Generator[Step, Any, T]) -> T:
        return drive(steps, self._wait)

    def _wait(self, step: Step) -> Any:
        if isinstance(step, Run):
            return step.session.connection.wait(step.work)
        if isinstance(step, Take):
            return self._pool.take()
        with suppress(TimeoutError):
            return step.result(self._timeout_s)
        return self.desk

    @contextmanager
    def transaction(self, timeout_ms: int | None = None) -> "Iterator[BoundStore]":
        """Give a store whose requests are parts of one transaction.

        Each request is a savepoint: a refused one changes nothing and the transaction goes on. The
        transaction is committed at the end of the block, and rolled back if the block raises.

        Args:
            timeout_ms: The longest statement inside of it, in milliseconds; None leaves it.

        Yields:
            A store for one thread, to be used inside the block only.

        Raises:
            Refusal: No connection could be had, or the COMMIT was refused.
        """
        session = self._pool.take()
        try:
            with self._block(session, block.OUTER, timeout_ms):
                yield BoundStore(self, session)
        finally:
            self._pool.give(session)

    @contextmanager
    def _block(
        self, session: Session[Any], kind: block.Block, timeout_ms: int | None
    ) -> Iterator[None]:
        wait = session.connection.wait
        with told(session):
            wait(kind.begin(session, timeout_ms))
        try:
            yield
        except BaseException:
            with suppress(Refusal, psycopg.Error):
                wait(kind.undo(session))
            raise
        with told(session):
            wait(kind.end(session))

    def close(self) -> None:
        """Close all connections; may be called twice."""
        self._counter.holder.close()
        self._pool.close()


class BoundStore:
    """A store inside of a transaction; see `PostgresStore.transaction`."""

    def __init__(self, store: PostgresStore, session: Session[Any]) -> None:
        """Take the session of the transaction."""
        self._store = store
        self._session = session

    def send(self, message: Message) -> Reply:
        """Answer a message as a part of the transaction."""
        store = self._store
        steps = store._counter.steps(message, self._session)  # noqa: SLF001 - its other half
        return store._drive(steps)  # noqa: SLF001

    @contextmanager
    def transaction(self, timeout_ms: int | None = None) -> "Iterator[BoundStore]":
        """Give a store whose requests can be undone together: a savepoint."""
        with self._store._block(self._session, block.INNER, timeout_ms):  # noqa: SLF001
            yield self

    def close(self) -> None:
        """Do nothing: the transaction's block closes what it has opened."""


class AsyncPostgresStore:
    """Answers messages from PostgreSQL, for any number of tasks of one loop."""

    def __init__(
        self, settings: StoreSettings, *, reload_configuration: Callable[[], None] = _ignore
    ) -> None:
        """Open nothing yet; the first message does.

        Args:
            settings: Where the database is and what the API allows.
            reload_configuration: Called, in another thread, on NOTIFY `reload config`.

        Raises:
            ConfigurationError: If keys or the connection string can't be read.
        """
        self._pool = AsyncPool(settings.pool)
        self._timeout_s = settings.pool.acquisition_timeout_s
        self._counter = Counter(settings, self._pool.give, reload_configuration)

    def open(self) -> None:
        """Start reading the catalog, so that the first message need not wait for it."""
        self._counter.holder.start()

    @property
    def place(self) -> str:
        """Where the database is, without who asks there."""
        return self._counter.place

    @property
    def desk(self) -> Desk | None:
        """What the newest snapshot of the catalog was made into; None before the first."""
        return self._counter.holder.current

    async def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the catalog; the first is waited for.

        Raises:
            Refusal: PGRST002, if it can't be read in time.
        """
        desk = self.desk or await self._wait(self._counter.holder.refresh())
        if desk is None:
            raise no_snapshot()
        return desk.snapshot

    async def reload(self) -> bool:
        """Read the catalog again; return whether it could be read, when that is done."""
        await asyncio.wrap_future(self._counter.holder.refresh())
        return self.desk is not None and not self._counter.holder.is_failing

    async def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too.

        If the task is cancelled, so is the statement, and the connection is closed.
        """
        return await self._drive(self._counter.steps(message))

    async def send_within(self, message: Message, timeout_s: float) -> Reply:
        """Answer a read; give up a server that says nothing for so long.

        Waiting for a connection has limits of its own.

        Args:
            message: What was asked.
            timeout_s: In seconds.
        """
        return await self._drive(self._counter.steps(message, timeout_s=timeout_s))

    async def run(self, command: Command, timeout_s: float) -> list[Row]:
        """Run one statement of our own as the login role, in a transaction of its own.

        Args:
            command: The statement.
            timeout_s: How long the server is waited for.

        Returns:
            Its rows, values as text.

        Raises:
            Refusal: There was no connection, it broke, or the server has refused.
        """
        return await self._drive(self._counter.call(command, timeout_s))

    async def _drive(self, steps: Generator[Step, Any, T]) -> T:
        return await drive_async(steps, self._wait)

    async def _wait(self, step: Step) -> Any:
        if isinstance(step, Run):
            return await step.session.connection.wait(step.work)
        if isinstance(step, Take):
            return await self._pool.take()
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.wrap_future(step), self._timeout_s)
        return self.desk

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> "AsyncIterator[AsyncBoundStore]":
        """Give a store whose requests are parts of one transaction.

        Each request is a savepoint: a refused one changes nothing and the transaction goes on. The
        transaction is committed at the end of the block, and rolled back if the block raises.

        Args:
            timeout_ms: The longest statement inside of it, in milliseconds; None leaves it.

        Yields:
            A store for one task, to be used inside the block only.

        Raises:
            Refusal: No connection could be had, or the COMMIT was refused.
        """
        session = await self._pool.take()
        try:
            async with self._block(session, block.OUTER, timeout_ms):
                yield AsyncBoundStore(self, session)
        finally:
            self._pool.give(session)

    @asynccontextmanager
    async def _block(
        self, session: Session[Any], kind: block.Block, timeout_ms: int | None
    ) -> AsyncIterator[None]:
        wait = session.connection.wait
        with told(session):
            await wait(kind.begin(session, timeout_ms))
        try:
            yield
        except BaseException:
            with suppress(Refusal, psycopg.Error):
                await wait(kind.undo(session))
            raise
        with told(session):
            await wait(kind.end(session))

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        await asyncio.to_thread(self._counter.holder.close)
        self._pool.close()


class AsyncBoundStore:
    """A store inside of a transaction; see `AsyncPostgresStore.transaction`."""

    def __init__(self, store: AsyncPostgresStore, session: Session[Any]) -> None:
        """Take the session of the transaction."""
        self._store = store
        self._session = session

    async def send(self, message: Message) -> Reply:
        """Answer a message as a part of the transaction."""
        store = self._store
        steps = store._counter.steps(message, self._session)  # noqa: SLF001 - its other half
        return await store._drive(steps)  # noqa: SLF001

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> "AsyncIterator[AsyncBoundStore]":
        """Give a store whose requests can be undone together: a savepoint."""
        async with self._store._block(self._session, block.INNER, timeout_ms):  # noqa: SLF001
            yield self

    async def close(self) -> None:
        """Do nothing: the transaction's block closes what it has opened."""

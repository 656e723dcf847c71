"""`Repository[T]` and its asynchronous twin: thin drivers of the conversations in `table`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeVar

from changeover.catalog.snapshot import Relation
from changeover.engine.message import Message, Reply
from changeover.model.row_errors import TransactionUnavailableError
from changeover.repository.condition import Filter, Order, Unlimited
from changeover.repository.fault import is_transient
from changeover.repository.table import Steps, Table
from changeover.stores.store import AsyncStore, Store

T = TypeVar("T")
R = TypeVar("R")

ROWS_DEFAULT: Final = 100
BATCH_ROWS_MAX: Final = 500
BATCH_ROWS: Final = 100
PAUSES_S: Final = (0.1, 0.2, 0.4)
"""Waits before a read is tried again after a transient fault; writes are never tried again."""
_READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a batched upsert came to.

    Attributes:
        rows: Rows that were written.
        seconds: How long it took.
    """

    rows: int
    seconds: float


def _table(
    relation: Relation,
    row_type: type[T],
    headers: Sequence[tuple[str, str]],
    page_rows_max: int | None,
    batch_rows_max: int,
) -> Table[T]:
    schema = relation.name.schema
    return Table(
        relation=relation,
        row_type=row_type,
        headers=(("accept-profile", schema), ("content-profile", schema), *headers),
        page_rows_max=page_rows_max,
        batch_rows_max=batch_rows_max,
    )


class _Base(Generic[T]):
    """What both colours share: the table."""

    def __init__(
        self,
        relation: Relation,
        row_type: type[T],
        *,
        headers: Sequence[tuple[str, str]] = (),
        page_rows_max: int | None = None,
        batch_rows_max: int = BATCH_ROWS_MAX,
    ) -> None:
        self._of: Table[T] = _table(relation, row_type, headers, page_rows_max, batch_rows_max)

    def _with(self, store: Any) -> Self:
        """Return the same repository over another store."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.__dict__["_store"] = store
        return twin


class Repository(_Base[T]):
    """Rows of one table.

    Filters are joined by AND. `eq` with None is IS NULL; a name that the catalog does not have is
    an error before anything is asked; a column that is missing (absent in a mapping, UNSET in a
    struct) is another thing than one that is None.

    Raises:
        ChangeoverError: Every method may raise what `changeover.model.row_errors` lists, and
            `CannotConnectError`, `TimedOutError`, `NotAllowedError`, `WritesPausedError`.
    """

    def __init__(self, store: Store, relation: Relation, row_type: type[T], **options: Any) -> None:
        """Make a repository.

        Args:
            store: Where its statements run.
            relation: The table's catalog entry.
            row_type: What a row becomes: `dict`, a msgspec Struct or a dataclass.
            options: `headers` of every request (the key), `page_rows_max` (the store's cap on
                rows of one answer), `batch_rows_max` (rows of one bulk statement).
        """
        super().__init__(relation, row_type, **options)
        self._store = store

    def find_one(self, *filters: Filter) -> T | None:
        """Return the row that matches, or None.

        Raises:
            MultipleRowsError: If two do.
        """
        return self.run(self._of.find_one(filters))

    def find_many(
        self,
        *filters: Filter,
        order: Sequence[Order] = (),
        limit: int | Unlimited = ROWS_DEFAULT,
        after: Sequence[Any] | None = None,
    ) -> list[T]:
        """Return rows in an order that the primary key completes.

        Args:
            filters: What must hold.
            order: The keys to sort by.
            limit: Rows at the most; `ALL` for all.
            after: The sort key of the last row seen, the primary key's columns included.
        """
        return self.run(self._of.find_many(filters, order, limit, after))

    def count(self, *filters: Filter) -> int:
        """Return how many rows match."""
        return self.run(self._of.count(filters))

    def exists(self, *filters: Filter) -> bool:
        """Return whether a row matches."""
        return self.run(self._of.exists(filters))

    def insert(self, row: Any) -> T:
        """Write a new row and return it."""
        return self.run(self._of.insert(row))

    def update(self, *filters: Filter, changes: Any) -> list[T]:
        """Change the rows that match and return them; without a filter it is refused."""
        return self.run(self._of.update(filters, changes))

    def delete(self, *filters: Filter) -> list[T]:
        """Remove the rows that match and return them; without a filter it is refused."""
        return self.run(self._of.delete(filters))

    def upsert(self, row: Any, conflict: Sequence[str]) -> T:
        """Insert a row, or set its given columns where the conflict columns are taken."""
        return self.run(self._of.upsert(row, conflict))

    def bulk_upsert(self, rows: Sequence[Any], conflict: Sequence[str]) -> list[T]:
        """Upsert rows: one statement per set of columns, all in one transaction."""
        if self._of.groups_of(rows) > 1:
            with self.transaction() as inside:
                return inside.run(self._of.bulk_upsert(rows, conflict))
        return self.run(self._of.bulk_upsert(rows, conflict))

    def bulk_upsert_batched(
        self, rows: Sequence[Any], conflict: Sequence[str], batch_rows: int = BATCH_ROWS
    ) -> Written:
        """Upsert any number of rows, batch by batch, in one transaction for all."""
        began = time.monotonic()
        count = 0
        with self.transaction() as inside:
            for start in range(0, len(rows), batch_rows):
                batch = rows[start : start + batch_rows]
                count += len(inside.run(self._of.bulk_upsert(batch, conflict)))
        return Written(rows=count, seconds=time.monotonic() - began)

    @contextmanager
    def transaction(self, timeout_ms: int | None = None) -> Iterator[Self]:
        """Run statements together: yields this repository inside a transaction, or a savepoint.

        Args:
            timeout_ms: Longest statement.

        Raises:
            TransactionUnavailableError: If the store can't, as over Supabase's API.
        """
        begin = getattr(self._store, "transaction", None)
        if begin is None:
            raise _no_transaction(self._store)
        with begin(timeout_ms) as inside:
            yield self._with(inside)

    def run(self, steps: Steps[R]) -> R:
        """Run a conversation of the table with the store."""
        try:
            message = next(steps)
            while True:
                message = steps.send(self._send(message))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _send(self, message: Message) -> Reply:
        reply = self._store.send(message)
        for pause_s in PAUSES_S if message.method in _READS else ():
            if not is_transient(reply):
                break
            time.sleep(pause_s)
            reply = self._store.send(message)
        return reply


class AsyncRepository(_Base[T]):
    """`Repository` for asyncio: the same methods, awaited."""

    def __init__(
        self, store: AsyncStore, relation: Relation, row_type: type[T], **options: Any
    ) -> None:
        """Make a repository; see `Repository`."""
        super().__init__(relation, row_type, **options)
        self._store = store

    async def find_one(self, *filters: Filter) -> T | None:
        """Return the row that matches, or None."""
        return await self.run(self._of.find_one(filters))

    async def find_many(
        self,
        *filters: Filter,
        order: Sequence[Order] = (),
        limit: int | Unlimited = ROWS_DEFAULT,
        after: Sequence[Any] | None = None,
    ) -> list[T]:
        """Return rows in an order that the primary key completes."""
        return await self.run(self._of.find_many(filters, order, limit, after))

    async def count(self, *filters: Filter) -> int:
        """Return how many rows match."""
        return await self.run(self._of.count(filters))

    async def exists(self, *filters: Filter) -> bool:
        """Return whether a row matches."""
        return await self.run(self._of.exists(filters))

    async def insert(self, row: Any) -> T:
        """Write a new row and return it."""
        return await self.run(self._of.insert(row))

    async def update(self, *filters: Filter, changes: Any) -> list[T]:
        """Change the rows that match and return them."""
        return await self.run(self._of.update(filters, changes))

    async def delete(self, *filters: Filter) -> list[T]:
        """Remove the rows that match and return them."""
        return await self.run(self._of.delete(filters))

    async def upsert(self, row: Any, conflict: Sequence[str]) -> T:
        """Insert a row, or set its given columns where the conflict columns are taken."""
        return await self.run(self._of.upsert(row, conflict))

    async def bulk_upsert(self, rows: Sequence[Any], conflict: Sequence[str]) -> list[T]:
        """Upsert rows: one statement per set of columns, all in one transaction."""
        if self._of.groups_of(rows) > 1:
            async with self.transaction() as inside:
                return await inside.run(self._of.bulk_upsert(rows, conflict))
        return await self.run(self._of.bulk_upsert(rows, conflict))

    async def bulk_upsert_batched(
        self, rows: Sequence[Any], conflict: Sequence[str], batch_rows: int = BATCH_ROWS
    ) -> Written:
        """Upsert any number of rows, batch by batch, in one transaction for all."""
        began = time.monotonic()
        count = 0
        async with self.transaction() as inside:
            for start in range(0, len(rows), batch_rows):
                batch = rows[start : start + batch_rows]
                count += len(await inside.run(self._of.bulk_upsert(batch, conflict)))
        return Written(rows=count, seconds=time.monotonic() - began)

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> AsyncIterator[Self]:
        """Run statements together: yields this repository inside a transaction, or a savepoint."""
        begin = getattr(self._store, "transaction", None)
        if begin is None:
            raise _no_transaction(self._store)
        async with begin(timeout_ms) as inside:
            yield self._with(inside)

    async def run(self, steps: Steps[R]) -> R:
        """Run a conversation of the table with the store."""
        try:
            message = next(steps)
            while True:
                message = steps.send(await self._send(message))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def _send(self, message: Message) -> Reply:
        reply = await self._store.send(message)
        for pause_s in PAUSES_S if message.method in _READS else ():
            if not is_transient(reply):
                break
            await asyncio.sleep(pause_s)
            reply = await self._store.send(message)
        return reply


def _no_transaction(store: object) -> TransactionUnavailableError:
    return TransactionUnavailableError(
        f"{type(store).__name__} can't run several statements in one transaction",
        hint="write one statement at a time, or use PostgreSQL as the store",
    )

"""`Repository[T]` and its asynchronous twin: thin drivers of the conversations in `table`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast
from urllib.parse import unquote

from changeover.catalog.snapshot import Relation
from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.model.name import TableName
from changeover.model.observation import Observer, StatementSlow, ignore
from changeover.model.row_errors import NotInSchemaError, TransactionUnavailableError
from changeover.repository.condition import Filter, Order, Unlimited
from changeover.repository.fault import fault_of, is_error, is_transient
from changeover.repository.table import Steps, Table
from changeover.stores.store import AsyncStore, Store

T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R")

ROWS_DEFAULT: Final = 100
BATCH_ROWS_MAX: Final = 500
BATCH_ROWS: Final = 100
PAUSES_S: Final = (0.1, 0.2, 0.4)
"""Waits before a read is tried again after a transient fault; writes are never tried again."""
SLOW_MS: Final = 500
"""A statement that takes longer is told to the observer."""
_READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a batched upsert came to: how many rows were written, and how long it took."""

    rows: int
    seconds: float


class Methods(Generic[T]):
    """What both colours share: the table, and what a repository of your own says of itself.

    Methods that are written once for both colours (see `conversation`) belong into a class derived
    from this one; derive the two repositories from it and from `Repository` or `AsyncRepository`.

    Attributes:
        table_name: Its table or view, for `Database.bind`.
        row_type: What a row becomes.
        beside: More row types that its methods read, each with its table.
        key: The conflict columns of an upsert that names none.
        batch_rows: Rows of one batch of `bulk_upsert_batched`.
    """

    table_name: ClassVar[str] = ""
    row_type: ClassVar[type[Any]] = dict
    beside: ClassVar[Mapping[type[Any], str]] = {}
    key: ClassVar[tuple[str, ...]] = ()
    batch_rows: ClassVar[int] = BATCH_ROWS

    def __init__(
        self,
        relation: Relation,
        row_type: type[T],
        *,
        headers: Sequence[tuple[str, str]] = (),
        page_rows_max: int | None = None,
        batch_rows_max: int = BATCH_ROWS_MAX,
        relations: Mapping[type[Any], Relation] | None = None,
        observer: Observer = ignore,
        slow_ms: int = SLOW_MS,
    ) -> None:
        def table(relation: Relation, row_type: type[Any]) -> Table[Any]:
            schema = relation.name.schema
            return Table(
                relation=relation,
                row_type=row_type,
                headers=(("accept-profile", schema), ("content-profile", schema), *headers),
                page_rows_max=page_rows_max,
                batch_rows_max=batch_rows_max,
            )

        self.table: Table[T] = table(relation, row_type)
        self._beside = {kind: table(of, kind) for kind, of in (relations or {}).items()}
        self._observer = observer
        self._slow_ms = slow_ms

    def table_of(self, row_type: type[U]) -> Table[U]:
        """Return the table of another row type, one that `beside` lists."""
        found = self._beside.get(row_type)
        if found is None:
            raise NotInSchemaError(
                f"{type(self).__name__} knows no table of {row_type.__name__}",
                hint="list it in `beside`, and make the repository by `bind`",
            )
        return cast("Table[U]", found)

    def _conflict(self, given: Sequence[str] | None) -> Sequence[str]:
        return self.key if given is None else given

    def _batches(self, rows: Sequence[Any], batch_rows: int | None) -> Iterator[Sequence[Any]]:
        step = self.batch_rows if batch_rows is None else batch_rows
        return (rows[start : start + step] for start in range(0, len(rows), step))

    def _tell(self, message: Message, reply: Reply, began_s: float) -> None:
        """Tell the observer of a statement that took long; never a value of it."""
        duration_ms = (time.monotonic() - began_s) * 1000
        if duration_ms > self._slow_ms:
            self._observer(
                StatementSlow(
                    table=TableName(self.table.relation.name.schema, unquote(message.path[1:])),
                    method=message.method,
                    duration_ms=duration_ms,
                    has_failed=is_error(reply),
                )
            )

    def _with(self, store: Any) -> Self:
        """Return the same repository over another store."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.__dict__["_store"] = store
        return twin


class Repository(Methods[T]):
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
                rows of one answer), `batch_rows_max` (rows of one bulk statement), `observer`
                (told of statements that took longer than `slow_ms`), `relations` (the tables of
                other row types).
        """
        super().__init__(relation, row_type, **options)
        self._store = store

    def find_one(self, *filters: Filter) -> T | None:
        """Return the row that matches, or None.

        Raises:
            MultipleRowsError: If two do.
        """
        return self.run(self.table.find_one(filters))

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
        return self.run(self.table.find_many(filters, order, limit, after))

    def count(self, *filters: Filter) -> int:
        """Return how many rows match."""
        return self.run(self.table.count(filters))

    def exists(self, *filters: Filter) -> bool:
        """Return whether a row matches."""
        return self.run(self.table.exists(filters))

    def insert(self, row: Any) -> T:
        """Write a new row and return it."""
        return self.run(self.table.insert(row))

    def insert_missing(self, row: Any, conflict: Sequence[str] | None = None) -> T | None:
        """Write a new row and return it; None, and nothing happens, where its key is taken."""
        return self.run(self.table.insert_missing(row, self._conflict(conflict)))

    def update(self, *filters: Filter, changes: Any) -> list[T]:
        """Change the rows that match and return them; without a filter it is refused."""
        return self.run(self.table.update(filters, changes))

    def delete(self, *filters: Filter) -> list[T]:
        """Remove the rows that match and return them; without a filter it is refused."""
        return self.run(self.table.delete(filters))

    def upsert(self, row: Any, conflict: Sequence[str] | None = None) -> T:
        """Insert a row, or set its given columns where the conflict columns are taken."""
        return self.run(self.table.upsert(row, self._conflict(conflict)))

    def bulk_upsert(self, rows: Sequence[Any], conflict: Sequence[str] | None = None) -> list[T]:
        """Upsert rows: one statement per set of columns, all in one transaction."""
        steps = self.table.bulk_upsert(rows, self._conflict(conflict))
        if self.table.groups_of(rows) > 1:
            with self.transaction() as inside:
                return inside.run(steps)
        return self.run(steps)

    def bulk_upsert_batched(
        self,
        rows: Sequence[Any],
        conflict: Sequence[str] | None = None,
        batch_rows: int | None = None,
    ) -> Written:
        """Upsert any number of rows, batch by batch, in one transaction for all."""
        began = time.monotonic()
        count, columns = 0, self._conflict(conflict)
        with self.transaction() as inside:
            for batch in self._batches(rows, batch_rows):
                count += len(inside.run(self.table.bulk_upsert(batch, columns)))
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
        with told(self.table.relation.name), begin(timeout_ms) as inside:
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
        reply = self._once(message)
        for pause_s in PAUSES_S if message.method in _READS else ():
            if not is_transient(reply):
                break
            time.sleep(pause_s)
            reply = self._once(message)
        return reply

    def _once(self, message: Message) -> Reply:
        began_s = time.monotonic()
        reply = self._store.send(message)
        self._tell(message, reply, began_s)
        return reply


class AsyncRepository(Methods[T]):
    """`Repository` for asyncio: the same methods, awaited."""

    def __init__(
        self, store: AsyncStore, relation: Relation, row_type: type[T], **options: Any
    ) -> None:
        """Make a repository; see `Repository`."""
        super().__init__(relation, row_type, **options)
        self._store = store

    async def find_one(self, *filters: Filter) -> T | None:
        """Return the row that matches, or None."""
        return await self.run(self.table.find_one(filters))

    async def find_many(
        self,
        *filters: Filter,
        order: Sequence[Order] = (),
        limit: int | Unlimited = ROWS_DEFAULT,
        after: Sequence[Any] | None = None,
    ) -> list[T]:
        """Return rows in an order that the primary key completes."""
        return await self.run(self.table.find_many(filters, order, limit, after))

    async def count(self, *filters: Filter) -> int:
        """Return how many rows match."""
        return await self.run(self.table.count(filters))

    async def exists(self, *filters: Filter) -> bool:
        """Return whether a row matches."""
        return await self.run(self.table.exists(filters))

    async def insert(self, row: Any) -> T:
        """Write a new row and return it."""
        return await self.run(self.table.insert(row))

    async def insert_missing(self, row: Any, conflict: Sequence[str] | None = None) -> T | None:
        """Write a new row and return it; None, and nothing happens, where its key is taken."""
        return await self.run(self.table.insert_missing(row, self._conflict(conflict)))

    async def update(self, *filters: Filter, changes: Any) -> list[T]:
        """Change the rows that match and return them."""
        return await self.run(self.table.update(filters, changes))

    async def delete(self, *filters: Filter) -> list[T]:
        """Remove the rows that match and return them."""
        return await self.run(self.table.delete(filters))

    async def upsert(self, row: Any, conflict: Sequence[str] | None = None) -> T:
        """Insert a row, or set its given columns where the conflict columns are taken."""
        return await self.run(self.table.upsert(row, self._conflict(conflict)))

    async def bulk_upsert(
        self, rows: Sequence[Any], conflict: Sequence[str] | None = None
    ) -> list[T]:
        """Upsert rows: one statement per set of columns, all in one transaction."""
        steps = self.table.bulk_upsert(rows, self._conflict(conflict))
        if self.table.groups_of(rows) > 1:
            async with self.transaction() as inside:
                return await inside.run(steps)
        return await self.run(steps)

    async def bulk_upsert_batched(
        self,
        rows: Sequence[Any],
        conflict: Sequence[str] | None = None,
        batch_rows: int | None = None,
    ) -> Written:
        """Upsert any number of rows, batch by batch, in one transaction for all."""
        began = time.monotonic()
        count, columns = 0, self._conflict(conflict)
        async with self.transaction() as inside:
            for batch in self._batches(rows, batch_rows):
                count += len(await inside.run(self.table.bulk_upsert(batch, columns)))
        return Written(rows=count, seconds=time.monotonic() - began)

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> AsyncIterator[Self]:
        """Run statements together; see `Repository.transaction`."""
        begin = getattr(self._store, "transaction", None)
        if begin is None:
            raise _no_transaction(self._store)
        with told(self.table.relation.name):
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
        reply = await self._once(message)
        for pause_s in PAUSES_S if message.method in _READS else ():
            if not is_transient(reply):
                break
            await asyncio.sleep(pause_s)
            reply = await self._once(message)
        return reply

    async def _once(self, message: Message) -> Reply:
        began_s = time.monotonic()
        reply = await self._store.send(message)
        self._tell(message, reply, began_s)
        return reply


@contextmanager
def told(name: TableName) -> Iterator[None]:
    """Raise what a transaction was refused with, at begin or COMMIT, as an error of ours."""
    try:
        yield
    except Refusal as refusal:
        raise fault_of(refusal.reply(), name) from refusal


def _no_transaction(store: object) -> TransactionUnavailableError:
    return TransactionUnavailableError(
        f"{type(store).__name__} can't run several statements in one transaction",
        hint="write one statement at a time, or use PostgreSQL as the store",
    )

"""Reaching a PostgreSQL database by one role, for repositories: `connect` and `connect_async`."""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from changeover.catalog.snapshot import Relation, Snapshot
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.model.errors import CannotConnectError
from changeover.model.name import TableName
from changeover.model.observation import Observer, ignore
from changeover.model.row_errors import NotInSchemaError
from changeover.model.secret import Secret
from changeover.repository.repository import (
    SLOW_MS,
    AsyncRepository,
    Methods,
    Repository,
    told,
)
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore
from changeover.stores.store import AsyncStore, Store

T = TypeVar("T")
Kind = TypeVar("Kind", bound=Repository[Any])
AsyncKind = TypeVar("AsyncKind", bound=AsyncRepository[Any])

CONNECTIONS_MAX = 5


def settings_of(
    dsn: str | Secret, schemas: Sequence[str], connections_max: int, key: Secret
) -> StoreSettings:
    """Return the settings of a store for repositories, which ask by a key of their own.

    Args:
        dsn: The connection string of the role whose rights hold.
        schemas: The schemas whose tables are known; the first is the default.
        connections_max: Connections at the most.
        key: As `new_key` returned it.
    """
    return StoreSettings(
        pool=PoolSettings(
            dsn=dsn if isinstance(dsn, Secret) else Secret(dsn), connections_max=connections_max
        ),
        api=ApiSettings(schemas=tuple(schemas), extra_search_path=()),
        keys=KeySettings(mode=KeyMode.SUPABASE, is_single_role=True, secret_keys=(key,)),
    )


def new_key() -> Secret:
    """Return a key that this process alone knows: nobody else asks through its store."""
    return Secret(f"sb_secret_{secrets.token_urlsafe(32)}")


def _relation(snapshot: Snapshot, name: str, schema: str | None) -> Relation:
    place = TableName(schema or snapshot.schemas[0], name)
    found = snapshot.relations.get(place)
    if found is None:
        raise NotInSchemaError(
            f"there is no table or view {place}",
            hint=f"the connection knows the schemas {', '.join(snapshot.schemas)}",
        )
    return found


def _unreadable(refusal: Refusal) -> CannotConnectError:
    return CannotConnectError(
        f"the database's catalog can't be read ({refusal.code})",
        hint="look whether the database answers, and by which role it is reached",
    )


def _relations(snapshot: Snapshot, kind: type[Methods[Any]]) -> Mapping[type[Any], Relation]:
    return {row_type: _relation(snapshot, name, None) for row_type, name in kind.beside.items()}


class Root(Store, Protocol):
    """A store that knows the catalog; `PostgresStore`, or one that routes."""

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the catalog."""
        ...


class AsyncRoot(AsyncStore, Protocol):
    """A store that knows the catalog; `AsyncPostgresStore`, or one that routes."""

    async def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the catalog."""
        ...


class _Base:
    """What both colours share: what every repository of theirs is told."""

    def __init__(self, key: Secret, observer: Observer, slow_ms: int) -> None:
        self._options: Mapping[str, Any] = {
            "headers": (("apikey", key.reveal()),),
            "observer": observer,
            "slow_ms": slow_ms,
        }
        self._place = TableName("", "transaction")

    def _bound(self, kind: type[Methods[Any]], snapshot: Snapshot) -> Mapping[str, Any]:
        """Return what a repository of somebody's own class is made of, beside its store."""
        return {
            **self._options,
            "relation": _relation(snapshot, kind.table_name, None),
            "row_type": kind.row_type,
            "relations": _relations(snapshot, kind),
        }


class Database(_Base):
    """A database and the role that it is reached by; make one with `connect`."""

    def __init__(
        self,
        store: Root,
        key: Secret,
        *,
        observer: Observer = ignore,
        slow_ms: int = SLOW_MS,
    ) -> None:
        """Take over a store; `close` closes it."""
        super().__init__(key, observer, slow_ms)
        self._root = store
        self._store: Store = store

    def repository(
        self, name: str, row_type: type[T], *, schema: str | None = None, **options: Any
    ) -> Repository[T]:
        """Return the repository of a table or view.

        Args:
            name: Its name.
            row_type: What a row becomes: `dict`, a msgspec Struct or a dataclass.
            schema: Its schema, the first of the connection's by default.
            options: What `Repository` takes, such as `batch_rows_max`.

        Raises:
            NotInSchemaError: If there is none of that name.
            CannotConnectError: If the catalog can't be read.
        """
        relation = _relation(self._snapshot(), name, schema)
        return Repository(self._store, relation, row_type, **{**self._options, **options})

    def bind(self, kind: type[Kind]) -> Kind:
        """Return a repository of a class of your own: see `Methods`.

        Args:
            kind: A class derived from `Repository` that names its table.

        Raises: as `repository`.
        """
        return kind(store=self._store, **self._bound(kind, self._snapshot()))

    @contextmanager
    def transaction(self, timeout_ms: int | None = None) -> "Iterator[Database]":
        """Give the database inside a transaction: what its repositories do is one, or undone.

        Args:
            timeout_ms: Longest statement, in milliseconds; None leaves it.

        Yields:
            A database for one thread, to be used inside the block only. A transaction of it, or
            of one of its repositories, is a savepoint.
        """
        inside = object.__new__(type(self))
        inside.__dict__.update(self.__dict__)
        with told(self._place), self._store.transaction(timeout_ms) as store:  # type: ignore[attr-defined]
            inside._store = store
            yield inside

    def _snapshot(self) -> Snapshot:
        try:
            return self._root.snapshot()
        except Refusal as refusal:
            raise _unreadable(refusal) from refusal

    def close(self) -> None:
        """Close all connections; may be called twice. Inside a transaction it does nothing."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncDatabase(_Base):
    """`Database` for asyncio; make one with `connect_async`."""

    def __init__(
        self,
        store: AsyncRoot,
        key: Secret,
        *,
        observer: Observer = ignore,
        slow_ms: int = SLOW_MS,
    ) -> None:
        """Take over a store; `close` closes it."""
        super().__init__(key, observer, slow_ms)
        self._root = store
        self._store: AsyncStore = store

    async def repository(
        self, name: str, row_type: type[T], *, schema: str | None = None, **options: Any
    ) -> AsyncRepository[T]:
        """Return the repository of a table or view; see `Database.repository`."""
        relation = _relation(await self._snapshot(), name, schema)
        return AsyncRepository(self._store, relation, row_type, **{**self._options, **options})

    async def bind(self, kind: type[AsyncKind]) -> AsyncKind:
        """Return a repository of a class of your own; see `Database.bind`."""
        return kind(store=self._store, **self._bound(kind, await self._snapshot()))

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> "AsyncIterator[AsyncDatabase]":
        """Give the database inside a transaction; see `Database.transaction`."""
        inside = object.__new__(type(self))
        inside.__dict__.update(self.__dict__)
        with told(self._place):
            async with self._store.transaction(timeout_ms) as store:  # type: ignore[attr-defined]
                inside._store = store
                yield inside

    async def _snapshot(self) -> Snapshot:
        try:
            return await self._root.snapshot()
        except Refusal as refusal:
            raise _unreadable(refusal) from refusal

    async def close(self) -> None:
        """Close all connections; may be called twice. Inside a transaction it does nothing."""
        await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def connect(
    dsn: str | Secret,
    *,
    schemas: Sequence[str] = ("public",),
    connections_max: int = CONNECTIONS_MAX,
    observer: Observer = ignore,
    slow_ms: int = SLOW_MS,
) -> Database:
    """Return a database for repositories; nothing is opened yet.

    Args:
        dsn: The connection string of the role whose rights hold.
        schemas: The schemas whose tables are known; the first is the default.
        connections_max: Connections at the most.
        observer: Told of every statement that takes longer than `slow_ms`.
        slow_ms: In milliseconds.

    Raises:
        ConfigurationError: If the connection string can't be read.
    """
    key = new_key()
    store = PostgresStore(settings_of(dsn, schemas, connections_max, key))
    return Database(store, key, observer=observer, slow_ms=slow_ms)


def connect_async(
    dsn: str | Secret,
    *,
    schemas: Sequence[str] = ("public",),
    connections_max: int = CONNECTIONS_MAX,
    observer: Observer = ignore,
    slow_ms: int = SLOW_MS,
) -> AsyncDatabase:
    """Return a database for asynchronous repositories; see `connect`."""
    key = new_key()
    store = AsyncPostgresStore(settings_of(dsn, schemas, connections_max, key))
    return AsyncDatabase(store, key, observer=observer, slow_ms=slow_ms)

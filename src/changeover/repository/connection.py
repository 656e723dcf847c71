"""Reaching a PostgreSQL database by one role, for repositories: `connect` and `connect_async`."""

import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from changeover.catalog.snapshot import Relation, Snapshot
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.model.errors import CannotConnectError
from changeover.model.name import TableName
from changeover.model.row_errors import NotInSchemaError
from changeover.model.secret import Secret
from changeover.repository.repository import AsyncRepository, Repository
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore

T = TypeVar("T")

CONNECTIONS_MAX = 5


def _settings(
    dsn: str | Secret, schemas: Sequence[str], connections_max: int, key: Secret
) -> StoreSettings:
    return StoreSettings(
        pool=PoolSettings(
            dsn=dsn if isinstance(dsn, Secret) else Secret(dsn), connections_max=connections_max
        ),
        api=ApiSettings(schemas=tuple(schemas), extra_search_path=()),
        keys=KeySettings(mode=KeyMode.SUPABASE, is_single_role=True, secret_keys=(key,)),
    )


def _new_key() -> Secret:
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


class Database:
    """A database and the role that it is reached by; make one with `connect`."""

    def __init__(self, store: PostgresStore, key: Secret) -> None:
        """Take over a store; `close` closes it."""
        self._store = store
        self._headers = (("apikey", key.reveal()),)

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
        try:
            relation = _relation(self._store.snapshot(), name, schema)
        except Refusal as refusal:
            raise _unreadable(refusal) from refusal
        return Repository(self._store, relation, row_type, headers=self._headers, **options)

    def close(self) -> None:
        """Close all connections; may be called twice."""
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


class AsyncDatabase:
    """`Database` for asyncio; make one with `connect_async`."""

    def __init__(self, store: AsyncPostgresStore, key: Secret) -> None:
        """Take over a store; `close` closes it."""
        self._store = store
        self._headers = (("apikey", key.reveal()),)

    async def repository(
        self, name: str, row_type: type[T], *, schema: str | None = None, **options: Any
    ) -> AsyncRepository[T]:
        """Return the repository of a table or view; see `Database.repository`."""
        try:
            relation = _relation(await self._store.snapshot(), name, schema)
        except Refusal as refusal:
            raise _unreadable(refusal) from refusal
        return AsyncRepository(self._store, relation, row_type, headers=self._headers, **options)

    async def close(self) -> None:
        """Close all connections; may be called twice."""
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
) -> Database:
    """Return a database for repositories; nothing is opened yet.

    Args:
        dsn: The connection string of the role whose rights hold.
        schemas: The schemas whose tables are known; the first is the default.
        connections_max: Connections at the most.

    Raises:
        ConfigurationError: If the connection string can't be read.
    """
    key = _new_key()
    return Database(PostgresStore(_settings(dsn, schemas, connections_max, key)), key)


def connect_async(
    dsn: str | Secret,
    *,
    schemas: Sequence[str] = ("public",),
    connections_max: int = CONNECTIONS_MAX,
) -> AsyncDatabase:
    """Return a database for asynchronous repositories; see `connect`."""
    key = _new_key()
    return AsyncDatabase(AsyncPostgresStore(_settings(dsn, schemas, connections_max, key)), key)

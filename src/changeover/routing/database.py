"""Repositories whose calls may be routed: `connect` and `connect_async` of the public face."""

from typing import Any, Final

from changeover.model.errors import MissingSettingError
from changeover.model.secret import Secret
from changeover.repository import connection
from changeover.repository.connection import CONNECTIONS_MAX, AsyncDatabase, Database
from changeover.routing.guarding import guard
from changeover.routing.router import AsyncRouter, Router
from changeover.routing.setting import Route
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore
from changeover.stores.supabase import AsyncSupabaseStore, SupabaseStore

WAIT_S: Final = 30.0
"""The longest that an answer of the source's API is waited for."""


def connect(
    dsn: str | Secret,
    *,
    route: Route | None = None,
    api_key: str | Secret = "",
    **options: Any,
) -> Database:
    """Return a database for repositories; nothing is opened yet.

    Args:
        dsn: The connection string of the role whose rights hold.
        route: While the move runs: Supabase answers too, as the stage says. None for PostgreSQL
            alone. With it a transaction raises TransactionUnavailableError until the target is the
            primary.
        api_key: With a route: the project's key by which its API is asked, one whose rights are
            those of the role: the secret key, or that of `service_role`.
        options: `schemas`, whose tables are known, the first being the default; `connections_max`;
            an `observer`, told of every statement that takes longer than `slow_ms`.

    Raises:
        ConfigurationError: If the connection string can't be read.
        MissingSettingError: If there is a route and no key.
    """
    if route is None:
        return connection.connect(dsn, **options)
    key = connection.new_key()
    settings, rest = _parted(dsn, key, options)
    router = Router(_source(route, api_key), PostgresStore(settings), route)
    guard(router, settings, route, _source(route, api_key))
    return Database(router, key, **rest)


def connect_async(
    dsn: str | Secret,
    *,
    route: Route | None = None,
    api_key: str | Secret = "",
    **options: Any,
) -> AsyncDatabase:
    """Return a database for asynchronous repositories; see `connect`.

    Args:
        dsn: The connection string of the role whose rights hold.
        route: While the move runs: Supabase answers too, as the stage says.
        api_key: With a route: the project's key by which its API is asked.
        options: As `connect` takes them.

    Raises:
        ConfigurationError: If the connection string can't be read.
        MissingSettingError: If there is a route and no key.
    """
    if route is None:
        return connection.connect_async(dsn, **options)
    key = connection.new_key()
    settings, rest = _parted(dsn, key, options)
    source = AsyncSupabaseStore(route.rest_url, api_key=_key(api_key), wait_s=WAIT_S)
    router = AsyncRouter(source, AsyncPostgresStore(settings), route)
    guard(router, settings, route, _source(route, api_key))
    return AsyncDatabase(router, key, **rest)


def _parted(
    dsn: str | Secret, key: Secret, options: dict[str, Any]
) -> tuple[StoreSettings, dict[str, Any]]:
    """Return the settings of the target's store, and what is left for the database."""
    rest = dict(options)
    schemas = rest.pop("schemas", ("public",))
    connections_max = rest.pop("connections_max", CONNECTIONS_MAX)
    return connection.settings_of(dsn, schemas, connections_max, key), rest


def _source(route: Route, api_key: str | Secret) -> SupabaseStore:
    return SupabaseStore(route.rest_url, api_key=_key(api_key), wait_s=WAIT_S)


def _key(api_key: str | Secret) -> Secret:
    if not api_key:
        raise MissingSettingError(
            "there is a route for the repositories, but no key of the source's API",
            hint="give `api_key`: the project's secret key, or that of service_role",
        )
    return api_key if isinstance(api_key, Secret) else Secret(api_key)

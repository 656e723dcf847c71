"""The httpx clients to hand to the official client: `http_client` and `async_http_client`.

They own the store that they were made with, the behaviour that the official client loses when it is
given a client (time-outs, redirects), and who may close what.
"""

import weakref
from types import TracebackType
from typing import Any, Final, Self

import httpx

from changeover.engine.settings import ApiSettings
from changeover.model.errors import MissingSettingError
from changeover.model.secret import Secret
from changeover.routing.guarding import guard
from changeover.routing.router import AsyncRouter, Router
from changeover.routing.setting import Route
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore
from changeover.stores.store import AsyncStore, Store
from changeover.transport.exchange import Mount
from changeover.transport.network import Network
from changeover.transport.store import AsyncStoreTransport, StoreTransport
from changeover.transport.wire import AsyncWiredStore, WiredStore

# What the official client waits for an answer when it makes its own HTTP client.
WAIT_S: Final = 120.0

# As the platform is set up; whoever has other settings says so.
PLATFORM: Final = ApiSettings(extra_search_path=("public", "extensions"), rows_max=1000)


def _leaves_origin(before: httpx.URL, after: httpx.URL) -> bool:
    """Whether a redirect must not take keys along; from http to https of one host it may."""
    if before.host != after.host:
        return True
    if before.scheme == after.scheme:
        return before.port != after.port
    return not (before.scheme == "http" and before.port is None and after.port is None)


def _without_key(headers: httpx.Headers, before: httpx.URL, after: httpx.URL) -> httpx.Headers:
    # httpx itself takes Authorization away, and knows nothing of the project's key.
    if _leaves_origin(before, after):
        headers.pop("apikey", None)
    return headers


class HttpClient(httpx.Client):
    """An `httpx.Client` whose API requests are answered by a store.

    The official client hands one HTTP client to four sub-clients, and each of them closes it as
    if it were its own. So `close` does nothing here: the client ends with its `with` block, with
    `shutdown`, or with the last reference to it.

    Attributes:
        router: What routes its calls, for health answers and providers of flags; None where
            nothing does.
    """

    router: Router | None = None
    _end: "weakref.finalize[[], Self] | None" = None

    def own(self, store: Store) -> Self:
        """Close a store when this client ends.

        Args:
            store: The store that was made for this client.
        """
        self._end = weakref.finalize(self, store.close)
        self.router = store if isinstance(store, Router) else None
        return self

    def close(self) -> None:
        """Do nothing: see the class. `shutdown` ends the client."""

    def shutdown(self) -> None:
        """Close the connections to the network and the store that was made for this client."""
        super().close()
        if self._end is not None:
            self._end()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """End the client."""
        self.shutdown()

    def _redirect_headers(
        self, request: httpx.Request, url: httpx.URL, method: str
    ) -> httpx.Headers:
        return _without_key(super()._redirect_headers(request, url, method), request.url, url)


class AsyncHttpClient(httpx.AsyncClient):
    """An `httpx.AsyncClient` whose API requests are answered by a store.

    What `HttpClient` says of closing holds for `aclose`. The last reference to it can't close the
    store, since that takes an event loop: leave its `async with` block or await `shutdown`.

    Attributes:
        router: What routes its calls, as in `HttpClient`.
    """

    router: AsyncRouter | None = None
    _store: AsyncStore | None = None

    def own(self, store: AsyncStore) -> Self:
        """Close a store when this client ends.

        Args:
            store: The store that was made for this client.
        """
        self._store = store
        self.router = store if isinstance(store, AsyncRouter) else None
        return self

    async def aclose(self) -> None:
        """Do nothing: see the class. `shutdown` ends the client."""

    async def shutdown(self) -> None:
        """Close the connections to the network and the store that was made for this client."""
        await super().aclose()
        if self._store is not None:
            await self._store.close()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """End the client."""
        await self.shutdown()

    def _redirect_headers(
        self, request: httpx.Request, url: httpx.URL, method: str
    ) -> httpx.Headers:
        return _without_key(super()._redirect_headers(request, url, method), request.url, url)


def client_over(
    store: Store,
    *,
    rest_url: str | None = None,
    network: Network | None = None,
    wait_s: float | None = WAIT_S,
    **options: Any,
) -> HttpClient:
    """Return a client whose API requests a store answers; the store stays the caller's.

    Args:
        store: Who answers.
        rest_url: The API's URL; None for `/rest/v1` of any host.
        network: How all other requests are sent.
        wait_s: How long an answer from the network may take, in seconds; None for ever.
        options: What else `httpx.Client` takes, such as `headers` or `event_hooks`.
    """
    transport = StoreTransport(store, mount=Mount.at(rest_url), network=network or Network())
    return HttpClient(transport=transport, timeout=wait_s, **{"follow_redirects": True} | options)


def async_client_over(
    store: AsyncStore,
    *,
    rest_url: str | None = None,
    network: Network | None = None,
    wait_s: float | None = WAIT_S,
    **options: Any,
) -> AsyncHttpClient:
    """Return a client whose API requests a store answers; the store stays the caller's.

    Args:
        store: Who answers.
        rest_url: The API's URL; None for `/rest/v1` of any host.
        network: How all other requests are sent.
        wait_s: How long an answer may take, in seconds; None for ever.
        options: What else `httpx.AsyncClient` takes, such as `headers` or `event_hooks`.
    """
    transport = AsyncStoreTransport(store, mount=Mount.at(rest_url), network=network or Network())
    return AsyncHttpClient(
        transport=transport, timeout=wait_s, **{"follow_redirects": True} | options
    )


def http_client(
    dsn: str | Secret = "",
    *,
    jwt_secret: str | Secret = "",
    keys: KeySettings | None = None,
    api: ApiSettings = PLATFORM,
    pool: PoolSettings | None = None,
    route: Route | None = None,
    **options: Any,
) -> HttpClient:
    """Return the HTTP client to give to the official client, which then needs no API any more.

    `create_client(url, key, ClientOptions(httpx_client=http_client(dsn, jwt_secret=...)))` runs
    each request to `/rest/v1` in this process and sends all others to the URL. Connections to the
    database are opened when they are needed and closed when the client ends; see `HttpClient`.

    Args:
        dsn: The connection string of a role that was granted the roles of the keys.
        jwt_secret: What the project's keys and its users' tokens were signed with.
        keys: How callers are told apart, in full, instead of `jwt_secret`.
        api: What the API allows; as the platform by default, its cap of 1000 rows included.
        pool: How connections are opened and kept, instead of `dsn`.
        route: While the move runs: Supabase answers too, as the stage says. None for PostgreSQL
            alone.
        options: What `client_over` takes: `rest_url`, `network`, `wait_s`, and what httpx does.

    Raises:
        ConfigurationError: If the connection string or the keys can't be read.
        MissingSettingError: If there is no connection string, or no key.
    """
    settings = _settings(dsn, jwt_secret, keys, api, pool)
    target = PostgresStore(settings)
    store: Store = target
    if route is not None:
        network = options.get("network") or Network()
        store = router = Router(WiredStore(route.rest_url, network), target, route)
        guard(router, settings, route, WiredStore(route.rest_url, network))
    return client_over(store, **options).own(store)


def async_http_client(
    dsn: str | Secret = "",
    *,
    jwt_secret: str | Secret = "",
    keys: KeySettings | None = None,
    api: ApiSettings = PLATFORM,
    pool: PoolSettings | None = None,
    route: Route | None = None,
    **options: Any,
) -> AsyncHttpClient:
    """Return the HTTP client to give to the official client of a loop; see `http_client`.

    It may be made outside of the loop. Within it `wait_s` holds for the database too.

    Args:
        dsn: The connection string of a role that was granted the roles of the keys.
        jwt_secret: What the project's keys and its users' tokens were signed with.
        keys: How callers are told apart, in full, instead of `jwt_secret`.
        api: What the API allows; as the platform by default, its cap of 1000 rows included.
        pool: How connections are opened and kept, instead of `dsn`.
        route: While the move runs: Supabase answers too, as the stage says. None for PostgreSQL
            alone.
        options: What `async_client_over` takes: `rest_url`, `network`, `wait_s`, and what httpx
            does.

    Raises:
        ConfigurationError: If the connection string or the keys can't be read.
        MissingSettingError: If there is no connection string, or no key.
    """
    settings = _settings(dsn, jwt_secret, keys, api, pool)
    target = AsyncPostgresStore(settings)
    store: AsyncStore = target
    if route is not None:
        network = options.get("network") or Network()
        store = router = AsyncRouter(AsyncWiredStore(route.rest_url, network), target, route)
        guard(router, settings, route, WiredStore(route.rest_url, network))
    return async_client_over(store, **options).own(store)


def _settings(
    dsn: str | Secret,
    jwt_secret: str | Secret,
    keys: KeySettings | None,
    api: ApiSettings,
    pool: PoolSettings | None,
) -> StoreSettings:
    if pool is None and not dsn:
        raise MissingSettingError(
            "there is no connection string for the HTTP client",
            hint="give `dsn`, or `pool` with one in it",
        )
    if keys is None and not jwt_secret:
        raise MissingSettingError(
            "there is no key for the HTTP client, so it would answer nobody",
            hint="give `jwt_secret`, or `keys` with a secret, or with publishable and secret keys",
        )
    return StoreSettings(
        pool=pool or PoolSettings(dsn=_secret(dsn)),
        api=api,
        keys=keys
        or KeySettings(
            mode=KeyMode.SUPABASE, jwt_secret=_secret(jwt_secret), anonymous_role="anon"
        ),
    )


def _secret(text: str | Secret) -> Secret:
    return text if isinstance(text, Secret) else Secret(text)

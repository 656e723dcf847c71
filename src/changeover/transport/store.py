"""httpx transports that answer the API's requests from a store and hand on all others.

They own nothing but the connections to the network. The store belongs to whoever made it: closing a
transport, which the official client does unasked, leaves the store's connections alone.
"""

import asyncio
from typing import Final

import httpx

from changeover.stores.store import AsyncStore, Store
from changeover.transport.exchange import Mount, message, response
from changeover.transport.network import Connections, Network

_ANYWHERE: Final = Mount()
_PLAIN: Final = Network()


class StoreTransport(httpx.BaseTransport):
    """Answers the API's requests in the process; usable with any `httpx.Client`.

    Source: httpx, "Writing custom transports".
    """

    def __init__(
        self, store: Store, *, mount: Mount = _ANYWHERE, network: Network = _PLAIN
    ) -> None:
        """Put a store behind a mount point.

        Args:
            store: Who answers; it is not closed by the transport.
            mount: Which requests are the API's.
            network: How all others are sent.
        """
        self._store = store
        self._mount = mount
        self._connections = Connections(network, httpx.HTTPTransport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Args:
            request: The request; who asks is read from its headers alone, every time.
        """
        target = self._mount.target(request.url)
        if target is None:
            return self._connections.to(request.url).handle_request(request)
        return response(self._store.send(message(request, target, request.read())))

    def close(self) -> None:
        """Close the connections to the network; a later request opens new ones."""
        for transport in self._connections.drain():
            transport.close()


class AsyncStoreTransport(httpx.AsyncBaseTransport):
    """Answers the API's requests in the process; usable with any `httpx.AsyncClient`.

    Source: httpx, "Writing custom transports".
    """

    def __init__(
        self, store: AsyncStore, *, mount: Mount = _ANYWHERE, network: Network = _PLAIN
    ) -> None:
        """Put a store behind a mount point.

        Args:
            store: Who answers; it is not closed by the transport.
            mount: Which requests are the API's.
            network: How all others are sent.
        """
        self._store = store
        self._mount = mount
        self._connections = Connections(network, httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Args:
            request: The request; who asks is read from its headers alone, every time.

        Raises:
            httpx.ReadTimeout: If the answer took longer than the client waits. What the request
                was to write may have been written, as over a network.
        """
        target = self._mount.target(request.url)
        if target is None:
            return await self._connections.to(request.url).handle_async_request(request)
        asked = message(request, target, await request.aread())
        try:
            async with asyncio.timeout(_wait_s(request)) as limit:
                return response(await self._store.send(asked))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise httpx.ReadTimeout("the database took too long", request=request) from error

    async def aclose(self) -> None:
        """Close the connections to the network; a later request opens new ones."""
        for transport in self._connections.drain():
            await transport.aclose()


def _wait_s(request: httpx.Request) -> float | None:
    wait: float | None = request.extensions.get("timeout", {}).get("read")
    return wait

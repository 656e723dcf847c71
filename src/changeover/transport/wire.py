"""The way to the source's API for a router: the network's transports, without a client around them.

So nothing is added to a request of the official client and nothing taken from it: no default
header, no cookie, no redirect, no time-out of ours.
"""

import httpx

from changeover.stores.supabase import AsyncSupabaseStore, SupabaseStore
from changeover.transport.network import Connections, Network


class NetworkWire:
    """Sends requests as they are."""

    def __init__(self, network: Network) -> None:
        """Open nothing yet.

        Args:
            network: How other hosts are reached.
        """
        self._connections = Connections(network, httpx.HTTPTransport)

    def send(
        self, request: httpx.Request, *, stream: bool = False, follow_redirects: bool = False
    ) -> httpx.Response:
        """Send a request and return the answer, its body unread whatever is asked."""
        del stream, follow_redirects  # for whoever sends through an httpx client
        return self._connections.to(request.url).handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        for transport in self._connections.drain():
            transport.close()


class AsyncNetworkWire:
    """Sends requests as they are."""

    def __init__(self, network: Network) -> None:
        """Open nothing yet.

        Args:
            network: How other hosts are reached.
        """
        self._connections = Connections(network, httpx.AsyncHTTPTransport)

    async def send(
        self, request: httpx.Request, *, stream: bool = False, follow_redirects: bool = False
    ) -> httpx.Response:
        """Send a request and return the answer, its body unread whatever is asked."""
        del stream, follow_redirects  # for whoever sends through an httpx client
        return await self._connections.to(request.url).handle_async_request(request)

    async def close(self) -> None:
        """Close the connections."""
        for transport in self._connections.drain():
            await transport.aclose()


class WiredStore(SupabaseStore):
    """A store on an API that closes the way to it."""

    def __init__(self, url: str, network: Network) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is.
            network: How it is reached.
        """
        self._way = NetworkWire(network)
        super().__init__(url, self._way)

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self._way.close()


class AsyncWiredStore(AsyncSupabaseStore):
    """A store on an API that closes the way to it."""

    def __init__(self, url: str, network: Network) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is.
            network: How it is reached.
        """
        self._way = AsyncNetworkWire(network)
        super().__init__(url, self._way)

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        await self._way.close()

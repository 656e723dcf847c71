"""The official client's way into this process: httpx transports over a store.

What the client sends to the API is answered by a store, in the process; what it sends elsewhere
goes to the network. It knows HTTP requests as values and httpx; the language is the engine's, the
database the store's.
"""

from changeover.transport.client import (
    AsyncHttpClient,
    HttpClient,
    async_client_over,
    async_http_client,
    client_over,
    http_client,
)
from changeover.transport.network import Network
from changeover.transport.store import AsyncStoreTransport, StoreTransport

__all__ = [
    "AsyncHttpClient",
    "AsyncStoreTransport",
    "HttpClient",
    "Network",
    "StoreTransport",
    "async_client_over",
    "async_http_client",
    "client_over",
    "http_client",
]

"""The way to the network, for all requests that are not the API's.

It owns the connections to other hosts and opens what it needs when it is needed: most clients never
ask for more than the API, and a TLS context costs more than a hundred requests. It knows nothing of
stores.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

_PLACES_MAX: Final = 128

_Transport = TypeVar("_Transport", httpx.HTTPTransport, httpx.AsyncHTTPTransport)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How other hosts are reached.

    Attributes:
        has_http2: Whether HTTP/2 is offered. Off by default: a connection that the other side
            retires takes the requests on it along, and a write among them is not repeated.
        verify: As httpx takes it: True, False, a path or an `ssl.SSLContext`.
        proxy: A proxy for all requests; None for those of the environment.
        is_environment_trusted: Whether proxies and certificates of the environment are used.
        connections_max: How many connections are open at once.
        idle_connections_max: How many of them are kept while they have nothing to do.
    """

    has_http2: bool = False
    # httpx types it as `ssl.SSLContext | str | bool` and names the type privately.
    verify: object = True
    proxy: str | None = None
    is_environment_trusted: bool = True
    connections_max: int = 100
    idle_connections_max: int = 20

    def proxy_for(self, scheme: str, place: str) -> str | None:
        """Return the proxy on the way to a host, or None.

        Source: the environment's proxies as `urllib.request` reads them, which httpx builds on.

        Args:
            scheme: Of the URL.
            place: Host and port.
        """
        if self.proxy is not None or not self.is_environment_trusted:
            return self.proxy
        proxies = getproxies()
        found = proxies.get(scheme) or proxies.get("all")
        if not found or proxy_bypass(place):
            return None
        return found if "://" in found else f"http://{found}"


class Connections(Generic[_Transport]):
    """The transports to the network, one per proxy, each opened when it is first needed."""

    def __init__(self, network: Network, kind: Callable[..., _Transport]) -> None:
        """Open nothing yet.

        Args:
            network: How other hosts are reached.
            kind: httpx's transport of one colour.
        """
        self._network = network
        # As httpx does, the environment is read once: it costs more than all of routing does.
        self._proxy_for = lru_cache(_PLACES_MAX)(network.proxy_for)
        self._kind: Callable[..., _Transport] = kind
        self._opened: dict[str | None, _Transport] = {}
        self._lock = threading.Lock()

    def to(self, url: httpx.URL) -> _Transport:
        """Return the transport that leads to a URL.

        Args:
            url: Where the request goes.
        """
        proxy = self._proxy_for(url.scheme, url.netloc.decode("ascii"))
        found = self._opened.get(proxy)
        if found is not None:
            return found
        with self._lock:
            found = self._opened.get(proxy)
            if found is None:
                found = self._opened[proxy] = self._kind(
                    http2=self._network.has_http2,
                    verify=self._network.verify,
                    proxy=proxy,
                    trust_env=self._network.is_environment_trusted,
                    limits=httpx.Limits(
                        max_connections=self._network.connections_max,
                        max_keepalive_connections=self._network.idle_connections_max,
                    ),
                )
            return found

    def drain(self) -> list[_Transport]:
        """Give up all transports, for the caller to close; a later request opens new ones."""
        with self._lock:
            opened = list(self._opened.values())
            self._opened.clear()
        return opened

"""The backend of a gateway that routes: Supabase's API on one side, PostgreSQL on the other.

It passes on who asks, unchanged: keys and tokens are checked by whoever answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx

from changeover.engine.message import Headers, Message, Reply
from changeover.gateway.backend import Backend
from changeover.gateway.header import HOP_BY_HOP
from changeover.gateway.setup import Setup
from changeover.model.observation import Observer
from changeover.model.side import Side
from changeover.routing.guarding import guard
from changeover.routing.router import AsyncRouter
from changeover.routing.setting import Route
from changeover.stores.supabase import AsyncSupabaseStore, SupabaseStore
from changeover.transport.network import Network
from changeover.transport.wire import AsyncNetworkWire

TIMEOUT_S: Final = {"connect": 10.0, "read": 300.0, "write": 300.0, "pool": 10.0}
"""How long the source's API is waited for; the limit of a request comes before it."""

CODINGS: Final = frozenset({"gzip", "deflate"})
"""Content codings that this process can read, which it must to compare answers."""

# Our server says when it answers, and where a body begins and ends.
_OF_THE_WIRE: Final = frozenset(name.decode() for name in HOP_BY_HOP) | {"date"}


class _Wire(AsyncNetworkWire):
    """The way to the source's API, with the time-outs of a server."""

    async def send(
        self, request: httpx.Request, *, stream: bool = False, follow_redirects: bool = False
    ) -> httpx.Response:
        """Send a request and return the answer, its body unread."""
        request.extensions = {**request.extensions, "timeout": TIMEOUT_S}
        return await super().send(request, stream=stream, follow_redirects=follow_redirects)


class RoutedBackend(Backend):
    """Both sides as one worker reaches them."""

    def __init__(
        self,
        setup: Setup,
        route: Route,
        reload_configuration: Callable[[], None],
        observer: Observer,
    ) -> None:
        """Start to read the catalog and to ask for the stage.

        Args:
            setup: How it is run.
            route: How requests are routed.
            reload_configuration: Called in another thread when the database asks for it.
            observer: Told of every request and of what happens to it.
        """
        super().__init__(setup, reload_configuration)
        self._wire = _Wire(Network(connections_max=setup.limits.requests_max))
        source = AsyncSupabaseStore(route.rest_url, self._wire)
        route = replace(route, observer=observer)
        self._router = AsyncRouter(source, self._store, route)
        guard(self._router, self._settings, route, SupabaseStore(route.rest_url))
        self._router.open()

    async def send(self, message: Message) -> Reply:
        """Answer a message, from the side that the stage says."""
        return as_sent(await self._router.send(readable(message)))

    async def is_ready(self) -> bool:
        """Return whether the side that must answer can.

        While the source is the primary it can answer everything: whether it does is not asked
        here, for that no other gateway could help.
        """
        return self._router.view.primary is Side.SOURCE or await super().is_ready()

    def standing(self) -> Mapping[str, Any]:
        """Return the stage that is obeyed, and which side answers."""
        return self._router.health()

    async def close(self) -> None:
        """Take leave of the control tables and close all connections."""
        await self._router.close()
        await self._wire.close()


def readable(message: Message) -> Message:
    """Return a message that asks for no content coding which can't be read here.

    Args:
        message: As a client sent it; browsers take codings that this process may not know.
    """
    asked = message.list_header("accept-encoding")
    if asked is None:
        return message
    names = [one.partition(";")[0].strip().lower() for one in asked.split(",")]
    kept = ", ".join(name for name in names if name in CODINGS) or "identity"
    headers: Headers = tuple(one for one in message.headers if one[0] != "accept-encoding")
    return replace(message, headers=(*headers, ("accept-encoding", kept)))


def as_sent(reply: Reply) -> Reply:
    """Return a reply of the source with its body as it came, still encoded.

    Args:
        reply: The reply; one that did not come over a network is returned as it is.
    """
    response = reply.origin
    if not isinstance(response, httpx.Response):
        return reply
    assert isinstance(response.stream, httpx.ByteStream), "the store has read it"
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers.raw
        if name.decode("latin-1").lower() not in _OF_THE_WIRE
    )
    return replace(reply, headers=headers, body=b"".join(response.stream))

"""Whether the gateway lives, and whether it can answer: `/live` and `/ready`; what it counts.

Alive is who answers at all. Ready is who has read the catalog and got an answer from the database
just now: a load balancer sends requests elsewhere meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from changeover.engine.message import Reply
from changeover.gateway.header import encoded
from changeover.gateway.place import Kind
from changeover.gateway.watch import Event, Receive

CHECK_S_MAX: Final = 2.0
"""How long the database may take to answer before the gateway says that it is not ready."""

SHOWN: Final = ("stage", "side", "primary", "epoch", "is_control_away", "breaker")
"""What `/ready` says of a gateway that routes; no name of a client, a file or a host."""

Check = Callable[[], Awaitable[bool]]
Standing = Callable[[], Mapping[str, Any]]

_encode: Final = msgspec.json.Encoder().encode


def _nothing() -> Mapping[str, Any]:
    return {}


class Health:
    """Answers for one worker."""

    def __init__(self, check: Check, standing: Standing = _nothing) -> None:
        """Answer.

        Args:
            check: Returns whether the catalog is loaded and the database answers.
            standing: Returns how a worker that routes stands; nothing for another.
        """
        self._check = check
        self._standing = standing

    async def reply(self, kind: Kind) -> Reply:
        """Return 200, or 503 where the worker is asked to be ready and isn't.

        A worker that routes says which stage it obeys and which side answers reads.
        """
        if kind is Kind.LIVE:
            return Reply(status=200, headers=(("Content-Length", "0"),))
        status = 200 if await self._is_ready() else 503
        standing = self._standing()
        if not standing:
            return Reply(status=status, headers=(("Content-Length", "0"),))
        body = _encode({name: standing[name] for name in SHOWN if name in standing})
        return Reply(status=status, headers=(("Content-Type", "application/json"),), body=body)

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                return await self._check()
        except (TimeoutError, OSError):
            return False


class Admin:
    """An ASGI application for a port of its own: `/live`, `/ready` and `/metrics`, else 404."""

    def __init__(self, health: Health, metrics: Callable[[], Reply]) -> None:
        """Serve the health of this worker.

        Args:
            health: Who answers.
            metrics: Returns the metrics of all workers.
        """
        self._health = health
        self._metrics = metrics

    async def __call__(
        self, scope: Event, _receive: Receive, send: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer a request."""
        reply = await self._reply(scope["path"])
        length = ("Content-Length", str(len(reply.body)))
        others = tuple(one for one in reply.headers if one[0] != length[0])
        headers = encoded((*others, length))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, path: str) -> Reply:
        kinds = {"/live": Kind.LIVE, "/ready": Kind.READY}
        if path in kinds:
            return await self._health.reply(kinds[path])
        if path == "/metrics":
            # Files of all workers are read: not in the loop that answers everybody.
            return await asyncio.to_thread(self._metrics)
        return Reply(status=404)

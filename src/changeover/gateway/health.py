"""Whether the gateway lives, and whether it can answer: `/live` and `/ready`.

Alive is who answers at all. Ready is who has read the catalog and got an answer from the database
just now: a load balancer sends requests elsewhere meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from changeover.engine.message import Reply
from changeover.gateway.header import encoded
from changeover.gateway.place import Kind
from changeover.gateway.watch import Event, Receive

CHECK_S_MAX: Final = 2.0
"""How long the database may take to answer before the gateway says that it is not ready."""

Check = Callable[[], Awaitable[bool]]


class Health:
    """Answers for one worker."""

    def __init__(self, check: Check) -> None:
        """Answer.

        Args:
            check: Returns whether the catalog is loaded and the database answers.
        """
        self._check = check

    async def reply(self, kind: Kind) -> Reply:
        """Return 200, or 503 where the worker is asked to be ready and isn't."""
        is_fine = kind is Kind.LIVE or await self._is_ready()
        return Reply(status=200 if is_fine else 503, headers=(("Content-Length", "0"),))

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                return await self._check()
        except (TimeoutError, OSError):
            return False


class Admin:
    """An ASGI application for a port of its own: `/live` and `/ready`, else 404."""

    def __init__(self, health: Health) -> None:
        """Serve the health of this worker."""
        self._health = health

    async def __call__(
        self, scope: Event, _receive: Receive, send: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer a request."""
        kinds = {"/live": Kind.LIVE, "/ready": Kind.READY}
        kind = kinds.get(scope["path"])
        reply = await self._health.reply(kind) if kind else Reply(status=404)
        headers = encoded((("Content-Length", "0"),))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

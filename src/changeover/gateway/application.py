"""The ASGI application: a request becomes a message, a reply an answer. No framework.

It knows paths, limits and headers; what a message means is the store's business.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from changeover.engine.message import Headers, Message, Reply
from changeover.gateway.access_log import Access, AccessLog
from changeover.gateway.cors import preflight, with_cors
from changeover.gateway.header import decoded, encoded
from changeover.gateway.health import Health
from changeover.gateway.place import Kind, Place, place
from changeover.gateway.proxy import Passed, Proxy
from changeover.gateway.refusal import fault, no_upstream, stopping, too_busy, too_large, too_slow
from changeover.gateway.setup import Limits
from changeover.gateway.watch import End, Ended, Event, Receive, Watch
from changeover.stores.store import AsyncStore

Send = Callable[[Event], Awaitable[None]]

SERVER: Final = ("Server", "postgrest/16.2")
"""Clients and proxies look here to see which language is spoken; so it is PostgREST's name."""

STATUS_LINE: Final = "changeover.status_line"
"""The extension of our server that lets an answer have any status and reason phrase."""

CLIENT_GONE: Final = 499
DRAIN_BYTES_MAX: Final = 64 << 20
SECOND_MS: Final = 1000
NO_BODY: Final = frozenset({*range(100, 200), 204, 304})
ASGI_STATUSES: Final = range(200, 600)


class TooLarge(Exception):  # noqa: N818 - an event, named as such
    """A body is longer than the limit."""


class _Held:
    """A store and how many requests are with it."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._running = 0
        self._is_left: asyncio.Event | None = None

    async def send(self, message: Message) -> Reply:
        self._running += 1
        try:
            return await self._store.send(message)
        finally:
            self._running -= 1
            if self._is_left is not None and not self._running:
                self._is_left.set()

    async def left(self) -> None:
        """Wait until no request is with it; none may come any more."""
        self._is_left = asyncio.Event()
        if self._running:
            await self._is_left.wait()


class Gateway:
    """The API of one database as an ASGI application."""

    def __init__(
        self,
        store: AsyncStore,
        *,
        limits: Limits | None = None,
        origins: tuple[str, ...] = (),
        health: Health | None = None,
        proxy: Proxy | None = None,
        log: AccessLog | None = None,
    ) -> None:
        """Serve a store.

        Args:
            store: What answers messages.
            limits: What a request may cost.
            origins: Origins that browsers may call from; empty for all.
            health: What is answered on `/-/live` and `/-/ready`; None where it isn't.
            proxy: The way to the other services of a Supabase project, if there is one.
            log: Where requests are logged.
        """
        self._store = _Held(store)
        self._limits = limits or Limits()
        self._origins = origins
        self._health = health
        self._proxy = proxy
        self._log = log
        self._running = 0

    async def change(self, store: AsyncStore, origins: tuple[str, ...]) -> None:
        """Answer from another store from now on; return when the old one answers nobody any more.

        Args:
            store: What answers messages.
            origins: Origins that browsers may call from; empty for all.
        """
        old, self._store = self._store, _Held(store)
        self._origins = origins
        await old.left()

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer a request or a WebSocket."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _http(self, scope: Event, receive: Receive, send: Send) -> None:
        began_s = time.perf_counter()
        path = _path(scope)
        where = place(path, has_health=self._health is not None)
        role = ""
        if where.kind is Kind.SERVICE and self._proxy is not None:
            status, length = await self._pass_on(self._proxy, scope, receive, send)
        else:
            message = Message(
                method=scope["method"],
                path=where.path,
                query=scope["query_string"].decode("utf-8", "replace"),
                headers=decoded(scope["headers"]),
            )
            reply = await self._reply(where, message, receive)
            status, length = CLIENT_GONE, 0
            if reply is not None:
                status, length, role = reply.status, len(reply.body), reply.role
                await _answer(scope, reply, send)
        if self._log is not None:
            access = Access(
                method=scope["method"],
                path=path,
                query=scope["query_string"].decode("utf-8", "replace"),
                status=status,
                bytes=length,
                ms=(time.perf_counter() - began_s) * SECOND_MS,
                role=role,
            )
            self._log.access(access)

    async def _reply(self, where: Place, message: Message, receive: Receive) -> Reply | None:
        """Return the answer to a request, or None where its client has gone."""
        asked = preflight(message, self._origins) if message.method == "OPTIONS" else None
        reply = asked or await self._limited(where, message, receive)
        origin = message.header("origin")
        if asked is not None or origin is None or reply is None:
            return reply
        return replace(reply, headers=with_cors(reply.headers, origin, self._origins))

    async def _limited(self, where: Place, message: Message, receive: Receive) -> Reply | None:
        limits = self._limits
        if self._running >= limits.requests_max:
            return too_busy(limits.requests_max)
        self._running += 1
        try:
            with Watch(receive, limits.request_s_max) as watch:
                body = await self._body(message, receive)
                watch.body_read()
                return await self._work(where, replace(message, body=body) if body else message)
        except TooLarge:
            return too_large(limits.body_bytes_max)
        except Ended as ended:
            return None if ended.end is End.GONE else too_slow(limits.request_s_max)
        except asyncio.CancelledError:
            # The server's doing: the gateway was told to stop and waits no longer.
            task = asyncio.current_task()
            assert task is not None, "requests are answered by tasks"
            task.uncancel()
            return stopping()
        except Exception as error:  # noqa: BLE001 - the edge of a request: it is reported
            if self._log is not None:
                self._log.fault(error)
            return fault()
        finally:
            self._running -= 1

    async def _work(self, where: Place, message: Message) -> Reply:
        if where.kind is Kind.API:
            return await self._store.send(message)
        if where.kind is Kind.SERVICE:
            return no_upstream("/".join(where.path.split("/")[:3]))
        assert self._health is not None, "only with it such a place is found"
        return await self._health.reply(where.kind)

    async def _body(self, message: Message, receive: Receive) -> bytes:
        """Return the body.

        Raises:
            TooLarge: If it is longer than the limit.
            Ended: If the client has gone in the midst of it.
        """
        bytes_max = self._limits.body_bytes_max
        if _announced(message) > bytes_max:
            if message.header("expect") is None:
                await _drain(receive)
            raise TooLarge
        parts: list[bytes] = []
        length = 0
        has_more = True
        while has_more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise Ended(End.GONE)
            has_more = event.get("more_body", False)
            parts.append(event.get("body", b""))
            length += len(parts[-1])
            if length > bytes_max:
                if has_more:
                    await _drain(receive)
                raise TooLarge
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _pass_on(
        self, proxy: Proxy, scope: Event, receive: Receive, send: Send
    ) -> tuple[int, int]:
        passed = await proxy.http(scope, receive, send)
        if isinstance(passed, Passed):
            return passed.status, passed.bytes
        origin = next(
            (o.decode("latin-1") for name, o in scope["headers"] if name == b"origin"), ""
        )
        headers = with_cors(passed.headers, origin, self._origins)
        await _answer(scope, replace(passed, headers=headers), send)
        return passed.status, len(passed.body)

    async def _websocket(self, scope: Event, receive: Receive, send: Send) -> None:
        where = place(_path(scope), has_health=False)
        if self._proxy is not None and where.kind is Kind.SERVICE:
            await self._proxy.websocket(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008})


def _path(scope: Event) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("utf-8", "replace")


def _announced(message: Message) -> int:
    length = message.header("content-length") or ""
    return int(length) if length.isdigit() else 0


async def _drain(receive: Receive) -> None:
    """Take what a client still sends: one that can't send on seldom reads why."""
    left = DRAIN_BYTES_MAX
    while left > 0:
        event = await receive()
        if not event.get("more_body"):
            return
        left -= len(event.get("body", b""))


async def _answer(scope: Event, reply: Reply, send: Send) -> None:
    has_body = reply.status not in NO_BODY
    status = reply.status if reply.status in ASGI_STATUSES else 500
    if reply.reason or status != reply.status:
        say: Any = scope.get("extensions", {}).get(STATUS_LINE)
        if say is not None:
            say(reply.status, reply.reason)
    headers = encoded(_completed(reply, has_body=has_body and scope["method"] != "HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if has_body else b""})


def _completed(reply: Reply, *, has_body: bool) -> Headers:
    """Return the headers with those that every answer has."""
    headers = reply.headers
    names = {name.lower() for name, _value in headers}
    if "server" not in names:
        headers = (*headers, SERVER)
    if has_body and "content-length" not in names:
        headers = (*headers, ("Content-Length", str(len(reply.body))))
    if reply.status in NO_BODY:
        headers = tuple(one for one in headers if one[0].lower() != "content-length")
    return headers

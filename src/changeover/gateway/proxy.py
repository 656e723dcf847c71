"""The way to the other services of a Supabase project: auth, storage, functions, realtime.

Bodies are streamed both ways, hop-by-hop headers stay here, nothing is ever sent twice: whether a
request whose answer was lost has acted is the caller's question, not ours.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from changeover.engine.message import Reply
from changeover.gateway.header import WireHeaders, forwarded
from changeover.gateway.refusal import UPSTREAM_UNREACHABLE, refuse
from changeover.gateway.watch import Ended, Event, Receive, Watch
from changeover.routing.context import HEADER

Send = Callable[[Event], Awaitable[None]]

TIMEOUT_S: Final = {"connect": 10.0, "read": 300.0, "write": 300.0, "pool": 10.0}
CONNECTIONS_MAX: Final = 200
TARGETING_KEY: Final = HEADER.lower().encode()
MESSAGE_BYTES_MAX: Final = 16 << 20
HANDSHAKE: Final = frozenset(
    {
        b"host",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-key",
        b"sec-websocket-protocol",
        b"sec-websocket-version",
    }
)
GOING_AWAY: Final = 1001
NO_CODE: Final = 1005
CLOSE_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""Codes that may be sent. Source: RFC 6455, section 7.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An answer that was passed on.

    Attributes:
        status: Its status.
        bytes: The length of its body.
    """

    status: int
    bytes: int


class Proxy:
    """Passes requests on to one Supabase project."""

    def __init__(self, upstream: str) -> None:
        """Pass on.

        Args:
            upstream: The project's URL, such as `https://project.supabase.co`.
        """
        self._url = httpx.URL(upstream)
        self._prefix = self._url.raw_path.rstrip(b"/")
        # The transport itself: a client would keep cookies and add headers of its own.
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
        self._transport = httpx.AsyncHTTPTransport(retries=0, limits=limits)

    async def close(self) -> None:
        """Close the connections to it."""
        await self._transport.aclose()

    async def http(self, scope: Event, receive: Receive, send: Send) -> Passed | Reply:
        """Pass a request on.

        Returns:
            What was passed back, or what is to be answered because nothing was; status 499 stands
            for a client that has gone.
        """
        try:
            with Watch(receive, 0) as watch:
                return await self._http(scope, _body(receive, watch), send)
        except Ended:
            return Passed(status=499, bytes=0)
        except httpx.HTTPError as error:
            return refuse(
                UPSTREAM_UNREACHABLE,
                "The Supabase project did not answer.",
                details=f"{type(error).__name__}; whether the request acted is not known.",
            )

    async def _http(self, scope: Event, body: AsyncIterator[bytes], send: Send) -> Passed | Reply:
        target = self._prefix + scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        names = {name for name, _value in scope["headers"]}
        has_body = names & {b"content-length", b"transfer-encoding"}
        if not has_body:
            await anext(body, b"")
        request = httpx.Request(
            scope["method"],
            self._url,
            headers=self._headers(scope, but=frozenset({b"host"})),
            content=body if has_body else None,
            extensions={"target": target, "timeout": TIMEOUT_S},
        )
        response = await self._transport.handle_async_request(request)
        try:
            return await _pass_back(response, send)
        finally:
            await response.aclose()

    def _headers(self, scope: Event, *, but: frozenset[bytes]) -> WireHeaders:
        headers = forwarded(scope["headers"], but=but | {b"x-forwarded-for", TARGETING_KEY})
        given = dict(scope["headers"])
        hops = [hop for hop in (given.get(b"x-forwarded-for"), _client(scope)) if hop]
        if hops:
            headers.append((b"x-forwarded-for", b", ".join(hops)))
        for name, value in (
            (b"x-forwarded-host", given.get(b"host", b"")),
            (b"x-forwarded-proto", scope["scheme"].replace("ws", "http").encode()),
        ):
            if name not in given and value:
                headers.append((name, value))
        return headers

    async def websocket(self, scope: Event, receive: Receive, send: Send) -> None:
        """Pass a WebSocket on until one side closes it."""
        await receive()
        scheme = {"https": "wss", "http": "ws"}[self._url.scheme]
        target = self._prefix + scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        headers = self._headers(scope, but=HANDSHAKE)
        try:
            upstream = await connect(
                f"{scheme}://{self._url.netloc.decode()}{target.decode('latin-1')}",
                additional_headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in headers],
                subprotocols=[Subprotocol(name) for name in scope["subprotocols"]] or None,
                user_agent_header=None,
                open_timeout=TIMEOUT_S["connect"],
                ping_interval=None,
                max_size=MESSAGE_BYTES_MAX,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            await _refuse_websocket(scope, error, send)
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": upstream.subprotocol})
            await _relay(upstream, receive, send)
        finally:
            await upstream.close()


def _client(scope: Event) -> bytes:
    client = scope.get("client")
    return str(client[0]).encode() if client and client[0] else b""


async def _body(receive: Receive, watch: Watch) -> AsyncIterator[bytes]:
    has_more = True
    while has_more:
        event = await receive()
        if event["type"] == "http.disconnect":
            # The request that was begun must not look complete to the project.
            raise httpx.ReadError("the client has gone")
        has_more = event.get("more_body", False)
        if not has_more:
            watch.body_read()
        if event.get("body"):
            yield event["body"]


async def _pass_back(response: httpx.Response, send: Send) -> Passed:
    headers = forwarded(response.headers.raw, but=frozenset({b"date"}))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    length = 0
    assert isinstance(response.stream, httpx.AsyncByteStream), "it came from an async transport"
    try:
        async for piece in response.stream:
            length += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except httpx.HTTPError:
        # Left unfinished: the server closes the connection, so that nobody takes it for whole.
        return Passed(status=response.status_code, bytes=length)
    await send({"type": "http.response.body", "body": b""})
    return Passed(status=response.status_code, bytes=length)


async def _refuse_websocket(scope: Event, error: Exception, send: Send) -> None:
    status = error.response.status_code if isinstance(error, InvalidStatus) else 502
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": GOING_AWAY})
        return
    headers = [(b"content-length", b"0")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})


async def _relay(upstream: ClientConnection, receive: Receive, send: Send) -> None:
    """Carry messages both ways until one side closes, and then the other."""
    ways = (_upwards(upstream, receive), _downwards(upstream, send))
    for end in await asyncio.gather(*ways, return_exceptions=True):
        # A side that goes without a word is an end like another.
        if end is not None and not isinstance(end, ConnectionClosed | OSError):
            raise end


async def _upwards(upstream: ClientConnection, receive: Receive) -> None:
    while (event := await receive())["type"] == "websocket.receive":
        text = event.get("text")
        await upstream.send(event["bytes"] if text is None else text)
    code = event.get("code", NO_CODE)
    await upstream.close(code if code in CLOSE_CODES else GOING_AWAY)


async def _downwards(upstream: ClientConnection, send: Send) -> None:
    with suppress(ConnectionClosed):
        async for message in upstream:
            kind = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", kind: message})
    code = upstream.close_code or NO_CODE
    reason = upstream.close_reason or ""
    await send(
        {
            "type": "websocket.close",
            "code": code if code in CLOSE_CODES else GOING_AWAY,
            "reason": reason,
        }
    )

"""A store that asks an HTTP API of PostgREST's language, such as Supabase's own.

What was asked goes there as it came, and what came back is returned as it was sent; nothing is ever
sent twice, for a write that failed on the way may have been done. A message that was made from an
httpx request goes out as the very request: header names, their order and values, and time-outs.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, Protocol

import httpx

from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.model.secret import Secret
from changeover.stores.fault import RETRY_AFTER_S, pool_exhausted

# About one connection only (RFC 9110, 7.6.1), or set by the client that sends; and our own.
_OURS: Final = "changeover-targeting-key"
_OF_A_REQUEST: Final = frozenset(
    {"connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade"}
    | {_OURS}
)
# The body is decoded here.
_OF_AN_ANSWER: Final = frozenset(
    {"connection", "content-encoding", "keep-alive", "transfer-encoding"}
)
WAIT_S: Final = 5.0
_KEYS: Final = frozenset({"apikey", "authorization"})


# What may not stand in a request line, though a client of ours may have handed it over.
_UNFIT: Final = re.compile(rb"[^\x21-\x7e]")

Headers = list[tuple[bytes, bytes]]


class Wire(Protocol):
    """Sends requests; an `httpx.Client` is one."""

    def send(
        self, request: httpx.Request, *, stream: bool = False, follow_redirects: bool = False
    ) -> httpx.Response:
        """Send a request and return the answer, its body unread."""
        ...


class AsyncWire(Protocol):
    """Sends requests; an `httpx.AsyncClient` is one."""

    async def send(
        self, request: httpx.Request, *, stream: bool = False, follow_redirects: bool = False
    ) -> httpx.Response:
        """Send a request and return the answer, its body unread."""
        ...


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(found[0])


class _Api:
    """Where an API is, and how requests for it are written."""

    def __init__(self, url: str, api_key: Secret | None) -> None:
        self._url = httpx.URL(url.rstrip("/"))
        self._key: Headers = []
        if api_key is not None:
            key = api_key.reveal().encode()
            self._key = [(b"apikey", key), (b"authorization", b"Bearer " + key)]

    def request(self, message: Message) -> httpx.Request:
        """Return a message as a request; path and query are sent as they came."""
        origin = message.origin
        if isinstance(origin, httpx.Request):
            return self._forwarded(origin, message)
        return httpx.Request(
            message.method,
            self._url,
            headers=[*self._headers(message), *self._key],
            content=message.body,
            extensions={"target": self._target(message)},
        )

    def _headers(self, message: Message) -> Iterator[tuple[bytes, bytes]]:
        for name, value in message.headers:
            if name not in _OF_A_REQUEST and not (self._key and name in _KEYS):
                yield name.encode(), value.encode(errors="surrogateescape")

    def _target(self, message: Message) -> bytes:
        asked = message.path + ("?" + message.query if message.query else "")
        target = self._url.raw_path.rstrip(b"/") + asked.encode(errors="surrogateescape")
        return _UNFIT.sub(_escaped, target)

    def _forwarded(self, origin: httpx.Request, message: Message) -> httpx.Request:
        """Return the very request; only its place is another one, if the API is elsewhere."""
        url, is_elsewhere = origin.url, not self._is_at(origin.url)
        if not is_elsewhere and _OURS not in origin.headers:
            return origin
        headers = [one for one in origin.headers.raw if one[0].lower() != _OURS.encode()]
        extensions = dict(origin.extensions)
        if is_elsewhere:
            extensions["target"] = self._target(message)
            url, place = self._url, self._url.netloc
            headers = [
                (name, place if name.lower() == b"host" else value) for name, value in headers
            ]
        return httpx.Request(
            origin.method,
            url,
            headers=headers,
            # A stream, not content: nothing is added to the headers.
            stream=httpx.ByteStream(message.body),
            extensions=extensions,
        )

    def _is_at(self, url: httpx.URL) -> bool:
        here = self._url
        is_host = (url.scheme, url.host, url.port) == (here.scheme, here.host, here.port)
        return is_host and url.raw_path.startswith(here.raw_path)


def _reply(response: httpx.Response, sent: bytes) -> Reply:
    """Return an answer as a reply, its body decoded.

    Args:
        response: The answer; its body was read as `sent`.
        sent: The body as it came.
    """
    whole = httpx.Response(
        response.status_code,
        headers=response.headers.raw,
        stream=httpx.ByteStream(sent),
        extensions=response.extensions,
    )
    is_encoded = "content-encoding" in response.headers
    body = _decoded(response, sent) if is_encoded and sent else sent
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers.raw
        if name.lower().decode("latin-1") not in _OF_AN_ANSWER
        and not (is_encoded and name.lower() == b"content-length")
    )
    if is_encoded and body:
        headers = (*headers, ("Content-Length", str(len(body))))
    return Reply(status=response.status_code, headers=headers, body=body, origin=whole)


def _decoded(response: httpx.Response, sent: bytes) -> bytes:
    """Return a body without its encoding.

    Raises:
        httpx.DecodingError: If it is not encoded as it says.
    """
    return httpx.Response(
        response.status_code, headers=response.headers.raw, stream=httpx.ByteStream(sent)
    ).read()


def _refused(error: httpx.RequestError) -> Reply:
    """Return what a request that got no answer is refused with: the kind of failure, no address."""
    if isinstance(error, httpx.PoolTimeout):
        refusal = pool_exhausted()
    else:
        is_unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        refusal = Refusal(
            "PGRST000" if is_unsent else "PGRST001",
            "The API could not be reached." if is_unsent else "The API did not answer.",
            details=type(error).__name__,
            headers=(("Retry-After", str(RETRY_AFTER_S)),),
        )
    told = refusal.reply()
    return Reply(status=told.status, headers=told.headers, body=told.body, origin=error)


class SupabaseStore:
    """Answers messages from an HTTP API, for any number of threads."""

    def __init__(
        self,
        url: str,
        client: Wire | None = None,
        *,
        api_key: Secret | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is, such as `https://<project>.supabase.co/rest/v1`.
            client: Sends the requests and stays open afterwards; None for one of the store's own.
            api_key: Goes out with every request, in the place of the keys of its message.
            wait_s: How long the store's own client waits, in seconds.
        """
        self._api = _Api(url, api_key)
        self._own = httpx.Client(timeout=wait_s) if client is None else None
        self._wire: Any = client or self._own

    def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        try:
            response = self._wire.send(
                self._api.request(message), stream=True, follow_redirects=False
            )
            return _reply(response, b"".join(response.iter_raw()))
        except httpx.RequestError as error:
            return _refused(error)

    def close(self) -> None:
        """Close the store's own client; may be called twice."""
        if self._own is not None:
            self._own.close()


class AsyncSupabaseStore:
    """Answers messages from an HTTP API, for any number of tasks of one loop."""

    def __init__(
        self,
        url: str,
        client: AsyncWire | None = None,
        *,
        api_key: Secret | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is, such as `https://<project>.supabase.co/rest/v1`.
            client: Sends the requests and stays open afterwards; None for one of the store's own.
            api_key: Goes out with every request, in the place of the keys of its message.
            wait_s: How long the store's own client waits, in seconds.
        """
        self._api = _Api(url, api_key)
        self._own = httpx.AsyncClient(timeout=wait_s) if client is None else None
        self._wire: Any = client or self._own

    async def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        try:
            response = await self._wire.send(
                self._api.request(message), stream=True, follow_redirects=False
            )
            return _reply(response, b"".join([part async for part in response.aiter_raw()]))
        except httpx.RequestError as error:
            return _refused(error)

    async def close(self) -> None:
        """Close the store's own client; may be called twice."""
        if self._own is not None:
            await self._own.aclose()

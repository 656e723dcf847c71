"""A store that asks an HTTP API of PostgREST's language, such as Supabase's own.

What was asked goes there as it came, and what came back is returned as it was sent; nothing is ever
sent twice, for a write that failed on the way may have been done.
"""

import re
from typing import Final

import httpx

from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.stores.fault import RETRY_AFTER_S, pool_exhausted

# About one connection only (RFC 9110, 7.6.1), or set by the client that sends.
_OF_A_REQUEST: Final = frozenset(
    {"connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade"}
)
# The body is decoded here.
_OF_AN_ANSWER: Final = frozenset(
    {"connection", "content-encoding", "keep-alive", "transfer-encoding"}
)


# What may not stand in a request line, though a client of ours may have handed it over.
_UNFIT: Final = re.compile(rb"[^\x21-\x7e]")


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(found[0])


class _Api:
    """Where an API is, and how requests for it are written."""

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url.rstrip("/"))

    def request(self, message: Message) -> httpx.Request:
        """Return a message as a request; path and query are sent as they came."""
        asked = message.path + ("?" + message.query if message.query else "")
        target = self._url.raw_path.rstrip(b"/") + asked.encode(errors="surrogateescape")
        return httpx.Request(
            message.method,
            self._url,
            headers=[
                (name.encode(), value.encode(errors="surrogateescape"))
                for name, value in message.headers
                if name not in _OF_A_REQUEST
            ],
            content=message.body,
            extensions={"target": _UNFIT.sub(_escaped, target)},
        )


def _reply(response: httpx.Response) -> Reply:
    body = response.content
    is_decoded = "content-encoding" in response.headers
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in response.headers.raw
        if name.lower().decode("latin-1") not in _OF_AN_ANSWER
        and not (is_decoded and name.lower() == b"content-length")
    )
    if is_decoded and body:
        headers = (*headers, ("Content-Length", str(len(body))))
    return Reply(status=response.status_code, headers=headers, body=body)


def _refusal(error: httpx.TransportError) -> Refusal:
    """Return what a request that got no answer is refused with: the kind of failure, no address."""
    if isinstance(error, httpx.PoolTimeout):
        return pool_exhausted()
    is_unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    return Refusal(
        "PGRST000" if is_unsent else "PGRST001",
        "The API could not be reached." if is_unsent else "The API did not answer.",
        details=type(error).__name__,
        headers=(("Retry-After", str(RETRY_AFTER_S)),),
    )


class SupabaseStore:
    """Answers messages from an HTTP API, for any number of threads."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is, such as `https://<project>.supabase.co/rest/v1`.
            client: Sends the requests and stays open afterwards; None for one of the store's own.
        """
        self._api = _Api(url)
        self._is_own = client is None
        self._client = client or httpx.Client()

    def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        try:
            return _reply(self._client.send(self._api.request(message), follow_redirects=False))
        except httpx.TransportError as error:
            return _refusal(error).reply()

    def close(self) -> None:
        """Close the store's own client; may be called twice."""
        if self._is_own:
            self._client.close()


class AsyncSupabaseStore:
    """Answers messages from an HTTP API, for any number of tasks of one loop."""

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        """Open nothing yet.

        Args:
            url: Where the API is, such as `https://<project>.supabase.co/rest/v1`.
            client: Sends the requests and stays open afterwards; None for one of the store's own.
        """
        self._api = _Api(url)
        self._is_own = client is None
        self._client = client or httpx.AsyncClient()

    async def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        request = self._api.request(message)
        try:
            return _reply(await self._client.send(request, follow_redirects=False))
        except httpx.TransportError as error:
            return _refusal(error).reply()

    async def close(self) -> None:
        """Close the store's own client; may be called twice."""
        if self._is_own:
            await self._client.aclose()

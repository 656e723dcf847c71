"""An httpx request as a message, and a reply as an httpx response.

It owns the two translations and the question which requests are ours. It knows neither stores nor
sockets.
"""

from dataclasses import dataclass
from typing import Final, Self

import httpx

from changeover.engine.message import Message, Reply

# Where the clients of Supabase look for the API below their URL.
PREFIX: Final = b"/rest/v1"

_QUERY: Final = b"?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where the API is mounted: which requests are answered in the process.

    Attributes:
        origin: Scheme, host and port; None for any.
        prefix: The path of the mount point, as it is sent, without a slash at its end.
    """

    origin: tuple[str, str, int | None] | None = None
    prefix: bytes = PREFIX

    @classmethod
    def at(cls, url: str | None) -> Self:
        """Return the mount of a URL.

        Args:
            url: The absolute URL of the API; None for `/rest/v1` of any host.

        Raises:
            ValueError: If the URL is not absolute, or more than a place.
        """
        if url is None:
            return cls()
        parsed = httpx.URL(url)
        if parsed.is_relative_url or parsed.query or parsed.fragment:
            raise ValueError("the API's URL must be absolute, without query or fragment")
        return cls(origin=_origin(parsed), prefix=parsed.raw_path.rstrip(b"/"))

    def target(self, url: httpx.URL) -> bytes | None:
        """Return the path and query below the mount point, or None for a stranger's request.

        Args:
            url: The request's URL; its path is compared as it would be sent.
        """
        path = url.raw_path
        if not path.startswith(self.prefix):
            return None
        below = path[len(self.prefix) :]
        if below[:1] not in (b"/", b"", _QUERY):
            return None
        if self.origin is not None and self.origin != _origin(url):
            return None
        return below


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    # httpx has lower-cased both names and dropped the scheme's own port.
    return url.scheme, url.host, url.port


def message(request: httpx.Request, target: bytes, body: bytes) -> Message:
    """Return what a request says.

    Args:
        request: The request; its method and headers are taken.
        target: Path and query below the mount point.
        body: The request's body, read.
    """
    path, _, query = target.decode("ascii").partition("?")
    return Message(
        method=request.method.upper(),
        path=path or "/",
        query=query,
        headers=tuple(
            (name.decode("ascii").lower(), value.decode("utf-8", "replace"))
            for name, value in request.headers.raw
        ),
        body=body,
        origin=request,
    )


def response(reply: Reply) -> httpx.Response:
    """Return the response that a reply stands for; the body is handed on, not copied.

    An answer of the network is handed on as it came, and so is what kept it from coming.

    Args:
        reply: What the store has answered.

    Raises:
        httpx.RequestError: The network gave no answer.
    """
    origin = reply.origin
    if isinstance(origin, httpx.Response):
        return origin
    if isinstance(origin, httpx.RequestError):
        raise origin
    extensions: dict[str, bytes] = {"http_version": b"HTTP/1.1"}
    if reply.reason:
        # Non-ASCII is replaced: a reason phrase is ASCII on the wire.
        extensions["reason_phrase"] = reply.reason.encode("ascii", "replace")
    return httpx.Response(
        reply.status,
        headers=[(name.encode(), value.encode()) for name, value in reply.headers],
        # A stream, not content: the client then reads it as one from the network, which is what
        # sets `elapsed`, and no header is added to those of the reply.
        stream=httpx.ByteStream(reply.body),
        extensions=extensions,
    )

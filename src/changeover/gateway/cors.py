"""Cross-origin requests: what a browser is told about who may call, and how.

Reference: PostgREST 16, `server-cors-allowed-origins`; its middleware is wai-cors, failures of
which are ignored: what is not allowed is answered as if nobody had asked.
"""

from collections.abc import Sequence
from typing import Final

from changeover.engine.message import Headers, Message, Reply

METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD")
SIMPLE_HEADERS: Final = ("Accept", "Accept-Language", "Content-Language")
EXPOSED: Final = (
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, "
    "Transfer-Encoding, Range-Unit"
)
AGE_S_MAX: Final = 86_400
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
EXPOSE_HEADERS: Final = "Access-Control-Expose-Headers"

_SAID_HERE: Final = frozenset(
    name.lower() for name in (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
)


def preflight(message: Message, origins: Sequence[str]) -> Reply | None:
    """Return the answer to a preflight request, or None if it is none, or not allowed.

    Args:
        message: The request.
        origins: The origins that may call; empty for all.
    """
    wanted = message.header("access-control-request-method")
    if message.method != "OPTIONS" or wanted not in METHODS:
        return None
    allowed = _allowed(message.header("origin"), origins)
    if not allowed:
        return None
    asked = message.header("access-control-request-headers") or ""
    names = ("Authorization", *(name.strip() for name in asked.split(",")), *SIMPLE_HEADERS)
    headers = (
        *allowed,
        ("Access-Control-Allow-Methods", ", ".join(METHODS)),
        ("Access-Control-Allow-Headers", ", ".join(name for name in names if name)),
        ("Access-Control-Max-Age", str(AGE_S_MAX)),
        ("Content-Length", "0"),
    )
    return Reply(status=200, headers=headers)


def with_cors(headers: Headers, origin: str | None, origins: Sequence[str]) -> Headers:
    """Return the headers of an answer with those that let a browser read it.

    Args:
        headers: The answer's own.
        origin: The request's `Origin`.
        origins: The origins that may call; empty for all.
    """
    allowed = _allowed(origin, origins)
    if not allowed:
        return headers
    # An API behind us says such things too, and a browser takes no header twice.
    kept = tuple(one for one in headers if one[0].lower() not in _SAID_HERE)
    return (*kept, *allowed, (EXPOSE_HEADERS, EXPOSED))


def _allowed(origin: str | None, origins: Sequence[str]) -> Headers:
    if not origin or (origins and origin not in origins):
        return ()
    if not origins:
        return ((ALLOW_ORIGIN, "*"),)
    return ((ALLOW_ORIGIN, origin), (ALLOW_CREDENTIALS, "true"))

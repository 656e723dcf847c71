"""Headers between the wire and the house: bytes there, texts here."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from changeover.engine.message import Headers

WireHeaders = list[tuple[bytes, bytes]]

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]+")

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that speak of one connection only. Source: RFC 9110, section 7.6.1."""


def decoded(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return a request's headers as texts; bytes that are no UTF-8 are replaced.

    Args:
        headers: As the server got them, names in lower case.
    """
    return tuple(
        [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in headers]
    )


def encoded(headers: Headers) -> WireHeaders:
    """Return an answer's headers as bytes.

    SQL may set any text as a header (`response.headers`): control characters become blanks, and a
    header whose name is no name is left out, so that nobody can split an answer in two.

    Args:
        headers: Names and values.
    """
    found = []
    for name, value in headers:
        key = _wire_name(name)
        if key:
            text = value if value.isprintable() else _CONTROLS.sub(" ", value)
            found.append((key, text.encode("utf-8", "replace")))
    return found


@lru_cache(maxsize=512)
def _wire_name(name: str) -> bytes:
    """Return a name as it is sent, or nothing if it is none; there are few, seen often."""
    key = name.lower().encode("utf-8", "replace")
    return key if _NAME.fullmatch(key) else b""


def forwarded(headers: Iterable[tuple[bytes, bytes]], *, but: frozenset[bytes]) -> WireHeaders:
    """Return the headers that travel on to the next server.

    Args:
        headers: As they came.
        but: Names that are left out beside the hop-by-hop ones.
    """
    given = [(name.lower(), value) for name, value in headers]
    named = {
        token.strip().lower()
        for name, value in given
        if name == b"connection"
        for token in value.split(b",")
    }
    out = HOP_BY_HOP | named | but
    return [(name, value) for name, value in given if name not in out]

"""One line per request, without values, and one per event of the gateway: JSON on stderr.

Of a path only what names a resource is shown, of a query only its keys, as far as they look like
names: whoever writes a telephone number where a key belongs must not find it in a log.
"""

import asyncio
import os
import re
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

KEYS_MAX: Final = 30
FLUSH_S: Final = 0.05
WRITE_BYTES: Final = 4096
"""Lines are written in pieces of at most this many bytes: a pipe keeps such a piece together."""

_encode: Final = msgspec.json.Encoder().encode

_KEY: Final = re.compile(r"[A-Za-z_][\w.>-]{0,62}")
_PART: Final = re.compile(r"[^\W\d][\w %.-]{0,62}|-|v1|")


@lru_cache(maxsize=1024)
def shown_path(path: str) -> str:
    """Return a path as it may be logged: the resource, and `…` for whatever follows.

    Args:
        path: The path as sent.
    """
    parts = path.lstrip("/").split("/")
    is_mounted = parts[1:2] == ["v1"]
    below = parts[2:] if is_mounted else parts
    kept = 2 if below[:1] in (["rpc"], ["-"]) else 1
    if is_mounted:
        # Below another service's mount stand names of files and tokens of mails.
        kept = 2 + kept if parts[0] == "rest" else 2
    shown = [part if _PART.fullmatch(part) else "…" for part in parts[:kept]]
    return "/" + "/".join(shown + (["…"] if len(parts) > kept else []))


def shown_keys(query: str) -> list[str]:
    """Return the keys of a query string as they may be logged; `…` for what is no name.

    Args:
        query: The query string as sent.
    """
    pairs = [pair.partition("=") for pair in query.split("&")[:KEYS_MAX] if pair]
    return [key if equals and _KEY.fullmatch(key) else "…" for key, equals, _value in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that was answered.

    Attributes:
        method: Its verb.
        path: Its path as sent.
        query: Its query string as sent.
        status: The status of its answer; 499 where the client had gone.
        bytes: The length of the answer's body.
        ms: How long it took.
        role: The role that it was answered as, where known.
    """

    method: str
    path: str
    query: str
    status: int
    bytes: int
    ms: float
    role: str = ""


class AccessLog:
    """Writes lines from one event loop; what is written soon after another goes out with it."""

    def __init__(self, *, status_min: int = 0, descriptor: int | None = None) -> None:
        """Write.

        Args:
            status_min: Requests answered with a lower status are not logged.
            descriptor: Where to; stderr by default.
        """
        self._status_min = status_min
        self._descriptor = sys.stderr.fileno() if descriptor is None else descriptor
        self._lines: list[bytes] = []

    def access(self, access: Access) -> None:
        """Log a request."""
        if access.status < self._status_min:
            return
        self.event(
            "request",
            method=access.method,
            path=shown_path(access.path),
            query=shown_keys(access.query),
            status=access.status,
            bytes=access.bytes,
            ms=round(access.ms, 3),
            role=access.role.encode(errors="replace").decode(),
        )

    def event(self, name: str, **facts: Any) -> None:
        """Log an event; no fact may be a value, a key or a connection string."""
        at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        line = _encode({"event": name, "at": at, **facts}) + b"\n"
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush)
        self._lines.append(line)

    def fault(self, error: BaseException) -> None:
        """Log an error that nobody foresaw: its kind and its place, never its text."""
        frames = traceback.extract_tb(error.__traceback__)[-1:]
        where = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
        self.event("fault", error=type(error).__name__, where="".join(where))

    def flush(self) -> None:
        """Write what waits."""
        lines, self._lines = self._lines, []
        piece = b""
        for line in lines:
            if piece and len(piece) + len(line) > WRITE_BYTES:
                self._write(piece)
                piece = b""
            piece += line
        self._write(piece)

    def _write(self, piece: bytes) -> None:
        try:
            while piece:
                piece = piece[os.write(self._descriptor, piece) :]
        except OSError:
            return  # nobody reads the log any more; requests are answered all the same

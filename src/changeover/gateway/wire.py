"""uvicorn's HTTP protocol with what PostgREST's clients and careful operators expect beside it.

Any status with any reason phrase (`RAISE SQLSTATE 'PT…'`), verbs that no list knows, paths with
bytes above 127, a limit on the head of a request and on the time that it may take.
"""

import asyncio
import re
from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from changeover.engine.message import Reply
from changeover.engine.refusal import Refusal
from changeover.gateway.application import SERVER, STATUS_LINE
from changeover.gateway.header import encoded
from changeover.gateway.refusal import HEAD_TOO_LARGE, refuse

HEAD_BYTES_MAX: Final = 64 << 10
HEAD_S_MAX: Final = 30.0

_VERB: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) [^ \r\n]+ HTTP/1\.[01]\r\n")
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")


class _FirstLine:
    """A transport whose next write begins with another status line; one write and it is gone."""

    def __init__(self, cycle: RequestResponseCycle, line: bytes) -> None:
        self._cycle = cycle
        self._transport = cycle.transport
        self._line = line

    def write(self, head: bytes) -> None:
        self._cycle.transport = self._transport
        self._transport.write(self._line + head[head.index(b"\r\n") :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _say(cycle: RequestResponseCycle, status: int, reason: str) -> None:
    """Let the answer of a cycle begin with this status and reason phrase."""
    phrase = "".join(c if c.isprintable() else " " for c in reason)
    line = f"HTTP/1.1 {status} {phrase}".encode("utf-8", "replace")
    cycle.transport = _FirstLine(cycle, line)  # type: ignore[assignment]


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Speak HTTP as uvicorn configures it."""
        super().__init__(*given, **named)
        self._head_bytes = 0
        self._is_in_head = False
        self._is_in_line = True
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: whoever connects has to ask something in time."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._head_timer = self.loop.call_later(HEAD_S_MAX, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a verb that no list knows is refused as PostgREST does."""
        self._unset_keepalive_if_required()
        if self._is_in_line:
            data = self._escaped(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(_head_too_large())
                return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError as error:
            self._misunderstood(error, data)

    def _escaped(self, data: bytes) -> bytes:
        """Escape bytes above 127 in a request's first line; the parser takes none, clients do."""
        end = data.find(b"\n")
        self._is_in_line = end < 0
        line = data if end < 0 else data[:end]
        if line.isascii():
            return data
        line = _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], line)
        return line if end < 0 else line + data[end:]

    def _misunderstood(self, error: httptools.HttpParserError, data: bytes) -> None:
        verb = (
            _VERB.match(data) if isinstance(error, httptools.HttpParserInvalidMethodError) else None
        )
        if verb:
            self._refuse(_unsupported(verb[1].decode("ascii")))
        elif self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(_head_too_large())
        else:
            self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        """Begin to read the head of a request."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S_MAX, self.transport.close)

    def on_headers_complete(self) -> None:
        """Begin to answer.

        Raises:
            ValueError: If the head is too large; the parser turns it into an error of its own.
        """
        self._is_in_head = False
        self._forget_timer()
        self._head_bytes = len(self.url) + sum(len(n) + len(v) for n, v in self.headers)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise ValueError("the head is too large")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End to read a request: what comes next is another's first line."""
        self._is_in_line = True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.scope["extensions"] = {STATUS_LINE: partial(_say, cycle)}  # type: ignore[dict-item]
        super()._start_asgi_task(cycle, app)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, reply: Reply) -> None:
        """Answer what never became a request, and close."""
        lines = [f"HTTP/1.1 {reply.status} \r\n".encode()]
        headers = encoded((*reply.headers, SERVER, ("Connection", "close")))
        for name, value in (*self.server_state.default_headers, *headers):
            lines += [name, b": ", value, b"\r\n"]
        self.transport.write(b"".join([*lines, b"\r\n", reply.body]))
        self.transport.close()


def _unsupported(verb: str) -> Reply:
    return Refusal("PGRST117", f"Unsupported HTTP method: {verb}").reply()


def _head_too_large() -> Reply:
    return refuse(
        HEAD_TOO_LARGE,
        f"The path and headers are larger than {HEAD_BYTES_MAX} bytes.",
        hint="Send long lists to a function, in the body.",
    )

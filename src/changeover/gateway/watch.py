"""Who ends a request's work when its time is over or its client has gone.

A request that is answered quickly pays for one timer and nothing else: only after `LOOK_S` does
anybody look whether the client is still there.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]

LOOK_S: Final = 0.25
"""How often a long request is looked at, in seconds."""


class End(StrEnum):
    """Why work was ended."""

    GONE = "gone"
    TOO_SLOW = "too_slow"


class Ended(Exception):  # noqa: N818 - an event, named as such
    """The work was ended before it was done."""

    def __init__(self, end: End) -> None:
        """Say why."""
        super().__init__(end)
        self.end = end


class Watch:
    """Watches one request; a context manager around its work."""

    def __init__(self, receive: Receive, seconds_max: float) -> None:
        """Watch.

        Args:
            receive: The request's events.
            seconds_max: How long the work may take; 0 for no limit.
        """
        self._receive = receive
        self._seconds_max = seconds_max
        self._end: End | None = None
        self._listener: asyncio.Task[None] | None = None
        self._is_body_read = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "requests are answered by tasks"
        self._work = task
        self._loop = task.get_loop()
        self._began_s = self._loop.time()
        self._timer = self._loop.call_later(LOOK_S, self._look)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self._end is not None:
            self._work.uncancel()
            if kind is asyncio.CancelledError:
                raise Ended(self._end) from None

    def body_read(self) -> None:
        """Tell that the body is complete: whatever comes now is the client's going."""
        self._is_body_read = True

    def _look(self) -> None:
        spent_s = self._loop.time() - self._began_s
        if self._seconds_max and spent_s >= self._seconds_max:
            self._finish(End.TOO_SLOW)
            return
        if self._is_body_read and self._listener is None:
            self._listener = self._loop.create_task(self._listen())
        left_s = self._seconds_max - spent_s if self._seconds_max else LOOK_S
        self._timer = self._loop.call_later(min(LOOK_S, left_s), self._look)

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._finish(End.GONE)

    def _finish(self, end: End) -> None:
        if self._end is None:
            self._end = end
            self._work.cancel()

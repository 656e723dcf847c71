"""Running a method's operations on a backend within the limits, in two colours.

What answers too late is given up: the blocking colour leaves the call to its thread, the
asynchronous one cancels it.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, Protocol

from changeover import TimedOutError
from salon.layer.moment import require_aware
from salon.layer.operation import Answer, Operation, Read, Row, Steps
from salon.layer.setting import Settings

THREADS_MAX: Final = 32
"""Operations of one blocking layer that are under way; more wait, within their own limit."""


class Backend(Protocol):
    """What answers operations at once."""

    def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""


class AsyncBackend(Protocol):
    """What answers operations when it is awaited."""

    async def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the methods of a layer know of their surroundings.

    Attributes:
        settings: The limits.
        clock: The current moment, with its offset.
        timer: Seconds that only rise, for durations.
    """

    settings: Settings
    clock: Callable[[], dt.datetime]
    timer: Callable[[], float] = time.monotonic


class Methods:
    """What every method has at hand."""

    setup: Setup

    def now(self) -> dt.datetime:
        """Return the current moment in UTC."""
        return require_aware(self.setup.clock())


class Driver:
    """The blocking colour."""

    def __init__(self, backend: Backend, setup: Setup) -> None:
        self._backend = backend
        self._setup = setup
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="salon-layer")

    def answer(self, steps: Steps[Any]) -> Answer[Any]:
        """Return what a method came to.

        Raises:
            TimedOutError: An operation took longer than its limit.
        """
        try:
            operation = next(steps)
            while True:
                operation = steps.send(self._rows(operation))
        except StopIteration as end:
            found: Answer[Any] = end.value
            return found

    def _rows(self, operation: Operation) -> list[Row]:
        limit_ms = _limit_ms(operation, self._setup.settings)
        # The routing and tracing of the caller go along into the thread.
        task = self._threads.submit(copy_context().run, self._backend.rows, operation)
        try:
            return task.result(limit_ms / 1000)
        except TimeoutError:
            if task.done():
                raise
            task.cancel()
            raise _late(operation, limit_ms) from None

    def close(self) -> None:
        """End the threads that wait for work; the backend is the caller's and stays open."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class AsyncDriver:
    """The awaited colour."""

    def __init__(self, backend: AsyncBackend, setup: Setup) -> None:
        self._backend = backend
        self._setup = setup

    async def answer(self, steps: Steps[Any]) -> Answer[Any]:
        """Return what a method came to; see `Driver.answer`."""
        try:
            operation = next(steps)
            while True:
                operation = steps.send(await self._rows(operation))
        except StopIteration as end:
            found: Answer[Any] = end.value
            return found

    async def _rows(self, operation: Operation) -> list[Row]:
        limit_ms = _limit_ms(operation, self._setup.settings)
        try:
            async with asyncio.timeout(limit_ms / 1000) as limit:
                return await self._backend.rows(operation)
        except TimeoutError:
            if not limit.expired():
                raise
            raise _late(operation, limit_ms) from None


def _limit_ms(operation: Operation, settings: Settings) -> int:
    own = operation.timeout_ms if isinstance(operation, Read) else None
    return settings.query_timeout_ms if own is None else own


def _late(operation: Operation, limit_ms: int) -> TimedOutError:
    return TimedOutError(
        f"public.{operation.table}: no answer within {limit_ms} ms",
        hint="a write may still happen; the same upsert again does no harm",
    )

"""Two colours of one store: what runs a method's steps on a backend, and what makes it a method."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from salon.whatsapp.operation import Operation, Pause, Steps, Work
from salon.whatsapp.setting import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Backend(Protocol):
    """What does an operation at once."""

    def run(self, operation: Operation) -> Any:
        """Return what an operation comes to.

        Raises:
            ChangeoverError: One of the public classes.
        """


class AsyncBackend(Protocol):
    """What does an operation when it is awaited; see `Backend`."""

    async def run(self, operation: Operation) -> Any:
        """Return what an operation comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the methods of a store know of their surroundings.

    Attributes:
        settings: Lives, waits, intervals.
        clock: The current moment, with its offset.
    """

    settings: Settings
    clock: Callable[[], dt.datetime]


class Blocking:
    """Answers at once.

    Attributes:
        backend: What does operations.
        turn: Held by the one method under way of those that take turns.
    """

    backend: Backend
    turn: threading.Lock

    def run_in_turn(self, steps: Steps[R]) -> R:
        """Run a method to its end when no other one of its kind is under way."""
        with self.turn:
            return self.run(steps)

    def run(self, steps: Steps[R]) -> R:
        """Run a method to its end."""
        try:
            request = next(steps)
            while True:
                try:
                    found = self._done(request)
                except Exception as error:  # noqa: BLE001 - the method's to handle or to raise
                    request = steps.throw(error)
                else:
                    request = steps.send(found)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _done(self, request: Operation | Pause | Work) -> Any:
        match request:
            case Pause():
                return time.sleep(request.seconds)
            case Work():
                return request.act()
        return self.backend.run(request)


class Awaited:
    """Answers when it is awaited; see `Blocking`."""

    backend: AsyncBackend
    turn: asyncio.Lock

    async def run_in_turn(self, steps: Steps[R]) -> R:
        """Run a method to its end when no other one of its kind is under way."""
        async with self.turn:
            return await self.run(steps)

    async def run(self, steps: Steps[R]) -> R:
        """Run a method to its end."""
        try:
            request = next(steps)
            while True:
                try:
                    found = await self._done(request)
                except Exception as error:  # noqa: BLE001 - the method's to handle or to raise
                    request = steps.throw(error)
                else:
                    request = steps.send(found)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def _done(self, request: Operation | Pause | Work) -> Any:
        match request:
            case Pause():
                return await asyncio.sleep(request.seconds)
            case Work():
                return await asyncio.to_thread(request.act)
        return await self.backend.run(request)


class Call(Generic[P, R]):
    """A method of both colours; make one with `call` or `call_in_turn`.

    Attributes:
        steps: The generator function as it was written.
        takes_turns: Whether one at a time is under way on an instance.
    """

    def __init__(
        self, steps: Callable[Concatenate[Any, P], Steps[R]], *, takes_turns: bool
    ) -> None:
        self.steps = steps
        self.takes_turns = takes_turns
        update_wrapper(self, steps)  # type: ignore[arg-type]

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: Blocking, owner: type[Any]) -> Callable[P, R]: ...

    @overload
    def __get__(
        self, instance: Awaited, owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return the method of an instance, in its colour."""
        if instance is None:
            return self

        def method(*args: P.args, **options: P.kwargs) -> Any:
            run = instance.run_in_turn if self.takes_turns else instance.run
            return run(self.steps(instance, *args, **options))

        return update_wrapper(method, self.steps)


def call(steps: Callable[Concatenate[Any, P], Steps[R]]) -> Call[P, R]:
    """Make a method of both colours from a generator of operations."""
    return Call(steps, takes_turns=False)


def call_in_turn(steps: Callable[Concatenate[Any, P], Steps[R]]) -> Call[P, R]:
    """Make a method as `call` does, of which one at a time is under way on an instance."""
    return Call(steps, takes_turns=True)

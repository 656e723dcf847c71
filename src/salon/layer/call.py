"""`call`: a method that is written once and called in four ways.

A layer answers it at once or when it is awaited, with its data or in the original result shape.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from salon.layer.driver import AsyncDriver, Driver, Methods
from salon.layer.operation import Steps
from salon.layer.result import Result, of_answer, of_error

P = ParamSpec("P")
R = TypeVar("R")


class Way(Methods, ABC):
    """One of the four ways; `serve` decides what calling a method gives."""

    @abstractmethod
    def serve(self, name: str, steps: Callable[[], Steps[Any]]) -> Any:
        """Return what a call gives.

        Args:
            name: The method.
            steps: What binds the arguments and begins the method.
        """


class Blocking(Way):
    """Answers at once with the data, or raises."""

    driver: Driver

    def serve(self, name: str, steps: Callable[[], Steps[Any]]) -> Any:  # noqa: ARG002 - a way
        """Return the data."""
        return self.driver.answer(steps()).data


class Awaited(Way):
    """Answers with the data when it is awaited, or raises."""

    driver: AsyncDriver

    async def serve(self, name: str, steps: Callable[[], Steps[Any]]) -> Any:  # noqa: ARG002 - a way
        """Return the data."""
        return (await self.driver.answer(steps())).data


class BlockingShape(Way):
    """Answers at once in the original shape, and never raises."""

    driver: Driver

    def serve(self, name: str, steps: Callable[[], Steps[Any]]) -> Result:
        """Return the shape."""
        try:
            return of_answer(name, self.driver.answer(steps()), self.setup.clock())
        except Exception as error:  # noqa: BLE001 - the shape's promise; the error is in it
            return of_error(name, error, self.setup.clock())


class AwaitedShape(Way):
    """Answers in the original shape when it is awaited, and never raises."""

    driver: AsyncDriver

    async def serve(self, name: str, steps: Callable[[], Steps[Any]]) -> Result:
        """Return the shape."""
        try:
            return of_answer(name, await self.driver.answer(steps()), self.setup.clock())
        except Exception as error:  # noqa: BLE001 - the shape's promise; the error is in it
            return of_error(name, error, self.setup.clock())


class Call(Generic[P, R]):
    """A method of all four ways; make one with `call`.

    Attributes:
        steps: The generator function as it was written.
    """

    def __init__(self, steps: Callable[Concatenate[Any, P], Steps[R]]) -> None:
        self.steps = steps
        self._name = steps.__name__
        whole = inspect.signature(steps)
        _, *others = whole.parameters.values()
        self._signature = whole.replace(
            parameters=others, return_annotation=inspect.Signature.empty
        )
        update_wrapper(self, steps)  # type: ignore[arg-type]

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: Blocking, owner: type[Any]) -> Callable[P, R]: ...

    @overload
    def __get__(
        self, instance: Awaited, owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...

    @overload
    def __get__(self, instance: BlockingShape, owner: type[Any]) -> Callable[P, Result]: ...

    @overload
    def __get__(
        self, instance: AwaitedShape, owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, Result]]: ...

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return the method of an instance, in its way."""
        if instance is None:
            return self

        def method(*args: P.args, **options: P.kwargs) -> Any:
            return instance.serve(self._name, lambda: self.steps(instance, *args, **options))

        method.__name__ = self._name
        method.__doc__ = self.steps.__doc__
        method.__signature__ = self._signature  # type: ignore[attr-defined]
        return method


def call(steps: Callable[Concatenate[Any, P], Steps[R]]) -> Call[P, R]:
    """Make a method of all four ways from a generator of operations."""
    return Call(steps)

"""A repository's method, written once for both colours: `conversation`.

It turns a generator of the table's steps into a method that a `Repository` answers at once and an
`AsyncRepository` when it is awaited.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from changeover.repository.repository import AsyncRepository, Repository
from changeover.repository.table import Steps

P = ParamSpec("P")
R = TypeVar("R")


class Conversation(Generic[P, R]):
    """A method of both colours; make one with `conversation`.

    Attributes:
        steps: The generator function as it was written, for other conversations to go through
            with `yield from`.
    """

    def __init__(self, steps: Callable[Concatenate[Any, P], Steps[R]]) -> None:
        """Take the generator function."""
        self.steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: Repository[Any], owner: type[Any]) -> Callable[P, R]: ...

    @overload
    def __get__(
        self, instance: AsyncRepository[Any], owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return the method of an instance, in its colour."""
        if instance is None:
            return self

        def method(*args: P.args, **options: P.kwargs) -> Any:
            return instance.run(self.steps(instance, *args, **options))

        method.__doc__ = self.__doc__
        return method


def conversation(steps: Callable[Concatenate[Any, P], Steps[R]]) -> Conversation[P, R]:
    """Make a method of both colours from a function that returns steps.

    Args:
        steps: A method of a class derived from `Methods`: it returns steps of `self.table`, or is
            a generator that goes through several with `yield from`.
    """
    return Conversation(steps)

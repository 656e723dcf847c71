"""Something asynchronous, called like its synchronous twin: one test for both colours."""

import sys
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Waited:
    """An asynchronous database or repository whose methods wait.

    A class of a synchronous repository that is handed over becomes its twin, the one of the same
    module whose name begins with Async.
    """

    def __init__(self, loop: AbstractEventLoop, wrapped: Any) -> None:
        """Wrap it."""
        self._loop = loop
        self.wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        """Return a method that waits for what it returns, and for its blocks."""
        method = getattr(self.wrapped, name)
        if not callable(method):
            return method

        def call(*args: Any, **options: Any) -> Any:
            result = method(*map(_twin, args), **options)
            if hasattr(result, "__aenter__"):
                return self._block(result)
            return self._wrap(self._loop.run_until_complete(result))

        return call

    def _wrap(self, value: Any) -> Any:
        return Waited(self._loop, value) if hasattr(value, "transaction") else value

    @contextmanager
    def _block(self, block: Any) -> Iterator[Any]:
        inside = self._loop.run_until_complete(block.__aenter__())
        try:
            yield self._wrap(inside)
        except BaseException as error:
            end = block.__aexit__(type(error), error, error.__traceback__)
            if not self._loop.run_until_complete(end):
                raise
        else:
            self._loop.run_until_complete(block.__aexit__(None, None, None))


def _twin(value: Any) -> Any:
    if not isinstance(value, type) or not hasattr(value, "transaction"):
        return value
    return getattr(sys.modules[value.__module__], f"Async{value.__name__}")

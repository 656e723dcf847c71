"""What runs a generator of steps in either colour: a step is taken, its value or error sent back.

The steps say what is waited for, and decide what an error means. How is for each colour to say.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


def drive(steps: Generator[S, Any, T], take: Callable[[S], Any]) -> T:
    """Return what steps return.

    Args:
        steps: The steps.
        take: Waits for one of them.
    """
    try:
        step = next(steps)
        while True:
            try:
                value = take(step)
            except BaseException as error:  # noqa: BLE001 - the steps decide, and raise it on
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        answer: T = end.value
        return answer


async def drive_async(steps: Generator[S, Any, T], take: Callable[[S], Awaitable[Any]]) -> T:
    """Return what steps return; see `drive`.

    Args:
        steps: The steps.
        take: Waits for one of them.
    """
    try:
        step = next(steps)
        while True:
            try:
                value = await take(step)
            except BaseException as error:  # noqa: BLE001 - the steps decide, and raise it on
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        answer: T = end.value
        return answer

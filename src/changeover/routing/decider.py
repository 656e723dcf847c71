"""Somebody else's flags in the place of our percentage: how they are asked, and not believed.

A provider of flags may be away, slow to start, or hand back a text where a side was asked for (some
do that on an error, and any text is true). Whatever isn't plainly a side is no decision, and our
own rule decides.
"""

from collections.abc import Callable
from typing import Final

from changeover.model.observation import Observer
from changeover.model.routing_observation import DeciderFailed
from changeover.model.side import Side
from changeover.routing.context import Context
from changeover.routing.rule import State

Decider = Callable[[State, Context], Side | None]
"""Says which side answers a read; None for whoever does not want to decide.

It is called in the caller's own thread or loop, in the stage `live`, for reads that may go to the
target: it must answer from memory, as providers of flags do.
"""

_NOT_A_SIDE: Final = "WrongType"


def checked(decider: Decider, state: State, context: Context, observer: Observer) -> Side | None:
    """Return what a decider says, or None if it did not decide.

    Args:
        decider: Who is asked.
        state: What is known of the move.
        context: Whom the request is for.
        observer: Told of failures.
    """
    try:
        side: object = decider(state, context)
    except Exception as error:  # noqa: BLE001 - somebody else's code: counted, and our rule decides
        observer(DeciderFailed(error=type(error).__name__))
        return None
    if side is None or isinstance(side, Side):
        return side
    observer(DeciderFailed(error=_NOT_A_SIDE))
    return None

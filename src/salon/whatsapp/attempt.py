"""Trying an operation again: what passes by itself, and the wait for a swap."""

from typing import Any, Final

from changeover import (
    CannotConnectError,
    OutcomeUnknownError,
    TooManyConnectionsError,
    TransactionConflictError,
    WritesPausedError,
)
from salon.whatsapp.operation import Operation, Pause, Steps

PAUSES_S: Final = (0.1, 0.2, 0.4)
"""Waits before an operation that met a transient fault is tried again."""

SWAP_POLL_S: Final = 0.1
"""Between two attempts to write while a swap keeps writes closed."""

TRANSIENT: Final = (
    CannotConnectError,
    OutcomeUnknownError,
    TooManyConnectionsError,
    TransactionConflictError,
)
"""What may pass. An operation whose outcome is unknown may be repeated, as all of them may."""


def attempted(operation: Operation, *, swap_wait_s: float) -> Steps[Any]:
    """Return what an operation comes to; try again where that can help, and raise in the end.

    Args:
        operation: What to do.
        swap_wait_s: Longest wait for a swap. A refused write is known not to have happened.
    """
    left = iter(PAUSES_S)
    waited_s = 0.0
    while True:
        try:
            return (yield operation)
        except WritesPausedError:
            if waited_s >= swap_wait_s:
                raise
            pause_s = SWAP_POLL_S
            waited_s += pause_s
        except TRANSIENT:
            pause_s = next(left, 0.0)
            if not pause_s:
                raise
        yield Pause(pause_s)

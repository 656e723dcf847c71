"""One operator at a time: whoever installs, removes or applies holds a lock of the target.

It keeps two operators from working into each other's statements, and tells the second who the first
is. What must never be done twice is guarded by locks of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import errors as pg

from changeover.control.move import ROOM, Connection, Move
from changeover.control.place import LOCK_ROOM
from changeover.database import fixed
from changeover.model.errors import OperatorAtWorkError
from changeover.model.side import Side

WAIT_MS: Final = 3000
"""So long a killed command's session may still be there."""

_KEY: Final = {"room": LOCK_ROOM, "number": 1 << 30}


@contextmanager
def alone(move: Move, command: str) -> Iterator[None]:
    """Hold the target's lock of operators.

    Args:
        move: The move.
        command: What is being done; shown to the operator who comes second.

    Raises:
        OperatorAtWorkError: If another command holds it.
    """
    with move.connect_owner(Side.TARGET, command, lock_timeout_ms=WAIT_MS) as target:
        try:
            target.execute(fixed(ROOM, "wait_for_turn"), _KEY)
        except pg.LockNotAvailable:
            raise _at_work(target) from None
        yield


def _at_work(target: Connection) -> OperatorAtWorkError:
    row = target.execute(fixed(ROOM, "read_turn"), _KEY).fetchone()
    who = f"`{row[1]}` (process {row[0]} of the target, since {row[2]})" if row else "a command"
    return OperatorAtWorkError(
        f"another operator is at work: {who}; nothing was changed",
        hint="wait until it is over, then look: `changeover status`",
    )

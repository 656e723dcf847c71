"""The fence: a side refuses application writes by its own triggers, whoever the writer is.

"Open" is the value of a sequence, because a sequence is read outside every snapshot: a flag in a
row would be passed by a REPEATABLE READ writer that is older than the flag.
"""

import time
from dataclasses import dataclass
from typing import Final

from psycopg import errors as pg

from changeover.control.move import ROOM, Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import FenceNotClosedError, StaleAttemptError
from changeover.model.fault import Fault
from changeover.model.side import Side
from changeover.transfer.trigger import OPEN

POLL_S: Final = 0.002
_MINE: Final = "changeover.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A transaction that held a lock of a writer when the fence went up.

    Attributes:
        virtual_transaction: `pg_locks.virtualtransaction`.
        backend: Its process id.
    """

    virtual_transaction: str
    backend: int


def is_open(connection: Connection) -> bool:
    """Return whether a side lets application writes pass."""
    row = connection.execute(fixed(ROOM, "read_side")).fetchone()
    return row is not None and row[7] == OPEN


def set_fence(connection: Connection, side: Side, attempt: int, *, is_open: bool) -> None:
    """Open or close a side for an attempt.

    Args:
        connection: A session of the owner, in autocommit.
        side: The side that it leads to.
        attempt: The number of the swap's attempt.
        is_open: Whether application writes shall pass.

    Raises:
        StaleAttemptError: If a newer attempt has touched this fence.
    """
    try:
        connection.execute("SELECT changeover.set_fence(%s, %s)", (attempt, is_open))
    except pg.DatabaseError as error:
        if error.sqlstate == "CO407":
            raise StaleAttemptError(
                f"{side}: {error.diag.message_primary}",
                hint="another operator went on; look at `changeover status`",
            ) from error
        with translated(side, "moving the fence"):
            raise


def require_attempt(connection: Connection, side: Side, attempt: int) -> None:
    """Lock a side's row until the transaction ends, and refuse work of an older attempt.

    Raises:
        StaleAttemptError: If a newer attempt has touched this side, or it is open to writers.
    """
    row = connection.execute(fixed(_MINE, "lock_side")).fetchone()
    assert row is not None, "the side's row was written with the schema"
    if row[0] > attempt or row[1] != "closed":
        raise _stale(side, attempt, row[0])


def promise(connection: Connection, side: Side, attempt: int) -> bool:
    """Book that an attempt is about to open a side, until the caller's transaction ends and after.

    Whoever still wants to put that side to rest is refused from then on: what is woken now must
    not be laid down by a process that overslept.

    Args:
        connection: A session of the owner, inside a transaction.
        side: The side that becomes the primary.
        attempt: The number of the swap's attempt.

    Returns:
        False if this attempt has opened it already, so that nothing is left to wake.

    Raises:
        StaleAttemptError: If a newer attempt has touched this side.
    """
    row = connection.execute(fixed(_MINE, "lock_side")).fetchone()
    assert row is not None, "the side's row was written with the schema"
    if row[0] > attempt:
        raise _stale(side, attempt, row[0])
    if (row[0], row[1]) == (attempt, "open"):
        return False
    connection.execute(fixed(ROOM, "promise_side"), {"attempt": attempt})
    return True


def require_fenced(connection: Connection, side: Side, attempt: int) -> None:
    """Make sure that a side is still closed, and by this attempt.

    Raises:
        StaleAttemptError: If it is open, or another attempt has touched it.
    """
    row = connection.execute(fixed(ROOM, "read_side")).fetchone()
    assert row is not None, "the side's row was written with the schema"
    if row[3] != attempt or row[7] == OPEN:
        raise _stale(side, attempt, row[3])


def _stale(side: Side, attempt: int, newest: int) -> StaleAttemptError:
    return StaleAttemptError(
        f"{side}: attempt {attempt} is older than attempt {newest}, or the side is open",
        hint="another operator went on; look at `changeover status`",
    )


def close(move: Move, connection: Connection, side: Side, attempt: int) -> float:
    """Close a side and wait until writers that were in flight are over.

    Args:
        move: The move; its settings bound the wait.
        connection: A session of the owner, in autocommit.
        side: The side.
        attempt: The number of the swap's attempt.

    Returns:
        Seconds that the writers in flight took.

    Raises:
        FenceNotClosedError: If they did not end within `writer_wait_s`.
        StaleAttemptError: If a newer attempt has touched this fence.
    """
    refuse_prepared(connection, side)
    if Fault.FENCE_STAYS_OPEN not in move.hooks.faults:
        set_fence(connection, side, attempt, is_open=False)
    move.hooks.reached("fence.set")
    began = time.monotonic()
    holders = writers_in_flight(connection)
    move.hooks.reached("fence.waiting")
    while holders:
        if time.monotonic() - began > move.settings.swap.writer_wait_s:
            backends = ", ".join(str(holder.backend) for holder in holders)
            raise FenceNotClosedError(
                f"{side}: {len(holders)} transaction(s) that write were still open after "
                f"{move.settings.swap.writer_wait_s} s (backends {backends})",
                hint="let them end, or raise writer_wait_s in [swap], and swap again",
            )
        time.sleep(POLL_S)
        holders = still_there(connection, holders)
    # A writer in flight that was prepared meanwhile is not over, and holds no virtual transaction.
    refuse_prepared(connection, side)
    return time.monotonic() - began


def refuse_prepared(connection: Connection, side: Side) -> None:
    """Refuse a swap while a prepared transaction of this database exists: it outlives sessions."""
    row = connection.execute(fixed(_MINE, "count_prepared")).fetchone()
    if row is not None and row[0]:
        raise FenceNotClosedError(
            f"{side}: {row[0]} prepared transaction(s) are waiting for a COMMIT PREPARED",
            hint="commit or roll them back first: pg_prepared_xacts names them",
        )


def writers_in_flight(connection: Connection) -> tuple[Holder, ...]:
    """Return the transactions that hold a writer's lock on a moved table or on the change log."""
    rows = connection.execute(fixed(_MINE, "read_writers")).fetchall()
    return tuple(Holder(virtual_transaction=row[0], backend=row[1]) for row in rows)


def still_there(connection: Connection, holders: tuple[Holder, ...]) -> tuple[Holder, ...]:
    """Return those of some transactions that are not over."""
    names = [holder.virtual_transaction for holder in holders]
    rows = connection.execute(fixed(_MINE, "read_still_there"), {"names": names}).fetchall()
    alive = {row[0] for row in rows}
    return tuple(holder for holder in holders if holder.virtual_transaction in alive)

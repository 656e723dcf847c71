"""What follows a decision or an abort: repeated until it is done, by the owner or the watchdog."""

from typing import Final

from changeover.control.move import ROOM, Connection, Move
from changeover.control.swap import (
    Event,
    Phase,
    Swap,
    advance,
    begin_abort,
    read_swap,
    release_writers,
)
from changeover.database import fixed
from changeover.journey.owner import Owners
from changeover.model.errors import SwapAbortedError
from changeover.model.fault import Fault
from changeover.model.observation import SwapMoved
from changeover.model.side import Side
from changeover.transfer import fence, rest

_MINE: Final = "changeover.journey"


def finish(move: Move, swap: Swap, target: Connection, owners: Owners) -> Swap:
    """Repeat what follows a decision or an abort until it is done.

    Args:
        move: The move.
        swap: A swap that is decided or aborting.
        target: A session of the target's owner, in autocommit.
        owners: Sessions of both owners for what is done on the sides.
    """
    steps = {
        Phase.DECIDED: (_open_new_primary, Event.FENCE_OPENED),
        Phase.OPENED: (_rest_old_primary, Event.OTHER_AT_REST),
        Phase.ABORTING: (_reopen_old_primary, Event.FENCE_REOPENED),
    }
    while swap.phase in steps:
        act, event = steps[swap.phase]
        move.hooks.reached(f"swap.before_{event}")
        act(move, swap, owners)
        move.hooks.reached(f"swap.done_{event}")
        try:
            swap = advance(target, swap, event)
        except SwapAbortedError:
            swap = read_swap(target, swap.swap_id)
        release_writers(target)
        move.observer(SwapMoved(swap_id=swap.swap_id, kind=str(swap.kind), phase=str(swap.phase)))
        move.hooks.reached(f"swap.{swap.phase}")
    return swap


def _open_new_primary(_move: Move, swap: Swap, owners: Owners) -> None:
    side = swap.kind.new_primary
    connection = owners.session(side)
    if side is Side.SOURCE:
        with connection.transaction():
            if fence.promise(connection, side, swap.attempt):
                rest.wake(connection, side)
            connection.execute(fixed(ROOM, "adopt_epoch"), {"epoch": swap.epoch})
    fence.set_fence(connection, side, swap.attempt, is_open=True)


def _rest_old_primary(move: Move, swap: Swap, owners: Owners) -> None:
    side = swap.kind.old_primary
    connection = owners.session(side)
    if Fault.FENCE_STAYS_OPEN not in move.hooks.faults:
        with connection.transaction():
            fence.require_attempt(connection, side, swap.attempt)
        _end_owners(connection)
    rest.put_to_rest(move, side, swap.attempt)
    if side is Side.SOURCE:
        connection.execute(fixed(ROOM, "adopt_epoch"), {"epoch": swap.epoch})


def _reopen_old_primary(_move: Move, swap: Swap, owners: Owners) -> None:
    side = swap.kind.old_primary
    connection = owners.session(side)
    fence.set_fence(connection, side, swap.attempt, is_open=True)
    _end_owners(connection)


def _end_owners(connection: Connection) -> None:
    """End sessions of an owner that stopped while it held the moved tables.

    The decision or the abort is committed, and this side has seen no newer attempt: nobody needs
    these locks any more, and the next swap would have to wait for them.
    """
    connection.execute(fixed(_MINE, "end_owners"))


def resume(move: Move, swap: Swap, target: Connection) -> Swap:
    """End a swap whose owner is gone: on when it is decided, back otherwise.

    Args:
        move: The move.
        swap: A swap that is not over.
        target: A session of the target's owner, in autocommit.
    """
    if not swap.phase.is_decided and swap.phase is not Phase.ABORTING:
        swap = begin_abort(target, swap.swap_id, "its owner was gone past the deadline")
    with Owners(move) as owners:
        return finish(move, swap, target, owners)

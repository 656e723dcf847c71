"""Cancelling a move before its cutover: capture, logs and fence are removed from both sides.

The source goes on as it was. The target keeps the rows that were copied, and its own triggers and
foreign keys come back; nothing carries changes to it any more.
"""

from dataclasses import dataclass

from changeover.control.move import (
    ROOM,
    Connection,
    Move,
    is_installed,
    read_pairs,
    require_places,
)
from changeover.control.swap import open_swap
from changeover.control.turn import alone
from changeover.database import fixed
from changeover.model.errors import WrongStageError
from changeover.model.observation import phase
from changeover.model.side import Side, Stage
from changeover.transfer import capture, fence, rest
from changeover.transfer.identity import drop_role
from changeover.transfer.mirror import read_control


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What `cancel` left.

    Attributes:
        tables: Tables that are free of triggers of ours, on both sides.
        unvalidated: Foreign keys of the target that orphans leave NOT VALID.
    """

    tables: int
    unvalidated: tuple[str, ...]


def require_cancellable(move: Move) -> None:
    """Refuse while the target has, had or is about to have the authority.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        WrongStageError: If the move is past its cutover, or a swap is under way.
    """
    require_places(move)
    with move.connect_owner(Side.TARGET, "cancel") as target:
        if is_installed(target):
            _require(target)


def _require(target: Connection) -> None:
    control, swap = read_control(target), open_swap(target)
    if swap is not None:
        raise WrongStageError(
            f"a {swap.kind} is in phase {swap.phase}", hint="wait for it: `changeover status`"
        )
    if control.primary is not Side.SOURCE or control.stage == Stage.COMPLETE:
        raise WrongStageError(
            f"the {control.primary} is the primary, stage {control.stage}: writes would be lost",
            hint="run `changeover rollback` first, or `changeover finish` to end the move",
        )


def _end(move: Move) -> None:
    """End the move under the control row's lock: no swap begins while its fence is taken away."""
    with move.connect_owner(Side.TARGET, "cancel") as target, target.transaction():
        if is_installed(target):
            target.execute(fixed(ROOM, "lock_control"))
            _require(target)
            target.execute(fixed(ROOM, "end_control"))


def cancel(move: Move) -> Cancelled:
    """Remove what was installed on both sides; repeatable, the target's part comes last.

    Raises:
        WrongStageError: If the move is past its cutover, or a swap is under way.
    """
    with phase(move.observer, "cancel"), alone(move, "capture remove"):
        require_cancellable(move)
        _end(move)
        return _remove(move)


def _remove(move: Move) -> Cancelled:
    pairs = read_pairs(move)
    capture.remove(move, Side.SOURCE, [pair.source for pair in pairs])
    drop_role(move, Side.SOURCE)
    unvalidated: tuple[str, ...] = ()
    with move.connect_owner(Side.TARGET, "cancel") as target:
        is_there = is_installed(target)
        if is_there:
            with target.transaction():
                fence.promise(target, Side.TARGET, read_control(target).attempt)
                rest.wake(target, Side.TARGET)
    if is_there:
        unvalidated = rest.validate(move, Side.TARGET)
    capture.remove(move, Side.TARGET, [pair.target for pair in pairs])
    drop_role(move, Side.TARGET)
    return Cancelled(tables=len(pairs), unvalidated=unvalidated)

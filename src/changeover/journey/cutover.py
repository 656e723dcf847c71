"""Cutover and rollback: the gates, then the swap. Rollback is cutover backwards."""

from dataclasses import dataclass

from changeover.control.move import (
    Move,
    installed_pairs,
    is_installed,
    require_installed,
    require_places,
)
from changeover.control.swap import Kind, in_progress, open_swap, require_stage
from changeover.journey.completion import resume
from changeover.journey.gate import Gate, gates, require_green
from changeover.journey.swap import Driver, Swapped
from changeover.model.observation import phase
from changeover.model.side import Side
from changeover.transfer.mirror import read_control


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that a swap does, for a dry run."""

    where: str
    what: str


def cutover(move: Move) -> Swapped:
    """Give the authority for writes to the target.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        WrongStageError: If the target has the authority already.
        GateRefusedError: If a gate is not green; nothing was changed.
        SwapAbortedError: If it was driven back; the source accepts writes again.
        SwapInProgressError: If another swap is under way.
    """
    return _swap(move, Kind.CUTOVER)


def rollback(move: Move) -> Swapped:
    """Give the authority back to the source, with everything that was written since.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        WrongStageError: If the source has the authority, or the move is finished.
        GateRefusedError: If a gate is not green; nothing was changed.
        SwapAbortedError: If it was driven back; the target accepts writes again.
        SwapInProgressError: If another swap is under way.
    """
    return _swap(move, Kind.ROLLBACK)


def _swap(move: Move, kind: Kind) -> Swapped:
    with phase(move.observer, str(kind)):
        require_places(move)
        recover(move)
        require_possible(move, kind)
        pairs = installed_pairs(move)
        require_green(
            gates(move, kind, pairs, wait_s=move.settings.routing.client_wait_s_max), kind
        )
        with move.connect_owner(Side.TARGET, "swap") as target:
            return Driver(move, kind, target).run(pairs)


def require_possible(move: Move, kind: Kind) -> None:
    """Refuse a swap that no gate can help: the wrong stage, or another one under way.

    Raises:
        WrongStageError: If the authority is not where this kind takes it from.
        SwapInProgressError: If another swap is under way.
    """
    with move.connect_owner(Side.TARGET, "swap") as target:
        require_installed(target, Side.TARGET)
        swap = open_swap(target)
        if swap is not None:
            raise in_progress(swap)
        control = read_control(target)
    require_stage(kind, control.primary, control.stage, is_finished=control.is_finished)


def recover(move: Move) -> bool:
    """End a swap that was left behind, as the watchdog would.

    Returns:
        Whether there was one.
    """
    with move.connect_owner(Side.TARGET, "swap") as target:
        swap = open_swap(target) if is_installed(target) else None
        if swap is None or not (swap.is_left if swap.phase.can_only_go_on else swap.is_late):
            return False
        resume(move, swap, target)
        return True


def evaluate(move: Move, kind: Kind) -> tuple[Gate, ...]:
    """Evaluate the gates of a swap without beginning it."""
    return gates(move, kind, installed_pairs(move))


def plan(kind: Kind) -> tuple[Action, ...]:
    """Return what a swap does, in order, for a dry run."""
    old, new = kind.old_primary, kind.new_primary
    return (
        Action(where=str(Side.TARGET), what=f"book the {kind} under a new attempt"),
        Action(where=str(old), what="close the fence; wait until writers in flight are over"),
        Action(where=f"{old} → {new}", what="run the mirror until the change log is empty"),
        Action(where=str(old), what="lock every moved table IN ROW EXCLUSIVE MODE"),
        Action(where=str(old), what="check log, books, triggers and definitions once more"),
        Action(where=str(new), what="set sequences past both sides; refresh materialized views"),
        Action(
            where=str(Side.TARGET),
            what=f"commit the decision: epoch + 1, primary {new}, stage {kind.stage_after}, "
            "rollout 0 %",
        ),
        Action(where=str(new), what="put foreign keys and triggers back; open the fence"),
        Action(where=str(old), what="put foreign keys and triggers to rest; it stays fenced"),
        Action(where=str(new), what="validate the foreign keys"),
    )

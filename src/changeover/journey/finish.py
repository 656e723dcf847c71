"""Finish: the target stands alone, the evidence is kept, the source stays fenced."""

from dataclasses import dataclass
from typing import Final

from changeover.catalog.pair import Pair
from changeover.control import rollout
from changeover.control.event import record
from changeover.control.login import forget_login
from changeover.control.move import ROOM as CONTROL
from changeover.control.move import (
    Connection,
    Move,
    installed_pairs,
    read_pairs,
    require_places,
)
from changeover.control.swap import Kind, in_progress, open_swap
from changeover.control.turn import alone
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.journey.gate import Gate, gates, require_green
from changeover.model.errors import GateRefusedError, WrongStageError
from changeover.model.observation import phase
from changeover.model.side import Side, Stage
from changeover.transfer import capture, fence, rest
from changeover.transfer.identity import drop_role
from changeover.transfer.mirror import read_control

_MINE: Final = "changeover.journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What `finish` left.

    Attributes:
        tables: Tables of the target that are free of triggers of ours.
        triggers_left: Triggers of ours that are still there; 0 is the proof.
        unvalidated: Foreign keys that orphans leave NOT VALID.
    """

    tables: int
    triggers_left: int
    unvalidated: tuple[str, ...]


def finish(move: Move) -> Finished:
    """End the move: remove capture, log and fence from the target, keep the evidence; repeatable.

    Until here every step could be undone; after it the source is no way back any more.

    Raises:
        GateRefusedError: If a gate is not green, as when the reverse mirror is dead.
        WrongStageError: If the target is not the primary.
    """
    with phase(move.observer, "finish"), alone(move, "finish"):
        return _finish(move)


def _finish(move: Move) -> Finished:
    pairs = installed_pairs(move)
    with move.connect_owner(Side.TARGET, "finish") as target:
        is_begun = read_control(target).stage == Stage.COMPLETE
        if not is_begun:
            _require_ramp_down(target)
    if not is_begun:
        require_green(
            evaluate(move, pairs, wait_s=move.settings.routing.client_wait_s_max), "finish"
        )
    unvalidated = rest.validate(move, Side.TARGET)
    if not is_begun:
        _commit(move, unvalidated)
    left = _clear_target(move, pairs)
    return Finished(tables=len(pairs), triggers_left=left, unvalidated=unvalidated)


def evaluate(move: Move, pairs: tuple[Pair, ...], *, wait_s: float = 0.0) -> tuple[Gate, ...]:
    """Evaluate the gates of `finish`: those of a rollback, since the way back must be whole."""
    return gates(move, Kind.ROLLBACK, pairs, wait_s=wait_s)


def _require_ramp_down(target: Connection) -> None:
    control = read_control(target)
    if control.primary is not Side.TARGET or control.stage != Stage.RAMP_DOWN:
        raise WrongStageError(
            f"finish belongs to stage ramp_down; the stage is {control.stage}, the primary is "
            f"the {control.primary}",
            hint="run `changeover cutover` first",
        )


def _commit(move: Move, unvalidated: tuple[str, ...]) -> None:
    """End the move under the control row's lock: no swap begins after it, and none is under way."""
    with move.connect_owner(Side.TARGET, "finish") as target, target.transaction():
        target.execute(fixed(CONTROL, "lock_control"))
        swap = open_swap(target)
        if swap is not None:
            raise in_progress(swap)
        _require_ramp_down(target)
        target.execute(fixed(_MINE, "finish_control"), {"stage": str(Stage.COMPLETE)})
        rollout.begin_stage(target)
        record(target, "finish", {"unvalidated": list(unvalidated)})


def _clear_target(move: Move, pairs: tuple[Pair, ...]) -> int:
    limit_ms = capture.LOCK_TIMEOUT_MS
    with move.connect_owner(Side.TARGET, "finish", lock_timeout_ms=limit_ms) as target:
        for pair in pairs:
            capture.remove_triggers(target, Side.TARGET, pair.target)
        row = target.execute(fixed(_MINE, "count_our_triggers")).fetchone()
        left = -1 if row is None else row[0]
        if left:
            raise GateRefusedError(
                f"{left} trigger(s) of ours are left on moved tables of the target",
                hint="run `changeover finish` again",
            )
        with translated(Side.TARGET, "removing the change log"), target.transaction():
            target.execute(fixed(_MINE, "drop_capture"))
    drop_role(move, Side.TARGET)
    forget_login(move.state_directory, Side.TARGET)
    return int(left)


def release_source(move: Move) -> tuple[str, ...]:
    """Open the source as a database of its own again: an act of its own, after `finish`.

    Its rows stay as they were at the end of the move; nothing is carried any more.

    Returns:
        Foreign keys of the source that orphans leave NOT VALID.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        WrongStageError: If the move is not finished.
    """
    require_places(move)
    with move.connect_owner(Side.TARGET, "finish") as target:
        control = read_control(target)
        if not control.is_finished:
            raise WrongStageError(
                f"the move is not finished (stage {control.stage})",
                hint="run `changeover finish` first",
            )
        record(target, "release-source")
    with move.connect_owner(Side.SOURCE, "release") as source, source.transaction():
        fence.promise(source, Side.SOURCE, control.attempt)
        rest.wake(source, Side.SOURCE)
    unvalidated = rest.validate(move, Side.SOURCE)
    capture.remove(move, Side.SOURCE, [pair.source for pair in read_pairs(move)])
    drop_role(move, Side.SOURCE)
    return unvalidated

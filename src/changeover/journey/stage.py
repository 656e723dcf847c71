"""Taking the system from stage to stage: gates on the way forward, none on the way back.

The authority for writes is never moved here: that is what `cutover` and `rollback` are for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from changeover.control import rollout
from changeover.control.event import record
from changeover.control.move import ROOM, Connection, Move, installed_pairs
from changeover.control.stage import StageEvent, following, way
from changeover.control.swap import in_progress, open_swap
from changeover.database import fixed
from changeover.journey.cutover import Action
from changeover.journey.gate import Gate, ask, require_green
from changeover.journey.target import open_target
from changeover.model.errors import StaleStateError, WrongStageError
from changeover.model.observation import phase
from changeover.model.side import Side, Stage
from changeover.transfer.mirror import read_control

_FLOWS: Final = ("copied", "marker", "caught_up", "books", "clients")
STAGE_GATES: Final[Mapping[tuple[Stage, StageEvent], tuple[str, ...]]] = {
    (Stage.OFF, StageEvent.NEXT): _FLOWS,
    (Stage.DUAL_WRITE, StageEvent.NEXT): _FLOWS,
    (Stage.SHADOW, StageEvent.NEXT): (
        *_FLOWS,
        "verified",
        "compared",
        "mismatches",
        "schema_errors",
        "not_killed",
    ),
}
"""What a step forward asks; a step that is not here asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """A change of the stage before it is made.

    Attributes:
        stage: The stage now.
        following: The stage that it leads to.
        gates: The names of the gates that it asks.
        actions: What it does, in order.
        seen: The digest of the state that it was planned for.
    """

    stage: Stage
    following: Stage
    gates: tuple[str, ...]
    actions: tuple[Action, ...]
    seen: str

    @property
    def is_forward(self) -> bool:
        """Whether it asks gates."""
        return bool(self.gates)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMoved:
    """A change of the stage that was made.

    Attributes:
        was: The stage before.
        stage: The stage now.
        unlisted: How many targeting keys were taken off the rollout's list.
    """

    was: Stage
    stage: Stage
    unlisted: int


def plan(move: Move, wanted: Stage | StageEvent) -> StagePlan:
    """Return what a change of the stage asks and does.

    Args:
        move: The move.
        wanted: A stage, or one step forward or back.

    Raises:
        WrongStageError: If no step of ours leads there, or the move has ended.
        SwapInProgressError: If a swap is under way: it decides about the stage.
    """
    with open_target(move, "stage", "reading the stage") as target:
        seen = rollout.read(target).seen
        _require_quiet(target)
        stage = Stage(read_control(target).stage)
    steps = (wanted,) if isinstance(wanted, StageEvent) else way(stage, wanted)
    to = stage
    names: tuple[str, ...] = ()
    for step in steps:
        names += STAGE_GATES.get((to, step), ())
        to = following(to, step)
    return StagePlan(stage=stage, following=to, gates=names, actions=_actions(stage, to), seen=seen)


def evaluate(move: Move, planned: StagePlan, *, wait_s: float = 0.0) -> tuple[Gate, ...]:
    """Evaluate the gates of a change without making it."""
    if not planned.gates:
        return ()
    return ask(move, planned.gates, installed_pairs(move), wait_s=wait_s)


def change(move: Move, planned: StagePlan) -> StageMoved:
    """Make a planned change of the stage.

    Raises:
        GateRefusedError: If a gate is not green; nothing was changed.
        StaleStateError: If somebody changed stage or rollout meanwhile; nothing was changed.
        SwapInProgressError: If a swap has begun meanwhile.
    """
    if planned.stage is planned.following:
        return StageMoved(was=planned.stage, stage=planned.following, unlisted=0)
    with phase(move.observer, f"stage {planned.following}"):
        found = evaluate(move, planned, wait_s=move.settings.routing.client_wait_s_max)
        require_green(found, f"stage {planned.following}")
        return _commit(move, planned)


def _commit(move: Move, planned: StagePlan) -> StageMoved:
    with open_target(move, "stage", "writing the stage") as target, target.transaction():
        row = target.execute(fixed(ROOM, "lock_control")).fetchone()
        assert row is not None, "the control row was written with the schema"
        _require_quiet(target)
        seen = rollout.read(target).seen
        if row[3] != planned.stage or (planned.is_forward and seen != planned.seen):
            raise StaleStateError(
                f"the stage or the rollout was changed meanwhile (the stage is {row[3]}, it was "
                f"{planned.stage}); nothing was done",
                hint="run `changeover stage show`, then decide again",
            )
        target.execute(fixed(ROOM, "write_stage"), {"stage": str(planned.following)})
        unlisted = rollout.begin_stage(target)
        rollout.write_limits(target, move.settings)
        detail = {"from": planned.stage, "to": planned.following, "unlisted": unlisted}
        record(target, "stage", detail)
    return StageMoved(was=planned.stage, stage=planned.following, unlisted=unlisted)


def _require_quiet(target: Connection) -> None:
    """Refuse while a swap decides about the stage, and after the move's end.

    Raises:
        SwapInProgressError: If a swap is under way.
        WrongStageError: If the move has ended.
    """
    swap = open_swap(target)
    if swap is not None:
        raise in_progress(swap)
    control = read_control(target)
    if control.is_finished:
        raise WrongStageError(
            f"the move has ended in the stage {control.stage}",
            hint="run `changeover status`: it says what is left to do",
        )


def _actions(stage: Stage, to: Stage) -> tuple[Action, ...]:
    if stage is to:
        return ()
    texts = (
        f"lock the control row; refuse in a swap, or if the stage is not {stage} any more",
        f"set changeover.control.stage from {stage} to {to}",
        "begin the rollout at 0 % with an empty list; count shadow reads anew",
        "record the event stage, and commit",
    )
    return tuple(Action(where=str(Side.TARGET), what=text) for text in texts)

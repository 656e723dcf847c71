"""Walks a world from stage to stage as an operator: through the gates, again until they open."""

import json
import time

from child import LIMIT_S, POLL_S
from routed_world import is_read_of
from runner import build, settings_of, swap

from changeover.control.move import Move
from changeover.control.swap import Kind
from changeover.journey import kill, rollout, shadow
from changeover.journey import stage as stages
from changeover.model.errors import ChangeoverError, GateRefusedError, StaleStateError
from changeover.model.fault import Hooks
from changeover.model.side import Side, Stage
from changeover.transfer.verify import verify

DEADLINE_S = 2.0
SAMPLED_PERCENT = 20
"""Nothing goes live that was not compared."""


def move_of(path) -> Move:
    """Return the move that a file of a world describes."""
    config = json.loads(path.read_text(encoding="utf-8"))
    return build(config, Hooks(), settings_of(config, None))


class StageWalk:
    """The operator of a world."""

    def __init__(self, world):
        """Take a world; swaps go through its proxies, steps of the stage past them."""
        self._world = world
        self._move = move_of(world.direct)
        self._operator = move_of(world.ours)

    def to(self, stage: Stage) -> None:
        """Go to a stage, one step forward or any number back."""
        if stage is Stage.LIVE:
            self.sample(SAMPLED_PERCENT)
        self._insist(lambda: stages.change(self._move, stages.plan(self._move, stage)))

    def to_beginning(self) -> None:
        """Go back to `off`, from wherever the last walk has ended."""
        self.swap_to(Side.SOURCE)
        self.to(Stage.OFF)

    def to_live(self) -> None:
        """Take all users' reads to the target."""
        self.to_beginning()
        for stage in (Stage.DUAL_WRITE, Stage.SHADOW, Stage.LIVE):
            self.to(stage)
        self.percent(100)

    def sample(self, percent: float) -> None:
        """Run a share of the reads on the other side too."""
        shadow.sample(self._move, shadow.plan_sample(self._move, percent))

    def percent(self, percent: int) -> None:
        """Let a share of the users in, or out."""
        self._insist(lambda: rollout.change(self._move, rollout.plan_percent(self._move, percent)))

    def kill(self, reason: str = "a test") -> None:
        """Call the reads back to the source."""
        kill.kill(lambda: self._move, None, reason)

    def swap_to(self, side: Side, killed_at: str | None = None) -> None:
        """Give the authority to a side; a swap that trouble drives back is begun again.

        Args:
            side: The side.
            killed_at: A point at which the first operator is killed.
        """
        kind = Kind.CUTOVER if side is Side.TARGET else Kind.ROLLBACK
        if killed_at is not None and self._world.primary != side:
            arm = {"point": killed_at, "action": "kill"}
            self._world.reach(kind, arm, DEADLINE_S).await_killed()
            self._world.await_no_swap()
        end = time.monotonic() + LIMIT_S
        while self._world.primary != side:
            try:
                swap(self._operator, kind)
            except ChangeoverError:
                if time.monotonic() > end:
                    raise
                self._world.await_no_swap()

    def _insist(self, step) -> None:
        """Try again while a gate is red; verify when that is what is asked for."""
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                step()
            except (GateRefusedError, StaleStateError) as error:
                if time.monotonic() > end:
                    raise
                if "verified" in str(error):
                    self._verify()
            else:
                return
            time.sleep(POLL_S)

    def _verify(self) -> None:
        try:
            verify(self._move)
        except ChangeoverError:
            # A fault may break it; the gate stays red then.
            return


def go_live(world) -> StageWalk:
    """Begin a history and take all users' reads to the target; return the operator."""
    walk = StageWalk(world)
    walk.to_beginning()
    world.begin_history()
    walk.to_live()
    world.await_calls(is_read_of(Side.TARGET), "reads do not come to the target", world.routed)
    return walk

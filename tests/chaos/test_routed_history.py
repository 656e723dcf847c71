"""Histories of clients that route, from `off` over both swaps and back, in all sorts of trouble.

Every run goes the same way; the troubles between its steps, the moment at which an operator is
killed, and what the clients ask come from the seed of the run.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from routed_world import assert_good
from stage_walk import StageWalk
from trouble import Troubles

from changeover.model.side import Side, Stage

SEED = int(os.environ.get("CHAOS_SEED", "20260101"))
RUNS_IN_CI = 10
RUNS = 100
SWAP_POINTS = (
    "swap.requested",
    "swap.fenced",
    "swap.drained",
    "swap.before_decision",
    "swap.decided",
    "swap.opened",
    "round.between_commits",
)
"""Where the first operator of a swap is killed."""
CALLS_MIN = 100
"""Fewer answered calls in a run prove little."""


def runs():
    """Return the runs; those that CI does not make are nightly."""
    for number in range(1, RUNS + RUNS_IN_CI + 1):
        marks = () if number <= RUNS_IN_CI else pytest.mark.nightly
        yield pytest.param(number, id=f"{number:03d}", marks=marks)


class Run:
    """One way through the stages."""

    def __init__(self, world, number):
        self.world = world
        self.number = number
        self.dice = random.Random(f"{SEED}-history-{number}")  # noqa: S311 - no secret
        self.walk = StageWalk(world)
        self.troubles = Troubles(world, self.dice, world.start_again)

    def step(self, act, *given):
        """Go one step, with a trouble behind it, and on until everybody has gone on."""
        act(*given)
        self.troubles.meet()
        self.world.await_progress()

    def swap(self, side, killed_at=None):
        """Swap with a trouble meanwhile, and on until everybody has gone on."""
        with ThreadPoolExecutor(1) as executor:
            swapped = executor.submit(self.walk.swap_to, side, killed_at)
            self.troubles.meet()
            swapped.result()
        self.world.await_progress()

    def go(self):
        """Go all the way; one of the swaps loses its operator."""
        if self.number <= RUNS_IN_CI:
            self.go_shorter()
            return
        walk, dice = self.walk, self.dice
        killed_at = [dice.choice(SWAP_POINTS), None, None]
        dice.shuffle(killed_at)
        self.troubles.met.append(f"operators killed at {killed_at}")
        self.step(walk.to, Stage.DUAL_WRITE)
        self.step(walk.to, Stage.SHADOW)
        walk.to(Stage.LIVE)
        self.step(walk.percent, 50)
        walk.percent(100)
        self.swap(Side.TARGET, killed_at[0])
        self.swap(Side.SOURCE, killed_at[1])
        self.step(walk.percent, 100)
        self.swap(Side.TARGET, killed_at[2])

    def go_shorter(self):
        """Go over a cutover and back, in trouble from `live` on; one swap loses its operator."""
        killed_at = [self.dice.choice(SWAP_POINTS), None]
        self.dice.shuffle(killed_at)
        self.troubles.met.append(f"operators killed at {killed_at}")
        for stage in (Stage.DUAL_WRITE, Stage.SHADOW, Stage.LIVE):
            self.walk.to(stage)
        self.step(self.walk.percent, 100)
        self.swap(Side.TARGET, killed_at[0])
        self.swap(Side.SOURCE, killed_at[1])


@pytest.mark.parametrize("number", list(runs()))
def test_history(routed, number):
    """What clients were told across cutover and rollback is what one database would have said."""
    with routed.world() as world:
        run = Run(world, number)
        run.walk.to_beginning()
        world.begin_history()
        run.go()
        history = world.history()
        print(f"run {number}: {run.troubles.met}")  # noqa: T201 - with a failure
        told = Counter((one.outcome, one.is_write) for one in history.transactions)
        print(f"run {number}: {told}")  # noqa: T201
        assert len(history.acknowledged) > CALLS_MIN
        assert_good(history)

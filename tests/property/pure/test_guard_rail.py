"""Guard rails under simulated clients: still under noise, moved within one window by a fault."""

import random
from dataclasses import dataclass, replace

import pytest

from changeover.model.side import Side
from changeover.routing.guard_rail import GuardRail, GuardSettings, Rail

WINDOW_S = 30.0
POLL_S = 1.0
WARM_WINDOWS = 4


@dataclass(frozen=True)
class World:
    """What a client's reads meet.

    Attributes:
        reads_per_s: Of both sides together.
        target_share: How many of them the target answers.
        slowness: How many times as long the target takes.
    """

    reads_per_s: int = 400
    target_share: float = 0.5
    error_rate: float = 0.0003
    mismatch_rate: float = 0.0
    slowness: float = 1.0
    source_slowness: float = 1.0
    pause_s_max: float = 0.15


class Client:
    """A client with noise: a long tail, pauses of its process, minutes in which all is slower."""

    def __init__(self, seed, settings=None):
        """Begin at a time of no meaning."""
        self.random = random.Random(seed)  # noqa: S311 - noise, not a secret
        self.rail = GuardRail(settings or GuardSettings(window_s=WINDOW_S))
        self.now = 1e6
        self.load = 1.0
        self.busy_until = 0.0
        self.reads = 0

    def second(self, world):
        """Live through one second; return a breach if one is told."""
        chance = self.random
        self.load += 0.2 * (1.0 - self.load) + chance.gauss(0, 0.08)
        if self.now > self.busy_until and chance.random() < 1 / 60:
            self.busy_until = self.now + chance.uniform(2, 10)
        factor = max(0.6, self.load) * (2.5 if self.now < self.busy_until else 1.0)
        pause_s = chance.uniform(0.02, world.pause_s_max) if chance.random() < 0.2 else 0.0
        # Who is in flight while the process pauses waits for its end.
        paused = int(world.reads_per_s * pause_s)
        for at in range(world.reads_per_s):
            self._read(world, factor, chance.uniform(0, pause_s) if at < paused else 0.0)
        self.now += POLL_S
        self.reads += world.reads_per_s
        return self.rail.breach(self.now)

    def _read(self, world, factor, paused_s):
        chance = self.random
        is_target = chance.random() < world.target_share
        slowness = world.slowness if is_target else world.source_slowness
        seconds = chance.lognormvariate(-6.2, 0.6) * factor * slowness + paused_s
        is_error = is_target and chance.random() < world.error_rate
        self.rail.operation(Side.TARGET if is_target else Side.SOURCE, is_error, seconds)
        self.rail.compared(chance.random() < world.mismatch_rate)

    def live(self, world, seconds):
        """Live on; return the breaches and after how many seconds each came."""
        found = []
        for second in range(int(seconds)):
            breach = self.second(world)
            if breach is not None:
                found.append((breach.rail, second + 1))
        return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target_share", [0.1, 1.0])
def test_200000_clean_reads_breach_nothing(seed, target_share):
    """Noise alone lowers nothing, with and without the source to be measured against."""
    client = Client(seed)
    assert client.live(World(target_share=target_share), 500) == []
    assert client.reads == 200_000


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("fault", "rail"),
    [
        ({"error_rate": 0.02}, Rail.ERRORS),
        ({"slowness": 3.0}, Rail.LATENCY),
        ({"mismatch_rate": 0.001}, Rail.MISMATCHES),
    ],
)
def test_a_fault_breaches_within_one_window(seed, fault, rail):
    """2 % of errors, three times the latency, 0.1 % of wrong rows: each is told in time."""
    client = Client(seed)
    world = World()
    assert client.live(world, WARM_WINDOWS * WINDOW_S) == []
    found = client.live(replace(world, **fault), WINDOW_S)
    assert found
    assert {one for one, _ in found} == {rail}


def test_a_fault_at_low_traffic_is_told_too():
    """A target that answers nothing is told by the first reads, however few they are."""
    client = Client(1)
    world = World(reads_per_s=2)
    client.live(world, WARM_WINDOWS * WINDOW_S)
    ((rail, second), *_) = client.live(replace(world, error_rate=1.0), WINDOW_S)
    assert (rail, second < WINDOW_S) == (Rail.ERRORS, True)


def test_a_machine_that_is_busy_for_long_slows_both_sides():
    """Where the source is three times as slow as well, the target is not to blame."""
    client = Client(2)
    world = World()
    client.live(world, WARM_WINDOWS * WINDOW_S)
    slow = replace(world, slowness=3.0, source_slowness=3.0)
    assert client.live(slow, 3 * WINDOW_S) == []

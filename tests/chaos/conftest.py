"""Worlds for chaos: servers with fsync, a move under load, renewed when a test left one broken."""

import os
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from routed_world import RoutedStage
from world import World, start_servers

TRIALS_MAX = 25
SEED = int(os.environ.get("CHAOS_SEED", "20260101"))


def pytest_report_header():
    """Print the seed of the random moments."""
    return f"chaos: CHAOS_SEED={SEED}"


@pytest.fixture(scope="session")
def chaos_servers():
    """Two servers that keep their promises to the disk."""
    with start_servers() as servers:
        yield servers


class Stage:
    """Holds the world of the moment: one that a test left broken, or that is old, is replaced."""

    def __init__(self, servers, factory):
        self._servers = servers
        self._factory = factory
        self._world = None
        self._wish = None
        self._trials = 0
        self.is_clean = True

    def world(self, **wish):
        """Return a world under load as wished."""
        if not self.is_clean or self._trials >= TRIALS_MAX or wish != self._wish:
            self.close()
        if self._world is None:
            self._world = World(self._factory.mktemp("world"), self._servers, **wish)
            self._wish = wish
            self._trials = 0
            self._world.open()
        self._trials += 1
        return self._world

    def bare(self, **wish):
        """Return a world where nothing is installed and nothing runs."""
        self.close()
        self._world = World(self._factory.mktemp("world"), self._servers, **wish)
        self._wish = None
        return self._world

    def close(self):
        """End the world; tell what the processes of a broken one said."""
        is_clean, self.is_clean = self.is_clean, True
        world, self._world = self._world, None
        if world is not None:
            if not is_clean:
                print(world.story())  # noqa: T201 - shown with a failure
            world.close()


@pytest.fixture(scope="module")
def stage(chaos_servers, tmp_path_factory):
    """The one world of this module: its load must not go on beside other modules' tests."""
    one = Stage(chaos_servers, tmp_path_factory)
    yield one
    one.close()


@pytest.fixture
def make_world(stage):
    """A function that returns a world; it is thrown away unless the test says that it is whole."""

    def make(*, is_bare=False, **wish):
        world = stage.bare(**wish) if is_bare else stage.world(**wish)
        stage.is_clean = False
        return world

    return make


@pytest.fixture(scope="module")
def routed(chaos_servers, tmp_path_factory):
    """The one world of this module whose application routes; `with routed.world()` gives it."""
    one = RoutedStage(chaos_servers, tmp_path_factory)
    yield one
    one.close()


@pytest.fixture
def judge(stage):
    """A function that judges a world and prints what it counted."""

    def run(world):
        began = time.monotonic()
        verdict = world.judge()
        stage.is_clean = True
        print(f"{verdict} judged in {time.monotonic() - began:.1f} s")  # noqa: T201 - with -s
        return verdict

    return run


@pytest.fixture
def dice(request):
    """Random numbers of this test alone, the same in each run with the same seed."""
    return random.Random(f"{SEED}-{request.node.name}")  # noqa: S311 - no secret

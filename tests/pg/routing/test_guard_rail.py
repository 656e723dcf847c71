"""Guard rails over reads of two real servers: faults of the target are told, clean reads are not.

Time is a value, so a window is as long as a test needs: a fixed number of reads per tenth of it.
"""

import time
from contextlib import contextmanager

import pytest
from shadow_world import prepare_roles, read, shadow_world

from changeover.model.side import Side
from changeover.routing.guard_rail import BASELINES_MIN, GuardRail, GuardSettings, Rail
from changeover.routing.window import SLOTS

WINDOW_S = 30.0
READS_PER_SLOT = 18
FILMS = 1000
FUNCTION = (
    "CREATE OR REPLACE FUNCTION public.work(n int) RETURNS int LANGUAGE plpgsql STABLE AS"
    " $$ BEGIN PERFORM pg_sleep({sleep_s}); IF n % {failing} = 0 THEN"
    " RAISE EXCEPTION 'broken' USING ERRCODE = 'XX000'; END IF; RETURN n; END $$"
)
TABLES = (
    "CREATE TABLE public.film (id int PRIMARY KEY, title text)",
    "GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role",
    "GRANT SELECT ON public.film TO anon, authenticated, service_role",
)


def work(*, sleep_s=0.006, failing=1_000_000):
    """Return the statement that makes the function `work` of a side."""
    return FUNCTION.replace("{sleep_s}", str(sleep_s)).replace("{failing}", str(failing))


@pytest.fixture
def make_world(pair, ready, mirror_of, make_gateway, tmp_path):
    """A function that returns a context manager of a world whose reads a guard rail counts."""

    @contextmanager
    def make():
        login = prepare_roles(pair.target)
        move = ready(pair, *TABLES, work())
        gateway = make_gateway(pair.source.dsn_of("authenticator"))
        rail = GuardRail(GuardSettings(window_s=WINDOW_S))
        with shadow_world(
            pair, move, mirror_of(move), gateway, tmp_path, login=login, guard=rail
        ) as world:
            yield world, rail

    return make


class Caller:
    """Reads both sides and lets the rail count; a tenth of a window is over when it has read."""

    def __init__(self, world, rail):
        """Begin at a time of no meaning."""
        self.world = world
        self.rail = rail
        self.now = 1000.0
        self.number = 0
        rail.breach(self.now)

    def _read(self, side):
        store = self.world.source if side is Side.SOURCE else self.world.target
        message = read("/rpc/work", f"n={self.number}")
        began = time.monotonic()
        reply = store.send(message)
        self.rail.operation(side, reply.status >= 500, time.monotonic() - began)

    def breach(self, slots):
        """Read for some tenths of a window, or until a rail is breached; return that, or None."""
        for _ in range(slots):
            for _ in range(READS_PER_SLOT):
                self.number += 1
                self._read(Side.SOURCE)
                self._read(Side.TARGET)
            self.now += WINDOW_S / SLOTS
            found = self.rail.breach(self.now)
            if found is not None:
                return found.rail
        return None


def test_errors_of_the_target_are_told_within_one_window(make_world):
    """Clean reads breach nothing; every fiftieth read that fails does."""
    with make_world() as (world, rail):
        caller = Caller(world, rail)
        world.write(Side.TARGET, work(sleep_s=0))
        world.write(Side.SOURCE, work(sleep_s=0))
        assert caller.breach(SLOTS) is None
        world.write(Side.TARGET, work(sleep_s=0, failing=50))
        assert caller.breach(SLOTS) is Rail.ERRORS


def test_latency_of_the_target_is_told_within_one_window(make_world):
    """Clean reads breach nothing; what takes several times as long does."""
    with make_world() as (world, rail):
        caller = Caller(world, rail)
        assert caller.breach(BASELINES_MIN * SLOTS + 1) is None
        world.write(Side.TARGET, work(sleep_s=0.04))
        assert caller.breach(SLOTS) is Rail.LATENCY


def test_one_wrong_row_of_a_thousand_is_told_within_one_window(make_world):
    """A thousand clean rows, each read once, breach nothing; one wrong row among them does."""
    with make_world() as (world, rail):
        rail.breach(0.0)
        world.write(
            Side.SOURCE,
            f"INSERT INTO public.film SELECT n, 'film ' || n FROM generate_series(1, {FILMS}) n",
        )
        world.mirrored()
        for number in range(1, FILMS + 1):
            world.ask("/film", f"id=eq.{number}")
        world.settle()
        assert rail.breach(1.0) is None
        assert world.counts()["equal"] + world.counts()["dropped"] == FILMS
        world.bend("public.film", "UPDATE public.film SET title = 'wrong' WHERE id = 500")
        rail.reset()
        for number in range(1, FILMS + 1):
            world.ask("/film", f"id=eq.{number}")
        world.settle()
        assert rail.breach(2.0).rail is Rail.MISMATCHES
        assert world.mismatches() == {("public.film", "value", "title")}

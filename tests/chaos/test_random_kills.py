"""Processes killed at random moments of the mirror, of a swap, of the copy; stopped writers."""

import signal
import time

import pytest
from child import await_

from changeover.control.swap import Kind

DEADLINE_S = 3.0
KINDS = tuple(Kind)
ROUNDS = 40
SWAPS = 20
COPIES = 24
OLD_ROWS = 12_000


def numbered(many, in_ci):
    """Return numbers as parameters; CI runs the first ones."""
    return [
        pytest.param(
            number, id=f"{number:02d}", marks=() if number < in_ci else pytest.mark.nightly
        )
        for number in range(many)
    ]


def pass_time(seconds, condition):
    """Let a random time go by while a condition holds."""
    end = time.monotonic() + seconds
    await_(lambda: time.monotonic() >= end or not condition(), "the time goes by")


@pytest.mark.parametrize("number", numbered(ROUNDS, 1))
def test_daemon_killed_at_a_random_moment(make_world, judge, dice, number):
    """The daemon is killed a few times in a row, wherever it is; the last one carries on."""
    world = make_world()
    world.bring(KINDS[number % 2])
    for _ in range(3):
        pass_time(dice.uniform(0.0, 1.5), lambda: world.daemon.is_running)
        world.daemon.kill()
        world.start_daemon()
    judge(world)


@pytest.mark.parametrize("number", numbered(SWAPS, 0))
def test_all_of_ours_killed_at_a_random_moment_of_a_swap(make_world, judge, dice, number):
    """Owner and daemon die together in a swap; the fence may stay until the daemon is back."""
    world = make_world()
    kind = KINDS[number % 2]
    world.bring(kind)
    operator = world.reach(kind, {"point": "swap.requested", "action": "wait"}, DEADLINE_S)
    operator.let_go()
    pass_time(dice.uniform(0.0, 0.5), lambda: operator.is_running)
    operator.kill()
    world.daemon.kill()
    before = world.decided
    world.start_daemon()
    world.await_no_swap()
    assert world.decided == before
    judge(world)


@pytest.mark.parametrize("number", numbered(8, 0))
def test_writer_killed_at_a_random_moment(make_world, judge, dice, stage, number):
    """A writer dies in the middle of its write: that one is unknown, and at most once there."""
    world = make_world()
    pass_time(dice.uniform(0.0, 1.0), lambda: True)
    world.writers.pop(dice.randrange(len(world.writers))).kill()
    judge(world)
    stage.close()


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.nightly) for kind in KINDS])
def test_writers_stopped_while_the_fence_closes(make_world, judge, kind):
    """A writer that sleeps in its transaction, or outside of one, loses nothing by a swap."""
    world = make_world()
    world.bring(kind)
    stopped = world.writers[0]
    stopped.send(signal.SIGSTOP)
    operator = world.start_operator(kind)
    outcome = operator.outcome()
    assert outcome["outcome"] == "done" or outcome["error"] == "SwapAbortedError", outcome
    stopped.send(signal.SIGCONT)
    world.await_no_swap()
    judge(world)


@pytest.mark.parametrize("number", numbered(COPIES, 1))
def test_copy_killed_at_random_moments(make_world, judge, dice, number):
    """A copy that is killed again and again under load ends with every row once."""
    world = make_world(is_bare=True, rows=OLD_ROWS, rate_per_s=8.0)
    world.install()
    world.start_writers()
    world.start_daemon()
    world.start_watcher()
    kills = dice.randint(1, 2)
    for _ in range(kills):
        killed = world.start_copy()
        pass_time(dice.uniform(0.2, 3.0), lambda one=killed: one.is_running)
        killed.kill()
    if dice.random() < 0.5:
        world.daemon.kill()
        world.start_daemon()
    assert world.start_copy().outcome()["outcome"] == "done"
    judge(world)

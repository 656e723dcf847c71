"""Servers that crash in the middle of rounds and swaps, and come back with their data."""

import pytest
from child import await_
from world import reachable

from changeover.control.swap import Kind

DEADLINE_S = 3.0
KINDS = tuple(Kind)
SIDES = ("source", "target")
ROUND_POINTS = ("round.staged", "round.before_secondary_commit", "round.between_commits")
SWAP_POINTS = (
    "swap.fenced",
    "swap.drained",
    "swap.before_decision",
    "swap.decided",
    "swap.opened",
)
IN_CI = {"target-cutover-round.between_commits", "source-cutover-swap.decided"}


def cases(points):
    """Return side, kind and point with stable ids."""
    for side in SIDES:
        for kind in KINDS:
            for point in points:
                name = f"{side}-{kind}-{point}"
                marks = () if name in IN_CI else pytest.mark.nightly
                yield pytest.param(side, kind, point, id=name, marks=marks)


def crash(world, side):
    """Kill a server and start it again on its data."""
    server = world.databases[side].server
    server.kill()
    server.restart()
    await_(lambda: reachable(world.databases[side]), f"the {side} is back")


@pytest.mark.parametrize(("side", "kind", "point"), tuple(cases(ROUND_POINTS)))
def test_server_crashes_in_a_round(make_world, judge, side, kind, point):
    """A server dies while a round stands at a point; the same daemon goes on when it is back."""
    world = make_world()
    world.bring(kind)
    daemon = world.restart_daemon({"point": point, "action": "wait", "occurrence": 7})
    daemon.await_mark()
    crash(world, side)
    daemon.let_go()
    judge(world)
    assert daemon.is_running


@pytest.mark.parametrize(("side", "kind", "point"), tuple(cases(SWAP_POINTS)))
def test_server_crashes_in_a_swap(make_world, judge, side, kind, point):
    """A server dies while a swap stands at a point; it ends on one side, whoever ends it."""
    world = make_world()
    world.bring(kind)
    operator = world.reach(kind, {"point": point, "action": "wait"}, DEADLINE_S)
    crash(world, side)
    operator.let_go()
    operator.wait()
    world.await_no_swap()
    is_decided = point in {"swap.decided", "swap.opened"}
    assert world.primary == str(kind.new_primary if is_decided else kind.old_primary)
    judge(world)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.nightly
def test_both_servers_crash_together(make_world, judge, kind):
    """The machine loses power: both servers, the daemon and the owner at once, in a swap."""
    world = make_world()
    world.bring(kind)
    operator = world.reach(kind, {"point": "swap.fenced", "action": "wait"}, DEADLINE_S)
    for side in SIDES:
        world.databases[side].server.kill()
    operator.kill()
    world.daemon.kill()
    for side in SIDES:
        world.databases[side].server.restart()
    world.start_daemon()
    world.await_no_swap()
    assert world.primary == str(kind.old_primary)
    judge(world)

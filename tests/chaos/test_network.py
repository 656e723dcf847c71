"""A network that cuts, stalls, half-closes, goes one way only and loses the answer to a COMMIT."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from child import await_
from proxy import BOTH, Way

from changeover.control.swap import Kind

DEADLINE_S = 3.0
KINDS = tuple(Kind)
SIDES = ("source", "target")
WHO = ("ours", "writers")
STALL_S = 2.0
IN_CI = {
    "writers-source-lost_commit",
    "ours-target-lost_commit",
    "ours-source-stall_then_cut",
    "cutover-ours-target-lost_decision",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A fault between somebody and a server, before a swap of a kind or at a point of it."""

    kind: Kind
    who: str
    side: str
    fault: Callable
    point: str = ""


def await_passed(seconds):
    """Let a stall last."""
    end = time.monotonic() + seconds
    await_(lambda: time.monotonic() >= end, "time goes by")


def cut(proxy, dice):
    """Reset all connections that there are, three times."""
    for _ in range(3):
        proxy.cut()
        await_passed(dice.uniform(0.05, 0.5))


def refuse(proxy, dice):
    """Refuse everybody for a while."""
    proxy.refuse()
    await_passed(dice.uniform(0.5, STALL_S))


def stall_then_release(proxy, dice):
    """Hold all bytes, then let them go on."""
    proxy.stall(BOTH)
    await_passed(dice.uniform(0.5, STALL_S))


def stall_then_cut(proxy, dice):
    """Hold all bytes, then reset."""
    proxy.stall(BOTH)
    await_passed(dice.uniform(0.5, STALL_S))
    proxy.cut()


def only_to_server(proxy, dice):
    """Answers do not come; requests arrive. Then reset."""
    proxy.stall(frozenset({Way.TO_CLIENT}))
    await_passed(dice.uniform(0.5, STALL_S))
    proxy.cut()


def only_to_client(proxy, dice):
    """Requests do not arrive. Then reset."""
    proxy.stall(frozenset({Way.TO_SERVER}))
    await_passed(dice.uniform(0.5, STALL_S))
    proxy.cut()


def half_close(proxy, dice):
    """The clients hear the end, the server does not."""
    proxy.half_close()
    await_passed(dice.uniform(0.1, 0.5))


def lost_commit(proxy, _dice):
    """Answers to COMMITs are lost: the server has them, the client does not know."""
    before = proxy.commits_lost
    proxy.lose_commits(3)
    await_(lambda: proxy.commits_lost >= before + 3, "three answers are lost")


FAULTS = (
    cut,
    refuse,
    stall_then_release,
    stall_then_cut,
    only_to_server,
    only_to_client,
    half_close,
    lost_commit,
)


def cases():
    """Return every fault between everybody and each server, with the primary on either side."""
    for kind in KINDS:
        for who in WHO:
            for side in SIDES:
                for fault in FAULTS:
                    name = f"{who}-{side}-{fault.__name__}"
                    is_in_ci = kind is Kind.CUTOVER and name in IN_CI
                    yield pytest.param(
                        Break(kind=kind, who=who, side=side, fault=fault),
                        id=f"{kind}-{name}",
                        marks=() if is_in_ci else pytest.mark.nightly,
                    )


def kind_with_commits(broken):
    """Return a kind before which COMMITs go this way: writers commit on the primary only."""
    if broken.fault is lost_commit and broken.who == "writers":
        return next(kind for kind in KINDS if str(kind.old_primary) == broken.side)
    return broken.kind


@pytest.mark.parametrize("broken", tuple(cases()))
def test_network_breaks_under_load(make_world, judge, dice, broken):
    """A fault between us, or the writers, and one server; the same processes recover from it."""
    world = make_world(is_proxied=True)
    world.bring(kind_with_commits(broken))
    proxy = world.proxies[broken.who, broken.side]
    daemon = world.daemon
    unknown = count_unknown(world)
    broken.fault(proxy, dice)
    proxy.heal()
    judge(world)
    assert daemon.is_running, daemon.tail()
    if broken.fault is lost_commit and broken.who == "writers":
        assert count_unknown(world) == unknown + 3


def count_unknown(world):
    """Return how many writes the writers called unknown."""
    return sum(record.state == "unknown" for record in world.records())


SWAP_POINTS = (
    "fence.set",
    "swap.fenced",
    "swap.before_decision",
    "swap.inside_decision",
    "swap.decided",
    "swap.done_fence_opened",
)


def swap_cases():
    """Return a fault of the network at points of a swap."""
    for kind in KINDS:
        for side in SIDES:
            for point in SWAP_POINTS:
                for fault in (cut, half_close):
                    yield pytest.param(
                        Break(kind=kind, who="ours", side=side, fault=fault, point=point),
                        id=f"{kind}-{side}-{point}-{fault.__name__}",
                        marks=pytest.mark.nightly,
                    )


@pytest.mark.parametrize("broken", tuple(swap_cases()))
def test_network_breaks_in_a_swap(make_world, judge, dice, broken):
    """Our connections to one server break at a point of a swap; it ends on one side."""
    world = make_world(is_proxied=True)
    kind = broken.kind
    world.bring(kind)
    before = world.decided
    operator = world.reach(kind, {"point": broken.point, "action": "wait"}, DEADLINE_S)
    broken.fault(world.proxies[broken.who, broken.side], dice)
    operator.let_go()
    operator.wait()
    world.await_no_swap()
    is_over = world.decided > before
    if broken.point in {"swap.decided", "swap.done_fence_opened"}:
        assert is_over
    assert world.primary == str(kind.new_primary if is_over else kind.old_primary)
    judge(world)


def lost_decisions():
    """Return the lost answer to the decision's COMMIT, for both kinds."""
    for kind in KINDS:
        name = f"{kind}-ours-target-lost_decision"
        yield pytest.param(kind, id=name, marks=() if name in IN_CI else pytest.mark.nightly)


@pytest.mark.parametrize("kind", tuple(lost_decisions()))
def test_answer_to_the_decision_is_lost(make_world, judge, kind):
    """The decision is committed and nobody hears of it: the swap goes on, whoever finds it."""
    world = make_world(is_proxied=True)
    world.bring(kind)
    proxy = world.proxies["ours", "target"]
    before = world.decided
    operator = world.reach(kind, {"point": "swap.inside_decision", "action": "wait"}, 20.0)
    world.daemon.kill()
    proxy.lose_commits(1)
    operator.let_go()
    await_(lambda: proxy.commits_lost, "the answer is lost")
    operator.wait()
    world.start_daemon()
    world.await_no_swap()
    assert world.decided == before + 1
    assert world.primary == str(kind.new_primary)
    judge(world)

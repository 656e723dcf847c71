"""The owner of a swap stops or crashes at every point of it; the daemon ends what it began.

Two writers try both sides all the time. At the end there is one authority, and no write is lost.
"""

import pytest

from changeover.control.swap import Kind
from changeover.model.errors import ChangeoverError, StaleAttemptError, SwapAbortedError
from changeover.model.fault import Hooks

UNDECIDED = (
    "swap.requested",
    "fence.set",
    "fence.waiting",
    "swap.before_writers_over",
    "swap.fenced",
    "swap.before_log_empty",
    "swap.drained",
    "swap.before_sequences_set",
    "swap.prepared",
    "swap.before_decision",
    "swap.inside_decision",
)
DECIDED = (
    "swap.decided",
    "swap.before_fence_opened",
    "swap.done_fence_opened",
    "swap.opened",
    "swap.before_other_at_rest",
    "swap.done_other_at_rest",
    "swap.finished",
)
ABORTING = ("swap.before_fence_reopened", "swap.done_fence_reopened", "swap.aborted")
INSIDE = "swap.inside_decision"
KINDS = tuple(Kind)
BOTH_WAYS = {
    "swap.requested",
    "swap.drained",
    "swap.inside_decision",
    "swap.decided",
    "swap.before_fence_opened",
    "swap.done_fence_opened",
    "swap.before_other_at_rest",
}


def alternating(points):
    """Return points with a kind each, in turn."""
    return [(point, KINDS[place % 2]) for place, point in enumerate(points)]


def thinned(points):
    """Return points with both kinds where the two sides differ, else with one in turn."""
    both = [(point, kind) for point in points for kind in KINDS]
    return [pair for pair in both if pair[0] in BOTH_WAYS or pair in alternating(points)]


def stop_owner(arena, kind, stop, in_thread, **settings):
    """Run a swap until its owner is stopped, past its deadline, and the swap ended without it."""
    arena.bring_to(kind)
    owner = in_thread(lambda: arena.swap(kind, Hooks(reached=stop), **settings))
    assert stop.is_reached.wait(30), (owner.error, stop.seen)
    if stop.point != INSIDE:
        arena.expire()
    arena.await_no_swap()
    return owner


@pytest.mark.parametrize(("point", "kind"), thinned(UNDECIDED))
def test_an_owner_stopped_before_the_decision_is_driven_back(
    arena, make_stop, in_thread, kind, point
):
    """The old primary accepts writes again; the owner that continues changes nothing."""
    stop = make_stop(point=point)
    deadline = {"deadline_s": 1.5} if point == INSIDE else {}
    owner = stop_owner(arena, kind, stop, in_thread, **deadline)
    assert arena.primary() is kind.old_primary
    arena.await_write(kind.old_primary)
    stop.may_go.set()
    assert isinstance(owner.join().error, SwapAbortedError | StaleAttemptError), owner.error
    assert arena.primary() is kind.old_primary
    arena.judge()


@pytest.mark.parametrize(("point", "kind"), thinned(DECIDED))
def test_an_owner_stopped_after_the_decision_is_driven_on(arena, make_stop, in_thread, kind, point):
    """The new primary accepts writes; the owner that continues finds the work done."""
    stop = make_stop(point=point)
    owner = stop_owner(arena, kind, stop, in_thread)
    arena.decided += 1
    assert arena.primary() is kind.new_primary
    arena.await_write(kind.new_primary)
    stop.may_go.set()
    assert owner.join().error is None
    arena.judge()


@pytest.mark.parametrize("point", ABORTING)
def test_an_owner_stopped_while_it_drives_back_is_helped(arena, make_stop, in_thread, point):
    """The abort is ended by the daemon; the owner that continues reports it."""
    arena.bring_to(Kind.CUTOVER)
    stop = make_stop(point=point, crash_at="swap.fenced")
    owner = stop_owner(arena, Kind.CUTOVER, stop, in_thread)
    arena.await_write(Kind.CUTOVER.old_primary)
    stop.may_go.set()
    assert isinstance(owner.join().error, SwapAbortedError)
    arena.judge()


@pytest.mark.parametrize(("point", "kind"), alternating(("swap.before_request", *UNDECIDED)))
def test_an_owner_that_fails_before_the_decision_drives_back_itself(arena, make_stop, kind, point):
    """An exception at any point before the decision leaves the old primary open, at once."""
    arena.bring_to(kind)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # ours, or the hook's before the request
        arena.swap(kind, Hooks(reached=make_stop(crash_at=point)))
    is_ours = isinstance(caught.value, ChangeoverError)
    assert is_ours == (point != "swap.before_request")
    assert arena.primary() is kind.old_primary
    arena.judge()


@pytest.mark.parametrize(("point", "kind"), alternating(DECIDED))
def test_an_owner_that_fails_after_the_decision_is_driven_on(arena, make_stop, kind, point):
    """An exception at any point after the decision leaves the new primary open in the end."""
    arena.bring_to(kind)
    stop = make_stop(crash_at=point)
    if point == "swap.decided":
        arena.swap(kind, Hooks(reached=stop))
    else:
        with pytest.raises(Exception, match=point):
            arena.swap(kind, Hooks(reached=stop))
    arena.decided += 1
    arena.expire()
    arena.await_no_swap()
    assert arena.primary() is kind.new_primary
    arena.judge()


@pytest.mark.parametrize("point", ABORTING)
def test_an_owner_that_fails_while_it_drives_back_is_helped(arena, make_stop, point):
    """An exception inside the abort leaves the old primary open in the end."""
    arena.bring_to(Kind.CUTOVER)

    def reached(at):
        if at in {"swap.fenced", point}:
            raise RuntimeError(at)

    with pytest.raises(Exception, match=point):
        arena.swap(Kind.CUTOVER, Hooks(reached=reached))
    arena.expire()
    arena.await_no_swap()
    assert arena.primary() is Kind.CUTOVER.old_primary
    arena.judge()


def test_the_points_are_all_of_them(arena, make_stop):
    """The lists above name every point that a swap and an abort reach."""
    arena.bring_to(Kind.CUTOVER)
    back, forth = make_stop(crash_at="swap.fenced"), make_stop()
    with pytest.raises(SwapAbortedError):
        arena.swap(Kind.CUTOVER, Hooks(reached=back))
    arena.swap(Kind.CUTOVER, Hooks(reached=forth))
    arena.decided += 1
    seen = {point for point in (*back.seen, *forth.seen) if point.startswith(("swap.", "fence."))}
    assert seen == {"swap.before_request", *UNDECIDED, *DECIDED, *ABORTING}
    arena.judge()

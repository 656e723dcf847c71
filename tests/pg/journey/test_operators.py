"""Two operators, and one who overslept: the second is refused, the late one changes nothing."""

import pytest

from changeover.control.swap import Kind, request
from changeover.journey.cutover import cutover, rollback
from changeover.model.errors import (
    StaleAttemptError,
    StaleEpochError,
    SwapAbortedError,
    SwapInProgressError,
    WrongStageError,
)
from changeover.model.fault import Hooks
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.mirror import read_control

ASLEEP = {
    "swap.before_request": StaleEpochError,
    "swap.requested": StaleAttemptError,
    "fence.set": SwapAbortedError,
    "swap.fenced": SwapAbortedError,
    "swap.drained": SwapAbortedError,
    "swap.prepared": SwapAbortedError,
}


def fences(arena):
    """Return everything that a late operator might move: fences, attempts, sequences, epochs."""
    found = {}
    for side in Side:
        with arena.databases[side].connect() as connection:
            found[side] = connection.execute(
                "SELECT s.attempt, s.intention, s.epoch,"
                " pg_sequence_last_value('changeover.fence'),"
                " pg_sequence_last_value('public.notes_id_seq') FROM changeover.side AS s"
            ).fetchone()
    return found


@pytest.mark.parametrize("point", list(ASLEEP))
def test_an_operator_who_wakes_after_two_more_swaps_changes_nothing(
    arena, make_stop, in_thread, point
):
    """Stopped anywhere before the decision, aborted, overtaken by a cutover and a rollback."""
    arena.bring_to(Kind.CUTOVER)
    stop = make_stop(point=point)
    late = in_thread(lambda: arena.swap(Kind.CUTOVER, Hooks(reached=stop)))
    assert stop.is_reached.wait(30), late.error
    arena.expire()
    arena.await_no_swap()
    arena.swap(Kind.CUTOVER)
    arena.swap(Kind.ROLLBACK)
    arena.decided += 2
    before = fences(arena)
    stop.may_go.set()
    assert isinstance(late.join().error, ASLEEP[point] | StaleAttemptError), late.error
    assert fences(arena) == before
    arena.judge()


def test_an_operator_who_wakes_while_the_other_side_is_primary_moves_no_sequence(
    arena, make_stop, in_thread
):
    """Stopped before the sequences, overtaken by a cutover: the live sequences stay as they are."""
    arena.bring_to(Kind.CUTOVER)
    stop = make_stop(point="swap.drained")
    late = in_thread(lambda: arena.swap(Kind.CUTOVER, Hooks(reached=stop)))
    assert stop.is_reached.wait(30), late.error
    arena.expire()
    arena.await_no_swap()
    arena.swap(Kind.CUTOVER)
    arena.decided += 1
    with arena.databases[Side.TARGET].connect() as target:
        assert target.execute("SELECT nextval('public.notes_id_seq')").fetchone()
    before = fences(arena)
    stop.may_go.set()
    assert isinstance(late.join().error, StaleAttemptError)
    assert fences(arena) == before
    arena.judge()


def test_a_decided_operator_who_wakes_after_the_way_back_opens_nothing(arena, make_stop, in_thread):
    """Stopped after the decision, driven on, rolled back: the target stays closed."""
    arena.bring_to(Kind.CUTOVER)
    stop = make_stop(point="swap.before_fence_opened")
    late = in_thread(lambda: arena.swap(Kind.CUTOVER, Hooks(reached=stop)))
    assert stop.is_reached.wait(30), late.error
    arena.expire()
    arena.await_no_swap()
    arena.swap(Kind.ROLLBACK)
    arena.decided += 2
    before = fences(arena)
    stop.may_go.set()
    assert isinstance(late.join().error, StaleAttemptError)
    assert fences(arena) == before
    arena.judge()


@pytest.mark.parametrize("point", ["swap.fenced", "swap.decided"])
def test_the_second_operator_is_told_of_the_first(arena, make_stop, in_thread, point):
    """While a swap is under way, cutover and rollback are refused with its owner's name."""
    arena.bring_to(Kind.CUTOVER)
    stop = make_stop(point=point)
    first = in_thread(lambda: arena.swap(Kind.CUTOVER, Hooks(reached=stop)))
    assert stop.is_reached.wait(30), first.error
    if point == "swap.fenced":
        for act in (cutover, rollback):
            with pytest.raises(SwapInProgressError, match="phase fenced") as caught:
                act(arena.move)
            assert caught.value.exit_code == 4
        with pytest.raises(SwapInProgressError):
            arena.swap(Kind.CUTOVER)
    stop.may_go.set()
    error = first.join().error
    assert error is None
    arena.decided += 1
    arena.judge()


def test_of_two_operators_at_the_same_moment_one_gets_through(arena, make_stop, in_thread):
    """Both have passed the gates; the second request is refused and nothing of it stays."""
    arena.bring_to(Kind.CUTOVER)
    stops = [make_stop(point="swap.before_request") for _ in range(2)]
    both = [
        in_thread(lambda stop=stop: arena.swap(Kind.CUTOVER, Hooks(reached=stop))) for stop in stops
    ]
    for stop in stops:
        assert stop.is_reached.wait(30)
    for stop in stops:
        stop.may_go.set()
    errors = [one.join().error for one in both]
    assert errors.count(None) == 1
    refused = next(error for error in errors if error is not None)
    assert isinstance(refused, SwapInProgressError | WrongStageError)
    assert refused.exit_code == 4
    arena.decided += 1
    arena.judge()


def test_a_swap_that_is_done_already_is_refused_by_name(arena):
    """Cutover after a cutover, and rollback after a rollback, name the stage instead of gates."""
    for kind, act in ((Kind.CUTOVER, rollback), (Kind.ROLLBACK, cutover)):
        arena.bring_to(kind)
        with pytest.raises(WrongStageError) as caught:
            act(arena.move)
        assert (caught.value.code, caught.value.exit_code) == ("CO406", 4)
    arena.judge()


def test_capture_is_not_installed_during_a_swap(pair, ready):
    """While a swap is under way `capture install` refuses and leaves every trigger alone."""
    move = ready(pair, "CREATE TABLE public.note (id bigint PRIMARY KEY)")
    with move.connect_owner(Side.TARGET, "test") as target:
        epoch = read_control(target).epoch
        request(target, Kind.CUTOVER, "somebody", 60, epoch=epoch)
    triggers = "SELECT oid, xmin::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY oid"
    with pair.source.connect() as source:
        before = source.execute(triggers).fetchall()
        with pytest.raises(SwapInProgressError, match="cutover of somebody"):
            capture.install(move)
        assert source.execute(triggers).fetchall() == before

"""Processes killed or stopped at every transition of a swap, and at points of a round."""

import signal

import pytest
from arming import EXTRA_POINTS, MOMENTS, ROUND_POINTS

from changeover.control.swap import Kind, Phase

DEADLINE_S = 3.0
KINDS = tuple(Kind)
CI_KILLS = {
    "cutover-requested-writers_over-after",
    "cutover-prepared-decision_committed-after",
    "rollback-prepared-decision_committed-before",
    "rollback-decided-fence_opened-after",
    "cutover-drained-abort_committed-after",
    "cutover-opened-other_at_rest-before",
    "rollback-aborting-fence_reopened-before",
}
CI_STOPS = {
    "cutover-drained-sequences_set-after",
    "rollback-decided-fence_opened-before",
}
CI_ROUNDS = {"cutover-round.before_secondary_commit", "rollback-round.between_commits"}


def cases(points, in_ci):
    """Return parameters with stable ids; those that CI does not run are nightly."""
    made = []
    for kind in KINDS:
        for point in points:
            name = f"{kind}-{point}"
            marks = () if name in in_ci else pytest.mark.nightly
            made.append(pytest.param(kind, point, id=name, marks=marks))
    return made


def await_outcome(world, kind, *, is_decided):
    """Wait until the daemon has ended the swap, and look where the authority is."""
    world.await_no_swap()
    wanted = kind.new_primary if is_decided else kind.old_primary
    assert world.primary == str(wanted)


def leave(world, kind, phase):
    """Kill an operator so that his swap rests in a phase."""
    arm = {"point": f"swap.{phase}", "action": "kill"}
    world.reach(kind, arm, DEADLINE_S).await_killed()


@pytest.mark.parametrize(("kind", "moment"), cases(MOMENTS, CI_KILLS))
def test_killed_at_a_transition(make_world, judge, kind, moment):
    """Who drives a swap is killed before or after a transition; the daemon ends the swap."""
    world = make_world()
    world.bring(kind)
    arm = {"point": moment.point, "action": "kill"}
    if moment.is_of_abort:
        killed = world.restart_daemon(arm)
        leave(world, kind, moment.resting_phase)
        killed.await_killed()
        world.start_daemon()
    else:
        world.reach(kind, arm, DEADLINE_S).await_killed()
    await_outcome(world, kind, is_decided=moment.is_decided)
    judge(world)


@pytest.mark.parametrize(("kind", "moment"), cases(MOMENTS, CI_STOPS))
def test_stopped_at_a_transition_past_the_deadline(make_world, judge, kind, moment):
    """Who drives a swap oversleeps its end; continued, it changes nothing."""
    world = make_world()
    world.bring(kind)
    arm = {"point": moment.point, "action": "stop"}
    if moment.is_of_abort:
        stopped = world.restart_daemon(arm)
        leave(world, kind, moment.resting_phase)
        stopped.await_mark()
        world.start_daemon()
    else:
        stopped = world.reach(kind, arm, DEADLINE_S)
    await_outcome(world, kind, is_decided=moment.is_decided)
    continue_(world, stopped, moment)
    judge(world)


def continue_(world, stopped, moment=None):
    """Let a process go on that overslept the end of its swap; nothing may change by it."""
    before = world.primary, world.decided
    world.await_progress()
    stopped.send(signal.SIGCONT)
    if moment is not None and moment.is_of_abort:
        world.await_progress()
        stopped.end()
    elif moment is not None and moment.is_decided:
        assert stopped.outcome()["outcome"] == "done", stopped.tail()
    else:
        error = stopped.outcome().get("error")
        assert error in {"StaleAttemptError", "SwapAbortedError"}, stopped.tail()
    assert (world.primary, world.decided) == before


@pytest.mark.parametrize(("kind", "point"), cases(EXTRA_POINTS, set()))
def test_killed_inside_a_step(make_world, judge, kind, point):
    """The owner is killed before or just after the fence is set, or before the decision begins."""
    world = make_world()
    world.bring(kind)
    world.reach(kind, {"point": point, "action": "kill"}, DEADLINE_S).await_killed()
    await_outcome(world, kind, is_decided=False)
    judge(world)


@pytest.mark.parametrize(("kind", "point"), cases(EXTRA_POINTS, set()))
def test_stopped_inside_a_step_past_the_deadline(make_world, judge, kind, point):
    """The owner oversleeps before it sets the fence, or has: continued, it is refused."""
    world = make_world()
    world.bring(kind)
    stopped = world.reach(kind, {"point": point, "action": "stop"}, DEADLINE_S)
    await_outcome(world, kind, is_decided=False)
    continue_(world, stopped)
    judge(world)


@pytest.mark.parametrize(("kind", "point"), cases(ROUND_POINTS, CI_ROUNDS))
def test_daemon_killed_in_a_round(make_world, judge, dice, kind, point):
    """The daemon is killed inside a round; the next one repeats what was not booked."""
    world = make_world()
    world.bring(kind)
    occurrence = dice.randint(1, 30)
    killed = world.restart_daemon({"point": point, "action": "kill", "occurrence": occurrence})
    killed.await_killed()
    world.start_daemon()
    judge(world)


@pytest.mark.parametrize(("kind", "point"), cases(ROUND_POINTS, {"cutover-round.staged"}))
def test_daemon_stopped_in_a_round(make_world, judge, dice, kind, point):
    """The daemon is stopped inside a round; another takes over; the first one is continued."""
    world = make_world()
    world.bring(kind)
    occurrence = dice.randint(1, 30)
    stopped = world.restart_daemon({"point": point, "action": "stop", "occurrence": occurrence})
    stopped.await_mark()
    world.start_daemon()
    world.hold_writers()
    world.await_drained()
    world.release_writers()
    stopped.send(signal.SIGCONT)
    world.await_progress()
    assert stopped.is_running, stopped.tail()
    stopped.end()
    judge(world)


@pytest.mark.parametrize(("kind", "point"), cases(ROUND_POINTS, set()))
def test_operator_killed_in_a_round_under_the_fence(make_world, judge, kind, point):
    """The owner is killed while it drains under the fence; the old primary opens again."""
    world = make_world()
    world.bring(kind)
    arm = {"point": point, "action": "kill", "occurrence": 2}
    world.reach(kind, arm, DEADLINE_S).await_killed()
    await_outcome(world, kind, is_decided=False)
    judge(world)


def test_swap_while_the_daemon_is_stopped_in_a_round(make_world, judge):
    """A daemon that sleeps with the mirror's lock does not keep an operator from swapping."""
    world = make_world()
    world.bring(Kind.ROLLBACK)
    stopped = world.restart_daemon({"point": "round.staged", "action": "stop", "occurrence": 5})
    stopped.await_mark()
    outcome = world.start_operator(Kind.ROLLBACK).outcome()
    assert outcome["outcome"] == "done", outcome
    stopped.send(signal.SIGCONT)
    judge(world)
    assert stopped.is_running, stopped.tail()


def test_moments_are_every_transition():
    """The matrix is the transition table, before and after each of its pairs."""
    assert len({str(moment) for moment in MOMENTS}) == 22
    assert {moment.phase for moment in MOMENTS} == set(Phase) - {Phase.FINISHED, Phase.ABORTED}

"""Where a write goes, how often, and what its caller is told, on a live move."""

import socket

import httpx
import pytest
from gateway_process import wait_for
from routed import LISTED, Task, call, knows, obeys, read, side_of, write

from changeover.control.swap import Kind
from changeover.model.side import Side, Stage

KEYED = {"changeover-targeting-key": LISTED}


def body(reply):
    """Return the code and the text of an error."""
    members = httpx.Response(reply.status, content=reply.body).json()
    return members["code"], members["message"]


def test_a_write_comes_back_as_mirrored(world, make_router):
    """After a write in `dual_write` the row is on the target when the write returns."""
    world.set_stage(Stage.DUAL_WRITE)
    router = make_router()
    obeys(router, Stage.DUAL_WRITE)
    for number in range(1, 6):
        assert router.send(write(number)).status == 201
        assert number in world.ids(Side.TARGET)


def test_a_write_that_the_fence_refuses_is_repeated_once_at_the_new_primary(world, make_router):
    """A write that meets a cutover waits for it; each side is asked once, and one row is there."""
    world.set_stage(Stage.LIVE)
    router = make_router()
    obeys(router, Stage.LIVE)
    held = world.swap_held(Kind.CUTOVER)
    writing = Task(lambda: router.send(call(7)))
    wait_for(lambda: world.calls(Side.SOURCE) == 1, what="the refusal")
    assert not writing.is_over
    held.let_go()
    assert writing.join().status == 200
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 1)
    assert world.ids(Side.TARGET) == [7]
    assert router.link.view.primary is Side.TARGET


def test_a_write_follows_a_rollback(world, make_router):
    """A write that meets a rollback is refused by the target and written once on the source."""
    world.set_stage(Stage.LIVE)
    router = make_router()
    world.swap(Kind.CUTOVER)
    obeys(router, Stage.RAMP_DOWN)
    held = world.swap_held(Kind.ROLLBACK)
    writing = Task(lambda: router.send(call(8)))
    wait_for(lambda: world.calls(Side.TARGET) == 1, what="the refusal")
    held.let_go()
    assert writing.join().status == 200
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 1)
    assert world.ids(Side.SOURCE) == [8]


def test_a_write_that_is_refused_twice_is_not_tried_a_third_time(world, make_router):
    """Whatever the control tables say: after one repetition the fence has the last word."""
    world.set_stage(Stage.DUAL_WRITE)
    router = make_router(poll_ms=600_000)
    obeys(router, Stage.DUAL_WRITE)
    world.stop_mirror()
    world.swap(Kind.CUTOVER)
    # The source is fenced for good, and is named as the primary all the same.
    world.on(Side.TARGET, "UPDATE changeover.control SET primary_side = 'source'")
    world.after.callback(
        world.on, Side.TARGET, "UPDATE changeover.control SET primary_side = 'target'"
    )
    reply = router.send(call(1))
    code, message = body(reply)
    assert (reply.status, code) == (503, "CO601")
    assert "once more" in message
    assert world.calls(Side.SOURCE) == 2
    assert (world.calls(Side.TARGET), world.ids(Side.TARGET)) == (0, [])


def test_a_write_that_outwaits_the_swap_is_not_written(world, make_router):
    """When the wait is over: 503, the code, the words, when to come again; and no row anywhere."""
    world.set_stage(Stage.LIVE)
    world.on(Side.TARGET, "UPDATE changeover.rollout SET swap_wait_s_max = 0.3")
    router = make_router()
    obeys(router, Stage.LIVE)
    wait_for(lambda: router.link.view.state.swap_wait_s_max == 0.3, what="the limit")
    held = world.swap_held(Kind.CUTOVER)
    reply = router.send(call(9))
    world.on(Side.TARGET, "UPDATE changeover.rollout SET swap_wait_s_max = 10")
    held.let_go()
    assert reply.status == 503
    code, message = body(reply)
    assert code == "CO601"
    assert "not written" in message
    assert dict(reply.headers)["Retry-After"] == "1"
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 0)
    assert world.ids(Side.SOURCE) == world.ids(Side.TARGET) == []


def test_a_stale_client_is_refused_and_recovers(world, make_router):
    """A process that knows nothing of a cutover writes to the target at its first write."""
    world.set_stage(Stage.LIVE)
    router = make_router(poll_ms=600_000)
    knows(router, Stage.LIVE)
    world.swap(Kind.CUTOVER)
    assert router.link.view.primary is Side.SOURCE
    assert router.send(call(1)).status == 200
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 1)
    assert side_of(router.send(read("/answered_by"))) == "target"


def test_a_client_that_still_knows_off_is_refused_and_recovers(world, make_router):
    """The fence is understood in every stage, also in `off`, where nothing else is looked at."""
    router = make_router(poll_ms=600_000)
    knows(router, Stage.OFF)
    world.set_stage(Stage.LIVE)
    world.swap(Kind.CUTOVER)
    assert router.send(call(1)).status == 200
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 1)


@pytest.mark.parametrize("stage", [Stage.DUAL_WRITE, Stage.LIVE])
def test_a_write_that_could_not_be_sent_is_not_written(world, make_router, stage):
    """Nobody listens at the source: 503, «not written», and nothing is repeated elsewhere."""
    world.set_stage(stage)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/rest/v1"
    router = make_router(source_url=url)
    knows(router, stage)
    reply = router.send(call(1))
    assert reply.status == 503
    code, message = body(reply)
    assert code == "CO603"
    assert "not written" in message
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (0, 0)


def test_an_answer_that_never_came_is_unknown_and_nothing_is_repeated(
    world, make_router, make_http_proxy
):
    """The source has committed and the answer is lost: 504, «unknown», one row, one call."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    proxy = make_http_proxy(world.url)
    router = make_router(source_url=f"http://127.0.0.1:{proxy.port}/rest/v1", unknown_wait_s=0.5)
    obeys(router, Stage.LIVE)
    proxy.lose_answers(1)
    reply = router.send(call(3))
    assert reply.status == 504
    code, message = body(reply)
    assert code == "CO602"
    assert "unknown" in message
    assert world.calls(Side.SOURCE) == 1
    assert world.ids(Side.SOURCE) == [3]
    # Until it is known what became of it, this process reads at the source.
    assert side_of(router.send(read("/answered_by", **KEYED))) == "source"
    assert not router.link.own.is_clean
    wait_for(lambda: router.link.own.is_clean, what="the mirror")
    assert side_of(router.send(read("/answered_by", **KEYED))) == "target"


def test_a_refused_write_is_told_as_it_was(world, make_router):
    """What the primary refuses for its own reasons passes unchanged, and once."""
    world.set_stage(Stage.DUAL_WRITE)
    router = make_router()
    obeys(router, Stage.DUAL_WRITE)
    assert router.send(call(1)).status == 200
    reply = router.send(call(1))
    assert (reply.status, body(reply)[0]) == (409, "23505")
    assert world.calls(Side.SOURCE) == 2


def test_a_writer_does_not_wait_for_a_mirror_that_is_away(world, make_router):
    """The first waits as long as it may; further ones don't, until the mirror answers again."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(mirror_wait_ms_max=300)
    obeys(router, Stage.LIVE)
    world.stop_mirror()
    for number in (1, 2, 3):
        assert router.send(write(number)).status == 201
    assert not router.link.own.is_clean
    assert side_of(router.send(read("/answered_by", **KEYED))) == "source"
    world.run_mirror()
    wait_for(lambda: router.link.own.is_clean, what="the mirror")
    obeys(router, Stage.LIVE)
    assert side_of(router.send(read("/answered_by", **KEYED))) == "target"
    assert world.ids(Side.TARGET) == [1, 2, 3]


def test_a_commit_whose_answer_is_lost_is_unknown_at_the_target_too(
    world, make_router, target_proxy
):
    """After a cutover the connection breaks behind the COMMIT: 504, one row, one call."""
    world.set_stage(Stage.LIVE)
    world.swap(Kind.CUTOVER)
    router = make_router(target_dsn=target_proxy.dsn, poll_ms=600_000)
    knows(router, Stage.RAMP_DOWN)
    target_proxy.lose_commits(1)
    reply = router.send(call(4))
    assert (reply.status, body(reply)[0]) == (504, "CO602")
    assert world.calls(Side.TARGET) == 1
    assert world.ids(Side.TARGET) == [4]

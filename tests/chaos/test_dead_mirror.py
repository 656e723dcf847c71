"""A mirror that is gone: nobody reads what grows old, and nobody waits for ever."""

from routed_world import assert_good, is_read_of, is_write
from stage_walk import go_live

from changeover.model.side import Side


def is_unmirrored_write(call):
    """Whether a write was acknowledged that the mirror had not carried when it returned."""
    return is_write(call) and call.get("is_mirrored") is False


def test_reads_leave_a_target_that_grows_old(routed):
    """The mirror dies: writes return unmirrored, reads go to the source, and back afterwards."""
    with routed.world() as world:
        go_live(world)
        world.daemon.kill()
        world.await_calls(is_unmirrored_write, "writes do not return", world.routed)
        world.await_calls(is_read_of(Side.SOURCE), "reads stay with the target", world.routed)
        world.start_daemon()
        world.await_calls(is_read_of(Side.TARGET), "reads do not come back", world.routed)
        assert_good(world.history())


def test_nobody_reads_older_than_allowed(routed):
    """Who writes nothing has no own write to miss: only the marker's age sends its reads back."""
    with routed.world() as world:
        go_live(world)
        world.daemon.kill()
        world.start_client("reader", lanes=1, is_reader=True)
        try:
            world.await_calls(is_read_of(Side.SOURCE), "its reads stay with the target", ["reader"])
        finally:
            world.start_daemon()
        world.await_calls(is_read_of(Side.TARGET), "reads do not come back", world.routed)
        history = world.history()
        world.end_clients(["reader"])
        assert_good(history)

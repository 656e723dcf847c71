"""The kill switch with everything away that could decide: target, flag store and console.

The flag store is the target's control schema, and no console runs.
"""

import shutil
import time

from child import await_
from routed_world import assert_good, is_read_of, is_write
from stage_walk import go_live
from world import reachable

from changeover.model.side import Side

FRESH = ("fresh", "fresh with a state")


def reads_since(world, began):
    """Return the reads that were sent after a moment and are over."""
    return [
        call
        for calls in world.calls().values()
        for call in calls
        if call["begin"] > began and not call["is_write"] and "outcome" in call
    ]


def sides_of(calls):
    """Return who has answered, as far as clients know."""
    return {call["side"] for call in calls if "side" in call}


def test_kill_file_holds_on_the_next_call(routed):
    """With everything well, the file alone leads every read back, from the next one on."""
    with routed.world() as world:
        go_live(world)
        world.kill_file.touch()
        switched = time.monotonic()
        try:
            world.await_reads()
            assert sides_of(reads_since(world, switched)) == {Side.SOURCE}
        finally:
            world.kill_file.unlink()
        world.await_calls(is_read_of(Side.TARGET), "reads do not come back", world.routed)
        assert_good(world.history())


def test_kill_switch_with_the_target_away(routed):
    """Target and flag store die: every read is answered, and by the source once the file is there.

    A client that starts meanwhile serves as well, with and without a state on its disk.
    """
    with routed.world() as world:
        go_live(world)
        target = world.databases["target"]
        died = time.monotonic()
        target.server.kill()
        try:
            world.await_reads()
            world.kill_file.touch()
            switched = time.monotonic()
            shutil.copy(world.state_file("sync"), world.state_file("fresh with a state"))
            for name in FRESH:
                world.start_client(name, lanes=1)
            world.await_reads()
            world.await_calls(is_write, "clients do not write")
            assert {call["outcome"] for call in reads_since(world, died)} == {"ok"}
            later = reads_since(world, switched)
            assert sides_of(later) == {Side.SOURCE}
            assert not [call for call in later if "fell_back" in call]
        finally:
            target.server.restart()
            world.kill_file.unlink(missing_ok=True)
        await_(lambda: reachable(target), "the target is back")
        world.end_clients(FRESH)
        world.await_calls(is_read_of(Side.TARGET), "reads do not come back", world.routed)
        assert_good(world.history())

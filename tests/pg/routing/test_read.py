"""Which side answers a read, stage by stage, on a live move."""

import pytest
from routed import LISTED, call, obeys, read, side_of

from changeover.control.swap import Kind
from changeover.model.side import Side, Stage

WHO = "/answered_by"
KEYED = {"changeover-targeting-key": LISTED}


@pytest.mark.parametrize(
    ("stage", "side"),
    [
        (Stage.OFF, "source"),
        (Stage.DUAL_WRITE, "source"),
        (Stage.SHADOW, "source"),
        (Stage.LIVE, "target"),
    ],
)
def test_a_read_is_answered_by_the_side_of_its_stage(world, make_router, stage, side):
    """Before `live` the source answers everybody; in `live` the target answers who is listed."""
    world.set_stage(stage, members=(LISTED,))
    router = make_router()
    obeys(router, stage)
    assert side_of(router.send(read(WHO, **KEYED))) == side


def test_the_authority_answers_after_a_cutover_and_after_a_rollback(world, make_router):
    """In ramp_down the target answers, listed or not; after the rollback the source."""
    world.set_stage(Stage.LIVE, percent=100)
    router = make_router()
    obeys(router, Stage.LIVE)
    world.swap(Kind.CUTOVER)
    obeys(router, Stage.RAMP_DOWN)
    assert side_of(router.send(read(WHO))) == "target"
    world.swap(Kind.ROLLBACK)
    obeys(router, Stage.LIVE)
    assert side_of(router.send(read(WHO, **KEYED))) == "source"


def test_nobody_without_a_key_and_outside_of_the_list_is_answered_by_the_target(world, make_router):
    """No key, or one off the list at 0 %: the source. Any key at 100 %: the target."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router()
    obeys(router, Stage.LIVE)
    other = {"changeover-targeting-key": "another"}
    assert side_of(router.send(read(WHO))) == "source"
    assert side_of(router.send(read(WHO, **other))) == "source"
    world.set_stage(Stage.LIVE, percent=100)
    obeys(router, Stage.LIVE, percent=100)
    assert side_of(router.send(read(WHO, **other))) == "target"
    assert side_of(router.send(read(WHO))) == "source"


def test_a_call_of_a_stable_function_is_a_read(world, make_router):
    """POST to a STABLE function goes where reads go; a volatile one writes."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router()
    obeys(router, Stage.LIVE)
    router.send(read(WHO, **KEYED))  # the target's catalog is known from now on
    stable = read("/rpc/who", **KEYED, **{"content-type": "application/json"})
    stable = type(stable)(method="POST", path=stable.path, headers=stable.headers, body=b"{}")
    assert side_of(router.send(stable)) == "target"
    assert router.send(call(1)).status == 200
    assert (world.calls(Side.SOURCE), world.calls(Side.TARGET)) == (1, 0)

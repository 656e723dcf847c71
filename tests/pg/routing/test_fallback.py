"""Reads that the target fails are answered by the source; the breaker; the kill switch."""

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from gateway_process import wait_for
from routed import LISTED, Task, knows, obeys, read, side_of, write

from changeover.control.swap import Kind
from changeover.engine.message import Reply
from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Cause,
    FellBack,
    OperationFinished,
    StageSeen,
)
from changeover.model.side import Side, Stage
from changeover.routing.step import Ask

WHO = "/answered_by"
KEYED = {"changeover-targeting-key": LISTED}


def of(kind, seen):
    """Return what was seen of one kind."""
    return [one for one in seen if isinstance(one, kind)]


@pytest.fixture
def live(world, make_router, target_proxy, seen):
    """A router in `live` whose listed key reads at the target, through the proxy."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(
        target_dsn=target_proxy.dsn, observer=seen.append, read_timeout_ms=400, breaker_probe_ms=50
    )
    obeys(router, Stage.LIVE)
    # The first reads open connections and read the catalog, which may outlast their time-out.
    wait_for(lambda: side_of(router.send(read(WHO, **KEYED))) == "target", what="the target")
    seen.clear()
    return router


def test_a_target_that_hangs_costs_a_few_reads_their_time_out(live, target_proxy, seen):
    """It takes bytes and never answers: reads come from the source, and then it isn't asked."""
    target_proxy.stall()
    for _ in range(8):
        assert side_of(live.send(read(WHO, **KEYED))) == "source"
    fallen = of(FellBack, seen)
    assert len(fallen) == 5
    assert {one.cause for one in fallen} == {Cause.TIMED_OUT}
    assert [one.state for one in of(BreakerChanged, seen)] == [BreakerState.OPEN]
    assert [one.reason for one in of(OperationFinished, seen)][-3:] == ["breaker"] * 3


def test_an_error_that_comes_after_the_time_is_a_time_out(live, seen):
    """The store gives up by itself at the same moment, and its error may come first."""
    steps = live.course.steps(read(WHO, **KEYED))
    tried = next(steps)
    time.sleep(tried.timeout_s)
    assert steps.send(Reply(status=503, body=b'{"code": "PGRST001"}')) == Ask(
        Side.SOURCE, tried.message
    )
    with suppress(StopIteration):
        steps.send(Reply(status=200))
    assert [one.cause for one in of(FellBack, seen)] == [Cause.TIMED_OUT]


def test_many_reads_at_once_fall_back_together(live, target_proxy):
    """Twenty callers of a target that hangs are all answered by the source."""
    target_proxy.stall()
    tasks = [Task(lambda: live.send(read(WHO, **KEYED))) for _ in range(20)]
    assert {side_of(task.join()) for task in tasks} == {"source"}


def test_the_breaker_closes_when_the_target_is_back(live, target_proxy, seen):
    """After the target has come back a probe goes through and reads go there again."""
    target_proxy.refuse()
    for _ in range(6):
        assert side_of(live.send(read(WHO, **KEYED))) == "source"
    assert {one.cause for one in of(FellBack, seen)} == {Cause.UNREACHABLE}
    target_proxy.heal()
    wait_for(lambda: side_of(live.send(read(WHO, **KEYED))) == "target", what="a probe")
    states = [one.state for one in of(BreakerChanged, seen)]
    assert states == [BreakerState.OPEN, BreakerState.CLOSED]


def test_what_the_target_lacks_is_read_at_the_source_and_told(world, live, seen):
    """A column that only the source has: the source answers, the breaker stays, a gate hears it."""
    world.on(Side.SOURCE, "CREATE VIEW public.only_here AS SELECT 1 AS one")
    world.on(Side.SOURCE, "GRANT SELECT ON public.only_here TO service_role")
    try:
        wait_for(
            lambda: json.loads(live.send(read("/only_here", **KEYED)).body) == [{"one": 1}],
            what="the source's catalog",
        )
    finally:
        world.on(Side.SOURCE, "DROP VIEW public.only_here")
    fallen = of(FellBack, seen)
    assert {(one.cause, one.code, one.table) for one in fallen} == {
        (Cause.SCHEMA, "PGRST205", "only_here")
    }
    assert of(BreakerChanged, seen) == []

    def told():
        return world.on(
            Side.TARGET,
            "SELECT table_name, class FROM changeover.shadow_mismatch"
            " WHERE table_name = 'only_here'",
        )

    assert wait_for(told, what="the mismatch") == [("only_here", "error")]


def test_what_neither_side_has_is_the_callers_mistake(live, seen):
    """A table that is nowhere: the source's refusal, and nothing is counted against the target."""
    assert live.send(read("/nowhere", **KEYED)).status == 404
    assert of(FellBack, seen) == []
    assert live.course.breaker.failures == 0


def test_the_kill_switch_acts_on_the_next_call(world, make_router, tmp_path, seen, monkeypatch):
    """A file calls reads back to the source, and lets them go again when it is removed."""
    file = tmp_path / "kill"
    monkeypatch.setenv("CHANGEOVER_KILL_SWITCH", str(file))
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(observer=seen.append)
    obeys(router, Stage.LIVE)
    assert side_of(router.send(read(WHO, **KEYED))) == "target"
    file.touch()
    assert side_of(router.send(read(WHO, **KEYED))) == "source"
    assert of(OperationFinished, seen)[-1].reason == "killed"
    file.unlink()
    assert side_of(router.send(read(WHO, **KEYED))) == "target"


def test_the_kill_switch_works_with_the_target_away(live, target_proxy, seen, monkeypatch):
    """With the target dead and the switch on nobody even tries the target."""
    target_proxy.refuse()
    live.course.override.path = __file__
    seen.clear()
    for _ in range(3):
        assert side_of(live.send(read(WHO, **KEYED))) == "source"
    assert of(FellBack, seen) == []


def test_after_a_cutover_the_kill_switch_does_not_move_reads(world, make_router, tmp_path):
    """Reads follow the authority once the target is the primary."""
    file = tmp_path / "kill"
    file.touch()
    router = make_router(kill_file=str(file))
    world.set_stage(Stage.LIVE)
    obeys(router, Stage.LIVE)
    world.swap(Kind.CUTOVER)
    obeys(router, Stage.RAMP_DOWN)
    assert side_of(router.send(read(WHO))) == "target"


def test_an_old_marker_calls_reads_back(world, make_router, seen):
    """When the mirror stands still, nobody reads the target once the marker is too old."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    world.on(Side.TARGET, "UPDATE changeover.rollout SET marker_age_ms_max = 1000")
    router = make_router(observer=seen.append)
    obeys(router, Stage.LIVE)
    world.stop_mirror()

    def reason():
        side = side_of(router.send(read(WHO, **KEYED)))
        return side, of(OperationFinished, seen)[-1].reason

    wait_for(lambda: reason() == ("source", "behind"), what="the old marker")
    world.on(Side.TARGET, "UPDATE changeover.rollout SET marker_age_ms_max = 10000")


def test_a_fresh_client_starts_without_the_target(world, make_router, target_proxy, seen):
    """It starts from the state on disk and serves; a write there is answered as ever."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    before = make_router()
    obeys(before, Stage.LIVE)
    before.close()
    target_proxy.refuse()
    router = make_router(target_dsn=target_proxy.dsn, observer=seen.append)
    assert side_of(router.send(read(WHO, **KEYED))) == "source"
    (first,) = of(StageSeen, seen)
    assert (first.stage, first.is_from_disk) == (Stage.LIVE, True)
    assert router.send(write(1)).status == 201
    assert world.ids(Side.SOURCE) == [1]


def test_a_fresh_client_without_a_file_is_in_off(make_router, target_proxy):
    """Without a file and without the target it is the old application."""
    target_proxy.refuse()
    router = make_router(target_dsn=target_proxy.dsn)
    assert side_of(router.send(read(WHO, **KEYED))) == "source"
    assert router.link.view.state.stage is Stage.OFF


def test_a_fresh_client_asks_before_it_believes_its_disk(world, make_router):
    """A file that is weeks old says `off`; the first answer comes from the primary of today."""
    world.set_stage(Stage.LIVE)
    router = make_router()
    knows(router, Stage.LIVE)
    router.close()
    stale = Path(router.link._file.path)
    kept = stale.read_bytes()
    world.swap(Kind.CUTOVER)
    stale.write_bytes(kept)
    fresh = make_router(read_timeout_ms=30_000)
    assert fresh.link.view.primary is Side.SOURCE
    assert side_of(fresh.send(read(WHO))) == "target"

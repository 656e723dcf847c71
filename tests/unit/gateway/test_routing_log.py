"""Changes and alarms of the routing, as events of the gateway's log."""

import asyncio
import json
import threading

from changeover.gateway.access_log import AccessLog
from changeover.gateway.routing_log import RoutingLog
from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    OwnWriteDiverted,
    RolloutLowered,
    ShadowValuesKept,
    StageSeen,
)
from changeover.model.side import Side, Stage

SEEN = (
    StageSeen(stage=Stage.LIVE, primary=Side.SOURCE, epoch=3, rollout_percent=10),
    BreakerChanged(side=Side.TARGET, state=BreakerState.OPEN),
    RolloutLowered(reason="errors 2 %, allowed 1 %", rail="errors"),
    OwnWriteDiverted(),
    ShadowValuesKept(file="/a/file"),
)


def test_changes_and_alarms_are_logged_from_any_thread(tmp_path):
    """What an operator looks for is an event; traffic is not."""
    path = tmp_path / "log"

    async def run(descriptor):
        log = AccessLog(descriptor=descriptor)
        routing = RoutingLog(log, asyncio.get_running_loop())
        thread = threading.Thread(target=lambda: [routing(one) for one in SEEN])
        thread.start()
        await asyncio.to_thread(thread.join)
        log.flush()

    with path.open("wb") as file:
        asyncio.run(run(file.fileno()))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    stage, breaker, lowered, kept = lines
    assert (stage["event"], stage["stage"], stage["rollout_percent"]) == ("stage_seen", "live", 10)
    assert (breaker["side"], breaker["state"]) == ("target", "open")
    assert lowered["reason"] == "errors 2 %, allowed 1 %"
    assert (kept["event"], kept["file"]) == ("shadow_values_kept", "/a/file")


def test_a_loop_that_has_ended_is_left_alone():
    """The thread of the link may outlive the loop by a moment."""
    loop = asyncio.new_event_loop()
    routing = RoutingLog(AccessLog(), loop)
    loop.close()
    routing(SEEN[0])

"""What happens to the routing, as events of the gateway's log: what an operator wants to find.

Requests are logged elsewhere; here stand changes and alarms. Observers are called from any thread,
the log belongs to the loop.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from changeover.gateway.access_log import AccessLog
from changeover.model.observation import Observation
from changeover.model.routing_observation import (
    BreakerChanged,
    RolloutLowered,
    ShadowValuesKept,
    StageSeen,
)


class RoutingLog:
    """Logs changes of stage and breaker, and alarms."""

    def __init__(self, log: AccessLog, loop: asyncio.AbstractEventLoop) -> None:
        """Log.

        Args:
            log: Where to.
            loop: The log's own.
        """
        self._log = log
        self._loop = loop

    def __call__(self, seen: Observation) -> None:
        """Log an observation, if it is a change or an alarm."""
        match seen:
            case StageSeen():
                self._event("stage_seen", **_stage(seen))
            case BreakerChanged():
                self._event("breaker_changed", side=seen.side, state=seen.state)
            case RolloutLowered():
                self._event(
                    "rollout_lowered",
                    reason=seen.reason,
                    rail=seen.rail,
                    is_lowered=seen.is_lowered,
                )
            case ShadowValuesKept():
                self._event("shadow_values_kept", file=seen.file)
            case _:
                pass

    def _event(self, name: str, **facts: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._log.event(name, **facts))


def _stage(seen: StageSeen) -> Mapping[str, Any]:
    return {
        "stage": seen.stage,
        "primary": seen.primary,
        "epoch": seen.epoch,
        "rollout_percent": seen.rollout_percent,
        "shadow_percent": seen.shadow_percent,
        "is_killed": seen.is_killed,
        "is_from_disk": seen.is_from_disk,
    }

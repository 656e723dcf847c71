"""Who looks over a router's shoulder: shadow reads that compare, and guard rails that step back.

Both see what callers got, and neither ever makes one wait. They have stores of their own.
"""

import threading
import time
import weakref
from dataclasses import replace

from changeover.model.routing_observation import RolloutLowered
from changeover.model.side import Side, Stage
from changeover.routing.course import Course
from changeover.routing.guard_rail import Breach, GuardRail, GuardSettings
from changeover.routing.link import Link
from changeover.routing.router import AsyncRouter, Router
from changeover.routing.setting import Route
from changeover.routing.shadow import Shadow, ShadowSettings
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import PostgresStore
from changeover.stores.store import Store

CONNECTIONS_MAX = 2
"""So many connections to the target are open for comparing, at most."""


def guard(
    router: Router | AsyncRouter, settings: StoreSettings, route: Route, source: Store
) -> None:
    """Let reads of a router be compared and its rollout be guarded; nothing is opened yet.

    Args:
        router: Whose reads; it closes what is made here.
        settings: Those of its target.
        route: What the application says.
        source: The source's API, in a store that callers do not use; it is closed with the router.
    """
    rails = GuardRail(
        GuardSettings(
            window_s=route.guard_window_s,
            error_rate_max=route.guard_error_rate_max,
            latency_ratio_max=route.guard_latency_ratio_max,
            mismatch_rate_max=route.guard_mismatch_rate_max,
        )
    )
    pool = replace(settings.pool, connections_max=CONNECTIONS_MAX)
    shadow = Shadow(
        source,
        PostgresStore(replace(settings, pool=pool)),
        router.link,
        ShadowSettings(
            api=settings.api,
            queue_max=route.shadow_queue_max,
            values_file=route.shadow_values_file,
        ),
        router.course.observer,
        guard=rails,
    )
    router.course.shadow, router.course.guard = shadow, rails
    router.link.each_poll = _Watch(router.link, router.course, rails)
    # A router that is forgotten is not closed; its threads must end all the same.
    weakref.finalize(router, _end, shadow).atexit = False


def _end(shadow: Shadow) -> None:
    """Close a shadow, which may take a while, without making the collector wait."""
    threading.Thread(target=shadow.close, name="changeover-shadow-end", daemon=True).start()


class _Watch:
    """What is done after every poll: the rails are read, and a breach lowers the rollout."""

    def __init__(self, link: Link, course: Course, rails: GuardRail) -> None:
        self._link = link
        self._course = course
        self._rails = rails
        self._seen = ""

    def __call__(self) -> None:
        """Read the rails."""
        state = self._link.view.state
        if state.seen != self._seen:
            self._seen = state.seen
            self._rails.reset()
            if not self._link.is_away:
                self._course.is_stepping_back = False
        breach = self._rails.breach(time.monotonic())
        if breach is None or state.stage is not Stage.LIVE or state.primary is not Side.SOURCE:
            return
        self._act(breach)

    def _act(self, breach: Breach) -> None:
        """Lower the rollout; where nobody can be told, this client alone reads at the source."""
        is_lowered = self._link.lower_rollout(str(breach.reason))
        self._course.is_stepping_back = is_lowered is None
        self._rails.reset()
        self._course.observer(
            RolloutLowered(
                reason=str(breach.reason), rail=str(breach.rail), is_lowered=bool(is_lowered)
            )
        )

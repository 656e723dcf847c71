"""The stages that the application is taken through, and what was seen of it in each of them.

What is counted comes from the callers and from the databases; of Changeover only what its shadow
reads found is taken.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import psycopg

from changeover import Side
from salon.demo.answered import Answered
from salon.demo.application import Request, read
from salon.demo.scene import Scene

MISMATCHES: Final = "SELECT coalesce(sum(m.times), 0)::bigint FROM changeover.shadow_mismatch AS m"
PERCENTS: Final = (1, 10, 50, 100)
"""The steps of the rollout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSeen:
    """What was seen while a stage held.

    Attributes:
        stage: The stage.
        rollout_percent: Of a hundred users, how many were answered by the target.
        seconds: How long it was looked at.
        requests: Calls of the application's callers that ended meanwhile.
        caller_errors: Those that ended with an error, whatever it was.
        own_write_violations: Those that showed a user less than they had written.
        mismatches: Settled differences that shadow reads found meanwhile; None if not known.
        answered_by_source: Requests that the source's own statistics count; None if not known.
        answered_by_target: The same of the target.
        p50_ms: The median of the calls; None without any.
        p99_ms: Their 99th percentile.
        p50_ms_by_side: The median of calls that one side alone answered, as far as callers know.
        p99_ms_by_side: Their 99th percentile.
    """

    stage: str
    rollout_percent: int
    seconds: float
    requests: int
    caller_errors: int
    own_write_violations: int
    mismatches: int | None
    answered_by_source: int | None
    answered_by_target: int | None
    p50_ms: float | None
    p99_ms: float | None
    p50_ms_by_side: dict[str, float | None]
    p99_ms_by_side: dict[str, float | None]

    def to_value(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What stood at one moment."""

    at_s: float
    answered: Answered
    mismatches: int | None


class Walk:
    """Looks at one stage after the other."""

    def __init__(self, scene: Scene) -> None:
        """Prepare.

        Args:
            scene: Both databases, and where the callers' files lie.
        """
        self._scene = scene
        self._looks: list[tuple[str, int, _Look, _Look]] = []

    def hold(self, stage: str, percent: int, wait: Callable[[], None]) -> None:
        """Look, let the application go on, and look again.

        Args:
            stage: The stage that has been reached.
            percent: The rollout's percentage.
            wait: Lets time pass.
        """
        before = self._look()
        wait()
        self._looks.append((stage, percent, before, self._look()))

    def _look(self) -> _Look:
        answered = Answered.count(self._scene.databases)
        return _Look(at_s=time.time(), answered=answered, mismatches=self._mismatches())

    def _mismatches(self) -> int | None:
        try:
            with self._scene.connect(Side.TARGET) as target:
                row = target.execute(MISMATCHES).fetchone()
        except psycopg.Error:
            return None
        return None if row is None else int(row[0])

    def seen(self) -> tuple[StageSeen, ...]:
        """Return what was seen, when the callers' files are complete."""
        requests = [one for path in self._scene.place.requests for one in read(path)]
        return tuple(_seen(*look, requests) for look in self._looks)


def _seen(
    stage: str, percent: int, before: _Look, after: _Look, requests: Iterable[Request]
) -> StageSeen:
    inside = [one for one in requests if before.at_s <= one.at_s < after.at_s]
    answered = after.answered.since(before.answered)
    mismatches = (
        None
        if before.mismatches is None or after.mismatches is None
        else after.mismatches - before.mismatches
    )
    by_side = {
        side: [one.ms for one in inside if set(one.sides.split()) == {side}]
        for side in ("source", "target")
    }
    times = [one.ms for one in inside]
    return StageSeen(
        stage=stage,
        rollout_percent=percent,
        seconds=round(after.at_s - before.at_s, 1),
        requests=len(inside),
        caller_errors=sum(bool(one.error) for one in inside),
        own_write_violations=sum(one.is_stale for one in inside),
        mismatches=mismatches,
        answered_by_source=answered.by_source,
        answered_by_target=answered.by_target,
        p50_ms=percentile(times, 50),
        p99_ms=percentile(times, 99),
        p50_ms_by_side={side: percentile(found, 50) for side, found in by_side.items()},
        p99_ms_by_side={side: percentile(found, 99) for side, found in by_side.items()},
    )


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest value that so many of a hundred do not exceed; None without values."""
    if not values:
        return None
    return round(sorted(values)[math.ceil(len(values) * percent / 100) - 1], 1)

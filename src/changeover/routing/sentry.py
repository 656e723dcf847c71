"""What somebody should be told of, as messages of Sentry: alarms, not traffic. Extra `sentry`.

Where Sentry is not set up, nothing happens. Texts are ours; no values, no keys.
"""

import re
from typing import Final

import sentry_sdk

from changeover.model.observation import Observation
from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Cause,
    Comparison,
    FellBack,
    OperationFinished,
    RolloutLowered,
    ShadowCompared,
    StageSeen,
)
from changeover.routing.table_label import OTHER, TableLabels

SAID_MAX: Final = 200
"""How many differences and lacks are told; each is told once in the life of a process."""

_CODE: Final = re.compile(r"[0-9A-Z]{5}|PGRST[0-9]{3}")


class SentryObserver:
    """Tells Sentry of breaches, broken sides and differences; safe to be called from any thread."""

    def __init__(self) -> None:
        """Tell nothing yet."""
        self._labels = TableLabels()
        self._stage = ""
        self._said: set[tuple[str, ...]] = set()

    def __call__(self, seen: Observation) -> None:
        """Tell of an observation, if it is one that somebody should know of."""
        match seen:
            case OperationFinished():
                self._labels.learn(seen)
            case StageSeen():
                self._stage = seen.stage.value
            case RolloutLowered():
                text = f"changeover: rollout lowered: {seen.reason}"
                self._tell(text, "error", seen.rail, is_measured=True)
            case BreakerChanged() if seen.state is BreakerState.OPEN:
                self._tell(f"changeover: the {seen.side} is not read", "warning", "breaker")
            case FellBack() if seen.cause is Cause.SCHEMA:
                self._fell_back(seen)
            case ShadowCompared() if seen.comparison is Comparison.MISMATCH:
                self._mismatch(seen)
            case _:
                pass

    def _fell_back(self, seen: FellBack) -> None:
        table = self._labels.of(seen.table)
        code = seen.code if _CODE.fullmatch(seen.code) else OTHER
        if self._is_new("schema", table, code):
            self._tell(f"changeover: the target lacks something of {table}", "error", code)

    def _mismatch(self, seen: ShadowCompared) -> None:
        table = self._labels.of(seen.table)
        classes = ", ".join(seen.classes)
        if self._is_new("mismatch", table, classes):
            self._tell(f"changeover: both sides differ in {table}: {classes}", "error", "mismatch")

    def _is_new(self, *fact: str) -> bool:
        if fact in self._said or len(self._said) >= SAID_MAX:
            return False
        self._said.add(fact)
        return True

    def _tell(self, text: str, level: str, kind: str, *, is_measured: bool = False) -> None:
        """Tell a fact; one that carries measures is the same fact with other figures."""
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("changeover.stage", self._stage)
            scope.set_tag("changeover.kind", kind)
            scope.fingerprint = ["changeover", kind if is_measured else text]
            scope.capture_message(text, level=level)  # type: ignore[arg-type]

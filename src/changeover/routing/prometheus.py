"""What is observed as metrics of Prometheus: an observer that counts. Extra `metrics`.

Labels are names of our own enumerations and of tables that are known to be some. A request pays for
two dictionaries and two counters.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from changeover.model.observation import Observation
from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Comparison,
    DeciderFailed,
    FellBack,
    OperationFinished,
    OwnWriteDiverted,
    Polled,
    RolloutLowered,
    ShadowCompared,
    ShadowDropped,
    ShadowFailed,
    StageSeen,
    WriteRefused,
    WriteWaited,
)
from changeover.model.side import Side, Stage
from changeover.routing.table_label import OTHER, TableLabels

BUCKETS_S: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
ALL_TABLES: Final = "*"
"""The stage is the whole system's; the label is there for a stage per table."""

CLASSES: Final = frozenset({"missing", "extra", "value", "order", "error", "cap", "count"})
RAILS: Final = frozenset({"errors", "latency", "mismatches"})

Mode = Literal["livemostrecent", "livemin", "livemax"]
"""What several processes say together: the one that learned last is right, or the worst counts."""

Act = Callable[[Any], None]


class PrometheusObserver:
    """Counts what it is told; safe to be called from any thread.

    One per registry: a second one of the same registry would count under the same names.
    """

    def __init__(
        self, registry: CollectorRegistry = REGISTRY, *, tables: Iterable[str] | None = None
    ) -> None:
        """Register the metrics.

        Args:
            registry: Where.
            tables: The tables that are shown by name, functions as `rpc/name`; None to show those
                that were asked for with success, at most 200.
        """
        self._labels = TableLabels(tables)
        self._calls = _Calls(registry, self._labels)
        self._state = _State(registry)
        self._events = _Events(registry, self._labels)
        self._acts: dict[type, Act] = {
            OperationFinished: self._calls.finished,
            **self._state.acts(),
            **self._events.acts(),
        }

    def __call__(self, seen: Observation) -> None:
        """Count an observation."""
        act = self._acts.get(type(seen))
        if act is not None:
            act(seen)


class _Calls:
    """Requests and how long they took."""

    def __init__(self, registry: CollectorRegistry, labels: TableLabels) -> None:
        self._labels = labels
        self._count = Counter(
            "changeover_operations",
            "Requests answered.",
            ("table", "op", "stage", "side", "outcome"),
            registry=registry,
        )
        duration = Histogram(
            "changeover_operation_duration_seconds",
            "From a request to its answer, waits included.",
            ("side",),
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._duration = {side: duration.labels(side) for side in Side}
        self._found: dict[tuple[str, ...], Counter] = {}

    def finished(self, seen: OperationFinished) -> None:
        key = (seen.table, seen.operation, seen.stage, seen.side, seen.outcome)
        count = self._found.get(key) or self._child(key, self._labels.learn(seen))
        count.inc()
        self._duration[seen.side].observe(seen.seconds)

    def _child(self, key: tuple[str, ...], table: str) -> Counter:
        child = self._count.labels(table, *key[1:])
        if table != OTHER:
            self._found[key] = child
        return child


class _State:
    """What a client obeys, and how fresh that is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(
            name: str, text: str, labels: tuple[str, ...] = (), mode: Mode = "livemostrecent"
        ) -> Gauge:
            return Gauge(
                f"changeover_{name}", text, labels, registry=registry, multiprocess_mode=mode
            )

        self._stage = gauge("stage_info", "1 for the stage that is obeyed.", ("table", "stage"))
        self._primary = gauge("primary_info", "1 for the side with write authority.", ("side",))
        self._epoch = gauge("epoch", "Raised by every swap.")
        self._rollout = gauge("rollout_percent", "Of the keys, whose reads go to the target.")
        self._shadow = gauge("shadow_percent", "Of the reads, which run on both sides.")
        self._killed = gauge(
            "killed", "1 while reads are called back to the source.", mode="livemax"
        )
        self._polled = gauge(
            "polled_timestamp_seconds", "When the control tables last answered.", mode="livemin"
        )
        self._polls = Counter(
            "changeover_polls", "Looks at the control tables.", ("answered",), registry=registry
        )

    def acts(self) -> dict[type, Act]:
        return {StageSeen: self._seen, Polled: self._asked}

    def _seen(self, seen: StageSeen) -> None:
        for stage in Stage:
            self._stage.labels(ALL_TABLES, stage).set(stage is seen.stage)
        for side in Side:
            self._primary.labels(side).set(side is seen.primary)
        self._epoch.set(seen.epoch)
        self._rollout.set(seen.rollout_percent)
        self._shadow.set(seen.shadow_percent)
        self._killed.set(seen.is_killed)

    def _asked(self, seen: Polled) -> None:
        self._polls.labels(_truth(is_true=seen.is_answered)).inc()
        if seen.is_answered:
            self._polled.set(time.time())


class _Events:
    """What happens beside the answers."""

    def __init__(self, registry: CollectorRegistry, labels: TableLabels) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"changeover_{name}", text, labels, registry=registry)

        self._labels = labels
        self._fallbacks = counter(
            "fallbacks", "Reads that the target failed and the source answered.", ("table", "cause")
        )
        self._breaker = Gauge(
            "changeover_breaker_open",
            "1 while reads are kept from a side.",
            ("side",),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._openings = counter("breaker_openings", "Times that a breaker opened.", ("side",))
        self._waits = Histogram(
            "changeover_mirror_wait_seconds",
            "How long writes waited for the mirror.",
            ("mirrored",),
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._refusals = counter(
            "write_refusals", "Writes that a fence refused.", ("side", "repeated")
        )
        self._own = counter("own_write_reads", "Reads kept at the primary by an own write.")
        self._deciders = counter("decider_failures", "Decisions that another provider failed.")
        self._compared = counter("shadow_compared", "Reads compared on both sides.")
        self._uncompared = counter(
            "shadow_uncompared", "Sampled reads that were not compared.", ("why",)
        )
        self._failures = counter("shadow_failures", "Comparisons that failed for our own reasons.")
        self._mismatches = counter("shadow_mismatch", "Settled differences.", ("class",))
        self._lowered = counter("rollout_lowered", "Guard rails that were breached.", ("rail",))

    def acts(self) -> dict[type, Act]:
        return {
            FellBack: self._fell_back,
            BreakerChanged: self._breaker_changed,
            WriteWaited: self._waited,
            WriteRefused: self._refused,
            OwnWriteDiverted: lambda _seen: self._own.inc(),
            DeciderFailed: lambda _seen: self._deciders.inc(),
            ShadowCompared: self._shadow_compared,
            ShadowDropped: lambda seen: self._uncompared.labels("dropped").inc(seen.count),
            ShadowFailed: lambda _seen: self._failures.inc(),
            RolloutLowered: self._rollout_lowered,
        }

    def _fell_back(self, seen: FellBack) -> None:
        self._fallbacks.labels(self._labels.of(seen.table), seen.cause).inc()

    def _breaker_changed(self, seen: BreakerChanged) -> None:
        self._breaker.labels(seen.side).set(seen.state is not BreakerState.CLOSED)
        if seen.state is BreakerState.OPEN:
            self._openings.labels(seen.side).inc()

    def _waited(self, seen: WriteWaited) -> None:
        self._waits.labels(_truth(is_true=seen.is_mirrored)).observe(seen.seconds)

    def _refused(self, seen: WriteRefused) -> None:
        self._refusals.labels(seen.side, _truth(is_true=seen.is_repeated)).inc()

    def _shadow_compared(self, seen: ShadowCompared) -> None:
        if seen.comparison in (Comparison.EQUAL, Comparison.MISMATCH):
            self._compared.inc()
        else:
            self._uncompared.labels(seen.comparison).inc()
        for one in seen.classes if seen.comparison is Comparison.MISMATCH else ():
            self._mismatches.labels(one if one in CLASSES else OTHER).inc()

    def _rollout_lowered(self, seen: RolloutLowered) -> None:
        self._lowered.labels(seen.rail if seen.rail in RAILS else OTHER).inc()


def _truth(*, is_true: bool) -> str:
    return "true" if is_true else "false"

"""What is observed as metrics and span events of OpenTelemetry: its API alone. Extra `metrics`.

Where no SDK is set up, the API does nothing, and neither does this. Names are those of the semantic
conventions; no targeting key is among the attributes (`feature_flag.context.id` is left out), for
it names a person.

Source: OpenTelemetry semantic conventions 1.37, "Database client metrics", "Feature flags".
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider

from changeover.model.observation import Observation
from changeover.model.routing_observation import (
    BreakerChanged,
    DeciderFailed,
    FellBack,
    Operation,
    OperationFinished,
    Outcome,
    RolloutLowered,
    ShadowCompared,
    ShadowDropped,
    WriteRefused,
    WriteWaited,
)
from changeover.routing.flag import FLAG, PROVIDER, reason_of
from changeover.routing.table_label import TableLabels

NAME: Final = "changeover"
BUCKETS_S: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""The advice of the conventions for `db.client.operation.duration`."""

Attributes = dict[str, str]
Act = Callable[[Any], None]


class TelemetryObserver:
    """Records what it is told; safe to be called from any thread.

    A finished request becomes a point of `db.client.operation.duration`, and an event
    `feature_flag.evaluation` of the caller's span, if that is recorded.
    """

    def __init__(
        self, provider: MeterProvider | None = None, *, tables: Iterable[str] | None = None
    ) -> None:
        """Make the instruments.

        Args:
            provider: Whose meters; None for the process's own.
            tables: The tables that are named, functions as `rpc/name`; None to name those that
                were asked for with success, at most 200.
        """
        self._labels = TableLabels(tables)
        meter = metrics.get_meter(NAME, meter_provider=provider)
        self._duration = meter.create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="Duration of database client operations.",
            explicit_bucket_boundaries_advisory=BUCKETS_S,
        )
        self._waits = meter.create_histogram(
            "changeover.mirror.wait.duration",
            unit="s",
            description="How long writes waited for the mirror.",
            explicit_bucket_boundaries_advisory=BUCKETS_S,
        )

        def counter(name: str, unit: str, text: str) -> metrics.Counter:
            return meter.create_counter(f"changeover.{name}", unit=unit, description=text)

        self._fallbacks = counter("fallbacks", "{read}", "Reads that the target failed.")
        self._refusals = counter("write.refusals", "{write}", "Writes that a fence refused.")
        self._breaker = counter("breaker.changes", "{change}", "Changes of a side's breaker.")
        self._compared = counter("shadow.comparisons", "{read}", "Reads run on both sides.")
        self._lowered = counter("rollout.lowered", "{breach}", "Guard rails that were breached.")
        self._deciders = counter("decider.failures", "{decision}", "Failures of another provider.")
        self._acts = self._all_acts()

    def __call__(self, seen: Observation) -> None:
        """Record an observation."""
        act = self._acts.get(type(seen))
        if act is not None:
            act(seen)

    def _all_acts(self) -> dict[type, Act]:
        def counts(instrument: metrics.Counter, said: Callable[[Any], Attributes]) -> Act:
            return lambda seen: instrument.add(1, said(seen))

        return {
            OperationFinished: self._finished,
            FellBack: self._fell_back,
            WriteWaited: self._waited,
            WriteRefused: counts(self._refusals, lambda seen: {"changeover.side": seen.side.value}),
            BreakerChanged: counts(
                self._breaker,
                lambda seen: {
                    "changeover.side": seen.side.value,
                    "changeover.breaker": seen.state.value,
                },
            ),
            DeciderFailed: counts(self._deciders, lambda _seen: {}),
            RolloutLowered: counts(self._lowered, lambda seen: {"changeover.rail": seen.rail}),
            ShadowCompared: counts(
                self._compared, lambda seen: {"changeover.comparison": seen.comparison.value}
            ),
            ShadowDropped: lambda seen: self._compared.add(
                seen.count, {"changeover.comparison": "dropped"}
            ),
        }

    def _finished(self, seen: OperationFinished) -> None:
        attributes = {
            "db.system.name": "postgresql",
            "db.operation.name": seen.operation.value,
            "changeover.stage": seen.stage.value,
            "changeover.side": seen.side.value,
        }
        table = self._labels.learn(seen)
        if seen.operation is Operation.CALL:
            attributes["db.stored_procedure.name"] = table.removeprefix("rpc/")
        else:
            attributes["db.collection.name"] = table
        if seen.outcome is not Outcome.FINE:
            attributes["error.type"] = seen.outcome.value
        self._duration.record(seen.seconds, attributes)
        span = trace.get_current_span()
        if seen.reason and span.is_recording():
            span.add_event(
                "feature_flag.evaluation",
                {
                    "feature_flag.key": FLAG,
                    "feature_flag.provider.name": PROVIDER,
                    "feature_flag.result.variant": seen.side.value,
                    "feature_flag.result.reason": reason_of(seen.reason),
                },
            )

    def _fell_back(self, seen: FellBack) -> None:
        attributes = {
            "db.collection.name": self._labels.of(seen.table),
            "error.type": seen.cause.value,
        }
        self._fallbacks.add(1, attributes)
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event("changeover.fell_back", attributes)

    def _waited(self, seen: WriteWaited) -> None:
        self._waits.record(seen.seconds, {"changeover.mirrored": seen.is_mirrored})

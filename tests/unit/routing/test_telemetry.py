"""What is observed, as metrics and span events of OpenTelemetry."""

import json

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Cause,
    Comparison,
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
from changeover.model.side import Side, Stage
from changeover.routing.telemetry import BUCKETS_S, TelemetryObserver

SECRET = "planted-" + "secret"


class Recorded:
    """All that was recorded."""

    def __init__(self):
        """Set up an SDK that keeps it."""
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self._reader])
        self._spans = InMemorySpanExporter()
        traces = TracerProvider()
        traces.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = traces.get_tracer("test")

    def points(self, name):
        """Return the points of a metric."""
        data = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def events(self):
        """Return the events of all spans."""
        return [event for span in self._spans.get_finished_spans() for event in span.events]

    def text(self):
        """Return everything, as it would leave the process."""
        data = self._reader.get_metrics_data()
        spans = [span.to_json() for span in self._spans.get_finished_spans()]
        return (data.to_json() if data else "") + json.dumps(spans)


@pytest.fixture
def recorded():
    """An SDK of the test's own."""
    made = Recorded()
    yield made
    made.meters.shutdown()


def finished(table="booking", **more):
    """A request that was answered."""
    facts = {
        "operation": Operation.SELECT,
        "stage": Stage.LIVE,
        "side": Side.TARGET,
        "outcome": Outcome.FINE,
        "seconds": 0.003,
        "reason": "inside",
    }
    return OperationFinished(table=table, **facts | more)


def test_a_request_is_a_database_operation(recorded):
    """Name, unit, buckets and attributes are those of the conventions."""
    TelemetryObserver(recorded.meters)(finished())
    [point] = recorded.points("db.client.operation.duration")
    assert dict(point.attributes) == {
        "db.system.name": "postgresql",
        "db.operation.name": "select",
        "db.collection.name": "booking",
        "changeover.stage": "live",
        "changeover.side": "target",
    }
    assert point.explicit_bounds == BUCKETS_S
    assert point.count == 1


def test_a_failure_has_a_type_and_a_function_a_name(recorded):
    """A call names its function, once it is known to be one."""
    observer = TelemetryObserver(recorded.meters)
    observer(finished("rpc/total", operation=Operation.CALL))
    observer(finished("rpc/total", operation=Operation.CALL, outcome=Outcome.UNKNOWN))
    fine, unknown = recorded.points("db.client.operation.duration")
    assert fine.attributes["db.stored_procedure.name"] == "total"
    assert "db.collection.name" not in fine.attributes
    assert unknown.attributes["error.type"] == "unknown"


def test_a_decision_is_an_event_of_the_callers_span(recorded):
    """The flag's key, variant and reason are told, who asked is not."""
    observer = TelemetryObserver(recorded.meters)
    with recorded.tracer.start_as_current_span("request"):
        observer(finished())
        observer(finished(reason="behind", side=Side.SOURCE))
    first, second = recorded.events()
    assert first.name == "feature_flag.evaluation"
    assert dict(first.attributes) == {
        "feature_flag.key": "changeover-reads",
        "feature_flag.provider.name": "changeover",
        "feature_flag.result.variant": "target",
        "feature_flag.result.reason": "split",
    }
    assert second.attributes["feature_flag.result.variant"] == "source"
    assert second.attributes["feature_flag.result.reason"] == "stale"


@pytest.mark.parametrize(
    ("seen", "name", "attributes"),
    [
        (
            FellBack(table="x", operation=Operation.SELECT, cause=Cause.SCHEMA),
            "fallbacks",
            {"db.collection.name": "other", "error.type": "schema"},
        ),
        (
            WriteRefused(side=Side.SOURCE, is_repeated=True, seconds=1),
            "write.refusals",
            {"changeover.side": "source"},
        ),
        (
            BreakerChanged(side=Side.TARGET, state=BreakerState.OPEN),
            "breaker.changes",
            {"changeover.side": "target", "changeover.breaker": "open"},
        ),
        (DeciderFailed(error="OSError"), "decider.failures", {}),
        (
            RolloutLowered(reason="2 %", rail="errors"),
            "rollout.lowered",
            {"changeover.rail": "errors"},
        ),
        (
            ShadowCompared(table="x", comparison=Comparison.EQUAL),
            "shadow.comparisons",
            {"changeover.comparison": "equal"},
        ),
        (ShadowDropped(count=1), "shadow.comparisons", {"changeover.comparison": "dropped"}),
    ],
)
def test_what_happens_beside_is_counted(recorded, seen, name, attributes):
    """Each observation that matters has a counter."""
    TelemetryObserver(recorded.meters)(seen)
    [point] = recorded.points(f"changeover.{name}")
    assert (dict(point.attributes), point.value) == (attributes, 1)


def test_waits_for_the_mirror_are_timed(recorded):
    """Those that came to an end apart from those that did not."""
    TelemetryObserver(recorded.meters)(WriteWaited(is_mirrored=False, seconds=2.0))
    [point] = recorded.points("changeover.mirror.wait.duration")
    assert point.attributes["changeover.mirrored"] is False
    assert point.sum == 2.0


def test_without_an_sdk_nothing_happens():
    """The API alone takes everything and does nothing."""
    observer = TelemetryObserver()
    observer(finished())
    observer(FellBack(table="x", operation=Operation.SELECT, cause=Cause.SCHEMA))
    observer(WriteWaited(is_mirrored=True, seconds=0.1))


def test_nothing_that_a_caller_wrote_is_shown(recorded):
    """Paths, codes and reasons end in no attribute, whoever filled them."""
    observer = TelemetryObserver(recorded.meters)
    with recorded.tracer.start_as_current_span("request"):
        for outcome in Outcome:
            observer(finished(f"{SECRET}=1", outcome=outcome, reason=SECRET))
        observer(FellBack(table=SECRET, operation=Operation.CALL, cause=Cause.SCHEMA, code=SECRET))
        observer(DeciderFailed(error=SECRET))
        observer(RolloutLowered(reason=SECRET, rail="errors"))
    assert SECRET not in recorded.text()
    assert "feature_flag.evaluation" in recorded.text()

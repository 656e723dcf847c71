"""What observers are told of a router's calls, and what leaves the process of it."""

import json
from dataclasses import replace

import pytest
from gateway_process import JWT_SECRET, token, wait_for
from openfeature import api
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest
from routed import LISTED, read, side_of, write

import changeover
from changeover.model.routing_observation import DeciderFailed, OperationFinished, WriteWaited
from changeover.model.side import Side, Stage

WHO = "/answered_by"
KEYED = {"changeover-targeting-key": LISTED}
BODY = "planted-value"
PHONE = "79990000000"


@pytest.fixture(autouse=True)
def live(world):
    """The stage is live for one key, and nothing is compared: the servers tell themselves apart."""
    world.set_stage("live", members=(LISTED,))
    world.on(Side.TARGET, "UPDATE changeover.rollout SET shadow_percent = 0")


def settle(router):
    """Wait until a listed key is answered by the target."""
    wait_for(lambda: side_of(router.send(read(WHO, **KEYED))) == "target", what="the target")


def of_type(seen, kind):
    """Return the observations of a type."""
    return [one for one in seen if isinstance(one, kind)]


def test_a_call_is_told_once_with_its_side_and_reason(make_router):
    """Reads say why they went where they went, a write that it was waited for."""
    seen = []
    router = make_router(observer=seen.append)
    settle(router)
    seen.clear()
    router.send(read(WHO, **KEYED))
    router.send(read(WHO))
    router.send(write(1))
    calls = of_type(seen, OperationFinished)
    assert [(one.table, one.operation, one.side, one.reason) for one in calls] == [
        ("answered_by", "select", "target", "listed"),
        ("answered_by", "select", "source", "no_key"),
        ("note", "insert", "source", ""),
    ]
    assert {(one.stage, one.outcome) for one in calls} == {(Stage.LIVE, "fine")}
    assert len(of_type(seen, WriteWaited)) == 1


def test_nothing_secret_leaves_the_process(make_router, world):
    """Metrics and traces of real calls hold no key, no value, no login, no token."""
    registry, spans, reader = CollectorRegistry(), InMemorySpanExporter(), InMemoryMetricReader()
    traces, meters = TracerProvider(), MeterProvider(metric_readers=[reader])
    traces.add_span_processor(SimpleSpanProcessor(spans))
    seen = []
    observers = changeover.Audience(
        changeover.PrometheusObserver(registry), changeover.TelemetryObserver(meters), seen.append
    )
    router = make_router(observer=observers)
    settle(router)
    with traces.get_tracer("test").start_as_current_span("request"):
        for path, query in (("/note", f"body=eq.{BODY}"), (f"/{PHONE}", ""), (WHO, "")):
            router.send(replace(read(path, **KEYED), query=query))
        router.send(write(7))
    told = generate_latest(registry).decode() + reader.get_metrics_data().to_json()
    told += json.dumps([span.to_json() for span in spans.get_finished_spans()])
    meters.shutdown()
    planted = (LISTED, BODY, PHONE, token("service_role"), JWT_SECRET, world.target_dsn)
    assert [one for one in planted if one in told] == []
    # Those who are told themselves learn what paths say, and no more.
    assert [one for one in planted if one != PHONE and one in repr(seen)] == []
    assert 'table="note"' in told


def test_the_flag_says_what_the_router_does(make_router):
    """OpenFeature's answer and the side that answers are one decision."""
    router = make_router()
    settle(router)
    api.set_provider_and_wait(
        changeover.OpenFeatureProvider(getattr(router, "wrapped", router)), domain="test"
    )
    client = api.get_client("test")
    try:
        for key, side in ((LISTED, "target"), ("another", "source")):
            with changeover.context(targeting_key=key):
                assert client.get_string_value("changeover-reads", "") == side
                assert client.get_boolean_value("changeover-reads", False) is (side == "target")
    finally:
        api.clear_providers()


def test_a_decider_that_fails_leaves_our_own_rule(make_router):
    """At 0 % the rule says source; a failing provider is counted and changes nothing."""
    seen = []
    router = make_router(observer=seen.append, decider=lambda _state, _context: "target")
    settle(router)
    other = {"changeover-targeting-key": "another"}
    assert side_of(router.send(read(WHO, **other))) == "source"
    assert of_type(seen, DeciderFailed) == [DeciderFailed(error="WrongType")]


def test_a_decider_decides_for_whom_it_names(make_router):
    """In the place of the percentage; whoever names nobody is not asked about."""
    asked = []

    def decide(_state, context):
        asked.append(context.targeting_key)
        return Side.TARGET

    router = make_router(decider=decide)
    settle(router)
    other = {"changeover-targeting-key": "another"}
    assert side_of(router.send(read(WHO, **other))) == "target"
    assert side_of(router.send(read(WHO))) == "source"
    assert asked == ["another"]

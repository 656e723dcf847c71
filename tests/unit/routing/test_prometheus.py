"""What is observed, as metrics of Prometheus."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from changeover.model.observation import PhaseChanged, PhaseState
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
from changeover.routing.prometheus import PrometheusObserver

SECRET = "planted-" + "secret"


@pytest.fixture
def registry():
    """A registry of the test's own."""
    return CollectorRegistry()


@pytest.fixture
def observer(registry):
    """An observer that learns the tables."""
    return PrometheusObserver(registry)


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


def labels(table, outcome="fine"):
    """The labels of a request's count."""
    return {"table": table, "op": "select", "stage": "live", "side": "target", "outcome": outcome}


def test_requests_are_counted_and_timed(registry, observer):
    """The names and labels are those that dashboards are built on."""
    observer(finished())
    observer(finished())
    assert registry.get_sample_value("changeover_operations_total", labels("booking")) == 2
    name = "changeover_operation_duration_seconds"
    assert registry.get_sample_value(f"{name}_count", {"side": "target"}) == 2
    assert registry.get_sample_value(f"{name}_bucket", {"side": "target", "le": "0.0025"}) == 0
    assert registry.get_sample_value(f"{name}_bucket", {"side": "target", "le": "0.005"}) == 2
    assert registry.get_sample_value(f"{name}_count", {"side": "source"}) == 0


def test_a_table_is_named_once_it_is_known_to_be_one(registry, observer):
    """What was never answered with success may be anything, and is counted as other."""
    observer(finished("booking", outcome=Outcome.REFUSED))
    observer(finished("booking"))
    observer(finished("booking", outcome=Outcome.REFUSED))
    observer(finished("+79990000000", outcome=Outcome.FINE))
    observer(finished("visit", operation=Operation.OTHER))
    count = registry.get_sample_value
    assert count("changeover_operations_total", labels("other", "refused")) == 1
    assert count("changeover_operations_total", labels("booking", "refused")) == 1
    assert count("changeover_operations_total", labels("other")) == 1
    assert "79990000000" not in generate_latest(registry).decode()
    assert "visit" not in generate_latest(registry).decode()


def test_tables_that_are_told_are_all(registry):
    """A list leaves nothing to be learned."""
    observer = PrometheusObserver(registry, tables=["booking"])
    observer(finished("booking", outcome=Outcome.REFUSED))
    observer(finished("visit"))
    assert registry.get_sample_value("changeover_operations_total", labels("booking", "refused"))
    assert registry.get_sample_value("changeover_operations_total", labels("other"))


def test_the_number_of_series_is_limited(registry, observer):
    """Ten thousand tables make two hundred names and one other."""
    for number in range(10_000):
        observer(finished(f"table_{number}"))
    text = generate_latest(registry).decode()
    assert text.count("changeover_operations_total{") == 201
    assert registry.get_sample_value("changeover_operations_total", labels("other")) == 9_800


def test_the_stage_is_one_of_all(registry, observer):
    """The stage that was left is 0, the new one 1."""
    observer(StageSeen(stage=Stage.SHADOW, primary=Side.SOURCE, epoch=1))
    observer(
        StageSeen(
            stage=Stage.LIVE, primary=Side.SOURCE, epoch=1, rollout_percent=10, shadow_percent=5
        )
    )
    value = registry.get_sample_value
    found = {
        stage: value("changeover_stage_info", {"table": "*", "stage": stage}) for stage in Stage
    }
    assert found == {stage: float(stage is Stage.LIVE) for stage in Stage}
    assert value("changeover_primary_info", {"side": "source"}) == 1
    assert value("changeover_primary_info", {"side": "target"}) == 0
    assert value("changeover_rollout_percent") == 10
    assert value("changeover_shadow_percent") == 5
    assert value("changeover_killed") == 0


@pytest.mark.parametrize(
    ("seen", "name", "labels"),
    [
        (
            FellBack(table="x", operation=Operation.SELECT, cause=Cause.TIMED_OUT),
            "fallbacks_total",
            {"table": "other", "cause": "timed_out"},
        ),
        (
            BreakerChanged(side=Side.TARGET, state=BreakerState.OPEN),
            "breaker_open",
            {"side": "target"},
        ),
        (
            BreakerChanged(side=Side.TARGET, state=BreakerState.OPEN),
            "breaker_openings_total",
            {"side": "target"},
        ),
        (Polled(is_answered=False, seconds=1), "polls_total", {"answered": "false"}),
        (
            WriteWaited(is_mirrored=True, seconds=0.1),
            "mirror_wait_seconds_count",
            {"mirrored": "true"},
        ),
        (
            WriteRefused(side=Side.SOURCE, is_repeated=True, seconds=1),
            "write_refusals_total",
            {"side": "source", "repeated": "true"},
        ),
        (OwnWriteDiverted(), "own_write_reads_total", {}),
        (DeciderFailed(error="OSError"), "decider_failures_total", {}),
        (ShadowCompared(table="x", comparison=Comparison.EQUAL), "shadow_compared_total", {}),
        (
            ShadowCompared(table="x", comparison=Comparison.UNSETTLED),
            "shadow_uncompared_total",
            {"why": "unsettled"},
        ),
        (
            ShadowCompared(table="x", comparison=Comparison.MISMATCH, classes=("value",)),
            "shadow_mismatch_total",
            {"class": "value"},
        ),
        (
            ShadowCompared(table="x", comparison=Comparison.MISMATCH, classes=("7 rows",)),
            "shadow_mismatch_total",
            {"class": "other"},
        ),
        (ShadowFailed(table="x", error="OSError"), "shadow_failures_total", {}),
        (ShadowDropped(count=1), "shadow_uncompared_total", {"why": "dropped"}),
        (
            RolloutLowered(reason="2 % errors", rail="errors"),
            "rollout_lowered_total",
            {"rail": "errors"},
        ),
    ],
)
def test_what_happens_beside_is_counted(registry, observer, seen, name, labels):
    """Each observation of the routing has a metric."""
    observer(seen)
    assert registry.get_sample_value(f"changeover_{name}", labels) == 1


def test_a_breaker_that_closed_is_closed(registry, observer):
    """The gauge follows the last change."""
    for state, value in ((BreakerState.OPEN, 1), (BreakerState.CLOSED, 0)):
        observer(BreakerChanged(side=Side.TARGET, state=state))
        assert registry.get_sample_value("changeover_breaker_open", {"side": "target"}) == value


def test_what_is_not_of_the_routing_is_left_alone(registry, observer):
    """The observer may be given the whole stream."""
    before = generate_latest(registry)
    observer(PhaseChanged(name="copy", state=PhaseState.STARTED))
    assert generate_latest(registry) == before


def test_nothing_that_a_caller_wrote_is_shown(registry, observer):
    """Paths, codes, kinds of errors and reasons end in no label, whoever filled them."""
    for outcome in Outcome:
        observer(finished(f"{SECRET}=1", outcome=outcome, reason=SECRET))
    observer(FellBack(table=SECRET, operation=Operation.CALL, cause=Cause.SCHEMA, code=SECRET))
    observer(DeciderFailed(error=SECRET))
    observer(RolloutLowered(reason=SECRET, rail=SECRET))
    observer(
        ShadowCompared(
            table=SECRET, comparison=Comparison.MISMATCH, classes=(SECRET,), columns=(SECRET,)
        )
    )
    assert SECRET not in generate_latest(registry).decode()

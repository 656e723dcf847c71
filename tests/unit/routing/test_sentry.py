"""What somebody should be told of, as messages of Sentry."""

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Cause,
    Comparison,
    FellBack,
    Operation,
    OperationFinished,
    Outcome,
    RolloutLowered,
    ShadowCompared,
    StageSeen,
)
from changeover.model.side import Side, Stage
from changeover.routing.sentry import SAID_MAX, SentryObserver

SECRET = "planted-" + "secret"


class Kept(Transport):
    """Keeps what would have been sent."""

    def __init__(self):
        """Keep nothing yet."""
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        """Keep the event of an envelope."""
        self.events.append(envelope.get_event())


@pytest.fixture
def kept():
    """Sentry as an application sets it up, but for the network."""
    transport = Kept()
    with sentry_sdk.isolation_scope():
        before = sentry_sdk.get_client()
        sentry_sdk.init(
            dsn="https://public@sentry.invalid/1",
            transport=transport,
            default_integrations=False,
        )
        yield transport.events
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(before)


def finished(table):
    """A request that was answered."""
    return OperationFinished(
        table=table,
        operation=Operation.SELECT,
        stage=Stage.LIVE,
        side=Side.TARGET,
        outcome=Outcome.FINE,
        seconds=0.1,
    )


def test_an_alarm_is_an_error_with_the_stage(kept):
    """Breaches of one rail are one issue, whatever was measured."""
    observer = SentryObserver()
    observer(StageSeen(stage=Stage.LIVE, primary=Side.SOURCE, epoch=1))
    observer(RolloutLowered(reason="errors 2.1 %, allowed 1 %", rail="errors"))
    observer(RolloutLowered(reason="errors 3.4 %, allowed 1 %", rail="errors"))
    first, second = kept
    assert first["message"] == "changeover: rollout lowered: errors 2.1 %, allowed 1 %"
    assert first["level"] == "error"
    assert first["tags"] == {"changeover.stage": "live", "changeover.kind": "errors"}
    assert first["fingerprint"] == second["fingerprint"]


def test_a_broken_side_is_a_warning(kept):
    """It is told when the breaker opens, not when it closes."""
    observer = SentryObserver()
    for state in BreakerState:
        observer(BreakerChanged(side=Side.TARGET, state=state))
    [event] = kept
    assert event["message"] == "changeover: the target is not read"
    assert event["level"] == "warning"


def test_a_lack_and_a_difference_are_told_once(kept):
    """What every request meets is one message."""
    observer = SentryObserver()
    observer(finished("booking"))
    for _ in range(3):
        observer(
            FellBack(
                table="booking", operation=Operation.SELECT, cause=Cause.SCHEMA, code="PGRST205"
            )
        )
        observer(
            ShadowCompared(table="booking", comparison=Comparison.MISMATCH, classes=("value",))
        )
    assert [event["message"] for event in kept] == [
        "changeover: the target lacks something of booking",
        "changeover: both sides differ in booking: value",
    ]


def test_traffic_is_not_told(kept):
    """Requests, time-outs and equal reads are the metrics' business."""
    observer = SentryObserver()
    observer(finished("booking"))
    observer(FellBack(table="booking", operation=Operation.SELECT, cause=Cause.TIMED_OUT))
    observer(ShadowCompared(table="booking", comparison=Comparison.EQUAL))
    assert kept == []


def test_the_number_of_messages_is_limited(kept):
    """Ten thousand differing tables do not make ten thousand messages."""
    observer = SentryObserver()
    for number in range(1000):
        observer(finished(f"table_{number}"))
        observer(
            ShadowCompared(
                table=f"table_{number}", comparison=Comparison.MISMATCH, classes=("value",)
            )
        )
    assert len(kept) == SAID_MAX


def test_nothing_that_a_caller_wrote_is_shown(kept):
    """A path that nobody answered with success and a code that is none stay here."""
    observer = SentryObserver()
    observer(FellBack(table=SECRET, operation=Operation.CALL, cause=Cause.SCHEMA, code=SECRET))
    observer(ShadowCompared(table=SECRET, comparison=Comparison.MISMATCH, classes=("value",)))
    assert len(kept) == 2
    assert SECRET not in str(kept)


def test_without_sentry_nothing_happens():
    """The observer may be there before Sentry is."""
    assert not sentry_sdk.is_initialized()
    SentryObserver()(RolloutLowered(reason="errors 2 %", rail="errors"))

"""Which side answers a read."""

import pytest

from changeover.model.side import Side, Stage
from changeover.routing.rule import Reason, Rollout, State, bucket, decide

LIVE = State(stage=Stage.LIVE, is_catching_up=False, rollout=Rollout(percent=50))


@pytest.mark.parametrize(("group", "key", "expected"), [("gr1", "123", 73), ("groupX", "999", 25)])
def test_buckets_are_those_of_the_field(group: str, key: str, expected: int) -> None:
    """Known vectors fall into the buckets that others compute."""
    assert bucket(group, key) == expected


def test_widening_drops_nobody() -> None:
    """Who was in at a percentage is in at every higher one."""
    keys = [f"user-{number}" for number in range(500)]
    inside: set[str] = set()
    for percent in range(101):
        state = State(stage=Stage.LIVE, is_catching_up=False, rollout=Rollout(percent=percent))
        now = {key for key in keys if decide(state, key, marker_age_ms=0).side is Side.TARGET}
        assert inside <= now
        inside = now
    assert inside == set(keys)


@pytest.mark.parametrize("stage", [Stage.OFF, Stage.DUAL_WRITE, Stage.SHADOW])
def test_before_live_the_source_answers(stage: Stage) -> None:
    """Before `live` no read is answered by the target, whoever asks."""
    state = State(stage=stage, rollout=Rollout(percent=100, members=frozenset({"a"})))
    assert decide(state, "a", marker_age_ms=0).side is Side.SOURCE


@pytest.mark.parametrize("stage", [Stage.RAMP_DOWN, Stage.COMPLETE])
def test_after_the_cutover_reads_follow_the_authority(stage: Stage) -> None:
    """With the target as primary it answers, also with the kill switch on."""
    state = State(stage=stage, primary=Side.TARGET, killed="an operator")
    assert decide(state, None, is_killed=True).side is Side.TARGET


@pytest.mark.parametrize(
    ("changes", "arguments", "reason"),
    [
        ({}, {"is_killed": True, "marker_age_ms": 0}, Reason.KILLED),
        ({"killed": "an operator"}, {"marker_age_ms": 0}, Reason.KILLED),
        ({}, {"marker_age_ms": None}, Reason.BEHIND),
        ({}, {"marker_age_ms": 10_001}, Reason.BEHIND),
        ({"is_catching_up": True}, {"marker_age_ms": 0}, Reason.BEHIND),
    ],
)
def test_what_keeps_a_listed_key_with_the_source(
    changes: dict[str, object], arguments: dict[str, object], reason: Reason
) -> None:
    """A kill switch and a secondary that is behind weigh more than a list."""
    state = State(
        **{
            "stage": Stage.LIVE,
            "is_catching_up": False,
            "rollout": Rollout(percent=100, members=frozenset({"a"})),
            **changes,
        }  # type: ignore[arg-type]  # the cases are of many types
    )
    decision = decide(state, "a", **arguments)  # type: ignore[arg-type]  # as above
    assert (decision.side, decision.reason) == (Side.SOURCE, reason)


def test_without_a_key_a_read_stays() -> None:
    """A request without a targeting key is not rolled out."""
    decision = decide(LIVE, None, marker_age_ms=0)
    assert (decision.side, decision.reason) == (Side.SOURCE, Reason.NO_KEY)

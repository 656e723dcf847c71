"""Guard rails: what is counted, what is forgotten, what is told; noise is met in tests/property."""

import random

import pytest

from changeover.model.side import Side
from changeover.routing.guard_rail import GuardRail, GuardSettings, Rail
from changeover.routing.window import Meter


def test_a_slow_tail_alone_is_no_breach():
    """A slowest hundredth that rose while the median stands still is noise."""
    rail = GuardRail(GuardSettings(window_s=10))
    for second in range(100):
        for at in range(100):
            is_slow = second >= 50 and at % 20 == 0
            rail.operation(Side.TARGET, False, 0.5 if is_slow else 0.005)
        assert rail.breach(float(second)) is None


def test_errors_of_both_sides_are_not_the_targets():
    """Where the source fails as often, the rollout is not what helps."""
    rail = GuardRail(GuardSettings(window_s=10))
    for side in Side:
        for at in range(2000):
            rail.operation(side, at % 20 == 0, 0.005)
    assert rail.breach(0.0) is None
    for at in range(2000):
        rail.operation(Side.TARGET, at % 5 == 0, 0.005)
    assert rail.breach(1.0).rail is Rail.ERRORS


def test_a_breach_is_told_once_and_says_what_was_measured():
    """A breach has its figures in words, and what led to it is forgotten with it."""
    rail = GuardRail()
    for at in range(1000):
        rail.compared(at < 3)
    found = rail.breach(0.0)
    assert found.rail is Rail.MISMATCHES
    assert "3 of 1000 compared reads differ" in found.reason
    assert "0.05% are allowed" in found.reason
    assert rail.breach(1.0) is None


def test_what_is_older_than_a_window_is_forgotten():
    """Errors of an earlier window don't count in a later one."""
    rail = GuardRail(GuardSettings(window_s=10))
    rail.breach(0.0)
    for _ in range(2):
        rail.operation(Side.TARGET, True, 0.1)
    rail.breach(11.0)
    for _ in range(2):
        rail.operation(Side.TARGET, True, 0.1)
    assert rail.breach(12.0) is None


def test_one_error_among_few_reads_is_no_rate():
    """A single failed read of three is no breach of one in a hundred."""
    rail = GuardRail()
    for at in range(3):
        rail.operation(Side.TARGET, at == 0, 0.01)
    assert rail.breach(0.0) is None


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 1.0])
def test_quantiles_are_told_within_a_bin(share):
    """A quantile of the bins is that of the times, within 10 %."""
    chance = random.Random(3)  # noqa: S311 - noise, not a secret
    times = sorted(chance.lognormvariate(-5, 1) for _ in range(5000))
    meter = Meter()
    for one in times:
        meter.add(False, one)
    exact = times[max(0, int(share * len(times)) - 1)]
    assert meter.quantile(share) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e9, float("inf")])
def test_a_time_out_of_range_is_counted_at_its_end(seconds):
    """A clock that stood still or jumped breaks nothing."""
    meter = Meter()
    meter.add(False, seconds)
    assert (meter.count, sum(meter.bins)) == (1, 1)

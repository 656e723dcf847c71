"""Calls by chance on three ways, held against SQL by hand."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from layer_generator import reads, writes
from layer_way import differences

CALLS = 320
CALLS_NIGHTLY = 6000


def _judged(ways, calls: int) -> Counter:
    """Draw calls and hold each against the books; return how many of each outcome there were."""
    seen: Counter = Counter()

    @settings(
        max_examples=calls,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(case=st.one_of(reads(), writes()))
    def judge(case):
        assert differences(case, ways) == []
        seen["refused" if isinstance(case.expected, type) else "answered"] += 1
        seen["written" if case.meant else "read"] += 1

    judge()
    return seen


def test_every_generated_call_is_what_the_database_says(ways):
    """Some hundred calls by chance give on every way what SQL by hand says."""
    seen = _judged(ways, CALLS)
    assert seen["read"] + seen["written"] >= 300
    assert min(seen.values()) >= 30


@pytest.mark.nightly
def test_thousands_of_generated_calls_are_what_the_database_says(ways):
    """Thousands of calls by chance give on every way what SQL by hand says."""
    assert sum(_judged(ways, CALLS_NIGHTLY).values()) >= CALLS_NIGHTLY


@pytest.mark.nightly
def test_generated_calls_are_the_same_when_they_are_awaited(awaited_ways):
    """The asynchronous colour gives the same."""
    assert sum(_judged(awaited_ways, CALLS_NIGHTLY // 10).values()) > 0

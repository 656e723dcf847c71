"""What is seen of a stage: counted from callers' files, unknown where it can't be counted."""

import pytest

from salon.demo.answered import Answered
from salon.demo.application import Request
from salon.demo.walk import _Look, _seen, percentile


def look(at_s, by_source=0, by_target=0, mismatches=0):
    """Return what stood at a moment."""
    answered = Answered(by_source=by_source, by_target=by_target)
    return _Look(at_s=at_s, answered=answered, mismatches=mismatches)


def call(at_s, **more):
    """Return a call that ended at a moment."""
    told = {"method": "get_company", "is_write": False, "ms": 10.0, **more}
    return Request(at_s=at_s, **told)


def test_calls_inside_the_stage_are_counted():
    """Calls before and after it are another stage's; errors and stale reads are counted apart."""
    calls = [
        call(9.9, error="CO601"),
        call(10.0, sides="source", ms=20.0),
        call(12.0, sides="target", ms=2.0),
        call(13.0, error="CO601"),
        call(14.0, is_stale=True),
        call(15.0, is_stale=True),
    ]
    seen = _seen("live", 50, look(10.0, 100, 5), look(15.0, 103, 7, mismatches=1), calls)
    assert (seen.requests, seen.caller_errors, seen.own_write_violations) == (4, 1, 1)
    assert (seen.answered_by_source, seen.answered_by_target, seen.mismatches) == (3, 2, 1)
    assert seen.p50_ms_by_side == {"source": 20.0, "target": 2.0}
    assert (seen.p50_ms, seen.p99_ms) == (10.0, 20.0)


def test_what_could_not_be_asked_is_unknown():
    """A count that one look lacks is None, never zero."""
    seen = _seen("off", 0, look(1.0, None, 1, None), look(2.0, 5, None, 0), [])
    assert (seen.answered_by_source, seen.answered_by_target, seen.mismatches) == (None, None, None)
    assert (seen.p50_ms, seen.p99_ms) == (None, None)


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (99, 4.0), (100, 4.0), (25, 1.0)])
def test_percentiles_are_values_that_were_measured(percent, expected):
    """The smallest value that so many of a hundred do not exceed."""
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected

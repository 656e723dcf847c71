"""Somebody else's flags: asked, and not believed."""

import pytest

from changeover.model.routing_observation import DeciderFailed
from changeover.model.side import Side
from changeover.routing.context import Context
from changeover.routing.decider import checked
from changeover.routing.rule import State

STATE, CONTEXT = State(), Context(targeting_key="anna")


@pytest.mark.parametrize("side", [*Side, None])
def test_a_side_is_a_decision_and_none_is_not(side):
    """Nobody is told of a failure where there is none."""
    seen = []
    assert checked(lambda _state, _context: side, STATE, CONTEXT, seen.append) is side
    assert seen == []


@pytest.mark.parametrize("given", ["target", "error", True, 1, {"side": "target"}])
def test_what_is_not_plainly_a_side_is_no_decision(given):
    """A text, even a side's own name, is what providers return when they fail."""
    seen = []
    assert checked(lambda _state, _context: given, STATE, CONTEXT, seen.append) is None
    assert seen == [DeciderFailed(error="WrongType")]


def test_a_failure_is_no_decision():
    """It is counted by its kind; its text may hold anything."""

    def fail(_state, _context):
        raise ConnectionError("planted-secret at 10.0.0.1")

    seen = []
    assert checked(fail, STATE, CONTEXT, seen.append) is None
    assert seen == [DeciderFailed(error="ConnectionError")]

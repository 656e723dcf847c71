"""The table of a swap's transitions, whatever happens in whatever order."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from changeover.control.swap import TRANSITIONS, Event, Phase, after


def passed(events):
    """Return the phases that a swap passes; what a phase refuses changes nothing."""
    phases = [Phase.REQUESTED]
    for event in events:
        phases.append(after(phases[-1], event) or phases[-1])
    return phases


@given(st.lists(st.sampled_from(list(Event)), max_size=60))
def test_no_order_of_events_leaves_an_end_or_undoes_a_decision(events):
    """What is over stays over, what is decided is never aborted, and nothing comes twice."""
    phases = passed(events)
    for here, there in itertools.pairwise(phases):
        assert here is there or not here.is_over
        assert not here.is_decided or there.is_decided
        assert here is not Phase.ABORTING or there in {Phase.ABORTING, Phase.ABORTED}
    changed = [phase for phase, _ in itertools.groupby(phases)]
    assert len(set(changed)) == len(changed)


@given(st.lists(st.sampled_from(list(Event)), max_size=60))
def test_every_phase_reaches_an_end(events):
    """Whatever has happened, some events end the swap: never both ways once it is decided."""
    here = passed(events)[-1]
    ends = {phase for phase in reachable(here) if phase.is_over}
    assert ends
    if here.is_decided:
        assert ends == {Phase.FINISHED}


def reachable(phase):
    """Return a phase and all that it can lead to."""
    found = {phase}
    while True:
        more = {to for (start, _), to in TRANSITIONS.items() if start in found} - found
        if not more:
            return found
        found |= more


@given(st.sampled_from(list(Event)), st.sampled_from([p for p in Phase if p.is_over]))
def test_no_pair_leads_out_of_an_end(event, phase):
    """A finished or aborted swap refuses every event."""
    assert after(phase, event) is None

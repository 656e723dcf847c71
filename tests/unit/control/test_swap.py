"""The table of a swap's transitions, pair by pair, and its picture in the documents."""

from itertools import product
from pathlib import Path

import pytest

from changeover.control.swap import TRANSITIONS, Event, Kind, Phase, after
from changeover.control.swap_diagram import diagram
from changeover.model.side import Side, Stage

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "swap.md"

MOVES = {
    ("requested", "writers_over"): "fenced",
    ("fenced", "log_empty"): "drained",
    ("drained", "sequences_set"): "prepared",
    ("prepared", "decision_committed"): "decided",
    ("decided", "fence_opened"): "opened",
    ("opened", "other_at_rest"): "finished",
    ("requested", "abort_committed"): "aborting",
    ("fenced", "abort_committed"): "aborting",
    ("drained", "abort_committed"): "aborting",
    ("prepared", "abort_committed"): "aborting",
    ("aborting", "fence_reopened"): "aborted",
}


@pytest.mark.parametrize(("phase", "event"), list(product(Phase, Event)))
def test_every_pair_moves_or_refuses(phase, event):
    """Each of the 72 pairs leads where the design says, or nowhere."""
    assert after(phase, event) == MOVES.get((str(phase), str(event)))


def test_what_is_decided_never_goes_back():
    """No path leads from a decided phase to an aborted one, and none from aborting to decided."""
    for start, forbidden in (
        (Phase.DECIDED, {Phase.ABORTING, Phase.ABORTED}),
        (Phase.ABORTING, {Phase.DECIDED, Phase.OPENED, Phase.FINISHED}),
    ):
        assert reachable(start) & forbidden == set()


def test_every_phase_can_end():
    """From every phase a swap can be ended without its owner: on, or back."""
    for phase in Phase:
        over = {one for one in {phase, *reachable(phase)} if one.is_over}
        assert over
        assert phase.is_over or phase.can_only_go_on or Phase.ABORTED in over


def test_nothing_leaves_a_phase_that_is_over():
    """A swap that is finished or aborted stays so."""
    assert {phase for phase, _ in TRANSITIONS if phase.is_over} == set()


def test_the_kinds_are_each_others_mirror_image():
    """A rollback takes the authority where a cutover put it, and gives it where that took it."""
    assert Kind.CUTOVER.old_primary is Kind.ROLLBACK.new_primary is Side.SOURCE
    assert Kind.CUTOVER.new_primary is Kind.ROLLBACK.old_primary is Side.TARGET
    assert (Kind.CUTOVER.stage_after, Kind.ROLLBACK.stage_after) == (Stage.RAMP_DOWN, Stage.LIVE)


def test_the_picture_in_the_document_is_that_of_the_table():
    """docs/explanation/swap.md holds the diagram that the table draws."""
    assert diagram() in DOCUMENT.read_text(encoding="utf-8")


def test_the_picture_names_every_transition():
    """Each transition is one arrow of the diagram."""
    for (phase, event), following in TRANSITIONS.items():
        assert f"    {phase} --> {following}: {event}\n" in diagram()


def reachable(phase):
    """Return the phases that a phase leads to."""
    found, ahead = set(), [phase]
    while ahead:
        now = ahead.pop()
        for (start, _), following in TRANSITIONS.items():
            if start is now and following not in found:
                found.add(following)
                ahead.append(following)
    return found

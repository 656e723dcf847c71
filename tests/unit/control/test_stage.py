"""The table of stages, pair by pair, its ways, its names, and its picture in the documents."""

from itertools import product
from pathlib import Path

import pytest

from changeover.control.stage import (
    STAGES,
    StageEvent,
    after,
    diagram,
    following,
    stage_named,
    way,
)
from changeover.control.swap import Kind
from changeover.journey.gate import QUESTIONS
from changeover.journey.rollout import RAISE_GATES
from changeover.journey.stage import STAGE_GATES
from changeover.model.errors import ConfigurationError, WrongStageError
from changeover.model.side import Stage

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "stages.md"

MOVES = {
    ("off", "next"): "dual_write",
    ("dual_write", "next"): "shadow",
    ("shadow", "next"): "live",
    ("live", "back"): "shadow",
    ("shadow", "back"): "dual_write",
    ("dual_write", "back"): "off",
    ("off", "cutover"): "ramp_down",
    ("dual_write", "cutover"): "ramp_down",
    ("shadow", "cutover"): "ramp_down",
    ("live", "cutover"): "ramp_down",
    ("ramp_down", "rollback"): "live",
    ("ramp_down", "finish"): "complete",
}


@pytest.mark.parametrize(("stage", "event"), list(product(Stage, StageEvent)))
def test_every_pair_moves_or_is_refused(stage, event):
    """Each of the 30 pairs leads where the design says, or is refused with the next act."""
    expected = MOVES.get((str(stage), str(event)))
    assert after(stage, event) == expected
    if expected is not None:
        assert following(stage, event) == expected
        return
    with pytest.raises(WrongStageError) as caught:
        following(stage, event)
    assert str(stage) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("stage", "event", "act"),
    [
        (Stage.LIVE, StageEvent.NEXT, "changeover cutover"),
        (Stage.RAMP_DOWN, StageEvent.NEXT, "changeover finish"),
        (Stage.RAMP_DOWN, StageEvent.BACK, "changeover rollback"),
        (Stage.COMPLETE, StageEvent.NEXT, "no further stage"),
        (Stage.OFF, StageEvent.BACK, "changeover stage next"),
    ],
)
def test_a_refusal_names_the_command_that_leads_on(stage, event, act):
    """Where a swap or the end is what comes next, the hint says so."""
    with pytest.raises(WrongStageError) as caught:
        following(stage, event)
    assert act in caught.value.hint


WAYS = {
    ("off", "dual_write"): ["next"],
    ("dual_write", "shadow"): ["next"],
    ("shadow", "live"): ["next"],
    ("live", "shadow"): ["back"],
    ("live", "dual_write"): ["back", "back"],
    ("live", "off"): ["back", "back", "back"],
    ("shadow", "dual_write"): ["back"],
    ("shadow", "off"): ["back", "back"],
    ("dual_write", "off"): ["back"],
}


@pytest.mark.parametrize(("stage", "wanted"), list(product(Stage, Stage)))
def test_every_way_is_one_step_forward_or_any_number_back(stage, wanted):
    """`stage set` never jumps forward, and never moves the authority."""
    expected = [] if stage is wanted else WAYS.get((str(stage), str(wanted)))
    if expected is None:
        with pytest.raises(WrongStageError) as caught:
            way(stage, wanted)
        assert caught.value.hint
    else:
        assert list(way(stage, wanted)) == expected


def test_only_swaps_and_the_end_move_the_authority():
    """Cutover and rollback lead where the swaps say; nothing else enters or leaves ramp_down."""
    for kind in Kind:
        ends = {to for (_, event), to in STAGES.items() if event == kind}
        assert ends == {kind.stage_after}
    ours = {StageEvent.NEXT, StageEvent.BACK}
    touched = {one for (at, event), to in STAGES.items() if event in ours for one in (at, to)}
    assert touched == {Stage.OFF, Stage.DUAL_WRITE, Stage.SHADOW, Stage.LIVE}


def test_every_step_forward_asks_gates_and_no_step_back_does():
    """Each next asks at least the clients and the flow; each gate that is named exists."""
    forward = {pair for pair in STAGES if pair[1] is StageEvent.NEXT}
    assert set(STAGE_GATES) == forward
    for names in (*STAGE_GATES.values(), RAISE_GATES):
        assert {"clients", "marker", "books"} <= set(names) <= set(QUESTIONS)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("dualwrite", Stage.DUAL_WRITE),
        ("RampDown", Stage.RAMP_DOWN),
        ("dual-write", Stage.DUAL_WRITE),
        (" live ", Stage.LIVE),
        *((str(stage), stage) for stage in Stage),
    ],
)
def test_both_spellings_name_a_stage(text, stage):
    """Ours and LaunchDarkly's are read; what is printed is ours."""
    assert stage_named(text) is stage


@pytest.mark.parametrize("text", ["", "dual", "none", "live1"])
def test_another_word_is_no_stage(text):
    """The error lists the stages."""
    with pytest.raises(ConfigurationError) as caught:
        stage_named(text)
    assert all(str(stage) in caught.value.hint for stage in Stage)


def test_the_picture_in_the_document_is_that_of_the_table():
    """docs/explanation/stages.md holds the diagram that the table draws, arrow by arrow."""
    for (stage, event), to in STAGES.items():
        assert f"    {stage} --> {to}: {event}\n" in diagram()
    assert diagram() in DOCUMENT.read_text(encoding="utf-8")

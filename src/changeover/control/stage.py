"""The stages of the whole system as a table of transitions, and the picture drawn from it.

Pure: what a step must find first is the journey's to ask, and only swaps move the authority.
"""

from enum import StrEnum
from typing import Final

from changeover.model.errors import ConfigurationError, WrongStageError
from changeover.model.side import Stage


class StageEvent(StrEnum):
    """What moves the system to another stage."""

    NEXT = "next"
    BACK = "back"
    CUTOVER = "cutover"
    ROLLBACK = "rollback"
    FINISH = "finish"


STAGES: Final = {
    (Stage.OFF, StageEvent.NEXT): Stage.DUAL_WRITE,
    (Stage.DUAL_WRITE, StageEvent.NEXT): Stage.SHADOW,
    (Stage.SHADOW, StageEvent.NEXT): Stage.LIVE,
    (Stage.LIVE, StageEvent.BACK): Stage.SHADOW,
    (Stage.SHADOW, StageEvent.BACK): Stage.DUAL_WRITE,
    (Stage.DUAL_WRITE, StageEvent.BACK): Stage.OFF,
    (Stage.LIVE, StageEvent.CUTOVER): Stage.RAMP_DOWN,
    (Stage.OFF, StageEvent.CUTOVER): Stage.RAMP_DOWN,
    (Stage.DUAL_WRITE, StageEvent.CUTOVER): Stage.RAMP_DOWN,
    (Stage.SHADOW, StageEvent.CUTOVER): Stage.RAMP_DOWN,
    (Stage.RAMP_DOWN, StageEvent.ROLLBACK): Stage.LIVE,
    (Stage.RAMP_DOWN, StageEvent.FINISH): Stage.COMPLETE,
}
"""Every pair that is not here is refused. A cutover asks its own gates, whatever the stage."""

OTHER_NAMES: Final = {"dualwrite": Stage.DUAL_WRITE, "rampdown": Stage.RAMP_DOWN}
"""As LaunchDarkly writes them: accepted, never printed."""

_WAY_ON: Final = {
    Stage.LIVE: "run `changeover cutover`: it gives the authority for writes to the target",
    Stage.RAMP_DOWN: "run `changeover rollback` to go back, or `changeover finish` to end the move",
    Stage.COMPLETE: "the move has ended: there is no further stage",
    Stage.OFF: "it is the first stage; `changeover stage next` leads on",
}
_OWN_COMMAND: Final = {
    Stage.RAMP_DOWN: "run `changeover cutover`: only a swap moves the authority for writes",
    Stage.COMPLETE: "run `changeover finish` in the stage ramp_down",
}


def after(stage: Stage, event: StageEvent) -> Stage | None:
    """Return the stage that an event leads to, or None where it is refused."""
    return STAGES.get((stage, event))


def following(stage: Stage, event: StageEvent) -> Stage:
    """Return the stage that an event leads to.

    Raises:
        WrongStageError: If it leads nowhere from here; the hint is the command that does.
    """
    found = after(stage, event)
    if found is None:
        hint = _WAY_ON.get(stage, "run `changeover status`: it names the next step")
        raise WrongStageError(f"{event} leads nowhere from the stage {stage}", hint=hint)
    return found


def way(stage: Stage, wanted: Stage) -> tuple[StageEvent, ...]:
    """Return the steps from a stage to another one: one forward, or any number back.

    Args:
        stage: The stage now.
        wanted: The stage that is asked for.

    Raises:
        WrongStageError: If that way is not one of `stage set`.
    """
    if stage is wanted:
        return ()
    if after(stage, StageEvent.NEXT) is wanted:
        return (StageEvent.NEXT,)
    back: list[StageEvent] = []
    at: Stage | None = stage
    while at is not None and at is not wanted:
        at = after(at, StageEvent.BACK)
        back.append(StageEvent.BACK)
    if at is wanted:
        return tuple(back)
    ahead = after(stage, StageEvent.NEXT)
    hint = _OWN_COMMAND.get(wanted) or (
        f"one stage at a time: `changeover stage next` leads to {ahead}"
        if ahead
        else _WAY_ON[stage]
    )
    raise WrongStageError(f"`stage set` does not lead from {stage} to {wanted}", hint=hint)


def stage_named(text: str) -> Stage:
    """Return the stage that a text names, in our spelling or LaunchDarkly's.

    Raises:
        ConfigurationError: If it names none.
    """
    name = text.strip().lower().replace("-", "_")
    try:
        return OTHER_NAMES.get(name) or Stage(name)
    except ValueError:
        raise ConfigurationError(
            f"'{text}' is not a stage", hint=f"write one of {', '.join(Stage)}"
        ) from None


def diagram() -> str:
    """Return the table as a Mermaid state diagram, in a fenced block."""
    arrows = [f"    {stage} --> {to}: {event}\n" for (stage, event), to in STAGES.items()]
    head = ["stateDiagram-v2\n", f"    [*] --> {Stage.OFF}\n"]
    return f"```mermaid\n{''.join([*head, *arrows])}    {Stage.COMPLETE} --> [*]\n```\n"

"""`stage`: where the whole system stands, and its steps forward and back."""

from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.grid import gate_grid
from changeover.cli.outcome import Block, ExitCode, Outcome
from changeover.cli.session import Session

if TYPE_CHECKING:
    from changeover.control.stage import StageEvent
    from changeover.journey.cutover import Action
    from changeover.journey.gate import Gate
    from changeover.journey.stage import StagePlan
    from changeover.model.side import Stage

Wanted = Annotated[
    str,
    typer.Argument(
        metavar="STAGE",
        help="off, dual_write, shadow or live: the next one, or any before; also `dualwrite`.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    stage = group(app, "stage", "The stage of the whole system: who answers reads.")
    command(stage, "show")(show)
    command(stage, "set")(set_stage)
    command(stage, "next")(go_on)
    command(stage, "back")(back)


def show(session: Session) -> Outcome:
    """Show the stage, who has the authority for writes, who answers reads, and the fences."""
    from changeover.journey.status import status as read_status

    standing = read_status(session.move)
    return Outcome(
        result={
            "stage": standing.stage,
            "primary": standing.primary,
            "epoch": standing.epoch,
            "reads": standing.reads,
            "fences": standing.fences,
            "swap": standing.swap,
        },
        next_steps=standing.next_steps,
    )


def set_stage(
    session: Session, stage: Wanted, *, dry_run: DryRun = False, yes: Yes = False
) -> Outcome:
    """Go to a stage: one forward through its gates (4 when one refuses), or any number back.

    The way back is never gated. Write authority is moved by `cutover` and `rollback` alone.
    """
    from changeover.control.stage import stage_named

    return _go(session, stage_named(stage), dry_run=dry_run, yes=yes)


def go_on(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Go one stage forward: off, dual_write, shadow, live; ends with 4 when a gate refuses.

    `live` begins at 0 %, and nothing is listed. From `live` the way on is `changeover cutover`.
    """
    from changeover.control.stage import StageEvent

    return _go(session, StageEvent.NEXT, dry_run=dry_run, yes=yes)


def back(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Go one stage back; always allowed while the source is primary, and never gated."""
    from changeover.control.stage import StageEvent

    return _go(session, StageEvent.BACK, dry_run=dry_run, yes=yes)


def _go(session: Session, wanted: "Stage | StageEvent", *, dry_run: bool, yes: bool) -> Outcome:
    from changeover.journey import stage as journey

    if not (dry_run or yes):
        session.confirm(lambda: action_lines(journey.plan(session.move, wanted).actions))
    planned = journey.plan(session.move, wanted)
    lines = action_lines(planned.actions)
    if dry_run:
        found = journey.evaluate(session.move, planned)
        return dry({"stage": planned.stage, "following": planned.following}, found, lines)
    moved = journey.change(session.move, planned)
    return Outcome(result=moved, blocks=_blocks(planned), next_steps=_next(planned.following))


def action_lines(actions: "tuple[Action, ...]") -> list[Block]:
    """Return actions as lines."""
    return [f"{action.where}: {action.what}" for action in actions]


def dry(facts: dict[str, object], gates: "tuple[Gate, ...]", lines: list[Block]) -> Outcome:
    """Return what a dry run shows: the gates as they are now, and what would be done."""
    is_green = all(gate.is_green for gate in gates)
    return Outcome(
        result={**facts, "is_green": is_green, "gates": gates, "actions": lines},
        blocks=[*([gate_grid(gates)] if gates else []), *(lines or ["nothing would be changed"])],
        exit_code=ExitCode.FINE if is_green else ExitCode.REFUSED,
        next_steps=[gate.hint for gate in gates if gate.hint],
    )


def _blocks(planned: "StagePlan") -> list[Block]:
    if planned.stage is planned.following:
        return [f"the stage is {planned.stage} already; nothing was changed"]
    return [f"the stage is {planned.following}, it was {planned.stage}"]


def _next(stage: "Stage") -> list[str]:
    from changeover.model.side import Stage

    if stage is Stage.LIVE:
        return ["changeover rollout add KEY", "changeover rollout set 1%"]
    if stage is Stage.SHADOW:
        return ["changeover shadow report", "changeover stage next"]
    return ["changeover status", "changeover stage next"]

"""`cutover`, `rollback`, `finish`: who has the authority for writes."""

from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, command
from changeover.cli.grid import gate_grid
from changeover.cli.outcome import Block, ExitCode, Outcome
from changeover.cli.session import Session
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.journey.gate import Gate
    from changeover.journey.swap import Swapped

YesOrName = Annotated[
    bool, typer.Option("--yes", "-y", help="Don't ask for the database's name to be typed.")
]
Release = Annotated[
    bool,
    typer.Option(
        "--release-source", help="After finish: open the source as a database of its own."
    ),
]
TargetLost = Annotated[
    bool,
    typer.Option(
        "--target-lost",
        help="The target is gone for good: open the source without it and end the move.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "cutover")(cutover)
    command(app, "rollback")(rollback)
    command(app, "finish")(finish)


def cutover(session: Session, *, dry_run: DryRun = False, yes: YesOrName = False) -> Outcome:
    """Give the authority for writes to the target; `rollback` takes it back.

    Asks the gates first (4 when one refuses: nothing was changed). A swap that can't be decided in
    time is driven back (4), and the source accepts writes again.
    """
    return _swap(session, "cutover", dry_run=dry_run, yes=yes)


def rollback(
    session: Session,
    *,
    target_lost: TargetLost = False,
    dry_run: DryRun = False,
    yes: YesOrName = False,
) -> Outcome:
    """Give the authority back to the source, with everything that was written since.

    Asks the gates first (4 when one refuses: nothing was changed). `--target-lost` is for a target
    that will never answer again: cut it off from everybody first, since its fence is open. It says
    which writes only the target held, and refuses (4) a target that answers.
    """
    if target_lost:
        return _abandon(session, dry_run=dry_run, yes=yes)
    return _swap(session, "rollback", dry_run=dry_run, yes=yes)


def _abandon(session: Session, *, dry_run: bool, yes: bool) -> Outcome:
    from changeover.journey import target_lost as journey

    actions = journey.plan(session.move)
    if dry_run:
        return Outcome(result={"actions": actions}, blocks=actions)
    if not yes:
        session.confirm_name(Side.SOURCE, actions)
    done = journey.abandon_target(session.move)
    blocks: list[Block] = [
        journey.describe(was_primary=done.was_primary, held_until=done.held_until),
        f"the source has the authority for writes, epoch {done.epoch}; the move is over",
    ]
    blocks += [f"NOT VALID, orphans: {name}" for name in done.unvalidated]
    return Outcome(
        result=done,
        blocks=blocks,
        next_steps=list(journey.AFTERWARDS),
    )


def _swap(session: Session, verb: str, *, dry_run: bool, yes: bool) -> Outcome:
    from changeover.control.swap import Kind
    from changeover.journey import cutover as journey

    kind = Kind(verb)
    actions = journey.plan(kind)
    lines = [f"{action.where}: {action.what}" for action in actions]
    if dry_run:
        return _dry(journey.evaluate(session.move, kind), lines)
    if not yes:
        session.confirm_name(kind.new_primary, lines)
    do = journey.cutover if kind is Kind.CUTOVER else journey.rollback
    return _swapped(do(session.move), kind.new_primary)


def _dry(gates: "tuple[Gate, ...]", lines: list[str]) -> Outcome:
    is_green = bool(gates) and all(gate.is_green for gate in gates)
    return Outcome(
        result={"is_green": is_green, "gates": gates, "actions": lines},
        blocks=[gate_grid(gates), *lines],
        exit_code=ExitCode.FINE if is_green else ExitCode.REFUSED,
        next_steps=[gate.hint for gate in gates if gate.hint],
    )


def _swapped(swapped: "Swapped", primary: Side) -> Outcome:
    blocks: list[Block] = [
        f"the {primary} has the authority for writes, epoch {swapped.epoch}",
        f"{swapped.keys_drained} keys drained, {swapped.sequences} sequences set",
    ]
    blocks += [f"NOT VALID, orphans or a lock: {name}" for name in swapped.unvalidated]
    after = ["changeover verify", "changeover rollback", "changeover finish"]
    return Outcome(
        result=swapped,
        blocks=blocks,
        next_steps=after if primary is Side.TARGET else ["changeover status"],
    )


def finish(
    session: Session,
    *,
    release_source: Release = False,
    dry_run: DryRun = False,
    yes: YesOrName = False,
) -> Outcome:
    """End the move: remove capture, log and fence from the target; there is no way back after it.

    The evidence is kept, the source stays fenced. `--release-source` opens it, later.
    """
    return (
        _release(session, dry_run=dry_run, yes=yes)
        if release_source
        else _finish(session, dry_run=dry_run, yes=yes)
    )


_FINISH = (
    "target: check that the way back is whole, then COMMIT stage complete",
    "target: validate the foreign keys that the swap put back",
    "target: DROP every trigger of ours, the change log, and the mirror's role",
    "target: keep the evidence in the schema changeover",
    "source: nothing; it stays fenced",
)
_RELEASE = (
    "source: put foreign keys and triggers back, validate them",
    "source: DROP every trigger of ours, the schema changeover, and the mirror's role",
    "source: it accepts writes again; nothing is carried any more",
)


def _finish(session: Session, *, dry_run: bool, yes: bool) -> Outcome:
    from changeover.control.move import installed_pairs
    from changeover.journey import finish as journey

    if dry_run:
        gates = journey.evaluate(session.move, installed_pairs(session.move))
        return _dry(gates, list(_FINISH))
    if not yes:
        session.confirm_name(Side.TARGET, _FINISH)
    finished = journey.finish(session.move)
    blocks: list[Block] = [f"finished: {finished.tables} tables of the target stand alone"]
    blocks += [f"NOT VALID, orphans: {name}" for name in finished.unvalidated]
    return Outcome(
        result=finished,
        blocks=blocks,
        next_steps=["stop the mirror's service", "changeover finish --release-source"],
    )


def _release(session: Session, *, dry_run: bool, yes: bool) -> Outcome:
    from changeover.journey.finish import release_source

    if dry_run:
        return Outcome(result={"actions": _RELEASE}, blocks=_RELEASE)
    if not yes:
        session.confirm_name(Side.SOURCE, _RELEASE)
    release_source(session.move)
    return Outcome(result={"released": True}, blocks=["the source is a database of its own again"])

"""`repair plan` and `repair apply`: found differences go into the change log."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, Tables, Yes, command, group
from changeover.cli.outcome import ExitCode, Outcome
from changeover.cli.session import Session
from changeover.cli.table import parse_tables
from changeover.model.errors import ConfigurationError

if TYPE_CHECKING:
    from changeover.transfer.repair import RepairPlan

Deletes = Annotated[
    bool, typer.Option("--deletes", help="Plan to delete rows too that only the secondary has.")
]
PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="The file that the plan wrote.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    repair = group(app, "repair", "Putting the keys of differences into the change log.")
    command(repair, "plan")(plan)
    command(repair, "apply")(apply)


def plan(session: Session, *, table: Tables = None, deletes: Deletes = False) -> Outcome:
    """Verify, and write a plan that repairs what differs; no database is changed.

    The plan holds keys of rows; it lies in the state directory with mode 0600. Ends with 3 when
    there is something to repair.
    """
    from changeover.transfer import repair
    from changeover.transfer.verify import verify

    report = verify(session.move, tables=parse_tables(table))
    if report.is_equal:
        return Outcome(result={"path": None, "actions": []}, blocks=["nothing to repair"])
    wanted = repair.plan(session.move, report, with_deletes=deletes)
    return Outcome(
        result=wanted,
        blocks=[
            *repair.describe(wanted),
            f"{len(wanted.actions)} keys, {wanted.left_out} left out, {report.unsettled} unsettled",
            f"plan: {wanted.path}",
        ],
        exit_code=ExitCode.FINDINGS,
        next_steps=[f"changeover repair apply {wanted.path}"],
    )


def apply(
    session: Session, path: PlanPath, *, dry_run: DryRun = False, yes: Yes = False
) -> Outcome:
    """Put a plan's keys into the primary's change log; the mirror carries their rows then.

    It can be repeated. A plan of another epoch is refused.
    """
    from changeover.transfer import repair

    move = session.move
    wanted = _load(path)
    lines = list(repair.describe(wanted))
    if dry_run:
        return Outcome(result={"plan": wanted}, blocks=lines or ["nothing to repair"])
    if not yes:
        session.confirm(lambda: lines)
    return Outcome(
        result={"keys": repair.apply(move, wanted)},
        next_steps=["changeover verify"],
    )


def _load(path: Path) -> "RepairPlan":
    from changeover.transfer import repair

    try:
        return repair.load(path)
    except OSError as error:
        fact = error.strerror or "it can't be read"
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        fact = "it is no plan of ours"
    raise ConfigurationError(f"{path}: {fact}", hint="write one: `changeover repair plan`")

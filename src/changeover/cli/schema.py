"""`schema plan`, `apply`, `diff`, `accept`: the target's definitions, carried from the source."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import Block, ExitCode, Grid, Outcome
from changeover.cli.session import Session

if TYPE_CHECKING:
    from changeover.catalog.definition import Drift
    from changeover.catalog.difference import Difference
    from changeover.transfer.schema_plan import SchemaPlan, SchemaReport


class Until(StrEnum):
    """The last step that `schema apply` takes."""

    PRE_DATA = "pre-data"
    KEYS = "keys"
    UNIQUE = "unique"
    INDEXES = "indexes"
    FOREIGN_KEYS = "foreign-keys"
    ALL = "all"


LastStep = Annotated[
    Until,
    typer.Option(
        "--until",
        metavar="|".join(Until),
        help="The last step; pre-data before a large copy, which builds each table's key after its "
        "rows; all after the first drain.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    schema = group(app, "schema", "The target's definitions, carried from the source.")
    command(schema, "plan")(plan)
    command(schema, "apply")(apply)
    command(schema, "diff")(diff)
    command(schema, "accept")(accept)


def plan(session: Session) -> Outcome:
    """Show what becomes of every object of the source, and the exact SQL; changes nothing.

    Ends with 3 while an object waits for an answer in `[move.answers]`.
    """
    from changeover.transfer.schema import plan_schema

    return _planned(plan_schema(session.move))


def _planned(planned: "SchemaPlan") -> Outcome:
    questions = planned.questions
    answers = [
        f'answer "{one.answer_key}" in [move.answers]: {" or ".join(one.choices) or "no choice"}'
        for one in questions
    ]
    return Outcome(
        result={
            "objects": planned.objects,
            "statements": planned.statements,
            "applied": planned.applied,
            "differences": planned.differences,
        },
        blocks=[*_objects(planned), *_statements(planned), *_lines(planned.differences)],
        exit_code=ExitCode.FINDINGS if questions else ExitCode.FINE,
        next_steps=answers or ["changeover schema apply"],
    )


def _objects(planned: "SchemaPlan | SchemaReport") -> list[Block]:
    from changeover.transfer.schema_plan import Outcome as Fate

    rows = [
        [one.outcome, one.name, one.why]
        for one in planned.objects
        if one.outcome is not Fate.CARRIED
    ]
    carried = sum(one.outcome is Fate.CARRIED for one in planned.objects)
    beside: list[Block] = [Grid(title="", columns=["", "object", "why"], rows=rows)] if rows else []
    return [f"{carried} objects are carried", *beside]


def _statements(planned: "SchemaPlan") -> list[Block]:
    return [f"-- {step}\n{text}" for step, text in planned.statements.items()]


def _lines(differences: "Iterable[Difference]") -> list[Block]:
    return [str(one) for one in differences]


def apply(
    session: Session, *, until: LastStep = Until.ALL, dry_run: DryRun = False, yes: Yes = False
) -> Outcome:
    """Apply the source's definitions to the target, step by step; each is a transaction.

    Steps that were applied before are left alone. Ends with 3 when the databases still differ in
    what rows or the application meet.
    """
    from changeover.transfer import schema

    move = session.move
    if dry_run:
        return _planned(schema.plan_schema(move))
    if not yes:
        session.confirm(lambda: _statements(schema.plan_schema(move)))
    steps = {
        Until.PRE_DATA: schema.apply_pre_data,
        Until.KEYS: schema.apply_keys,
        Until.UNIQUE: schema.apply_unique,
        Until.INDEXES: schema.apply_indexes,
        Until.FOREIGN_KEYS: schema.apply_foreign_keys,
        Until.ALL: schema.apply_all,
    }
    return _applied(steps[until](move), is_all=until is Until.ALL)


def _applied(report: "SchemaReport", *, is_all: bool) -> Outcome:
    blocks: list[Block] = [f"applied: {', '.join(report.done) or 'nothing was left to do'}"]
    blocks += [f"NOT VALID: {text}" for text in report.not_validated]
    blocks += _lines(report.differences)
    # What later steps make is no finding of an earlier one.
    has_findings = is_all and _has_findings(report.differences)
    return Outcome(
        result=report,
        blocks=blocks,
        exit_code=ExitCode.FINDINGS if has_findings else ExitCode.FINE,
        next_steps=["changeover check", "changeover capture install"],
    )


def diff(session: Session) -> Outcome:
    """Show what makes the two databases behave differently, and what breaks because of it.

    Ends with 3 when anything more than a note differs.
    """
    from changeover.transfer.schema import report

    found = report(session.move).differences
    has_findings = _has_findings(found)
    return Outcome(
        result={"differences": found},
        blocks=_lines(found) or ["no difference"],
        exit_code=ExitCode.FINDINGS if has_findings else ExitCode.FINE,
        next_steps=["changeover schema apply"] if has_findings else [],
    )


def accept(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Take the target's definitions for right as they are now: what `check` calls drift is none.

    `schema apply` records them by itself; this is for what was altered by hand, and meant.
    """
    from changeover.transfer import schema

    move = session.move
    if dry_run:
        found = schema.read_drift(move)
    else:
        if not yes:
            session.confirm(lambda: _drift_lines(schema.read_drift(move)))
        found = schema.accept(move)
    return Outcome(
        result={"accepted": [str(one) for one in found]},
        blocks=_drift_lines(found),
        next_steps=["changeover schema accept"] if dry_run else ["changeover check"],
    )


def _drift_lines(found: "Iterable[Drift]") -> list[Block]:
    return [str(one) for one in found] or ["nothing was altered"]


def _has_findings(differences: "Iterable[Difference]") -> bool:
    from changeover.catalog.difference import Severity

    return any(one.severity is not Severity.NOTE for one in differences)

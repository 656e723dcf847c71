"""`verify`: the comparison of both sides on live traffic."""

from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import Tables, command
from changeover.cli.outcome import Block, ExitCode, Grid, Outcome
from changeover.cli.session import Session
from changeover.cli.table import parse_tables

if TYPE_CHECKING:
    from changeover.transfer.verify import TableReport, VerifyReport

Sequences = Annotated[
    bool, typer.Option("--sequences", help="Demand that sequences of the secondary are past.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "verify")(verify)


def verify(session: Session, *, table: Tables = None, sequences: Sequences = False) -> Outcome:
    """Compare every row of both sides, while writes go on; only settled differences count.

    Ends with 3 when rows differ or could not be settled. Rows are named by a hash of their key.
    """
    from changeover.transfer.verify import verify as compare

    report = compare(session.move, tables=parse_tables(table), demands_sequences=sequences)
    return Outcome(
        result=report.to_value(),
        blocks=_blocks(report),
        exit_code=ExitCode.FINE if report.is_green else ExitCode.FINDINGS,
        next_steps=["changeover status" if report.is_green else "changeover repair plan"],
    )


def _blocks(report: "VerifyReport") -> list[Block]:
    tables = Grid(
        title=f"run {report.run_id}, primary {report.primary}, epoch {report.epoch}",
        columns=["table", "rows", "rows there", "missing", "extra", "different", "unsettled", ""],
        rows=[_row(table) for table in report.tables],
    )
    blocks: list[Block] = [tables]
    blocks += [
        f"{table.table}: {found.kind} key {found.key_hash} {', '.join(found.columns)}".rstrip()
        for table in report.tables
        for found in table.divergences
    ]
    blocks += [f"{orphan.name}: {orphan.rows} orphans" for orphan in report.orphans if orphan.rows]
    blocks += [
        f"{note.sequence} is not past {note.table}.{note.column}"
        for note in report.sequences
        if not note.is_past
    ]
    return [*blocks, "equal" if report.is_equal else "NOT EQUAL"]


def _row(report: "TableReport") -> list[str]:
    from changeover.transfer.verify import Kind

    return [
        str(report.table),
        str(report.rows_primary),
        str(report.rows_secondary),
        *(str(report.rows(kind)) for kind in Kind),
        str(report.unsettled),
        "equal" if report.is_equal else "NOT EQUAL",
    ]

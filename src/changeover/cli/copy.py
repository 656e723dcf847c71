"""`copy run`, `plan`, `status`, `reset`: the first bulk load."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import Outcome, layout
from changeover.cli.plain import plain
from changeover.cli.session import Session
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.transfer.copy import CopyReport
    from changeover.transfer.copy_reset import TableReset


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    copy = group(app, "copy", "The first bulk load.")
    command(copy, "plan")(plan)
    command(copy, "run")(run)
    command(copy, "status")(status)
    command(copy, "reset")(reset)


def plan(session: Session) -> Outcome:
    """Cut the tables in ranges and keep that plan on the target; no row is copied.

    A plan that is there is kept.
    """
    from changeover.control.move import installed_pairs
    from changeover.transfer.checkpoint import plan_copy

    planned = plan_copy(session.move, installed_pairs(session.move))
    return Outcome(
        result={"ranges_open": planned.ranges_open, "tables": planned.tables},
        next_steps=["changeover copy run"],
    )


Scheduler = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Copy by the workers of a Dask cluster: tcp://host:port or tls://host:port.",
        show_default=False,
    ),
]


def run(
    session: Session, *, scheduler: Scheduler = "", dry_run: DryRun = False, yes: Yes = False
) -> Outcome:
    """Copy every moved table; a copy that was ended in any way is resumed.

    No range is copied twice. Interrupted, it ends the ranges under way.
    """
    from changeover.transfer import copy

    if dry_run:
        return Outcome(result={"tables": _sizes(session)})
    if not yes:
        session.confirm(lambda: layout(plain(_sizes(session)), "rows are copied to the target"))
    from changeover.transfer.schema_key import coming_key_builder

    move = session.move
    with ExitStack() as opened:
        executor = None
        if scheduler:
            from changeover.cli.cluster import cluster

            executor = opened.enter_context(cluster(move, scheduler))
        build = opened.enter_context(coming_key_builder(move))
        return _copied(copy.copy(move, executor=executor, on_table_copied=build))


def _sizes(session: Session) -> list[dict[str, object]]:
    """Return what there is to copy, largest first; rows and bytes are the planner's estimates."""
    from changeover.control.move import installed_pairs
    from changeover.transfer.checkpoint import largest_first, read_states

    pairs = largest_first(installed_pairs(session.move))
    with session.move.connect_owner(Side.TARGET, "copy-status") as target:
        states = read_states(target)
    return [
        {
            "table": pair.name,
            "rows_estimate": max(0, pair.source.rows_estimate),
            "bytes_estimate": pair.source.size_bytes,
            "ranges": states[pair.table_id].ranges if pair.table_id in states else None,
            "ranges_done": states[pair.table_id].ranges_done if pair.table_id in states else 0,
        }
        for pair in pairs
    ]


def _copied(report: "CopyReport") -> Outcome:
    return Outcome(
        result={
            "rows": report.rows,
            "seconds": report.seconds,
            "ranges_redone": report.ranges_redone,
            "tables": report.tables,
        },
        next_steps=["changeover verify"],
    )


def status(session: Session) -> Outcome:
    """Show how far the copy of every table is."""
    from changeover.control.move import installed_pairs
    from changeover.transfer.checkpoint import largest_first, read_states

    pairs = largest_first(installed_pairs(session.move))
    with session.move.connect_owner(Side.TARGET, "copy-status") as target:
        states = read_states(target)
    tables = [
        {
            "table": pair.name,
            "state": state.state if state else "unplanned",
            "rows_copied": state.rows_copied if state else 0,
            "rows_left_out": state.rows_left_out if state else 0,
            "ranges": state.ranges if state else 0,
            "ranges_done": state.ranges_done if state else 0,
        }
        for pair in pairs
        for state in [states.get(pair.table_id)]
    ]
    is_copied = bool(tables) and all(one["state"] == "copied" for one in tables)
    return Outcome(
        result={"is_copied": is_copied, "tables": tables},
        next_steps=["changeover verify" if is_copied else "changeover copy run"],
    )


def reset(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Empty the target's tables that a copy of ours has filled; only in stage off.

    The plan is kept. Nothing is taken from the source.
    """
    from changeover.transfer.copy_reset import reset_copy

    if dry_run:
        actions = reset_copy(session.move, is_dry_run=True)
        return Outcome(result={"tables": actions}, blocks=_deletions(actions))
    if not yes:
        session.confirm(lambda: _deletions(reset_copy(session.move, is_dry_run=True)))
    return Outcome(
        result={"tables": reset_copy(session.move, is_dry_run=False)},
        next_steps=["changeover copy run"],
    )


def _deletions(actions: "tuple[TableReset, ...]") -> list[str]:
    lines = [f"target: {one.statement}  -- {one.rows} rows" for one in actions]
    return lines or ["nothing to empty"]

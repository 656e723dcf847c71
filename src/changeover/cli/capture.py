"""`capture install`, `status`, `remove`: the triggers that record changes and refuse writes."""

from typing import TYPE_CHECKING

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import Block, ExitCode, Outcome
from changeover.cli.session import Session
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.control.move import Move
    from changeover.transfer.capture import Installed


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    capture = group(app, "capture", "Triggers that record changed keys, and the fence.")
    command(capture, "install")(install)
    command(capture, "status")(status)
    command(capture, "remove")(remove)


def install(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Install capture and fence on both databases; repeatable.

    The source stays open for writes; from then on the target refuses writes of the application.
    """
    from changeover.transfer import capture

    if dry_run:
        statements = capture.plan(session.move)
        return Outcome(result={"statements": statements}, blocks=statements)
    if not yes:
        session.confirm(
            lambda: [
                f"{len(capture.plan(session.move))} statements create the schema changeover and",
                "triggers on every moved table of both databases, and a role for the mirror where",
                "that is allowed. From then on the target refuses writes of the application.",
            ]
        )
    return _installed(capture.install(session.move))


def _installed(installed: "Installed") -> Outcome:
    blocks: list[Block] = [f"capture guards {installed.tables} tables on both sides"]
    blocks += [
        f"{side}: the mirror is recognised by its {installed.identities[side]}, "
        f"foreign keys rest by {installed.rest_modes[side]}"
        for side in installed.identities
    ]
    return Outcome(
        result=installed,
        blocks=blocks,
        next_steps=["changeover mirror run", "changeover copy run"],
    )


def status(session: Session) -> Outcome:
    """Show per table and side whether triggers and definitions are as they were installed.

    Ends with 3 when one is not.
    """
    from changeover.control.move import installed_pairs
    from changeover.transfer import guard

    move = session.move
    names = {pair.table_id: str(pair.name) for pair in installed_pairs(move)}
    found = []
    for side in Side:
        with move.connect_owner(side, "capture") as connection:
            states = guard.inspect(connection)
        found += [
            {
                "side": side,
                "table": names.get(state.table_id, f"table {state.table_id}"),
                "triggers": state.trigger_count,
                "is_always": state.is_always,
                "is_shape_known": state.is_shape_known,
                "are_files_known": state.are_files_known,
                "are_triggers_known": state.are_triggers_known,
                "is_as_it_was": state.is_as_it_was,
            }
            for state in states
        ]
    is_whole = bool(found) and all(one["is_as_it_was"] for one in found)
    return Outcome(
        result={"is_as_it_was": is_whole, "tables": found},
        exit_code=ExitCode.FINE if is_whole else ExitCode.FINDINGS,
        next_steps=[] if is_whole else ["changeover status"],
    )


def remove(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Cancel the move before its cutover: remove capture, logs and fence from both databases.

    The source goes on as it was. The target keeps the rows that it has and accepts writes; nothing
    is carried to it any more.
    """
    from changeover.journey.cancel import cancel, require_cancellable

    if dry_run:
        require_cancellable(session.move)
        actions = _removals(session.move)
        return Outcome(result={"actions": actions}, blocks=actions)
    if not yes:
        session.confirm(lambda: _removals(session.move))
    cancelled = cancel(session.move)
    blocks: list[Block] = [f"removed from {cancelled.tables} tables on both sides"]
    blocks += [f"NOT VALID, orphans: {name}" for name in cancelled.unvalidated]
    return Outcome(
        result=cancelled,
        blocks=blocks,
        exit_code=ExitCode.FINDINGS if cancelled.unvalidated else ExitCode.FINE,
    )


def _removals(move: "Move") -> list[str]:
    """Return what `remove` does, in order: the statements that drop, and what happens beside."""
    from changeover.control.move import read_pairs
    from changeover.transfer import trigger

    pairs = read_pairs(move)
    actions = []
    for side in Side:
        if side is Side.TARGET:
            actions.append("target: put its own triggers and foreign keys back, validate them")
        with move.connect_owner(side, "capture") as connection:
            actions += [
                f"{side}: {statement.as_string(connection)}"
                for pair in pairs
                for statement in trigger.drop_triggers(pair.table(side))
            ]
        actions += [
            f"{side}: DROP SCHEMA IF EXISTS changeover CASCADE",
            f"{side}: DROP ROLE of the mirror, where `capture install` made it",
        ]
    return actions

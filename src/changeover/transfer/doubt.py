"""Doubts: tables of which capture may have missed something, until a verification clears them."""

from typing import Final

from changeover.control.move import ROOM, Connection, Move, installed_pairs
from changeover.database import fixed
from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer import guard
from changeover.transfer.capture import LOCK_TIMEOUT_MS, guard_partitions

_MINE: Final = "changeover.transfer"


def resolve(move: Move, side: Side, states: tuple[guard.TableState, ...]) -> None:
    """Book tables with new files or re-enabled triggers as doubts and take their new baseline.

    A TRUNCATE gives a new file too; it stands in the log as "whole table" and is no doubt. A new
    partition gets its triggers, and its rows are logged. New files of the secondary are no doubt:
    rows are written there by nobody but the mirror.

    Args:
        move: The move.
        side: The side whose tables changed.
        states: Those that are not as they were, without a refusal.
    """
    with (
        move.connect_owner(Side.TARGET, "doubt") as target,
        move.connect_owner(side, "doubt", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection,
    ):
        row = target.execute(fixed(ROOM, "read_control")).fetchone()
        is_primary = row is not None and row[2] == side
        grown = {state.table_id for state in states if state.new_members}
        if grown:
            _guard_new_partitions(move, connection, side, states, is_logged=is_primary)
            now = [state for state in guard.inspect(connection) if state.table_id in grown]
            states = (*(state for state in states if state.table_id not in grown), *now)
        reasons = [
            (state, reason)
            for state in states
            for reason in _reasons(connection, side, state, is_primary=is_primary)
        ]
        with target.transaction():
            for state, reason in reasons:
                target.execute(
                    fixed(_MINE, "write_doubt"), {"table_id": state.table_id, "reason": reason}
                )
        for state in states:
            guard.book(connection, state)


def _guard_new_partitions(
    move: Move,
    connection: Connection,
    side: Side,
    states: tuple[guard.TableState, ...],
    *,
    is_logged: bool,
) -> None:
    pairs = {pair.table_id: pair for pair in installed_pairs(move)}
    for state in states:
        names = tuple(TableName(schema, name) for schema, name, _ in state.new_members)
        guard_partitions(connection, side, pairs[state.table_id], names, is_logged=is_logged)


def _reasons(
    connection: Connection, side: Side, state: guard.TableState, *, is_primary: bool
) -> tuple[str, ...]:
    reasons = []
    if not state.is_tree_whole:
        return (f"{side}: a partition was detached or dropped",)
    if not state.are_triggers_known:
        reasons.append(f"{side}: triggers were switched off and on again")
    if not state.are_files_known and is_primary:
        row = connection.execute(
            fixed(_MINE, "has_whole_change"), {"table_id": state.table_id}
        ).fetchone()
        if row is None or not row[0]:
            reasons.append(f"{side}: the table was rewritten without an entry in the change log")
    return tuple(reasons)


def open_doubts(target: Connection) -> tuple[tuple[int, str], ...]:
    """Return the tables in doubt and why, by number."""
    rows = target.execute(fixed(_MINE, "read_doubts")).fetchall()
    return tuple((row[0], row[1]) for row in rows)

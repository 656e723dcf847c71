"""Doubts: tables of which capture may have missed something, until a verification clears them."""

from typing import Final

from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.model.side import Side
from changeover.transfer import guard

_MINE: Final = "changeover.transfer"


def resolve(move: Move, side: Side, states: tuple[guard.TableState, ...]) -> None:
    """Book tables with new files or re-enabled triggers as doubts and take their new baseline.

    A TRUNCATE gives a new file too; it stands in the log as "whole table" and is no doubt.

    Args:
        move: The move.
        side: The side whose tables changed.
        states: Those that are not as they were, without a refusal.
    """
    reasons = [(state, reason) for state in states for reason in _reasons(move, side, state)]
    with move.connect_owner(Side.TARGET, "doubt") as target, target.transaction():
        for state, reason in reasons:
            target.execute(
                fixed(_MINE, "write_doubt"), {"table_id": state.table_id, "reason": reason}
            )
    with move.connect_owner(side, "doubt") as connection:
        for state in states:
            guard.book(connection, state)


def _reasons(move: Move, side: Side, state: guard.TableState) -> tuple[str, ...]:
    reasons = []
    if not state.are_triggers_known:
        reasons.append(f"{side}: triggers were switched off and on again")
    if not state.are_files_known:
        with move.connect_owner(side, "doubt") as connection:
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

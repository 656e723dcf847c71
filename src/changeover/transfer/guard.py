"""Whether a side is still as it was when capture was installed: shapes, files and triggers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from changeover.control.move import ROOM, Connection
from changeover.database import fixed
from changeover.model.errors import (
    CaptureBrokenError,
    DefinitionChangedError,
    NotAtRestError,
)
from changeover.model.settings import MoveSettings
from changeover.model.side import Side

_MINE: Final = "changeover.transfer"
Fingerprint: TypeAlias = tuple[Decimal | None, ...]
"""What changes with each catalog row that `inspect` or `refuse_new_tables` looks at."""


class Unbooked(Exception):  # noqa: N818  # no error: the daemon books the doubt and goes on
    """New file nodes or re-enabled triggers that are not booked yet; the round was given up."""

    def __init__(self, states: "tuple[TableState, ...]") -> None:
        """Carry the tables that are not as they were."""
        super().__init__(f"{len(states)} table(s) are not as they were")
        self.states = states


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """How a moved table stands against its baseline.

    Attributes:
        shape: Digest of columns, types and enum labels.
        files: Digest of its file nodes.
        triggers: Digest of our triggers with their state and the transaction that wrote it.
        is_always: All triggers that it needs are there and ENABLE ALWAYS.
        tree: Oids of itself and its partitions.
        is_tree_whole: No partition of the baseline is gone.
        new_members: Partitions that the baseline doesn't know: schema, name, kind.
    """

    table_id: int
    is_there: bool
    shape: str
    files: str
    triggers: str
    is_always: bool
    trigger_count: int
    is_shape_known: bool
    are_files_known: bool
    are_triggers_known: bool
    tree: list[int]
    is_tree_whole: bool
    new_members: list[list[str]]

    @property
    def is_as_it_was(self) -> bool:
        """Whether nothing differs from the baseline."""
        return (
            self.is_there
            and self.is_always
            and self.is_shape_known
            and self.are_files_known
            and self.are_triggers_known
            and self.is_tree_whole
            and not self.new_members
        )


def inspect(connection: Connection) -> tuple[TableState, ...]:
    """Return the state of every moved table of a side, by number."""
    rows = connection.execute(fixed(ROOM, "read_shape")).fetchall()
    fields = TableState.__dataclass_fields__
    return tuple(TableState(**dict(zip(fields, row, strict=True))) for row in rows)


def read_fingerprint(connection: Connection) -> Fingerprint:
    """Return the fingerprint of a side's catalogs; only one of the same side compares with it."""
    row: Fingerprint | None = connection.execute(fixed(_MINE, "read_fingerprint")).fetchone()
    assert row is not None, "the statement returns one row"
    return row


def anomalies(states: tuple[TableState, ...]) -> tuple[TableState, ...]:
    """Return the tables that are not as they were."""
    return tuple(state for state in states if not state.is_as_it_was)


def take_baseline(connection: Connection) -> None:
    """Book the present state of every moved table as the one to be held."""
    for state in inspect(connection):
        book(connection, state)


def book(connection: Connection, state: TableState) -> None:
    """Book one table's present state as its baseline."""
    connection.execute(
        fixed(ROOM, "write_baseline"),
        {
            "table_id": state.table_id,
            "shape": state.shape,
            "files": state.files,
            "triggers": state.triggers,
            "tree": state.tree,
        },
    )


def refuse(states: tuple[TableState, ...], side: Side, names: dict[int, str]) -> None:
    """Refuse to go on while capture is off or a definition changed.

    New files, other partitions, and triggers that were switched off and on again are doubts, not
    refusals: `resolve` books them, and `verify` clears them.

    Raises:
        CaptureBrokenError: If a trigger of ours is missing or off.
        DefinitionChangedError: If a table was dropped or altered.
    """
    for state in states:
        name = names.get(state.table_id, f"table {state.table_id}")
        if not state.is_there or not state.is_shape_known:
            raise DefinitionChangedError(
                f"{side}: {name} was altered, dropped or renamed during the move",
                hint="make the same change on the other side, then `changeover capture install`",
            )
        if not state.is_always:
            raise CaptureBrokenError(
                f"{side}: a trigger of ours on {name} is missing or not ENABLE ALWAYS",
                hint="run `changeover capture install`, then `changeover verify`",
            )


def refuse_new_tables(source: Connection, move: MoveSettings) -> None:
    """Refuse to go on while the source has a table in a moved schema that nobody captures.

    Raises:
        DefinitionChangedError: It names them.
    """
    rows = source.execute(
        fixed(_MINE, "read_new_tables"),
        {"schemas": list(move.schemas), "excluded": list(move.exclude)},
    ).fetchall()
    if rows:
        raise DefinitionChangedError(
            f"source: {', '.join(row[0] for row in rows)} came during the move; nothing of it is "
            "captured",
            hint="create it on the target too and run `changeover capture install`, or exclude it",
        )


def refuse_restless(secondary: Connection, side: Side, mode: str) -> None:
    """Refuse to write into a secondary whose own triggers, rules or foreign keys would act.

    Raises:
        NotAtRestError: It names them.
    """
    rows = secondary.execute(fixed(_MINE, "read_restless"), {"mode": mode}).fetchall()
    if rows:
        named = ", ".join(
            f"{row[0].replace('_', ' ')} {row[3]} of {row[1]}.{row[2]}" for row in rows
        )
        raise NotAtRestError(
            f"{side}: {named} would act on what the mirror writes",
            hint="run `changeover capture install`: it puts the secondary to rest",
        )

"""Sequences: set past both sides with a gap before the secondary becomes the primary."""

from dataclasses import dataclass
from typing import Final

import msgspec
from psycopg import sql

from changeover.catalog.values import Sequence
from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.database.statement import table
from changeover.model.errors import NotAllowedError
from changeover.model.name import TableName
from changeover.model.side import Side

_MINE: Final = "changeover.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """A sequence and the value it is set to.

    Attributes:
        value: The last value handed out from now on.
    """

    name: TableName
    value: int


def read_sequences(connection: Connection, schemas: tuple[str, ...]) -> dict[TableName, Sequence]:
    """Return the sequences of the moved schemas by name, as the catalog reads them."""
    rows = connection.execute(
        fixed("changeover.catalog", "read_sequences"), {"schemas": list(schemas)}
    ).fetchall()
    return {one.name: one for one in msgspec.convert([r[0] for r in rows], tuple[Sequence, ...])}


def next_value(
    here: Sequence, there: Sequence | None, gap: int, highest: int | None = None
) -> int | None:
    """Return the value that a sequence is set to, or None where nothing in use is in its way.

    Direction and cache are respected: past both sides by `gap` steps and one cache, within bounds.
    Near its bound the gap shrinks, so that the sequence still has a value to give; only one that
    has given its last is left there, to end or to cycle as it would have done on the old primary.
    Values before its beginning are never met, nor are a column's beyond its end.

    Args:
        here: The sequence of the side that becomes the primary.
        there: The same sequence of the other side, if it has it.
        gap: Steps to leave free.
        highest: The furthest value that the owning column holds, where it is indexed.
    """
    is_rising = here.increment > 0
    both = (here, there)
    used = [s.last_value for s in both if s is not None and s.last_value is not None]
    if highest is not None and here.minimum <= highest <= here.maximum:
        used.append(highest)
    used = [one for one in used if (one >= here.minimum if is_rising else one <= here.maximum)]
    if not used:
        return None
    furthest = max(used) if is_rising else min(used)
    caches = max(here.cache, there.cache if there is not None else 1)
    for steps in (gap + caches, caches, 0):
        wanted = furthest + here.increment * steps
        if here.minimum <= wanted + here.increment <= here.maximum:
            return wanted
    return here.maximum if is_rising else here.minimum


def plan(move: Move, to: Side, source: Connection, target: Connection) -> tuple[Advance, ...]:
    """Return the values that the sequences of a side are set to.

    Args:
        move: The move.
        to: The side that becomes the primary.
        source: A session of the source's owner.
        target: A session of the target's owner.

    Raises:
        NotAllowedError: If a sequence of the old primary can't be read: unknown is not zero.
    """
    sessions = {Side.SOURCE: source, Side.TARGET: target}
    schemas = move.settings.move.schemas
    refuse_unreadable(sessions[to.other], to.other, schemas)
    here = read_sequences(sessions[to], schemas)
    there = {
        name: as_restarted(sessions[to.other], one)
        for name, one in read_sequences(sessions[to.other], schemas).items()
    }
    advances = []
    for name, sequence in here.items():
        highest = furthest_value(sessions[to], sequence)
        value = next_value(sequence, there.get(name), move.settings.swap.sequence_gap, highest)
        if value is not None:
            advances.append(Advance(name=name, value=value))
    return tuple(advances)


def furthest_value(connection: Connection, sequence: Sequence) -> int | None:
    """Return the furthest value in the column that a sequence serves, if an index answers that.

    Keys that came with the rows may be beyond the sequence. Without an index it would be a table
    scan under the fence, so there `last_value` alone decides.
    """
    if sequence.owner_table is None or sequence.owner_column is None:
        return None
    name, column = sequence.owner_table, sequence.owner_column
    row = connection.execute(
        fixed(_MINE, "leads_an_index"),
        {"schema": name.schema, "name": name.name, "column": column},
    ).fetchone()
    if row is None or not row[0]:
        return None
    furthest = sql.SQL("max") if sequence.increment > 0 else sql.SQL("min")
    found = connection.execute(
        sql.SQL("SELECT pg_catalog.{}(t.{})::bigint FROM {} AS t").format(
            furthest, sql.Identifier(column), table(name)
        )
    ).fetchone()
    return None if found is None else found[0]


def as_restarted(connection: Connection, sequence: Sequence) -> Sequence:
    """Return a sequence that was told where to begin as if it had given the value before that.

    `ALTER SEQUENCE … RESTART WITH` and `setval(…, false)` leave no last value behind.
    """
    if sequence.last_value is not None:
        return sequence
    row = connection.execute(
        sql.SQL("SELECT s.last_value, s.is_called FROM {} AS s").format(table(sequence.name))
    ).fetchone()
    if row is None or row[1] or row[0] == sequence.start:
        return sequence
    return msgspec.structs.replace(sequence, last_value=row[0] - sequence.increment)


def refuse_unreadable(connection: Connection, side: Side, schemas: tuple[str, ...]) -> None:
    """Refuse to go on while a sequence's value is hidden from us.

    Raises:
        NotAllowedError: If one is.
    """
    rows = connection.execute(
        fixed(_MINE, "read_hidden_sequences"), {"schemas": list(schemas)}
    ).fetchall()
    if rows:
        raise NotAllowedError(
            f"{side}: the sequence(s) {', '.join(row[0] for row in rows)} can't be read",
            hint="GRANT SELECT on them to the owner of the tables",
        )


def apply(connection: Connection, side: Side, advances: tuple[Advance, ...]) -> None:
    """Set sequences in one statement; `setval` is outside every rollback, and harmless."""
    if not advances:
        return
    calls = sql.SQL(", ").join(
        sql.SQL("pg_catalog.setval({}, {}, true)").format(
            sql.Literal(table(advance.name).as_string(connection)), sql.Literal(advance.value)
        )
        for advance in advances
    )
    with translated(side, "setting sequences"):
        connection.execute(sql.SQL("SELECT {}").format(calls))

"""The plan of the copy and its progress, which are one: rows of the target's control schema.

A plan is written once. Progress is committed with the rows that it accounts for, by the workers;
what stands here is its beginning, its end and its reading.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.move import STATE_VERSION, Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.database.statement import table
from changeover.model.errors import (
    CopyFailedError,
    DefinitionChangedError,
    NotInstalledError,
    TargetNotEmptyError,
    WrongStageError,
    WrongStateVersionError,
)
from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer.range import SAMPLED_BYTES_MIN, bounds, cut, describe

_ROOM: Final = "changeover.transfer"
COUNTED_ROWS_MAX: Final = 1000
LOCK_TIMEOUT_MS: Final = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """How far the copy of a table is.

    Attributes:
        state: `planned`, `copying` or `copied`.
        rows_copied: Rows on the target; final once `copied`.
    """

    table_id: int
    state: str
    version: int
    shape: str
    rows_copied: int
    ranges: int
    ranges_done: int
    rows_left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTable:
    """A table in a plan.

    Attributes:
        is_resumed: The plan was there before.
    """

    table: TableName
    ranges: int
    ranges_done: int
    is_resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """What a copy will do, largest table first."""

    tables: tuple[PlannedTable, ...]

    @property
    def ranges_open(self) -> int:
        """Ranges that are not copied yet."""
        return sum(one.ranges - one.ranges_done for one in self.tables)


def largest_first(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return pairs in the order in which they are copied."""
    return tuple(sorted(pairs, key=lambda pair: (-pair.source.size_bytes, pair.table_id)))


def plan_copy(
    move: Move, pairs: Sequence[Pair], *, sampled_bytes_min: int = SAMPLED_BYTES_MIN
) -> CopyPlan:
    """Cut the tables in ranges and write that down, once; a plan that is there is kept.

    Args:
        move: The move; its capture is installed.
        pairs: The tables that move.
        sampled_bytes_min: Tables from this size on are cut by a sample.

    Returns:
        The plan, largest table first.

    Raises:
        WrongStateVersionError: If a plan of another version of Changeover is there.
        DefinitionChangedError: If a planned table has other columns or another key by now.
    """
    with (
        move.connect_mirror(Side.SOURCE, "copy-plan") as source,
        move.connect_owner(Side.TARGET, "copy-plan", lock_timeout_ms=LOCK_TIMEOUT_MS) as target,
    ):
        known = read_states(target)
        for pair in pairs:
            require_same(pair, known.get(pair.table_id))
        for pair in largest_first(pairs):
            if pair.table_id not in known:
                inner = _bounds(source, pair, move.settings.copy.range_rows, sampled_bytes_min)
                move.hooks.reached(f"copy.plan.{pair.name}")
                _write_plan(target, pair, cut(inner))
        states = read_states(target)
    return CopyPlan(
        tables=tuple(
            PlannedTable(
                table=pair.name,
                ranges=states[pair.table_id].ranges,
                ranges_done=states[pair.table_id].ranges_done,
                is_resumed=pair.table_id in known,
            )
            for pair in largest_first(pairs)
        )
    )


def read_states(target: Connection) -> dict[int, TableState]:
    """Return how far every planned table is, by number."""
    with translated(Side.TARGET, "reading the checkpoints"):
        rows = target.execute(fixed(_ROOM, "read_copies")).fetchall()
    fields = TableState.__dataclass_fields__
    return {row[0]: TableState(**dict(zip(fields, row, strict=True))) for row in rows}


def read_open_ranges(target: Connection) -> tuple[tuple[int, int], ...]:
    """Return table and range of every checkpoint that is open, in order."""
    with translated(Side.TARGET, "reading the checkpoints"):
        return tuple(target.execute(fixed(_ROOM, "read_open_ranges")).fetchall())


def _shape(pair: Pair) -> str:
    """Return what a plan is made for: another one must not be resumed by it."""
    name = [pair.name.schema, pair.name.name]
    return json.dumps([name, list(pair.key), list(pair.columns)], ensure_ascii=False)


def require_same(pair: Pair, known: TableState | None) -> None:
    """Refuse a plan that was made by another version or for another definition."""
    if known is None:
        return
    if known.version != STATE_VERSION:
        raise WrongStateVersionError(
            f"the copy of {pair.name} was planned by state version {known.version}, this is "
            f"{STATE_VERSION}",
            hint="finish it with the Changeover that began it, or reset it with that one",
        )
    if known.shape != _shape(pair):
        raise DefinitionChangedError(
            f"{pair.name} has another key or other columns than when its copy was planned",
            hint="change them back, or `changeover copy reset` and begin anew",
        )


def _bounds(
    source: Connection, pair: Pair, range_rows: int, sampled_bytes_min: int
) -> tuple[list[str], ...]:
    if pair.is_whole:
        return ()
    query = bounds(
        describe(pair),
        size_bytes=pair.source.size_bytes,
        range_rows=range_rows,
        sampled_bytes_min=sampled_bytes_min,
    )
    with translated(Side.SOURCE, f"cutting {pair.name} in ranges"):
        return tuple(row[0] for row in source.execute(query))


def _write_plan(
    target: Connection, pair: Pair, ranges: Sequence[tuple[list[str] | None, list[str] | None]]
) -> None:
    """Write the plan of a table, all or nothing; whoever came first stays."""
    given = {"table_id": pair.table_id, "version": STATE_VERSION, "shape": _shape(pair)}
    with (
        translated(Side.TARGET, f"planning {pair.name}"),
        target.transaction(),
        target.cursor() as cursor,
    ):
        if cursor.execute(fixed(_ROOM, "insert_copy"), given).fetchone() is None:
            return
        cursor.executemany(
            fixed(_ROOM, "insert_checkpoint"),
            [
                {"table_id": pair.table_id, "range_id": number, "lower": lower, "upper": upper}
                for number, (lower, upper) in enumerate(ranges, start=1)
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a copy stands on: a swap or an open fence takes it away."""

    version: int
    epoch: int
    primary: Side
    stage: str
    is_replica: bool
    is_open: bool


def read_ground(target: Connection) -> Ground:
    """Return the state of the move as the copy needs it.

    Raises:
        NotInstalledError: If the target holds no state, or its fence is open.
        WrongStateVersionError: If another version wrote it.
        WrongStageError: If the source is not the primary.
    """
    with translated(Side.TARGET, "reading the state of the move"):
        row = target.execute(fixed(_ROOM, "read_copy_state")).fetchone()
    if row is None:
        raise NotInstalledError(
            "the target holds no state of the move", hint="run `changeover capture install`"
        )
    version, epoch, primary, stage, is_replica, is_open = row
    if version != STATE_VERSION:
        raise WrongStateVersionError(
            f"the target's state has version {version}, this is {STATE_VERSION}",
            hint="use the Changeover that began the move",
        )
    if primary != Side.SOURCE:
        raise WrongStageError(
            f"the {primary} is the primary, the copy runs while the source is",
            hint="nothing is to be copied after a cutover",
        )
    if is_open:
        raise NotInstalledError(
            "the target's fence is open: others could write into what is being copied",
            hint="run `changeover capture install`",
        )
    return Ground(
        version=version,
        epoch=epoch,
        primary=Side(primary),
        stage=stage,
        is_replica=is_replica,
        is_open=is_open,
    )


def begin_tables(target: Connection, pairs: Sequence[Pair]) -> None:
    """Turn planned tables to copying: all of them, or none.

    Raises:
        TargetNotEmptyError: If one holds rows that we did not put there; nothing is changed.
    """
    with translated(Side.TARGET, "beginning the copy"), target.transaction():
        for pair in sorted(pairs, key=lambda pair: pair.table_id):
            place = {"table_id": pair.table_id}
            row = target.execute(fixed(_ROOM, "lock_copy"), place).fetchone()
            assert row is not None, "the plan was written before"
            if row[0] != "planned":
                continue
            found = count_rows(target, pair, at_most=COUNTED_ROWS_MAX)
            if found:
                least = "at least " if found == COUNTED_ROWS_MAX else ""
                raise TargetNotEmptyError(
                    f"the target's {pair.name} holds {least}{found} row(s) that no copy of ours "
                    "put there",
                    hint="look whose they are; empty the table, or exclude it in [move]",
                )
            target.execute(fixed(_ROOM, "start_copy"), place)


def count_rows(target: Connection, pair: Pair, *, at_most: int | None) -> int:
    """Return how many rows the target's table holds, counted up to a limit."""
    query = sql.SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) AS r").format(
        target_rows(pair), sql.Literal(at_most)
    )
    row = target.execute(query).fetchone()
    assert row is not None, "count returns one row"
    return int(row[0])


def target_rows(pair: Pair) -> sql.Composable:
    """Return the target's table as FROM names it: with partitions, without INHERITS children."""
    if pair.target.kind == "p":
        return table(pair.name)
    return sql.SQL("ONLY {}").format(table(pair.name))


def finish_table(target: Connection, pair: Pair) -> int:
    """Turn a table to copied; from then on the mirror drains its keys.

    Returns:
        How many rows its ranges account for.

    Raises:
        CopyFailedError: If a range of it is open, or its key is still to come.
    """
    with translated(Side.TARGET, f"finishing the copy of {pair.name}"):
        if pair.key:
            given = {"schema": pair.name.schema, "name": pair.name.name}
            found = target.execute(fixed(_ROOM, "has_key"), given).fetchone()
            if found is None or not found[0]:
                raise CopyFailedError(
                    f"{pair.name} is there, but the target has no key for it yet",
                    hint="run `changeover schema apply --until keys`, then the copy again",
                )
        row = target.execute(fixed(_ROOM, "finish_copy"), {"table_id": pair.table_id}).fetchone()
    if row is None:
        raise CopyFailedError(
            f"{pair.name} has open ranges although all were reported done",
            hint="was it reset meanwhile? run `changeover copy` again",
        )
    return int(row[0])

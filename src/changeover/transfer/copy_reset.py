"""Taking a copy back: emptying the tables that it filled, while nobody reads or leans on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.move import Connection, Move, installed_pairs
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import DefinitionChangedError, WrongStageError
from changeover.model.name import TableName
from changeover.model.side import Side, Stage
from changeover.transfer.checkpoint import (
    LOCK_TIMEOUT_MS,
    Ground,
    count_rows,
    largest_first,
    read_ground,
    read_states,
    require_same,
    target_rows,
)
from changeover.transfer.copy_worker import enter, require_epoch

_ROOM: Final = "changeover.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReset:
    """What a reset does, or did, to a table of the target.

    Attributes:
        statement: The statement that empties it.
        rows: Rows that it holds (dry run) or that were deleted.
    """

    table: TableName
    statement: str
    rows: int


def reset_copy(move: Move, *, is_dry_run: bool) -> tuple[TableReset, ...]:
    """Empty the target's tables that a copy of ours has begun or finished; the plan is kept.

    Args:
        move: The move.
        is_dry_run: Only say what would be done.

    Returns:
        One action per table.

    Raises:
        WrongStageError: If the stage is not `off`: somebody may lean on the rows.
        DefinitionChangedError: If a table is not the one that was copied into.
    """
    pairs = installed_pairs(move)
    with move.connect_mirror(Side.TARGET, "copy-reset", lock_timeout_ms=LOCK_TIMEOUT_MS) as target:
        ground = read_ground(target)
        _require_off(ground)
        begun = _begun(target, pairs)
        if is_dry_run:
            return tuple(
                _action(target, pair, count_rows(target, pair, at_most=None)) for pair in begun
            )
        return tuple(_action(target, pair, _empty(move, target, pair, ground)) for pair in begun)


def _require_off(ground: Ground) -> None:
    if ground.stage != Stage.OFF:
        raise WrongStageError(
            f"the stage is {ground.stage}, a copy is taken back in {Stage.OFF} only",
            hint="mend rows: `changeover repair plan`; or begin anew: `changeover capture remove`",
        )


def _begun(target: Connection, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return the tables that we have begun to fill, after a look whether they are still the same.

    Tables that reference others come no sooner than they are listed: at rest, no key acts.
    """
    states = read_states(target)
    begun = []
    for pair in largest_first(pairs):
        state = states.get(pair.table_id)
        if state is None or state.state == "planned":
            continue
        require_same(pair, state)
        _require_relation(target, pair)
        begun.append(pair)
    return tuple(begun)


def _require_relation(target: Connection, pair: Pair) -> None:
    with translated(Side.TARGET, f"looking at {pair.name}"):
        row = target.execute(fixed(_ROOM, "check_relation"), {"table_id": pair.table_id}).fetchone()
    if row is None or row[0] is not True:
        raise DefinitionChangedError(
            f"the target's {pair.name} is not the table that capture was installed on",
            hint="somebody has made it anew: look what it holds, and empty it by hand",
        )


def _delete(pair: Pair) -> sql.Composed:
    return sql.SQL("DELETE FROM {}").format(target_rows(pair))


def _action(target: Connection, pair: Pair, rows: int) -> TableReset:
    return TableReset(table=pair.name, statement=_delete(pair).as_string(target), rows=rows)


def _empty(move: Move, target: Connection, pair: Pair, ground: Ground) -> int:
    """Empty a table and open its ranges, together.

    DELETE and not TRUNCATE: whoever reads meanwhile sees one state or the other, and keys of other
    tables don't stand in its way. Mirrors stay out until the commit; workers were waited for.
    """
    place = {"table_id": pair.table_id}
    with translated(Side.TARGET, f"emptying {pair.name}"), target.transaction():
        enter(target, move.mirror_endpoint(Side.TARGET), is_replica=ground.is_replica)
        require_epoch(target, ground.epoch)
        _require_off(read_ground(target))
        target.execute(fixed(_ROOM, "lock_mirrors"))
        target.execute(fixed(_ROOM, "lock_copy"), place)
        target.execute(fixed(_ROOM, "reset_checkpoints"), place)
        deleted = target.execute(_delete(pair)).rowcount
        target.execute(fixed(_ROOM, "reset_copy"), place)
    move.hooks.reached("copy.table.reset")
    return deleted

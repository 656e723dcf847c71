"""Installing and removing what guards a database: schema `changeover`, capture, fence, identity.

Capture comes first on the source and the fence first on the target; from then on every changed key
is in a log, and no snapshot has to be kept alive for the copy.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from psycopg import errors as pg
from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.catalog.values import Table
from changeover.control import rollout
from changeover.control.login import forget_login
from changeover.control.move import ROOM, STATE_VERSION, Connection, Move, is_installed
from changeover.control.place import identity_of
from changeover.control.swap import open_swap
from changeover.control.turn import alone
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import SwapInProgressError, TimedOutError
from changeover.model.name import TableName
from changeover.model.observation import phase
from changeover.model.side import Side
from changeover.transfer import rest, trigger
from changeover.transfer.entry import require_entry
from changeover.transfer.guard import take_baseline
from changeover.transfer.identity import Identity, establish

_MINE: Final = "changeover.transfer"
LOCK_TIMEOUT_MS: Final = 2000
TRIES_MAX: Final = 30
PAUSE_S: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What `install` left on both sides.

    Attributes:
        tables: How many tables are guarded.
        identities: Per side how the mirror is recognised: `role` or `secret`.
        rest_modes: Per side `replica` or `drop`.
        resting: Triggers and foreign keys of the target that were put to rest.
    """

    tables: int
    identities: dict[str, str]
    rest_modes: dict[str, str]
    resting: int


def plan(move: Move) -> tuple[str, ...]:
    """Return the statements that `install` would run on the tables, for a dry run."""
    statements: list[str] = []
    pairs = require_entry(move)
    for side in Side:
        mirror = trigger.MirrorTest(role="changeover_mirror", secret_digest=None)
        with move.connect_owner(side, "plan") as connection:
            statements += [
                f"{side}: {statement.as_string(connection)}"
                for statement in _guards(pairs, side, mirror)
            ]
    return tuple(statements)


def install(move: Move) -> Installed:
    """Install capture and fence on both sides; repeatable.

    The source ends open, the target fenced and at rest. What can be seen to stand against it is
    refused before anything is changed.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        TargetNotEmptyError: If a table of the target holds rows that we did not put there.
        NotAllowedError: If our role can't make the schema, or does not own a table.
        OperatorAtWorkError: If another operator's command is at work.
        SwapInProgressError: If a swap is under way.
        TimedOutError: If a table's lock could not be had.
    """
    with phase(move.observer, "capture"), alone(move, "capture install"):
        pairs = require_entry(move)
        _refuse_during_swap(move)
        return install_on(move, pairs)


def _refuse_during_swap(move: Move) -> None:
    """Refuse to touch triggers while a swap relies on them."""
    with move.connect_owner(Side.TARGET, "capture") as target:
        swap = open_swap(target) if is_installed(target) else None
    if swap is not None:
        raise SwapInProgressError(
            f"a swap is under way: {swap.kind} of {swap.owner}, phase {swap.phase}",
            hint="wait for it; after its deadline the mirror daemon drives it back",
        )


def install_on(move: Move, pairs: tuple[Pair, ...]) -> Installed:
    """Install capture and fence for tables that were looked at; `install` looks first.

    Args:
        move: The move.
        pairs: The tables, under the numbers that the logs know them by.
    """
    identities = {}
    for side in Side:
        with move.connect_owner(side, "capture", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
            identities[side] = _install_side(move, side, connection, pairs)
    _install_control(move)
    for side in Side:
        with move.connect_owner(side, "capture", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
            take_baseline(connection)
    resting = rest.put_to_rest(move, *_secondary(move))
    return Installed(
        tables=len(pairs),
        identities={side: "role" if one.role else "secret" for side, one in identities.items()},
        rest_modes={side: one.rest_mode for side, one in identities.items()},
        resting=resting,
    )


def _secondary(move: Move) -> tuple[Side, int]:
    """Return the side that must rest, and the newest attempt."""
    with move.connect_owner(Side.TARGET, "capture") as connection:
        row = connection.execute(fixed(ROOM, "read_control")).fetchone()
    assert row is not None, "install has just written the control row"
    return Side(row[2]).other, row[1]


def _install_side(
    move: Move, side: Side, connection: Connection, pairs: tuple[Pair, ...]
) -> Identity:
    with translated(side, "creating the schema changeover"), connection.transaction():
        connection.execute(fixed(ROOM, "create_side"))
        connection.execute(fixed(ROOM, "create_set_fence"))
        if side is Side.TARGET:
            connection.execute(fixed(ROOM, "create_control"))
            rollout.install(connection, move.settings)
    with connection.transaction():
        _register(connection, side, pairs)
    identity = establish(move, side, connection, pairs)
    with translated(side, "writing the side's row"), connection.transaction():
        _write_side(connection, side, identity)
    _guard_tables(connection, side, pairs, identity)
    return identity


def _register(connection: Connection, side: Side, pairs: tuple[Pair, ...]) -> None:
    connection.execute(
        "DELETE FROM changeover.moved_table AS m WHERE m.table_id <> ALL (%s)",
        ([pair.table_id for pair in pairs],),
    )
    for pair in pairs:
        connection.execute(
            fixed(ROOM, "write_moved_table"),
            {
                "table_id": pair.table_id,
                "schema": pair.name.schema,
                "name": pair.name.name,
                "key": list(pair.key),
                "relation": pair.table(side).oid,
            },
        )


def _write_side(connection: Connection, side: Side, identity: Identity) -> None:
    row = connection.execute(fixed(ROOM, "read_side")).fetchone()
    connection.execute(
        fixed(ROOM, "write_side"),
        {
            "side": str(side),
            "version": STATE_VERSION,
            "role": identity.role,
            "digest": identity.secret_digest,
            "rest_mode": identity.rest_mode,
            "intention": "open" if side is Side.SOURCE else "closed",
        },
    )
    if row is None or row[7] is None:
        connection.execute("SELECT changeover.set_fence(0, %s)", (side is Side.SOURCE,))


def _guards(
    pairs: tuple[Pair, ...], side: Side, mirror: trigger.MirrorTest
) -> Iterable[sql.Composed]:
    yield trigger.fence_function(mirror)
    yield trigger.marker_function(side)
    yield from trigger.marker_trigger()
    for pair in pairs:
        yield trigger.capture_function(pair, side, mirror)
        yield from trigger.table_triggers(pair, side)


def _guard_tables(
    connection: Connection, side: Side, pairs: tuple[Pair, ...], identity: Identity
) -> None:
    mirror = identity.test()
    with translated(side, "creating the fence"), connection.transaction():
        connection.execute(trigger.fence_function(mirror))
        connection.execute(trigger.marker_function(side))
        for statement in trigger.marker_trigger():
            connection.execute(statement)
    for pair in pairs:
        with translated(side, f"creating the triggers of {pair.name}"):
            guard_table(connection, side, pair, mirror)


def guard_table(connection: Connection, side: Side, pair: Pair, mirror: trigger.MirrorTest) -> None:
    """Create the triggers of one table in one transaction; its lock waits out writers in flight.

    Raises:
        TimedOutError: If the lock could not be had.
    """
    function = trigger.capture_function(pair, side, mirror)
    _patiently(connection, side, pair.name, [function, *trigger.table_triggers(pair, side)])


def guard_partitions(
    connection: Connection,
    side: Side,
    pair: Pair,
    partitions: tuple[TableName, ...],
    *,
    is_logged: bool,
) -> None:
    """Give new partitions the triggers that were not cloned to them, in one transaction.

    Args:
        connection: A session of the owner, in autocommit.
        side: The side.
        pair: The partitioned table.
        partitions: Its new partitions.
        is_logged: Whether the keys of all rows that they hold go into the log: a table may have
            been filled before it was attached.

    Raises:
        TimedOutError: If the lock could not be had.
    """
    statements = [s for name in partitions for s in trigger.partition_triggers(pair, name)]
    if is_logged:
        statements += [trigger.log_rows(pair, name) for name in partitions]
    _patiently(connection, side, pair.name, statements)


def _install_control(move: Move) -> None:
    with move.connect_owner(Side.SOURCE, "capture") as source:
        source_identity = identity_of(source)
    with move.connect_owner(Side.TARGET, "capture") as target, target.transaction():
        target_identity = identity_of(target)
        target.execute(
            fixed(ROOM, "write_control"),
            {"version": STATE_VERSION, "source": source_identity, "target": target_identity},
        )
        row = target.execute(fixed(ROOM, "read_control")).fetchone()
        assert row is not None, "the control row was written above"
        assert (row[4], row[5]) == (source_identity, target_identity), "the entry has looked"
        for direction in ("forward", "reverse"):
            target.execute(
                fixed(ROOM, "write_mirror_row"), {"direction": direction, "epoch": row[0]}
            )
        epoch = row[0]
    with move.connect_owner(Side.SOURCE, "capture") as source, source.transaction():
        for direction in ("forward", "reverse"):
            source.execute(
                fixed(ROOM, "write_mirror_row"), {"direction": direction, "epoch": epoch}
            )


def remove(move: Move, side: Side, tables: Iterable[Table]) -> None:
    """Remove triggers, functions and the schema `changeover` from a side, and prove it.

    Args:
        move: The move.
        side: The side; its evidence, if any, must have been saved by the caller.
        tables: The side's tables that were guarded.
    """
    with move.connect_owner(side, "remove", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
        for table in tables:
            remove_triggers(connection, side, table)
        with translated(side, "removing the schema changeover"), connection.transaction():
            connection.execute(fixed(_MINE, "drop_schema"))
    forget_login(move.state_directory, side)


def remove_triggers(connection: Connection, side: Side, table: Table) -> None:
    """Remove our triggers from a table and its partitions.

    Raises:
        TimedOutError: If the lock could not be had.
    """
    _patiently(connection, side, table.name, trigger.drop_triggers(table))


def _patiently(
    connection: Connection, side: Side, name: TableName, statements: Iterable[sql.Composed]
) -> None:
    for _ in range(TRIES_MAX):
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement)
        except (pg.LockNotAvailable, pg.DeadlockDetected):
            time.sleep(PAUSE_S)
        else:
            return
    raise TimedOutError(
        f"{side}: no lock on {name} within {TRIES_MAX} tries of {LOCK_TIMEOUT_MS} ms",
        hint="look for a long transaction on that table and run it again",
    )

"""The mirror's sessions for one direction and epoch, and the proof that both sides are in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.move import ROOM, Connection, Move
from changeover.database import fixed
from changeover.model.errors import StaleEpochError, SwapInProgressError, WrongServerError
from changeover.model.side import Direction, Side
from changeover.transfer import guard
from changeover.transfer.merge import Merge, plan_merge

_MINE: Final = "changeover.transfer"
PREPARE_AFTER: Final = 0
"""A mirror runs the same statements for ever: they are planned once, by its first round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What a round takes for granted and checks on both sides.

    Attributes:
        direction: Which way rows go.
        epoch: The epoch that both sides must be in.
    """

    direction: Direction
    epoch: int


@dataclass(slots=True, kw_only=True)
class Sessions:
    """The mirror's sessions for one direction: both sides' transactions, and one to flush with.

    Attributes:
        locked: The primary's LOCK TABLE, composed once: it names every table.
        fingerprints: What the catalogs of a side were when nothing was amiss there.
        dead_rows: How many rows were deleted in a table's stage since it was truncated.
    """

    move: Move
    authority: Authority
    merges: dict[int, Merge]
    primary: Connection
    secondary: Connection
    flusher: Connection
    locked: bytes
    rest_mode: str
    names: dict[int, str] = field(default_factory=dict)
    fingerprints: dict[Side, guard.Fingerprint] = field(default_factory=dict)
    dead_rows: Counter[int] = field(default_factory=Counter)

    def look(self, side: Side) -> tuple[guard.TableState, ...]:
        """Look at a side's tables, unless its catalogs are as they were when nothing was amiss.

        Returns:
            The tables that are not as they were, without a refusal; they are to be booked.

        Raises:
            CaptureBrokenError: If a trigger of ours is off.
            DefinitionChangedError: If a table was altered, or is new on a source with authority.
        """
        is_primary = side is self.authority.direction.primary
        connection = self.primary if is_primary else self.secondary
        fingerprint = guard.read_fingerprint(connection)
        if fingerprint == self.fingerprints.get(side):
            return ()
        states = guard.anomalies(guard.inspect(connection))
        if states:
            guard.refuse(states, side, self.names)
            return states
        if is_primary and side is Side.SOURCE:
            guard.refuse_new_tables(connection, self.move.settings.move)
        self.fingerprints[side] = fingerprint
        return ()

    def close(self) -> None:
        """Close all sessions; what was not committed is gone."""
        for connection in (self.secondary, self.primary, self.flusher):
            connection.close()


def open_sessions(
    move: Move, authority: Authority, pairs: Iterable[Pair], *, patience: int = 1
) -> Sessions:
    """Open the sessions of a mirror and prepare their staging tables.

    Args:
        move: The move.
        authority: Direction and epoch.
        pairs: The moved tables and the marker's pair.
        patience: How many times as long as configured a statement may take.
    """
    limits = {
        "statement_timeout_ms": move.settings.mirror.round_timeout_s * 1000 * patience,
        "lock_timeout_ms": move.settings.mirror.lock_timeout_ms,
    }
    opened: list[Connection] = []
    try:
        direction = authority.direction
        opened.append(move.connect_mirror(direction.primary, "mirror", **limits))
        opened.append(move.connect_mirror(direction.secondary, "mirror", **limits))
        opened.append(move.connect_mirror(direction.primary, "flush", **limits))
        for connection in opened:
            connection.prepare_threshold = PREPARE_AFTER
        return _prepare(move, authority, tuple(pairs), opened, patience)
    except BaseException:
        for connection in opened:
            connection.close()
        raise


def _prepare(
    move: Move,
    authority: Authority,
    pairs: tuple[Pair, ...],
    opened: list[Connection],
    patience: int,
) -> Sessions:
    primary, secondary, flusher = opened
    direction = authority.direction
    merges = {pair.table_id: plan_merge(pair, direction) for pair in pairs}
    idle_ms = move.settings.mirror.round_timeout_s * 3000 * patience
    for connection in (primary, secondary):
        connection.execute(
            "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', %s, false)",
            (str(idle_ms),),
        )
    primary.execute(fixed(_MINE, "create_taken"))
    with secondary.transaction():
        show_secret(move, secondary, direction.secondary)
        for merge in merges.values():
            for statement in merge.create_stage:
                secondary.execute(statement)
    rest_mode = read_rest_mode(secondary)
    if rest_mode == "replica":
        secondary.execute("SET session_replication_role = replica")
    relations = [
        sql.Identifier(pair.name.schema, pair.name.name) for pair in pairs if pair.table_id
    ]
    locked = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(relations))
    return Sessions(
        move=move,
        authority=authority,
        merges=merges,
        primary=primary,
        secondary=secondary,
        flusher=flusher,
        locked=locked.as_bytes(primary),
        rest_mode=rest_mode,
        names={pair.table_id: str(pair.name) for pair in pairs},
    )


def read_rest_mode(connection: Connection) -> str:
    """Return how a side is put to rest: `replica` or `drop`."""
    row = connection.execute(fixed(ROOM, "read_side")).fetchone()
    assert row is not None, "a side without a row has no mirror login"
    return str(row[6])


def show_secret(move: Move, connection: Connection, side: Side) -> None:
    """Show the fence the mirror's secret, for the transaction under way, where it has no role."""
    secret = move.mirror_endpoint(side).mirror_secret
    if secret is not None:
        connection.execute(
            "SELECT pg_catalog.set_config('changeover.secret', %s, true)", (secret.reveal(),)
        )


def require_epoch(connection: Connection, side: Side, authority: Authority) -> None:
    """Make sure that a side is in our epoch, is no standby, and has the part that we think.

    Raises:
        StaleEpochError: If it is in another epoch or its part has changed.
        SwapInProgressError: If triggers and foreign keys of the secondary may still act.
        WrongServerError: If it is a standby.
    """
    name = "read_source_epoch" if side is Side.SOURCE else "read_target_epoch"
    row = connection.execute(fixed(_MINE, name)).fetchone()
    assert row is not None, "both rows were written with the schema"
    epoch, primary_side, is_standby, is_swapping = row
    if is_standby:
        raise WrongServerError(
            f"{side}: the server is a standby", hint="connect to the primary server of that side"
        )
    is_turned = primary_side is not None and primary_side != authority.direction.primary
    if epoch != authority.epoch or is_turned:
        raise StaleEpochError(
            f"{side}: epoch {epoch} instead of {authority.epoch}, or the primary changed",
            hint="nothing to do: a mirror of the new epoch goes on",
        )
    if is_swapping:
        raise SwapInProgressError(
            f"epoch {epoch} is decided, but its secondary has not been put to rest yet",
            hint="nothing to do: the swap's owner or the mirror daemon ends it",
        )

"""One round of the mirror: state, not operations, from one committed state to a later one.

The order is the protocol's: the secondary's lock, then the primary's snapshot; the secondary
commits first, the primary last. Any crash in between repeats harmless work.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import errors as pg
from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.move import ROOM, Connection, Move
from changeover.database import fixed
from changeover.model.errors import (
    BooksUnbalancedError,
    DefinitionChangedError,
    StaleEpochError,
    SwapInProgressError,
    WrongServerError,
)
from changeover.model.fault import Fault
from changeover.model.observation import RoundFinished
from changeover.model.side import Direction, Side
from changeover.transfer import guard
from changeover.transfer.merge import Merge, plan_merge

_MINE: Final = "changeover.transfer"
ANALYZE_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What a round takes for granted and checks on both sides.

    Attributes:
        direction: Which way rows go.
        epoch: The epoch that both sides must be in.
    """

    direction: Direction
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """What one round did.

    Attributes:
        keys: Application keys carried; markers do not count.
        log_rows: Rows taken out of the change log.
        is_cut: A backlog was cut, so the secondary is between two states.
        deferred: Tables whose keys stay in the log, since their copy is not done.
    """

    keys: int = 0
    log_rows: int = 0
    batch_id: int = 0
    is_cut: bool = False
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Sessions:
    """The mirror's sessions for one direction: both sides' transactions, and one to flush with."""

    move: Move
    authority: Authority
    merges: dict[int, Merge]
    primary: Connection
    secondary: Connection
    flusher: Connection
    locked: sql.Composed
    rest_mode: str
    names: dict[int, str] = field(default_factory=dict)

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
        locked=locked,
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


class Round:
    """One round; made anew for each."""

    def __init__(
        self, sessions: Sessions, *, deferred: frozenset[int], cut_rows: int | None = None
    ) -> None:
        """Prepare a round.

        Args:
            sessions: Open sessions.
            deferred: Tables whose keys stay in the log.
            cut_rows: Most rows to take of a large backlog; None takes every visible one.
        """
        self._sessions = sessions
        self._deferred = deferred
        self._cut_rows = cut_rows
        self._direction = sessions.authority.direction
        self._faults = sessions.move.hooks.faults
        self._reached = sessions.move.hooks.reached
        self._read: dict[int, int] = {}
        self._applied: dict[int, int] = {}
        self._tokens: list[Any] = []
        self._log_rows = 0
        self._batch_id = 0
        self._repeats: int | None = None
        self._snapshot_lsn = ""

    def run(self) -> RoundResult:
        """Run the round and commit it on both sides.

        Raises:
            StaleEpochError: If either side is in another epoch.
            CaptureBrokenError: If a trigger of ours is off.
            DefinitionChangedError: If a moved table was altered, or a table is new.
            NotAtRestError: If a trigger or foreign key would act on what is written.
            BooksUnbalancedError: If keys applied are not the keys read.
            psycopg.Error: As the servers raise; both transactions are rolled back.
        """
        began = time.monotonic()
        primary, secondary = self._sessions.primary, self._sessions.secondary
        try:
            self._begin_secondary(secondary)
            self._begin_primary(primary)
            self._take(primary)
            if self._log_rows or self._tokens:
                self._carry(primary, secondary)
            self._reached("round.before_secondary_commit")
            secondary.execute("COMMIT")
            self._reached("round.between_commits")
            primary.execute("COMMIT")
            self._reached("round.committed")
        except BaseException:
            _roll_back(secondary)
            _roll_back(primary)
            raise
        return self._result(time.monotonic() - began)

    def _result(self, seconds: float) -> RoundResult:
        keys = sum(count for number, count in self._read.items() if number)
        if self._log_rows:
            self._sessions.move.observer(
                RoundFinished(
                    direction=self._direction,
                    epoch=self._sessions.authority.epoch,
                    batch_id=self._batch_id,
                    keys=keys,
                    seconds=seconds,
                )
            )
        return RoundResult(
            keys=keys,
            log_rows=self._log_rows,
            batch_id=self._batch_id,
            is_cut=self._is_cut,
            seconds=seconds,
        )

    @property
    def _is_cut(self) -> bool:
        return self._cut_rows is not None and self._log_rows >= self._cut_rows

    def _begin_secondary(self, secondary: Connection) -> None:
        secondary.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        show_secret(self._sessions.move, secondary, self._direction.secondary)
        row = secondary.execute(
            fixed(_MINE, "lock_mirror"), {"direction": str(self._direction)}
        ).fetchone()
        assert row is not None, "the lock row was written with the schema"
        self._batch_id = row[0] + 1
        require_epoch(secondary, self._direction.secondary, self._sessions.authority)
        guard.refuse_restless(secondary, self._direction.secondary, self._sessions.rest_mode)
        if self._direction is Direction.FORWARD:
            self._tokens = read_tokens(secondary)
        self._reached("round.locked")

    def _begin_primary(self, primary: Connection) -> None:
        """Lock first, then look: the snapshot is taken by the first statement after LOCK TABLE.

        Source: https://www.postgresql.org/docs/current/sql-lock.html
        """
        primary.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE")
        show_secret(self._sessions.move, primary, self._direction.primary)
        try:
            primary.execute(self._sessions.locked)
        except (pg.UndefinedTable, pg.InsufficientPrivilege) as error:
            raise DefinitionChangedError(
                f"{self._direction.primary}: {error.diag.message_primary}",
                hint="make the same change on the other side, then `changeover capture install`",
            ) from error
        self._reached("round.before_snapshot")
        require_epoch(primary, self._direction.primary, self._sessions.authority)
        states = guard.anomalies(guard.inspect(primary))
        if states:
            guard.refuse(states, self._direction.primary, self._sessions.names)
            raise guard.Unbooked(states)
        if self._direction is Direction.FORWARD:
            guard.refuse_new_tables(primary, self._sessions.move.settings.move)
        if self._direction is Direction.REVERSE:
            self._tokens = read_tokens(primary)
        row = primary.execute(
            fixed(_MINE, "read_open_pair"),
            {"direction": str(self._direction), "last": self._batch_id - 1},
        ).fetchone()
        assert row is not None, "the statement returns one row"
        self._snapshot_lsn, self._repeats = row

    def _take(self, primary: Connection) -> None:
        taking = "take_some_changes" if self._cut_rows is not None else "take_changes"
        given = {"deferred": list(self._deferred), "limit": self._cut_rows}
        cursor = primary.execute(fixed(_MINE, taking), given)
        self._log_rows = cursor.rowcount
        if self._log_rows > ANALYZE_ROWS:
            primary.execute("ANALYZE pg_temp.taken")
        self._reached("round.taken")

    def _carry(self, primary: Connection, secondary: Connection) -> None:
        taken = primary.execute(fixed(_MINE, "count_taken")).fetchall()
        whole = {number for number, _, is_whole in taken if is_whole}
        staged = [
            self._stage(primary, secondary, number, keys, is_whole=number in whole)
            for number, keys, _ in taken
        ]
        self._reached("round.staged")
        for merge, gone, _ in staged:
            number = merge.pair.table_id
            if number in whole:
                secondary.execute(merge.delete_all)
            elif gone:
                secondary.execute(merge.delete_gone)
        for merge, gone, rows in staged:
            number = merge.pair.table_id
            written = self._write(secondary, merge, is_plain=number in whole) if rows else 0
            self._applied[number] = written + gone
        self._reached("round.merged")
        self._book(primary, secondary)

    def _stage(
        self,
        primary: Connection,
        secondary: Connection,
        number: int,
        keys: int,
        *,
        is_whole: bool,
    ) -> tuple[Merge, int, int]:
        merge = self._sessions.merges[number]
        sending = merge.send_all if is_whole else merge.send_rows
        rows = pipe(primary, secondary, sending, merge.receive_rows)
        is_counted = merge.is_exact and not is_whole
        gone = 0
        if not is_whole and (rows != keys or not is_counted):
            gone = pipe(primary, secondary, merge.send_gone, merge.receive_gone)
        self._read[number] = keys if is_counted else rows + gone
        if rows > ANALYZE_ROWS:
            secondary.execute(
                sql.SQL("ANALYZE {}").format(sql.Identifier("pg_temp", f"row_{number}"))
            )
        if Fault.MIRROR_SKIPS_ROWS in self._faults and number and rows:
            secondary.execute(
                sql.SQL("DELETE FROM {}").format(sql.Identifier("pg_temp", f"row_{number}"))
            )
            return merge, gone + rows, 0
        return merge, gone, rows

    def _write(self, secondary: Connection, merge: Merge, *, is_plain: bool) -> int:
        if merge.upsert is not None and not is_plain:
            try:
                with secondary.transaction():
                    written = secondary.execute(merge.upsert).rowcount
                    if merge.count_live is None:
                        return written
                    row = secondary.execute(merge.count_live).fetchone()
                    return row[0] if row is not None else 0
            except (pg.UniqueViolation, pg.ExclusionViolation, pg.CardinalityViolation):
                pass
        if not is_plain:
            secondary.execute(merge.delete_live)
        return secondary.execute(merge.insert).rowcount

    def _book(self, primary: Connection, secondary: Connection) -> None:
        """Book the batch on both sides, answer tokens, and wait for the primary's flush."""
        read, applied = sum(self._read.values()), sum(self._applied.values())
        if self._read != self._applied:
            wrong = [n for n in self._read if self._read[n] != self._applied.get(n)]
            named = ", ".join(self._sessions.names[number] for number in wrong)
            raise BooksUnbalancedError(
                f"batch {self._batch_id}: {read} keys read, {applied} applied ({named})",
                hint="look for rules or triggers on the secondary that swallow rows",
            )
        by_table = {str(n): [self._read[n], self._applied[n]] for n in self._read}
        books = {
            "direction": str(self._direction),
            "batch_id": self._batch_id,
            "epoch": self._sessions.authority.epoch,
            "keys_read": read,
            "keys_applied": applied,
            "rows_removed": self._log_rows,
            "by_table": json.dumps(by_table),
            "repeats": self._repeats,
            "is_catching_up": self._is_cut or bool(self._deferred),
        }
        if self._log_rows:
            secondary.execute(fixed(_MINE, "book_applied"), books)
            if Fault.BOOKING_IS_LOST not in self._faults or not any(self._read):
                primary.execute(fixed(_MINE, "book_removed"), books)
        if not books["is_catching_up"]:
            target = secondary if self._direction is Direction.FORWARD else primary
            target.execute(fixed(_MINE, "answer_tokens"), {"tokens": self._tokens})
        self._flush(primary)

    def _flush(self, primary: Connection) -> None:
        """Wait until the primary has flushed past the snapshot.

        A commit with `synchronous_commit = off` is visible before it is on disk; carried over, it
        could vanish here in a crash. One small synced commit forces the log past it.
        Source: https://www.postgresql.org/docs/current/wal-async-commit.html
        """
        row = primary.execute(fixed(_MINE, "read_flushed"), {"lsn": self._snapshot_lsn}).fetchone()
        if row is None or not row[0]:
            self._sessions.flusher.execute(fixed(_MINE, "force_flush"))


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


def read_tokens(target: Connection) -> list[Any]:
    """Return the tokens that wait for an answer."""
    return [row[0] for row in target.execute(fixed(_MINE, "read_tokens")).fetchall()]


def pipe(
    giver: Connection, taker: Connection, sending: sql.Composed, receiving: sql.Composed
) -> int:
    """Stream a COPY from one side to the other.

    Returns:
        The rows that the giver sent, as its server counted them.

    Raises:
        BooksUnbalancedError: If the taker's server counted otherwise.
    """
    with giver.cursor() as out, taker.cursor() as into:
        with out.copy(sending) as source, into.copy(receiving) as target:
            for block in source:
                target.write(block)
        sent, received = out.rowcount, into.rowcount
    if sent != received:
        raise BooksUnbalancedError(f"{sent} rows were sent and {received} received")
    return sent


def _roll_back(connection: psycopg.Connection[Any]) -> None:
    """Roll back if the session lives; otherwise the server already has."""
    if connection.closed:
        return
    try:
        connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()

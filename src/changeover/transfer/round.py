"""One round of the mirror: state, not operations, from one committed state to a later one.

The order is the protocol's: the secondary's lock, then the primary's snapshot; the secondary
commits first, the primary last. Any crash in between repeats harmless work.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors as pg
from psycopg import sql

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.model.errors import (
    BooksUnbalancedError,
    DefinitionChangedError,
)
from changeover.model.fault import Fault
from changeover.model.observation import RoundFinished
from changeover.model.side import Direction
from changeover.transfer import guard
from changeover.transfer.merge import Merge
from changeover.transfer.round_session import Sessions, require_epoch, show_secret

_MINE: Final = "changeover.transfer"
ANALYZE_ROWS: Final = 2_000
DEAD_ROWS_MAX: Final = 500
"""From so many deleted rows on a staging table is truncated, which costs rows of the catalogs."""


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
        states = self._sessions.look(self._direction.primary)
        if states:
            raise guard.Unbooked(states)
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
        for merge, gone, rows in staged:
            self._empty(secondary, merge, rows, gone)
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
            secondary.execute(merge.empty_rows)
            return merge, gone + rows, 0
        return merge, gone, rows

    def _empty(self, secondary: Connection, merge: Merge, rows: int, gone: int) -> None:
        """Leave a table's stage empty for the next round.

        ON COMMIT DELETE ROWS would empty the stages of all tables at each commit, used or not.
        """
        dead = self._sessions.dead_rows
        dead[merge.pair.table_id] += rows + gone
        if dead[merge.pair.table_id] > DEAD_ROWS_MAX:
            secondary.execute(merge.truncate_stage)
            dead[merge.pair.table_id] = 0
            return
        if rows:
            secondary.execute(merge.empty_rows)
        if gone:
            secondary.execute(merge.empty_gone)

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

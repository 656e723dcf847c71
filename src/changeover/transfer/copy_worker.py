"""What a worker does: it copies one range in one transaction of the target.

The transaction holds the range's checkpoint row from the first statement on and turns it to done
with the rows, so that a range is copied once, whoever dies and whoever tries again. It commits only
in the epoch that it was planned in.
"""

import random
import time
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import errors as pg

from changeover.control.move import Connection
from changeover.database import Endpoint, fixed
from changeover.database.errors import is_fence_refusal, translated
from changeover.model.errors import (
    ChangeoverError,
    CopyFailedError,
    DatabaseError,
    NotInstalledError,
    StaleEpochError,
    WrongServerError,
)
from changeover.model.side import Side
from changeover.transfer import copy_session
from changeover.transfer.copy_stream import stream
from changeover.transfer.range import (
    TableCopy,
    check_at_once,
    create_staging,
    lock_source,
    merge_staging,
    read_rows,
    write_rows,
    write_staging,
)

_ROOM: Final = "changeover.transfer"
PAUSE_S: Final = 0.1
PAUSE_S_MAX: Final = 5.0

RETRYABLE_CLASSES: Final = frozenset({"08", "40"})
RETRYABLE: Final = frozenset({"53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"})
"""Connection lost, serialization, out of connections, time-outs, restarts.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeWork:
    """One range to copy; picklable, secrets in it show as `***`.

    Attributes:
        epoch: The epoch that the copy was started in.
        is_replica: The target is at rest by `session_replication_role`.
        attempts_max: Tries of this range.
    """

    source: Endpoint
    target: Endpoint
    table: TableCopy
    range_id: int
    epoch: int
    is_replica: bool
    attempts_max: int

    @property
    def label(self) -> str:
        """The range as messages name it, without its bounds."""
        return f"{self.table.name}, range {self.range_id}"

    @property
    def place(self) -> dict[str, int]:
        """The key of the range's checkpoint."""
        return {"table_id": self.table.table_id, "range_id": self.range_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeOutcome:
    """What became of a range.

    Attributes:
        rows: Rows that the range's checkpoint accounts for.
        rows_left_out: Rows that stood against others of the target; their keys are in the log.
        attempts: Tries that it took.
        is_skipped: It was done before; nothing was written.
        error: Why it was given up, or None.
    """

    table_id: int
    range_id: int
    rows: int = 0
    rows_left_out: int = 0
    attempts: int = 1
    is_skipped: bool = False
    error: ChangeoverError | None = None


def copy_range(work: RangeWork) -> RangeOutcome:
    """Copy one range, trying again where that can help.

    Runs in any process or thread. Errors come back as values: a traceback that crosses processes
    as text would carry what a server said about cells.
    """
    for attempt in range(1, work.attempts_max + 1):
        try:
            return replace(_copy_once(work), attempts=attempt)
        except ChangeoverError as error:
            if attempt == work.attempts_max or not is_retryable(error):
                return RangeOutcome(
                    table_id=work.table.table_id,
                    range_id=work.range_id,
                    attempts=attempt,
                    error=_failure(work, error, attempt),
                )
            pause(attempt)
    raise AssertionError("attempts_max is at least 1")


def is_retryable(error: ChangeoverError) -> bool:
    """Return whether the same act may go well a little later."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return False
    state = cause.sqlstate
    return state is None or state[:2] in RETRYABLE_CLASSES or state in RETRYABLE


def pause(attempt: int) -> None:
    """Wait before the next try: twice as long each time, with chance so that tries part."""
    longest = min(PAUSE_S_MAX, PAUSE_S * 2**attempt)
    time.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - no secret depends on it


def _copy_once(work: RangeWork) -> RangeOutcome:
    with (
        copy_session.lend(work.source) as source,
        copy_session.lend(work.target) as target,
        translated(Side.TARGET, "copying a range"),
        target.transaction(),
    ):
        enter(target, work.target, is_replica=work.is_replica)
        state, lower, upper, rows = _lock_checkpoint(target, work)
        if state == "done":
            return _outcome(work, rows=rows, is_skipped=True)
        rows, left_out = _carry(source, target, work.table, (lower, upper))
        # At the end, so that a swap that came meanwhile is seen, and briefly, so that none waits
        # for our rows: the row that its decision changes stays as it is until we commit.
        require_epoch(target, work.epoch)
        _one(target, "finish_checkpoint", {**work.place, "rows": rows, "left_out": left_out})
        return _outcome(work, rows=rows, left_out=left_out)


def _outcome(
    work: RangeWork, *, rows: int, left_out: int = 0, is_skipped: bool = False
) -> RangeOutcome:
    return RangeOutcome(
        table_id=work.table.table_id,
        range_id=work.range_id,
        rows=rows,
        rows_left_out=left_out,
        is_skipped=is_skipped,
    )


def enter(target: Connection, endpoint: Endpoint, *, is_replica: bool) -> None:
    """Begin a transaction that the target's fence lets pass and its own triggers leave alone."""
    if endpoint.mirror_secret is not None:
        secret = {"secret": endpoint.mirror_secret.reveal()}
        target.execute(fixed(_ROOM, "show_secret"), secret)
    if is_replica:
        target.execute("SET LOCAL session_replication_role = replica")


def require_epoch(target: Connection, epoch: int) -> None:
    """Hold the epoch until the transaction ends.

    Raises:
        StaleEpochError: If a swap has come in between.
    """
    row = _one(target, "lock_epoch")
    if row is None or row[0] != epoch or row[1] != Side.SOURCE:
        found = "none" if row is None else f"epoch {row[0]} with the {row[1]} as primary"
        raise StaleEpochError(
            f"the copy belongs to epoch {epoch} with the source as primary, the target is in "
            f"{found}",
            hint="nothing was written; end this copy, a swap has passed it",
        )


def _lock_checkpoint(target: Connection, work: RangeWork) -> tuple[Any, ...]:
    row = _one(target, "lock_checkpoint", work.place)
    if row is None:
        raise NotInstalledError(
            f"{work.label} is not planned any more", hint="run `changeover copy` again"
        )
    return tuple(row)


def _one(connection: Connection, name: str, given: dict[str, Any] | None = None) -> Any:
    cursor = connection.execute(fixed(_ROOM, name), given)
    return cursor.fetchone() if cursor.description else None


Bounds = tuple[list[str] | None, list[str] | None]


def _carry(
    source: Connection, target: Connection, table: TableCopy, bounds: Bounds
) -> tuple[int, int]:
    """Carry the rows of a range; return how many were written and how many left out."""
    at_once = check_at_once(table)
    if at_once is not None:
        target.execute(at_once)
    try:
        with target.transaction():
            return _read(source, target, table, bounds, write_rows(table).as_bytes(target)), 0
    except DatabaseError as error:
        if not isinstance(error.__cause__, pg.UniqueViolation | pg.ExclusionViolation):
            raise
        return _carry_staged(source, target, table, bounds)


def _read(
    source: Connection, target: Connection, table: TableCopy, bounds: Bounds, writing: bytes
) -> int:
    with translated(Side.SOURCE, "reading a range"), source.transaction():
        source.execute(lock_source(table))
        standby = _one(source, "read_standby")
        if standby is None or standby[0]:
            raise WrongServerError(
                "the source's session is on a standby, which may lag behind the change log",
                hint="point the source's DSN at the primary",
            )
        return stream(source, read_rows(table, *bounds).as_bytes(source), target, writing)


def _carry_staged(
    source: Connection, target: Connection, table: TableCopy, bounds: Bounds
) -> tuple[int, int]:
    """Carry a range again through a staging table, leaving out the rows that conflict.

    Ranges are read at different moments. Where a unique value went from one row to another between
    two of them, the target meets it twice, although the source never held it twice. A row left out
    so is in the change log by construction, and so is the row that stands in its way: of the two,
    each held the value at the moment when it was read, so at least one gained it and the other lost
    it after capture was installed, and both changes were logged. The mirror brings both to their
    present state when it drains the table's keys, which it leaves in the log until then.
    That holds only for what the source refuses, too: anything else is an error.
    """
    target.execute(create_staging(table))
    staged = _read(source, target, table, bounds, write_staging(table).as_bytes(target))
    with translated(Side.TARGET, "taking over staged rows"):
        written = target.execute(merge_staging(table)).rowcount
    if staged > written:
        _require_proven(source, target, table, staged - written)
    return written, staged - written


def _require_proven(
    source: Connection, target: Connection, table: TableCopy, left_out: int
) -> None:
    """Refuse to leave rows out for the sake of something that the source does not demand.

    Raises:
        CopyFailedError: If the target has a unique index or an exclusion that the source has not.
    """
    unproven = list(table.unproven)
    if table.has_exclusion:
        known = {definition for _, definition in _exclusions(source, Side.SOURCE, table)}
        theirs = _exclusions(target, Side.TARGET, table)
        unproven += [name for name, definition in theirs if definition not in known]
    if unproven:
        raise CopyFailedError(
            f"{table.name}: {left_out} row(s) stand against others of the target, which is unique "
            f"in more than the source is: {', '.join(unproven)}",
            hint="drop that until the first drain, or create it on the source, then run it again",
        )


def _exclusions(connection: Connection, side: Side, table: TableCopy) -> list[tuple[str, str]]:
    given = {"schema": table.name.schema, "name": table.name.name}
    with translated(side, "reading exclusion constraints"):
        return connection.execute(fixed(_ROOM, "read_exclusions"), given).fetchall()


def _failure(work: RangeWork, error: ChangeoverError, attempts: int) -> ChangeoverError:
    """Return the error that names the table and the range, without the chain that led to it."""
    cause = error.__cause__
    if not isinstance(error, DatabaseError) or not isinstance(cause, psycopg.Error):
        # As a new value: what is chained to the old one would be shown with it.
        return type(error)(error.message, hint=error.hint)
    text, hint = error.message, error.hint
    if _is_partition_missing(work, cause):
        text = "target: no partition for a row of the source"
        hint = "create the missing partitions on the target first, then run it again"
    elif isinstance(cause, pg.ForeignKeyViolation):
        hint = "foreign keys must rest on the target while rows come: `changeover capture install`"
    elif is_fence_refusal(cause):
        hint = "the fence does not know this login: run `changeover capture install` again"
    tries = f" after {attempts} tries" if attempts > 1 else ""
    return CopyFailedError(f"{work.label} could not be copied{tries}: {text}", hint=hint)


def _is_partition_missing(work: RangeWork, cause: psycopg.Error) -> bool:
    # "no partition of relation … found for row" is a check violation without a constraint.
    return (
        work.table.is_target_partitioned
        and isinstance(cause, pg.CheckViolation)
        and cause.diag.constraint_name is None
    )

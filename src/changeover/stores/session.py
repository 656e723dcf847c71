"""One connection as a store uses it: statements sent together, answered in one round trip.

This speaks libpq's pipeline mode through `psycopg.pq` rather than through cursors: a request is
four statements whose texts hardly ever change, and what a cursor does for each of them (parsing the
placeholders, choosing dumpers and loaders) costs more than the server needs to run them. What is
here is written once, as generators that say when they would wait; psycopg's connections run them in
both colours (`Connection.wait`, `AsyncConnection.wait`).

It must not know what the statements are for.

Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

import select
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from changeover.stores.fault import ServerFault

PREPARED_MAX: Final = 256
"""Most statements kept prepared on one connection; the one not used for longest goes first."""

_SEEN_MAX: Final = 1024
_BAD: Final = ConnStatus.BAD
_IDLE: Final = TransactionStatus.IDLE
_FATAL: Final = ExecStatus.FATAL_ERROR
_DONE: Final = ExecStatus.COMMAND_OK
_SYNC: Final = ExecStatus.PIPELINE_SYNC

_SQLSTATE: Final = DiagnosticField.SQLSTATE
_UNKNOWN_STATEMENT: Final = b"26000"

BINARY: Final = 1

Reported = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A statement and its values.

    Attributes:
        text: SQL with `$1` placeholders.
        values: As the server reads them: text, or bytes where `formats` says so.
        formats: 0 for text and 1 for binary, per value; None if all are text.
        role: What the statement runs as: plans of tables with policies are made anew when the role
            changes, so every role has prepared statements of its own.
        is_fixed: Whether it comes with every request, so that it is prepared at once.
    """

    text: bytes
    values: Sequence[bytes | None] = ()
    formats: Sequence[int] | None = None
    role: str = ""
    is_fixed: bool = False


_Key = tuple[str, bytes]
Connection = TypeVar("Connection")
Result = TypeVar("Result")
Row = tuple[bytes | None, ...]


@dataclass(slots=True, kw_only=True)
class Session(Generic[Connection]):
    """A connection and what is prepared on it.

    Attributes:
        connection: In autocommit, not in pipeline mode between two exchanges.
        pgconn: The same, as libpq has it.
        prepare_threshold: How often a statement is seen before it is prepared; None for never.
        generation: The generation of the catalog's snapshot that the statements were made for.
        born_s: When it was opened, on the pool's clock.
        idle_since_s: When it was given back, on the pool's clock.
    """

    connection: Connection
    pgconn: PGconn
    prepare_threshold: int | None
    generation: int = 0
    born_s: float = 0.0
    idle_since_s: float = 0.0
    _names: OrderedDict[_Key, bytes] = field(default_factory=OrderedDict)
    _seen: dict[_Key, int] = field(default_factory=dict)
    _counter: int = 0
    _pinned: Reported = ()
    _arrivals: select.poll = field(default_factory=select.poll)

    def __post_init__(self) -> None:
        """Be ready to ask whether anything has arrived."""
        self._arrivals.register(self.pgconn.socket, select.POLLIN)

    @property
    def is_idle(self) -> bool:
        """Whether the connection is whole and in no transaction."""
        return self.pgconn.transaction_status == _IDLE

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        status = self.pgconn.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def remember_pins(self) -> None:
        """Remember what the server reports of its settings; call it when they are as wanted."""
        self._pinned = self._reported()

    @property
    def is_pinned(self) -> bool:
        """Whether the settings that the server reports are still as they were."""
        return self._reported() == self._pinned

    def _reported(self) -> Reported:
        status = self.pgconn.parameter_status
        return status(b"TimeZone"), status(b"DateStyle"), status(b"IntervalStyle")

    def is_alive(self) -> bool:
        """Return whether the server has not hung up meanwhile; what it sent is read."""
        if not self._arrivals.poll(0):
            return self.is_idle
        try:
            # Its last words come first, and only then that there is nobody any more.
            self.pgconn.consume_input()
            self.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
        return self.is_idle

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self.pgconn.finish()

    def exchange(self, commands: Sequence[Command], generation: int) -> PQGen[list[PGresult]]:
        """Send statements and collect their results, in one round trip.

        Args:
            commands: What to run, in order. After a failure the rest is not run.
            generation: The generation of the snapshot that the texts come from.

        Returns:
            One result per command: the failed one and `PIPELINE_ABORTED` ones after it.

        Raises:
            psycopg.OperationalError: The connection broke; the session must be closed.
        """
        pgconn = self.pgconn
        try:
            pgconn.enter_pipeline_mode()
            has_forgotten = self._forget(generation)
            preparing = [self._send(command) for command in commands]
            pgconn.pipeline_sync()
            results = yield from _collect(pgconn)
            if has_forgotten and pgconn.status != _BAD:
                results = yield from _collect(pgconn)
            if pgconn.status != _BAD:
                pgconn.exit_pipeline_mode()
        except BaseException:
            # Half a pipeline is worth nothing, and nobody must find it on the shelf.
            self.close()
            raise
        return list(self._settle(iter(results), preparing))

    def _forget(self, generation: int) -> bool:
        """Forget old statements; return whether anything was sent for it, up to a Sync of its own.

        Those of an older snapshot go all at once: their parameters' types may have changed. Without
        a Sync they would be one transaction with what follows, and take the snapshot that a BEGIN
        with another isolation must be the first to take (SQLSTATE 25001).
        """
        if generation != self.generation:
            self.generation = generation
            self._seen.clear()
            if not self._names:
                return False
            self._names.clear()
            self.pgconn.send_query_params(b"DEALLOCATE ALL", None)
            self.pgconn.pipeline_sync()
            return True
        if len(self._names) < PREPARED_MAX:
            return False
        while len(self._names) >= PREPARED_MAX:
            _, name = self._names.popitem(last=False)
            self.pgconn.send_query_params(b"DEALLOCATE " + name, None)
        self.pgconn.pipeline_sync()
        return True

    def _send(self, command: Command) -> _Key | None:
        """Send one statement; return its key if it is being prepared along with it."""
        key = (command.role, command.text)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            self.pgconn.send_query_prepared(name, command.values, command.formats)
            return None
        if not self._is_worth_preparing(key, is_fixed=command.is_fixed):
            self.pgconn.send_query_params(command.text, command.values, None, command.formats)
            return None
        self._counter += 1
        name = b"co_%d" % self._counter
        self._names[key] = name
        self.pgconn.send_prepare(name, command.text)
        self.pgconn.send_query_prepared(name, command.values, command.formats)
        return key

    def _is_worth_preparing(self, key: _Key, *, is_fixed: bool) -> bool:
        if self.prepare_threshold is None:
            return False
        if is_fixed:
            return True
        if len(self._seen) >= _SEEN_MAX:
            self._seen.clear()
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return count >= self.prepare_threshold

    def _settle(
        self, results: Iterator[PGresult], preparing: Sequence[_Key | None]
    ) -> Iterator[PGresult]:
        """Yield one result per command, and forget names that the server does not know."""
        for key in preparing:
            result = next(results, None)
            if key is not None and result is not None:
                prepared, result = result, next(results, None)
                if prepared.status != _DONE:
                    del self._names[key]
                if prepared.status == _FATAL:
                    result = prepared
            if result is None:
                return
            if result.status == _FATAL and result.error_field(_SQLSTATE) == _UNKNOWN_STATEMENT:
                # Somebody has discarded them (or a pooler stands between us and the server).
                self._names.clear()
            yield result


def _collect(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Send what is queued and return the results up to the Sync.

    A connection that breaks after the server has said why returns what there is.
    """
    results: list[PGresult] = []
    try:
        while pgconn.flush():
            if (yield Wait.RW) & Ready.R:
                pgconn.consume_input()
        while True:
            result = yield from _next(pgconn)
            if result.status == _SYNC:
                return results
            results.append(result)
    except psycopg.OperationalError:
        if not any(one.error_field(_SQLSTATE) for one in results if one.status == _FATAL):
            raise
        return results


def _next(pgconn: PGconn) -> PQGen[PGresult]:
    while True:
        while pgconn.is_busy():
            if (yield Wait.R) & Ready.R:
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is not None:
            return result
        if pgconn.status == _BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())


def rows_of(session: Session[Connection], command: Command) -> PQGen[list[Row]]:
    """Run one statement and return its rows, values as text.

    Args:
        session: An idle session.
        command: The statement.

    Raises:
        Refusal: The server has refused.
        psycopg.OperationalError: The connection broke.
    """
    (result,) = yield from session.exchange([command], session.generation)
    if result.status == _FATAL:
        raise ServerFault.of_result(result).refusal(is_anonymous=False)
    columns = range(result.nfields)
    return [
        tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)
    ]


def within(work: PQGen[Result], timeout_s: float) -> PQGen[Result]:
    """Give up work that waits for a server for too long.

    psycopg wakes a generator that waits ten times a second, so that the limit is as exact as that.

    Args:
        work: What closes its session when it is closed itself.
        timeout_s: In seconds.

    Raises:
        psycopg.OperationalError: The limit was reached.
    """
    until = time.monotonic() + timeout_s
    try:
        wanted = next(work)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= until:
                raise psycopg.OperationalError(f"no answer within {timeout_s:g} s")
            wanted = work.send(ready)
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        work.close()

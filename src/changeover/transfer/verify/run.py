"""One verification from start to end: workers, ranges, settling, orphans, the record."""

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from typing import Final, Self, TypeVar

from psycopg import IsolationLevel

from changeover.catalog.pair import Pair
from changeover.control.move import Move
from changeover.model.errors import StaleEpochError, TableNotFoundError
from changeover.model.name import TableName
from changeover.model.observation import RangeVerified
from changeover.model.side import Side
from changeover.transfer.verify.digest import parts
from changeover.transfer.verify.divergence import Key, KeyRange
from changeover.transfer.verify.expression import is_bytewise, shapes
from changeover.transfer.verify.hashing import Hashing, agree
from changeover.transfer.verify.orphan import count_orphans
from changeover.transfer.verify.record import State, moved_pairs, read_state, record
from changeover.transfer.verify.report import OrphanCount, TableReport, VerifyReport
from changeover.transfer.verify.search import (
    SCANNED_RANGE_FACTOR,
    SUSPECTS_MAX,
    Scope,
    Searched,
    ranges,
    search,
)
from changeover.transfer.verify.sequence import note_sequences
from changeover.transfer.verify.session import Session, Sessions, open_sessions
from changeover.transfer.verify.settle import HOLD_LOCK_TIMEOUT_MS, Case, Settlement
from changeover.transfer.verify.token import Tokens

WORKERS_MAX: Final = 64

_Result = TypeVar("_Result")


def verify(
    move: Move, *, tables: Collection[TableName] | None = None, demands_sequences: bool = False
) -> VerifyReport:
    """Compare the moved tables of both sides, on live traffic, and book the outcome.

    Args:
        move: The move; its `verify` settings bound workers, ranges and waits.
        tables: Some of the moved tables; by default all.
        demands_sequences: The secondary is about to be primary: a sequence that is behind is then
            no mere note.

    Returns:
        The report. Only settled differences are in it; it is green only if every row was compared.

    Raises:
        TableNotFoundError: If a named table does not move.
        HashesDisagreeError: If the servers hash equal rows differently.
        StaleEpochError: If a swap happened meanwhile.
        DatabaseError: If anything could not be read; nothing is booked then.
    """
    state = read_state(move)
    pairs = _chosen(moved_pairs(move, state), tables)
    with _Workers(move, state.primary) as workers:
        hashing = workers.run(lambda sessions: agree(sessions.primary, sessions.secondary))
        scopes = workers.run(lambda sessions: _scopes(move, sessions, pairs, hashing))
        found = _search_all(move, workers, scopes)
        cases = {
            scope.pair.name: Case(scope=scope, pending=dict.fromkeys(_keys(found[scope.pair.name])))
            for scope in scopes
        }
        workers.run(lambda sessions: _settle(move, state, sessions, tuple(cases.values())))
        orphans = workers.run(
            lambda sessions: count_orphans(
                sessions.secondary, pairs, has_resting=state.is_installed
            )
        )
        sequences = workers.run(lambda sessions: note_sequences(sessions, pairs))
    _require_same_epoch(move, state)
    report = VerifyReport(
        run_id=0,
        primary=state.primary,
        epoch=state.epoch,
        started_at=state.read_at,
        finished_at=state.read_at,
        hashing=hashing.name,
        tables=tuple(
            _table_report(cases[name], found[name], orphans.get(name, ())) for name in cases
        ),
        sequences=sequences,
        demands_sequences=demands_sequences,
    )
    return record(move, state, report)


def watch(
    move: Move,
    *,
    interval_s: float,
    stop: threading.Event,
    tables: Collection[TableName] | None = None,
) -> Iterator[VerifyReport]:
    """Verify again and again.

    Args:
        move: The move.
        interval_s: Pause between the end of one verification and the start of the next, in seconds.
        stop: Set it to end after the present one.
        tables: Some of the moved tables; by default all.

    Yields:
        A report per verification.
    """
    while not stop.is_set():
        yield verify(move, tables=tables)
        stop.wait(interval_s)


def _chosen(pairs: tuple[Pair, ...], tables: Collection[TableName] | None) -> tuple[Pair, ...]:
    if tables is None:
        return pairs
    missing = sorted(set(tables) - {pair.name for pair in pairs})
    if missing:
        raise TableNotFoundError(
            f"{', '.join(map(str, missing))}: not among the {len(pairs)} tables that move",
            hint="name tables as schema.table, as the source spells them",
        )
    return tuple(pair for pair in pairs if pair.name in tables)


def _require_same_epoch(move: Move, state: State) -> None:
    now = read_state(move)
    if (now.epoch, now.primary) != (state.epoch, state.primary):
        raise StaleEpochError(
            f"the verification began in epoch {state.epoch}, now it is {now.epoch}",
            hint="a swap happened meanwhile: run `changeover verify` again",
        )


class _Workers:
    """Threads, and as many pairs of sessions, each used by one thread at a time."""

    def __init__(self, move: Move, primary: Side) -> None:
        self._stack = ExitStack()
        self._free: queue.SimpleQueue[Sessions] = queue.SimpleQueue()
        count = min(WORKERS_MAX, max(1, move.settings.verify.workers))
        try:
            for _ in range(count):
                sessions = open_sessions(move, primary)
                self._stack.callback(sessions.close)
                self._free.put(sessions)
        except BaseException:
            self._stack.close()
            raise
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="verify")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._stack.close()

    @contextmanager
    def _sessions(self) -> Iterator[Sessions]:
        sessions = self._free.get()
        try:
            yield sessions
        finally:
            self._free.put(sessions)

    def run(self, work: Callable[[Sessions], _Result]) -> _Result:
        """Do something here and now."""
        with self._sessions() as sessions:
            return work(sessions)

    def submit(self, work: Callable[[Sessions], _Result]) -> Future[_Result]:
        """Have a thread do something."""
        return self._executor.submit(self.run, work)


def _scopes(
    move: Move, sessions: Sessions, pairs: Sequence[Pair], hashing: Hashing
) -> tuple[Scope, ...]:
    bytewise = {
        session.side: _is_bytewise(session) for session in (sessions.primary, sessions.secondary)
    }
    scopes = []
    for pair in pairs:
        both = shapes(pair, bytewise)
        factor = 1 if all(shape.is_indexed for shape in both.values()) else SCANNED_RANGE_FACTOR
        scopes.append(
            Scope(
                pair=pair,
                parts={side: parts(shape, hashing) for side, shape in both.items()},
                range_rows=max(2, move.settings.verify.range_rows * factor),
                settings=move.settings.verify,
                hooks=move.hooks,
            )
        )
    return tuple(scopes)


def _is_bytewise(session: Session) -> bool:
    ((provider, collation),) = session.rows("read_collation", "reading the collation")
    return is_bytewise(provider, collation)


def _search_all(
    move: Move, workers: _Workers, scopes: Sequence[Scope]
) -> dict[TableName, list[Searched]]:
    """Search every range of every table; the largest tables first."""
    largest_first = sorted(scopes, key=lambda scope: -scope.pair.source.size_bytes)
    plans = [(scope, workers.submit(_ranging(scope))) for scope in largest_first]
    tasks: dict[Future[Searched], Scope] = {}
    for scope, planned in plans:
        for inside in planned.result():
            tasks[workers.submit(_searching(scope, inside))] = scope
    found: dict[TableName, list[Searched]] = {scope.pair.name: [] for scope in scopes}
    for task in as_completed(tasks):
        name = tasks.pop(task).pair.name
        searched = task.result()
        found[name].append(searched)
        move.observer(
            RangeVerified(table=name, rows=searched.rows_primary, is_equal=searched.is_equal)
        )
    return found


def _ranging(scope: Scope) -> Callable[[Sessions], tuple[KeyRange, ...]]:
    return lambda sessions: ranges(scope, sessions)


def _searching(scope: Scope, inside: KeyRange) -> Callable[[Sessions], Searched]:
    return lambda sessions: search(scope, sessions, inside)


def _keys(found: Sequence[Searched]) -> tuple[Key, ...]:
    keys = {key for searched in found for key in searched.suspects}
    return tuple(sorted(keys))[:SUSPECTS_MAX]


def _settle(move: Move, state: State, sessions: Sessions, cases: Sequence[Case]) -> None:
    if not any(case.pending for case in cases):
        return
    with ExitStack() as stack:
        asking = holder = None
        if state.is_installed:
            control = stack.enter_context(move.connect_owner(Side.TARGET, "settle"))
            asking = Session(Side.TARGET, control)
            locking = stack.enter_context(
                move.connect_owner(state.primary, "hold", lock_timeout_ms=HOLD_LOCK_TIMEOUT_MS)
            )
            locking.isolation_level = IsolationLevel.READ_COMMITTED
            holder = Session(state.primary, locking)
        Settlement(
            sessions,
            Tokens(asking),
            has_log=state.is_installed,
            holder=holder,
            limit_s=move.settings.verify.settle_s_max,
        ).settle(cases)


def _table_report(
    case: Case, found: Sequence[Searched], orphans: tuple[OrphanCount, ...]
) -> TableReport:
    suspects = sum(len(searched.suspects) for searched in found)
    return TableReport(
        table=case.scope.pair.name,
        table_id=case.scope.pair.table_id,
        is_whole=case.scope.pair.is_whole,
        rows_primary=sum(searched.rows_primary for searched in found),
        rows_secondary=sum(searched.rows_secondary for searched in found),
        ranges=len(found),
        divergences=tuple(case.settled),
        unsettled=len(case.pending),
        is_complete=suspects <= SUSPECTS_MAX and not any(searched.is_cut for searched in found),
        orphans=orphans,
    )

"""The first bulk load: ranges handed to workers, their outcomes booked, the tables finished.

It leans on capture: every key that changes once capture is installed is in the source's log, so no
snapshot outlives a range. The mirror leaves the keys of a table in the log until it is `copied`.
What a worker does with a range is another module's; here nothing is read or written of a row.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from changeover.catalog.pair import Pair
from changeover.control.move import Connection, Move, installed_pairs
from changeover.model.errors import CopyFailedError
from changeover.model.name import TableName
from changeover.model.observation import CopyProgressed, phase
from changeover.model.side import Side
from changeover.transfer import copy_session
from changeover.transfer.checkpoint import (
    TableState,
    begin_tables,
    finish_table,
    largest_first,
    plan_copy,
    read_ground,
    read_open_ranges,
    read_states,
)
from changeover.transfer.copy_worker import RangeOutcome, RangeWork, copy_range
from changeover.transfer.range import describe
from changeover.transfer.throttle import Throttle

LOCK_TIMEOUT_MS: Final = 30_000

OnTableCopied = Callable[[Pair], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopied:
    """What became of a table.

    Attributes:
        rows: Rows that its ranges account for, earlier runs included.
        rows_left_out: Rows that stood against others of the target; the log holds their keys.
        seconds: From its first range of this run to its end; 0 where nothing was left to do.
        ranges: All of its ranges.
        ranges_copied: Those that this run committed.
        ranges_redone: Tries of this run that came to nothing and were repeated.
    """

    table: TableName
    rows: int
    rows_left_out: int
    seconds: float
    ranges: int
    ranges_copied: int
    ranges_redone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What a copy did, largest table first."""

    tables: tuple[TableCopied, ...]
    seconds: float

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def ranges_redone(self) -> int:
        """Tries that came to nothing and were repeated."""
        return sum(table.ranges_redone for table in self.tables)


def _do_nothing(_pair: Pair) -> None:
    return


def copy(
    move: Move, *, executor: Executor | None = None, on_table_copied: OnTableCopied = _do_nothing
) -> CopyReport:
    """Copy every moved table; a copy that was ended in any way is resumed.

    Args:
        move: The move; its capture is installed.
        executor: Workers; it stays open. By default processes of our own, replaced if they die.
            It must be able to run `settings.copy.workers` ranges at the same time.
        on_table_copied: Called once the rows of a table are there and before it counts as copied,
            in a thread of its own, one table at a time; the place to build indexes. A copy that is
            ended inside it calls it again when it is resumed.

    Returns:
        Rows, seconds and repetitions per table.

    Raises:
        TargetNotEmptyError: If a table holds rows that we did not put there; nothing is changed.
        CopyFailedError: If a range was given up; what was committed stays, and is not repeated.
        StaleEpochError: If a swap came in between.
    """
    begun = time.monotonic()
    pairs = largest_first(installed_pairs(move))
    with _connected(move) as target:
        read_ground(target)
    plan_copy(move, pairs)
    run = _Run(move=move, pairs=pairs, on_table_copied=on_table_copied)
    with phase(move.observer, "copy"):
        try:
            run.start()
            _drive(run, executor)
            states = run.read_states()
        finally:
            copy_session.forget_all()
    return CopyReport(
        tables=tuple(run.progress[pair.table_id].report(states[pair.table_id]) for pair in pairs),
        seconds=time.monotonic() - begun,
    )


@contextmanager
def _connected(move: Move) -> Iterator[Connection]:
    with move.connect_mirror(Side.TARGET, "copy", lock_timeout_ms=LOCK_TIMEOUT_MS) as target:
        yield target


def _drive(run: "_Run", executor: Executor | None) -> None:
    """Run to the end, with new processes in place of dead ones as often as a range may be tried."""
    if executor is not None:
        try:
            run.drive(executor)
        except BrokenExecutor as error:
            raise _workers_died(1) from error
        return
    attempts_max = run.move.settings.copy.attempts_max
    for attempt in range(1, attempts_max + 1):
        try:
            with _processes(run.move.settings.copy.workers) as processes:
                run.drive(processes)
        except BrokenExecutor as error:
            if attempt == attempts_max:
                raise _workers_died(attempt) from error
            run.start()
        else:
            return


def _workers_died(times: int) -> CopyFailedError:
    return CopyFailedError(
        f"a worker process of the copy died, {times} time(s)",
        hint="look for the kernel's out-of-memory killer; run it again, it goes on where it ended",
    )


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    """Give processes that end with us; ranges under way are ended properly."""
    pool = ProcessPoolExecutor(
        max_workers=workers,
        # A forked child would share our sockets.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_live_with_parent,
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _live_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: it can't be told how to any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(slots=True, kw_only=True)
class _Progress:
    """What this run knows of a table."""

    pair: Pair
    ranges: int = 0
    ranges_done: int = 0
    ranges_copied: int = 0
    ranges_redone: int = 0
    begun: float | None = None
    ended: float | None = None

    def report(self, state: TableState) -> TableCopied:
        return TableCopied(
            table=self.pair.name,
            rows=state.rows_copied,
            rows_left_out=state.rows_left_out,
            seconds=(self.ended - self.begun) if self.begun and self.ended else 0.0,
            ranges=state.ranges,
            ranges_copied=self.ranges_copied,
            ranges_redone=self.ranges_redone,
        )


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run of a copy: what is queued, what is under way, what is done."""

    move: Move
    pairs: Sequence[Pair]
    on_table_copied: OnTableCopied
    progress: dict[int, _Progress] = field(default_factory=dict)
    queue: deque[RangeWork] = field(default_factory=deque)
    in_flight: dict[Future[RangeOutcome], RangeWork] = field(default_factory=dict)
    finishing: dict[Future[None], _Progress] = field(default_factory=dict)
    ready: list[_Progress] = field(default_factory=list)

    def start(self) -> None:
        """Read what is left to do; also after workers died, whose last ranges may be committed."""
        with _connected(self.move) as target:
            ground = read_ground(target)
            begin_tables(target, self.pairs)
            states = read_states(target)
            ranges = read_open_ranges(target)
        self._book_lost(set(ranges))
        source, target_end = (self.move.mirror_endpoint(side) for side in Side)
        described = {pair.table_id: describe(pair) for pair in self.pairs}
        open_ranges: dict[int, list[RangeWork]] = {pair.table_id: [] for pair in self.pairs}
        for table_id, range_id in ranges:
            if table_id in open_ranges:
                open_ranges[table_id].append(
                    RangeWork(
                        source=source,
                        target=target_end,
                        table=described[table_id],
                        range_id=range_id,
                        epoch=ground.epoch,
                        is_replica=ground.is_replica,
                        attempts_max=self.move.settings.copy.attempts_max,
                    )
                )
        self.queue = deque(one for pair in self.pairs for one in open_ranges[pair.table_id])
        self._load(states)

    def _book_lost(self, still_open: set[tuple[int, int]]) -> None:
        """Book ranges of which no outcome came back: some were committed all the same."""
        for work in self.in_flight.values():
            progress = self.progress[work.table.table_id]
            if (work.table.table_id, work.range_id) in still_open:
                progress.ranges_redone += 1
            else:
                progress.ranges_copied += 1
        self.in_flight.clear()

    def _load(self, states: dict[int, TableState]) -> None:
        self.ready.clear()
        for pair in self.pairs:
            state = states[pair.table_id]
            progress = self.progress.setdefault(pair.table_id, _Progress(pair=pair))
            progress.ranges, progress.ranges_done = state.ranges, state.ranges_done
            if state.state != "copied" and state.ranges == state.ranges_done:
                self.ready.append(progress)

    def read_states(self) -> dict[int, TableState]:
        """Return how far every table is."""
        with _connected(self.move) as target:
            return read_states(target)

    def drive(self, executor: Executor) -> None:
        """Hand out ranges until none is left, and finish each table after its last."""
        with Throttle(self.move) as throttle, ThreadPoolExecutor(1) as finisher:
            try:
                while self.queue or self.in_flight or self.ready or self.finishing:
                    for progress in self.ready:
                        self.finishing[finisher.submit(self._finish, progress)] = progress
                    self.ready.clear()
                    self._submit(executor, throttle)
                    self._collect()
            except BaseException:
                # Nothing of ours goes on behind the caller's back.
                wait([future for future in self.in_flight if not future.cancel()])
                raise

    def _submit(self, executor: Executor, throttle: Throttle) -> None:
        while self.queue and throttle.reason() is None:
            if len(self.in_flight) >= throttle.workers:
                return
            work = self.queue.popleft()
            progress = self.progress[work.table.table_id]
            progress.begun = progress.begun or time.monotonic()
            self.move.hooks.reached("copy.range.begin")
            # In the books first: a pool that breaks in submit has taken it, or may have.
            self.in_flight[executor.submit(copy_range, work)] = work

    def _collect(self) -> None:
        """Book what has ended, waiting for something to end, but not past the next look."""
        interval_s = self.move.settings.copy.throttle_interval_ms / 1000
        under_way: list[Future[Any]] = [*self.in_flight, *self.finishing]
        if not under_way:
            if self.queue:
                time.sleep(interval_s)
            return
        ended, _ = wait(under_way, timeout=interval_s, return_when=FIRST_COMPLETED)
        for future in ended:
            if future in self.finishing:
                self.finishing.pop(future)
                future.result()
        for future in [future for future in self.in_flight if future in ended]:
            outcome = future.result()
            self._book(self.in_flight.pop(future), outcome)

    def _book(self, work: RangeWork, outcome: RangeOutcome) -> None:
        progress = self.progress[work.table.table_id]
        progress.ranges_redone += outcome.attempts - 1
        if outcome.error is not None:
            raise outcome.error
        progress.ranges_copied += not outcome.is_skipped
        progress.ranges_done += 1
        self.move.hooks.reached("copy.range.end")
        self.move.observer(
            CopyProgressed(
                table=work.table.name,
                rows=outcome.rows,
                ranges_done=progress.ranges_done,
                ranges_total=progress.ranges,
            )
        )
        if progress.ranges_done == progress.ranges:
            self.ready.append(progress)

    def _finish(self, progress: _Progress) -> None:
        self.on_table_copied(progress.pair)
        self.move.hooks.reached("copy.table.begin")
        with _connected(self.move) as target:
            finish_table(target, progress.pair)
        self.move.hooks.reached("copy.table.end")
        progress.ended = time.monotonic()

"""Shadow reads: the same read on the other side, off the caller's path, compared and counted.

A caller pays for a chance number, and where it hits for one step into a queue; when the queue is
full the read is dropped and counted. All else happens in two threads: one asks the other side and
compares, one settles what differs. They have stores of their own, so that nothing of theirs, not
even a target that hangs, takes a connection from a caller.
"""

import queue
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from changeover.catalog.snapshot import Snapshot
from changeover.engine.message import Message, Reply
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.model.observation import Observer, ignore
from changeover.model.routing_observation import (
    Comparison,
    ShadowCompared,
    ShadowDropped,
    ShadowFailed,
    ShadowValuesKept,
)
from changeover.model.side import Side, Stage
from changeover.routing.comparison import SOURCE_ROWS_MAX, Reading, compare
from changeover.routing.fork import begin_anew_in_children
from changeover.routing.guard_rail import GuardRail
from changeover.routing.kept_value import KeptValues
from changeover.routing.mismatch import Tally, Verdict
from changeover.routing.outline import table_of
from changeover.routing.rule import State
from changeover.routing.settling import Known, Suspect, settle
from changeover.stores.store import Store

STAGES: Final = frozenset({Stage.SHADOW, Stage.LIVE, Stage.RAMP_DOWN})
"""The stages in which the other side is near enough to be compared with."""

HEADER: Final = "changeover-shadow"
"""Tells a function of the database that is called per request that nobody waits for the answer."""

UNPARSED: Final = ""
"""The table under which dropped reads are counted: they were not even looked at."""

STOP_S_MAX: Final = 2.0
_IDLE_S: Final = 0.5
_TOGETHER_MAX: Final = 16
_SUSPECTS_MAX: Final = 200


class ShadowLink(Protocol):
    """What shadow reads need of the link to the control tables."""

    @property
    def shadow_key(self) -> bytes:
        """The move's own key for hashes of rows' keys; empty while it is unknown."""
        ...

    def confirm(self, timeout_s: float) -> bool:
        """Wait until the mirror has passed everything that is committed now."""
        ...

    def report_shadow(
        self, counts: Mapping[str, Any], mismatches: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Add to the control tables; return whether that could be done."""
        ...


class Target(Store, Protocol):
    """A store that knows what its database holds."""

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the catalog.

        Raises:
            Refusal: If it can't be read.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowSettings:
    """How reads are compared.

    Attributes:
        api: What the API allows; that of the target's store.
        queue_max: Most reads that wait; what is more is dropped and counted.
        body_bytes_max: An answer that is larger is not compared; it is counted as skipped.
        confirm_timeout_s: How long a suspect waits for the mirror, in seconds.
        flush_s: How often the counts are told to the control tables, in seconds.
        source_rows_max: The source's cap on rows; None for none.
        values_file: Where the cells that differ are kept, a file of mode 0600; empty to keep none.
            They are somebody's data: an event says that it is done.
    """

    api: ApiSettings = field(default_factory=ApiSettings)
    queue_max: int = 1000
    body_bytes_max: int = 4 * 1024 * 1024
    confirm_timeout_s: float = 5.0
    flush_s: float = 5.0
    source_rows_max: int | None = SOURCE_ROWS_MAX
    values_file: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A read that was answered, and is to be compared."""

    message: Message
    reply: Reply
    answered_by: Side
    stage: Stage
    primary: Side


class Shadow:
    """Runs sampled reads on the other side and compares."""

    def __init__(
        self,
        source: Store,
        target: Target,
        link: ShadowLink,
        settings: ShadowSettings,
        observer: Observer = ignore,
        *,
        guard: GuardRail | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            source: The source, in a store that callers do not use; closed by `close`.
            target: The target, the same.
            link: To the control tables.
            settings: How reads are compared.
            observer: Told of each read that was compared, or was not.
            guard: Counts settled mismatches.
        """
        self._stores: Mapping[Side, Store] = {Side.SOURCE: source, Side.TARGET: target}
        self._target = target
        self._link = link
        self._settings = settings
        self._observer = observer
        self._guard = guard
        self._values = KeptValues(settings.values_file) if settings.values_file else None
        self._is_closed = False
        self.begin_anew()
        begin_anew_in_children(self)

    def begin_anew(self) -> None:
        """Forget threads and what waits: in a child they are the parent's."""
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._reads: queue.Queue[_Read | None] = queue.Queue(self._settings.queue_max)
        self._suspects: queue.Queue[Suspect | None] = queue.Queue(_SUSPECTS_MAX)
        self._threads: list[threading.Thread] = []
        self._tally = Tally()
        self._known: Known = set()
        self._dropped = 0
        self._waiting = 0

    # ---- what callers do ------------------------------------------------------------------------

    def offer(self, message: Message, reply: Reply, answered_by: Side, state: State) -> None:
        """Compare a read that was answered, if chance wills it; never waits, never raises.

        Args:
            message: The read: GET, HEAD, or the call of a function that changes nothing.
            reply: What the caller got.
            answered_by: Who answered.
            state: What the decision was made by.
        """
        percent = state.shadow_percent
        if percent <= 0 or random.random() * 100 >= percent or state.stage not in STAGES:  # noqa: S311 - a sample
            return
        if not self._threads:
            self.start()
        if self._is_closed:
            return
        # The response behind the reply is the caller's.
        kept = Reply(status=reply.status, headers=reply.headers, body=reply.body)
        read = _Read(message, kept, answered_by, state.stage, state.primary)
        with self._lock:
            try:
                self._reads.put_nowait(read)
            except queue.Full:
                self._dropped += 1
            else:
                self._waiting += 1

    @property
    def depth(self) -> int:
        """How many reads wait to be compared or settled."""
        return self._waiting

    def start(self) -> None:
        """Start the threads, unless they run or the shadow was closed."""
        with self._lock:
            if self._threads or self._is_closed:
                return
            self._threads = [
                threading.Thread(target=work, name=f"changeover-{name}", daemon=True)
                for name, work in (("shadow", self._compare_all), ("settle", self._settle_all))
            ]
        if self._values is not None:
            self._observer(ShadowValuesKept(file=self._settings.values_file))
        for thread in self._threads:
            thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until all that was offered is compared and settled, and tell the control tables.

        Args:
            timeout_s: In seconds.

        Returns:
            Whether nothing waits any more and the counts were told.
        """
        with self._idle:
            is_idle = self._idle.wait_for(lambda: not self._waiting, timeout_s)
        return self._flush() and is_idle

    def close(self) -> None:
        """End the threads, bounded, and tell what was counted; may be called twice."""
        with self._lock:
            is_first, self._is_closed = not self._is_closed, True
            threads = self._threads
        if not is_first:
            return
        for waiting in (self._reads, self._suspects):
            _wake(waiting)
        end = time.monotonic() + STOP_S_MAX
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))
        with self._lock:
            # What nobody looked at any more was dropped.
            self._dropped, self._waiting = self._dropped + self._waiting, 0
            self._idle.notify_all()
        self._flush()
        for store in self._stores.values():
            store.close()

    # ---- the thread that compares ---------------------------------------------------------------

    def _compare_all(self) -> None:
        due_s = time.monotonic() + self._settings.flush_s
        while not self._is_closed:
            try:
                read = self._reads.get(timeout=_IDLE_S)
            except queue.Empty:
                read = None
            if read is not None:
                self._compare(read)
            if time.monotonic() >= due_s:
                self._flush()
                due_s = time.monotonic() + self._settings.flush_s

    def _compare(self, read: _Read) -> None:
        verdict: Verdict | None
        try:
            verdict = self._look(read)
        except Refusal:
            # Without the target's catalog nothing can be compared.
            verdict = Verdict(table=table_of(read.message), comparison=Comparison.UNSETTLED)
        except Exception as error:  # noqa: BLE001 - the edge of a task
            verdict = self._failed(table_of(read.message), error)
        if verdict is not None:
            self._count(verdict, read.stage)

    def _look(self, read: _Read) -> Verdict | None:
        """Compare a read; None if it must be settled first."""
        if len(read.reply.body) > self._settings.body_bytes_max:
            table = table_of(read.message)
            return Verdict(table=table, comparison=Comparison.SKIPPED, doubts=("too large",))
        primary, secondary = read.primary, read.primary.other
        if read.answered_by is primary:
            pair = read.reply, self._ask(secondary, read.message)
        else:
            pair = self._ask(primary, read.message), read.reply
        verdict = compare(read.message, *pair, self._reading(primary))
        if verdict.comparison is not Comparison.MISMATCH:
            return verdict
        suspect = Suspect(
            message=read.message, table=verdict.table, stage=read.stage, primary=primary
        )
        try:
            self._suspects.put_nowait(suspect)
        except queue.Full:
            return Verdict(table=verdict.table, comparison=Comparison.UNSETTLED)
        return None

    # ---- the thread that settles ----------------------------------------------------------------

    def _settle_all(self) -> None:
        while not self._is_closed:
            suspects = self._some_suspects()
            if suspects:
                self._settle(suspects)

    def _some_suspects(self) -> list[Suspect]:
        found: list[Suspect] = []
        try:
            one = self._suspects.get(timeout=_IDLE_S)
            while one is not None:
                found.append(one)
                if len(found) == _TOGETHER_MAX:
                    break
                one = self._suspects.get_nowait()
        except queue.Empty:
            pass
        return found

    def _settle(self, suspects: list[Suspect]) -> None:
        try:
            verdicts = settle(suspects, self._ask, self._confirm, self._reading, self._known)
        except Exception as error:  # noqa: BLE001 - the edge of a task
            verdicts = [self._failed(one.table, error) for one in suspects]
        for suspect, verdict in zip(suspects, verdicts, strict=True):
            self._count(verdict, suspect.stage)

    def _confirm(self) -> bool:
        return not self._is_closed and self._link.confirm(self._settings.confirm_timeout_s)

    # ---- both -----------------------------------------------------------------------------------

    def _ask(self, side: Side, message: Message) -> Reply:
        marked = replace(message, headers=(*message.headers, (HEADER, "1")), origin=None)
        return self._stores[side].send(marked)

    def _reading(self, primary: Side) -> Reading:
        return Reading(
            snapshot=self._target.snapshot(),
            api=self._settings.api,
            primary=primary,
            source_rows_max=self._settings.source_rows_max,
            hash_key=self._link.shadow_key,
            keeps_values=self._values is not None,
        )

    def _failed(self, table: str, error: Exception) -> Verdict:
        self._observer(ShadowFailed(table=table, error=type(error).__name__))
        return Verdict(table=table, comparison=Comparison.UNSETTLED)

    def _count(self, verdict: Verdict, stage: Stage) -> None:
        """Count a verdict and tell it."""
        is_mismatch = verdict.comparison is Comparison.MISMATCH
        if self._guard is not None and (is_mismatch or verdict.comparison is Comparison.EQUAL):
            self._guard.compared(is_mismatch)
        if self._values is not None and is_mismatch:
            self._values.write(verdict.differences)
        self._observer(
            ShadowCompared(
                table=verdict.table,
                comparison=verdict.comparison,
                classes=verdict.classes,
                columns=verdict.columns,
            )
        )
        with self._idle:
            self._tally.add(verdict, stage)
            self._waiting -= 1
            if not self._waiting:
                self._idle.notify_all()

    def _flush(self) -> bool:
        """Tell the control tables what was counted; keep it if they can't be told."""
        with self._lock:
            tally, self._tally = self._tally, Tally()
            dropped, self._dropped = self._dropped, 0
        if dropped:
            tally.count(UNPARSED, "dropped", dropped)
            self._observer(ShadowDropped(count=dropped))
        if not tally.counts or self._link.report_shadow(tally.counts, tally.mismatches()):
            return True
        with self._lock:
            self._tally.take_back(tally)
        return False


def _wake(waiting: "queue.Queue[Any]") -> None:
    """Let a thread that waits see that there is no more."""
    try:
        waiting.put_nowait(None)
    except queue.Full:
        # Whoever reads a full queue looks at the end of each item.
        return

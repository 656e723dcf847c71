"""Progress: observations of a running move, as a live table, as lines, or as JSON lines."""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from changeover.cli.plain import plain
from changeover.cli.printer import printable
from changeover.model.observation import (
    CopyProgressed,
    CopyThrottled,
    MarkerReturned,
    MirrorFailed,
    Observation,
    PhaseChanged,
    RangeVerified,
    RoundFinished,
    StatementSlow,
    SwapMoved,
)
from changeover.model.routing_observation import (
    BreakerChanged,
    RolloutLowered,
    RoutingObservation,
)

INTERVAL_S: Final = 5.0
REFRESH_PER_S: Final = 4
TABLES_SHOWN: Final = 3


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was seen of one table.

    Attributes:
        rows: Rows copied or compared since this command began.
        done: Ranges that are done.
        total: Ranges that are known; 0 where nobody knows.
        differing: Ranges that were not equal.
    """

    rows: int = 0
    done: int = 0
    total: int = 0
    differing: int = 0

    def text(self) -> str:
        """Return it in words."""
        of = f"/{self.total}" if self.total else ""
        differing = f", {self.differing} unequal" if self.differing else ""
        return f"{self.done}{of} ranges, {self.rows:,} rows{differing}"


@dataclass(slots=True, kw_only=True)
class Picture:
    """What stands on the screen: the last state of everything that was observed."""

    tables: dict[str, Tally] = field(default_factory=dict)
    rounds: int = 0
    keys: int = 0
    marker_ms: float | None = None
    waiting: str = ""

    def take(self, seen: Observation) -> str:
        """Take in an observation.

        Returns:
            A line that is worth printing at once, or nothing.
        """
        match seen:
            case CopyProgressed():
                self._copied(seen)
            case RangeVerified():
                self._verified(seen)
            case RoundFinished():
                self.rounds, self.keys = self.rounds + 1, self.keys + seen.keys
            case MarkerReturned():
                self.marker_ms = seen.lag_ms
            case CopyThrottled():
                is_new, self.waiting = self.waiting != seen.reason, seen.reason
                return f"waiting: {seen.reason}" if is_new and seen.reason else ""
            case _:
                return event_line(seen)
        return ""

    def lines(self) -> list[str]:
        """Return the whole picture as lines."""
        found = [f"{name}: {tally.text()}" for name, tally in self.tables.items()]
        if self.rounds:
            found.append(f"mirror: {self.rounds:,} rounds, {self.keys:,} keys")
        if self.marker_ms is not None:
            found.append(f"marker: back after {self.marker_ms:.0f} ms")
        if self.waiting:
            found.append(f"waiting: {self.waiting}")
        return found

    def summary(self) -> str:
        """Return the whole picture as one line."""
        open_tables = [n for n, t in self.tables.items() if not t.total or t.done < t.total]
        closed = len(self.tables) - len(open_tables)
        has_totals = any(tally.total for tally in self.tables.values())
        count = f"{closed}/{len(self.tables)}" if has_totals else f"{len(self.tables)}"
        parts = [f"{count} tables"] if self.tables else []
        parts += [f"{name} {self.tables[name].text()}" for name in open_tables[-TABLES_SHOWN:]]
        return "; ".join([*parts, *self.lines()[len(self.tables) :]])

    def _copied(self, seen: CopyProgressed) -> None:
        self.waiting = ""
        tally = self.tables.setdefault(str(seen.table), Tally())
        tally.rows += seen.rows
        tally.done, tally.total = max(tally.done, seen.ranges_done), seen.ranges_total

    def _verified(self, seen: RangeVerified) -> None:
        tally = self.tables.setdefault(str(seen.table), Tally())
        tally.rows += seen.rows
        tally.done += 1
        tally.differing += not seen.is_equal


def event_line(
    seen: PhaseChanged | SwapMoved | MirrorFailed | StatementSlow | RoutingObservation,
) -> str:
    """Return the line of something that happens once; nothing for what happens at every call."""
    line = ""
    match seen:
        case PhaseChanged():
            line = f"{seen.name}: {seen.state}"
        case SwapMoved():
            line = f"{seen.kind} {seen.swap_id}: {seen.phase}"
        case MirrorFailed():
            line = f"mirror {seen.direction}: {seen.code} {seen.message}"
        case StatementSlow():
            line = f"slow: {seen.method} {seen.table}: {seen.duration_ms:.0f} ms"
        case RolloutLowered():
            line = f"rollout lowered: {seen.reason}"
        case BreakerChanged():
            line = f"breaker of the {seen.side}: {seen.state}"
        case _:
            pass
    return line


class Progress:
    """An observer that shows; a context manager that ends what it shows.

    It may be called from any thread.
    """

    def __init__(self, out: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Show on a terminal, or a line every few seconds where there is none."""
        self._out = out
        self._clock = clock
        self._lock = threading.Lock()
        self._picture = Picture()
        self._said = ""
        self._said_at = clock()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None
            elif self._picture.summary() != self._said:
                self._say(self._picture.summary())

    def __call__(self, seen: Observation) -> None:
        """Take in an observation and show it if it is time."""
        with self._lock:
            line = self._picture.take(seen)
            if line:
                self._print(line)
            if self._out.is_terminal:
                self._redraw()
            elif self._clock() - self._said_at >= INTERVAL_S:
                self._say(self._picture.summary())

    def _redraw(self) -> None:
        if not self._picture.lines():
            return
        if self._live is None:
            self._live = Live(
                console=self._out,
                refresh_per_second=REFRESH_PER_S,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        grid = Table(box=None, pad_edge=False)
        for line in self._picture.lines():
            grid.add_row(Text(printable(line)))
        self._live.update(grid)

    def _say(self, line: str) -> None:
        self._said_at = self._clock()
        if line and line != self._said:
            self._said = line
            self._print(line)

    def _print(self, line: str) -> None:
        at = "" if self._out.is_terminal else f"{_now():%H:%M:%SZ} "
        self._out.print(Text(at + printable(line)), soft_wrap=True)


def json_lines(seen: Observation) -> None:
    """Write an observation to stderr as a line of JSON; rounds that moved nothing are left out."""
    if isinstance(seen, RoundFinished) and not seen.keys:
        return
    content = {"event": type(seen).__name__, "at": _now().isoformat(), **plain(seen)}
    sys.stderr.write(json.dumps(content, ensure_ascii=False) + "\n")
    sys.stderr.flush()


def _now() -> datetime:
    return datetime.now(UTC)

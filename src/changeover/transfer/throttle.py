"""Why the copy should wait: any one factor is enough, and one that can't be read is a reason too.

A throttled copy begins no range; ranges under way end. It waits as long as the reason lasts and
says so again and again: whether to go on is the operator's to decide, by the knobs.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from changeover.control.move import Connection, Move
from changeover.database import connect, fixed
from changeover.database.errors import translated
from changeover.model.errors import ChangeoverError
from changeover.model.observation import CopyThrottled
from changeover.model.side import Side
from changeover.transfer.knob import Knobs, read_knobs

_ROOM: Final = "changeover.transfer"
PROBE_TIMEOUT_MS: Final = 5000
SAID_AGAIN_S: Final = 10.0

Factor = Callable[["Probe", Knobs], str | None]
"""Returns the reason to wait, or None; raises where it can't tell."""


class Probe:
    """Sessions that the factors look through; each is opened when needed and after it broke."""

    def __init__(self, move: Move) -> None:
        """Remember how to connect; nothing is opened yet."""
        self._move = move
        self._open: dict[Side, Connection] = {}

    def session(self, side: Side) -> Connection:
        """Return an open session of the mirror's login.

        Raises:
            CannotConnectError: If there is none to be had.
        """
        connection = self._open.get(side)
        if connection is None or connection.closed:
            connection = connect(
                self._move.mirror_endpoint(side),
                "copy-probe",
                statement_timeout_ms=PROBE_TIMEOUT_MS,
                lock_timeout_ms=PROBE_TIMEOUT_MS,
            )
            self._open[side] = connection
        return connection

    def close(self) -> None:
        """Close what is open."""
        for connection in self._open.values():
            connection.close()


def paused(_probe: Probe, knobs: Knobs) -> str | None:
    """Wait while an operator has paused the copy."""
    return "paused by an operator" if knobs.paused or knobs.workers == 0 else None


def source_latency(probe: Probe, knobs: Knobs) -> str | None:
    """Wait while the source is slow to commit: its applications feel that, not how it reads."""
    source = probe.session(Side.SOURCE)
    begun = time.monotonic()
    with translated(Side.SOURCE, "measuring its latency"):
        source.execute(fixed(_ROOM, "force_flush"))
    latency_ms = 1000 * (time.monotonic() - begun)
    if latency_ms <= knobs.source_latency_ms_max:
        return None
    return f"source latency is {latency_ms:.0f} ms, at most {knobs.source_latency_ms_max:g} ms"


def source_connections(probe: Probe, knobs: Knobs) -> str | None:
    """Wait while the source's connections run short."""
    with translated(Side.SOURCE, "counting its connections"):
        row = probe.session(Side.SOURCE).execute(fixed(_ROOM, "read_connections")).fetchone()
    assert row is not None, "an aggregate returns one row"
    if row[0] <= knobs.source_connections_percent_max:
        return None
    return (
        f"{row[0]:.0f} % of the source's connections are used, "
        f"at most {knobs.source_connections_percent_max:g} %"
    )


def log_depth(probe: Probe, knobs: Knobs) -> str | None:
    """Wait while too many keys wait in the source's change log, if there is a limit."""
    if knobs.lag_keys_max == 0:
        return None
    with translated(Side.SOURCE, "counting its change log"):
        row = (
            probe.session(Side.SOURCE)
            .execute(fixed(_ROOM, "count_changes"), {"limit": knobs.lag_keys_max + 1})
            .fetchone()
        )
    assert row is not None, "count returns one row"
    if row[0] <= knobs.lag_keys_max:
        return None
    return f"more than {knobs.lag_keys_max} keys wait in the source's change log"


def disk(_probe: Probe, knobs: Knobs) -> str | None:
    """Wait while the disk that the operator named is nearly full."""
    if not knobs.disk_path:
        return None
    usage = shutil.disk_usage(knobs.disk_path)
    free_percent = 100 * usage.free / usage.total
    if free_percent >= knobs.disk_free_percent_min:
        return None
    return f"{free_percent:.1f} % of the disk is free, at least {knobs.disk_free_percent_min:g} %"


FACTORS: Final[Sequence[Factor]] = (paused, source_latency, source_connections, log_depth, disk)


class Throttle:
    """Tells whether the copy should wait; reads its factors once per interval."""

    def __init__(self, move: Move, *, factors: Sequence[Factor] = FACTORS) -> None:
        """Read nothing yet.

        Args:
            move: The move.
            factors: What may make the copy wait, asked in this order.
        """
        self._move = move
        self._factors = factors
        self._probe = Probe(move)
        self._interval_s = move.settings.copy.throttle_interval_ms / 1000
        self._read_at = float("-inf")
        self._said_at = float("-inf")
        self._reason: str | None = None
        self.workers = move.settings.copy.workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._probe.close()

    def reason(self) -> str | None:
        """Return why the copy should wait, or None; at most one interval old."""
        now = time.monotonic()
        if now - self._read_at < self._interval_s:
            return self._reason
        before = self._reason
        self._reason = self._ask()
        self._read_at = time.monotonic()
        is_due = _kind(before) != _kind(self._reason) or now - self._said_at > SAID_AGAIN_S
        if self._reason is not None and is_due:
            self._said_at = now
            self._move.observer(CopyThrottled(reason=self._reason))
        return self._reason

    def _ask(self) -> str | None:
        """Ask every factor until one has a reason; one that can't tell is a reason."""
        name = "knobs"
        try:
            knobs = read_knobs(self._probe.session(Side.TARGET), self._move.settings.copy)
            self.workers = min(self._move.settings.copy.workers, knobs.workers)
            for factor in self._factors:
                name = factor.__name__.replace("_", " ")
                reason = factor(self._probe, knobs)
                if reason is not None:
                    return reason
        except ChangeoverError as error:
            return f"{name}: unreadable: {error.message}"
        except OSError as error:
            return f"{name}: unreadable: {error.strerror}"
        return None


def _kind(reason: str | None) -> str | None:
    """Return a reason without its figures, so that a moving figure is not said each time."""
    return None if reason is None else reason.translate(dict.fromkeys(map(ord, "0123456789.")))

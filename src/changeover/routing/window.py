"""Sliding windows of what a client's reads did: how many, how many failed, how long they took.

Pure: time comes in as a value, and turns the window. Counting costs well under 2 µs: a step or two
into lists. Threads may count at once; a step that two of them lose is of no account here.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Final

SLOTS: Final = 10
"""A window slides by a tenth of itself."""
BINS_PER_OCTAVE: Final = 8
"""Times are told apart by 9 %."""
_OCTAVES_BELOW_S: Final = 20
_BINS: Final = 32 * BINS_PER_OCTAVE
_ORIGIN: Final = _OCTAVES_BELOW_S * BINS_PER_OCTAVE
SECONDS_MIN: Final = 2.0**-_OCTAVES_BELOW_S
SECONDS_MAX: Final = 2.0**11


@dataclass(slots=True)
class Meter:
    """What one side did during a while.

    Attributes:
        count: Reads.
        errors: Those that failed.
        bins: Those that did not, by how long they took; each bin is 9 % longer than the one before.
    """

    count: int = 0
    errors: int = 0
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)

    def add(self, is_error: bool, seconds: float) -> None:  # noqa: FBT001 - on the hot path
        """Count a read.

        Args:
            is_error: Whether it failed; how long that took is not counted.
            seconds: How long it took.
        """
        self.count += 1
        if is_error:
            self.errors += 1
            return
        if not SECONDS_MIN < seconds < SECONDS_MAX:
            seconds = SECONDS_MIN if seconds <= SECONDS_MIN else SECONDS_MAX / 2
        self.bins[int(log2(seconds) * BINS_PER_OCTAVE + _ORIGIN)] += 1

    @property
    def answered(self) -> int:
        """How many did not fail."""
        return self.count - self.errors

    def quantile(self, share: float) -> float:
        """Return how long a share of the reads took at most, in seconds; 0 if there were none.

        Args:
            share: Above 0, at most 1.
        """
        total = sum(self.bins)
        rank, before = share * total, 0
        for at, count in enumerate(self.bins):
            if count and before + count >= rank:
                inside = (rank - before) / count
                return float(2.0 ** ((at - _ORIGIN + inside) / BINS_PER_OCTAVE))
            before += count
        return 0.0


def merged(meters: Sequence[Meter]) -> Meter:
    """Return what several whiles make together."""
    return Meter(
        count=sum(one.count for one in meters),
        errors=sum(one.errors for one in meters),
        bins=[sum(counts) for counts in zip(*(one.bins for one in meters), strict=True)],
    )


@dataclass(slots=True)
class Slot:
    """A tenth of a window.

    Attributes:
        source: Reads that the source answered.
        target: Reads that the target answered.
        compared: Reads that were compared on both sides.
        mismatches: Those whose difference is settled.
    """

    source: Meter = field(default_factory=Meter)
    target: Meter = field(default_factory=Meter)
    compared: int = 0
    mismatches: int = 0


def together(slots: Sequence[Slot]) -> Slot:
    """Return what slots make together."""
    return Slot(
        source=merged([one.source for one in slots]),
        target=merged([one.target for one in slots]),
        compared=sum(one.compared for one in slots),
        mismatches=sum(one.mismatches for one in slots),
    )


class Window:
    """The last `SLOTS` slots, the newest of which still grows.

    Attributes:
        current: The slot that counts now.
    """

    def __init__(self, seconds: float) -> None:
        """Begin at the first turn.

        Args:
            seconds: How long a window is.
        """
        self._slot_s = seconds / SLOTS
        self._slots: deque[Slot] = deque(maxlen=SLOTS)
        self._turned_at: float | None = None
        self.current = Slot()
        self._slots.append(self.current)

    def turn(self, now: float) -> int:
        """Begin a new slot for each tenth that is over; return how many began.

        Args:
            now: Seconds of a clock that never goes back.
        """
        if self._turned_at is None:
            self._turned_at = now
            return 0
        turns = int((now - self._turned_at) / self._slot_s)
        self._turned_at += turns * self._slot_s
        for _ in range(min(turns, SLOTS)):
            self._begin()
        return turns

    def clear(self) -> None:
        """Forget all slots."""
        self._slots.clear()
        self._begin()

    def _begin(self) -> None:
        self.current = Slot()
        self._slots.append(self.current)

    def whole(self) -> Slot:
        """Return what all slots make together."""
        return together(tuple(self._slots))

    def latest(self, count: int) -> tuple[Slot, ...]:
        """Return the latest slots that are over; none if there are not so many.

        Args:
            count: How many.
        """
        over = tuple(self._slots)[:-1]
        return over[-count:] if len(over) >= count else ()

"""Guard rails: whether the target serves worse than it may, from what one client sees.

Pure: time comes in as a value. Each rail must stand still under noise and move within one window
under a fault. The rail of latency asks for most: without a break for more than half a window the
median must have risen, and the tail with it, against the target's own earlier windows and against
what the source did meanwhile. A machine that is busy slows both sides, and not for long.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low
from typing import Final

from changeover.model.side import Side
from changeover.routing.window import SLOTS, Meter, Slot, Window, together

READS_MIN: Final = 200
"""A window with fewer reads is judged as if it had so many: one error of 20 reads is no rate."""
COMPARED_MIN: Final = 1000
"""The same for reads that were compared; each mismatch is settled, so one may well be enough."""
TIMED_MIN: Final = 100
"""Fewer reads have no slowest hundredth."""
SLOW_SLOTS: Final = 6
"""So many tenths of a window in a row must be slow."""
RECENT_SLOTS: Final = 3
"""Mismatches are also looked for in the latest tenths alone, where earlier reads dilute nothing."""
SLOT_READS_MIN: Final = 15
"""A tenth with fewer reads neither accuses nor excuses."""
BASELINES_MIN: Final = 2
BASELINES_MAX: Final = 20


class Rail(StrEnum):
    """What is watched."""

    ERRORS = "errors"
    LATENCY = "latency"
    MISMATCHES = "mismatches"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """What is allowed.

    Attributes:
        window_s: The window, in seconds.
        error_rate_max: Share of failed reads of the target.
        latency_ratio_max: Ratio of the target's median and slowest hundredth to its own earlier.
        mismatch_rate_max: Share of compared reads whose difference is settled.
    """

    window_s: float = 30.0
    error_rate_max: float = 0.01
    latency_ratio_max: float = 2.0
    mismatch_rate_max: float = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rail that did not hold.

    Attributes:
        rail: Which one.
        reason: What was measured and what is allowed.
    """

    rail: Rail
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speed:
    """How fast a side was in a window, in seconds: its median, its slowest tenth and hundredth."""

    median: float
    tenth: float
    hundredth: float

    @classmethod
    def of(cls, meter: Meter) -> "_Speed | None":
        if meter.answered < TIMED_MIN:
            return None
        return cls(
            median=meter.quantile(0.5), tenth=meter.quantile(0.9), hundredth=meter.quantile(0.99)
        )

    def is_beyond(self, usual: "_Speed", ratio: float) -> bool:
        """Return whether the median rose by more than a ratio, and the tail with it.

        The tail is the slowest hundredth, or the slow tenth: a client's own pauses, which no target
        can double, are often longer than any read, and then they are the slowest hundredth.
        """
        has_tail = self.hundredth > ratio * usual.hundredth or self.tenth > ratio * usual.tenth
        return has_tail and self.median > ratio * usual.median


class _Baseline:
    """How fast a side was in its earlier good windows."""

    def __init__(self) -> None:
        self._speeds: deque[_Speed] = deque(maxlen=BASELINES_MAX)

    def add(self, meter: Meter) -> None:
        speed = _Speed.of(meter)
        if speed is not None:
            self._speeds.append(speed)

    def usual(self) -> _Speed | None:
        """Return the usual speed; None until there are enough windows."""
        if len(self._speeds) < BASELINES_MIN:
            return None
        return _Speed(
            median=median_low(one.median for one in self._speeds),
            tenth=median_low(one.tenth for one in self._speeds),
            hundredth=median_low(one.hundredth for one in self._speeds),
        )


class GuardRail:
    """Counts what reads did and says when the target serves worse than it may."""

    def __init__(self, settings: GuardSettings | None = None) -> None:
        """Begin without a baseline; the rail of latency says nothing until it has one.

        Args:
            settings: What is allowed.
        """
        self._settings = settings or GuardSettings()
        self._window = Window(self._settings.window_s)
        self._baselines = {side: _Baseline() for side in Side}
        self._turns = 0

    def operation(self, side: Side, is_error: bool, seconds: float) -> None:  # noqa: FBT001 - hot
        """Count a read.

        Args:
            side: Who was asked.
            is_error: Whether it failed in a way that the other side would not have.
            seconds: How long it took.
        """
        slot = self._window.current
        (slot.target if side is Side.TARGET else slot.source).add(is_error, seconds)

    def compared(self, is_mismatch: bool) -> None:  # noqa: FBT001 - the contract's
        """Count a read that was compared on both sides.

        Args:
            is_mismatch: Whether the answers differ, settled.
        """
        slot = self._window.current
        slot.compared += 1
        if is_mismatch:
            slot.mismatches += 1

    def reset(self) -> None:
        """Forget the window, as after a change of the rollout; what is usual stays known."""
        self._window.clear()
        self._turns = 0

    def breach(self, now: float) -> Breach | None:
        """Turn the window and return the first rail that does not hold, once.

        Args:
            now: Seconds of a clock that never goes back. Call it several times per window.
        """
        whole = self._window.whole()
        recent = together(self._window.latest(RECENT_SLOTS))
        found = (
            self._errors(whole)
            or self._mismatches(whole)
            or self._mismatches(recent)
            or self._latency()
        )
        turns = self._window.turn(now)
        if found is not None:
            self.reset()
            return found
        self._turns += turns
        if self._turns >= SLOTS:
            self._turns = 0
            self._baselines[Side.SOURCE].add(whole.source)
            self._baselines[Side.TARGET].add(whole.target)
        return None

    def _errors(self, whole: Slot) -> Breach | None:
        meter, allowed = whole.target, self._settings.error_rate_max
        if meter.errors <= allowed * max(meter.count, READS_MIN):
            return None
        # Where the source fails as often the fault is not the target's.
        source = whole.source
        if source.errors * meter.count * 2 > meter.errors * max(source.count, READS_MIN):
            return None
        return Breach(
            rail=Rail.ERRORS,
            reason=f"{meter.errors} of {meter.count} reads of the target failed within "
            f"{self._settings.window_s:g} s, {allowed:.2%} are allowed",
        )

    def _mismatches(self, whole: Slot) -> Breach | None:
        allowed = self._settings.mismatch_rate_max
        if whole.mismatches <= allowed * max(whole.compared, COMPARED_MIN):
            return None
        return Breach(
            rail=Rail.MISMATCHES,
            reason=f"{whole.mismatches} of {whole.compared} compared reads differ, settled, within "
            f"{self._settings.window_s:g} s at most, {allowed:.2%} are allowed",
        )

    def _latency(self) -> Breach | None:
        usual, slots = self._baselines[Side.TARGET].usual(), self._window.latest(SLOW_SLOTS)
        if usual is None or not slots:
            return None
        latest = together(slots)
        speed, allowed = _Speed.of(latest.target), self._settings.latency_ratio_max
        ratio = allowed * self._burden(latest.source)
        if speed is None or not speed.is_beyond(usual, ratio):
            return None
        known = [one.target for one in slots if one.target.answered >= SLOT_READS_MIN]
        if any(one.quantile(0.5) <= ratio * usual.median for one in known):
            return None
        return Breach(
            rail=Rail.LATENCY,
            reason=f"reads of the target take {speed.median * 1000:.1f} ms, the slowest hundredth "
            f"{speed.hundredth * 1000:.1f} ms, usually {usual.median * 1000:.1f} and "
            f"{usual.hundredth * 1000:.1f} ms; {allowed:g} times as long is allowed",
        )

    def _burden(self, source: Meter) -> float:
        """Return how many times slower the source's median is than usual; at least 1."""
        usual, speed = self._baselines[Side.SOURCE].usual(), _Speed.of(source)
        if usual is None or speed is None:
            return 1.0
        return max(1.0, speed.median / usual.median)

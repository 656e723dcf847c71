"""From what a run has found to its report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from salon.demo import judge
from salon.demo.authority import Chronicle
from salon.demo.comparison import TableComparison
from salon.demo.gap import SwapWindow, swap_gaps
from salon.demo.ledger import INTENDED, Record
from salon.demo.process import at_s, read_events
from salon.demo.report import LagPoint, Refusal, Report
from salon.demo.scene import Scene
from salon.demo.walk import StageSeen

BREAKS: Final[Mapping[str, str]] = {
    "mirror": "mirror.skips_rows",
    "verify": "verify.sees_nothing",
    "fence": "fence.stays_open",
    "booking": "booking.is_lost",
}
"""Switches of ``--break``, and the fault point that each arms in every command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is made.

    Attributes:
        writers: Writer processes.
        rate_per_s: Writes a second of all of them together.
        calls_per_s: Calls of the application's data layer a second, of all its processes together.
        scale: Factor on the sample.
        seconds_scale: Factor on the time that is only spent writing.
        seconds_max: Longest run, set-up apart.
        broken: A key of BREAKS, or None.
    """

    writers: int = 8
    rate_per_s: float = 200.0
    calls_per_s: float = 80.0
    scale: float = 10.0
    seconds_scale: float = 1.0
    seconds_max: float = 300.0
    broken: str | None = None

    @property
    def faults(self) -> str:
        """The fault points that are armed."""
        return BREAKS[self.broken] if self.broken else ""


@dataclass(slots=True)
class Found:
    """What the journey has found so far; None is not measured.

    Attributes:
        windows: The swaps that were made.
        opened_s: When each gave the authority on, in seconds since 1970.
        chronicle: Who had the authority when; None until both sides are guarded.
        mirror_events: The file with the mirror's events, once it runs.
        stages: What was seen in each stage.
    """

    rows_copied: int | None = None
    verify_differences: int | None = None
    verify_missed: int | None = None
    books_unbalanced: int | None = None
    tables: tuple[TableComparison, ...] | None = None
    windows: list[SwapWindow] = field(default_factory=list)
    opened_s: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    refused: Refusal | None = None
    chronicle: Chronicle | None = None
    mirror_events: Path | None = None
    stages: tuple[StageSeen, ...] = ()

    @property
    def differences(self) -> int | None:
        """What verify and our own comparison found, or None where one could not be made."""
        if self.tables is None or self.verify_differences is None:
            return None
        return self.verify_differences + sum(one.differences for one in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """When the run began, by both clocks."""

    monotonic_s: float
    wall_s: float


def conclude(
    scene: Scene, options: Options, found: Found, began: Began, *, seconds_in_all: float
) -> Report:
    """Judge a run; its writers have ended."""
    counted = judge.count(scene, found.chronicle)
    judgement = counted.judgement
    lag = _lag(found.mirror_events, began)
    return Report(
        rows_copied=found.rows_copied,
        seconds=found.seconds,
        acknowledged_writes=judgement.acknowledged,
        unknown_writes=judgement.unknown,
        lost_writes=len(judgement.lost),
        extra_rows=len(judgement.extra) + len(judgement.doubled) + counted.doubled_effects,
        differences=found.differences,
        failed_writes=len(judgement.failed),
        two_authorities=counted.two_authorities,
        twin_disagreements=counted.twin_disagreements,
        verify_missed=found.verify_missed,
        books_unbalanced=found.books_unbalanced,
        caller_errors=_sum(one.caller_errors for one in found.stages),
        own_write_violations=_sum(one.own_write_violations for one in found.stages),
        mismatches=_sum(one.mismatches for one in found.stages),
        stages=[one.to_value() for one in found.stages],
        mirror_lag_ms_max=max((point.lag_ms for point in lag), default=None),
        swaps=[_swap_value(counted.records, window) for window in found.windows],
        seconds_in_all=round(seconds_in_all, 1),
        repeated_writes=judgement.repeated,
        twin_looks=counted.twin_looks,
        final_primary=str(judge.read_primary(scene)),
        broken_on_purpose=options.faults or None,
        refused=found.refused,
        writes_by_kind=dict(Counter(r.kind for r in counted.records if r.state == INTENDED)),
        tables=[
            {"table": one.table, "rows": list(one.rows), "differences": one.differences}
            for one in found.tables or ()
        ],
        lag=lag,
        swapped_at_s=[round(opened_s - began.wall_s, 2) for opened_s in found.opened_s],
    )


def _sum(values: Iterable[int | None]) -> int | None:
    """Return the sum; None where one is not known, or where there is nothing."""
    known = list(values)
    return None if not known or None in known else sum(filter(None, known))


def _lag(events: Path | None, began: Began) -> tuple[LagPoint, ...]:
    if events is None:
        return ()
    return tuple(
        LagPoint(
            at_s=round(at_s(event) - began.wall_s, 3),
            lag_ms=round(event["lag_ms"], 1),
            direction=event["direction"],
        )
        for event in read_events(events)
        if event["event"] == "MarkerReturned"
    )


def _swap_value(records: tuple[Record, ...], window: SwapWindow) -> dict[str, Any]:
    gaps = swap_gaps(records, window)
    return {
        "kind": gaps.kind,
        "write_gap_ms_p50": gaps.percentile_ms(50),
        "write_gap_ms_p99": gaps.percentile_ms(99),
        "write_gap_ms_max": gaps.percentile_ms(100),
        "write_gaps_ms": {str(writer): value for writer, value in gaps.by_writer_ms.items()},
    }

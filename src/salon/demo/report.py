"""The report: what was counted, what it should be, and which key is red."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

MUST_BE_ZERO: Final[Mapping[str, str]] = {
    "lost_writes": "acknowledged, and not on the final primary",
    "extra_rows": "on the final primary, and never intended, refused to the end, or doubled",
    "differences": "rows that source and target don't have alike, by verify and by hand-made SQL",
    "failed_writes": "neither acknowledged nor unknown in the end",
    "two_authorities": "writes that a side took while it had no authority",
    "twin_disagreements": "twin rows that a reader saw apart in one snapshot",
    "verify_missed": "planted differences that verify did not name",
    "books_unbalanced": "batches of the mirror that are not booked alike on both sides",
    "caller_errors": "calls of the application that ended with an error",
    "own_write_violations": "calls that showed a user less than they had written",
    "mismatches": "settled differences between the answers of both sides",
}
"""The keys that decide, and what each counts. None means: could not be measured, which is red."""

STAGE_COLUMNS: Final[Mapping[str, str]] = {
    "calls": "requests",
    "errors": "caller_errors",
    "stale own reads": "own_write_violations",
    "mismatches": "mismatches",
    "by source": "answered_by_source",
    "by target": "answered_by_target",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
}
"""What is shown of a stage: a heading, and the key of `stages` below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Where the journey ended early.

    Attributes:
        phase: The phase.
        complaint: What the command said: code, fact, next act.
    """

    phase: str
    complaint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LagPoint:
    """A marker that came back.

    Attributes:
        at_s: Seconds since the run began.
        lag_ms: How long it took from the primary to the secondary.
        direction: ``forward`` or ``reverse``.
    """

    at_s: float
    lag_ms: float
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run came to. Attributes are the keys of `report.json`."""

    rows_copied: int | None
    seconds: Mapping[str, float]
    acknowledged_writes: int
    unknown_writes: int
    lost_writes: int | None
    extra_rows: int | None
    differences: int | None
    failed_writes: int | None
    two_authorities: int | None
    twin_disagreements: int | None
    verify_missed: int | None
    books_unbalanced: int | None
    caller_errors: int | None
    own_write_violations: int | None
    mismatches: int | None
    stages: Sequence[Mapping[str, Any]]
    mirror_lag_ms_max: float | None
    swaps: Sequence[Mapping[str, Any]]
    seconds_in_all: float
    repeated_writes: int
    twin_looks: Mapping[str, int]
    final_primary: str
    broken_on_purpose: str | None
    refused: Refusal | None
    writes_by_kind: Mapping[str, int]
    tables: Sequence[Mapping[str, Any]]
    lag: Sequence[LagPoint] = ()
    swapped_at_s: Sequence[float] = ()
    red: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Name the red keys."""
        red = [key for key in MUST_BE_ZERO if getattr(self, key) != 0]
        if self.acknowledged_writes == 0:
            red.append("acknowledged_writes")
        if not all(stage["requests"] for stage in self.stages):
            red.append("stages")
        object.__setattr__(self, "red", tuple(red))

    @property
    def is_green(self) -> bool:
        """Whether the whole journey was made and every promise held."""
        return not self.red and self.refused is None

    @property
    def exit_code(self) -> int:
        """3 if anything was lost, differs, could not be measured or was refused."""
        return 0 if self.is_green else 3

    def to_value(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {"is_green": self.is_green, **asdict(self)}

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        text = json.dumps(self.to_value(), ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")

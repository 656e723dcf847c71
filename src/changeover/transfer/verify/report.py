"""What a verification found, as values that hold no key and no cell."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer.verify.divergence import Divergence, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanCount:
    """Rows of the secondary that refer to a row that is not there.

    Attributes:
        is_resting: The foreign key is taken off while this side is secondary.
        rows: How many; None where its definition is one that we can't count by.
    """

    table: TableName
    name: str
    is_resting: bool
    rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNote:
    """Whether a sequence of the secondary is past its column on both sides; cutover sets it.

    One whose value we may not read is not past.
    """

    sequence: TableName
    table: TableName
    column: str
    is_past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What was found in one table.

    Attributes:
        ranges: How many key ranges were digested on both sides.
        divergences: Settled differences.
        unsettled: Suspected rows that never stood still: unknown, so not equal.
        is_complete: False where there were more suspects than are listed; the counts are at least.
    """

    table: TableName
    table_id: int
    is_whole: bool
    rows_primary: int
    rows_secondary: int
    ranges: int
    divergences: tuple[Divergence, ...]
    unsettled: int
    is_complete: bool
    orphans: tuple[OrphanCount, ...]

    def rows(self, kind: Kind) -> int:
        """Return how many rows differ in one way."""
        return sum(found.rows for found in self.divergences if found.kind == kind)

    @property
    def is_equal(self) -> bool:
        """Whether every row was compared and none differs."""
        return not self.divergences and not self.unsettled and self.is_complete and self.ranges > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was found in all tables.

    Attributes:
        run_id: Its number in `changeover.verification`; 0 where nothing is installed yet.
        primary: The side that had the authority, all the time.
        hashing: How rows were hashed.
        demands_sequences: The secondary is about to be primary, so its sequences must be past.
    """

    run_id: int
    primary: Side
    epoch: int
    started_at: datetime
    finished_at: datetime
    hashing: str
    tables: tuple[TableReport, ...]
    sequences: tuple[SequenceNote, ...]
    demands_sequences: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether tables were compared, all of each, and no row differs or is unknown."""
        return bool(self.tables) and all(table.is_equal for table in self.tables)

    @property
    def unsettled(self) -> int:
        """How many suspected rows never stood still."""
        return sum(table.unsettled for table in self.tables)

    @property
    def differences(self) -> int:
        """How many rows differ."""
        return sum(table.rows(kind) for table in self.tables for kind in Kind)

    @property
    def orphans(self) -> tuple[OrphanCount, ...]:
        """All foreign keys that were counted."""
        return tuple(orphan for table in self.tables for orphan in table.orphans)

    @property
    def is_green(self) -> bool:
        """Whether the gate may pass."""
        is_past = all(note.is_past for note in self.sequences)
        return self.is_equal and (is_past or not self.demands_sequences)

    def to_json(self) -> str:
        """Return the report as JSON: counts, tables, columns, hashes of keys."""
        return json.dumps(self.to_value(), ensure_ascii=False, indent=2)

    def to_value(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "run_id": self.run_id,
            "primary": str(self.primary),
            "epoch": self.epoch,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "hashing": self.hashing,
            "is_green": self.is_green,
            "is_equal": self.is_equal,
            "differences": self.differences,
            "unsettled": self.unsettled,
            "tables": [_table_value(table) for table in self.tables],
            "sequences": [_sequence_value(note) for note in self.sequences],
        }


def _table_value(report: TableReport) -> dict[str, Any]:
    return {
        "table": {"schema": report.table.schema, "name": report.table.name},
        "is_equal": report.is_equal,
        "is_complete": report.is_complete,
        "is_whole": report.is_whole,
        "rows_primary": report.rows_primary,
        "rows_secondary": report.rows_secondary,
        "ranges": report.ranges,
        **{str(kind): report.rows(kind) for kind in Kind},
        "unsettled": report.unsettled,
        "divergences": [
            {
                "key_hash": found.key_hash,
                "kind": str(found.kind),
                "columns": list(found.columns),
                "rows": found.rows,
            }
            for found in report.divergences
        ],
        "orphans": [
            {"foreign_key": orphan.name, "is_resting": orphan.is_resting, "rows": orphan.rows}
            for orphan in report.orphans
        ],
    }


def _sequence_value(note: SequenceNote) -> dict[str, Any]:
    return {
        "sequence": {"schema": note.sequence.schema, "name": note.sequence.name},
        "table": {"schema": note.table.schema, "name": note.table.name},
        "column": note.column,
        "is_past": note.is_past,
    }

"""What differs between two answers, as values, and how often it was seen.

Pure. Names of tables and columns, classes and hashes of keys are in it; cells only where they were
asked for in so many words.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from changeover.model.routing_observation import Comparison
from changeover.model.side import Stage

DIFFERENCES_MAX: Final = 20
"""Of one answer; an answer without one right row need not be told row by row."""
HASH_BYTES: Final = 12
OTHERS: Final = "(others)"


class MismatchClass(StrEnum):
    """How two answers differ."""

    MISSING = "missing"
    """The secondary lacks a row."""
    EXTRA = "extra"
    """The secondary has a row too many."""
    VALUE = "value"
    ORDER = "order"
    ERROR = "error"
    """One side refuses, or both do in different ways."""
    CAP = "cap"
    """One side stopped at its cap on rows, the other did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference.

    Attributes:
        table: The table, or the function with brackets behind it.
        kind: Its class.
        columns: The members of a row that differ; for an order its keys; for an error what each
            side answered, the primary first.
        key_hash: A hash of the row's key; None where the answer does not show the key.
        values: The cells of both sides, as JSON, the primary first; only if they are to be kept.
    """

    table: str
    kind: MismatchClass
    columns: tuple[str, ...] = ()
    key_hash: str | None = None
    values: tuple[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a comparison has found so far.

    Attributes:
        hash_key: The move's own key; empty leaves hashes out.
        keeps_values: Whether cells are kept.
        doubts: Why something could not be told apart from a lawful difference.
    """

    hash_key: bytes = b""
    keeps_values: bool = False
    differences: list[Difference] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)

    def add(
        self,
        table: str,
        kind: MismatchClass,
        columns: Iterable[str] = (),
        key: Sequence[str] = (),
        values: tuple[str, str] | None = None,
    ) -> None:
        """Note a difference.

        Args:
            table: Where.
            kind: Its class.
            columns: What differs.
            key: The texts of the key's values; empty if it is not shown.
            values: The cells of both sides.
        """
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(
                Difference(
                    table=table,
                    kind=kind,
                    columns=tuple(columns),
                    key_hash=self._hash(table, key),
                    values=values if self.keeps_values else None,
                )
            )

    def _hash(self, table: str, key: Sequence[str]) -> str | None:
        """Return a hash of a key that nobody can look up who does not have the move's own key.

        Telephone numbers are few: a hash without a key would be undone by trying them all.
        """
        if not key or not self.hash_key:
            return None
        digest = hashlib.blake2b(key=self.hash_key, digest_size=HASH_BYTES)
        for part in (table, *key):
            encoded = part.encode(errors="surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of comparing two answers.

    Attributes:
        table: What was read.
        comparison: EQUAL, MISMATCH, SKIPPED (it can't be told), or UNSETTLED (a side was away, or
            both never stood still).
        differences: Of a MISMATCH; at most `DIFFERENCES_MAX`.
        doubts: Of a SKIPPED: why.
    """

    table: str
    comparison: Comparison
    differences: tuple[Difference, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the differences, sorted, each once."""
        return tuple(sorted({one.kind for one in self.differences}))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the differences, sorted, each once."""
        return tuple(sorted({name for one in self.differences for name in one.columns}))


@dataclass(slots=True)
class Tally:
    """Counts by table, and differences by what is known of them, until they are told.

    Attributes:
        rows_max: Most different differences that are kept; the rest is counted by table and class.
    """

    rows_max: int = 500
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str, tuple[str, ...], str | None, str], int] = field(default_factory=dict)

    def add(self, verdict: Verdict, stage: Stage) -> None:
        """Count a verdict."""
        if verdict.comparison in (Comparison.UNSETTLED, Comparison.SKIPPED):
            self.count(verdict.table, str(verdict.comparison))
            return
        self.count(verdict.table, "compared")
        if verdict.comparison is Comparison.EQUAL:
            self.count(verdict.table, "equal")
        for one in verdict.differences:
            self._add_row((one.table, str(one.kind), one.columns, one.key_hash, str(stage)), 1)

    def count(self, table: str, name: str, times: int = 1) -> None:
        """Count what became of a read.

        Args:
            table: What was read; beyond `rows_max` tables they are counted together.
            name: `compared`, `equal`, `unsettled`, `skipped` or `dropped`.
            times: How often.
        """
        if table not in self.counts and len(self.counts) >= self.rows_max:
            table = OTHERS
        found = self.counts.setdefault(table, {})
        found[name] = found.get(name, 0) + times

    def _add_row(self, row: tuple[str, str, tuple[str, ...], str | None, str], times: int) -> None:
        if row not in self.rows and len(self.rows) >= self.rows_max:
            table, kind, _, _, stage = row
            row = (table, kind, (), OTHERS, stage)
            if row not in self.rows and len(self.rows) >= 2 * self.rows_max:
                row = (OTHERS, kind, (), OTHERS, stage)
        self.rows[row] = self.rows.get(row, 0) + times

    def mismatches(self) -> list[dict[str, Any]]:
        """Return the differences as they are told."""
        return [
            {
                "table": table,
                "class": kind,
                "columns": list(columns),
                "key_hash": key_hash,
                "stage": stage,
                "times": times,
            }
            for (table, kind, columns, key_hash, stage), times in self.rows.items()
        ]

    def take_back(self, other: "Tally") -> None:
        """Add what could not be told."""
        for table, names in other.counts.items():
            for name, times in names.items():
                self.count(table, name, times)
        for row, times in other.rows.items():
            self._add_row(row, times)

    def total(self) -> Mapping[str, int]:
        """Return the counts over all tables."""
        found: dict[str, int] = {}
        for names in self.counts.values():
            for name, times in names.items():
                found[name] = found.get(name, 0) + times
        return found

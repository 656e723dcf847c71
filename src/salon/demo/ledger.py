"""A writer's ledger: what it meant to write and what became of it, kept outside both databases.

One append-only file per writer, a line of JSON per record: the intention first, flushed before the
statement is sent, then each outcome. Judging a ledger against the rows that are really there tells
exactly what was lost, what nobody wrote and what was written twice.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

Fingerprint = tuple[int, int]
"""A writer and the number of its write, as they stand in ``public.ledger_write``."""


class Outcome(StrEnum):
    """What a writer was told of one attempt."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


INTENDED = "intended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a ledger.

    Attributes:
        writer: Who wrote.
        number: Which of its writes.
        state: ``intended``, or an outcome.
        kind: What kind of write; with the intention only.
        side: Where it was acknowledged.
        monotonic_s: The machine's monotonic clock.
        wall_s: Seconds since 1970 on the same machine.
        accepted_s: The server's clock at the last statement of an acknowledged transaction.
        reason: The code of an error.
    """

    writer: int
    number: int
    state: str
    monotonic_s: float
    wall_s: float
    kind: str = ""
    side: str = ""
    accepted_s: float | None = None
    reason: str = ""

    @property
    def fingerprint(self) -> Fingerprint:
        """The row that this write leaves."""
        return self.writer, self.number


class Ledger:
    """The ledger of one writer, open for appending."""

    def __init__(self, path: Path, writer: int) -> None:
        """Open a ledger.

        Args:
            path: Its file.
            writer: Whose it is.
        """
        self._file = path.open("a", encoding="utf-8")
        self._writer = writer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def intend(self, number: int, kind: str) -> None:
        """Book an intention; it has left this process before the statement does."""
        self._append(number, INTENDED, kind=kind)

    def settle(self, number: int, outcome: Outcome, **told: Any) -> None:
        """Book what became of an attempt.

        Args:
            number: The write.
            outcome: What the writer was told.
            told: ``side`` and ``accepted_s`` of an acknowledgement, ``reason`` of an error.
        """
        self._append(number, str(outcome), **told)

    def _append(self, number: int, state: str, **more: Any) -> None:
        line = {
            "writer": self._writer,
            "number": number,
            "state": state,
            "monotonic_s": time.monotonic(),
            "wall_s": time.time(),
            **more,
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def read(paths: Iterable[Path]) -> tuple[Record, ...]:
    """Return the records of some ledgers, each file's in its order.

    A last line without its end is what a killed writer left; it is passed over, as it was never
    finished. The intention before it stands.
    """
    records: list[Record] = []
    for path in paths:
        *whole, _torn = path.read_text(encoding="utf-8").split("\n")
        records += [Record(**json.loads(line)) for line in whole]
    return tuple(records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a ledger says of the rows that are there.

    Attributes:
        acknowledged: Writes whose COMMIT returned.
        unknown: Writes of which nobody knows: the connection broke in COMMIT, or the writer died.
        unknown_present: How many of them are there.
        repeated: Writes that were acknowledged after an attempt that was refused or failed.
        failed: Writes that were refused or failed to the end.
        lost: Acknowledged, and not there.
        extra: There, and never intended, or refused or failed to the end.
        doubled: There more than once, counted beyond the first.
    """

    acknowledged: int
    unknown: int
    unknown_present: int
    repeated: int
    failed: tuple[Fingerprint, ...]
    lost: tuple[Fingerprint, ...]
    extra: tuple[Fingerprint, ...]
    doubled: tuple[Fingerprint, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every acknowledged write is there once, and nothing else is."""
        return not (self.lost or self.extra or self.doubled or self.failed)


@dataclass(slots=True)
class _Fate:
    last: str = INTENDED
    attempts: list[str] = field(default_factory=list)


def judge(ledger: Iterable[Record], rows_on_primary: Iterable[Fingerprint]) -> Judgement:
    """Hold the ledgers against the fingerprints that the primary has.

    Args:
        ledger: The records of all writers.
        rows_on_primary: The fingerprints found there, as often as they are found.
    """
    fates: dict[Fingerprint, _Fate] = {}
    for record in ledger:
        fate = fates.setdefault(record.fingerprint, _Fate())
        if record.state != INTENDED:
            fate.last = record.state
            fate.attempts.append(record.state)
    there = Counter(rows_on_primary)
    by_last: dict[str, set[Fingerprint]] = {}
    for fingerprint, fate in fates.items():
        by_last.setdefault(fate.last, set()).add(fingerprint)
    acknowledged = by_last.get(Outcome.ACKNOWLEDGED, set())
    unknown = by_last.get(Outcome.UNKNOWN, set()) | by_last.get(INTENDED, set())
    failed = by_last.get(Outcome.REFUSED, set()) | by_last.get(Outcome.FAILED, set())
    return Judgement(
        acknowledged=len(acknowledged),
        unknown=len(unknown),
        unknown_present=len(unknown & there.keys()),
        repeated=sum(len(fates[fingerprint].attempts) > 1 for fingerprint in acknowledged),
        failed=tuple(sorted(failed)),
        lost=tuple(sorted(acknowledged - there.keys())),
        extra=tuple(sorted(there.keys() - acknowledged - unknown)),
        doubled=tuple(sorted(row for row, count in there.items() for _ in range(count - 1))),
    )

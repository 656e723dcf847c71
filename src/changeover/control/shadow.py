"""What shadow reads found: counts per table, and settled differences by table, class and hash."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from changeover.control.place import ROOM, Connection
from changeover.control.rollout import require_installed
from changeover.database import fixed

ERROR_CLASS: Final = "error"
"""The class of an answer that one side gave as an error: of the schema, the rights, the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowCount:
    """How many shadow reads of one table came to what."""

    table: str
    compared: int
    equal: int
    unsettled: int
    skipped: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowMismatch:
    """A settled difference: what and how often, never a value."""

    table: str
    kind: str
    columns: tuple[str, ...]
    key_hash: str
    stage: str
    times: int
    first_at: dt.datetime
    last_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """What shadow reads found since the stage began.

    Attributes:
        counts: Per table.
        mismatches: The most frequent first.
    """

    counts: tuple[ShadowCount, ...]
    mismatches: tuple[ShadowMismatch, ...]

    @property
    def compared(self) -> int:
        """How many reads were compared."""
        return sum(one.compared for one in self.counts)

    @property
    def errors(self) -> int:
        """How often one side answered with an error of its own."""
        return sum(one.times for one in self.mismatches if one.kind == ERROR_CLASS)

    @property
    def different(self) -> int:
        """How many answers differed, errors apart."""
        return sum(one.times for one in self.mismatches) - self.errors


def read_report(target: Connection) -> ShadowReport:
    """Return what shadow reads found in the present run.

    Raises:
        NotInstalledError: If the tables are not there.
    """
    require_installed(target)
    counts = target.execute(fixed(ROOM, "read_shadow_counts")).fetchall()
    found = target.execute(fixed(ROOM, "read_shadow_mismatches")).fetchall()
    return ShadowReport(
        counts=tuple(
            ShadowCount(**dict(zip(ShadowCount.__dataclass_fields__, row, strict=True)))
            for row in counts
        ),
        mismatches=tuple(
            ShadowMismatch(
                table=table,
                kind=kind,
                columns=tuple(columns),
                key_hash=key_hash,
                stage=stage,
                times=times,
                first_at=first_at,
                last_at=last_at,
            )
            for table, kind, columns, key_hash, stage, times, first_at, last_at in found
        ),
    )


def begin_run(target: Connection) -> None:
    """Count shadow reads anew; what was found stays in the tables."""
    target.execute(fixed(ROOM, "begin_shadow_run"))

"""One difference of two databases, as a value. Finding differences is another module's job."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a difference does.

    Attributes:
        REFUSES: The target refuses rows that the source holds or accepts.
        BENDS: The target takes the row, but not with the same values.
        BEHAVES: Rows are carried as they are; the application sees something else.
        NOTE: Nothing breaks; worth knowing.
    """

    REFUSES = "refuses"
    BENDS = "bends"
    BEHAVES = "behaves"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that the two databases do not have alike.

    Attributes:
        kind: What differs, such as `column type` or `unique key`.
        object: The object, schema-qualified; the setting's or extension's name.
        column: The column, where one is meant.
        source: What the source has, as text of a definition; None for nothing.
        target: What the target has.
        severity: What it does.
        breaks: What breaks because of it.
    """

    kind: str
    object: str
    column: str | None = None
    source: str | None
    target: str | None
    severity: Severity
    breaks: str

    def __str__(self) -> str:
        where = f"{self.object}.{self.column}" if self.column else self.object
        found = f"source: {self.source or 'none'}; target: {self.target or 'none'}"
        return f"[{self.severity}] {self.kind} {where}: {self.breaks} ({found})"

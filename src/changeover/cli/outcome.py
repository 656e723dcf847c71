"""What a command ends with: data for JSON, blocks for people, an exit code, the next steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from changeover.cli.plain import plain


class ExitCode(IntEnum):
    """How a command ends; the same in every command."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    FINDINGS = 3
    REFUSED = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


EXIT_TEXTS = {
    ExitCode.FINE: "fine",
    ExitCode.ERROR: "error",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.FINDINGS: "differences or findings",
    ExitCode.REFUSED: "refused by a gate or by the state of the move",
    ExitCode.UNREACHABLE: "cannot connect",
    ExitCode.INTERRUPTED: "interrupted",
}

EPILOG = "Exit codes: " + ", ".join(f"{int(code)} {text}" for code, text in EXIT_TEXTS.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table on the terminal.

    Attributes:
        title: Shown above it.
        columns: The heads.
        rows: The cells, as many per row as there are heads.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = str | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a command that did what it could.

    Attributes:
        result: What `--json` shows; any value of the house.
        blocks: What people see; made from the result if not given.
        exit_code: 0, or 3 for findings, 4 for a gate that is not green.
        next_steps: Commands that come next.
    """

    result: Any
    blocks: Sequence[Block] | None = None
    exit_code: ExitCode = ExitCode.FINE
    next_steps: Sequence[str] = ()

    def shown(self) -> Sequence[Block]:
        """Return the blocks for people."""
        return layout(plain(self.result)) if self.blocks is None else self.blocks


def layout(value: Any, title: str = "") -> list[Block]:
    """Return plain data as blocks: scalars as lines, lists of records as tables.

    Args:
        value: What `plain` returned.
        title: The name that it goes by.
    """
    if isinstance(value, Mapping):
        return _lay_out_mapping(value, title)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        columns = list(dict.fromkeys(name for item in value for name in item))
        rows = [[cell(item.get(name)) for name in columns] for item in value]
        return [Grid(title=title, columns=columns, rows=rows)]
    return [f"{title}: {cell(value)}" if title else cell(value)]


def _lay_out_mapping(value: Mapping[str, Any], title: str) -> list[Block]:
    prefix = f"{title} " if title else ""
    scalars = {name: item for name, item in value.items() if not isinstance(item, list | Mapping)}
    blocks: list[Block] = [f"{prefix}{name}: {cell(item)}" for name, item in scalars.items()]
    for name, item in value.items():
        if name not in scalars:
            blocks += layout(item, f"{prefix}{name}")
    return blocks


def cell(value: object) -> str:
    """Return a plain value as it stands in a table's cell."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(cell(item) for item in value) or "-"
        case Mapping():
            return ", ".join(f"{name}={cell(item)}" for name, item in value.items()) or "-"
        case _:
            return str(value)

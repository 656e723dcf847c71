"""What every check is given: sessions to both databases, their catalogs, the tables that move.

Also the form of a check, and how one is run so that an error while checking is a finding.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from changeover.catalog import Catalog
from changeover.catalog.values import Table
from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translate
from changeover.journey.checks.finding import Finding, Severity
from changeover.model.errors import ChangeoverError
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings
from changeover.model.side import Side

ROOM: Final = "changeover.journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Both databases as the checks see them.

    Attributes:
        move: The move.
        connections: A session of the owner per side, in autocommit, with short time-outs.
        seconds: A second session per side, open at the same time.
        catalogs: What the moved schemas hold, per side.
        moved: The source's tables that move, by name.
    """

    move: Move
    connections: Mapping[Side, Connection]
    seconds: Mapping[Side, Connection]
    catalogs: Mapping[Side, Catalog]
    moved: tuple[Table, ...]

    @property
    def chosen(self) -> MoveSettings:
        """Which tables move."""
        return self.move.settings.move

    def tables(self, side: Side) -> tuple[Table, ...]:
        """Return the tables of a side that move, as far as the side has them."""
        found = self.catalogs[side].tables
        return tuple(found[table.name] for table in self.moved if table.name in found)

    def relations(self, side: Side) -> tuple[TableName, ...]:
        """Return the moved tables of a side and their partitions."""
        return tuple(
            name
            for table in self.tables(side)
            for name in (table.name, *(part.name for part in table.partitions))
        )

    def oids(self, side: Side) -> dict[str, list[int]]:
        """Return the parameter of statements about moved tables."""
        return {"oids": [table.oid for table in self.tables(side)]}

    def rows(
        self,
        side: Side,
        statement: str,
        given: Mapping[str, Any] | None = None,
        *,
        room: str = ROOM,
    ) -> list[dict[str, Any]]:
        """Run a fixed statement, of this room by default, and return its rows by column name."""
        with self.connections[side].cursor(row_factory=dict_row) as cursor:
            return cursor.execute(fixed(room, statement), given).fetchall()

    def one(self, side: Side, statement: str) -> dict[str, Any]:
        """Run a fixed statement of this room that returns one row."""
        (row,) = self.rows(side, statement)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of one side.

    Attributes:
        proves: By code, what holds on a side where nothing of that code was found.
        run: Yields what it finds.
    """

    proves: Mapping[str, str]
    run: Callable[[Scene, Side], Iterable[Finding]]
    sides: tuple[Side, ...] = (Side.SOURCE, Side.TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCheck:
    """A check of both sides together."""

    proves: Mapping[str, str]
    run: Callable[[Scene], Iterable[Finding]]


def outcomes(check: Check | PairCheck, scene: Scene) -> Iterator[Finding]:
    """Yield what a check finds: for each of its codes at least one finding on each side.

    An error on the way is a refusal of every code that had not been reached; never a pass.
    """
    if isinstance(check, PairCheck):
        yield from _outcome(check.proves, None, check.run, scene)
        return
    for side in check.sides:
        yield from _outcome(check.proves, side, check.run, scene, side)


def _outcome(
    proves: Mapping[str, str],
    side: Side | None,
    run: Callable[..., Iterable[Finding]],
    *given: Any,
) -> Iterator[Finding]:
    found: set[str] = set()
    error: Exception | None = None
    try:
        for finding in run(*given):
            assert finding.code in proves, f"{finding.code} is not declared by its check"
            found.add(finding.code)
            yield finding
    except Exception as raised:  # noqa: BLE001 - the edge of a check; it becomes a refusal
        error = raised
    missing = [code for code in proves if code not in found]
    subject = str(side) if side else "both sides"
    if error:
        # Even where each code was found, what came after the error was not looked at.
        yield from (unknown(code, side, subject, error) for code in missing or list(proves)[:1])
        return
    for code in missing:
        yield Finding(
            code=code, side=side, subject=subject, severity=Severity.PASS, fact=proves[code]
        )


def unknown(code: str, side: Side | None, subject: str, error: Exception) -> Finding:
    """Return the refusal that stands for a check that could not be made."""
    return Finding(
        code=code,
        side=side,
        subject=subject,
        severity=Severity.REFUSE,
        fact=f"{subject}: this could not be checked: {_said(error, side)}",
        fix="remove what stands in the way and run `changeover check` again",
    )


def _said(error: Exception, side: Side | None) -> str:
    """Return what an error says, without a cell's value."""
    if isinstance(error, ChangeoverError):
        return error.message
    if isinstance(error, psycopg.Error):
        said = translate(error, side or Side.SOURCE, "checking").message
        return said if side else said.removeprefix(f"{Side.SOURCE}: ")
    return f"{type(error).__name__} in the check itself"


def show(names: Iterable[object], *, most: int = 8) -> str:
    """Return names for a message: some of them, and how many more there are."""
    shown = [str(name) for name in names]
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")

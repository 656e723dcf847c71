"""What a method of the data layer asks of a backend, as values, and what comes of it.

A method is a generator: it yields operations, is sent their rows, and returns an answer. It knows
neither the backend nor the colour.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from changeover import Filter, MultipleRowsError, Order

R = TypeVar("R")
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOne:
    """Read the row that matches; a backend may return two, or raise for them.

    Attributes:
        table: The table.
        filters: What must hold, all of it.
    """

    table: str
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Read rows in a total order.

    Attributes:
        table: The table; all have the primary key `id`.
        filters: What must hold, all of it.
        order: What to sort by; `id` comes last without being named.
        columns: The columns of a row; none for all.
        limit: Rows at the most; None for all, however many pages a backend needs for them.
        timeout_ms: How long it may take; None for the layer's limit.
    """

    table: str
    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = ()
    columns: tuple[str, ...] = ()
    limit: int | None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """Insert rows, or set the given columns where the conflict columns are taken.

    Attributes:
        table: The table.
        rows: What to write, in JSON's values; a missing column is left alone, None is NULL.
        conflict: The columns of the unique key; every row has them, and no two the same.
        columns: The columns of a returned row; none for all.
    """

    table: str
    rows: tuple[Row, ...]
    conflict: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def groups(self) -> list[list[Row]]:
        """Return the rows by their sets of columns: one statement can't leave a column alone."""
        found: dict[frozenset[str], list[Row]] = {}
        for row in self.rows:
            found.setdefault(frozenset(row), []).append(row)
        return list(found.values())


Operation: TypeAlias = ReadOne | Read | Upsert


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What a method came to.

    Attributes:
        data: The result.
        metadata: What the original result shape says beside it, by its original names.
    """

    data: R
    metadata: Mapping[str, Any] = field(default_factory=dict)


Steps: TypeAlias = Generator[Operation, list[Row], Answer[R]]


def read_one(table: str, *filters: Filter) -> Generator[Operation, list[Row], Row | None]:
    """Ask for the row that matches.

    Raises:
        MultipleRowsError: If two do.
    """
    rows = yield ReadOne(table=table, filters=filters)
    if len(rows) > 1:
        raise MultipleRowsError(
            f"public.{table}: more than one row matches", hint="name the company, or the key"
        )
    return rows[0] if rows else None


def write(operation: Upsert) -> Generator[Operation, list[Row], list[Row]]:
    """Upsert rows and return them in the order in which they were given."""
    asked = operation
    if operation.columns:
        columns = dict.fromkeys((*operation.columns, *operation.conflict))
        asked = Upsert(
            table=operation.table,
            rows=operation.rows,
            conflict=operation.conflict,
            columns=tuple(columns),
        )
    found = yield asked
    by_key = {_key(row, operation.conflict): row for row in found}
    rows = [
        by_key[key] for row in operation.rows if (key := _key(row, operation.conflict)) in by_key
    ]
    if not operation.columns:
        return rows
    return [{name: row[name] for name in operation.columns} for row in rows]


def _key(row: Row, conflict: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in conflict)

"""The differences of two tables' columns. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from changeover.catalog.drift import Difference, Severity
from changeover.catalog.fit import misfit
from changeover.catalog.values import Catalog, Column, Table
from changeover.model.name import quote

_QUALIFIED: Final = re.compile(r'^(?P<schema>"(?:[^"]|"")+"|[^".(]+)\.(?P<rest>.+)$')
_IDENTITY: Final = {"": None, "a": "identity always", "d": "identity by default"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schemas:
    """Schemas in which each side keeps the types of its extensions."""

    source: frozenset[str]
    target: frozenset[str]

    @classmethod
    def of(cls, source: Catalog, target: Catalog) -> "Schemas":
        """Return those of two catalogs."""
        return cls(
            source=frozenset(quote(e.schema) for e in source.extensions),
            target=frozenset(quote(e.schema) for e in target.extensions),
        )


def column_differences(source: Table, target: Table, schemas: Schemas) -> Iterator[Difference]:
    """Yield what differs between the columns of a table and those of its other self."""
    for column in source.columns:
        other = target.column(column.name)
        if other is None:
            yield _difference(
                (source, column.name),
                "column",
                (column.type, None),
                Severity.REFUSES,
                "its values have no place; a write that names it raises 42703",
            )
            continue
        yield from _type(source, column, other, schemas)
        yield from _nullability(source, column, other)
        yield from _generation(source, column, other)
        yield from _filling(source, column, other)
        yield from _collation(source, column, other)
    yield from _extra_columns(source, target)
    yield from _order(source, target)


def _difference(
    where: tuple[Table, str | None],
    kind: str,
    found: tuple[str | None, str | None],
    severity: Severity,
    breaks: str,
) -> Difference:
    return Difference(
        kind=kind,
        object=str(where[0].name),
        column=where[1],
        source=found[0],
        target=found[1],
        severity=severity,
        breaks=breaks,
    )


def _bare(type_name: str, schemas: frozenset[str]) -> str:
    """Return a type's name without the schema that its side keeps extensions in."""
    found = _QUALIFIED.match(type_name)
    return found["rest"] if found and found["schema"] in schemas else type_name


def _type(table: Table, column: Column, other: Column, schemas: Schemas) -> Iterator[Difference]:
    if column.type == other.type:
        return
    if _bare(column.type, schemas.source) == _bare(other.type, schemas.target):
        yield _difference(
            (table, column.name),
            "column type",
            (column.type, other.type),
            Severity.NOTE,
            "the extension's types are in another schema; code that qualifies them fails",
        )
        return
    found = misfit(column.type, other.type)
    is_domain_of_the_same = column.base_type == other.base_type == other.type
    if is_domain_of_the_same and column.type != column.base_type:
        yield _difference(
            (table, column.name),
            "column type",
            (column.type, other.type),
            Severity.BEHAVES,
            "the domain's constraints are not enforced",
        )
    elif found is not None:
        yield _difference(
            (table, column.name),
            "column type",
            (column.type, other.type),
            found.severity,
            found.breaks,
        )


def _nullability(table: Table, column: Column, other: Column) -> Iterator[Difference]:
    if column.is_not_null == other.is_not_null:
        return
    found = tuple("NOT NULL" if c.is_not_null else "NULL allowed" for c in (column, other))
    if other.is_not_null:
        severity, breaks = Severity.REFUSES, "rows with NULL are refused (23502)"
    else:
        severity, breaks = Severity.BEHAVES, "NULL is accepted and can't be carried back (23502)"
    yield _difference((table, column.name), "nullability", (found[0], found[1]), severity, breaks)


def _generation(table: Table, column: Column, other: Column) -> Iterator[Difference]:
    if column.generated == other.generated and column.expression == other.expression:
        return
    found = (_shown_generation(column), _shown_generation(other))
    if not column.generated:
        severity, breaks = Severity.BENDS, "the target computes its own value"
    elif not other.generated:
        severity, breaks = Severity.BENDS, "the value is not carried, and nothing computes it"
    elif column.expression != other.expression:
        severity, breaks = Severity.BENDS, "the two sides compute different values"
    else:
        severity, breaks = Severity.BEHAVES, "it is computed when it is read, and not stored"
    yield _difference((table, column.name), "generated column", found, severity, breaks)


def _shown_generation(column: Column) -> str | None:
    if not column.generated:
        return None
    return f"{'stored' if column.generated == 's' else 'virtual'} ({column.expression})"


def _filling(table: Table, column: Column, other: Column) -> Iterator[Difference]:
    """Compare what fills a column that an INSERT does not name."""
    if column.generated or other.generated:
        return
    old, new = _filled_by(column), _filled_by(other)
    if old == new:
        return
    kind = "identity" if column.identity or other.identity else "default"
    severity, breaks = _broken_filling(column, other)
    yield _difference((table, column.name), kind, (old, new), severity, breaks)


def _filled_by(column: Column) -> str | None:
    return _IDENTITY[column.identity] or column.default


def _counts_up(column: Column) -> bool:
    return column.identity == "d" or (column.default or "").startswith("nextval(")


def _broken_filling(column: Column, other: Column) -> tuple[Severity, str]:
    name = column.name
    if _counts_up(column) and _counts_up(other):
        return Severity.NOTE, "both count up, from different sequences"
    if other.identity == "a":
        return Severity.BEHAVES, f"an INSERT that names {name} is refused (428C9)"
    if column.identity == "a":
        return (
            Severity.BEHAVES,
            f"an INSERT may name {name}; such rows are carried back all the same",
        )
    if _filled_by(other) is not None:
        return Severity.BEHAVES, f"an INSERT without {name} gets another value"
    if other.is_not_null:
        return Severity.BEHAVES, f"the next INSERT without {name} fails (23502)"
    return Severity.BEHAVES, f"the next INSERT without {name} writes NULL"


def _collation(table: Table, column: Column, other: Column) -> Iterator[Difference]:
    if column.collation == other.collation:
        return
    found = (column.collation or "the database's", other.collation or "the database's")
    is_laxer = not other.is_collation_deterministic and column.is_collation_deterministic
    severity = Severity.REFUSES if is_laxer and _is_in_key(table, column) else Severity.BEHAVES
    breaks = (
        "values that differ in bytes are equal there: a unique key refuses them (23505)"
        if severity is Severity.REFUSES
        else "ORDER BY, < and > give another order"
    )
    yield _difference((table, column.name), "collation", found, severity, breaks)


def _is_in_key(table: Table, column: Column) -> bool:
    return any(column.name in key.columns for key in table.keys)


def _extra_columns(source: Table, target: Table) -> Iterator[Difference]:
    for column in target.columns:
        if source.column(column.name) is not None:
            continue
        is_demanded = (
            column.is_not_null
            and column.default is None
            and not column.identity
            and not column.generated
        )
        yield _difference(
            (source, column.name),
            "column",
            (None, column.type),
            Severity.REFUSES if is_demanded else Severity.NOTE,
            "every row is refused: it has no value for this column (23502)"
            if is_demanded
            else "SELECT * returns one more column; its values are not carried back",
        )


def _order(source: Table, target: Table) -> Iterator[Difference]:
    ours = {column.name for column in source.columns}
    theirs = {column.name for column in target.columns}
    old = tuple(c.name for c in source.columns if c.name in theirs)
    new = tuple(c.name for c in target.columns if c.name in ours)
    if old != new:
        yield _difference(
            (source, None),
            "column order",
            (", ".join(old), ", ".join(new)),
            Severity.NOTE,
            "an INSERT without a column list puts values into other columns",
        )

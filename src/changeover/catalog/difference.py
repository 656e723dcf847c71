"""What makes two databases behave differently, for the tables that move.

Pure: two catalogs in, differences out, each with what breaks because of it. Objects of our own
never count: the schema `changeover`, and triggers whose function stands in it. Texts of definitions
are shown, values of cells never.
"""

from collections.abc import Collection, Iterable, Iterator

from changeover.catalog.column_difference import Schemas, column_differences
from changeover.catalog.drift import Difference, Severity
from changeover.catalog.key_difference import key_differences
from changeover.catalog.object_difference import object_differences
from changeover.catalog.pair import moved_tables
from changeover.catalog.relation_difference import policy_differences, relation_differences
from changeover.catalog.values import Catalog
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings

__all__ = ["Difference", "Severity", "compare", "fits"]


def compare(
    source: Catalog,
    target: Catalog,
    move: MoveSettings,
    *,
    resting: Collection[tuple[TableName, str]] = (),
) -> tuple[Difference, ...]:
    """Compare two databases for the tables that move.

    Args:
        source: The source's catalog.
        target: The target's catalog.
        move: Schemas and exclusions.
        resting: Triggers and foreign keys that were put to rest on the secondary, by table and
            name; they come back at the swap, and are no difference.

    Returns:
        The differences, table by table, then those beside tables.

    Raises:
        TableNotFoundError: If the settings name a table that the source does not have.
    """
    return tuple(_differences(source, target, move, frozenset(resting)))


def fits(differences: Iterable[Difference]) -> bool:
    """Return whether every row of the source is taken by the target as it is."""
    return not any(d.severity in {Severity.REFUSES, Severity.BENDS} for d in differences)


def _differences(
    source: Catalog,
    target: Catalog,
    move: MoveSettings,
    resting: frozenset[tuple[TableName, str]],
) -> Iterator[Difference]:
    schemas = Schemas.of(source, target)
    tables = moved_tables(source, move)
    moved = frozenset(table.name for table in tables)
    for table in tables:
        other = target.tables.get(table.name)
        if other is None:
            yield Difference(
                kind="table",
                object=str(table.name),
                source=f"{len(table.columns)} columns",
                target=None,
                severity=Severity.REFUSES,
                breaks="its rows have no place; every query of it raises 42P01",
            )
            continue
        names = frozenset(name for of, name in resting if of == table.name)
        yield from column_differences(table, other, schemas)
        yield from key_differences(table, other, names)
        yield from relation_differences(table, other, names)
    yield from policy_differences(source.policies, target.policies, moved)
    yield from object_differences(source, target, moved, move.schemas)

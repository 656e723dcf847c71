"""Relationships from foreign keys: those of tables, of views on them, and through junctions.

Pure: it is given what was read, and returns values.

Source: shared reference "PostgREST: the language that we speak", section 4.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeAlias

import msgspec

from changeover.catalog.snapshot import Junction, Relation, Relationship
from changeover.catalog.view_tree import Origin
from changeover.model.name import TableName

Relations: TypeAlias = Mapping[TableName, Relation]
ViewColumns: TypeAlias = Mapping[TableName, Mapping[Origin, tuple[str, ...]]]

KINDS: Final = ("one-to-many", "many-to-one", "one-to-one", "many-to-many", "computed")
"""In the order in which several candidates are named."""


class ForeignKey(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign key, as it is read; tables by oid and name, columns by number and name."""

    id: int
    constraint: str
    table: int
    name: TableName
    numbers: tuple[int, ...]
    columns: tuple[str, ...]
    referenced_table: int
    referenced_name: TableName
    referenced_numbers: tuple[int, ...]
    referenced_columns: tuple[str, ...]
    is_one_to_one: bool


class PrimaryKey(msgspec.Struct, frozen=True, kw_only=True):
    """A primary key, as it is read."""

    table: int
    numbers: tuple[int, ...]


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """A function from one row to rows, as it is read."""

    function: TableName
    parent: TableName
    child: TableName
    is_to_one: bool


class _End(msgspec.Struct, frozen=True):
    """A relation that has all columns of one side of a key."""

    name: TableName
    columns: tuple[str, ...]
    is_view: bool


def relationships(
    relations: Relations,
    keys: Iterable[ForeignKey],
    views: ViewColumns,
    computed: Iterable[Computed],
) -> dict[TableName, tuple[Relationship, ...]]:
    """Return how rows lead to rows, by parent.

    Args:
        relations: The relations of the exposed schemas.
        keys: The foreign keys of all schemas.
        views: What stands behind the columns of the views of the exposed schemas.
        computed: Functions of the exposed schemas.

    Returns:
        Of each parent its relationships, in the order in which candidates are named; a child lies
        in its parent's schema, of a computed one the function does.
    """
    above = _by_table(views)
    forward = [pair for key in keys for pair in _forward(key, relations, above)]
    detected = [one for _, one in forward]
    detected += [_inverse(one) for one in detected]
    detected += _through_junctions(forward, relations)
    functions = [_computed(one) for one in computed if {one.parent, one.child} <= relations.keys()]
    replaced = {(one.parent, one.function) for one in functions}
    kept = [
        one
        for one in detected
        if one.parent.schema == one.child.schema and (one.parent, one.child) not in replaced
    ]
    by_parent: dict[TableName, list[Relationship]] = defaultdict(list)
    for one in kept + functions:
        # `find` looks in the parent's schema only.
        if (one.function or one.child).schema == one.parent.schema:
            by_parent[one.parent].append(one)
    return {parent: tuple(sorted(those, key=_order)) for parent, those in by_parent.items()}


def view_primary_key(
    columns: Mapping[Origin, tuple[str, ...]], keys: Mapping[int, PrimaryKey]
) -> tuple[str, ...]:
    """Return the key that a view has from the tables below it.

    Args:
        columns: What stands behind the view's columns.
        keys: Primary keys by the table's oid.

    Returns:
        The view's columns, of each table's key in the key's order; a column that is selected twice
        counts once.
    """
    tables = dict.fromkeys(origin.relation for origin in columns)
    whole: list[str] = []
    for key in (keys[table] for table in tables if table in keys):
        wanted = [Origin(key.table, number) for number in key.numbers]
        if all(origin in columns for origin in wanted):
            whole += [columns[origin][0] for origin in wanted]
    return tuple(whole)


def _by_table(views: ViewColumns) -> dict[int, ViewColumns]:
    """Return the views that take columns from a table, by the table's oid."""
    above: dict[int, dict[TableName, Mapping[Origin, tuple[str, ...]]]] = defaultdict(dict)
    for name, columns in views.items():
        for origin in columns:
            above[origin.relation][name] = columns
    return dict(above)


def _forward(
    key: ForeignKey, relations: Relations, above: Mapping[int, ViewColumns]
) -> Iterator[tuple[int, Relationship]]:
    """Yield the relationships from the side that has the key, of tables and views."""
    kind = "one-to-one" if key.is_one_to_one else "many-to-one"
    own = _ends(key.table, key.numbers, above)
    theirs = _ends(key.referenced_table, key.referenced_numbers, above)
    referencing = [_End(key.name, key.columns, False), *own]
    referenced = [_End(key.referenced_name, key.referenced_columns, False), *theirs]
    for parent, child in product(referencing, referenced):
        if parent.name in relations and child.name in relations:
            yield (
                key.id,
                Relationship(
                    parent=parent.name,
                    child=child.name,
                    kind=kind,
                    is_to_one=True,
                    constraint=key.constraint,
                    columns=tuple(zip(parent.columns, child.columns, strict=True)),
                    is_parent_referencing=True,
                    is_self=parent.name == child.name,
                    is_child_view=child.is_view,
                    is_parent_view=parent.is_view,
                ),
            )


def _ends(table: int, numbers: tuple[int, ...], above: Mapping[int, ViewColumns]) -> Iterator[_End]:
    """Yield each view that has all columns of a key, once per way to choose among copies."""
    for name, columns in above.get(table, {}).items():
        copies = [columns.get(Origin(table, number), ()) for number in numbers]
        for chosen in product(*copies):
            yield _End(name, chosen, True)


def _inverse(one: Relationship) -> Relationship:
    is_one = one.kind == "one-to-one"
    return msgspec.structs.replace(
        one,
        parent=one.child,
        child=one.parent,
        kind=one.kind if is_one else "one-to-many",
        is_to_one=is_one,
        columns=tuple((theirs, own) for own, theirs in one.columns),
        is_parent_referencing=False,
        is_child_view=one.is_parent_view,
        is_parent_view=one.is_child_view,
    )


def _through_junctions(
    forward: Iterable[tuple[int, Relationship]], relations: Relations
) -> Iterator[Relationship]:
    """Yield what two many-to-one keys inside one primary key join."""
    by_junction: dict[TableName, list[tuple[int, Relationship]]] = defaultdict(list)
    for identity, one in forward:
        key = relations[one.parent].primary_key
        if one.kind == "many-to-one" and {own for own, _ in one.columns} <= set(key):
            by_junction[one.parent].append((identity, one))
    for table, ways in by_junction.items():
        for (left, to_parent), (right, to_child) in product(ways, ways):
            if left != right:
                yield _many_to_many(table, to_parent, to_child)


def _many_to_many(
    table: TableName, to_parent: Relationship, to_child: Relationship
) -> Relationship:
    junction = Junction(
        table=table,
        parent_constraint=to_parent.constraint,
        child_constraint=to_child.constraint,
        parent_columns=tuple((theirs, own) for own, theirs in to_parent.columns),
        child_columns=tuple((theirs, own) for own, theirs in to_child.columns),
    )
    return Relationship(
        parent=to_parent.child,
        child=to_child.child,
        kind="many-to-many",
        is_to_one=False,
        junction=junction,
        is_self=to_parent.child == to_child.child,
        is_child_view=to_child.is_child_view,
        is_parent_view=to_parent.is_child_view,
    )


def _computed(one: Computed) -> Relationship:
    return Relationship(
        parent=one.parent,
        child=one.child,
        kind="computed",
        is_to_one=one.is_to_one,
        function=one.function,
        is_self=one.parent == one.child,
    )


def _order(one: Relationship) -> tuple[Any, ...]:
    """Order as PostgREST does, because several candidates are named in it."""
    if one.function is not None:
        return (True, one.function.schema, one.function.name)
    junction = one.junction
    through: tuple[Any, ...] = ()
    if junction is not None:
        constraints = (junction.parent_constraint, junction.child_constraint)
        through = (
            junction.table,
            constraints,
            junction.parent_columns,
            junction.child_columns,
        )
    return (
        False,
        one.child,
        one.is_self,
        KINDS.index(one.kind),
        one.constraint,
        one.columns,
        not one.is_parent_referencing,
        through,
        one.is_parent_view,
        one.is_child_view,
    )

"""Which column of a table stands behind a column of a view.

PostgreSQL keeps a view as the tree of its query, in text: `({QUERY … :targetList ({TARGETENTRY
:expr {…} :resno 1 :resname id … :resorigtbl 16385 :resorigcol 1 :resjunk false} …) …})`. A plain
column carries its origin, also through subqueries and WITH; an expression and a UNION carry 0.

Source: PostgreSQL, src/backend/nodes/outfuncs.c and src/include/nodes/primnodes.h (TargetEntry), 13
to 18; what counts as a plain column is PostgREST's rule.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from changeover.model.name import TableName

_ENTRY_DEPTH: Final = 2
"""The query is a node, its entries are nodes in it; what lies deeper is an expression's."""

# A backslash escapes one character of a name. Braces part nodes, and nothing else.
_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)

# The last fields of an entry, behind its name. A junk entry only sorts; it is no column.
_ORIGIN: Final = re.compile(
    r":resno (\d+) .*:resorigtbl (\d+) :resorigcol (\d+) :resjunk false", re.DOTALL
)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view or materialized view, as it is read.

    Attributes:
        columns: Their names in order.
        tree: The query behind it.
    """

    oid: int
    name: TableName
    columns: tuple[str, ...]
    tree: str


class Origin(msgspec.Struct, frozen=True):
    """A column of a table or view: the relation's oid and the column's number."""

    relation: int
    number: int


def origins(tree: str) -> Iterator[tuple[int, Origin]]:
    """Yield the plain columns of a view's top select list.

    Args:
        tree: The query in text.

    Yields:
        The number of the view's column, and the column that it was taken from.
    """
    for entry in _ends(tree):
        found = _ORIGIN.search(entry)
        if found is None:
            continue
        number, relation, column = (int(one) for one in found.groups())
        if relation:
            yield number, Origin(relation, column)


def _ends(tree: str) -> Iterator[str]:
    """Yield the end of each node of the query: of an entry what stands behind its expression."""
    depth = since = 0
    for brace in _BRACE.finditer(tree):
        kind = brace[0]
        if kind == "{":
            depth += 1
            if depth == _ENTRY_DEPTH:
                since = brace.end()
        elif kind == "}":
            depth -= 1
            if depth == _ENTRY_DEPTH:
                since = brace.end()
            elif depth == _ENTRY_DEPTH - 1:
                yield tree[since : brace.start()]


def base_columns(
    views: Iterable[View], schemas: Iterable[str]
) -> Mapping[TableName, Mapping[Origin, tuple[str, ...]]]:
    """Return what stands behind the columns of views, through views of views.

    Args:
        views: All views to follow.
        schemas: The schemas whose views are asked for.

    Returns:
        Per view of those schemas, for each column of a relation the view's columns that are taken
        from it, in the view's order.
    """
    all_views = tuple(views)
    direct = {view.oid: dict(origins(view.tree)) for view in all_views}
    wanted = set(schemas)
    result: dict[TableName, dict[Origin, tuple[str, ...]]] = {}
    for view in all_views:
        if view.name.schema in wanted:
            columns: dict[Origin, tuple[str, ...]] = {}
            for number, first in sorted(direct[view.oid].items()):
                for origin in _chain(first, direct):
                    columns[origin] = (*columns.get(origin, ()), view.columns[number - 1])
            result[view.name] = columns
    return result


def _chain(first: Origin, direct: Mapping[int, Mapping[int, Origin]]) -> Iterator[Origin]:
    """Yield a column and those behind it; a view can be made to stand on itself, so each once."""
    seen: set[Origin] = set()
    here: Origin | None = first
    while here is not None and here not in seen:
        seen.add(here)
        yield here
        here = direct.get(here.relation, {}).get(here.number)

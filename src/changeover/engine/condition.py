"""Conditions, resolved: which column, of which kind.

It must not know of embeds: a null filter on one is recognised where the tree of a read is known.
"""

from typing import Final

from changeover.catalog.snapshot import Relation
from changeover.engine.plan_value import Column, Comparison, Group, Predicate
from changeover.engine.syntax import Condition, Field, Logic

_JSON: Final = ("json", "jsonb")
_TEXT_SEARCH: Final = ("fts", "plfts", "phfts", "wfts")


def predicate(condition: Condition, relation: Relation | None) -> Predicate:
    """Return a condition on a relation's rows, resolved.

    Args:
        condition: A filter or a tree of them.
        relation: Where its columns are looked up; None where nothing is known.
    """
    if isinstance(condition, Logic):
        return Group(
            operator=condition.operator,
            is_negated=condition.is_negated,
            children=tuple(predicate(one, relation) for one in condition.children),
        )
    is_text_searched = condition.operation.operator in _TEXT_SEARCH
    return Comparison(
        column=column(condition.field, relation, is_text_searched=is_text_searched),
        operation=condition.operation,
    )


def column(field: Field, relation: Relation | None, *, is_text_searched: bool = False) -> Column:
    """Return a field of a relation's rows, resolved.

    Args:
        field: A field as written; it need not exist.
        relation: Where it is looked up; None where nothing is known.
        is_text_searched: Whether the field is searched by a tsquery.
    """
    known = None if relation is None else relation.column(field.name)
    base_type = "" if known is None else known.base_type
    return Column(
        name=field.name,
        path=field.path,
        is_json=base_type in _JSON,
        is_text_searched=is_text_searched and base_type not in ("", "tsvector"),
    )

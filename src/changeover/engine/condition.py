"""Conditions, resolved: which column, of which kind."""

from changeover.catalog.snapshot import Relation
from changeover.engine.plan_value import Column, Predicate
from changeover.engine.syntax import Condition, Field, Filter, Logic


def predicate(condition: Condition, relation: Relation | None) -> Predicate:
    """Return a condition on a relation's rows, resolved.

    Args:
        condition: A filter or a tree of them.
        relation: Where its columns are looked up; None where nothing is known.
    """
    raise NotImplementedError


def column(field: Field, relation: Relation | None) -> Column:
    """Return a field of a relation's rows, resolved.

    Args:
        field: A field as written; it need not exist.
        relation: Where it is looked up; None where nothing is known.
    """
    raise NotImplementedError

"""Conditions as SQL."""

from changeover.engine.plan_value import Column, Predicate
from changeover.engine.sql import Fragment


def predicate(condition: Predicate, owner: Fragment) -> Fragment:
    """Return a condition as SQL.

    Args:
        condition: A resolved condition.
        owner: What its columns are reached under: an alias, or schema and name.
    """
    raise NotImplementedError


def conjunction(conditions: tuple[Predicate, ...], owner: Fragment) -> Fragment:
    """Return conditions joined by AND; empty where there are none."""
    raise NotImplementedError


def column(field: Column, owner: Fragment) -> Fragment:
    """Return a column, or what a path into it leads to, as SQL."""
    raise NotImplementedError

"""What rows are ordered by, as far as they show it: equal for ties, whatever they are written like.

Pure.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from changeover.routing import exact_json
from changeover.routing.exact_json import Number, Record
from changeover.routing.outline import Level, Term


def told(level: Level) -> tuple[Term, ...]:
    """Return the first terms of an order, up to the first that rows do not show.

    Args:
        level: The level that is ordered.
    """
    return tuple(_leading(level.terms))


def _leading(terms: Sequence[Term]) -> Iterator[Term]:
    for term in terms:
        if term.member is None:
            return
        yield term


def sort_key(row: Any, terms: Sequence[Term]) -> tuple[object, ...]:
    """Return what a row is ordered by; equal for rows that are equal in the order.

    Args:
        row: A row, as `exact_json.read` returns it.
        terms: Terms that it shows.
    """
    return tuple(_order_value(row, term) for term in terms)


def _number(value: Number) -> object:
    """Return a number as what it is ordered by: 1.0 and 1.00 are ties, and so are two NaN."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return str(value)
    return found if found.is_finite() else str(value)


def _order_value(row: Any, term: Term) -> object:
    value = row
    for name in term.member or ():
        value = value.as_row().get(name) if isinstance(value, Record) else None
    if isinstance(value, Number):
        return _number(value)
    if isinstance(value, str) and term.is_folded:
        return value.casefold()
    return exact_json.text(value)

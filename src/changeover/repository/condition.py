"""What is asked for: filters and orders, as values, and how they stand in a query string."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from changeover.catalog.snapshot import Relation
from changeover.model.row_errors import InvalidFilterError
from changeover.repository.value import column_of, text_of


class Unlimited(Enum):
    """All rows, asked for by name."""

    ALL = "all"


ALL: Final = Unlimited.ALL


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
_TRUTHS: Final = {"is_true": "is", "not_true": "not.is"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a column, or several of which one must hold.

    Attributes:
        column: The column; empty for `any_of`.
        operator: `eq`, `neq`, `lt`, `lte`, `gt`, `gte`, `in`, `ilike`, `is_null`, `not_null`,
            `is_true`, `not_true` or `any_of`.
        value: The value; of `any_of` the filters.
    """

    column: str
    operator: str
    value: Any = MISSING


def eq(column: str, value: Any) -> Filter:
    """Equal; None means IS NULL."""
    return Filter(column, "eq", value)


def neq(column: str, value: Any) -> Filter:
    """Not equal, as SQL has it: a row with NULL does not match; None means IS NOT NULL."""
    return Filter(column, "neq", value)


def lt(column: str, value: Any) -> Filter:
    """Less than."""
    return Filter(column, "lt", value)


def lte(column: str, value: Any) -> Filter:
    """Less than or equal."""
    return Filter(column, "lte", value)


def gt(column: str, value: Any) -> Filter:
    """Greater than."""
    return Filter(column, "gt", value)


def gte(column: str, value: Any) -> Filter:
    """Greater than or equal."""
    return Filter(column, "gte", value)


def in_(column: str, values: Iterable[Any]) -> Filter:
    """One of some values; of none no row, without asking."""
    return Filter(column, "in", tuple(values))


def ilike(column: str, pattern: str) -> Filter:
    r"""Like a pattern of `%` and `_`, whatever the case; `\` escapes. A `*` can't be looked for."""
    return Filter(column, "ilike", pattern)


def is_null(column: str) -> Filter:
    """NULL."""
    return Filter(column, "is_null", None)


def not_null(column: str) -> Filter:
    """Not NULL."""
    return Filter(column, "not_null", None)


def is_true(column: str) -> Filter:
    """True, of a boolean."""
    return Filter(column, "is_true", None)


def not_true(column: str) -> Filter:
    """False or NULL, of a boolean; SQL's IS NOT TRUE, which a partial index may be of."""
    return Filter(column, "not_true", None)


def any_of(*filters: Filter) -> Filter:
    """At least one of some filters."""
    return Filter("", "any_of", filters)


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order. NULLs come last in a rising order and first in a falling one.

    Attributes:
        is_falling: From the greatest to the least.
        are_nulls_last: Where NULLs stand, if not as PostgreSQL has it.
    """

    column: str
    is_falling: bool = False
    are_nulls_last: bool | None = None

    @property
    def has_nulls_last(self) -> bool:
        """Where NULLs stand in the end."""
        return not self.is_falling if self.are_nulls_last is None else self.are_nulls_last


def is_empty(filters: Sequence[Filter]) -> bool:
    """Return whether no row can match, because one must be among no values."""
    return any(one.operator == "in" and one.value == () for one in filters)


def parameters(relation: Relation, filters: Sequence[Filter]) -> list[tuple[str, str]]:
    """Return the query parameters of filters; names are held against the catalog.

    Raises:
        NotInSchemaError: If a column is not the relation's.
        InvalidFilterError: If a filter can't be used.
        MalformedValueError: If a value can't be one of its column's type.
    """
    found = []
    for one in filters:
        if one.operator == "any_of":
            inner = ",".join(_condition(relation, each) for each in one.value)
            if not inner:
                raise InvalidFilterError("any_of of no filter matches nothing")
            found.append(("or", f"({inner})"))
        else:
            name = quoted(column_of(relation, one.column).name)
            operator, value = _operation(relation, one)
            found.append((name, f"{operator}.{value}"))
    return found


def order_parameter(relation: Relation, order: Sequence[Order]) -> str:
    """Return the value of `order`."""
    return ",".join(
        f"{quoted(column_of(relation, one.column).name)}."
        f"{'desc' if one.is_falling else 'asc'}."
        f"{'nullslast' if one.has_nulls_last else 'nullsfirst'}"
        for one in order
    )


def beyond(relation: Relation, order: Sequence[Order], after: Sequence[Any]) -> str:
    """Return the value of `or` that keeps the rows behind a key of an order.

    Args:
        relation: The table.
        order: A total order.
        after: The sort key of the last row seen, one value per term.
    """
    if len(order) != len(after):
        raise InvalidFilterError(
            f"after has {len(after)} values, the order has {len(order)} keys",
            hint="give the values of the last row in the order's columns",
        )
    alternatives = []
    for place, (term, value) in enumerate(zip(order, after, strict=True)):
        equal = [
            _condition(relation, eq(same.column, before))
            for same, before in zip(order[:place], after[:place], strict=True)
        ]
        alternatives += [_all([*equal, step]) for step in _steps(relation, term, value)]
    if not alternatives:
        raise InvalidFilterError("nothing comes behind NULL in every column of the order")
    return f"({','.join(alternatives)})"


def _steps(relation: Relation, term: Order, value: Any) -> list[str]:
    """Return the conditions under which a column stands behind a value."""
    if value is None:
        return [] if term.has_nulls_last else [_condition(relation, not_null(term.column))]
    further = lt(term.column, value) if term.is_falling else gt(term.column, value)
    steps = [_condition(relation, further)]
    if term.has_nulls_last:
        steps.append(_condition(relation, is_null(term.column)))
    return steps


def _all(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"and({','.join(conditions)})"


def _condition(relation: Relation, one: Filter) -> str:
    """Return a filter as it stands inside a tree, where a value is quoted."""
    if one.operator == "any_of":
        return f"or({','.join(_condition(relation, each) for each in one.value)})"
    name = quoted(column_of(relation, one.column).name)
    operator, value = _operation(relation, one)
    is_plain = operator in {"is", "not.is", "in"}
    return f"{name}.{operator}.{value if is_plain else quoted(value)}"


def _operation(relation: Relation, one: Filter) -> tuple[str, str]:
    if one.value is MISSING:
        raise InvalidFilterError(
            f"the filter on {one.column} has no value", hint="None is NULL; leave the filter out"
        )
    if one.operator in _TRUTHS:
        return _TRUTHS[one.operator], "true"
    if one.operator in {"is_null", "not_null"} or one.value is None:
        return _null(one)
    column = column_of(relation, one.column)
    if one.operator == "in":
        return "in", f"({','.join(quoted(text_of(column, value)) for value in one.value)})"
    text = text_of(column, one.value)
    if one.operator == "ilike" and "*" in text:
        raise InvalidFilterError(
            f"the pattern for {one.column} holds a *, which the API takes for a wildcard",
            hint="use % for any text; a * itself can't be looked for",
        )
    return one.operator, text


def _null(one: Filter) -> tuple[str, str]:
    if one.operator in {"eq", "is_null"}:
        return "is", "null"
    if one.operator in {"neq", "not_null"}:
        return "not.is", "null"
    raise InvalidFilterError(
        f"{one.column} can't be compared with NULL by {one.operator}",
        hint="use is_null or not_null",
    )


def quoted(text: str) -> str:
    r"""Return a text in the language's double quotes, in which `\` escapes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode(found: Iterable[tuple[str, str]]) -> str:
    """Return parameters as a query string."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found)

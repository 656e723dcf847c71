"""Conditions as SQL."""

from collections.abc import Callable, Mapping
from typing import Final

from changeover.engine.plan_value import Column, Comparison, Group, Predicate, Presence
from changeover.engine.sql import NOTHING, Fragment, bind, concat, ident, join, raw
from changeover.engine.syntax import Operation, Slot, Step

PresenceRender = Callable[[Presence], Fragment]
"""How a condition on an embed is written."""

OPERATORS: Final[Mapping[str, Fragment]] = {
    name: raw(text)
    for name, text in {
        "eq": " = ",
        "gt": " > ",
        "gte": " >= ",
        "lt": " < ",
        "lte": " <= ",
        "neq": " <> ",
        "like": " LIKE ",
        "ilike": " ILIKE ",
        "match": " ~ ",
        "imatch": " ~* ",
        "isdistinct": " IS DISTINCT FROM ",
        "cs": " @> ",
        "cd": " <@ ",
        "ov": " && ",
        "sl": " << ",
        "sr": " >> ",
        "nxr": " &< ",
        "nxl": " &> ",
        "adj": " -|- ",
    }.items()
}
"""Operators of one value. They are not qualified: an extension's types bring their own."""

_WORDS: Final[Mapping[str | None, Fragment]] = {
    "null": raw(" IS NULL"),
    "not_null": raw(" IS NOT NULL"),
    "true": raw(" IS TRUE"),
    "false": raw(" IS FALSE"),
    "unknown": raw(" IS UNKNOWN"),
}
_QUANTIFIERS: Final[Mapping[str, Fragment]] = {"any": raw("ANY("), "all": raw("ALL(")}
_SEARCHES: Final[Mapping[str, Fragment]] = {
    "fts": raw(" @@ pg_catalog.to_tsquery("),
    "plfts": raw(" @@ pg_catalog.plainto_tsquery("),
    "phfts": raw(" @@ pg_catalog.phraseto_tsquery("),
    "wfts": raw(" @@ pg_catalog.websearch_to_tsquery("),
}
_ARROWS: Final[Mapping[str, Fragment]] = {"->": raw("->"), "->>": raw("->>")}
_COMMA: Final = raw(", ")
_CLOSE: Final = raw(")")
_NOT: Final = raw("NOT ")


def presence(condition: Presence) -> Fragment:
    """Return a condition on an embed as SQL, where the embed is joined.

    PostgreSQL takes DISTINCT FROM a NULL literal for a plain test of the value, so that a row of
    nulls counts as a row.
    """
    alias = ident(condition.embed)
    value = concat(alias, raw("."), alias if condition.is_list else raw("*"))
    return concat(value, raw(" IS DISTINCT FROM NULL" if condition.is_present else " IS NULL"))


def predicate(
    condition: Predicate, owner: Fragment, render_presence: PresenceRender = presence
) -> Fragment:
    """Return a condition as SQL.

    Args:
        condition: A resolved condition.
        owner: What its columns are reached under: an alias, or schema and name.
        render_presence: How a condition on an embed is written.
    """
    if isinstance(condition, Presence):
        return render_presence(condition)
    if isinstance(condition, Comparison):
        return _comparison(condition, owner)
    return _group(condition, owner, render_presence)


def conjunction(
    conditions: tuple[Predicate, ...], owner: Fragment, render_presence: PresenceRender = presence
) -> Fragment:
    """Return conditions joined by AND; empty where there are none.

    Args:
        conditions: Resolved conditions.
        owner: What their columns are reached under.
        render_presence: How a condition on an embed is written.
    """
    return join(" AND ", (predicate(one, owner, render_presence) for one in conditions))


def column(field: Column, owner: Fragment) -> Fragment:
    """Return a column, or what a path into it leads to, as SQL.

    Args:
        field: A resolved column.
        owner: What it is reached under: an alias, or schema and name.
    """
    if field.is_row:
        return owner
    if field.name == "*":
        return concat(owner, raw(".*"))
    value = concat(owner, raw("."), ident(field.name))
    if not field.path:
        return value
    if not field.is_json:
        value = concat(raw("pg_catalog.to_jsonb("), value, _CLOSE)
    return concat(value, path(field.path))


def path(steps: tuple[Step, ...]) -> Fragment:
    """Return steps into JSON as SQL."""
    return concat(*(_step(one) for one in steps))


def _step(step: Step) -> Fragment:
    key = bind(step.slot)
    return concat(_ARROWS[step.arrow], concat(key, raw("::int")) if step.is_index else key)


def _group(condition: Group, owner: Fragment, render_presence: PresenceRender) -> Fragment:
    separator = " AND " if condition.operator == "and" else " OR "
    children = join(
        separator, (predicate(one, owner, render_presence) for one in condition.children)
    )
    return concat(_NOT if condition.is_negated else NOTHING, raw("("), children, _CLOSE)


def _comparison(condition: Comparison, owner: Fragment) -> Fragment:
    operation = condition.operation
    value = column(condition.column, owner)
    if operation.operator in _SEARCHES:
        compared = _search(operation, value, is_made=condition.column.is_text_searched)
    else:
        compared = concat(value, _operation(operation))
    return concat(_NOT, compared) if operation.is_negated else compared


def _operation(operation: Operation) -> Fragment:
    if operation.operator == "is":
        return _WORDS[operation.word]
    value = _value(operation)
    if operation.operator == "in":
        return concat(raw(" = ANY("), value, _CLOSE)
    if operation.quantifier is not None:
        value = concat(_QUANTIFIERS[operation.quantifier], value, _CLOSE)
    return concat(OPERATORS[operation.operator], value)


def _search(operation: Operation, value: Fragment, *, is_made: bool) -> Fragment:
    """Return a full text search; the configuration goes to both sides."""
    config = _config(operation.config)
    if is_made:
        value = concat(raw("pg_catalog.to_tsvector("), config, value, _CLOSE)
    return concat(value, _SEARCHES[operation.operator], config, _value(operation), _CLOSE)


def _config(slot: Slot | None) -> Fragment:
    return NOTHING if slot is None else concat(bind(slot), _COMMA)


def _value(operation: Operation) -> Fragment:
    assert operation.slot is not None, "every operator but `is` has a value"
    return bind(operation.slot)

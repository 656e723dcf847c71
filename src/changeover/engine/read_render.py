"""Reads as SQL.

Each embed is a lateral join: a subquery over the child with its own embeds, conditions, order and
window, which sees the parent's row. Names of relations inside a statement are PostgREST's, because
they show in the server's messages.
"""

from collections.abc import Iterator
from typing import Final

from changeover.catalog.snapshot import Relationship
from changeover.engine import condition_render, envelope
from changeover.engine.plan_value import (
    WHOLE,
    Body,
    Column,
    Lifted,
    Ordering,
    Output,
    Presence,
    ReadNode,
    ReadPlan,
    Source,
)
from changeover.engine.sql import (
    NOTHING,
    Fragment,
    bind,
    concat,
    ident,
    integer,
    join,
    qualified,
    raw,
    statement,
    type_name,
)
from changeover.engine.syntax import Count, Statement, Window, Work

_DIRECTIONS: Final = {"asc": raw(" ASC"), "desc": raw(" DESC"), None: NOTHING}
_NULLS: Final = {
    "nullsfirst": raw(" NULLS FIRST"),
    "nullslast": raw(" NULLS LAST"),
    None: NOTHING,
}
_AGGREGATES: Final = {
    "sum": raw("pg_catalog.sum("),
    "avg": raw("pg_catalog.avg("),
    "max": raw("pg_catalog.max("),
    "min": raw("pg_catalog.min("),
    "count": raw("pg_catalog.count("),
}
_OF_SOURCE: Final = concat(raw("SELECT * FROM "), raw(envelope.SOURCE))
_ROWS: Final = raw("pg_catalog.count(_postgrest_t)")
"""Counts whole rows, so that a column which fails does so for HEAD too."""

_DOT: Final = raw(".")
_CLOSE: Final = raw(")")


def work(plan: ReadPlan) -> Work:
    """Return the statements of a read.

    Args:
        plan: The plan of a read.
    """
    answer = plan.answer
    query = select(plan.root)
    is_csv = (answer.format.planned or answer.format).body is Body.CSV
    main = envelope.main(
        source=query if is_csv else NOTHING,
        select=_OF_SOURCE if is_csv else query,
        body=envelope.body_of(answer.format) if answer.has_body else envelope.NO_BODY,
        total=_total(plan),
        shown=envelope.SHOWN if answer.has_body else _ROWS,
    )
    return Work(
        is_read_only=True,
        main=envelope.statement_of(main, answer.format),
        explain=explain(plan.root) if answer.count in (Count.PLANNED, Count.ESTIMATED) else None,
        can_refuse=False,
    )


def _total(plan: ReadPlan) -> Fragment:
    answer, root = plan.answer, plan.root
    if answer.count is Count.ESTIMATED:
        return total(root, None if answer.rows_max is None else answer.rows_max + 1)
    return total(root) if answer.count is Count.EXACT else envelope.NULL


def total(root: ReadNode, rows_max: int | None = None) -> Fragment:
    """Return the expression that counts a tree's rows without its window.

    Args:
        root: A resolved tree.
        rows_max: Where the counting may stop; None for the end.
    """
    is_whole = root.window == WHOLE and root.rows_max is None
    if is_whole and root.is_exact and not root.children and not root.is_grouped:
        return raw("pg_catalog.count(*)")
    counted = envelope.limited(count(root), rows_max)
    return concat(raw("(SELECT pg_catalog.count(*) FROM ("), counted, raw(") AS c)"))


def explain(root: ReadNode) -> Statement:
    """Return the statement that tells how many rows the server expects."""
    return statement(concat(raw("EXPLAIN (FORMAT JSON) "), count(root)))


def select(root: ReadNode) -> Fragment:
    """Return the query of a tree; over a MUTATION or CALL it reads from `envelope.SOURCE`.

    Args:
        root: A resolved tree, or a part of one.
    """
    owner = _owner(root)
    outputs = [_output(one, owner) for one in root.outputs]
    if not root.outputs and not root.children:
        outputs = [concat(owner, raw(".*"))]
    if root.is_spread and root.is_list:
        outputs.extend(_order_outputs(root, owner))
    for child in root.children:
        outputs.extend(_shown(child))
    return concat(
        raw("SELECT "),
        join(", ", outputs),
        _from(root),
        concat(*(_joined(child) for child in root.children)),
        _where(root, owner),
        _group_by(root, owner),
        _order_by(_inner_orderings(root), owner),
        _limit(root.window, root.rows_max),
    )


def count(root: ReadNode) -> Fragment:
    """Return `SELECT 1 …` over the rows of a tree's root without its window.

    Inner embeds and conditions on embeds become EXISTS.

    Args:
        root: A resolved tree, or a part of one.
    """
    owner = _owner(root)

    def exists(condition: Presence) -> Fragment:
        child = next(one for one in root.children if one.aggregate_alias == condition.embed)
        found = concat(raw("EXISTS ("), count(child), _CLOSE)
        return found if condition.is_present else concat(raw("NOT "), found)

    conditions = join(
        " AND ",
        (
            condition_render.conjunction(root.predicates, owner, exists),
            _join_condition(root, owner),
            *(concat(raw("EXISTS ("), count(one), _CLOSE) for one in root.children if one.is_inner),
        ),
    )
    return concat(
        raw("SELECT 1"), _from(root), concat(raw(" WHERE "), conditions) if conditions else NOTHING
    )


def _owner(node: ReadNode) -> Fragment:
    return qualified(node.relation) if node.alias is None else ident(node.alias)


def _parent_owner(node: ReadNode, found: Relationship) -> Fragment:
    return qualified(found.parent) if node.parent_alias is None else ident(node.parent_alias)


def _from(node: ReadNode) -> Fragment:
    found = node.relationship
    if found is not None and found.function is not None:
        table = _function_call(node, found)
    elif node.source is Source.TABLE:
        table = qualified(node.relation)
    else:
        table = raw(envelope.SOURCE)
    alias = NOTHING if node.alias is None else concat(raw(" AS "), ident(node.alias))
    junction = NOTHING
    if found is not None and found.junction is not None:
        junction = concat(raw(", "), qualified(found.junction.table))
    return concat(raw(" FROM "), table, alias, junction)


def _function_call(node: ReadNode, found: Relationship) -> Fragment:
    """Return the function of a computed relationship, over the parent's row.

    The cast picks the right one of overloaded functions: a row of a CTE has no type of its own.
    """
    assert found.function is not None, "a computed relationship has a function"
    row = ident(found.parent.name if node.parent_alias is None else node.parent_alias)
    return concat(
        qualified(found.function), raw("("), row, raw("::"), qualified(found.parent), _CLOSE
    )


def _where(node: ReadNode, owner: Fragment) -> Fragment:
    conditions = join(
        " AND ",
        (condition_render.conjunction(node.predicates, owner), _join_condition(node, owner)),
    )
    return concat(raw(" WHERE "), conditions) if conditions else NOTHING


def _join_condition(node: ReadNode, owner: Fragment) -> Fragment:
    found = node.relationship
    if found is None or found.function is not None:
        return NOTHING
    parent = _parent_owner(node, found)
    if found.junction is None:
        return _equal(parent, owner, found.columns)
    junction = qualified(found.junction.table)
    return join(
        " AND ",
        (
            _equal(owner, junction, found.junction.child_columns),
            _equal(parent, junction, found.junction.parent_columns),
        ),
    )


def _equal(left: Fragment, right: Fragment, columns: tuple[tuple[str, str], ...]) -> Fragment:
    return join(
        " AND ",
        (
            concat(left, _DOT, ident(one), raw(" = "), right, _DOT, ident(other))
            for one, other in columns
        ),
    )


def _output(one: Output, owner: Fragment) -> Fragment:
    value = condition_render.column(one.column, owner)
    if one.aggregate == "count" and one.column.name == "*" and not one.column.is_row:
        value = raw("*")
    value = _cast(value, one.cast)
    return _named(_aggregated(value, one.aggregate, one.aggregate_cast), one.alias)


def _cast(value: Fragment, type_: str | None) -> Fragment:
    if type_ is None:
        return value
    return concat(raw("CAST("), value, raw(" AS "), type_name(type_), _CLOSE)


def _aggregated(value: Fragment, function: str | None, type_: str | None) -> Fragment:
    if function is None:
        return value
    return _cast(concat(_AGGREGATES[function], value, _CLOSE), type_)


def _named(value: Fragment, name: str | None) -> Fragment:
    return value if name is None else concat(value, raw(" AS "), ident(name))


def _shown(child: ReadNode) -> Iterator[Fragment]:
    """Yield what a parent selects of an embed."""
    alias = ident(child.aggregate_alias)
    if child.is_spread:
        yield from (_lifted(one, alias) for one in child.lifted)
    elif child.is_hollow:
        return
    elif child.is_list:
        value = concat(raw("coalesce("), alias, _DOT, alias, raw(", '[]')"))
        yield _named(value, child.name)
    else:
        value = concat(raw("pg_catalog.row_to_json("), alias, raw(".*)::jsonb"))
        yield _named(value, child.name)


def _lifted(one: Lifted, alias: Fragment) -> Fragment:
    value = _member(alias, one.name)
    return _named(_aggregated(value, one.aggregate, one.aggregate_cast), one.alias)


def _member(alias: Fragment, name: str) -> Fragment:
    return concat(alias, _DOT, raw("*") if name == "*" else ident(name))


def _joined(child: ReadNode) -> Fragment:
    """Return the lateral join of an embed."""
    alias = ident(child.aggregate_alias)
    rows = select(child)
    met = raw("TRUE")
    if child.is_list:
        rows = concat(_gathered(child, alias), raw(" FROM ("), rows, raw(") AS "), alias)
        if child.is_inner:
            met = concat(alias, _DOT, alias, raw(" IS NOT NULL"))
    kind = raw(" INNER JOIN LATERAL (" if child.is_inner else " LEFT JOIN LATERAL (")
    return concat(kind, rows, raw(") AS "), alias, raw(" ON "), met)


def _gathered(child: ReadNode, alias: Fragment) -> Fragment:
    """Return the select list that makes arrays of an embed's rows; its first is null for none."""
    if not child.is_spread:
        return concat(raw("SELECT pg_catalog.json_agg("), alias, raw(")::jsonb AS "), alias)
    orderings = tuple(
        Ordering(
            column=Column(name=_order_name(child, number, one)),
            direction=one.direction,
            nulls=one.nulls,
        )
        for number, one in enumerate(child.orderings, 1)
    )
    order = _order_by(orderings, alias)
    arrays = (
        concat(
            raw("coalesce(pg_catalog.json_agg("),
            _member(alias, one.name),
            order,
            raw("), '[]')::jsonb AS "),
            ident(one.alias or one.name),
        )
        for one in child.lifted
    )
    has_rows = concat(raw("pg_catalog.bool_or(true) AS "), alias)
    return concat(raw("SELECT "), join(", ", (has_rows, *arrays)))


def _order_outputs(node: ReadNode, owner: Fragment) -> Iterator[Fragment]:
    """Yield what a to-many spread is ordered by, under names of its own."""
    for number, one in enumerate(node.orderings, 1):
        yield _named(_order_value(one, owner), _order_name(node, number, one))


def _order_name(node: ReadNode, number: int, one: Ordering) -> str:
    return "_".join((node.aggregate_alias, one.column.name, str(number)))


def _inner_orderings(node: ReadNode) -> tuple[Ordering, ...]:
    """Return the order of a level's rows; a to-many spread orders its arrays instead.

    With a window it needs both: the window must cut the rows that come first.
    """
    is_ordered_outside = node.is_spread and node.is_list
    is_cut = node.window != WHOLE or node.rows_max is not None
    return () if is_ordered_outside and not is_cut else node.orderings


def _order_value(one: Ordering, owner: Fragment) -> Fragment:
    return condition_render.column(one.column, owner if one.embed is None else ident(one.embed))


def _order_by(orderings: tuple[Ordering, ...], owner: Fragment) -> Fragment:
    if not orderings:
        return NOTHING
    terms = (
        concat(_order_value(one, owner), _DIRECTIONS[one.direction], _NULLS[one.nulls])
        for one in orderings
    )
    return concat(raw(" ORDER BY "), join(", ", terms))


def _group_by(node: ReadNode, owner: Fragment) -> Fragment:
    """Return the grouping by all that is shown and is no aggregate.

    By the alias where there is one, as PostgREST does: of a column and an alias of one name,
    PostgreSQL then takes the column.
    """
    if not node.is_grouped:
        return NOTHING
    terms = [
        condition_render.column(one.column, owner) if one.alias is None else ident(one.alias)
        for one in node.outputs
        if one.aggregate is None
    ]
    for child in node.children:
        alias = ident(child.aggregate_alias)
        if child.is_spread:
            terms.extend(_member(alias, one.name) for one in child.lifted if one.aggregate is None)
        elif not child.is_hollow:
            terms.append(ident(child.name))
    return concat(raw(" GROUP BY "), join(", ", terms)) if terms else NOTHING


def _limit(window: Window, rows_max: int | None) -> Fragment:
    if window.rows is not None:
        limit = integer(window.rows)
    else:
        limit = NOTHING if window.limit is None else bind(window.limit)
    if rows_max is not None:
        most = integer(rows_max)
        limit = concat(raw("LEAST("), limit, raw("::bigint, "), most, _CLOSE) if limit else most
    return concat(
        concat(raw(" LIMIT "), limit) if limit else NOTHING,
        NOTHING if window.offset is None else concat(raw(" OFFSET "), bind(window.offset)),
    )

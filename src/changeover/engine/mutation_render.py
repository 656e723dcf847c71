"""Mutations as SQL: the change in a CTE, and what is answered of its rows over it."""

from typing import Final

from changeover.engine import body_render, condition_render, envelope, read_render
from changeover.engine.body_rows import BodyColumn
from changeover.engine.mutation_plan import Conflict, MutationPlan
from changeover.engine.plan_value import Predicate
from changeover.engine.sql import NOTHING, Fragment, concat, ident, join, literal, qualified, raw
from changeover.engine.syntax import Action, Work
from changeover.model.name import TableName

_MERGED_YET: Final = (
    "coalesce(nullif(pg_catalog.current_setting('changeover.merged', true), '')::int, 0)"
)
_MERGED: Final = raw(
    "pg_catalog.set_config('changeover.merged', (" + _MERGED_YET + " + 1)::text, true) <> ''"
)
"""Always true: counts the rows that are updated in place of an insert.

A setting counts them through views as well, whose rows have no `xmax`.
"""

_INSERTED: Final = concat(
    concat(raw("(SELECT pg_catalog.count(*) FROM "), raw(envelope.SOURCE), raw(") - ")),
    raw(_MERGED_YET + " + pg_catalog.length(pg_catalog.set_config('changeover.merged', '', true))"),
)
"""All rows that came back but for the merged ones; counting them first makes sure all are there.

At the end the setting is emptied (its length is 0), for the next request of the transaction.
"""

_SHOWN: Final = concat(raw("SELECT * FROM "), raw(envelope.SOURCE))


def work(plan: MutationPlan) -> Work:
    """Return the statement of a mutation."""
    has_body = plan.answer.has_body
    select = read_render.select(plan.root) if has_body else _SHOWN
    main = envelope.main(
        source=_mutation(plan),
        select=select,
        body=envelope.body_of(plan.answer.format, source=select) if has_body else envelope.NO_BODY,
        location=_location(plan.location),
        inserted=_INSERTED if plan.is_counted else envelope.NULL,
    )
    answer = plan.answer
    return Work(
        is_read_only=False,
        main=envelope.statement_of(main, answer.format),
        can_refuse=answer.format.is_single or answer.is_limited or answer.has_key,
    )


def _mutation(plan: MutationPlan) -> Fragment:
    match plan.action:
        case Action.UPDATE:
            return _update(plan)
        case Action.DELETE:
            target = qualified(plan.target)
            where = _where(plan.predicates, target)
            return concat(raw("DELETE FROM "), target, where, _returning(plan))
        case _:
            return _insert(plan)


def _insert(plan: MutationPlan) -> Fragment:
    body = plan.body
    assert body is not None, "an insert has a body"
    columns = body.columns
    names = concat(raw(" ("), body_render.names(columns), raw(")")) if columns else NOTHING
    return concat(
        concat(raw("INSERT INTO "), qualified(plan.target), names),
        concat(raw(" SELECT "), body_render.fields(columns), raw(" FROM ")),
        body_render.rows(body),
        _where(plan.predicates, ident(body_render.BODY)),
        _on_conflict(plan.conflict, columns) if plan.conflict is not None else NOTHING,
        _returning(plan),
    )


def _on_conflict(conflict: Conflict, columns: tuple[BodyColumn, ...]) -> Fragment:
    key = join(", ", (ident(name) for name in conflict.columns))
    target = concat(raw(" ON CONFLICT ("), key, raw(") DO "))
    if not conflict.is_merged or not columns:
        return concat(target, raw("NOTHING"))
    values = (concat(ident(one.name), raw(" = EXCLUDED."), ident(one.name)) for one in columns)
    return concat(target, raw("UPDATE SET "), join(", ", values), raw(" WHERE "), _MERGED)


def _update(plan: MutationPlan) -> Fragment:
    target = qualified(plan.target)
    if plan.body is None:
        return _nothing(plan)
    values = (
        concat(ident(one.name), raw(" = "), body_render.field(one.name))
        for one in plan.body.columns
    )
    return concat(
        concat(raw("UPDATE "), target, raw(" SET "), join(", ", values), raw(" FROM ")),
        body_render.rows(plan.body),
        _where(plan.predicates, target),
        _returning(plan),
    )


def _nothing(plan: MutationPlan) -> Fragment:
    """Select no row of the target: no column is written, but `select` must still be answered."""
    columns = _columns(plan) if plan.returning else envelope.NULL
    return concat(
        raw("SELECT "), columns, raw(" FROM "), qualified(plan.target), raw(" WHERE false")
    )


def _where(predicates: tuple[Predicate, ...], owner: Fragment) -> Fragment:
    conditions = condition_render.conjunction(predicates, owner)
    return concat(raw(" WHERE "), conditions) if conditions else NOTHING


def _returning(plan: MutationPlan) -> Fragment:
    columns = _columns(plan) if plan.returning else raw("1")
    return concat(raw(" RETURNING "), columns)


def _columns(plan: MutationPlan) -> Fragment:
    return join(", ", (_column(plan.target, name) for name in plan.returning))


def _column(target: TableName, name: str) -> Fragment:
    return concat(qualified(target), raw("."), raw("*") if name == "*" else ident(name))


def _location(key: tuple[str, ...]) -> Fragment:
    """Return `column=eq.value` of each key column, if there is exactly one row."""
    if not key:
        return envelope.NULL
    return concat(
        raw(
            "CASE WHEN pg_catalog.count(*) = 1 THEN (SELECT pg_catalog.array_agg(f.key || '=' ||"
            " coalesce('eq.' || f.value, 'is.null')) FROM (SELECT pg_catalog.row_to_json(r) AS row"
            " FROM "
        ),
        raw(envelope.SOURCE),
        raw(" AS r LIMIT 1) AS one, pg_catalog.json_each_text(one.row) AS f WHERE f.key IN ("),
        join(", ", (literal(name) for name in key)),
        raw(")) END"),
    )

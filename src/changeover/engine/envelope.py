"""The outer statement of every request: one row of `COLUMNS` over a source of rows.

It must not know where the rows come from: a read, a mutation and a call bring their own source and
what is selected of it.
"""

from enum import StrEnum
from typing import Final

from changeover.engine.plan_value import Body, Format
from changeover.engine.sql import (
    NOTHING,
    Fragment,
    concat,
    integer,
    join,
    qualified,
    raw,
    statement,
)
from changeover.engine.syntax import Statement

COLUMNS: Final = ("total", "shown", "body", "headers", "status", "location", "inserted")
"""The columns of the row that a main statement returns.

`total` (bigint): rows without a window, null where they are not counted. `shown` (bigint): rows in
the body. `body` (text, bytea of a custom handler): empty text where none is built. `headers` and
`status` (text): the settings `response.headers` and `response.status`, null where they are not set.
`location` (text[]): `key=eq.value` of each key column, null where there is none. `inserted`
(bigint): new rows where rows may be merged, null for anything else.

A statement whose format is a plan is an EXPLAIN instead: see `Work.is_explained`.
"""

SOURCE: Final = "pgrst_source"
"""The name of the source, which a read over a mutation or a call selects from.

Names of inner relations show in the server's messages (`column pgrst_source.x does not exist`), so
they are PostgREST's.
"""

SCALAR: Final = "pgrst_scalar"
"""The only column of a source that is a function's scalar."""

NULL: Final = raw("NULL")

SHOWN: Final = raw("pg_catalog.count(*)")

_ROW: Final = raw("_postgrest_t")
_SETTINGS: Final = raw(
    "nullif(pg_catalog.current_setting('response.headers', true), ''),"
    " nullif(pg_catalog.current_setting('response.status', true), '')"
)


class Rows(StrEnum):
    """What a source's rows are.

    Attributes:
        MANY: Rows, as they are.
        SCALARS: A set of scalars in the column `SCALAR`.
        SCALAR: One scalar in the column `SCALAR`.
        SINGLE: One row.
    """

    MANY = "many"
    SCALARS = "scalars"
    SCALAR = "scalar"
    SINGLE = "single"


def main(
    *,
    source: Fragment,
    select: Fragment,
    body: Fragment,
    total: Fragment = NULL,
    location: Fragment = NULL,
    inserted: Fragment = NULL,
    shown: Fragment = SHOWN,
) -> Fragment:
    """Return the statement that returns one row of `COLUMNS`.

    Args:
        source: What stands in the CTE `SOURCE`; empty if `select` needs none.
        select: The query whose rows are shown, over `SOURCE` or by itself.
        body: An aggregate over its rows (`body_of`), or `NO_BODY`.
        total: An expression.
        location: An expression.
        inserted: An expression.
        shown: An expression.
    """
    head = concat(raw("WITH "), raw(SOURCE), raw(" AS ("), source, raw(") ")) if source else NOTHING
    columns = join(", ", (total, shown, body, _SETTINGS, location, inserted))
    return concat(head, raw("SELECT "), columns, raw(" FROM ("), select, raw(") _postgrest_t"))


NO_BODY: Final = raw("''::text")


def body_of(format_: Format, rows: Rows = Rows.MANY, *, source: Fragment = NOTHING) -> Fragment:
    """Return the expression that builds a body from the rows of `main`'s select.

    Args:
        format_: What the client gets.
        rows: What the rows are.
        source: For CSV: the query whose first row names the columns; `SOURCE` if empty.
    """
    planned = format_.planned or format_
    match planned.body:
        case Body.CSV:
            return _csv(source)
        case Body.GEOJSON:
            return _GEOJSON
        case Body.CUSTOM:
            return _custom(planned, rows)
        case _:
            return _json(planned, rows)


def statement_of(fragment: Fragment, format_: Format) -> Statement:
    """Return a main statement, or its EXPLAIN where the client asks for the plan."""
    if format_.body is not Body.PLAN:
        return statement(fragment)
    options = (*(_EXPLAIN[one] for one in format_.plan_options), _EXPLAIN[format_.plan_format])
    return statement(concat(raw("EXPLAIN ("), join(", ", options), raw(") "), fragment))


_EXPLAIN: Final = {
    "analyze": raw("ANALYZE"),
    "verbose": raw("VERBOSE"),
    "settings": raw("SETTINGS"),
    "buffers": raw("BUFFERS"),
    "wal": raw("WAL"),
    "text": raw("FORMAT TEXT"),
    "json": raw("FORMAT JSON"),
}


def _json(format_: Format, rows: Rows) -> Fragment:
    is_scalar = rows in (Rows.SCALAR, Rows.SCALARS)
    is_one = format_.body is Body.OBJECT or rows in (Rows.SCALAR, Rows.SINGLE)
    row = raw("_postgrest_t." + SCALAR) if is_scalar else _ROW
    values = concat(raw("pg_catalog.json_agg("), row, raw(")"))
    if format_.are_nulls_stripped:
        values = concat(raw("pg_catalog.json_strip_nulls("), values, raw(")"))
    end = raw("->0, 'null')::text") if is_one else raw(", '[]')::text")
    return concat(raw("coalesce("), values, end)


def _csv(source: Fragment) -> Fragment:
    first = concat(raw("("), source, raw(")")) if source else raw(SOURCE)
    return concat(
        raw(
            "(SELECT coalesce(pg_catalog.string_agg(k, ','), '') FROM"
            " (SELECT pg_catalog.json_object_keys(pg_catalog.row_to_json(h)) AS k FROM"
            " (SELECT * FROM "
        ),
        first,
        raw(
            " AS s LIMIT 1) AS h) AS a) || E'\\n' || coalesce(pg_catalog.string_agg("
            "pg_catalog.substr(_postgrest_t::text, 2, pg_catalog.length(_postgrest_t::text) - 2),"
            " E'\\n'), '')"
        ),
    )


def _custom(format_: Format, rows: Rows) -> Fragment:
    handler = format_.handler
    assert handler is not None, "a custom format has a handler"
    if not handler.is_aggregate:
        return raw("(pg_catalog.array_agg(_postgrest_t.pgrst_scalar))[1]")
    argument = _ROW
    if rows is Rows.SCALAR:
        argument = raw("_postgrest_t." + SCALAR)
    elif handler.relation is not None:
        argument = concat(_ROW, raw("::"), qualified(handler.relation))
    return concat(qualified(handler.function), raw("("), argument, raw(")"))


_GEOJSON: Final = raw(
    "pg_catalog.json_build_object('type', 'FeatureCollection', 'features',"
    " coalesce(pg_catalog.json_agg(ST_AsGeoJSON(_postgrest_t)::json), '[]'))::text"
)
"""PostGIS may be in any schema of the search path: its function stands unqualified."""


def limited(query: Fragment, rows_max: int | None) -> Fragment:
    """Return a query that returns no more than some rows.

    Args:
        query: A SELECT without LIMIT.
        rows_max: How many; None for all.
    """
    return query if rows_max is None else concat(query, raw(" LIMIT "), integer(rows_max))

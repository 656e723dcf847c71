"""The rows of a JSON body as SQL, for FROM."""

from typing import Final

from changeover.engine.body_rows import BodyColumn, BodyRows
from changeover.engine.sql import Fragment, bind, concat, ident, join, literal, printed, raw

BODY: Final = "pgrst_body"
"""What the rows are reached under; it shows in the server's messages, so it is PostgREST's."""

_DEFAULTS_MAX: Final = 50
"""Defaults in one jsonb_build_object: a function takes 100 arguments."""


def rows(body: BodyRows) -> Fragment:
    """Return the rows as items of FROM, reached under `BODY`.

    An object or array without keys gives a row without columns for each object.

    Args:
        body: What is read.
    """
    if not body.columns:
        return _empty_rows(body)
    if any(one.default is not None for one in body.columns):
        return _merged_rows(body)
    function = "pg_catalog.json_to_recordset(" if body.is_array else "pg_catalog.json_to_record("
    return concat(raw(function), bind(body.slot), raw("::json) AS "), _alias(body.columns))


def first_row(body: BodyRows) -> Fragment:
    """Return the same, but of an array the first object only.

    Args:
        body: What is read.
    """
    if not body.is_array:
        return rows(body)
    return concat(raw("(SELECT * FROM "), rows(body), raw(" LIMIT 1) AS "), ident(BODY))


def names(columns: tuple[BodyColumn, ...]) -> Fragment:
    """Return the columns' names, parted by commas."""
    return join(", ", (ident(one.name) for one in columns))


def fields(columns: tuple[BodyColumn, ...]) -> Fragment:
    """Return the columns as they are reached in the rows, parted by commas."""
    return join(", ", (field(one.name) for one in columns))


def field(name: str) -> Fragment:
    """Return one column as it is reached in the rows."""
    return concat(ident(BODY), raw("."), ident(name))


def _empty_rows(body: BodyRows) -> Fragment:
    if not body.is_array:
        return concat(raw("(VALUES (1)) AS "), ident(BODY))
    elements = concat(raw("pg_catalog.json_array_elements("), bind(body.slot), raw("::json)"))
    return concat(elements, raw(" AS "), ident(BODY))


def _merged_rows(body: BodyRows) -> Fragment:
    """Put the body's objects over objects of defaults.

    The function scan is repeated for each element of an array, and with it the defaults: each row
    gets a sequence's next value of its own.
    """
    alias = _alias(body.columns)
    defaults = _defaults(body.columns)
    if not body.is_array:
        merged = concat(defaults, raw(" || "), bind(body.slot), raw("::jsonb"))
        return concat(raw("pg_catalog.jsonb_to_record("), merged, raw(") AS "), alias)
    return concat(
        raw("pg_catalog.jsonb_array_elements("),
        bind(body.slot),
        raw("::jsonb) AS pgrst_element(item), LATERAL pg_catalog.jsonb_to_record("),
        concat(defaults, raw(" || pgrst_element.item) AS ")),
        alias,
    )


def _defaults(columns: tuple[BodyColumn, ...]) -> Fragment:
    pairs = [
        concat(literal(one.name), raw(", "), printed(one.default))
        for one in columns
        if one.default is not None
    ]
    objects = (
        concat(
            raw("pg_catalog.jsonb_build_object("),
            join(", ", pairs[start : start + _DEFAULTS_MAX]),
            raw(")"),
        )
        for start in range(0, len(pairs), _DEFAULTS_MAX)
    )
    return join(" || ", objects)


def _alias(columns: tuple[BodyColumn, ...]) -> Fragment:
    typed = (concat(ident(one.name), raw(" "), printed(one.type)) for one in columns)
    return concat(ident(BODY), raw("("), join(", ", typed), raw(")"))

"""An independent comparison: hand-written SQL that shares nothing with `changeover verify`.

Per table a count and one md5 over the text of all rows in order, under the same settings on both
sides. Where they differ the rows' digests are fetched and counted.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

PINS: Final = (
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET row_security = off",
    "SET statement_timeout = '60s'",
)
COLUMNS: Final = (
    'SELECT c.relname, array_agg(a.attname::text ORDER BY a.attname COLLATE "C")'
    " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    " AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped"
    " GROUP BY c.relname ORDER BY c.relname"
)
DIGEST: Final = sql.SQL(
    "SELECT count(*), md5(coalesce(string_agg(t.row_text, chr(10)"
    " ORDER BY t.row_text COLLATE \"C\"), ''))"
    " FROM (SELECT ROW({columns})::text AS row_text FROM public.{table}) AS t"
)
ROWS: Final = sql.SQL("SELECT md5(ROW({columns})::text), count(*) FROM public.{table} GROUP BY 1")

Session = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableComparison:
    """One table on both sides.

    Attributes:
        rows: How many rows the source and the target have.
        differences: Rows that are on one side only, a changed row counted once.
    """

    table: str
    rows: tuple[int, int]
    differences: int


def compare(source: Session, target: Session) -> tuple[TableComparison, ...]:
    """Compare every table of the source's schema public with the target's of the same name.

    Args:
        source: A session of the owner, in autocommit.
        target: The same on the target.

    Returns:
        One comparison per table, by name; a table that the target lacks differs in every row.
    """
    for session in (source, target):
        for pin in PINS:
            session.execute(pin)
    there = {str(row[0]): row[1] for row in target.execute(COLUMNS).fetchall()}
    found = []
    for name, columns in source.execute(COLUMNS).fetchall():
        if there.get(str(name)) != columns:
            rows = _count(source, str(name))
            found.append(TableComparison(table=str(name), rows=(rows, 0), differences=max(rows, 1)))
        else:
            found.append(_compare_table(source, target, str(name), columns))
    return tuple(found)


def _compare_table(
    source: Session, target: Session, name: str, columns: list[str]
) -> TableComparison:
    given = {
        "table": sql.Identifier(name),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    sides = (source, target)
    ours, theirs = (session.execute(DIGEST.format(**given)).fetchone() for session in sides)
    assert ours is not None, "an aggregate returns one row"
    assert theirs is not None, "an aggregate returns one row"
    differences = 0
    if ours != theirs:
        left, right = (_digests(session, ROWS.format(**given)) for session in sides)
        differences = max((left - right).total(), (right - left).total())
    return TableComparison(table=name, rows=(ours[0], theirs[0]), differences=differences)


def _digests(session: Session, query: sql.Composed) -> Counter[str]:
    return Counter({str(digest): int(rows) for digest, rows in session.execute(query).fetchall()})


def _count(session: Session, name: str) -> int:
    row = session.execute(
        sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(name))
    ).fetchone()
    assert row is not None, "an aggregate returns one row"
    return int(row[0])

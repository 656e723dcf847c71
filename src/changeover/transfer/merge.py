"""The statements that carry one table: taking keys and rows on one side, merging them on the other.

Composed once per session from the catalog; they hold names, never values.
"""

from dataclasses import dataclass

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.catalog.values import Table
from changeover.database.statement import names
from changeover.model.side import Direction, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What carries one table in one direction.

    Attributes:
        pair: The table.
        is_exact: Each text of a key in the log is a key of its own.
        create_stage: On the secondary, once per session: staging tables of the session.
        empty_rows: On the secondary: delete what is in the rows' stage.
        empty_gone: On the secondary: delete what is in the keys' stage.
        truncate_stage: On the secondary: empty both, with the space of what was deleted there.
        send_rows: On the primary: COPY of the current rows behind the taken keys.
        send_gone: On the primary: COPY of the taken keys that have no row.
        receive_rows: On the secondary: COPY into the rows' stage.
        receive_gone: On the secondary: COPY into the keys' stage.
        send_all: On the primary: COPY of every row, for a table carried whole.
        delete_gone: On the secondary: delete what the primary no longer has.
        delete_all: On the secondary: delete every row; a moved table is never truncated.
        upsert: On the secondary: insert or update; None where only the plain way is right.
        delete_live: On the secondary: delete the rows whose keys are staged.
        insert: On the secondary: insert the staged rows.
        count_live: On the secondary: how many staged rows have their key in the table; only where
            the upsert does nothing on conflict, so that its own count is no proof.
    """

    pair: Pair
    is_exact: bool
    create_stage: tuple[sql.Composed, ...]
    empty_rows: sql.Composed
    empty_gone: sql.Composed
    truncate_stage: sql.Composed
    send_rows: sql.Composed
    send_gone: sql.Composed
    receive_rows: sql.Composed
    receive_gone: sql.Composed
    send_all: sql.Composed
    delete_gone: sql.Composed
    delete_all: sql.Composed
    upsert: sql.Composed | None
    delete_live: sql.Composed
    insert: sql.Composed
    count_live: sql.Composed | None = None


def relation(table: Table) -> sql.Composed:
    """Return a table as it is read or written: ONLY itself, unless it is partitioned."""
    name = sql.Identifier(table.name.schema, table.name.name)
    return sql.SQL("{}").format(name) if table.kind == "p" else sql.SQL("ONLY {}").format(name)


def _taken_keys(pair: Pair, types: tuple[str, ...]) -> sql.Composed:
    """Return the subquery of the typed keys that were taken for a table."""
    if len(types) == 1:
        casts = [sql.SQL("CAST(k.key AS {}) AS k1").format(sql.SQL(types[0]))]
    else:
        casts = [
            sql.SQL("CAST((CAST(k.key AS pg_catalog.text[]))[{}] AS {}) AS {}").format(
                sql.Literal(place), sql.SQL(type_name), sql.Identifier(f"k{place}")
            )
            for place, type_name in enumerate(types, start=1)
        ]
    return sql.SQL(
        "SELECT DISTINCT {} FROM pg_temp.taken AS k WHERE k.table_id = {} AND k.key IS NOT NULL"
    ).format(sql.SQL(", ").join(casts), sql.Literal(pair.table_id))


def _match(pair: Pair, side: Side, other: str) -> sql.Composed:
    """Return the condition that a row `t` of a side has the key of a row of another relation."""
    if pair.is_whole:
        return sql.SQL("{}").format(sql.SQL("false"))
    terms = []
    for place, column in enumerate(pair.key, start=1):
        theirs = f"k{place}" if other == "k" else column
        known = pair.table(side).column(column)
        assert known is not None, "the key's columns are on both sides"
        terms.append(
            sql.SQL("t.{} {} {}.{}").format(
                sql.Identifier(column),
                sql.SQL(known.equality),
                sql.SQL(other),
                sql.Identifier(theirs),
            )
        )
    return sql.SQL(" AND ").join(terms)


def _staged_columns(pair: Pair) -> tuple[str, ...]:
    """Return the columns of a row's stage: those carried, and a key's that are generated."""
    return (*pair.columns, *(name for name in pair.key if name not in pair.columns))


def _columns(pair: Pair, alias: str) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}.{}").format(sql.SQL(alias), sql.Identifier(name))
        for name in _staged_columns(pair)
    )


def plan_merge(pair: Pair, direction: Direction) -> Merge:
    """Compose the statements that carry a table.

    Args:
        pair: The table.
        direction: Which way.
    """
    primary = pair.table(direction.primary)
    secondary = pair.table(direction.secondary)
    rows = sql.Identifier("pg_temp", f"row_{pair.table_id}")
    gone = sql.Identifier("pg_temp", f"key_{pair.table_id}")
    columns = names(pair.columns)
    key = names(pair.key) if pair.key else names(pair.columns[:1])
    here = relation(primary)
    there = relation(secondary)
    into = sql.Identifier(secondary.name.schema, secondary.name.name)
    taken = _taken_keys(pair, pair.key_types(direction.primary)) if pair.key else sql.SQL("")
    same = _match(pair, direction.primary, "k")
    staged = _match(pair, direction.secondary, "s")
    stage = sql.SQL("CREATE TEMP TABLE {} AS SELECT {} FROM {} WITH NO DATA")
    insert = sql.SQL(
        "INSERT INTO {into} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {rows}"
    ).format(into=into, columns=columns, rows=rows)
    return Merge(
        pair=pair,
        is_exact=pair.is_exact_key(direction.primary),
        create_stage=(
            stage.format(rows, names(_staged_columns(pair)), into),
            stage.format(gone, key, into),
        ),
        empty_rows=sql.SQL("DELETE FROM {}").format(rows),
        empty_gone=sql.SQL("DELETE FROM {}").format(gone),
        truncate_stage=sql.SQL("TRUNCATE {}, {}").format(rows, gone),
        send_rows=sql.SQL(
            "COPY (SELECT {} FROM {} AS t WHERE EXISTS (SELECT FROM ({}) AS k WHERE {})) TO STDOUT"
        ).format(_columns(pair, "t"), here, taken, same),
        send_gone=sql.SQL(
            "COPY (SELECT k.* FROM ({}) AS k WHERE NOT EXISTS (SELECT FROM {} AS t WHERE {}))"
            " TO STDOUT"
        ).format(taken, here, same),
        receive_rows=sql.SQL("COPY {} FROM STDIN").format(rows),
        receive_gone=sql.SQL("COPY {} FROM STDIN").format(gone),
        send_all=sql.SQL("COPY (SELECT {} FROM {} AS t) TO STDOUT").format(
            _columns(pair, "t"), here
        ),
        delete_gone=sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE {}").format(
            there, gone, staged
        ),
        delete_all=sql.SQL("DELETE FROM {}").format(there),
        upsert=_upsert(pair, direction, insert),
        delete_live=sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE {}").format(
            there, rows, staged
        ),
        insert=insert,
        count_live=_count_live(pair, direction, rows, there),
    )


def _count_live(
    pair: Pair, direction: Direction, rows: sql.Identifier, there: sql.Composed
) -> sql.Composed | None:
    if not pair.has_upsert(direction.secondary) or pair.settable_columns(direction.secondary):
        return None
    return sql.SQL(
        "SELECT pg_catalog.count(*) FROM {} AS s WHERE EXISTS (SELECT FROM {} AS t WHERE {})"
    ).format(rows, there, _match(pair, direction.secondary, "s"))


def _upsert(pair: Pair, direction: Direction, insert: sql.Composed) -> sql.Composed | None:
    if not pair.has_upsert(direction.secondary):
        return None
    settable = pair.settable_columns(direction.secondary)
    if not settable:
        return sql.SQL("{} ON CONFLICT ({}) DO NOTHING").format(insert, names(pair.key))
    sets = sql.SQL(", ").join(
        sql.SQL("{column} = excluded.{column}").format(column=sql.Identifier(name))
        for name in settable
    )
    return sql.SQL("{} ON CONFLICT ({}) DO UPDATE SET {}").format(insert, names(pair.key), sets)

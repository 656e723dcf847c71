"""Key ranges: how a table is cut, and the statements that read one range and write it.

The ranges of a table are contiguous and the outermost are open-ended, so that together they hold
every row whatever the statistics say; a wrong guess makes a range large, never a row lost. Bounds
are cut and applied by the same server under the same order. Pure: composes statements, runs none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.catalog.values import Column, Index, Table
from changeover.database.statement import names, table
from changeover.model.name import TableName

RANGE_BYTES: Final = 256 * 1024 * 1024
"""A range of wide rows is cut shorter than `range_rows`: it is one transaction."""

SAMPLED_BYTES_MIN: Final = 256 * 1024 * 1024
"""Larger tables are cut by a sample of their blocks, smaller ones by their whole key."""

SAMPLE_ROWS_PER_RANGE: Final = 500
UNINDEXED_FACTOR: Final = 20
"""Every range of a key whose order has no index reads the whole table: fewer, larger ranges."""

ORDERED_TYPES: Final = frozenset(
    {
        *("smallint", "integer", "bigint", "oid", "numeric", "real", "double precision"),
        *("text", "character varying", "character", "name", "uuid", "bytea", "boolean"),
        *("date", "timestamp without time zone", "timestamp with time zone"),
        *("time without time zone", "inet", "cidr", "macaddr"),
    }
)
"""Base types whose index order is the order of the operators of `pg_catalog`.

Others (citext and most extensions' types) have operators of their own, which our `search_path`
hides: text's would be taken instead, in another order than the index's. Those are cut and compared
as text under "C", without an index.
"""

BINARY_TYPES: Final = ORDERED_TYPES | {
    *("time with time zone", "interval", "json", "jsonb", "macaddr8", "bit", "bit varying"),
    *("point", "line", "lseg", "box", "path", "polygon", "circle", "pg_lsn", "xid8"),
    *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange", "tsvector"),
}
"""Base types whose binary form is the same in every supported version and holds no local OID.

Arrays of them hold their OIDs, which are fixed. `reg*` types, enums, composites and what extensions
bring are left to text.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyColumn:
    """A column of the key, and whether the server's own order of it can be used."""

    name: str
    has_order: bool

    def expression(self) -> sql.Composable:
        """Return what is ordered and compared."""
        if self.has_order:
            return sql.Identifier(self.name)
        return sql.SQL('({}::pg_catalog.text COLLATE "C")').format(sql.Identifier(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """What a worker must know of a table that it copies.

    Attributes:
        key: Empty where the table is read whole.
        is_source_partitioned: The source's table is read with its partitions; otherwise with ONLY.
        is_binary: The rows travel in the binary form.
        unique: Columns of each unique key of the target.
        deferrable: Constraints of the target whose unique keys are deferrable.
        unproven: Unique indexes of the target that refuse more than the source's do.
        has_exclusion: The target has exclusion constraints, which have to be compared by text.
    """

    table_id: int
    name: TableName
    columns: tuple[str, ...]
    key: tuple[KeyColumn, ...]
    is_source_partitioned: bool
    is_target_partitioned: bool
    is_binary: bool
    unique: tuple[tuple[str, ...], ...]
    deferrable: tuple[str, ...]
    unproven: tuple[str, ...]
    has_exclusion: bool


def describe(pair: Pair) -> TableCopy:
    """Return what a worker must know of a pair."""
    return TableCopy(
        table_id=pair.table_id,
        name=pair.name,
        columns=pair.columns,
        key=tuple(_key_column(pair.source, name) for name in pair.key),
        is_source_partitioned=pair.source.kind == "p",
        is_target_partitioned=pair.target.kind == "p",
        is_binary=all(
            _is_binary(pair.source.column(name), pair.target.column(name)) for name in pair.columns
        ),
        unique=tuple(
            key.columns for key in pair.target.keys if set(key.columns) <= set(pair.columns)
        ),
        deferrable=tuple(key.name for key in pair.target.keys if key.is_deferrable),
        unproven=tuple(
            index.name
            for index in pair.target.indexes
            if index.is_unique and not _is_proven(index, pair)
        ),
        has_exclusion=any(index.is_exclusion for index in pair.target.indexes),
    )


def _key_column(table: Table, name: str) -> KeyColumn:
    column = table.column(name)
    assert column is not None, f"{name} is in the key of {table.name}"
    return KeyColumn(
        name=name, has_order=column.base_type in ORDERED_TYPES or column.category == "E"
    )


def _is_binary(source: Column | None, target: Column | None) -> bool:
    assert source is not None, "a pair's columns are the source's"
    assert target is not None, "a pair's columns are the target's"
    return (
        source.type == target.type
        and source.base_type == target.base_type
        and source.base_type.removesuffix("[]") in BINARY_TYPES
    )


def _is_proven(index: Index, pair: Pair) -> bool:
    """Return whether the source refuses all that this index of the target refuses."""
    if not all(_is_alike(pair, name) for name in pair.columns):
        return False
    shape = _shape(index, pair.target)
    if any(
        _shape(other, pair.source) == shape and other.is_valid and other.is_unique
        for other in pair.source.indexes
    ):
        return True
    columns = next((set(key.columns) for key in pair.target.keys if key.name == index.name), set())
    return any(key.is_exact and set(key.columns) <= columns for key in pair.source.keys)


def _is_alike(pair: Pair, name: str) -> bool:
    source, target = pair.source.column(name), pair.target.column(name)
    assert source is not None, "a pair's columns are the source's"
    assert target is not None, "a pair's columns are the target's"
    is_bytewise = source.is_collation_deterministic and target.is_collation_deterministic
    return source.type == target.type and (is_bytewise or source.collation == target.collation)


def _shape(index: Index, table: Table) -> str:
    """Return an index's definition without its name."""
    return index.definition.partition(f" {table.name} USING ")[2]


def bounds(
    copy: TableCopy,
    *,
    size_bytes: int,
    range_rows: int,
    sampled_bytes_min: int = SAMPLED_BYTES_MIN,
) -> sql.Composed:
    """Return the query for the inner bounds of a table's ranges, in order, one text array a row.

    Args:
        copy: A table with a key.
        size_bytes: The table's size; only the size of the ranges depends on it.
        range_rows: Rows of one range, at most about.
        sampled_bytes_min: From this size on a sample decides.

    Source: https://www.postgresql.org/docs/current/sql-select.html, TABLESAMPLE
    """
    factor = 1 if copy.key[0].has_order else UNINDEXED_FACTOR
    rows = range_rows * factor
    percent = 100.0
    if size_bytes >= sampled_bytes_min:
        percent = min(100.0, max(0.01, 100.0 * SAMPLE_ROWS_PER_RANGE / rows))
    order = sql.SQL(", ").join(column.expression() for column in copy.key)
    return sql.SQL(
        "WITH ordered AS ("
        " SELECT ARRAY[{key}] AS bound, row_number() OVER (ORDER BY {order}) AS place,"
        " count(*) OVER () AS total FROM {rows}"
        ") SELECT bound FROM ordered"
        " WHERE place > 1 AND (place - 1) % GREATEST(1,"
        " LEAST({step}, {bytes}::numeric * total / {size}))::bigint = 0"
        " ORDER BY place"
    ).format(
        key=sql.SQL(", ").join(
            sql.SQL("{}::pg_catalog.text").format(sql.Identifier(column.name))
            for column in copy.key
        ),
        order=order,
        rows=sql.SQL(" ").join(
            [_source(copy)]
            + [sql.SQL("TABLESAMPLE SYSTEM ({})").format(sql.Literal(percent))] * (percent < 100)  # noqa: PLR2004
        ),
        step=sql.Literal(max(1, int(rows * percent / 100))),
        bytes=sql.Literal(RANGE_BYTES * factor),
        size=sql.Literal(max(1, size_bytes)),
    )


def cut(inner: Sequence[Sequence[str]]) -> tuple[tuple[list[str] | None, list[str] | None], ...]:
    """Return lower (inclusive) and upper (exclusive) bounds of contiguous, open-ended ranges."""
    edges = [None, *(list(bound) for bound in inner), None]
    return tuple(pairwise(edges))


def _source(copy: TableCopy) -> sql.Composable:
    # Children of an INHERITS tree move as tables of their own; partitions move with their parent.
    if copy.is_source_partitioned:
        return table(copy.name)
    return sql.SQL("ONLY {}").format(table(copy.name))


def lock_source(copy: TableCopy) -> sql.Composed:
    """Return the statement that keeps a TRUNCATE or a rewrite away from the snapshot to come."""
    return sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(_source(copy))


def read_rows(
    copy: TableCopy, lower: Sequence[str] | None, upper: Sequence[str] | None
) -> sql.Composed:
    """Return the COPY that reads a range on the source."""
    limits = [
        _compare(copy.key, sql.SQL(operator), bound)
        for operator, bound in ((">=", lower), ("<", upper))
        if bound is not None
    ]
    where = sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(limits)) if limits else sql.SQL("")
    return sql.SQL("COPY (SELECT {} FROM {}{}) TO STDOUT (FORMAT {})").format(
        names(copy.columns), _source(copy), where, _format(copy)
    )


def _compare(
    key: Sequence[KeyColumn], operator: sql.Composable, bound: Sequence[str]
) -> sql.Composed:
    # The literals are of unknown type: each takes the type of the column beside it.
    return sql.SQL("ROW({}) {} ROW({})").format(
        sql.SQL(", ").join(column.expression() for column in key),
        operator,
        sql.SQL(", ").join(sql.Literal(value) for value in bound),
    )


def _format(copy: TableCopy) -> sql.SQL:
    return sql.SQL("binary") if copy.is_binary else sql.SQL("text")


STAGING: Final = sql.Identifier("pg_temp", "changeover_copy")


def write_rows(copy: TableCopy) -> sql.Composed:
    """Return the COPY that writes a range into the target's table, through a partitioned parent."""
    return _copy_in(copy, table(copy.name))


def write_staging(copy: TableCopy) -> sql.Composed:
    """Return the COPY that writes a range into the staging table."""
    return _copy_in(copy, STAGING)


def _copy_in(copy: TableCopy, into: sql.Composable) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(
        into, names(copy.columns), _format(copy)
    )


def create_staging(copy: TableCopy) -> sql.Composed:
    """Return the statement that makes the staging table, which goes with the transaction."""
    return sql.SQL(
        "CREATE TEMPORARY TABLE changeover_copy ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
    ).format(names(copy.columns), table(copy.name))


def merge_staging(copy: TableCopy) -> sql.Composed:
    """Return the statement that takes over staged rows but those that conflict.

    Beside a deferrable key ON CONFLICT is refused, so there the keys are looked up; what conflicts
    by an index on an expression is an error then.
    Source: https://www.postgresql.org/docs/current/sql-insert.html, conflict_target
    """
    ending: sql.Composable = sql.SQL("ON CONFLICT DO NOTHING")
    if copy.deferrable:
        ending = sql.SQL("WHERE {}").format(
            sql.SQL(" AND ").join(_is_free(copy, columns) for columns in copy.unique)
        )
    return sql.SQL(
        "INSERT INTO {} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {} AS s {}"
    ).format(table(copy.name), STAGING, ending, columns=names(copy.columns))


def _is_free(copy: TableCopy, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("NOT EXISTS (SELECT FROM {} AS t WHERE {})").format(
        table(copy.name),
        sql.SQL(" AND ").join(
            sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in columns
        ),
    )


def check_at_once(copy: TableCopy) -> sql.Composed | None:
    """Return the statement that has deferrable unique keys checked by the COPY itself, if any."""
    if not copy.deferrable:
        return None
    return sql.SQL("SET CONSTRAINTS {} IMMEDIATE").format(
        sql.SQL(", ").join(
            sql.Identifier(copy.name.schema, constraint) for constraint in copy.deferrable
        )
    )

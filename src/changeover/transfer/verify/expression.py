"""What of a table is compared, as expressions of each side: columns, keys and their order.

Pure: pairs in, expressions out.
"""

from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.catalog.values import Column, Table
from changeover.model.side import Side

_INTEGERS: Final = frozenset({"smallint", "integer", "bigint"})
_TEXTS: Final = frozenset({"text", "character varying", "character"})
_BYTEWISE: Final = frozenset({"C", "POSIX", "C.UTF-8", "C.utf8", "ucs_basic", "pg_c_utf8"})

_CANONICAL: Final = {
    name: sql.SQL(name)
    for name in (
        "bigint",
        "boolean",
        "bytea",
        "cidr",
        "date",
        "double precision",
        "inet",
        "integer",
        "interval",
        "jsonb",
        "macaddr",
        "real",
        "smallint",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
        "uuid",
    )
}
"""Types that write what they read in a text of their own."""

_TYPE_NAMES: Final = {"character": sql.SQL("bpchar"), "bit": sql.SQL('pg_catalog."bit"')}
"""Types whose bare name in a cast means one character or one bit."""

_ANY_TEXT: Final = sql.SQL("text")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyColumn:
    """A column of the key, on one side.

    Attributes:
        value: What equals a literal of `value_type`.
        order: What sorts like its counterpart on the other side.
        order_type: The type of a bound.
        logged: The column as the change log holds it.
    """

    value: sql.Composable
    value_type: sql.Composable
    order: sql.Composable
    order_type: sql.Composable
    logged: sql.Composable


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One side's expressions for a pair of tables.

    Attributes:
        relation: The table; ONLY where it is no partitioned one, as children are tables of their
            own.
        columns: The compared columns, in the same order on both sides.
        keys: The key's columns; none for a table that is compared as a whole.
        is_indexed: The order of the keys is one that an index of the table may serve.
    """

    relation: sql.Composable
    columns: tuple[sql.Composable, ...]
    keys: tuple[KeyColumn, ...]
    is_indexed: bool


def is_bytewise(provider: str, collation: str) -> bool:
    """Return whether a database's collation sorts by code points.

    Args:
        provider: `c` libc, `b` builtin, `i` ICU.
        collation: The libc name.
    """
    return provider == "b" or (provider == "c" and collation in _BYTEWISE)


def shapes(pair: Pair, bytewise: dict[Side, bool]) -> dict[Side, Shape]:
    """Return the expressions of both sides.

    Args:
        pair: The tables.
        bytewise: Whether a database sorts by code points where a column says nothing else.
    """
    compared = [_compared(*_both(pair, name)) for name in pair.columns]
    keys = [_key_column(*_both(pair, name), bytewise) for name in pair.key]
    return {
        side: Shape(
            relation=_relation(pair.table(side)),
            columns=tuple(column[side] for column in compared),
            keys=tuple(key[side] for key, _ in keys),
            is_indexed=all(is_indexed for _, is_indexed in keys),
        )
        for side in Side
    }


def _both(pair: Pair, name: str) -> tuple[Column, Column]:
    source, target = pair.source.column(name), pair.target.column(name)
    assert source is not None, f"{pair.name} was paired by its column {name}"
    assert target is not None, f"{pair.name} was paired by its column {name}"
    return source, target


def _relation(table: Table) -> sql.Composable:
    name = sql.Identifier(table.name.schema, table.name.name)
    return name if table.kind == "p" else sql.SQL("ONLY {}").format(name)


def _column(column: Column) -> sql.Identifier:
    return sql.Identifier("t", column.name)


def _compared(source: Column, target: Column) -> dict[Side, sql.Composable]:
    """Return what has the same text on both sides exactly where the values are the same.

    Where the types differ the source's value is brought into the form that the target's type
    gives it, which is what carrying it does.
    """
    plain: dict[Side, sql.Composable] = {Side.SOURCE: _column(source), Side.TARGET: _column(target)}
    if source.type == target.type:
        return plain
    bases = {source.base_type, target.base_type}
    if bases == {"numeric"}:
        return _both_through("pg_catalog.trim_scale({})", plain)
    if "character" in bases:
        return _both_through("pg_catalog.rtrim({}::text, ' ')", plain)
    if len(bases) > 1 and target.base_type in _CANONICAL:
        through = sql.SQL("{}::text::{}").format(_column(source), _CANONICAL[target.base_type])
        return {**plain, Side.SOURCE: through}
    return plain


def _both_through(template: str, plain: dict[Side, sql.Composable]) -> dict[Side, sql.Composable]:
    return {side: sql.SQL(template).format(value) for side, value in plain.items()}


def _key_column(
    source: Column, target: Column, bytewise: dict[Side, bool]
) -> tuple[dict[Side, KeyColumn], bool]:
    """Return a key's column on both sides, and whether its order may be an index's."""
    compared = _compared(source, target)
    columns = {Side.SOURCE: source, Side.TARGET: target}
    bases = {source.base_type, target.base_type}
    is_own_order = bases <= _INTEGERS or (
        len(bases) == 1
        and source.category != "E"
        and (not bases <= _TEXTS or all(_is_c(columns[s], bytewise[s]) for s in Side))
    )
    return {
        side: _one_key_column(columns[side], compared[side], is_same=len(bases) == 1, own=own)
        for side in Side
        for own in (is_own_order,)
    }, is_own_order


def _one_key_column(
    column: Column, compared: sql.Composable, *, is_same: bool, own: bool
) -> KeyColumn:
    plain = _column(column)
    value: sql.Composable = plain
    kind: sql.Composable
    if column.base_type in _INTEGERS and own:
        kind = sql.SQL("bigint")
    elif is_same:
        kind = _literal_type(column)
    else:
        value, kind = sql.SQL("({})::text").format(compared), _ANY_TEXT
    bytewise = sql.SQL('({})::text COLLATE "C"').format(value)
    return KeyColumn(
        value=value,
        value_type=kind,
        order=value if own else bytewise,
        order_type=kind if own else _ANY_TEXT,
        logged=sql.SQL("{}::text").format(plain),
    )


def _literal_type(column: Column) -> sql.Composable:
    """Return the type of a literal that is compared with a column, without its modifier.

    The server's `format_type` has quoted it.
    """
    if column.base_type in {"text", "character varying"}:
        return _ANY_TEXT
    return _TYPE_NAMES.get(column.base_type, sql.SQL(column.base_type))


def _is_c(column: Column, is_database_bytewise: bool) -> bool:  # noqa: FBT001 - one of two values
    return column.collation in _BYTEWISE if column.collation else is_database_bytewise

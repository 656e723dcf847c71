"""Which table of the source becomes which table of the target, and what tells its rows apart.

Pure: catalogs in, pairs or an error out.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from changeover.catalog.values import Catalog, Column, Table
from changeover.model.errors import (
    NoKeyError,
    NotMovableError,
    SchemaMismatchError,
    TableNotFoundError,
)
from changeover.model.name import TableName
from changeover.model.settings import MoveSettings
from changeover.model.side import Side

IDENTICAL_WHEN_EQUAL: Final = frozenset(
    {
        "smallint",
        "integer",
        "bigint",
        "oid",
        "boolean",
        "uuid",
        "bytea",
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
        "time without time zone",
        "text",
        "character varying",
        "name",
        "inet",
        "macaddr",
    }
)
"""Base types of which two equal values have the same text, given a deterministic collation."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A table that moves.

    Attributes:
        table_id: Its number in the change logs of both sides; from 1, by name.
        key: Columns that tell rows apart on both sides; empty where it is carried whole.
        columns: Carried columns, in the source's order; generated ones are left out.
        is_row_capture: Its capture fires per row, by choice.
    """

    table_id: int
    name: TableName
    source: Table
    target: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]
    is_row_capture: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every change carries the whole table, since nothing tells its rows apart."""
        return not self.key

    def table(self, side: Side) -> Table:
        """Return the table of one side."""
        return self.source if side is Side.SOURCE else self.target

    def has_upsert(self, side: Side) -> bool:
        """Return whether `INSERT … ON CONFLICT (key) DO UPDATE` may be used on a side.

        Not where the side's unique key differs, is deferrable, where rules rewrite statements, or
        where an identity ALWAYS column outside the key can't be updated.
        """
        table = self.table(side)
        has_key = any(k.is_exact and set(k.columns) == set(self.key) for k in table.keys)
        has_fixed_identity = any(
            c.identity == "a" and c.name not in self.key for c in table.columns
        )
        return bool(self.key) and has_key and not table.has_rules and not has_fixed_identity

    def settable_columns(self, side: Side) -> tuple[str, ...]:
        """Return the columns that an upsert sets: the key's only where equal isn't identical."""
        return tuple(
            name
            for name in self.columns
            if name not in self.key or not _is_identical(self.table(side).column(name))
        )

    def is_exact_key(self, side: Side) -> bool:
        """Return whether two different texts of a key always are two different keys."""
        return all(_is_identical(self.table(side).column(name)) for name in self.key)

    def key_types(self, side: Side) -> tuple[str, ...]:
        """Return the types of the key's columns on a side, in the key's order."""
        return tuple(_existing(self.table(side), name).type for name in self.key)


def _is_identical(column: Column | None) -> bool:
    return (
        column is not None
        and column.base_type in IDENTICAL_WHEN_EQUAL
        and column.is_collation_deterministic
    )


def _existing(table: Table, name: str) -> Column:
    column = table.column(name)
    assert column is not None, f"{table.name} was paired by its column {name}"
    return column


def pair(source: Catalog, target: Catalog, move: MoveSettings) -> tuple[Pair, ...]:
    """Pair the tables that move.

    Args:
        source: The source's catalog.
        target: The target's catalog.
        move: Schemas, exclusions and tables carried whole.

    Returns:
        The pairs by name, numbered from 1.

    Raises:
        TableNotFoundError: If the target lacks a table.
        NotMovableError: If a table is foreign or unlogged and not excluded.
        NoKeyError: If a table has no key and is not to be carried whole.
        SchemaMismatchError: If rows of the source would not fit.
    """
    chosen = moved_tables(source, move)
    return tuple(
        _pair_one(number, table, target.tables.get(table.name), move)
        for number, table in enumerate(chosen, start=1)
    )


def with_coming_keys(source: Catalog, target: Catalog, coming: Collection[TableName]) -> Catalog:
    """Return the target's catalog as it will be once the keys that are still to come are built.

    Args:
        source: The other side, whose keys they are.
        target: The target as it is.
        coming: Tables whose keys are to be built when their rows are there. One that has a key
            by now is left as it is.
    """
    tables = {
        name: msgspec.structs.replace(table, keys=(key,))
        for name, table in target.tables.items()
        if name in coming and not table.keys and name in source.tables
        if (key := source.tables[name].identifying_key) is not None
    }
    return msgspec.structs.replace(target, tables={**target.tables, **tables})


def moved_tables(source: Catalog, move: MoveSettings) -> tuple[Table, ...]:
    """Return the source's tables that move, by name.

    Raises:
        TableNotFoundError: If an excluded table or one carried whole does not exist.
    """
    known = {f"{name.schema}.{name.name}" for name in source.tables}
    for wanted in (*move.exclude, *move.whole, *move.row_capture):
        if wanted not in known:
            raise TableNotFoundError(
                f"changeover.toml names the table {wanted}, which the source does not have",
                hint="correct exclude, whole or row_capture in [move]",
            )
    return tuple(
        table
        for name, table in sorted(source.tables.items())
        if name.schema in move.schemas and not _is_named(name, move.exclude)
    )


def _is_named(name: TableName, names: Collection[str]) -> bool:
    return f"{name.schema}.{name.name}" in names


def _pair_one(number: int, source: Table, target: Table | None, move: MoveSettings) -> Pair:
    _require_movable(source, Side.SOURCE)
    if target is None:
        raise TableNotFoundError(
            f"the target has no table {source.name}",
            hint="run `changeover schema apply`, or exclude the table in [move]",
        )
    _require_movable(target, Side.TARGET)
    _require_fit(source, target)
    is_whole = _is_named(source.name, move.whole)
    return Pair(
        table_id=number,
        name=source.name,
        source=source,
        target=target,
        key=() if is_whole else _move_key(source, target),
        columns=tuple(
            c.name
            for c in source.columns
            if not c.generated and not _existing(target, c.name).generated
        ),
        is_row_capture=_is_named(source.name, move.row_capture),
    )


def _require_movable(table: Table, side: Side) -> None:
    if table.kind == "f":
        raise NotMovableError(
            f"{side}: {table.name} is a foreign table, its rows are elsewhere",
            hint=f'add "{table.name.schema}.{table.name.name}" to exclude in [move]',
        )
    if table.persistence != "p":
        raise NotMovableError(
            f"{side}: {table.name} is unlogged: a crash would empty it",
            hint=f"ALTER TABLE {table.name} SET LOGGED, or exclude it in [move]",
        )


def _require_fit(source: Table, target: Table) -> None:
    theirs = {column.name for column in target.columns}
    missing = [c.name for c in source.columns if c.name not in theirs]
    if missing:
        raise SchemaMismatchError(
            f"the target's {source.name} lacks the column(s) {', '.join(missing)}",
            hint="add them on the target, or drop them on the source",
        )
    ours = {column.name for column in source.columns}
    demanded = [
        c.name
        for c in target.columns
        if c.name not in ours
        and c.is_not_null
        and c.default is None
        and not c.identity
        and not c.generated
    ]
    if demanded:
        raise SchemaMismatchError(
            f"the target's {source.name} demands {', '.join(demanded)}, unknown to the source",
            hint="give the column(s) a default or allow NULL until `finish`",
        )


def _move_key(source: Table, target: Table) -> tuple[str, ...]:
    key = source.identifying_key
    if key is None:
        raise NoKeyError(
            f"{source.name} has no primary key and no unique key over NOT NULL columns",
            hint="add a primary key, or list the table in `whole` in [move] if it is small",
        )
    for other in target.keys:
        if (other.is_exact or other.is_primary) and set(other.columns) >= set(key.columns):
            return key.columns
    raise SchemaMismatchError(
        f"{source.name}: the source's key ({', '.join(key.columns)}) is no part of a key of the "
        f"target ({_show_keys(target)})",
        hint="give the target a unique key that holds the source's key columns",
    )


def _show_keys(table: Table) -> str:
    return "; ".join(", ".join(k.columns) for k in table.keys) or "none"

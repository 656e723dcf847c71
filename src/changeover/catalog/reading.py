"""Reading a database's catalog in a handful of statements, into values."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import psycopg

from changeover.catalog.values import (
    Catalog,
    Check,
    Column,
    Extension,
    ForeignKey,
    Function,
    Index,
    Key,
    Policy,
    Privilege,
    Sequence,
    Table,
    Trigger,
    UserType,
    View,
)
from changeover.database import fixed

_ROOM = "changeover.catalog"

Connection = psycopg.Connection[tuple[Any, ...]]


def read(connection: psycopg.Connection[Any], schemas: Iterable[str]) -> Catalog:
    """Read what a database holds.

    Args:
        connection: A pinned session.
        schemas: The schemas to read; those that do not exist hold nothing.

    Returns:
        The catalog. Partitions stand below their parents, never beside them.

    Source: https://www.postgresql.org/docs/current/catalogs.html
    """
    given = {"schemas": list(schemas)}
    server = _one(connection, "read_server", {})[0]
    objects = _one(connection, "read_objects", given)
    views, functions, types, extensions, policies, privileges = objects
    tables = read_tables(connection, given["schemas"])
    sequences = [row[0] for row in connection.execute(fixed(_ROOM, "read_sequences"), given)]
    return Catalog(
        version=server["version"],
        system=read_system(connection),
        database=server["database"],
        user=server["user"],
        settings=server["settings"],
        tables={table.name: table for table in tables},
        sequences=msgspec.convert(sequences, tuple[Sequence, ...]),
        views=msgspec.convert(views, tuple[View, ...]),
        functions=msgspec.convert(functions, tuple[Function, ...]),
        types=msgspec.convert(types, tuple[UserType, ...]),
        extensions=msgspec.convert(extensions, tuple[Extension, ...]),
        policies=msgspec.convert(policies, tuple[Policy, ...]),
        privileges=msgspec.convert(privileges, tuple[Privilege, ...]),
    )


def read_system(connection: psycopg.Connection[Any]) -> str | None:
    """Return the cluster's system identifier, or None where our role may not read it.

    Source: https://www.postgresql.org/docs/current/functions-info.html, pg_control_system
    """
    try:
        with connection.transaction():
            row = connection.execute(fixed(_ROOM, "read_system")).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    assert row is not None, "pg_control_system returns one row"
    return str(row[0])


def read_tables(connection: psycopg.Connection[Any], schemas: list[str]) -> tuple[Table, ...]:
    """Return the tables of some schemas, by name."""
    raw = [row[0] for row in connection.execute(fixed(_ROOM, "read_tables"), {"schemas": schemas})]
    oids = {"oids": [table["oid"] for table in raw]}
    columns = _by_table(connection, "read_columns", oids)
    indexes = _by_table(connection, "read_indexes", oids)
    constraints = _by_table(connection, "read_constraints", oids)
    triggers = _by_table(connection, "read_triggers", oids)
    tables = []
    for table in raw:
        oid = table["oid"]
        own_indexes, own_keys = indexes.get(oid, ((), ()))
        foreign_keys, checks = constraints.get(oid, ((), ()))
        tables.append(
            msgspec.structs.replace(
                msgspec.convert(table, Table),
                columns=msgspec.convert(columns.get(oid, ((),))[0], tuple[Column, ...]),
                keys=msgspec.convert(own_keys, tuple[Key, ...]),
                indexes=msgspec.convert(own_indexes, tuple[Index, ...]),
                foreign_keys=msgspec.convert(foreign_keys, tuple[ForeignKey, ...]),
                checks=msgspec.convert(checks, tuple[Check, ...]),
                triggers=msgspec.convert(triggers.get(oid, ((),))[0], tuple[Trigger, ...]),
            )
        )
    return tuple(tables)


def _one(
    connection: psycopg.Connection[Any], name: str, given: Mapping[str, Any]
) -> tuple[Any, ...]:
    row = connection.execute(fixed(_ROOM, name), given or None).fetchone()
    assert row is not None, "the statement returns one row"
    return tuple(row)


def _by_table(
    connection: psycopg.Connection[Any], name: str, oids: Mapping[str, Any]
) -> dict[int, tuple[Any, ...]]:
    rows = connection.execute(fixed(_ROOM, name), oids)
    return {row[0]: tuple(row[1:]) for row in rows}

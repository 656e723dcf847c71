"""Reading what the API must know of a database, in a handful of statements, into one snapshot.

Only the system catalog is read, which every role may; a table's rights do not matter.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
import psycopg
from msgspec.structs import replace

from changeover.catalog.api_relationship import (
    Computed,
    ForeignKey,
    PrimaryKey,
    relationships,
    view_primary_key,
)
from changeover.catalog.snapshot import MediaHandler, Relation, Routine, Snapshot
from changeover.catalog.view_tree import View, base_columns
from changeover.database import fixed
from changeover.model.name import TableName

_ROOM = "changeover.catalog"
_PARAMETER_RIGHTS_SINCE = 150_000

_Value = TypeVar("_Value")


class _Keys(msgspec.Struct, frozen=True):
    """The keys of all schemas."""

    primary: tuple[PrimaryKey, ...]
    foreign: tuple[ForeignKey, ...]


class _Session(msgspec.Struct, frozen=True):
    """What concerns our session: name, value, and whether everybody may set it, per role."""

    version: int
    role_settings: dict[str, tuple[tuple[str, str, bool], ...]]


def read_snapshot(
    connection: psycopg.Connection[Any],
    schemas: Iterable[str],
    extra_search_path: Iterable[str] = (),
) -> Snapshot:
    """Read what a database offers.

    Args:
        connection: A session in no transaction; it is in none afterwards.
        schemas: The exposed schemas; those that do not exist hold nothing.
        extra_search_path: More schemas through whose views columns are followed.

    Returns:
        The snapshot, all of one moment.

    Source: https://www.postgresql.org/docs/current/catalogs.html
    """
    given = {"schemas": list(schemas), "extra": list(extra_search_path)}
    with connection.transaction():
        connection.execute(fixed(_ROOM, "begin_api_reading"))
        connection.execute(fixed(_ROOM, "clear_search_path"))
        session = _one(connection, "read_api_session", {}, _Session)
        settings = _role_settings(connection, session)
        relations = _one(connection, "read_api_relations", given, tuple[Relation, ...])
        keys = _one(connection, "read_api_keys", {}, _Keys)
        views = _views(connection, given)
        routines = _one(connection, "read_api_routines", given, tuple[Routine, ...])
        computed = _one(connection, "read_api_computed", given, tuple[Computed, ...])
        handlers = _one(connection, "read_api_handlers", given, tuple[MediaHandler, ...])
    columns = base_columns(views, given["schemas"])
    primary = {key.table: key for key in keys.primary}
    by_name = {one.name: one for one in relations}
    for name, origins in columns.items():
        by_name[name] = replace(by_name[name], primary_key=view_primary_key(origins, primary))
    return Snapshot(
        version=session.version,
        schemas=tuple(given["schemas"]),
        relations=by_name,
        relationships=relationships(by_name, keys.foreign, columns, computed),
        routines=_overloads(routines),
        handlers=handlers,
        role_settings=settings,
    )


def _one(
    connection: psycopg.Connection[Any], name: str, given: dict[str, Any], kind: type[_Value]
) -> _Value:
    row = connection.execute(fixed(_ROOM, name), given or None).fetchone()
    assert row is not None, "the statement returns one row"
    return msgspec.json.decode(row[0], type=kind)


def _views(connection: psycopg.Connection[Any], given: dict[str, Any]) -> list[View]:
    rows = connection.execute(fixed(_ROOM, "read_api_views"), given)
    return [msgspec.json.decode(row[0], type=View) for row in rows]


def _role_settings(
    connection: psycopg.Connection[Any], session: _Session
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the settings of roles that we may set; a right to a parameter exists since 15."""
    listed = [one for those in session.role_settings.values() for one in those]
    held_back = sorted({name for name, _, is_free in listed if not is_free})
    granted: tuple[str, ...] = ()
    if held_back and session.version >= _PARAMETER_RIGHTS_SINCE:
        names = {"names": held_back}
        granted = _one(connection, "read_api_settable", names, tuple[str, ...])
    return {
        role: tuple((name, value) for name, value, free in those if free or name in granted)
        for role, those in session.role_settings.items()
    }


def _overloads(routines: Iterable[Routine]) -> dict[TableName, tuple[Routine, ...]]:
    """Return functions by name, those with the fewest parameters first."""
    by_name: dict[TableName, list[Routine]] = defaultdict(list)
    for one in routines:
        by_name[one.name].append(one)
    return {name: tuple(sorted(those, key=_order)) for name, those in by_name.items()}


def _order(one: Routine) -> tuple[Any, ...]:
    parameters = [
        (each.name, each.type, each.type_without_length, each.is_required, each.is_variadic)
        for each in one.parameters
    ]
    return (len(parameters), one.comment is not None, one.comment or "", parameters)

"""What the schema step has to know before it decides: the archive's objects, and both servers.

Reads only. An object is known by the catalog that it stands in and by its identity there, which
both servers print alike; names in the archive's listing are never parsed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.model.name import TableName
from changeover.transfer.schema_archive import Archive, Entry

ROOM: Final = "changeover.transfer"
RELATION_CATALOG: Final = 1259
ROUTINE_CATALOG: Final = 1255
CONSTRAINT_CATALOG: Final = 2606
"""Oids of system catalogs, the same in every version: the archive's listing shows them too."""

_OF_DATABASE: Final = frozenset(
    {"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES"}
)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the source says of an entry's object; see `read_entries.sql`."""

    number: int
    identity: str | None = None
    name: str | None = None
    relation: TableName | None = None
    relation_kind: str | None = None
    is_relation: bool = False
    root: TableName | None = None
    constraint_type: str | None = None
    definition: str | None = None
    is_validated: bool | None = None
    is_unique: bool | None = None
    index: str | None = None
    function: TableName | None = None
    references: TableName | None = None
    columns: tuple[str, ...] | None = None
    referenced_columns: tuple[str, ...] | None = None
    referenced_types: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Something outside the moved schemas that an object needs; see `read_outside.sql`."""

    catalog: int
    oid: int
    relation: int | None
    needed_catalog: int
    needed: str
    schema: str | None
    extension: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry with what the source says of it.

    Attributes:
        label: Kind and identity, which no other entry has.
        needs: What it needs that lies outside the moved schemas.
    """

    entry: Entry
    facts: Facts
    label: str
    needs: tuple[Need, ...] = ()


class TargetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the target lets us do, and what it has beside the schemas; see `read_rights.sql`.

    Attributes:
        roles: Names of its roles.
        may_create_roles: Whether our role may create roles.
        may_bypass: Whether our role may hand out BYPASSRLS.
        may_create_schemas: Whether our role may create schemas here.
        is_superuser: Whether our role is a superuser.
        extensions: Names of the installed ones.
        available: Names of those that can be installed; true where a plain owner may.
    """

    user: str
    roles: frozenset[str]
    may_create_roles: bool
    may_bypass: bool
    may_create_schemas: bool
    is_superuser: bool
    extensions: frozenset[str]
    available: dict[str, bool]


def read_known(source: Connection, archive: Archive, schemas: Iterable[str]) -> tuple[Known, ...]:
    """Return the archive's entries with what the source says of each, in the archive's order."""
    given = list(schemas)
    database = {e.number for e in archive.entries if e.kind in _OF_DATABASE}
    entries = [
        e
        for e in archive.entries
        if e.number not in database and not (e.depends and set(e.depends) <= database)
    ]
    facts = _read_facts(source, entries)
    needs = _read_needs(source, given, entries)
    owners = [row[0] for row in source.execute("SELECT rolname FROM pg_catalog.pg_roles")]
    known = []
    for entry in entries:
        of_entry = facts.get(entry.number, Facts(number=entry.number))
        if not entry.catalog:
            of_entry = msgspec.structs.replace(of_entry, is_relation=False)
        label = f"{entry.kind} {of_entry.identity or _without_owner(entry.text, owners)}"
        known.append(
            Known(
                entry=entry,
                facts=of_entry,
                label=label,
                needs=tuple(needs.get(entry.number, ())),
            )
        )
    return tuple(known)


def _without_owner(text: str, owners: list[str]) -> str:
    """Return an entry's text without the owner's name at its end."""
    found = [owner for owner in owners if text.endswith(f" {owner}")]
    return text.removesuffix(max(found, key=len)).rstrip() if found else text.rstrip()


def _read_facts(source: Connection, entries: list[Entry]) -> dict[int, Facts]:
    with_oid = [e for e in entries if e.oid]
    given: dict[str, Any] = {
        "numbers": [e.number for e in with_oid],
        # "ROW SECURITY" stands under catalog 0 with the oid of its table.
        "catalogs": [e.catalog or RELATION_CATALOG for e in with_oid],
        "oids": [e.oid for e in with_oid],
    }
    rows = source.execute(fixed(ROOM, "read_entries"), given)
    facts = msgspec.convert([row[0] for row in rows], list[Facts])
    return {of_entry.number: of_entry for of_entry in facts}


def _read_needs(
    source: Connection, schemas: list[str], entries: list[Entry]
) -> dict[int, list[Need]]:
    rows = source.execute(fixed(ROOM, "read_outside"), {"schemas": schemas})
    needs = msgspec.convert([row[0] for row in rows], list[Need])
    numbers = {(e.catalog, e.oid): e.number for e in entries if e.catalog}
    found: dict[int, list[Need]] = {}
    for need in needs:
        of_relation = numbers.get((RELATION_CATALOG, need.relation or 0))
        number = numbers.get((need.catalog, need.oid), of_relation)
        if number is not None:
            found.setdefault(number, []).append(need)
    return found


def read_identities(target: Connection, schemas: Iterable[str]) -> frozenset[tuple[int, str]]:
    """Return what exists in some schemas, each by its catalog's oid and its identity."""
    rows = target.execute(fixed(ROOM, "read_identities"), {"schemas": sorted(set(schemas))})
    return frozenset((int(catalog), str(identity)) for catalog, identity in rows)


def read_target(target: Connection) -> TargetFacts:
    """Return what the target has and lets us do."""
    row = target.execute(fixed(ROOM, "read_rights")).fetchone()
    assert row is not None, "the statement returns one row"
    return msgspec.convert(row[0], TargetFacts)

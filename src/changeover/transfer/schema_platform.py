"""What a Supabase project brings beside its tables: roles, helpers, extensions, rights.

Statements as values; running them is another module's work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
from psycopg import sql

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.transfer.schema_carriage import (
    API_ROLES,
    HELPER_SCHEMA,
    HELPERS,
    Decision,
    Surroundings,
)
from changeover.transfer.schema_inventory import (
    ROOM,
    ROUTINE_CATALOG,
)
from changeover.transfer.schema_plan import Outcome, SchemaObject, Step

PUBLIC: Final = "public"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """An effective right on the source; see `read_grants.sql`.

    Attributes:
        kind: TABLE (of views too), SEQUENCE, ROUTINE or SCHEMA.
        identity: The object, qualified and quoted by PostgreSQL.
    """

    grantee: str
    kind: str
    schema: str
    identity: str
    column: str | None
    privilege: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Something that we make on the target for what is carried."""

    object: SchemaObject
    statements: tuple[sql.SQL | sql.Composed, ...]


def read_grants(source: Connection, schemas: Iterable[str]) -> tuple[Grant, ...]:
    """Return the effective rights of roles that are neither owner nor superuser."""
    rows = source.execute(fixed(ROOM, "read_grants"), {"schemas": list(schemas)})
    return msgspec.convert([row[0] for row in rows], tuple[Grant, ...])


def makings(
    decisions: tuple[Decision, ...], around: Surroundings, grants: tuple[Grant, ...]
) -> tuple[Making, ...]:
    """Return what has to be made on the target before anything is carried, in order."""
    carried = [d for d in decisions if d.outcome is Outcome.CARRIED]
    return (
        *_roles(carried, around, grants),
        *_extensions(carried, around),
        *_helpers(carried, around),
    )


def _made(name: str, statements: Iterable[sql.SQL | sql.Composed], why: str) -> Making:
    return Making(
        object=SchemaObject(name=name, outcome=Outcome.SHIMMED, step=Step.PREPARATION, why=why),
        statements=tuple(statements),
    )


def _roles(
    carried: list[Decision], around: Surroundings, grants: tuple[Grant, ...]
) -> Iterator[Making]:
    of_policies = {role for d in carried for role in d.known.facts.roles or ()}
    of_rights = {g.grantee for g in granted(carried, grants)}
    for role in API_ROLES:
        is_wanted = role in of_policies | of_rights and role not in around.target.roles
        if not is_wanted:
            continue
        why = "policies name it" if role in of_policies else "it holds rights on the source"
        if not around.may_have_role(role):
            yield _asked_role(role, around, why)
            continue
        bypass = sql.SQL("")
        if role == "service_role" and around.target.may_bypass:
            bypass = sql.SQL(" BYPASSRLS")
        elif role == "service_role":
            why += "; without BYPASSRLS, which we may not hand out: policies hold for it"
        statement = sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT{}").format(
            sql.Identifier(role), bypass
        )
        yield _made(f"ROLE {role}", [statement], why)


def _asked_role(role: str, around: Surroundings, why: str) -> Making:
    key = f"role.{role}"
    is_answered = around.answers.get(key) == "drop"
    return Making(
        object=SchemaObject(
            name=f"ROLE {role}",
            outcome=Outcome.DROPPED if is_answered else Outcome.ASKED,
            why=f"{why}, and we may not create roles on the target",
            answer_key=key,
            choices=("drop",),
        ),
        statements=(),
    )


def _extensions(carried: list[Decision], around: Surroundings) -> Iterator[Making]:
    wanted = {
        need.extension: need.schema
        for decision in carried
        for need in decision.known.needs
        if need.extension is not None
    }
    for name, schema in sorted(wanted.items()):
        if name in around.target.extensions:
            continue
        place = sql.Identifier(schema or PUBLIC)
        statements = [
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(place),
            sql.SQL("CREATE EXTENSION {} WITH SCHEMA {}").format(sql.Identifier(name), place),
        ]
        yield _made(f"EXTENSION {name}", statements, "tables or functions need it")


def _helpers(carried: list[Decision], around: Surroundings) -> Iterator[Making]:
    needed = {n.needed for d in carried for n in d.known.needs if n.extension is None}
    absent = [h for h in HELPERS if (ROUTINE_CATALOG, h) not in around.present]
    if not needed & set(absent):
        return
    schema = sql.Identifier(HELPER_SCHEMA)
    yield _made(
        f"SCHEMA {HELPER_SCHEMA}",
        [
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema),
            sql.SQL("GRANT USAGE ON SCHEMA {} TO PUBLIC").format(schema),
        ],
        "for the helpers",
    )
    for helper in absent:
        yield _made(
            f"FUNCTION {helper}",
            [fixed(ROOM, f"create_auth_{HELPERS[helper]}")],
            "policies, defaults or functions call it; it reads the claims of PostgREST",
        )


_GRANTABLE: Final = {
    "TABLE": "TABLE",
    "VIEW": "TABLE",
    "MATERIALIZED VIEW": "TABLE",
    "SEQUENCE": "SEQUENCE",
    "FUNCTION": "ROUTINE",
    "PROCEDURE": "ROUTINE",
    "AGGREGATE": "ROUTINE",
}
"""What GRANT calls a kind of entry."""


def _objects(carried: Iterable[Decision]) -> tuple[tuple[str, str], ...]:
    """Return what rights can be given on: kind and identity."""
    return tuple(
        (_GRANTABLE[d.known.entry.kind], d.known.facts.identity or "")
        for d in carried
        if d.known.entry.kind in _GRANTABLE
    )


def granted(carried: Iterable[Decision], grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Return the rights on what is carried."""
    objects = set(_objects(carried))
    return tuple(g for g in grants if (g.kind, g.identity) in objects)


def privilege_statements(
    carried: tuple[Decision, ...], around: Surroundings, grants: tuple[Grant, ...]
) -> tuple[sql.Composed, ...]:
    """Return the statements that give what is carried the effective rights of the source.

    What the target's own defaults gave is taken away first, from PUBLIC and the roles named.
    """
    chosen = [
        g
        for g in granted(carried, grants)
        if g.grantee == PUBLIC or around.may_have_role(g.grantee)
    ]
    roles = sorted({g.grantee for g in chosen} - {PUBLIC, around.target.user})
    schemas = {g.schema for g in chosen}
    of_all = {(g.identity, g.column, g.privilege) for g in chosen if g.grantee == PUBLIC}
    wanted = [g for g in grants if g.kind == "SCHEMA" and g.schema in schemas]
    wanted = [g for g in wanted if g.grantee in roles and g.privilege == "USAGE"]
    wanted += [
        g
        for g in chosen
        if g.grantee == PUBLIC
        or (g.grantee in roles and (g.identity, g.column, g.privilege) not in of_all)
    ]
    revokes = [_revoke(kind, identity, roles) for kind, identity in _objects(carried)]
    return (*revokes, *_grants(wanted))


def unknown_grantees(
    carried: tuple[Decision, ...], around: Surroundings, grants: tuple[Grant, ...]
) -> Iterator[SchemaObject]:
    """Yield the roles whose rights are not carried, since the target does not have them."""
    found = {g.grantee for g in granted(carried, grants)} - {PUBLIC, *API_ROLES}
    for role in sorted(found):
        if not around.may_have_role(role):
            yield SchemaObject(
                name=f"RIGHTS of {role}",
                outcome=Outcome.DROPPED,
                why="the target has no such role: make it before, if it is wanted there",
            )


def _role(name: str) -> sql.Composable:
    return sql.SQL("PUBLIC") if name == PUBLIC else sql.Identifier(name)


def _named(identity: str) -> sql.Composable:
    """Return an identity that PostgreSQL itself has qualified and quoted."""
    return sql.SQL(identity)


def _revoke(kind: str, identity: str, roles: list[str]) -> sql.Composed:
    return sql.SQL("REVOKE ALL ON {} {} FROM {}").format(
        sql.SQL(kind),
        _named(identity),
        sql.SQL(", ").join(_role(role) for role in (PUBLIC, *roles)),
    )


def _grants(wanted: Iterable[Grant]) -> Iterator[sql.Composed]:
    """Yield one statement per object, column and role."""
    rights: dict[tuple[str, str, str | None, str], list[str]] = {}
    for g in wanted:
        rights.setdefault((g.kind, g.identity, g.column, g.grantee), []).append(g.privilege)
    for (kind, identity, column, grantee), privileges in rights.items():
        of_column: sql.Composable = sql.SQL("")
        if column is not None:
            of_column = sql.SQL(" ({})").format(sql.Identifier(column))
        yield sql.SQL("GRANT {} ON {} {} TO {}").format(
            sql.SQL(", ").join(sql.SQL("{}{}").format(sql.SQL(p), of_column) for p in privileges),
            sql.SQL(kind),
            _named(identity),
            _role(grantee),
        )

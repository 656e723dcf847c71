"""Whether our role sees every row of every moved table, and may write them."""

from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import errors as pg
from psycopg import sql

from changeover.catalog.values import Policy, Table
from changeover.database.errors import ROW_SECURITY_TEXT, translate
from changeover.database.statement import table as table_identifier
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, Scene, unknown
from changeover.model.name import quote
from changeover.model.side import Side


def try_reading(scene: Scene, side: Side) -> Iterator[Finding]:
    """Read no row of each moved table: with row_security = off a hidden row refuses even that.

    Source: https://www.postgresql.org/docs/current/ddl-rowsecurity.html, row_security
    """
    connection = scene.connections[side]
    for table in scene.tables(side):
        if table.kind == "f":
            continue  # another check refuses it; opening it may ask a server elsewhere
        query = sql.SQL("SELECT FROM {} LIMIT 0").format(table_identifier(table.name))
        try:
            connection.execute(query)
        except pg.InsufficientPrivilege as error:
            if ROW_SECURITY_TEXT in (error.diag.message_primary or ""):
                yield _hidden(scene, side, table)
            else:
                yield _unreadable(scene, side, table, error)
        except psycopg.Error as error:
            yield unknown("CK-VISIBLE-READ", side, str(table.name), error)
        else:
            if table.is_row_security_active:
                yield _hidden(scene, side, table)


def _hidden(scene: Scene, side: Side, table: Table) -> Finding:
    user = scene.catalogs[side].user
    if table.is_row_security_forced and table.owner == user:
        why = f"FORCE ROW LEVEL SECURITY is on, so its owner {user} is filtered too"
        fix = f"run ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY for the move, or"
    else:
        why = f"it belongs to {table.owner}, and {user} has no BYPASSRLS"
        fix = f"connect as {table.owner}, or"
    return Finding(
        code="CK-VISIBLE-HIDDEN",
        side=side,
        subject=str(table.name),
        severity=Severity.REFUSE,
        fact=f"row level security would hide rows of {table.name} from us: {why}",
        fix=f"{fix} let an administrator run ALTER ROLE {quote(user)} BYPASSRLS",
    )


def _unreadable(scene: Scene, side: Side, table: Table, error: psycopg.Error) -> Finding:
    return Finding(
        code="CK-VISIBLE-READ",
        side=side,
        subject=str(table.name),
        severity=Severity.REFUSE,
        fact=translate(error, side, f"reading {table.name}").message,
        fix=f"run GRANT SELECT ON {table.name} TO {quote(scene.catalogs[side].user)}",
    )


def check_writing(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield the moved tables that our role may not write: each side is the secondary once."""
    for row in scene.rows(side, "read_missing_rights", scene.oids(side)):
        subject = f"{row['schema']}.{row['name']}"
        yield Finding(
            code="CK-VISIBLE-WRITE",
            side=side,
            subject=subject,
            severity=Severity.REFUSE,
            fact=f"{scene.catalogs[side].user} lacks {', '.join(row['missing'])} on {subject}",
            fix=f"run GRANT {', '.join(row['missing'])} ON {subject} to the role",
        )


def check_policies(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield policies that allow everybody everything: a wall that is painted on."""
    moved = {table.name for table in scene.tables(side) if table.has_row_security}
    for policy in scene.catalogs[side].policies:
        if policy.table in moved and _allows_all(policy):
            yield Finding(
                code="CK-VISIBLE-OPEN-POLICY",
                side=side,
                subject=str(policy.table),
                severity=Severity.WARN,
                fact=f'the policy "{policy.name}" of {policy.table} lets every role do'
                f" {policy.command} on every row",
                fix="say who may, or take row level security off: don't copy what protects nothing",
            )


def _allows_all(policy: Policy) -> bool:
    conditions = {policy.using or "true", policy.check or "true"}
    return (
        policy.is_permissive
        and "public" in policy.roles
        and policy.command != "SELECT"
        and conditions == {"true"}
    )


CHECKS: Final = (
    Check(
        proves={
            "CK-VISIBLE-HIDDEN": "row level security hides no row of a moved table from us",
            "CK-VISIBLE-READ": "every moved table was opened for reading with row_security off",
        },
        run=try_reading,
    ),
    Check(
        proves={"CK-VISIBLE-WRITE": "our role may insert, update and delete in every moved table"},
        run=check_writing,
    ),
    Check(
        proves={"CK-VISIBLE-OPEN-POLICY": "no policy of a moved table allows everybody everything"},
        run=check_policies,
    ),
)

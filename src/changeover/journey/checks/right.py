"""What our role may do, by doing it inside a transaction that is rolled back.

Every object that is made is one of ours, in a schema of ours with a random name. On the moved
tables themselves nothing is tried, because CREATE TRIGGER would lock out their writers: there the
question is only whether our role owns them.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors as pg
from psycopg import sql

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.database.errors import translate
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import ROOM, Check, Scene, unknown
from changeover.model.errors import DatabaseError
from changeover.model.name import quote
from changeover.model.side import Side

TERMINATE_MS_MAX: Final = 5000
TRANSFER: Final = "changeover.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One right, and the statements that need it; `{place}` is a schema of ours.

    Attributes:
        severity: What a refusal means.
        lost: What can't be done without it.
        fix: Who gives the right, and how.
    """

    code: str
    statements: tuple[sql.SQL, ...]
    severity: Severity
    lost: str
    fix: str

    @property
    def has_place(self) -> bool:
        """Whether it needs a schema of ours."""
        return any("{place}" in statement.as_string() for statement in self.statements)


TRIALS: Final = (
    Trial(
        code="CK-RIGHT-TABLE",
        statements=(
            sql.SQL("CREATE TABLE {place}.check_trial (id integer PRIMARY KEY, note text)"),
            sql.SQL(
                "CREATE TABLE {place}.check_part (id integer NOT NULL) PARTITION BY RANGE (id)"
            ),
            sql.SQL("ALTER TABLE {place}.check_trial REPLICA IDENTITY FULL"),
        ),
        severity=Severity.REFUSE,
        lost="the change log can't be made",
        fix="let the role create tables in a schema of its own",
    ),
    Trial(
        code="CK-RIGHT-SEQUENCE",
        statements=(
            sql.SQL("CREATE SEQUENCE {place}.check_fence AS bigint MINVALUE 0 START 0"),
            sql.SQL(
                "SELECT pg_catalog.setval('{place}.check_fence'::pg_catalog.regclass, 1, true)"
            ),
        ),
        severity=Severity.REFUSE,
        lost="the fence can't be made: its state is a sequence",
        fix="let the role create sequences in a schema of its own",
    ),
    Trial(
        code="CK-RIGHT-FUNCTION",
        statements=(
            sql.SQL(
                "CREATE FUNCTION {place}.check_act() RETURNS trigger LANGUAGE plpgsql"
                " SECURITY DEFINER AS 'BEGIN RETURN NULL; END'"
            ),
        ),
        severity=Severity.REFUSE,
        lost="neither capture nor fence can be made: both are functions with their owner's rights",
        fix="GRANT USAGE ON LANGUAGE plpgsql to the role",
    ),
    Trial(
        code="CK-RIGHT-TRIGGER",
        statements=(
            sql.SQL(
                "CREATE TRIGGER act_statement AFTER INSERT ON {place}.check_trial"
                " REFERENCING NEW TABLE AS new_rows"
                " FOR EACH STATEMENT EXECUTE FUNCTION {place}.check_act()"
            ),
            sql.SQL(
                "CREATE TRIGGER act_row AFTER INSERT OR UPDATE OR DELETE ON {place}.check_part"
                " FOR EACH ROW EXECUTE FUNCTION {place}.check_act()"
            ),
            sql.SQL("ALTER TABLE {place}.check_trial ENABLE ALWAYS TRIGGER act_statement"),
        ),
        severity=Severity.REFUSE,
        lost="neither capture nor fence can be hung on a table",
        fix="connect as the owner of the tables",
    ),
    Trial(
        code="CK-RIGHT-LOCK",
        statements=(
            sql.SQL("LOCK TABLE {place}.check_trial IN ACCESS SHARE MODE"),
            sql.SQL("LOCK TABLE {place}.check_trial IN ROW EXCLUSIVE MODE"),
        ),
        severity=Severity.REFUSE,
        lost="a round can't hold TRUNCATE off, nor a swap DDL",
        fix="connect as the owner of the tables",
    ),
    Trial(
        code="CK-RIGHT-TEMPORARY",
        statements=(sql.SQL("CREATE TEMPORARY TABLE changeover_trial (id integer)"),),
        severity=Severity.REFUSE,
        lost="the mirror can't stage what it carries",
        fix="GRANT TEMPORARY ON DATABASE to the role",
    ),
    Trial(
        code="CK-RIGHT-REPLICA",
        statements=(sql.SQL("SET LOCAL session_replication_role = replica"),),
        severity=Severity.NOTE,
        lost="the secondary's foreign keys are taken off instead, and put back NOT VALID"
        " at the swap",
        fix="from 15 on: GRANT SET ON PARAMETER session_replication_role TO the role"
        " WITH GRANT OPTION, as a superuser",
    ),
)

PROOFS: Final = {
    "CK-RIGHT-SCHEMA": "a schema was created and rolled back",
    "CK-RIGHT-TABLE": "tables, plain and partitioned, were created and rolled back",
    "CK-RIGHT-SEQUENCE": "a sequence was created, set and rolled back",
    "CK-RIGHT-FUNCTION": "a SECURITY DEFINER function was created and rolled back",
    "CK-RIGHT-TRIGGER": "statement and row triggers were created, set to ALWAYS and rolled back",
    "CK-RIGHT-LOCK": "a table of ours was locked as rounds and swaps lock",
    "CK-RIGHT-TEMPORARY": "a temporary table was created and rolled back",
    "CK-RIGHT-REPLICA": "session_replication_role may be set",
}


def try_rights(scene: Scene, side: Side) -> Iterator[Finding]:
    """Try each right and say what our role lacks."""
    connection = scene.connections[side]
    name = f"changeover_check_{secrets.token_hex(6)}"
    with connection.transaction(force_rollback=True):
        create = sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name))
        refused = refusal(connection, side, (create,), "creating a schema")
        has_place = refused is None
        if refused is not None:
            has_place = bool(scene.one(side, "read_own_rights")["has_schema"])
            name = "changeover"
            yield _no_schema(scene, side, refused, has_place=has_place)
        for trial in TRIALS:
            if has_place or not trial.has_place:
                yield from _try(connection, side, trial, sql.Identifier(name))
            else:
                yield _untried(trial, side)


def _no_schema(scene: Scene, side: Side, refused: DatabaseError, *, has_place: bool) -> Finding:
    role, database = scene.catalogs[side].user, scene.catalogs[side].database
    if has_place:
        severity, rest, fix = Severity.NOTE, "the schema changeover is there for it", ""
    else:
        severity, rest = Severity.REFUSE, "there is no place for log and fence"
        fix = (
            f"let an administrator GRANT CREATE ON DATABASE {quote(database)} TO {quote(role)},"
            " or create the schema changeover for it"
        )
    return Finding(
        code="CK-RIGHT-SCHEMA",
        side=side,
        subject=str(side),
        severity=severity,
        fact=f"{refused.message}: {rest}",
        fix=fix,
    )


def _untried(trial: Trial, side: Side) -> Finding:
    return Finding(
        code=trial.code,
        side=side,
        subject=str(side),
        severity=Severity.REFUSE,
        fact="this could not be checked: there is no schema to try it in",
        fix="give the right to create a schema first (CK-RIGHT-SCHEMA) and check again",
    )


def _try(
    connection: Connection, side: Side, trial: Trial, place: sql.Identifier
) -> Iterator[Finding]:
    statements = tuple(statement.format(place=place) for statement in trial.statements)
    try:
        refused = refusal(connection, side, statements, "trying a right")
    except psycopg.Error as error:
        yield unknown(trial.code, side, str(side), error)
        return
    if refused is not None:
        yield Finding(
            code=trial.code,
            side=side,
            subject=str(side),
            severity=trial.severity,
            fact=f"{refused.message}: {trial.lost}",
            fix=trial.fix,
        )


def refusal(
    connection: Connection, side: Side, statements: tuple[sql.Composed, ...], doing: str
) -> DatabaseError | None:
    """Run statements behind a savepoint and return the refusal, or None.

    Raises:
        psycopg.Error: If anything but a lack of rights stood in the way.
    """
    try:
        with connection.transaction():
            for statement in statements:
                connection.execute(statement)
    except pg.InsufficientPrivilege as error:
        return translate(error, side, doing)
    return None


def try_role(scene: Scene, side: Side) -> Iterator[Finding]:
    """Look at the mirror's role where one was named; else try to make one as it would be made."""
    if side in scene.move.mirrors:
        yield from _named_mirror(scene, side)
        return
    connection = scene.connections[side]
    name = sql.Identifier(f"changeover_check_{secrets.token_hex(6)}")
    create = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(name)
    bypass = sql.SQL("ALTER ROLE {} BYPASSRLS").format(name)
    with connection.transaction(force_rollback=True):
        refused = refusal(connection, side, (create,), "creating a role")
        if refused is not None:
            yield _secret_only("CK-RIGHT-ROLE", side, refused.message)
            yield _bypass_note(side, "no role can be made, so there is none to give BYPASSRLS")
            return
        refused = refusal(connection, side, (bypass,), "giving it BYPASSRLS")
    if refused is None:
        return
    if _has_policies(scene):
        yield _secret_only("CK-RIGHT-BYPASSRLS", side, refused.message)
    else:
        yield _bypass_note(side, f"{refused.message}; no moved table has row level security")


def _has_policies(scene: Scene) -> bool:
    """Return whether a moved table has row level security, on the source, since it is carried."""
    return any(table.has_row_security for side in Side for table in scene.tables(side))


def _bypass_note(side: Side, fact: str) -> Finding:
    return Finding(
        code="CK-RIGHT-BYPASSRLS", side=side, subject=str(side), severity=Severity.NOTE, fact=fact
    )


def _named_mirror(scene: Scene, side: Side) -> Iterator[Finding]:
    with scene.move.connect_mirror(side, "check") as mirror:
        row = mirror.execute(fixed(ROOM, "read_mirror_role")).fetchone()
    assert row is not None, "our own role has a row"
    role, sees_all = row
    if role == scene.catalogs[side].user:
        yield _secret_only("CK-RIGHT-ROLE", side, f"mirror_dsn names the owner {role} itself")
    if not sees_all and _has_policies(scene):
        yield Finding(
            code="CK-RIGHT-BYPASSRLS",
            side=side,
            subject=role,
            severity=Severity.REFUSE,
            fact=f"the mirror's role {role} has no BYPASSRLS, and moved tables have row level"
            " security: it would be refused their rows",
            fix=f"let an administrator run ALTER ROLE {quote(role)} BYPASSRLS",
        )


def _secret_only(code: str, side: Side, fact: str) -> Finding:
    return Finding(
        code=code,
        side=side,
        subject=str(side),
        severity=Severity.WARN,
        fact=f"{fact}: the mirror will be known by a transaction-local secret, which guards"
        " against accidents only",
        fix="let an administrator create a role with LOGIN and BYPASSRLS and name it as mirror_dsn"
        f" in [{side}]",
    )


def check_ownership(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield the moved tables and partitions that our role does not own.

    Source: https://www.postgresql.org/docs/current/sql-altertable.html: "You must own the table".
    """
    for row in scene.rows(side, "read_not_owned", scene.oids(side), room=TRANSFER):
        yield Finding(
            code="CK-RIGHT-OWNER",
            side=side,
            subject=f"{row['schema']}.{row['name']}",
            severity=Severity.REFUSE,
            fact=f"{row['schema']}.{row['name']} belongs to {row['owner']}, and our role"
            f" {scene.catalogs[side].user} is no member of it: it can't enable a trigger ALWAYS",
            fix=f"connect as {row['owner']}, or grant {row['owner']} to our role WITH INHERIT",
        )


def check_signals(scene: Scene, side: Side) -> Iterator[Finding]:
    """End a second session of ours, as a successor ends a stalled mirror."""
    connection, second = scene.connections[side], scene.seconds[side]
    own, other = (session_pid(session) for session in (connection, second))
    if own == other:
        yield _not_ended(side, "this could not be checked: both sessions are one server process")
        return
    row = connection.execute("SELECT pg_catalog.pg_terminate_backend(%s)", (other,)).fetchone()
    if row is None or row[0] is not True:
        yield _not_ended(side, "a second session of our own role could not be ended")


def session_pid(session: Connection) -> int:
    """Return the server process behind a session, as the server says."""
    row = session.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    assert row is not None, "a SELECT without FROM returns one row"
    return int(row[0])


def _not_ended(side: Side, fact: str) -> Finding:
    return Finding(
        code="CK-RIGHT-TERMINATE",
        side=side,
        subject=str(side),
        severity=Severity.REFUSE,
        fact=fact,
        fix="GRANT pg_signal_backend to the role, and connect without a transaction pooler",
    )


def check_monitoring(scene: Scene, side: Side) -> Iterator[Finding]:
    """Say whether other roles' transactions can be seen in full."""
    rights = scene.one(side, "read_own_rights")
    if not rights["sees_locks"]:
        yield Finding(
            code="CK-RIGHT-LOCKS",
            side=side,
            subject=str(side),
            severity=Severity.REFUSE,
            fact="pg_locks may not be read: the fence could not wait for writers in flight",
            fix="GRANT SELECT ON pg_catalog.pg_locks to the role",
        )
    if not rights["sees_activity"]:
        yield Finding(
            code="CK-RIGHT-ACTIVITY",
            side=side,
            subject=str(side),
            severity=Severity.WARN,
            fact=f"{scene.catalogs[side].user} does not see how old other roles' transactions are",
            fix="GRANT pg_read_all_stats (or pg_monitor) to the role",
        )


CHECKS: Final = (
    Check(proves=PROOFS, run=try_rights),
    Check(
        proves={
            "CK-RIGHT-ROLE": "the mirror has a role of its own, or one may be made",
            "CK-RIGHT-BYPASSRLS": "the mirror's role may see every row, or no policy hides any",
        },
        run=try_role,
    ),
    Check(
        proves={
            "CK-RIGHT-OWNER": "our role owns every moved table and partition (by ownership: no"
            " trigger was tried on them, that would lock out their writers)"
        },
        run=check_ownership,
    ),
    Check(
        proves={"CK-RIGHT-TERMINATE": "a second session of ours was ended"},
        run=check_signals,
    ),
    Check(
        proves={
            "CK-RIGHT-LOCKS": "pg_locks can be read",
            "CK-RIGHT-ACTIVITY": "the age of other roles' transactions can be seen",
        },
        run=check_monitoring,
    ),
)

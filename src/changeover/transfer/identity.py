"""Who the mirror is on a side: a role that nobody else uses, or a secret where none can be made."""

import hashlib
import secrets
from dataclasses import dataclass

import psycopg
from psycopg import errors as pg
from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.login import load_login, save_login
from changeover.control.move import ROOM, Connection, Move
from changeover.database import connect, fixed
from changeover.database.errors import translated
from changeover.database.statement import table
from changeover.model.errors import CannotConnectError, NotInstalledError
from changeover.model.secret import Secret
from changeover.model.side import Side
from changeover.transfer.trigger import MirrorTest

GRANT_SET_VERSION_MIN = 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the fence of a side recognises the mirror by.

    Attributes:
        role: A role of the mirror's own, or None.
        secret_digest: SHA-256 of the transaction-local secret, or None; it guards against
            accidents only.
        rest_mode: `replica` where the mirror may set `session_replication_role`, else `drop`.
    """

    role: str | None
    secret_digest: str | None
    rest_mode: str

    def test(self) -> MirrorTest:
        """Return the condition for trigger functions."""
        return MirrorTest(role=self.role, secret_digest=self.secret_digest)


def establish(move: Move, side: Side, owner: Connection, pairs: tuple[Pair, ...]) -> Identity:
    """Find or make the mirror's identity on a side and give it its rights.

    A role where the operator named one or the owner may create one that sees every row; otherwise
    a transaction-local secret that the owner's own sessions show.

    Args:
        move: The move.
        side: The database.
        owner: A session of the tables' owner, in autocommit.
        pairs: The tables that move.
    """
    if side in move.mirrors:
        with connect(move.mirrors[side], "identity") as mirror:
            role = mirror.info.user
        if role == owner.info.user:
            return _by_secret(move, side, owner)
        _grant(owner, side, role, pairs)
        return Identity(
            role=role, secret_digest=None, rest_mode=_rest_mode(move, side, owner, role)
        )
    role_or_none = _make_role(move, side, owner, pairs)
    if role_or_none is None:
        return _by_secret(move, side, owner)
    return Identity(
        role=role_or_none,
        secret_digest=None,
        rest_mode=_rest_mode(move, side, owner, role_or_none),
    )


def role_name(owner: Connection) -> str:
    """Return the name of the mirror's role: one per database, since roles belong to the server."""
    row = owner.execute(fixed(ROOM, "read_database_oid")).fetchone()
    assert row is not None, "the current database has an oid"
    return f"changeover_mirror_{row[0]}"


def _make_role(move: Move, side: Side, owner: Connection, pairs: tuple[Pair, ...]) -> str | None:
    role = role_name(owner)
    password = Secret(secrets.token_urlsafe(32))
    must_bypass = any(pair.table(side).has_row_security for pair in pairs)
    if not _create_or_alter(owner, role, password, must_bypass=must_bypass):
        return None
    _grant(owner, side, role, pairs)
    save_login(move.state_directory, side, role=role, secret=password)
    try:
        with connect(load_login(move.state_directory, move.owners[side]), "identity"):
            return role
    except CannotConnectError:
        return None


def _create_or_alter(owner: Connection, role: str, password: Secret, *, must_bypass: bool) -> bool:
    """Make the role, or renew its password; False where we may not."""
    verifier = owner.pgconn.encrypt_password(
        password.reveal().encode(), role.encode(), b"scram-sha-256"
    ).decode()
    exists = owner.execute(
        "SELECT 1 FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s", (role,)
    ).fetchone()
    verb = sql.SQL("ALTER") if exists else sql.SQL("CREATE")
    for bypass in (sql.SQL("BYPASSRLS"), sql.SQL("")):
        if must_bypass and not bypass.as_string():
            return False
        try:
            with owner.transaction():
                owner.execute(
                    sql.SQL("{} ROLE {} LOGIN NOINHERIT {} PASSWORD {}").format(
                        verb, sql.Identifier(role), bypass, sql.Literal(verifier)
                    )
                )
        except pg.InsufficientPrivilege:
            continue
        return True
    return False


def _grant(owner: Connection, side: Side, role: str, pairs: tuple[Pair, ...]) -> None:
    who = sql.Identifier(role)
    schemas = sorted({pair.name.schema for pair in pairs} | {"changeover"})
    tables = [table(pair.name) for pair in pairs]
    with translated(side, "granting the mirror its rights"), owner.transaction():
        for schema in schemas:
            owner.execute(
                sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), who)
            )
        owner.execute(
            sql.SQL(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA changeover TO {}"
            ).format(who)
        )
        owner.execute(sql.SQL("GRANT SELECT ON SEQUENCE changeover.fence TO {}").format(who))
        if tables:
            owner.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(
                    sql.SQL(", ").join(tables), who
                )
            )


def _rest_mode(move: Move, side: Side, owner: Connection, role: str) -> str:
    """Return `replica` where the mirror's sessions may switch foreign keys and triggers off.

    Source: https://www.postgresql.org/docs/current/sql-grant.html, GRANT ON PARAMETER (15)
    """
    if owner.info.server_version >= GRANT_SET_VERSION_MIN:
        try:
            with owner.transaction():
                owner.execute(
                    sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(
                        sql.Identifier(role)
                    )
                )
        except psycopg.Error:
            pass
    try:
        with connect(move.mirror_endpoint(side), "identity") as mirror:
            return _try_replica(mirror)
    except NotInstalledError:
        return "drop"


def _try_replica(session: Connection) -> str:
    try:
        with session.transaction():
            session.execute("SET LOCAL session_replication_role = replica")
    except pg.InsufficientPrivilege:
        return "drop"
    return "replica"


def _by_secret(move: Move, side: Side, owner: Connection) -> Identity:
    secret = Secret(secrets.token_urlsafe(32))
    save_login(move.state_directory, side, role=None, secret=secret)
    digest = hashlib.sha256(secret.reveal().encode()).hexdigest()
    return Identity(role=None, secret_digest=digest, rest_mode=_try_replica(owner))


def read_identity(owner: Connection) -> Identity:
    """Return the identity that was installed on a side."""
    row = owner.execute(fixed(ROOM, "read_side")).fetchone()
    if row is None:
        raise NotInstalledError(
            "the schema changeover holds no side", hint="run `changeover capture install`"
        )
    return Identity(role=row[4], secret_digest=row[5], rest_mode=row[6])


def drop_role(move: Move, side: Side) -> None:
    """Remove the mirror's role, if we made it and nothing else depends on it."""
    if side in move.mirrors:
        return
    with move.connect_owner(side, "identity") as connection:
        role = role_name(connection)
        known = connection.execute(
            "SELECT 1 FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s", (role,)
        ).fetchone()
        if known is None:
            return
        connection.execute(fixed("changeover.transfer", "end_sessions"), {"role": role})
        who = sql.Identifier(role)
        with translated(side, "removing the mirror's role"), connection.transaction():
            if connection.info.server_version >= GRANT_SET_VERSION_MIN:
                connection.execute(
                    sql.SQL("REVOKE SET ON PARAMETER session_replication_role FROM {}").format(who)
                )
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(who))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(who))
            connection.execute(sql.SQL("DROP ROLE {}").format(who))

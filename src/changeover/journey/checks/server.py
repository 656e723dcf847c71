"""The two servers: which they are, whether they may be written, and how we reach them."""

import ipaddress
from collections.abc import Iterator
from typing import Any, Final

from psycopg import sql

from changeover.database.statement import table as table_identifier
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.right import session_pid
from changeover.journey.checks.scene import Check, PairCheck, Scene, show
from changeover.journey.checks.version import known_losses, mended_in
from changeover.model.side import Side

TRANSACTION_POOLER_PORT: Final = 6543
"""Supabase's pooler in transaction mode. Source: supabase.com/docs, Connect to your database."""

PLATFORM_MARKS_MIN: Final = 3
"""So many of the platform's roles beside auth.users make a server Supabase."""


def _finding(code: str, side: Side | None, severity: Severity, fact: str, fix: str = "") -> Finding:
    subject = str(side) if side else "both sides"
    return Finding(code=code, side=side, subject=subject, severity=severity, fact=fact, fix=fix)


def check_version(scene: Scene, side: Side) -> Iterator[Finding]:
    """Say which version a server has, and what that version is known to lose."""
    state = scene.one(side, "read_state")
    version = state["version"]
    yield _finding(
        "CK-SERVER-VERSION", side, Severity.PASS, f"PostgreSQL {state['version_text']}; 13 or later"
    )
    for loss in known_losses(version):
        yield Finding(
            code="CK-SERVER-KNOWN-LOSS",
            side=side,
            subject=f"{side} {loss.name}",
            severity=Severity.WARN,
            fact=f"PostgreSQL {state['version_text']}: {loss.what}",
            fix=f"take the minor upgrade to {mended_in(loss, version)} or later",
        )


def check_writable(scene: Scene, side: Side) -> Iterator[Finding]:
    """Refuse a standby and a database that was set to read-only."""
    state = scene.one(side, "read_state")
    if state["is_in_recovery"]:
        yield _finding(
            "CK-SERVER-STANDBY",
            side,
            Severity.REFUSE,
            "this is a standby: it can't be written, and what it shows may be older",
            "connect to the primary server's own address",
        )
    if state["settings"]["default_transaction_read_only"] == "on":
        yield _finding(
            "CK-SERVER-READ-ONLY",
            side,
            Severity.REFUSE,
            "sessions begin with default_transaction_read_only = on; hosts set it when a disk is"
            " full",
            "look for a full disk, then take the setting off the role or database",
        )


def check_durable(scene: Scene, side: Side) -> Iterator[Finding]:
    """Warn where a crash of the server may take acknowledged writes with it."""
    settings = scene.one(side, "read_state")["settings"]
    off = [name for name in ("fsync", "full_page_writes") if settings[name] != "on"]
    if off:
        yield _finding(
            "CK-SERVER-DURABILITY",
            side,
            Severity.WARN,
            f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off: a crash of the server"
            " may lose what was acknowledged, and no promise of ours holds then",
            "turn it on before real data moves",
        )


def check_pooler(scene: Scene, side: Side) -> Iterator[Finding]:
    """Hold two sessions of ours against each other: behind a transaction pooler they are one.

    Source: https://www.pgbouncer.org/features.html, "Transaction pooling"
    """
    first, second = scene.connections[side], scene.seconds[side]
    if first.info.port == TRANSACTION_POOLER_PORT:
        yield _pooled(side, f"port {TRANSACTION_POOLER_PORT} is the pooler's transaction mode")
        return
    pids = [session_pid(session) for session in (first, second, first)]
    if pids[0] == pids[1] or pids[0] != pids[2]:
        yield _pooled(side, "two sessions of ours shared one server process")
        return
    if pids[0] != first.pgconn.backend_pid:
        yield _finding(
            "CK-SERVER-POOLER",
            side,
            Severity.WARN,
            "something between us and the server, a pooler in session mode it seems, answers for"
            " it: a session that it ends or swaps ends ours",
            "connect directly where you can",
        )


def _pooled(side: Side, fact: str) -> Finding:
    return _finding(
        "CK-SERVER-POOLER",
        side,
        Severity.REFUSE,
        f"{fact}: settings, temporary tables and locks would be another client's too",
        "connect directly, or to the pooler in session mode (port 5432 on Supabase)",
    )


def check_transport(scene: Scene, side: Side) -> Iterator[Finding]:
    """Warn where the way to a remote server is not encrypted, or its certificate not verified."""
    session = scene.connections[side]
    fact = unsafe_transport(
        host=session.info.host,
        address=session.info.hostaddr,
        mode=session.info.get_parameters().get("sslmode", "prefer"),
        is_encrypted=session.pgconn.ssl_in_use,
    )
    if fact is not None:
        yield _finding(
            "CK-SERVER-TLS",
            side,
            Severity.WARN,
            fact,
            "set sslmode=verify-full and sslrootcert to the host's CA file",
        )


def unsafe_transport(*, host: str, address: str, mode: str, is_encrypted: bool) -> str | None:
    """Return what is wrong with the way to a server, or None.

    Args:
        host: What the connection was asked for: a name, an address or a socket's directory.
        address: The address that the name came to; empty for a socket.
        mode: libpq's `sslmode`.
        is_encrypted: Whether the session is.
    """
    if is_local(host, address) or mode == "verify-full":
        return None
    what = "is encrypted, but nobody knows who is at its end" if is_encrypted else "is in the clear"
    return f"the server is remote, and with sslmode={mode} the way to it {what}"


def is_local(host: str, address: str) -> bool:
    """Return whether a server is reached without a network.

    Args:
        host: What the connection was asked for: a name, an address or a socket's directory.
        address: The address that the name came to; empty for a socket.
    """
    if host.startswith(("/", "@")) or not (host or address):
        return True
    try:
        return ipaddress.ip_address(address or host).is_loopback
    except ValueError:
        return host == "localhost"


def check_same(scene: Scene) -> Iterator[Finding]:
    """Refuse a source and a target that are one database."""
    source, target = (scene.one(side, "read_state") for side in Side)
    known = {scene.catalogs[side].system for side in Side} - {None}
    # A server that was restored from the other's files keeps its identifier, not its start.
    if source["started_at"] != target["started_at"] or len(known) > 1:
        return
    how = f"both were started at {source['started_at']}"
    if source["database_oid"] == target["database_oid"]:
        yield _finding(
            "CK-SERVER-SAME",
            None,
            Severity.REFUSE,
            f"source and target are one database, {source['database']}: {how}",
            "correct one of the two DSNs",
        )
        return
    yield _finding(
        "CK-SERVER-SAME",
        None,
        Severity.WARN,
        f"{source['database']} and {target['database']} are databases of one server ({how}): what"
        " takes it away takes both sides away",
        "move to another server, unless this is a rehearsal",
    )


def check_swapped(scene: Scene) -> Iterator[Finding]:
    """Refuse a target that looks like Supabase with data while the source is empty."""
    states = {side: scene.one(side, "read_state") for side in Side}
    if _is_platform(states[Side.SOURCE]) or not _is_platform(states[Side.TARGET]):
        return
    filled = {side: _filled(scene, side) for side in Side}
    if filled[Side.TARGET] and not filled[Side.SOURCE]:
        yield _finding(
            "CK-SERVER-SWAPPED",
            None,
            Severity.REFUSE,
            "source and target are swapped, it seems: the target has Supabase's roles, auth.users"
            f" and rows ({show(filled[Side.TARGET])}), while the source is empty",
            "give the Supabase database as the source and the other as the target",
        )
        return
    yield _finding(
        "CK-SERVER-SWAPPED",
        None,
        Severity.WARN,
        "the target has Supabase's roles and auth.users, the source has not: were they swapped?",
        "give the Supabase database as the source and the other as the target",
    )


def _is_platform(state: dict[str, Any]) -> bool:
    return state["has_auth"] and len(state["platform_roles"] or ()) >= PLATFORM_MARKS_MIN


def _filled(scene: Scene, side: Side) -> list[str]:
    """Return tables of a side that hold rows, of those that it has in the moved schemas."""
    names = [table.name for table in scene.catalogs[side].tables.values() if table.kind != "f"]
    filled = []
    for name in names:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table_identifier(name))
        row = scene.connections[side].execute(query).fetchone()
        if row is not None and row[0]:
            filled.append(str(name))
    return filled


CHECKS: Final = (
    Check(
        proves={
            "CK-SERVER-VERSION": "13 or later",
            "CK-SERVER-KNOWN-LOSS": "no loss is known of this version",
        },
        run=check_version,
    ),
    Check(
        proves={
            "CK-SERVER-STANDBY": "this is a primary server",
            "CK-SERVER-READ-ONLY": "sessions begin read-write",
        },
        run=check_writable,
    ),
    Check(proves={"CK-SERVER-DURABILITY": "fsync and full_page_writes are on"}, run=check_durable),
    Check(
        proves={"CK-SERVER-POOLER": "two sessions of ours have server processes of their own"},
        run=check_pooler,
    ),
    Check(
        proves={"CK-SERVER-TLS": "the server is local, or its certificate was verified in full"},
        run=check_transport,
    ),
    PairCheck(proves={"CK-SERVER-SAME": "source and target are two servers"}, run=check_same),
    PairCheck(proves={"CK-SERVER-SWAPPED": "source and target are not swapped"}, run=check_swapped),
)

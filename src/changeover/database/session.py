"""Sessions whose settings are pinned, so that equal rows have equal text on both sides."""

from typing import Final

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from changeover.database.endpoint import Endpoint
from changeover.database.errors import translated
from changeover.model.errors import SessionNotPinnedError, UnsupportedVersionError

VERSION_MIN: Final = 130_000
CONNECT_TIMEOUT_S: Final = 10

PINS: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "lc_monetary": "C",
    "xmloption": "content",
    "search_path": "pg_catalog",
    "row_security": "off",
    "synchronous_commit": "on",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "jit": "off",
    "idle_in_transaction_session_timeout": "0",
}
"""Settings that each of our sessions sets and reads back.

`row_security = off` turns a row that a policy would hide into an error.
Source: https://www.postgresql.org/docs/current/runtime-config-client.html
"""


def connect(
    endpoint: Endpoint,
    purpose: str,
    *,
    statement_timeout_ms: int = 0,
    lock_timeout_ms: int = 0,
) -> psycopg.Connection[tuple[object, ...]]:
    """Open a session with pinned settings, in autocommit.

    Args:
        endpoint: The database and the role.
        purpose: One word, shown in `pg_stat_activity` behind `changeover`.
        statement_timeout_ms: Longest statement; 0 for none.
        lock_timeout_ms: Longest wait for one lock; 0 for none.

    Returns:
        A connection in autocommit; transactions are begun by name.

    Raises:
        CannotConnectError: If the server can't be reached or refuses us.
        UnsupportedVersionError: If the server is older than 13.
        SessionNotPinnedError: If a setting does not read back as it was set.
    """
    with translated(endpoint.side, "connecting"):
        connection = psycopg.connect(
            endpoint.dsn.reveal(),
            autocommit=True,
            application_name=f"changeover {purpose}",
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=3,
            prepare_threshold=None,
        )
    try:
        _require_version(connection, endpoint)
        limits = {
            "statement_timeout": f"{statement_timeout_ms}",
            "lock_timeout": f"{lock_timeout_ms}",
        }
        _pin(connection, endpoint, PINS | limits)
    except BaseException:
        connection.close()
        raise
    return connection


def is_silent(endpoint: Endpoint) -> bool:
    """Return whether nothing at all answers where a database should be.

    A server that refuses us, that starts or that stops does answer.
    Source: https://www.postgresql.org/docs/current/libpq-connect.html, PQping
    """
    dsn = make_conninfo(endpoint.dsn.reveal(), connect_timeout=CONNECT_TIMEOUT_S)
    return pq.PGconn.ping(dsn.encode()) == pq.Ping.NO_RESPONSE


def connect_application(endpoint: Endpoint) -> psycopg.Connection[tuple[object, ...]]:
    """Open a session as the application has it: its own settings, nothing pinned.

    Args:
        endpoint: The database and the application's role.

    Returns:
        A connection in autocommit.

    Raises:
        CannotConnectError: If the server can't be reached or refuses us.
    """
    with translated(endpoint.side, "connecting"):
        return psycopg.connect(
            endpoint.dsn.reveal(),
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=3,
        )


def _require_version(connection: psycopg.Connection[tuple[object, ...]], at: Endpoint) -> None:
    version = connection.info.server_version
    if version < VERSION_MIN:
        raise UnsupportedVersionError(
            f"{at.side}: server version {version // 10_000} is below 13",
            hint="upgrade that server first; 13 is the oldest version that Changeover moves",
        )


def _pin(
    connection: psycopg.Connection[tuple[object, ...]], at: Endpoint, pins: dict[str, str]
) -> None:
    setting = sql.SQL("set_config({}, {}, false)")
    sets = sql.SQL(", ").join(
        setting.format(sql.Literal(name), sql.Literal(value)) for name, value in pins.items()
    )
    reading = sql.SQL(", ").join(
        sql.SQL("current_setting({})").format(sql.Literal(name)) for name in PINS
    )
    with translated(at.side, "pinning the session's settings"):
        connection.execute(sql.SQL("SELECT {}").format(sets))
        row = connection.execute(sql.SQL("SELECT {}").format(reading)).fetchone()
    assert row is not None, "a SELECT without FROM returns one row"
    for (name, wanted), found in zip(PINS.items(), row, strict=True):
        if found != wanted:
            raise SessionNotPinnedError(
                f"{at.side}: {name} is '{found}' although '{wanted}' was set",
                hint="connect directly or in session mode: a transaction pooler drops settings",
            )

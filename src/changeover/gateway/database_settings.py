"""The gateway's first look at its database: can it log in, and what does the database configure?

PostgREST's in-database configuration: what `ALTER ROLE … SET pgrst.…` gives the role that logs in,
over what a function of the user's (`db-pre-config`) sets.
"""

from typing import Final

import psycopg
from psycopg import sql

from changeover.database import fixed
from changeover.database.endpoint import read_dsn
from changeover.gateway.postgrest_key import KEYS
from changeover.model.errors import CannotConnectError, LoginRefusedError
from changeover.model.name import TableName
from changeover.model.secret import Secret

CONNECT_TIMEOUT_S: Final = 10
_PACKAGE: Final = "changeover.gateway"
_FINAL: Final = ("FATAL", "no password supplied")
_PASSING: Final = ("starting up", "shutting down", "recovery", "too many", "remaining connection")


def read_database_settings(
    dsn: Secret, pre_config: TableName | None, *, is_wanted: bool
) -> dict[str, str]:
    """Log in; return the keys of the configuration that the database sets.

    Args:
        dsn: The connection string.
        pre_config: A function that is called first, or None.
        is_wanted: Whether the settings are read; else it is only seen whether one can log in.

    Raises:
        LoginRefusedError: If the server refuses the login, and will again.
        CannotConnectError: If the server can't be reached, or is not ready.
        ConfigurationError: If the connection string can't be read.
    """
    read_dsn(dsn, "the gateway's connection string")
    try:
        with psycopg.connect(
            dsn.reveal(),
            application_name="changeover gateway",
            connect_timeout=CONNECT_TIMEOUT_S,
            prepare_threshold=None,
        ) as connection:
            return _read(connection, pre_config) if is_wanted else {}
    except psycopg.Error as error:
        raise _translated(error) from None


def _read(
    connection: psycopg.Connection[tuple[str, str]], pre_config: TableName | None
) -> dict[str, str]:
    names = {key.in_database: key.name for key in KEYS if key.is_in_database}
    found: dict[str, str] = {}
    if pre_config is not None:
        call = sql.SQL("SELECT {}()").format(
            sql.Identifier(*filter(None, (pre_config.schema, pre_config.name)))
        )
        connection.execute(call)
        rows = connection.execute(fixed(_PACKAGE, "read_settings"), {"names": list(names)})
        found |= dict(rows)
    found |= dict(connection.execute(fixed(_PACKAGE, "read_role_settings")))
    connection.rollback()
    return {names[name]: value for name, value in found.items() if name in names}


def _translated(error: psycopg.Error) -> CannotConnectError:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if error.sqlstate is not None:
        text = f"{error.diag.message_primary} (SQLSTATE {error.sqlstate})"
    said = str(error)
    is_final = any(word in said for word in _FINAL) and not any(word in said for word in _PASSING)
    kind = LoginRefusedError if is_final else CannotConnectError
    return kind(
        f"the gateway's database: {text}",
        hint="check the connection string, the network and the role's rights",
    )

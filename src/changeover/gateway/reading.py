"""Reading a whole configuration, the database's own settings included; again whenever asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from changeover.gateway import configuration, postgrest_configuration
from changeover.gateway.database_settings import read_database_settings
from changeover.gateway.postgrest_configuration import Given, complain, gather, pre_config
from changeover.gateway.setup import Setup, with_flags
from changeover.model.errors import CannotConnectError, LoginRefusedError
from changeover.model.routing_settings import RoutingSettings
from changeover.model.settings import GatewaySettings, Resolved

Warn = Callable[[str], None]
Read = Callable[[str], str]
ReadSetup = Callable[[], Setup]


def postgrest_reader(
    path: Path | None,
    environment: Mapping[str, str],
    read: Read,
    warn: Warn,
    flags: Mapping[str, Any],
) -> ReadSetup:
    """Return a function that reads PostgREST's configuration.

    Like PostgREST it waits for a database that can't be reached yet, and ends where the login is
    refused for good.

    Args:
        path: The file, or None for the environment alone.
        environment: The process's environment.
        read: Returns the text of a file.
        warn: Told once of names that have no effect, and of a database that is waited for.
        flags: What the command line says over it.
    """
    warned: set[str] = set()

    def warn_once(text: str) -> None:
        if text not in warned:
            warned.add(text)
            warn(text)

    def again() -> Setup:
        given = gather(path, environment, lambda at: read(str(at)))
        complain(given, warn_once)
        return with_flags(_with_database(given, read, warn_once), flags)

    return again


def _with_database(given: Given, read: Read, warn: Warn) -> Setup:
    setup = postgrest_configuration.configure(given, read)
    is_wanted = given.truth("db-config", default=True)
    try:
        found = read_database_settings(setup.pool.dsn, pre_config(given), is_wanted=is_wanted)
    except LoginRefusedError:
        raise
    except CannotConnectError as error:
        warn(f"{error.message}; it is waited for")
        return replace(setup, is_seen=False)
    return postgrest_configuration.configure(replace(given, database=found), read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What `changeover.toml` says of a gateway.

    Attributes:
        gateway: Its own table.
        routing: That of the routing.
        database: What names the database.
    """

    gateway: GatewaySettings
    routing: RoutingSettings
    database: Resolved


def toml_reader(
    tables: Callable[[], Tables],
    environment: Mapping[str, str],
    read: Read,
    warn: Warn,
    flags: Mapping[str, Any],
) -> ReadSetup:
    """Return a function that reads `[gateway]` and sees whether the database is there.

    A gateway that routes starts without its database too: the source may answer all requests, and
    a way back that needs the target would be none.

    Args:
        tables: Reads the file.
        environment: The process's environment.
        read: Returns the text of a file that a value names with `@`.
        warn: Told of a database that is not there.
        flags: What the command line says over it.
    """

    def again() -> Setup:
        found = tables()
        setup = configuration.configure(
            found.gateway, found.database, environment, read, routing=found.routing
        )
        try:
            read_database_settings(setup.pool.dsn, None, is_wanted=False)
        except CannotConnectError as error:
            if setup.route is None:
                raise
            warn(f"{error.message}; the last known stage is served from meanwhile")
        return with_flags(setup, flags)

    return again

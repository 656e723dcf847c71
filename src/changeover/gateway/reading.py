"""Reading a whole configuration, the database's own settings included; again whenever asked."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from changeover.gateway import configuration, postgrest_configuration
from changeover.gateway.database_settings import read_database_settings
from changeover.gateway.postgrest_configuration import Given, complain, gather, pre_config
from changeover.gateway.setup import Setup, with_flags
from changeover.model.errors import CannotConnectError, LoginRefusedError
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


def toml_reader(
    settings: Callable[[], tuple[GatewaySettings, Resolved]],
    environment: Mapping[str, str],
    read: Read,
    flags: Mapping[str, Any],
) -> ReadSetup:
    """Return a function that reads `[gateway]` and sees whether the database is there.

    Args:
        settings: Reads the file: the table, and what names the database.
        environment: The process's environment.
        read: Returns the text of a file that a value names with `@`.
        flags: What the command line says over it.
    """

    def again() -> Setup:
        table, database = settings()
        read_database_settings(database.dsn, None, is_wanted=False)
        return with_flags(configuration.configure(table, database, environment, read), flags)

    return again

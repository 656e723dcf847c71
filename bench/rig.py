"""What every measurement stands on: two embedded servers, a pgbench database, rows of the report.

A figure is a ratio against a peer or a limit, measured side by side in one run.
"""

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from changeover.control.move import Connection, Move, installed_pairs
from changeover.database import Endpoint
from changeover.embedded import Database, Server, binaries, prepare_supabase, prepare_target
from changeover.embedded.supabase import SETTINGS
from changeover.model.secret import Secret
from changeover.model.settings import Settings
from changeover.model.side import Side

__all__ = ["Connection", "Move", "installed_pairs"]

FAST_DISK = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
MEMORY = Path("/dev/shm")  # noqa: S108 - a server's directory below it is private


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of the report.

    Attributes:
        ours: Our median, in `unit`; None where the measurement was skipped, `peer_name` says why.
        peer: The peer's or the limit's median, None where there is none.
        ratio: Ours divided by the peer's.
        runs: Measured runs of each.
    """

    name: str
    unit: str
    ours: float | None
    peer: float | None
    peer_name: str
    ratio: float | None
    runs: int


def row(name: str, unit: str, ours: list[float], peer: list[float], peer_name: str) -> Row:
    """Return the medians of interleaved runs as a row."""
    mine = statistics.median(ours)
    theirs = statistics.median(peer) if peer else None
    return Row(
        name=name,
        unit=unit,
        ours=round(mine, 3),
        peer=None if theirs is None else round(theirs, 3),
        peer_name=peer_name,
        ratio=None if not theirs else round(mine / theirs, 3),
        runs=len(ours),
    )


def plain(name: str, unit: str, value: float, runs: int) -> Row:
    """Return a figure that has no peer as a row."""
    return Row(
        name=name, unit=unit, ours=round(value, 3), peer=None, peer_name="", ratio=None, runs=runs
    )


def skipped(name: str, reason: str) -> Row:
    """Return the row of what could not be measured here, so that nobody takes it for done."""
    return Row(
        name=name,
        unit="",
        ours=None,
        peer=None,
        peer_name=f"skipped: {reason}",
        ratio=None,
        runs=0,
    )


@contextmanager
def servers(
    settings: Mapping[str, str | int] | None = None, *, is_target_in_memory: bool = False
) -> Iterator[tuple[Database, Database]]:
    """Run a Supabase-like source (16) and a bare target (18), fsync on.

    Args:
        settings: Configuration parameters for both.
        is_target_in_memory: Keep the target off the disk that the source waits for, as on a machine
            of its own.
    """
    fast = {**FAST_DISK, **(settings or {})}
    place = MEMORY if is_target_in_memory else None
    with (
        Server.start(binaries(16), settings={**SETTINGS, **fast}) as source,
        Server.start(binaries(18), settings=fast, place=place) as target,
    ):
        yield (
            prepare_supabase(source).database,
            prepare_target(target, createrole=True, replication_role_grant=True),
        )


def program(name: str) -> Path:
    """Return one of PostgreSQL's programs."""
    return binaries(18) / name


def pgbench(
    database: Database, *arguments: str, environment: Mapping[str, str] | None = None
) -> str:
    """Run pgbench against a database as its owner, the password in the environment alone."""
    done = subprocess.run(
        [str(program("pgbench")), *arguments],
        env={**os.environ, **environment_of(database), **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def environment_of(database: Database) -> dict[str, str]:
    """Return libpq's environment for a database's owner."""
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    known = conninfo_to_dict(database.dsn)
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "dbname": "PGDATABASE",
        "user": "PGUSER",
        "password": "PGPASSWORD",
    }
    return {names[key]: str(value) for key, value in known.items() if key in names}


@contextmanager
def move_of(source: Database, target: Database) -> Iterator[Move]:
    """Return a move between two databases, its state in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="changeover-bench-") as directory:
        yield move_at(source, target, Path(directory))


def move_at(source: Database, target: Database, state: Path) -> Move:
    """Return the move between two databases whose state lies in a directory."""
    return Move(
        owners={
            Side.SOURCE: Endpoint(side=Side.SOURCE, dsn=Secret(source.dsn)),
            Side.TARGET: Endpoint(side=Side.TARGET, dsn=Secret(target.dsn)),
        },
        settings=Settings(state_directory=str(state)),
    )


def declare_copied(move: Move) -> None:
    """Say that every table's copy is done, for pairs that begin equal."""
    with move.connect_owner(Side.TARGET, "bench") as connection:
        for pair in installed_pairs(move):
            connection.execute(
                "INSERT INTO changeover.copy (table_id, state, version) VALUES (%s, 'copied', 1)"
                " ON CONFLICT (table_id) DO UPDATE SET state = 'copied'",
                (pair.table_id,),
            )


_kept: dict[str, str] = {}


def keep(name: str, text: str) -> None:
    """Keep a file, such as a chart, that is to lie beside the report."""
    _kept[name] = text


def write_report(rows: list[Row], directory: Path) -> Path:
    """Write the report and what was kept for it, and return the report's path."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in _kept.items():
        (directory / name).write_text(text, encoding="utf-8")
    path = directory / "report.json"
    path.write_text(json.dumps([asdict(one) for one in rows], indent=2) + "\n", encoding="utf-8")
    return path

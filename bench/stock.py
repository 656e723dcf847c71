"""The rows that are moved: a pgbench database and a wide table with secondary indexes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg.conninfo import conninfo_to_dict, make_conninfo

import rig
import scale
from changeover.embedded import Database, Server, binaries, prepare_target

ACCOUNTS = 10_000_000
WIDE = 1_000_000
ACCOUNTS_PER_BRANCH = 100_000
TABLES = ("pgbench_accounts", "wide", "pgbench_tellers", "pgbench_branches", "pgbench_history")

CREATE_WIDE = """
CREATE TABLE public.wide (
  id bigint PRIMARY KEY, owner_id integer NOT NULL, email text NOT NULL, title text,
  body text, price numeric(12, 2), tags text[], data jsonb, is_paid boolean NOT NULL,
  created_at timestamptz NOT NULL
)
"""
WIDE_INDEXES = (
    "CREATE UNIQUE INDEX wide_email ON public.wide (email)",
    "CREATE INDEX wide_owner ON public.wide (owner_id, created_at)",
    "CREATE INDEX wide_price ON public.wide (price) WHERE is_paid",
    "CREATE INDEX wide_data ON public.wide USING gin (data)",
)
FILL_WIDE = """
INSERT INTO public.wide
SELECT g, g %% 9973, 'person' || g || '@example.org', 'title ' || g, repeat(md5(g::text), 8),
  g / 7.0, ARRAY['a', 'b' || g %% 7], jsonb_build_object('n', g %% 1000, 'k', md5((g %% 50)::text)),
  g %% 3 = 0, timestamptz '2024-01-01 00:00:00+00' + make_interval(secs => g)
FROM generate_series(1, %s) AS g
"""


@contextmanager
def plain_servers() -> Iterator[tuple[Server, Server]]:
    """Run two bare servers, 16 and 18, fsync on."""
    with (
        Server.start(binaries(16), settings=rig.FAST_DISK) as source,
        Server.start(binaries(18), settings=rig.FAST_DISK) as target,
    ):
        yield source, target


def bare(server: Server) -> Database:
    """Make an empty database whose owner may do what a move wants of him."""
    return prepare_target(server, createrole=True, replication_role_grant=True)


def fill(database: Database, *, accounts: int = ACCOUNTS, wide: int = WIDE) -> None:
    """Make the pgbench tables with a key each, and the wide table with its indexes.

    The history has a key of its own, since tables without one are not moved.
    """
    branches = max(1, round(scale.rows(accounts) / ACCOUNTS_PER_BRANCH))
    rig.pgbench(database, "-i", "-q", "-s", str(branches))
    with database.connect() as connection:
        connection.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")
        connection.execute(CREATE_WIDE)
        connection.execute(FILL_WIDE, (scale.rows(wide),))
        for statement in WIDE_INDEXES:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")


def count(database: Database, tables: Sequence[str] = TABLES) -> list[int]:
    """Return how many rows each table holds."""
    with database.connect() as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables]
    return [row[0] for row in counts if row]


def megabytes(database: Database) -> float:
    """Return the size of a database."""
    with database.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None, "a function returns one row"
    return float(row[0]) / 1e6


@contextmanager
def passwords(*databases: Database) -> Iterator[dict[str, str]]:
    """Give an environment in which libpq knows the owners' passwords."""
    with TemporaryDirectory(prefix="changeover-bench-") as directory:
        path = Path(directory, "passwords")
        path.touch(mode=0o600)
        lines = []
        for database in databases:
            known = conninfo_to_dict(database.dsn)
            lines.append(f"*:{known['port']}:*:{known['user']}:{known['password']}\n")
        path.write_text("".join(lines), encoding="utf-8")
        programs = str(binaries(18))
        yield {"PGPASSFILE": str(path), "PATH": f"{programs}:{os.environ['PATH']}"}


def address(database: Database) -> str:
    """Return a connection string without a password."""
    known = conninfo_to_dict(database.dsn)
    del known["password"]
    return make_conninfo("", **known)

"""Limits are read from real servers, and a service holds no more connections than it says."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

import changeover
from salon.service import BESIDE_POOL, Limits, read_limits

POOL = 2


@pytest.mark.parametrize("side", ["source", "target"])
def test_limits_are_those_of_the_server(pair, side):
    """An older and a newer server tell what they take and what they keep back."""
    with psycopg.connect(getattr(pair, side).dsn, autocommit=True) as connection:
        found = read_limits(connection)
        shown = [
            int(connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()[0])
            for name in ("max_connections", "superuser_reserved_connections")
        ]
    assert found == Limits(connections_max=shown[0], kept_back=shown[1])
    assert found.room == shown[0] - shown[1]


def test_limits_of_database_and_role_count(pair):
    """A limit of the database or of the role narrows the room."""
    role, name = f"limited_in_{pair.target.name}", sql.Identifier(pair.target.name)
    with pair.target.connect_as_superuser() as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 30").format(name))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 20").format(sql.Identifier(role))
        )
    with psycopg.connect(pair.target.dsn_of(role)) as session:
        found = read_limits(session)
    assert (found.database_max, found.role_max, found.room) == (30, 20, 20)


def test_a_service_holds_its_pool_and_what_is_said_beside_it(pair):
    """Under more callers than connections, a service has its pool and at most two more."""
    with psycopg.connect(pair.target.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.note (id bigint PRIMARY KEY)")
        with changeover.connect(pair.target.dsn, connections_max=POOL) as database:
            notes = database.repository("note", dict)
            with ThreadPoolExecutor(POOL * 4) as callers:
                list(callers.map(lambda _: notes.find_many(), range(POOL * 20)))
            (count,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            ).fetchone()
    assert 1 <= count <= POOL + BESIDE_POOL

"""The suite's database, and both ways to an answer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from suite.scene import scene
from suite.way import Ways

from changeover.embedded import Database

DIGESTS = """
SELECT name, private.digest(name)
FROM pg_tables, format('%I.%I', schemaname, tablename) AS f (name)
WHERE schemaname IN ('api', 'other') ORDER BY name
"""


def digest(database: Database) -> list[tuple[str, str | None]]:
    """Return a digest of every table's rows."""
    with database.connect_as_superuser() as connection:
        return connection.execute(DIGESTS).fetchall()


@pytest.fixture(scope="session")
def conformance_database() -> Iterator[Database]:
    """The suite's database; whatever ran, its rows are what they were."""
    with scene() as database:
        before = digest(database)
        yield database
        assert digest(database) == before


@pytest.fixture(scope="session")
def owner_connection(conformance_database):
    """A connection that sees and may do everything."""
    with conformance_database.connect_as_superuser() as connection:
        yield connection


@pytest.fixture(scope="session")
def ways(conformance_database, tmp_path_factory) -> Iterator[Ways]:
    """The ways to an answer, by transport and profile."""
    dsn = conformance_database.dsn_of("connector")
    with Ways(dsn, tmp_path_factory.mktemp("ways")) as found:
        yield found

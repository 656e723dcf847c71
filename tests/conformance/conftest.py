"""A server of the suite's own, its database, and both ways to an answer."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from suite.preset import configuration
from suite.sender import Send
from suite.way import open_gateway, open_store

from changeover.embedded import Database, Server, binaries, create_database

HERE = Path(__file__).parent
FAST = {"fsync": False, "full_page_writes": False, "shared_buffers": "32MB"}
SCRIPTS = ("1_tables", "2_changed", "3_views", "4_functions", "5_grants")
OWNER = "supabase_admin"


def script(name: str) -> str:
    """Return a script of the schema."""
    return (HERE / "schema" / f"{name}.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def conformance_database() -> Iterator[Database]:
    """The suite's database on a server of its own: its roles stay as long as it does."""
    with Server.start(binaries(18), settings=FAST) as server:
        with server.connect() as connection:
            connection.execute(script("0_roles"))
        database = create_database(server, "conformance", owner=OWNER)
        with database.connect_as_superuser() as connection:
            for name in SCRIPTS:
                connection.execute(script(name))
            connection.execute("ANALYZE")
        yield database


@pytest.fixture(scope="session")
def owner_connection(conformance_database):
    """A connection that sees and may do everything."""
    with conformance_database.connect_as_superuser() as connection:
        yield connection


@pytest.fixture(scope="session")
def way_to(conformance_database, tmp_path_factory) -> Iterator[Callable[[str, str], Send]]:
    """A function that returns how requests are sent, by transport and profile; kept open."""
    opened: dict[tuple[str, str], Send] = {}
    dsn = conformance_database.dsn_of("connector")
    with ExitStack() as after:

        def way(transport: str, profile: str) -> Send:
            if (transport, profile) not in opened:
                given = configuration(profile) | {"db-uri": dsn}
                directory = tmp_path_factory.mktemp(f"{transport}-{profile}")
                opener = open_store if transport == "store" else open_gateway
                opened[transport, profile] = after.enter_context(opener(given, directory))
            return opened[transport, profile]

        yield way

"""The suite's database on a server of its own: its roles stay as long as it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from changeover.embedded import Database, Server, binaries, create_database

SCHEMA = Path(__file__).parents[1] / "schema"
FAST = {"fsync": False, "full_page_writes": False, "shared_buffers": "32MB"}
SCRIPTS = ("1_tables", "2_changed", "3_views", "4_functions", "5_grants")
OWNER = "supabase_admin"


def script(name: str) -> str:
    """Return a script of the schema."""
    return (SCHEMA / f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def scene(major: int = 18) -> Iterator[Database]:
    """Give the database, filled."""
    with Server.start(binaries(major), settings=FAST) as server:
        with server.connect() as connection:
            connection.execute(script("0_roles"))
        database = create_database(server, "conformance", owner=OWNER)
        with database.connect_as_superuser() as connection:
            for name in SCRIPTS:
                connection.execute(script(name))
            connection.execute("ANALYZE")
        yield database

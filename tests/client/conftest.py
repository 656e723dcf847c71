"""A database behind the API, its keys, and the two ways to it: in the process and by a gateway."""

import sys
from dataclasses import dataclass
from pathlib import Path

import jwt
import psycopg
import pytest

from changeover.embedded import Server, binaries, create_database

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

SECRET = "a secret of the tests that is long enough"  # noqa: S105 - signs tokens of the tests only
ISSUED = 1_700_000_000
EXPIRES = 4_000_000_000
FAST = {"fsync": False, "full_page_writes": False, "shared_buffers": "32MB"}


def sign(role, **claims):
    """Return a token as the platform signs its keys and its users' sessions."""
    members = {"role": role, "iat": ISSUED, "exp": EXPIRES, **claims}
    return jwt.encode(members, SECRET, algorithm="HS256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a test of a client stands on.

    Attributes:
        dsn: The connection string of the role that may become the others.
        keys: The project's keys by name.
        connection: A superuser's connection, for expectations and their rows.
    """

    dsn: str
    keys: dict[str, str]
    connection: psycopg.Connection

    def fill(self):
        """Put the rows back that every test starts from."""
        self.connection.execute("CALL public.fill()")
        self.connection.execute("ANALYZE public.master")


ROLES = """
CREATE ROLE owner;
CREATE ROLE anon;
CREATE ROLE authenticated;
CREATE ROLE service_role BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
"""


@pytest.fixture(scope="session")
def client_server():
    """A server of the client tests' own: their roles stay as long as it does."""
    with Server.start(binaries(18), settings=FAST) as server:
        with server.connect() as connection:
            connection.execute(ROLES)
        yield server


@pytest.fixture(scope="session")
def client_database(client_server):
    """The database with the tests' schema."""
    database = create_database(client_server, "salon", owner="owner")
    with database.connect_as_superuser() as connection:
        connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
    return database


@pytest.fixture(scope="session")
def scene(client_database):
    """The database, its keys, and a connection that sees everything."""
    keys = {"anon": sign("anon"), "service": sign("service_role")}
    with client_database.connect_as_superuser() as connection:
        scene = Scene(dsn=client_database.dsn_of("authenticator"), keys=keys, connection=connection)
        scene.fill()
        yield scene

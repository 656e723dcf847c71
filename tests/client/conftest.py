"""A database behind the API, its keys, and the two ways to it: in the process and by a gateway."""

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jwt
import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from gateway_process import gateway_process

from changeover.embedded import Server, binaries, create_database

HERE = Path(__file__).parent

SECRET = "a secret of the tests that is long enough"  # noqa: S105 - signs tokens of the tests only
ISSUED = 1_700_000_000
EXPIRES = 4_000_000_000
FAST = {"fsync": False, "full_page_writes": False, "shared_buffers": "32MB"}


def signed(role, **claims):
    """Return a token as the platform signs its keys and its users' sessions."""
    members = {"role": role, "iat": ISSUED, "exp": EXPIRES, **claims}
    return jwt.encode(members, SECRET, algorithm="HS256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a test of a client stands on.

    Attributes:
        keys: The project's keys by name.
        connection: A superuser's connection, for expectations and their rows.
    """

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
def sign():
    """The function that signs tokens."""
    return signed


@pytest.fixture(scope="session")
def client_server():
    """A server of the client tests' own: their roles stay as long as it does."""
    with Server.start(binaries(18), settings=FAST) as server:
        with server.connect() as connection:
            connection.execute(ROLES)
        yield server


@pytest.fixture(scope="session")
def make_database(client_server):
    """A function that makes a database from statements; it stays as long as the server."""

    def make(name, statements):
        database = create_database(client_server, name, owner="owner")
        with database.connect_as_superuser() as connection:
            connection.execute(statements)
        return database

    return make


@pytest.fixture(scope="session")
def client_database(make_database):
    """The database with the tests' schema."""
    return make_database("salon", (HERE / "schema.sql").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def scene(client_database):
    """The database, its keys, and a connection that sees everything."""
    keys = {"anon": signed("anon"), "service": signed("service_role")}
    with client_database.connect_as_superuser() as connection:
        scene = Scene(keys=keys, connection=connection)
        scene.fill()
        yield scene


@pytest.fixture(scope="session")
def secret():
    """What the tests' tokens are signed with."""
    return SECRET


@pytest.fixture(scope="session")
def open_gateway(open_gateway_at):
    """A function that runs a gateway of a database for the length of a block, and gives its URL."""
    return lambda database: open_gateway_at(database.dsn_of("authenticator"))


@pytest.fixture(scope="session")
def open_gateway_at(tmp_path_factory):
    """The same for a connection string; more settings of PostgREST's go over those of the tests."""

    @contextmanager
    def make(dsn, **more):
        settings = {
            "PGRST_DB_SCHEMAS": "public, archive",
            "PGRST_DB_EXTRA_SEARCH_PATH": "public, extensions",
            "PGRST_DB_AGGREGATES_ENABLED": "true",
            "PGRST_DB_PLAN_ENABLED": "true",
            "PGRST_DB_TX_END": "commit-allow-override",
            "PGRST_DB_MAX_ROWS": "1000",
            "PGRST_DB_POOL": "4",
            "PGRST_JWT_SECRET": SECRET,
            "PGRST_LOG_LEVEL": "error",
            **more,
        }
        directory = tmp_path_factory.mktemp("gateway")
        with gateway_process(dsn, directory, settings=settings) as gateway:
            yield gateway.url

    return make


@pytest.fixture(scope="session")
def gateway_url(open_gateway, client_database):
    """The URL of a gateway of the tests' database."""
    with open_gateway(client_database) as url:
        yield url

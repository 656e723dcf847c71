"""Servers and databases for every test that needs PostgreSQL.

Each worker has one source server (16, Supabase-like) and one target server (18, bare), both without
fsync, in memory where there is plenty. Each test gets databases of its own, cloned from templates,
and leaves no role behind.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from psycopg import sql

from changeover.embedded import (
    Database,
    Server,
    binaries,
    create_sample_application,
    prepare_supabase,
    prepare_target,
)
from changeover.embedded.supabase import SETTINGS
from changeover.model.errors import BinariesNotFoundError

sys.path.insert(0, str(Path(__file__).parent / "serving"))

from gateway_process import GatewayProcess, gateway_process

FAST = {
    "fsync": False,
    "full_page_writes": False,
    "synchronous_commit": "on",
    "shared_buffers": "64MB",
    "max_prepared_transactions": 10,
}
CHEAP_LOGINS = {"scram_iterations": 1}
"""From 16 on. Nobody guesses a password of the tests, and they log in thousands of times."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a server's directory below it is private
MEMORY_BYTES_MIN = 12 * 1024**3
MEMORY_FREE_BYTES_MIN = 6 * 1024**3

_numbers = count(1)

# What a shell starts in the background ignores these, and so would all that the tests start.
for _number, _usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two databases of one move."""

    source: Database
    target: Database


def _roles(server):
    with server.connect() as connection:
        return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}


def _remove_roles(server, kept):
    """Remove the roles that a test left; its databases are gone by now."""
    left = sorted(_roles(server) - kept)
    if not left:
        return
    names = sql.SQL(", ").join(map(sql.Identifier, left))
    with server.connect() as connection:
        _revoke_parameters(connection, left)
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            connection.execute(sql.SQL(statement).format(names))


def _revoke_parameters(connection, roles):
    """Take back rights on parameters: DROP OWNED leaves those that no superuser granted."""
    granted = connection.execute(
        "SELECT p.parname, pg_get_userbyid(g.grantor), pg_get_userbyid(g.grantee)"
        " FROM pg_parameter_acl p, aclexplode(p.paracl) g"
        " WHERE g.grantee IN (SELECT oid FROM pg_roles WHERE rolname = ANY (%s))",
        [roles],
    ).fetchall()
    for parameter, grantor, grantee in granted:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(grantor)))
        connection.execute(
            sql.SQL("REVOKE ALL ON PARAMETER {} FROM {} CASCADE").format(
                sql.Identifier(parameter), sql.Identifier(grantee)
            )
        )
        connection.execute("RESET ROLE")


def _off_the_disk() -> Path | None:
    """Return where servers lie in memory, if there is plenty.

    Each test makes and drops databases of its own, some 300 files each; a file system such as ext4
    looks at every inode that was freed in the last seconds before it takes one.
    """
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return None
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    is_plenty = total >= MEMORY_BYTES_MIN
    return MEMORY if is_plenty and shutil.disk_usage(MEMORY).free >= MEMORY_FREE_BYTES_MIN else None


@pytest.fixture(scope="session")
def source_server() -> Iterator[Server]:
    """A server with PostgreSQL 16, as Supabase runs it, without fsync."""
    settings = {**SETTINGS, **FAST, **CHEAP_LOGINS}
    with Server.start(binaries(16), settings=settings, place=_off_the_disk()) as server:
        yield server


@pytest.fixture(scope="session")
def target_server() -> Iterator[Server]:
    """A bare server with PostgreSQL 18, without fsync."""
    settings = {**FAST, **CHEAP_LOGINS}
    with Server.start(binaries(18), settings=settings, place=_off_the_disk()) as server:
        yield server


@pytest.fixture(scope="module")
def debian_server() -> Iterator[Server]:
    """Debian's server 15, which has ICU and all of contrib; skipped where it isn't installed."""
    try:
        programs = binaries(15, origin="debian")
    except BinariesNotFoundError as error:
        pytest.skip(f"{error.message}: {error.hint}")
    with Server.start(programs, settings=FAST) as server:
        yield server


@pytest.fixture(scope="session")
def source_template(source_server) -> Database:
    """A database that looks like an empty Supabase project; clone it, don't connect to it."""
    return prepare_supabase(source_server, name="supabase_template").database


@pytest.fixture(scope="session")
def target_templates(target_server) -> dict[tuple[bool, bool], Database]:
    """Empty databases by what their owner may do: (createrole, replication_role_grant)."""
    owners = {
        (True, True): "app_owner",
        (True, False): "app_owner_without_grant",
        (False, True): "app_owner_without_createrole",
        (False, False): "app_owner_without_both",
    }
    return {
        (createrole, grant): prepare_target(
            target_server,
            createrole=createrole,
            replication_role_grant=grant,
            name=f"template_{owner}",
            owner=owner,
        )
        for (createrole, grant), owner in owners.items()
    }


@pytest.fixture
def make_source(source_template) -> Iterator[Callable[[], Database]]:
    """A function that returns a fresh source database; all are dropped after the test."""
    server = source_template.server
    with ExitStack() as after:
        after.callback(_remove_roles, server, _roles(server))

        def make() -> Database:
            database = source_template.clone(f"test_{next(_numbers)}")
            after.callback(database.drop)
            return database

        yield make


@pytest.fixture
def make_target(target_templates) -> Iterator[Callable[..., Database]]:
    """A function that returns a fresh target database; all are dropped after the test."""
    server = target_templates[True, True].server
    with ExitStack() as after:
        after.callback(_remove_roles, server, _roles(server))

        def make(*, createrole=True, replication_role_grant=True) -> Database:
            template = target_templates[createrole, replication_role_grant]
            database = template.clone(f"test_{next(_numbers)}")
            after.callback(database.drop)
            return database

        yield make


@pytest.fixture
def source_database(make_source) -> Database:
    """A fresh Supabase-like database, owned by postgres."""
    return make_source()


@pytest.fixture
def sample_database(source_database) -> Database:
    """The same with the sample application in it."""
    create_sample_application(source_database)
    return source_database


@pytest.fixture
def target_database(make_target) -> Database:
    """A fresh bare database, owned by app_owner, who may create roles and set replica."""
    return make_target()


@pytest.fixture
def pair_with(make_source, make_target) -> Callable[..., Pair]:
    """A function that returns a fresh pair; its target's owner has the rights asked for."""

    def make(*, createrole=True, replication_role_grant=True) -> Pair:
        target = make_target(createrole=createrole, replication_role_grant=replication_role_grant)
        return Pair(source=make_source(), target=target)

    return make


@pytest.fixture
def pair(pair_with) -> Pair:
    """A fresh source and a fresh target database."""
    return pair_with()


@pytest.fixture
def make_gateway(tmp_path_factory) -> Iterator[Callable[..., GatewayProcess]]:
    """A function that runs `changeover gateway` for a connection string; see `gateway_process`."""
    with ExitStack() as running:

        def make(dsn, **given) -> GatewayProcess:
            directory = tmp_path_factory.mktemp("gateway")
            return running.enter_context(gateway_process(dsn, directory, **given))

        yield make


@pytest.fixture
def gateway(make_gateway, source_database) -> GatewayProcess:
    """A gateway of a fresh Supabase-like database, started with PostgREST's settings."""
    return make_gateway(source_database.dsn_of("authenticator"))

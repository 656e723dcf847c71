"""Making a fresh server look like a Supabase project: roles, rights, schemas, time-outs.

What is not there: the services, their extensions (the embedded programs have none of them) and
`supautils`, which on the platform lets the role postgres do more than PostgreSQL would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.embedded.configuration import Setting
from changeover.embedded.database import Database, create_database
from changeover.embedded.script import run_script
from changeover.embedded.server import Server
from changeover.model.secret import Secret

OWNER: Final = "postgres"
API_ROLES: Final = ("anon", "authenticated", "service_role")
SETTINGS: Final[Mapping[str, Setting]] = {"wal_level": "logical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseProject:
    """A database that looks like a project's.

    Attributes:
        database: The database, owned by the role postgres.
        password: The generated password of postgres.
    """

    database: Database
    password: Secret

    @property
    def dsn(self) -> str:
        """The connection string of postgres."""
        return self.database.dsn

    @property
    def superuser_dsn(self) -> str:
        """The connection string of supabase_admin."""
        return self.database.superuser_dsn

    @property
    def authenticator_dsn(self) -> str:
        """The connection string of the role that the API logs in as."""
        return self.database.dsn_of("authenticator")

    @property
    def auth_admin_dsn(self) -> str:
        """The connection string of the role that owns the schema auth."""
        return self.database.dsn_of("supabase_auth_admin")


def prepare_supabase(server: Server, *, name: str = "postgres") -> SupabaseProject:
    """Make one database of a server look like a Supabase project.

    Args:
        server: A server whose superuser is ``supabase_admin``; best started with `SETTINGS`.
        name: The database; it is created where it does not exist. Roles are made once per server.

    Returns:
        The database, and how to reach it.
    """
    with server.connect() as connection:
        roles = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        if roles is None:
            run_script(connection, "create_platform_roles")
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )
    if found is None:
        database = create_database(server, name, owner=OWNER)
    else:
        database = Database(server=server, name=name, owner=OWNER)
    with database.connect_as_superuser() as connection:
        for script in ("create_platform_schemas", "create_schema_auth", "create_schema_storage"):
            run_script(connection, script)
    return SupabaseProject(database=database, password=server.give_password(OWNER))

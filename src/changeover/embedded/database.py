"""One database of a throw-away server, as tests and rehearsals hold it."""

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from changeover.embedded.server import Server

TERMINATE_MS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database and the role that owns it.

    Attributes:
        server: Where it is.
        name: Its name.
        owner: The role that owns it; no superuser as a rule.
    """

    server: Server
    name: str
    owner: str

    @property
    def dsn(self) -> str:
        """The owner's connection string."""
        return self.dsn_of(self.owner)

    @property
    def superuser_dsn(self) -> str:
        """The superuser's connection string."""
        return self.server.conninfo(dbname=self.name)

    def dsn_of(self, role: str) -> str:
        """Return the connection string of a role that may log in; its password is generated."""
        return self.server.conninfo(
            dbname=self.name, user=role, password=self.server.give_password(role)
        )

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection of the owner that commits each statement."""
        return psycopg.connect(self.dsn, autocommit=True)

    def connect_as_superuser(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection of the superuser that commits each statement."""
        return psycopg.connect(self.superuser_dsn, autocommit=True)

    def clone(self, name: str, *, owner: str | None = None) -> "Database":
        """Return a copy of this database; nobody may be connected to it meanwhile."""
        return create_database(self.server, name, owner=owner or self.owner, template=self.name)

    def drop(self) -> None:
        """Drop the database, whoever is connected and whatever hangs on it."""
        self._release()
        with self.server.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name))
            )

    def _release(self) -> None:
        """End what stands in the way of a forced drop.

        Source: DROP DATABASE: "cannot be used if there are prepared transactions, active logical
        replication slots or subscriptions".
        """
        with self.connect_as_superuser() as connection:
            for (identifier,) in connection.execute(
                "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
            ).fetchall():
                connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(identifier)))
            for (name,) in connection.execute(
                "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
                " WHERE d.datname = current_database()"
            ).fetchall():
                for statement in (
                    "ALTER SUBSCRIPTION {} DISABLE",
                    "ALTER SUBSCRIPTION {} SET (slot_name = NONE)",
                    "DROP SUBSCRIPTION {}",
                ):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
            connection.execute(
                "SELECT pg_terminate_backend(active_pid, %s) FROM pg_replication_slots"
                " WHERE database = current_database() AND active",
                [TERMINATE_MS_MAX],
            )


def create_database(
    server: Server, name: str, *, owner: str, template: str = "template0"
) -> Database:
    """Create a database from a template.

    Args:
        server: Where.
        name: Its name.
        owner: A role that exists.
        template: The database to copy; its own grants and settings are not copied by PostgreSQL.
    """
    with server.connect() as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                *map(sql.Identifier, (name, owner, template))
            )
        )
    return Database(server=server, name=name, owner=owner)

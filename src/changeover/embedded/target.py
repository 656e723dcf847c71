"""A bare target: a database, its owner, and the rights that a host gave or didn't give."""

from typing import Final

from psycopg import sql

from changeover.embedded.database import Database, create_database
from changeover.embedded.server import Server

DATABASE: Final = "app"
OWNER: Final = "app_owner"


def prepare_target(
    server: Server,
    *,
    createrole: bool,
    replication_role_grant: bool,
    name: str = DATABASE,
    owner: str = OWNER,
) -> Database:
    """Create an empty database whose owner is no superuser.

    Args:
        server: Where.
        createrole: Whether the owner may create roles.
        replication_role_grant: Whether it may set ``session_replication_role``, and hand that on;
            PostgreSQL 15 or later.
        name: The database.
        owner: Its owner, who may log in.

    Returns:
        The database; its ``dsn`` holds the owner's generated password.
    """
    statements = [
        sql.SQL("CREATE ROLE {owner} LOGIN CREATEROLE")
        if createrole
        else sql.SQL("CREATE ROLE {owner} LOGIN")
    ]
    if replication_role_grant:
        statements.append(
            sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {owner} WITH GRANT OPTION")
        )
    with server.connect() as connection, connection.transaction():
        for statement in statements:
            connection.execute(statement.format(owner=sql.Identifier(owner)))
    server.give_password(owner)
    return create_database(server, name, owner=owner)

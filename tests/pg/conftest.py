"""A move between two fresh databases, its capture installed, ready to carry rows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from psycopg import sql

from changeover.control.move import Move, installed_pairs, read_pairs
from changeover.database import Endpoint
from changeover.embedded import Database
from changeover.model.secret import Secret
from changeover.model.settings import MoveSettings, Settings
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.mirror import Mirror, read_control

_numbers = count(1)


@pytest.fixture
def make_move(tmp_path) -> Callable[..., Move]:
    """A function that returns the move of a pair; keywords go to `Settings`."""

    def make(pair, *, hooks=None, observer=None, **settings) -> Move:
        more = {"hooks": hooks} if hooks else {}
        if observer:
            more["observer"] = observer
        return Move(
            owners={
                Side.SOURCE: Endpoint(side=Side.SOURCE, dsn=Secret(pair.source.dsn)),
                Side.TARGET: Endpoint(side=Side.TARGET, dsn=Secret(pair.target.dsn)),
            },
            settings=Settings(
                state_directory=str(tmp_path / "state"),
                **{"move": MoveSettings(), **settings},
            ),
            **more,
        )

    return make


def run_on_both(pair, *statements):
    """Run statements on both databases as their owners."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            for statement in statements:
                connection.execute(statement)


def declare_copied(move):
    """Say that every table's copy is done, for tests that begin with equal tables."""
    with move.connect_owner(Side.TARGET, "test") as connection:
        for pair in installed_pairs(move):
            connection.execute(
                "INSERT INTO changeover.copy (table_id, state, version) VALUES (%s, 'copied', 1)"
                " ON CONFLICT (table_id) DO UPDATE SET state = 'copied'",
                (pair.table_id,),
            )


@pytest.fixture
def ready(make_move) -> Callable[..., Move]:
    """A function that makes the tables on both sides, installs capture and returns the move."""

    def make(pair, *statements, target_statements=None, **settings) -> Move:
        if target_statements is None:
            run_on_both(pair, *statements)
        else:
            for database, script in (
                (pair.source, statements),
                (pair.target, target_statements),
            ):
                with database.connect() as connection:
                    for statement in script:
                        connection.execute(statement)
        move = make_move(pair, **settings)
        capture.install_on(move, read_pairs(move))
        declare_copied(move)
        return move

    return make


@pytest.fixture
def mirror_of():
    """A function that returns a mirror of a move in its present epoch; closed after the test."""
    opened = []

    def make(move) -> Mirror:
        with move.connect_owner(Side.TARGET, "test") as target:
            authority = read_control(target).authority
        mirror = Mirror.of(move, authority)
        opened.append(mirror)
        return mirror

    yield make
    for mirror in opened:
        mirror.close()


@pytest.fixture
def rows():
    """A function that returns a query's rows on a database."""

    def read(database, query, values=None):
        with database.connect() as connection:
            return connection.execute(query, values).fetchall()

    return read


def _drop_mirror_roles(server: Any) -> None:
    """Remove the roles that installing made in databases that are gone by now."""
    with server.connect() as connection:
        roles = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'changeover_mirror_%'"
            " AND rolname <> ALL (SELECT 'changeover_mirror_' || oid FROM pg_database)"
        ).fetchall()
        granted = connection.execute(
            "SELECT pg_get_userbyid(g.grantor), pg_get_userbyid(g.grantee)"
            " FROM pg_parameter_acl p, aclexplode(p.paracl) g"
            " WHERE pg_get_userbyid(g.grantee) = ANY (%s)",
            ([role for (role,) in roles],),
        ).fetchall()
        for grantor, grantee in granted:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(grantor)))
            connection.execute(
                sql.SQL("REVOKE SET ON PARAMETER session_replication_role FROM {}").format(
                    sql.Identifier(grantee)
                )
            )
            connection.execute("RESET ROLE")
        for (role,) in roles:
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def make_module_pair(
    source_template, target_templates
) -> Iterator[Callable[..., dict[Side, Database]]]:
    """A function that returns a pair of databases by side, kept for a whole module."""
    with ExitStack() as after:
        for server in (source_template.server, target_templates[True, True].server):
            after.callback(_drop_mirror_roles, server)

        def make(*, createrole=True, replication_role_grant=True) -> dict[Side, Database]:
            databases = {}
            for side, template in (
                (Side.SOURCE, source_template),
                (Side.TARGET, target_templates[createrole, replication_role_grant]),
            ):
                databases[side] = template.clone(f"module_{next(_numbers)}")
                after.callback(databases[side].drop)
            return databases

        yield make

"""The fixtures that all other tests stand on."""

import psycopg
import pytest


def test_a_pair_is_fresh_and_its_owners_are_no_superusers(pair):
    """Both sides are empty, and their owners are the roles that a host hands out."""
    for database, owner in ((pair.source, "postgres"), (pair.target, "app_owner")):
        with database.connect() as connection:
            user, is_superuser = connection.execute(
                "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            tables = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
        assert (user, is_superuser, tables) == (owner, False, (0,))


def test_source_is_16_and_target_is_18(pair):
    """The two sides run on two major versions."""
    with pair.source.connect() as source, pair.target.connect() as target:
        assert source.info.server_version // 10_000 == 16
        assert target.info.server_version // 10_000 == 18


def test_superuser_connection_reaches_the_same_database(pair):
    """The superuser's string differs from the owner's in the role only."""
    with pair.source.connect_as_superuser() as connection:
        row = connection.execute("SELECT current_database(), current_user").fetchone()
    assert row == (pair.source.name, "supabase_admin")


@pytest.mark.parametrize("createrole", [True, False])
@pytest.mark.parametrize("grant", [True, False])
def test_pair_with_gives_exactly_the_rights_asked_for(pair_with, createrole, grant):
    """The target's owner may do what was asked for, and is refused the rest by PostgreSQL."""
    pair = pair_with(createrole=createrole, replication_role_grant=grant)
    for statement, allowed in (
        ("CREATE ROLE changeover_mirror", createrole),
        ("SET session_replication_role = replica", grant),
    ):
        with pair.target.connect() as connection:
            if allowed:
                connection.execute(statement)
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_the_grant_can_be_handed_on(pair):
    """The owner may give the right to set replica to the mirror's role."""
    with pair.target.connect() as connection:
        connection.execute("CREATE ROLE changeover_mirror LOGIN")
        connection.execute("GRANT SET ON PARAMETER session_replication_role TO changeover_mirror")
        row = connection.execute(
            "SELECT has_parameter_privilege('changeover_mirror', 'session_replication_role', 'SET')"
        ).fetchone()
    assert row == (True,)


@pytest.mark.parametrize("attempt", [1, 2])
def test_roles_of_one_test_are_gone_in_the_next(make_source, make_target, attempt):
    """A role with tables, rights and members on both sides doesn't survive its test."""
    for database in (make_source(), make_target()):
        with database.connect() as connection:
            connection.execute("CREATE ROLE changeover_mirror LOGIN")
            connection.execute("CREATE ROLE changeover_reader")
            connection.execute("GRANT changeover_reader TO changeover_mirror")
            connection.execute("CREATE TABLE kept (id integer PRIMARY KEY)")
            connection.execute("GRANT ALL ON kept TO changeover_mirror")
            connection.execute("ALTER ROLE changeover_mirror SET statement_timeout = '1s'")


def test_databases_are_dropped_whatever_hangs_on_them(source_database):
    """A prepared transaction, a slot and an open session don't keep a database alive."""
    database = source_database.clone("held")
    connection = database.connect_as_superuser()
    connection.execute("SELECT pg_create_logical_replication_slot('held', 'pgoutput')")
    connection.execute("CREATE TABLE kept (id integer PRIMARY KEY)")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO kept VALUES (1)")
    connection.execute("PREPARE TRANSACTION 'held'")
    database.drop()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with database.server.connect() as other:
        row = other.execute("SELECT count(*) FROM pg_database WHERE datname = 'held'").fetchone()
    assert row == (0,)

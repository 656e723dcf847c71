"""A small database behind a gateway."""

import pytest
from psycopg import sql

SCHEMA = """
CREATE TABLE public.item (id bigint PRIMARY KEY, name text);
CREATE TABLE public."Заказ" (id bigint PRIMARY KEY, note text);
INSERT INTO public.item VALUES (1, 'one'), (2, 'two');
INSERT INTO public."Заказ" VALUES (1, 'да');
GRANT ALL ON ALL TABLES IN SCHEMA public TO service_role;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO anon;
CREATE FUNCTION public.slow(seconds float) RETURNS int LANGUAGE sql AS
  'SELECT pg_sleep(seconds); SELECT 1';
CREATE FUNCTION public.say(status int, message text) RETURNS void LANGUAGE plpgsql AS
  $$ BEGIN RAISE SQLSTATE 'PT418' USING MESSAGE = message; END $$;
CREATE FUNCTION public.odd(status text) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN PERFORM set_config('response.status', status, true); RETURN 1; END $$;
CREATE FUNCTION public.split() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  PERFORM set_config('response.headers', '[{"X-One": "a\\r\\nX-Two: b"}]', true); RETURN 1;
END $$;
CREATE FUNCTION public.who() RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
CREATE FUNCTION public.told(name text) RETURNS text LANGUAGE sql AS
  'SELECT current_setting(name, true)';
"""


@pytest.fixture
def database(source_database):
    """A Supabase-like database with two tables and some functions."""
    with source_database.connect() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(SCHEMA)
    return source_database


@pytest.fixture
def login(database):
    """The connection string that the API logs in with."""
    return database.dsn_of("authenticator")


@pytest.fixture
def api(make_gateway, login):
    """A gateway of the database, started with PostgREST's settings."""
    return make_gateway(login)


@pytest.fixture
def client(api):
    """A client of it, with the service's rights."""
    with api.client() as made:
        yield made


@pytest.fixture
def running(database):
    """A function that returns how many statements of the API run that hold a text."""

    def count(text):
        with database.connect_as_superuser() as connection:
            return connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                " AND pid <> pg_backend_pid() AND position(%s in query) > 0"
                " AND datname = current_database()",
                [text],
            ).fetchone()[0]

    return count


@pytest.fixture
def set_login(database):
    """A function that gives the login a setting in this database; taken back after the test."""
    given = []

    def give(name, value):
        given.append(name)
        with database.connect_as_superuser() as connection:
            connection.execute(
                sql.SQL("ALTER ROLE authenticator IN DATABASE {} SET {} = {}").format(
                    sql.Identifier(database.name),
                    sql.Identifier(*name.split(".")),
                    sql.Literal(value),
                )
            )

    yield give
    with database.connect_as_superuser() as connection:
        for name in given:
            connection.execute(
                sql.SQL("ALTER ROLE authenticator IN DATABASE {} RESET {}").format(
                    sql.Identifier(database.name), sql.Identifier(*name.split("."))
                )
            )

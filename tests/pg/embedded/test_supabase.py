"""The Supabase-like project: its roles, rights, time-outs and the sample application."""

import json
from uuid import UUID, uuid4

import psycopg
import pytest


def sign_up(database, *, full_name="Ada") -> UUID:
    """Create an account as the auth service does."""
    account = uuid4()
    with psycopg.connect(database.dsn_of("supabase_auth_admin"), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (id, email, raw_user_meta_data) VALUES (%s, %s, %s)",
            [account, f"{account}@example.com", json.dumps({"full_name": full_name})],
        )
    return account


def ask_as(database, role, account, query):
    """Run a query as the API does: one transaction of the authenticator under a role."""
    claims = json.dumps({"sub": str(account), "role": role, "email": "ada@example.com"})
    with psycopg.connect(database.dsn_of("authenticator")) as connection:
        connection.execute(
            "SELECT set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            [role, claims],
        )
        return connection.execute(query).fetchall()


def test_postgres_is_powerful_but_no_superuser(source_database):
    """The attributes of postgres are those of the platform."""
    with source_database.connect() as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = 'postgres'"
        ).fetchone()
    assert row == (False, True, True, True, True)


@pytest.mark.parametrize(
    "role", ["supabase_admin", "supabase_auth_admin", "supabase_storage_admin"]
)
def test_postgres_cannot_become_the_platforms_owners(source_database, role):
    """SET ROLE to an owner of the platform's objects is refused."""
    with (
        source_database.connect() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SET ROLE {role}")


@pytest.mark.parametrize(
    "role", ["anon", "authenticated", "service_role", "pg_monitor", "pg_signal_backend"]
)
def test_postgres_is_a_member_of_the_api_roles(source_database, role):
    """SET ROLE to an API role, or a predefined one, works."""
    with source_database.connect() as connection:
        connection.execute(f"SET ROLE {role}")
        assert connection.execute("SELECT current_user").fetchone() == (role,)


def test_postgres_owns_public_but_not_auth_and_storage(source_database):
    """The role postgres has the owner's rights in public only."""
    with source_database.connect() as connection:
        rows = connection.execute(
            "SELECT nspname, pg_has_role('postgres', nspowner, 'USAGE') FROM pg_namespace"
            " WHERE nspname IN ('public', 'auth', 'storage') ORDER BY 1"
        ).fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE auth.users ADD COLUMN mine text")
    assert rows == [("auth", False), ("public", True), ("storage", False)]


def test_time_outs_of_roles_are_the_platforms(source_database):
    """The role anon has 3 s, authenticated 8 s; the two that log in get theirs at once."""
    with source_database.connect() as connection:
        rows = connection.execute(
            "SELECT rolname, (SELECT option_value FROM pg_options_to_table(rolconfig)"
            " WHERE option_name = 'statement_timeout') FROM pg_roles"
            " WHERE rolname IN ('anon', 'authenticated') ORDER BY 1"
        ).fetchall()
        own = connection.execute("SHOW statement_timeout").fetchone()
    with psycopg.connect(source_database.dsn_of("authenticator")) as connection:
        api = connection.execute("SHOW statement_timeout").fetchone()
    assert rows == [("anon", "3s"), ("authenticated", "8s")]
    assert (own, api) == (("2min",), ("8s",))


def test_a_query_under_anons_time_out_is_cancelled(source_database):
    """A session that applies anon's settings, as the API does, is cut off."""
    with psycopg.connect(source_database.dsn_of("authenticator")) as connection:
        connection.execute("SET LOCAL ROLE anon")
        connection.execute(
            "SELECT set_config(option_name, option_value, true) FROM pg_roles,"
            " pg_options_to_table(rolconfig) WHERE rolname = 'anon'"
        )
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")


def test_new_tables_are_open_to_the_api_roles(source_database):
    """The default privileges give anon everything on a table that postgres makes."""
    with source_database.connect() as connection:
        connection.execute("CREATE TABLE open_to_all (id bigserial PRIMARY KEY)")
        row = connection.execute(
            "SELECT has_table_privilege('anon', 'open_to_all', 'SELECT, INSERT, TRUNCATE'),"
            " has_sequence_privilege('anon', 'open_to_all_id_seq', 'USAGE')"
        ).fetchone()
    assert row == (True, True)


def test_publication_of_realtime_is_empty_and_belongs_to_postgres(source_database):
    """supabase_realtime exists, publishes nothing, and postgres may add tables."""
    with source_database.connect() as connection:
        assert connection.execute("SELECT * FROM pg_publication_tables").fetchall() == []
        connection.execute("CREATE TABLE published (id integer PRIMARY KEY)")
        connection.execute("ALTER PUBLICATION supabase_realtime ADD TABLE published")
        rows = connection.execute("SELECT tablename FROM pg_publication_tables").fetchall()
    assert rows == [("published",)]


def test_signing_up_fills_profiles(sample_database):
    """The trigger on auth.users writes the new account's profile."""
    account = sign_up(sample_database, full_name="Ada Lovelace")
    with sample_database.connect() as connection:
        rows = connection.execute("SELECT id, full_name FROM profiles").fetchall()
    assert rows == [(account, "Ada Lovelace")]


def test_row_security_hides_private_notes(sample_database):
    """Authors see their notes, anon only public ones, the service role all."""
    ada, bob = sign_up(sample_database), sign_up(sample_database)
    with sample_database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO notes (author_id, slug, title, visibility) VALUES (%s, %s, %s, %s)",
            [(ada, "a", "A", "private"), (ada, "b", "B", "public"), (bob, "c", "C", "private")],
        )
    seen = {
        role: [slug for (slug,) in ask_as(sample_database, role, ada, query)]
        for query in ["SELECT slug FROM notes ORDER BY slug"]
        for role in ("anon", "authenticated", "service_role")
    }
    assert seen == {"anon": ["b"], "authenticated": ["a", "b"], "service_role": ["a", "b", "c"]}


def test_claims_are_read_by_the_functions_of_auth(sample_database):
    """auth.uid(), role(), email() and jwt() answer from the request's claims."""
    account = uuid4()
    rows = ask_as(
        sample_database,
        "authenticated",
        account,
        "SELECT auth.uid(), auth.role(), auth.email(), auth.jwt() ->> 'sub'",
    )
    assert rows == [(account, "authenticated", "ada@example.com", str(account))]


def test_deleting_an_account_takes_profile_and_notes(sample_database):
    """The foreign keys into auth.users cascade into public."""
    account = sign_up(sample_database)
    with sample_database.connect() as connection:
        connection.execute(
            "INSERT INTO notes (author_id, slug, title) VALUES (%s, 'a', 'A')", [account]
        )
        connection.execute("DELETE FROM auth.users")
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM profiles), (SELECT count(*) FROM notes)"
        ).fetchall()
    assert rows == [(0, 0)]

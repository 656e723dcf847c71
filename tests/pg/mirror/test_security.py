"""Hostile search paths, row level security, publications and subscriptions."""

import contextlib
import time

import psycopg
import pytest
from psycopg import sql

from changeover.control.swap import Kind
from changeover.database.errors import translate
from changeover.model.errors import CaptureBrokenError, HiddenRowsError
from changeover.model.side import Side

EVIL = (
    "CREATE SCHEMA evil",
    "CREATE TABLE evil.trace (who text, what text)",
    "GRANT ALL ON SCHEMA evil TO PUBLIC; GRANT ALL ON evil.trace TO PUBLIC",
)
TYPES = ("text", "integer", "bigint", "name", "boolean", "date", "unknown")
OPERATORS = ("=", "<>", "<", "||")
CALLS = (
    "pg_sequence_last_value(regclass) RETURNS bigint",
    "current_setting(text, boolean) RETURNS text",
    "sha256(bytea) RETURNS bytea",
    "encode(bytea, text) RETURNS text",
    "convert_to(text, name) RETURNS bytea",
    "text(integer) RETURNS text",
    "now() RETURNS timestamptz",
)


def evil_statements():
    """Yield statements that shadow operators and functions; each leaves a trace of its role."""
    trace = "INSERT INTO evil.trace VALUES (current_user, '{}')"
    for number, operator in enumerate(OPERATORS):
        result = "text" if operator == "||" else "boolean"
        for kind in TYPES[:-1]:
            function = f"evil.f{number}_{kind}"
            value = "''::text" if operator == "||" else "true"
            body = f"{trace.format(operator)}; SELECT {value}".replace("'", "''")
            yield (
                f"CREATE FUNCTION {function}({kind}, {kind}) RETURNS {result} LANGUAGE sql"
                f" AS '{body}'"
            )
            yield (
                f"CREATE OPERATOR evil.{operator} (LEFTARG = {kind}, RIGHTARG = {kind},"
                f" FUNCTION = {function})"
            )
    for call in CALLS:
        name, result = call.split("(")[0], call.rsplit(" ", 1)[1]
        body = f"{trace.format(name)}; SELECT NULL::{result}".replace("'", "''")
        yield f"CREATE FUNCTION evil.{call} LANGUAGE sql AS '{body}'"
    yield "CREATE TABLE evil.new_rows (id int, at date)"
    yield "CREATE TABLE evil.old_rows (id int, at date)"
    yield "CREATE TABLE evil.change (table_id int, key text)"


@pytest.mark.parametrize("secret", [False, True])
def test_a_writers_search_path_runs_nothing_as_the_owner(pair_with, scene, secret):
    """Operators, functions and tables that shadow ours in a writer's path are never reached."""
    one = scene(
        pair_with(createrole=not secret, replication_role_grant=not secret),
        "CREATE TABLE public.notes (id int, at date, note text, PRIMARY KEY (id, at))",
        "CREATE TABLE public.parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
        "CREATE TABLE public.parts_1 PARTITION OF public.parts DEFAULT",
        "GRANT ALL ON public.notes, public.parts, public.parts_1 TO PUBLIC",
    )
    if secret:
        one.swap(Kind.CUTOVER)
    role = sql.Identifier("app_writer")
    with one.primary.connect_as_superuser() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        for statement in (*EVIL, *evil_statements()):
            connection.execute(statement)
    writing = (
        "INSERT INTO public.{0} (id, at) VALUES (1, '2024-01-01'), (2, '2024-01-02')",
        "UPDATE public.{0} SET id = 3, at = '2024-03-03'",
        "DELETE FROM public.{0}",
        "INSERT INTO public.{0} (id, at) VALUES (4, '2024-01-04')",
    )
    with psycopg.connect(one.primary.dsn_of("app_writer"), autocommit=True) as writer:
        writer.execute("SET search_path = evil, pg_catalog")
        assert writer.execute("SELECT 1 OPERATOR(evil.=) 2, 1 = 2").fetchone() == (True, True)
        writer.execute("CREATE TEMP TABLE new_rows (id int); CREATE TEMP TABLE change (id int)")
        for table in ("notes", "parts"):
            for statement in (writing[0], writing[2], writing[3]):
                writer.execute(statement.format(table))
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                writer.execute(writing[1].format(table))
            writer.execute(f"TRUNCATE public.{table}")
            writer.execute(writing[0].format(table))
    with one.primary.connect_as_superuser() as connection:
        traces = connection.execute("SELECT who, what, count(*) FROM evil.trace GROUP BY 1, 2")
        assert {row[0] for row in traces.fetchall()} == {"app_writer"}
    one.carry()
    assert one.require_same("notes", "parts") == 4


def test_row_level_security_enabled_and_forced(pair, scene):
    """Policies that hide every row from everybody hide none from the mirror."""
    hidden = (
        "CREATE TABLE public.secrets (id int PRIMARY KEY, word text)",
        "INSERT INTO public.secrets VALUES (1, 'old')",
        "ALTER TABLE public.secrets ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY none ON public.secrets USING (false) WITH CHECK (id > 0)",
    )
    for database in (pair.source, pair.target):
        with database.connect_as_superuser() as connection:
            connection.execute(
                sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(database.owner))
            )
    try:
        one = scene(pair, *hidden, "ALTER TABLE public.secrets FORCE ROW LEVEL SECURITY")
        for kind in (Kind.CUTOVER, Kind.ROLLBACK):
            with one.primary.connect_as_superuser() as connection:
                connection.execute("INSERT INTO public.secrets SELECT max(id) + 1 FROM secrets")
                connection.execute("UPDATE public.secrets SET word = 'new'")
            one.carry()
            for database in (pair.source, pair.target):
                with database.connect_as_superuser() as connection:
                    found = connection.execute("SELECT count(*), min(word) FROM public.secrets")
                    assert found.fetchone() == (2 if kind is Kind.CUTOVER else 3, "new")
            one.swap(kind)
    finally:
        with pair.target.connect_as_superuser() as connection:
            connection.execute(
                sql.SQL("ALTER ROLE {} NOBYPASSRLS").format(sql.Identifier(pair.target.owner))
            )


def test_rows_hidden_from_the_mirror_are_an_error(pair_with, scene):
    """Where no right lets the mirror see past a forced policy, a round fails; it hides nothing."""
    one = scene(
        pair_with(createrole=False, replication_role_grant=False),
        "CREATE TABLE public.secrets (id int PRIMARY KEY)",
        "ALTER TABLE public.secrets ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE public.secrets FORCE ROW LEVEL SECURITY",
    )
    with one.primary.connect_as_superuser() as connection:
        connection.execute("INSERT INTO public.secrets VALUES (1)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        one.carry()
    assert isinstance(translate(caught.value, Side.TARGET, "mirroring"), HiddenRowsError)


def test_a_publication_for_all_tables(pair, scene):
    """A publication for all tables does not stop the log from being emptied, on either side."""
    for database in (pair.source, pair.target):
        with database.connect_as_superuser() as connection:
            connection.add_notice_handler(lambda _: None)
            connection.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    one = scene(pair, "CREATE TABLE public.orders (id int PRIMARY KEY, note text)")
    for kind in (Kind.CUTOVER, Kind.ROLLBACK):
        one.write(
            "INSERT INTO orders SELECT g FROM generate_series(1, 9) g ON CONFLICT DO NOTHING",
            "UPDATE orders SET id = id + (SELECT max(id) FROM orders) WHERE id = 1",
            "DELETE FROM orders WHERE id = 2",
        )
        one.carry()
        one.require_same("orders")
        one.swap(kind)
    with pair.source.connect_as_superuser() as connection:
        assert connection.execute("SELECT count(*) FROM changeover.change").fetchone() == (0,)


@pytest.fixture
def publisher(pair, make_source):
    """A database beside the source that publishes a table, and a slot for the source to read."""
    upstream = make_source()
    slot = f"slot_{upstream.name}"
    with upstream.connect_as_superuser() as connection:
        connection.execute("CREATE TABLE public.feed (id int PRIMARY KEY, note text)")
        connection.execute("CREATE PUBLICATION feeding FOR TABLE public.feed")
        connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,))
    subscribe = sql.SQL(
        "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION feeding"
        " WITH (create_slot = false, copy_data = false, slot_name = {})"
    ).format(sql.Identifier(slot), sql.Literal(upstream.superuser_dsn), sql.Literal(slot))
    yield upstream, subscribe
    with pair.source.connect_as_superuser() as connection:
        connection.execute(sql.SQL("DROP SUBSCRIPTION IF EXISTS {}").format(sql.Identifier(slot)))


def test_rows_that_a_subscription_writes(pair, scene, publisher):
    """Rows that logical replication applies to a moved table are captured row by row."""
    upstream, subscribe = publisher
    with pair.source.connect_as_superuser() as connection:
        connection.execute("CREATE TABLE public.feed (id int PRIMARY KEY, note text)")
        connection.execute("ALTER TABLE public.feed OWNER TO postgres")
        connection.execute(subscribe)
    with pair.target.connect() as connection:
        connection.execute("CREATE TABLE public.feed (id int PRIMARY KEY, note text)")
    one = scene(pair)
    with upstream.connect_as_superuser() as connection:
        connection.execute("INSERT INTO feed SELECT g, 'n' FROM generate_series(1, 50) g")
        connection.execute("UPDATE feed SET note = 'u' WHERE id = 1")
        connection.execute("DELETE FROM feed WHERE id = 2")
    await_rows(pair.source, 49)
    one.carry()
    assert one.require_same("feed") == 49


def test_a_subscription_that_comes_later_stops_the_mirror(pair, scene, publisher):
    """A table captured per statement that a subscription begins to feed stops the mirror."""
    _, subscribe = publisher
    one = scene(pair, "CREATE TABLE public.feed (id int PRIMARY KEY, note text)")
    one.carry()
    with pair.source.connect_as_superuser() as connection:
        connection.execute(subscribe)
    with pytest.raises(CaptureBrokenError, match=r"public\.feed"):
        one.carry()


def await_rows(database, count, limit_s=30):
    """Wait until a table holds as many rows as were published."""
    end = time.monotonic() + limit_s
    with database.connect() as connection:
        while time.monotonic() < end:
            row = connection.execute("SELECT count(*), min(note) FROM feed").fetchone()
            if row == (count, "n"):
                updated = connection.execute("SELECT note FROM feed WHERE id = 1").fetchone()
                if updated == ("u",):
                    return
            time.sleep(0.05)
    pytest.fail(f"the subscription brought {row}")

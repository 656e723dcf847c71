"""The secondary refuses every application write, by whatever way it comes and whoever sends it."""

import psycopg
import pytest
from psycopg import errors as pg
from psycopg import sql

from changeover.database.errors import FENCE_MESSAGE, is_fence_refusal
from changeover.model.side import Side

OFF_UNDER_REPLICA = "a trigger on a table that stays"
WRITES = {
    "insert": "INSERT INTO items VALUES (9, 'z')",
    "insert of no row": "INSERT INTO items SELECT 9, 'z' WHERE false",
    "insert on conflict do nothing": "INSERT INTO items VALUES (1, 'a') ON CONFLICT DO NOTHING",
    "upsert": "INSERT INTO items VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET note = 'z'",
    "update": "UPDATE items SET note = 'z' WHERE id = 1",
    "update of no row": "UPDATE items SET note = 'z' WHERE false",
    "delete": "DELETE FROM items WHERE id = 1",
    "delete of no row": "DELETE FROM items WHERE false",
    "truncate": "TRUNCATE items",
    "truncate with others": "TRUNCATE stays, hangs",
    "merge": "MERGE INTO items AS t USING (VALUES (1)) AS s (id) ON t.id = s.id"
    " WHEN MATCHED THEN UPDATE SET note = 'z' WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
    "merge of no row": "MERGE INTO items AS t USING (SELECT 1 AS id WHERE false) AS s"
    " ON t.id = s.id WHEN MATCHED THEN DELETE",
    "a write in a query": "WITH w AS (INSERT INTO items VALUES (9, 'z') RETURNING id) TABLE w",
    "through a view": "INSERT INTO items_seen VALUES (9, 'z')",
    "update through a view": "UPDATE items_seen SET note = 'z'",
    "security definer": "SELECT add_item(9)",
    "a function that swallows": "SELECT swallow(9)",
    "a DO block that swallows": "DO $$ BEGIN DELETE FROM public.items; EXCEPTION WHEN OTHERS"
    " THEN NULL; END $$",
    "partitioned table": "INSERT INTO parts VALUES (2, 2024, 'z')",
    "partition": "INSERT INTO parts_24 VALUES (2, 2024, 'z')",
    "update of no row in a partition": "UPDATE parts_24 SET note = 'z' WHERE false",
    "truncate of a partition": "TRUNCATE parts_24",
    "partition made during the move": "INSERT INTO parts_25 VALUES (2, 2025, 'z')",
    "moving a row into it": "UPDATE parts SET year = 2025",
    "parent of an inheritance": "INSERT INTO parents VALUES (9, 'z')",
    "child of an inheritance": "INSERT INTO children VALUES (9, 'z', 'z')",
    "delete of no row through the parent": "DELETE FROM parents WHERE false",
    OFF_UNDER_REPLICA: "INSERT INTO stays VALUES (101)",
    "in a subtransaction": "DO $$ BEGIN BEGIN DELETE FROM public.items; END; END $$",
}


def refuse(connection, statement):
    """Run a statement that the fence must refuse."""
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement)
    assert is_fence_refusal(caught.value), caught.value


def copy_rows(connection, rows):
    """COPY rows into the table of items."""
    with connection.cursor().copy("COPY items FROM STDIN") as copy:
        for row in rows:
            copy.write(row)


@pytest.mark.parametrize("way", list(WRITES))
def test_a_write_is_refused(secondary, way):
    """The owner is refused, the role of every dashboard, and so is whoever may set `replica`.

    Under `replica` plain triggers are off, but not the fence.
    """
    before = secondary.content()
    with secondary.connect() as connection:
        refuse(connection, WRITES[way])
    if way != OFF_UNDER_REPLICA:
        with secondary.database.connect_as_superuser() as connection:
            connection.execute("SET search_path = public")
            connection.execute("SET session_replication_role = replica")
            refuse(connection, WRITES[way])
    assert secondary.content() == before


def test_copy_is_refused(secondary):
    """COPY FROM is refused, with rows and without."""
    before = secondary.content()
    for rows in (["9\tz\n"], []):
        with secondary.connect() as connection, pytest.raises(psycopg.Error) as caught:
            copy_rows(connection, rows)
        assert is_fence_refusal(caught.value)
    assert secondary.content() == before


def test_the_platforms_roles_and_the_superuser_are_refused(secondary):
    """anon, authenticated, service_role and a superuser are refused like everybody."""
    before = secondary.content()
    with secondary.database.connect_as_superuser() as connection:
        refuse(connection, "INSERT INTO public.items VALUES (9, 'z')")
        connection.execute("SET session_replication_role = replica")
        refuse(connection, "DELETE FROM public.items")
        connection.execute("RESET session_replication_role")
        roles = ("anon", "authenticated", "service_role")
        for role in roles if secondary.side is Side.SOURCE else ():
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            refuse(connection, "UPDATE public.items SET note = 'z'")
            connection.execute("RESET ROLE")
    assert secondary.content() == before


def test_the_error_is_one_that_clients_can_tell(secondary):
    """The refusal has a fixed message and a hint, and no value of a row."""
    with secondary.connect() as connection, pytest.raises(pg.AssertFailure) as caught:
        connection.execute("INSERT INTO items VALUES (9, 'secret-value')")
    assert caught.value.diag.message_primary == FENCE_MESSAGE
    assert "primary" in caught.value.diag.message_hint
    assert "secret-value" not in str(caught.value)


def test_a_handler_that_names_the_error_still_writes_nothing(secondary):
    """A function that catches assert_failure by name gets its answer, but no row."""
    before = secondary.content()
    with secondary.connect() as connection:
        assert connection.execute("SELECT swallow_by_name(9)").fetchone() == ("swallowed",)
    assert secondary.content() == before


def test_a_guess_at_the_secret_opens_nothing(secondary):
    """Any role may set `changeover.secret`; no guess, and no empty one, passes."""
    with secondary.connect() as connection:
        for guess in ("", "guess", "changeover"):
            connection.execute("SELECT set_config('changeover.secret', %s, false)", (guess,))
            refuse(connection, "INSERT INTO items VALUES (9, 'z')")


def test_becoming_the_mirrors_role_opens_nothing(secondary):
    """SET ROLE does not change `session_user`, by which the fence knows the mirror."""
    with secondary.database.connect_as_superuser() as connection:
        role = connection.execute("SELECT mirror_role FROM changeover.side").fetchone()[0]
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        refuse(connection, "INSERT INTO public.items VALUES (9, 'z')")


def test_the_mirrors_own_session_passes(secondary):
    """The mirror's role alone writes on the secondary, and what it writes is not logged."""
    with secondary.move.connect_mirror(secondary.side, "test") as connection:
        connection.execute("BEGIN")
        for statement in (
            "INSERT INTO public.items VALUES (9, 'z')",
            "UPDATE public.parts SET note = 'z'",
            "INSERT INTO public.parts VALUES (3, 2025, 'z')",
            "DELETE FROM ONLY public.parents",
        ):
            connection.execute(statement)
        row = connection.execute(
            "SELECT count(*) FROM changeover.change WHERE table_id <> 0"
        ).fetchone()
        assert row == (0,)
        connection.execute("ROLLBACK")


def test_what_writes_no_row_of_ours_is_harmless(secondary):
    """nextval, locks, reads, temporary tables and tables that stay are not refused."""
    with secondary.connect() as connection:
        for statement in (
            "SELECT nextval('numbers')",
            "SELECT * FROM items FOR UPDATE",
            "CREATE TEMP TABLE scratch AS TABLE items",
            "UPDATE scratch SET note = ''",
            "UPDATE stays SET id = id",
        ):
            connection.execute(statement)
        connection.execute("BEGIN; LOCK TABLE items IN ROW EXCLUSIVE MODE; COMMIT")


def test_any_value_but_the_open_one_is_closed(secondary):
    """Whoever counts the fence's sequence on closes it further; it fails closed."""
    with secondary.connect() as connection:
        for _ in range(2):
            connection.execute("SELECT nextval('changeover.fence')")
            refuse(connection, "INSERT INTO items VALUES (9, 'z')")

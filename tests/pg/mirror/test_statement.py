"""Statements of every kind are captured: what is written, how, in which transaction and order."""

from pathlib import Path

import pytest

from changeover.model.settings import MirrorSettings, MoveSettings

ITEMS = "CREATE TABLE public.items (id bigint PRIMARY KEY, code text UNIQUE, note text)"
SOME = "INSERT INTO items SELECT g, 'c' || g, 'n' FROM generate_series(1, 20) g"


def test_upserts_merges_copies_and_writable_ctes(moving, pair):
    """ON CONFLICT, MERGE, COPY, CTEs and statements of zero rows are all captured."""
    scene = moving(ITEMS)
    scene.write(SOME)
    scene.carry()
    scene.write(
        "INSERT INTO items VALUES (1, 'x', 'up'), (21, 'c21', 'in') ON CONFLICT (id)"
        " DO UPDATE SET note = excluded.note",
        "INSERT INTO items VALUES (30, 'c2', 'ignored') ON CONFLICT DO NOTHING",
        "MERGE INTO items USING (VALUES (3, 'm'), (4, NULL), (40, 'new')) AS v (id, note)"
        " ON items.id = v.id WHEN MATCHED AND v.note IS NULL THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET note = v.note, id = 300"
        " WHEN NOT MATCHED THEN INSERT VALUES (v.id, 'c40', v.note)",
        "WITH gone AS (DELETE FROM items WHERE id = 5 RETURNING *), up AS (UPDATE items"
        " SET note = 'cte' WHERE id = 6) INSERT INTO items SELECT id + 100, code, note FROM gone",
        "UPDATE items SET note = 'never' WHERE false",
    )
    with (
        scene.primary.connect() as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY items FROM STDIN") as copy,
    ):
        copy.write("50\tc50\t\\N\n51\tc51\ta\\tb\n")
    assert scene.carry().keys == 1 + 1 + 3 + 1 + 2 + 1 + 2
    assert scene.require_same("items") == 23


def test_truncate_and_truncate_cascade(moving):
    """TRUNCATE empties the other side too, with every table that it takes along."""
    scene = moving(
        ITEMS,
        "CREATE TABLE public.parts (id int PRIMARY KEY, item bigint REFERENCES public.items)",
        "CREATE TABLE public.apart (id int PRIMARY KEY)",
    )
    scene.write(SOME, "INSERT INTO parts SELECT g, g FROM generate_series(1, 9) g")
    scene.write("INSERT INTO apart VALUES (1)")
    scene.carry()
    scene.write_together(
        "UPDATE items SET note = 'before' WHERE id = 1",
        "TRUNCATE items CASCADE",
        "INSERT INTO items VALUES (7, 'c1', 'after')",
    )
    scene.carry()
    assert scene.require_same("items", "parts", "apart") == 2
    scene.write_together("TRUNCATE apart", "INSERT INTO apart VALUES (5), (6)")
    scene.carry()
    assert scene.require_same("items", "parts", "apart") == 3


def test_rows_that_cascades_change(moving):
    """Children and grandchildren that cascades delete, rekey or set NULL are logged and carried."""
    scene = moving(
        "CREATE TABLE public.a (id int PRIMARY KEY)",
        "CREATE TABLE public.b (id int PRIMARY KEY, a int REFERENCES public.a"
        " ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE public.c (id int PRIMARY KEY, b int REFERENCES public.b"
        " ON DELETE CASCADE, a int DEFAULT 1 REFERENCES public.a ON DELETE SET DEFAULT)",
        "CREATE TABLE public.d (c int PRIMARY KEY REFERENCES public.c ON DELETE CASCADE,"
        " b int REFERENCES public.b ON DELETE SET NULL)",
    )
    scene.write(
        "INSERT INTO a SELECT generate_series(1, 5)",
        "INSERT INTO b SELECT g, (g + 1) / 2 FROM generate_series(1, 10) g",
        "INSERT INTO c SELECT g, (g + 1) / 2, 2 FROM generate_series(1, 20) g",
        "INSERT INTO d SELECT g, 11 - (g + 1) / 2 FROM generate_series(1, 20) g",
    )
    scene.carry()
    scene.write("DELETE FROM a WHERE id = 2", "UPDATE a SET id = 50 WHERE id = 5")
    scene.carry()
    assert scene.require_same("a", "b", "c", "d") == 4 + 8 + 16 + 16
    scene.write("DELETE FROM a WHERE id > 2", "INSERT INTO a VALUES (2)")
    scene.carry()
    scene.require_same("a", "b", "c", "d")


def test_subtransactions_that_are_rolled_back(moving):
    """What a savepoint or an exception block took back is not carried, what is around it is."""
    scene = moving(ITEMS)
    scene.write(SOME)
    scene.carry()
    scene.write_together(
        "UPDATE items SET note = 'kept' WHERE id = 1",
        "SAVEPOINT one",
        "UPDATE items SET note = 'lost' WHERE id = 2",
        "DELETE FROM items WHERE id = 3",
        "ROLLBACK TO SAVEPOINT one",
        "DO $$ BEGIN BEGIN INSERT INTO items VALUES (99); RAISE 'x'; EXCEPTION WHEN OTHERS THEN"
        " UPDATE items SET note = 'handled' WHERE id = 4; END; END $$",
    )
    assert scene.carry().keys == 2
    assert scene.require_same("items") == 20


def test_an_older_transaction_commits_later(moving):
    """Entries that become visible after younger ones were taken are carried by a later round."""
    scene = moving(ITEMS)
    scene.write(SOME)
    scene.carry()
    with scene.primary.connect() as older, scene.primary.connect() as younger:
        older.execute("BEGIN")
        older.execute("UPDATE items SET note = 'older' WHERE id = 1")
        younger.execute("UPDATE items SET note = 'younger' WHERE id = 2")
        assert scene.carry().keys == 1
        younger.execute("DELETE FROM items WHERE id = 3")
        older.execute("INSERT INTO items VALUES (100, 'c3', 'older')")
        younger.execute("BEGIN")
        younger.execute("UPDATE items SET note = 'open' WHERE id = 4")
        older.execute("COMMIT")
        assert scene.carry().keys == 3
        scene.require_same("items")
        younger.execute("COMMIT")
    assert scene.carry().keys == 1
    assert scene.require_same("items") == 20


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_one_large_transaction_in_flat_memory(pair, scene, count):
    """Many wide rows go by in one round without standing in the client's memory."""
    one = scene(pair, ITEMS)
    one.carry()
    one.write(
        "INSERT INTO items SELECT g, g, repeat(md5(g::text), 20)"
        f" FROM generate_series(1, {count}) g"
    )
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_kb("VmRSS")
    assert one.carry().keys == count
    assert memory_kb("VmHWM") - before < 30_000
    one.write("UPDATE items SET id = -id, note = NULL")
    assert one.carry().keys == 2 * count
    query = "SELECT count(*), count(note), min(id), max(id) FROM items"
    with one.secondary.connect() as connection:
        assert connection.execute(query).fetchone() == (count, 0, -count, -1)


def memory_kb(name):
    """Return a figure of this process's memory in kB, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def test_row_capture_by_choice(pair, scene):
    """A table that is captured per row by choice logs the same keys as one per statement."""
    one = scene(pair, ITEMS, move=MoveSettings(row_capture=("public.items",)))
    one.write(
        SOME, "UPDATE items SET id = id + 100 WHERE id > 10", "DELETE FROM items WHERE id = 1"
    )
    assert one.carry().keys == 30
    assert one.require_same("items") == 19
    one.write_together("TRUNCATE items", "INSERT INTO items VALUES (1, 'c5', NULL)")
    one.carry()
    assert one.require_same("items") == 1


def test_a_batch_that_takes_longer_than_a_statement_may(pair, scene):
    """A transaction too large for the round's time-out is carried with more time, not for ever."""
    one = scene(
        pair,
        "CREATE TABLE public.slow (id int PRIMARY KEY)",
        target_statements=[
            (
                "CREATE FUNCTION public.slowly(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
                " 'BEGIN PERFORM pg_sleep(0.3); RETURN $1; END'"
            ),
            (
                "CREATE TABLE public.slow (id int PRIMARY KEY,"
                " extra int GENERATED ALWAYS AS (public.slowly(id)) STORED)"
            ),
        ],
        mirror=MirrorSettings(round_timeout_s=1),
    )
    one.write("INSERT INTO slow SELECT generate_series(1, 5)")
    assert one.carry().keys == 5
    assert one.require_same("slow") == 5
    assert one.mirror.sessions().secondary.execute("SHOW statement_timeout").fetchone() == ("1s",)

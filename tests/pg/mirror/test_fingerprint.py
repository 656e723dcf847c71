"""The fingerprint of the catalogs: another one whenever what a round looks at may be another."""

import pytest

from changeover.transfer import guard

TABLES = (
    "CREATE TYPE public.mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE public.orders (id int PRIMARY KEY, mood public.mood, note varchar(9))",
    "CREATE TABLE public.days (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
    "CREATE TABLE public.days_1 PARTITION OF public.days DEFAULT",
)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders ADD COLUMN late text",
        "ALTER TABLE orders DROP COLUMN note",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "ALTER TABLE orders ALTER note TYPE varchar(99)",
        "ALTER TABLE orders ALTER note SET NOT NULL",
        "ALTER TABLE orders RENAME TO bills",
        "ALTER TABLE orders SET SCHEMA elsewhere",
        "ALTER SCHEMA public RENAME TO private",
        "ALTER TYPE mood ADD VALUE 'glad'",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'",
        "ALTER TABLE orders DISABLE TRIGGER changeover_capture_update",
        (
            "ALTER TABLE orders DISABLE TRIGGER changeover_capture_update;"
            " ALTER TABLE orders ENABLE ALWAYS TRIGGER changeover_capture_update"
        ),
        'DROP TRIGGER "!changeover_fence" ON orders',
        "ALTER FUNCTION changeover.capture_2() SET SCHEMA elsewhere",
        "CREATE TRIGGER theirs BEFORE INSERT ON orders EXECUTE FUNCTION changeover.capture_2()",
        "ALTER TABLE days DETACH PARTITION days_1",
        "ALTER TABLE days_1 RENAME TO days_one",
        "CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')",
        "CREATE TABLE newcomer (id int)",
        "CREATE UNLOGGED TABLE newcomer (id int)",
        "TRUNCATE orders",
        "VACUUM FULL orders",
        "ALTER EXTENSION plpgsql ADD TABLE elsewhere.kept",
        "ALTER EXTENSION plpgsql DROP TABLE elsewhere.owned",
        "UPDATE changeover.moved_table SET shape = shape",
    ],
)
def test_what_a_round_looks_at_changes_the_fingerprint(pair, scene, statement):
    """Each change of a definition, file, trigger or baseline is seen, even one that is undone."""
    scene(pair, *TABLES)
    with pair.source.connect_as_superuser() as connection:
        for prepared in (
            "CREATE SCHEMA elsewhere",
            "CREATE TABLE elsewhere.kept (id int)",
            "CREATE TABLE elsewhere.owned (id int)",
            "ALTER EXTENSION plpgsql ADD TABLE elsewhere.owned",
        ):
            connection.execute(prepared)
        before = guard.read_fingerprint(connection)
        connection.execute(statement)
        assert guard.read_fingerprint(connection) != before


def test_what_no_round_looks_at_leaves_the_fingerprint(pair, scene):
    """Rows, statistics, indexes and temporary tables are none of its business."""
    scene(pair, *TABLES)
    with pair.source.connect() as connection, pair.source.connect() as other:
        before = guard.read_fingerprint(connection)
        for statement in (
            "INSERT INTO orders SELECT g FROM generate_series(1, 999) AS g",
            "VACUUM ANALYZE orders",
            "VACUUM FREEZE orders",
            "CREATE INDEX ON orders (note)",
            "CREATE TEMP TABLE mine (id int, mood mood)",
            "CREATE TEMP TABLE yours (LIKE orders INCLUDING ALL)",
            "DROP TABLE mine",
        ):
            other.execute(statement)
            assert guard.read_fingerprint(connection) == before, statement


def test_a_round_looks_again_only_after_a_change(pair, scene, monkeypatch):
    """Rounds look at once, and not again until a catalog row was written."""
    one = scene(pair, *TABLES)
    looked = []
    inspect = guard.inspect

    def watched(connection):
        looked.append(connection)
        return inspect(connection)

    monkeypatch.setattr("changeover.transfer.guard.inspect", watched)
    for number in range(3):
        one.write(f"INSERT INTO orders VALUES ({number})")
        assert one.carry().keys == 1
    assert len(looked) == 1
    one.write("ALTER TABLE orders SET (fillfactor = 90)")
    one.carry()
    assert len(looked) == 2


def test_staging_tables_are_empty_after_each_round(moving):
    """A round leaves nothing behind in them, whether few rows were staged or many."""
    one = moving(*TABLES)
    one.write("INSERT INTO orders SELECT g FROM generate_series(1, 9) AS g")
    one.carry()
    for count in (3, 2_000, 3):
        one.write(
            f"INSERT INTO orders SELECT g FROM generate_series(10, {9 + count}) AS g",
            "DELETE FROM orders WHERE id < 3",
        )
        one.carry()
        assert one.require_same("orders") == 7 + count
        session = one.mirror.sessions().secondary
        merges = one.mirror.sessions().merges
        for number in merges:
            for stage in (f"row_{number}", f"key_{number}"):
                assert session.execute(f"SELECT count(*) FROM pg_temp.{stage}").fetchone() == (0,)
        one.write("INSERT INTO orders VALUES (1), (2)", "DELETE FROM orders WHERE id > 9")
        one.carry()

"""Changes of definitions, triggers and files during the move: booked or refused by name."""

from dataclasses import replace

import psycopg
import pytest

from changeover.model.errors import (
    CaptureBrokenError,
    DefinitionChangedError,
    MirrorHeldError,
)
from changeover.model.fault import Hooks
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.doubt import open_doubts

TABLES = (
    "CREATE TYPE public.mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE public.orders (id int PRIMARY KEY, mood public.mood, moods public.mood[])",
    (
        "CREATE TABLE public.lines (id int, at date, note text, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)"
    ),
    "CREATE TABLE public.lines_1 PARTITION OF public.lines DEFAULT",
)
REWRITTEN = "source: the table was rewritten without an entry in the change log"
SWITCHED = "source: triggers were switched off and on again"


def doubts(scene):
    """Return the reasons of the doubts that are open."""
    with scene.move.connect_owner(Side.TARGET, "test") as target:
        return sorted(reason for _, reason in open_doubts(target))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE orders ADD COLUMN late text", r"public\.orders was altered"),
        ("ALTER TABLE orders DROP COLUMN mood", r"public\.orders was altered"),
        ("ALTER TABLE orders RENAME COLUMN mood TO mind", r"public\.orders was altered"),
        ("ALTER TABLE lines ALTER note TYPE varchar(9)", r"public\.lines was altered"),
        ("ALTER TYPE mood ADD VALUE 'glad'", r"public\.orders was altered"),
        ("CREATE TABLE newcomer (id int PRIMARY KEY)", r"public\.newcomer came during the move"),
        ("DROP TABLE orders", r'relation "public\.orders" does not exist'),
        ("ALTER TABLE orders RENAME TO bills", r'relation "public\.orders" does not exist'),
    ],
)
def test_a_changed_definition_stops_the_mirror_by_name(pair, scene, statement, named):
    """A table, column, type or enum label that comes, goes or changes stops the mirror by name."""
    one = scene(pair, *TABLES)
    one.carry()
    one.write(statement)
    for _ in range(2):
        with pytest.raises(DefinitionChangedError, match=named):
            one.carry()


def test_a_table_that_took_anothers_name_stops_the_mirror(pair, scene):
    """A table that was renamed away and replaced by another one is not taken for the first."""
    one = scene(pair, *TABLES)
    one.carry()
    one.write_together(
        "ALTER TABLE orders RENAME TO orders_old",
        "CREATE TABLE orders (LIKE orders_old INCLUDING ALL)",
    )
    with pytest.raises(DefinitionChangedError, match="denied for table orders"):
        one.carry()


def test_a_label_and_a_column_that_both_sides_got_go_on(pair, scene):
    """After the same change on both sides and a new installation nothing was lost meanwhile."""
    one = scene(pair, *TABLES)
    one.write("INSERT INTO orders VALUES (1, 'sad', '{ok}')")
    one.carry()
    one.mirror.close()
    one.write("ALTER TYPE mood ADD VALUE 'glad'", "ALTER TABLE orders ADD COLUMN late text")
    one.write("INSERT INTO orders VALUES (2, 'glad', '{glad,sad}', 'late')")
    with pytest.raises(DefinitionChangedError):
        one.carry()
    one.mirror.close()
    with one.secondary.connect() as connection:
        connection.execute("ALTER TYPE mood ADD VALUE 'glad'")
        connection.execute("ALTER TABLE orders ADD COLUMN late text")
    capture.install(one.move)
    one.mirror = None
    one.carry()
    assert one.require_same("orders") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE orders DISABLE TRIGGER USER",
        "ALTER TABLE orders DISABLE TRIGGER USER; ALTER TABLE orders ENABLE TRIGGER USER",
        "ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE orders ENABLE TRIGGER ALL",
        "ALTER TABLE orders DISABLE TRIGGER changeover_capture_update",
        "DROP TRIGGER changeover_capture_delete ON orders",
        'DROP TRIGGER "!changeover_fence" ON orders',
        "DROP TRIGGER changeover_capture_truncate ON lines_1",
        "ALTER TABLE lines_1 DISABLE TRIGGER changeover_capture_row",
        "DROP FUNCTION changeover.capture_2 CASCADE",
    ],
)
def test_a_trigger_that_is_off_or_gone_stops_the_mirror_by_name(pair, scene, statement):
    """Switched off, dropped, or brought back as plain, a trigger of ours is missed at once."""
    one = scene(pair, *TABLES)
    one.carry()
    if "USER" in statement or "ALL" in statement:
        with one.primary.connect_as_superuser() as connection:
            connection.execute(statement)
    else:
        one.write(statement)
    named = r"a trigger of ours on public\.(orders|lines) is missing or not ENABLE ALWAYS"
    with pytest.raises(CaptureBrokenError, match=named):
        one.carry()


def test_a_trigger_switched_off_and_on_again_is_a_doubt(pair, scene):
    """Exactly as it was, but touched: the table is to be verified; the mirror goes on."""
    one = scene(pair, *TABLES)
    one.carry()
    one.write(
        "ALTER TABLE orders DISABLE TRIGGER changeover_capture_insert",
        "INSERT INTO orders VALUES (1)",
        "ALTER TABLE orders ENABLE ALWAYS TRIGGER changeover_capture_insert",
        "INSERT INTO orders VALUES (2)",
    )
    one.carry()
    assert doubts(one) == [SWITCHED]
    with one.secondary.connect() as connection:
        assert connection.execute("SELECT id FROM orders").fetchall() == [(2,)]
    one.carry()
    assert doubts(one) == [SWITCHED]


def test_rewritten_files_are_a_doubt_unless_truncate_logged_them(pair, scene):
    """VACUUM FULL and CLUSTER leave a doubt, TRUNCATE none: it carries the whole table."""
    one = scene(pair, *TABLES)
    one.write("INSERT INTO lines SELECT g, '2024-01-01' FROM generate_series(1, 9) g")
    one.carry()
    one.write("TRUNCATE lines", "INSERT INTO lines VALUES (1, '2024-01-02')")
    one.carry()
    assert one.require_same("lines") == 1
    assert doubts(one) == []
    one.write("VACUUM FULL orders")
    one.carry()
    one.write("CLUSTER lines_1 USING lines_1_pkey")
    one.carry()
    assert doubts(one) == [REWRITTEN, REWRITTEN]


def test_a_table_emptied_between_the_look_and_the_next_look(pair, scene, mirror_of):
    """TRUNCATE at the moment of every look ends in a named refusal, then the next round goes on."""
    one = scene(pair, "CREATE TABLE public.stage (id int PRIMARY KEY)")
    one.carry()
    times = iter(range(5))

    def truncate(point):
        if point == "round.locked" and next(times, None) is not None:
            one.write("TRUNCATE stage")

    one.mirror.close()
    one.mirror = mirror_of(replace(one.move, hooks=Hooks(reached=truncate)))
    with pytest.raises(MirrorHeldError, match="5 times"):
        one.carry()
    one.write("INSERT INTO stage VALUES (1)")
    one.carry()
    assert one.require_same("stage") == 1
    assert doubts(one) == []


def test_truncate_between_the_lock_and_the_snapshot_waits(pair, scene, mirror_of):
    """A TRUNCATE that comes after the round's lock can't commit before the rows are read."""
    one = scene(pair, "CREATE TABLE public.stage (id int PRIMARY KEY)")
    refused = []

    def truncate(point):
        if point == "round.before_snapshot":
            with one.primary.connect() as connection:
                connection.execute("SET lock_timeout = '50ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    connection.execute("TRUNCATE stage")
                refused.append(point)

    one.write("INSERT INTO stage VALUES (1)")
    one.mirror = mirror_of(replace(one.move, hooks=Hooks(reached=truncate)))
    one.carry()
    assert refused
    assert one.require_same("stage") == 1

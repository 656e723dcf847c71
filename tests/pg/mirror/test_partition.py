"""Partitions: written straight, made, attached, emptied and detached during the move."""

import psycopg
import pytest

from changeover.control.swap import Kind
from changeover.model.side import Side
from changeover.transfer import guard
from changeover.transfer.doubt import open_doubts, resolve

EVENTS = (
    (
        "CREATE TABLE public.events (id int, at date, note text, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)"
    ),
    (
        "CREATE TABLE public.events_1 PARTITION OF public.events FOR VALUES FROM ('2024-01-01')"
        " TO ('2024-02-01')"
    ),
    (
        "CREATE TABLE public.events_2 PARTITION OF public.events FOR VALUES FROM ('2024-02-01')"
        " TO ('2024-03-01')"
    ),
)
THIRD = (
    "CREATE TABLE public.events_3 PARTITION OF public.events FOR VALUES FROM ('2024-03-01')"
    " TO ('2024-04-01')"
)
FOURTH = (
    "CREATE TABLE public.events_4 (LIKE public.events INCLUDING ALL)",
    (
        "INSERT INTO public.events_4 SELECT g, '2024-04-01', 'there before' FROM"
        " generate_series(1, 5) g"
    ),
    (
        "ALTER TABLE public.events ATTACH PARTITION public.events_4 FOR VALUES FROM ('2024-04-01')"
        " TO ('2024-05-01')"
    ),
)
FILL = "INSERT INTO events SELECT g, date '2024-01-01' + g % 60, 'n' FROM generate_series(1, 99) g"


def doubts(scene):
    """Return the reasons of the doubts that are open."""
    with scene.move.connect_owner(Side.TARGET, "test") as target:
        return [reason for _, reason in open_doubts(target)]


def look_at_secondary(scene):
    """Do what the daemon does to the secondary at each heartbeat."""
    side = scene.side.other
    with scene.move.connect_owner(side, "test") as connection:
        states = guard.anomalies(guard.inspect(connection))
        guard.refuse(states, side, {})
    if states:
        resolve(scene.move, side, states)


def test_writes_straight_into_partitions(moving):
    """INSERT, UPDATE, DELETE, TRUNCATE of a partition, and rows that move, are captured."""
    scene = moving(*EVENTS)
    scene.write(FILL)
    scene.carry()
    scene.write(
        "INSERT INTO events_1 VALUES (1000, '2024-01-31', 'straight')",
        "UPDATE events_2 SET note = 'u' WHERE id % 2 = 0",
        "DELETE FROM events_1 WHERE id < 10",
        "UPDATE events SET at = at - 31 WHERE at >= '2024-02-20'",
    )
    scene.carry()
    assert scene.require_same("events") > 90
    scene.write("TRUNCATE events_2")
    scene.carry()
    assert scene.require_same("events") > 40
    assert doubts(scene) == []


def test_a_partition_made_during_the_move(moving):
    """A new partition is captured from its first row on; TRUNCATE of it after the next round."""
    scene = moving(*EVENTS)
    scene.write(FILL)
    scene.carry()
    scene.on_both(THIRD)
    scene.write("INSERT INTO events_3 VALUES (1, '2024-03-01', 'new'), (2, '2024-03-02', 'new')")
    scene.carry()
    assert scene.require_same("events_3") == 2
    scene.write("TRUNCATE events_3", "INSERT INTO events VALUES (3, '2024-03-03', 'later')")
    scene.carry()
    assert scene.require_same("events") == 100
    assert doubts(scene) == []


def test_a_partition_attached_during_the_move(moving):
    """Rows that were in a table before it was attached are carried all the same."""
    scene = moving(*EVENTS)
    scene.write(FILL)
    scene.carry()
    with scene.secondary.connect() as connection:
        connection.execute(FOURTH[0])
        connection.execute(FOURTH[2])
    look_at_secondary(scene)
    # A table that stands beside the moved ones would stop the mirror: here it goes in at once.
    scene.write_together(*FOURTH)
    scene.carry()
    assert scene.require_same("events_4") == 5
    scene.write("TRUNCATE events_4")
    scene.carry()
    assert scene.require_same("events") == 99
    assert doubts(scene) == []


def test_a_new_partition_is_fenced_too(pair, scene):
    """A partition made on the secondary refuses rows at once, TRUNCATE from the next look on."""
    one = scene(pair, *EVENTS)
    one.on_both(THIRD)
    one.carry()
    with one.secondary.connect() as connection:
        with pytest.raises(psycopg.DatabaseError) as caught:
            connection.execute("INSERT INTO events_3 VALUES (1, '2024-03-01', '')")
        assert caught.value.sqlstate == "P0004"
        look_at_secondary(one)
        for statement in ("TRUNCATE events_3", "DELETE FROM events_3 WHERE false"):
            with pytest.raises(psycopg.DatabaseError) as caught:
                connection.execute(statement)
            assert caught.value.sqlstate == "P0004"
    assert doubts(one) == []
    one.swap(Kind.CUTOVER)
    one.write("INSERT INTO events_3 VALUES (1, '2024-03-01', '')", "TRUNCATE events_1")
    one.carry()
    assert one.require_same("events") == 1


def test_a_detached_partition_is_a_doubt(pair, scene):
    """Rows that went with a detached partition were not logged: a verification is due."""
    one = scene(pair, *EVENTS)
    one.write(FILL)
    one.carry()
    one.write("ALTER TABLE events DETACH PARTITION events_2", "DROP TABLE events_2")
    one.carry()
    assert doubts(one) == ["source: a partition was detached or dropped"]


def test_a_partition_detached_written_and_attached_again_is_a_doubt(pair, scene):
    """What was written while a partition was away was not logged: a verification is due."""
    one = scene(pair, *EVENTS)
    one.write(FILL)
    one.carry()
    one.write_together(
        "ALTER TABLE events DETACH PARTITION events_2",
        "DELETE FROM events_2 WHERE id > 50",
        "ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2024-02-01')"
        " TO ('2024-03-01')",
    )
    one.carry()
    assert doubts(one) == ["source: triggers were switched off and on again"]


def test_trees_of_inheritance(moving):
    """Writes through a parent and into a child of an INHERITS tree are captured where they land."""
    scene = moving(
        "CREATE TABLE public.cities (id int PRIMARY KEY, name text)",
        "CREATE TABLE public.capitals (country text, PRIMARY KEY (id)) INHERITS (public.cities)",
    )
    scene.write(
        "INSERT INTO cities SELECT g, 'c' FROM generate_series(1, 5) g",
        "INSERT INTO capitals SELECT g, 'k', 'x' FROM generate_series(6, 9) g",
    )
    scene.carry()
    scene.write(
        "UPDATE cities SET name = 'both'",
        "DELETE FROM cities WHERE id IN (1, 6)",
        "UPDATE capitals SET id = 60, country = 'y' WHERE id = 7",
        "INSERT INTO capitals VALUES (2, 'same id as a city', 'z')",
    )
    scene.carry()
    assert scene.require_same("cities", "capitals") == 8
    scene.write("TRUNCATE cities")
    scene.carry()
    assert scene.require_same("cities", "capitals") == 0

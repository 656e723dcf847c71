"""Rounds of the mirror on real servers."""

import psycopg
import pytest

ORDERS = "CREATE TABLE public.orders (id bigint PRIMARY KEY, note text, total numeric)"


def test_inserted_updated_and_deleted_rows_arrive(pair, ready, mirror_of, rows):
    """What was written on the source stands on the target after one round."""
    move = ready(pair, ORDERS)
    mirror = mirror_of(move)
    with pair.source.connect() as source:
        source.execute(
            "INSERT INTO orders SELECT g, 'n' || g, g / 3.0 FROM generate_series(1, 9) g"
        )
    assert mirror.round().keys == 9
    with pair.source.connect() as source:
        source.execute("UPDATE orders SET note = NULL WHERE id = 3")
        source.execute("DELETE FROM orders WHERE id = 4")
        source.execute("UPDATE orders SET id = 40 WHERE id = 5")
    assert mirror.round().keys == 4
    query = "SELECT * FROM orders ORDER BY id"
    assert rows(pair.target, query) == rows(pair.source, query)
    assert len(rows(pair.target, query)) == 8


def test_the_target_refuses_application_writes(pair, ready):
    """The fence of the secondary refuses the owner too, statements of zero rows included."""
    ready(pair, ORDERS)
    with pair.target.connect() as target:
        for statement in (
            "INSERT INTO orders VALUES (1)",
            "UPDATE orders SET note = '' WHERE false",
            "DELETE FROM orders WHERE false",
            "TRUNCATE orders",
        ):
            with pytest.raises(psycopg.DatabaseError) as caught:
                target.execute(statement)
            assert caught.value.sqlstate == "P0004"


def test_a_marker_comes_back(pair, ready, mirror_of):
    """A marker written on the source is found on the target after a round."""
    mirror = mirror_of(ready(pair, ORDERS))
    marker = mirror.send_marker()
    assert mirror.look_for(marker) is None
    mirror.round()
    assert mirror.look_for(marker) is not None

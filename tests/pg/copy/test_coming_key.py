"""Keys that are built after the rows: the copy needs none, the mirror waits for them."""

import pytest

from changeover.control.move import read_pairs
from changeover.journey.check import run_checks
from changeover.model.errors import CopyFailedError, SchemaMismatchError
from changeover.model.settings import CopySettings
from changeover.model.side import Side
from changeover.transfer import capture, schema
from changeover.transfer.mirror import Mirror, read_control
from changeover.transfer.schema_key import coming_key_builder

TABLES = (
    "CREATE TABLE items (id integer PRIMARY KEY, v text)",
    'CREATE TABLE "Второе" (a text, b integer, v text, PRIMARY KEY (a, b))',
)
FILL = (
    "INSERT INTO items SELECT g, 'v' || g FROM generate_series(1, 1000) g",
    "INSERT INTO \"Второе\" SELECT 'a' || g % 9, g, 'v' FROM generate_series(1, 500) g",
)
KEYS = (
    "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid IN"
    " ('public.items'::regclass, 'public.\"Второе\"'::regclass)"
)


@pytest.fixture
def keyless(pair, make_move):
    """A move whose target has the tables, captured, and not yet their keys."""
    with pair.source.connect() as connection:
        for statement in (*TABLES, *FILL):
            connection.execute(statement)
    move = make_move(pair, copy=CopySettings(range_rows=100, throttle_interval_ms=20))
    schema.apply_pre_data(move)
    capture.install(move)
    return move


def drain(move) -> int:
    """Run the mirror until its log is empty."""
    with move.connect_owner(Side.TARGET, "test") as target:
        authority = read_control(target).authority
    mirror = Mirror.of(move, authority)
    try:
        return mirror.drain(30)
    finally:
        mirror.close()


def test_keys_come_after_the_rows(pair, keyless, copied, digest, one):
    """Rows go into tables without keys, the keys are built, and the mirror merges by them."""
    assert one(pair.target, KEYS) == 0
    with pair.source.connect() as connection:
        connection.execute("UPDATE items SET v = 'changed' WHERE id <= 10")
    with coming_key_builder(keyless) as build:
        report = copied(keyless, on_table_copied=build)
    assert report.rows == 1500
    assert one(pair.target, KEYS) == 2
    with pair.source.connect() as connection:
        connection.execute("DELETE FROM items WHERE id = 20")
        connection.execute("INSERT INTO items VALUES (0, 'new')")
    assert drain(keyless) == 12
    for table in ("items", '"Второе"'):
        query = f"SELECT * FROM public.{table}"
        assert digest(pair.target, query) == digest(pair.source, query)


def test_a_mirror_leaves_a_table_alone_until_its_key_is_there(pair, keyless, one):
    """Before the copy nothing of a table without key is merged, and nothing fails."""
    with pair.source.connect() as connection:
        connection.execute("UPDATE items SET v = 'changed'")
    assert drain(keyless) == 0
    assert one(pair.source, "SELECT count(*) FROM changeover.change WHERE table_id <> 0") == 1000


def test_a_copy_without_the_keys_is_not_finished(pair, keyless, copied, one):
    """A table that has its rows and no key does not count as copied, and says what to do."""
    with pytest.raises(CopyFailedError, match="the target has no key for it yet") as caught:
        copied(keyless)
    assert "--until keys" in caught.value.hint
    assert one(pair.target, "SELECT count(*) FROM changeover.copy WHERE state = 'copied'") == 0
    schema.apply_keys(keyless)
    assert copied(keyless).rows == 1500


def test_a_key_that_was_built_is_not_built_again(pair, keyless, copied, one):
    """A copy that was ended between a key and its booking goes on."""
    schema.apply_keys(keyless)
    with coming_key_builder(keyless) as build:
        assert copied(keyless, on_table_copied=build).rows == 1500
    assert one(pair.target, KEYS) == 2


def test_a_target_made_by_hand_without_a_key_is_refused(pair, make_move):
    """Only our own schema step may promise a key."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            key = "PRIMARY KEY" if database is pair.source else "NOT NULL"
            connection.execute(f"CREATE TABLE items (id integer {key}, v text)")
    with pytest.raises(SchemaMismatchError, match="is no part of a key of the target"):
        read_pairs(make_move(pair))


def test_check_knows_that_the_key_is_to_come(keyless):
    """A table whose key our schema step has still to bring is no misfit."""
    facts = [found.fact for found in run_checks(keyless).findings]
    assert facts
    assert [fact for fact in facts if "is no part of a key" in fact] == []

"""Ranges are read at different moments: a unique value may be met twice, and nothing is lost."""

import threading

import pytest

from changeover.control.move import installed_pairs
from changeover.model.errors import CopyFailedError
from changeover.transfer.copy_worker import copy_range
from changeover.transfer.range import describe

USERS = "CREATE TABLE users (id bigint {} PRIMARY KEY, email text NOT NULL, v text{})"
FILL = "INSERT INTO users (id, email) {} SELECT g, 'e' || g FROM generate_series(1, 300) g"
QUERY = "SELECT * FROM users"
DIFFERENT = (
    "SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM users WHERE (id, email) NOT IN"
    " (SELECT * FROM unnest(%s::bigint[], %s::text[]))"
)

SHAPES = {
    "constraint": ("", ", UNIQUE (email)", ()),
    "deferrable": ("", ", UNIQUE (email) DEFERRABLE INITIALLY DEFERRED", ()),
    "partial index": ("", "", ("CREATE UNIQUE INDEX ON users (lower(email)) WHERE v IS NULL",)),
    "exclusion": ("", ", EXCLUDE USING btree (email WITH =)", ()),
    "identity": ("GENERATED ALWAYS AS IDENTITY", ", UNIQUE (email)", ()),
}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("has_grant", [True, False])
def test_a_unique_value_that_went_to_another_row(  # noqa: PLR0917
    pair_with, prepared, works, copied, mirror_of, digest, one, kind, has_grant
):
    """The row that is left out is in the log, and the mirror brings both rows to what they are."""
    pair = pair_with(replication_role_grant=has_grant)
    identity, extra, more = SHAPES[kind]
    move = prepared(
        pair,
        USERS.format(identity, extra),
        *more,
        fill=[FILL.format("OVERRIDING SYSTEM VALUE" if identity else "")],
    )
    first, second, _third = works(move)
    assert copy_range(first).rows_left_out == 0
    with pair.source.connect() as source:
        source.execute("UPDATE users SET email = 'free' WHERE id = 5")
        source.execute("UPDATE users SET email = 'e5' WHERE id = 150")
    outcome = copy_range(second)
    assert outcome.error is None
    # Under `replica` a deferrable key is not checked: the row comes in, and is put right as well.
    is_unchecked = kind == "deferrable" and has_grant
    assert (outcome.rows, outcome.rows_left_out) == ((100, 0) if is_unchecked else (99, 1))
    assert one(pair.source, "SELECT array_agg(key ORDER BY key) FROM changeover.change") == [
        "150",
        "5",
    ]
    report = copied(move)
    assert report.tables[0].rows_left_out == outcome.rows_left_out
    assert digest(pair.target, QUERY) != digest(pair.source, QUERY)
    mirror_of(move).round()
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_a_row_that_only_the_target_refuses_is_not_left_out(pair, prepared, copied, one):
    """A unique index that the source lacks stops the copy: the row would be in no log."""
    move = prepared(
        pair,
        USERS.format("", ""),
        target_schema=[USERS.format("", ""), "CREATE UNIQUE INDEX strict ON users (v)"],
        fill=[FILL.format(""), "UPDATE users SET v = 'same' WHERE id IN (7, 8)"],
    )
    with pytest.raises(CopyFailedError, match="in more than the source is: strict"):
        copied(move)
    assert one(pair.target, "SELECT count(*) FROM users WHERE v = 'same'") == 0


def test_an_exclusion_that_only_the_target_has_is_an_error(pair, prepared, copied):
    """An exclusion is told from another one by its operators, which its index does not show."""
    spans = "CREATE TABLE spans (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH {}))"
    move = prepared(
        pair,
        spans.format("="),
        target_schema=[spans.format("&&")],
        fill=["INSERT INTO spans VALUES (1, '[1,5)'), (2, '[3,9)')"],
    )
    with pytest.raises(CopyFailedError, match="in more than the source is: spans_r_excl"):
        copied(move)


def test_an_index_is_proven_by_a_narrower_key_of_the_source(pair, prepared):
    """A wider key on the target refuses nothing that the source's key does not."""
    move = prepared(
        pair,
        "CREATE TABLE wide (id integer PRIMARY KEY, at date NOT NULL, a text, b text)",
        "CREATE UNIQUE INDEX same ON wide (lower(a))",
        target_schema=[
            "CREATE TABLE wide (id integer, at date, a text, b text, PRIMARY KEY (id, at))",
            "CREATE UNIQUE INDEX ours_is_named_else ON wide (lower(a))",
            "CREATE UNIQUE INDEX strange ON wide (b)",
            "CREATE UNIQUE INDEX also_strange ON wide (lower(a)) WHERE b IS NULL",
        ],
    )
    (installed,) = installed_pairs(move)
    assert describe(installed).unproven == ("also_strange", "strange")


def test_writers_during_the_copy(pair, prepared, copied, mirror_of, digest):
    """Whatever is written while tables are copied, copy and mirror together end equal."""
    move = prepared(
        pair,
        USERS.format("", ", UNIQUE (email)"),
        fill=[FILL.format("").replace("300", "4000")],
        range_rows=40,
    )
    ended = threading.Event()

    def swap_values(seed):
        with pair.source.connect() as source:
            number = seed
            while not ended.is_set():
                number = (number * 7919 + 13) % 4000
                other = (number * 31 + 7) % 4000
                with source.transaction():
                    both = source.execute(
                        "SELECT id, email FROM users WHERE id IN (%s, %s) ORDER BY id FOR UPDATE",
                        (number, other),
                    ).fetchall()
                    if len(both) == 2:
                        (one_id, one_email), (two_id, two_email) = both
                        change = "UPDATE users SET email = %s WHERE id = %s"
                        source.execute(change, (f"free {seed}", one_id))
                        source.execute(change, (one_email, two_id))
                        source.execute(change, (two_email, one_id))
                source.execute("DELETE FROM users WHERE id = %s", (number,))
                source.execute(
                    "INSERT INTO users VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (5000 + number, f"new {number}"),
                )
                source.execute("UPDATE users SET id = -id WHERE id = %s", (other // 2,))

    writers = [threading.Thread(target=swap_values, args=(seed,)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    report = copied(move)
    ended.set()
    for writer in writers:
        writer.join()
    mirror = mirror_of(move)
    while mirror.round().keys:
        continue
    assert report.tables[0].ranges >= 90
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)

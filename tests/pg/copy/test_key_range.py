"""Ranges of a table together hold every row once, whatever the key and the statistics."""

import pytest

from changeover.control.move import STATE_VERSION, installed_pairs
from changeover.model.errors import DefinitionChangedError, WrongStateVersionError
from changeover.transfer.checkpoint import plan_copy

KEYS = {
    "composite": (
        "(a integer, b text, v text, PRIMARY KEY (a, b))",
        "SELECT g % 7, 'b''' || g, 'v' FROM generate_series(1, 500) g",
    ),
    "text": (
        "(k text PRIMARY KEY, v text)",
        (
            "SELECT substr(md5(g::text), 1, 1 + g % 9) || E'\\\\ \\'' || chr(64 + g), 'v'"
            " FROM generate_series(1, 500) g"
        ),
    ),
    "uuid": (
        "(k uuid PRIMARY KEY, v text)",
        "SELECT md5(g::text)::uuid, 'v' FROM generate_series(1, 500) g",
    ),
    "numeric": (
        "(k numeric PRIMARY KEY, v text)",
        (
            "SELECT CASE g WHEN 1 THEN 'NaN' ELSE (g - 250) / 7.0 END, 'v'"
            " FROM generate_series(1, 500) g"
        ),
    ),
    "double": (
        "(k double precision PRIMARY KEY, v text)",
        (
            "SELECT CASE g WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE (g - 250) / 7.0 END, 'v'"
            " FROM generate_series(1, 500) g"
        ),
    ),
    "timestamptz": (
        "(k timestamptz PRIMARY KEY, v text)",
        (
            "SELECT '0001-01-01 BC'::timestamptz + g * interval '1 year 1 microsecond', 'v'"
            " FROM generate_series(1, 500) g"
        ),
    ),
    "bytea": (
        "(k bytea PRIMARY KEY, v text)",
        "SELECT decode(md5(g::text), 'hex'), 'v' FROM generate_series(1, 500) g",
    ),
    "char": (
        "(k char(6) PRIMARY KEY, v text)",
        "SELECT 'c' || g, 'v' FROM generate_series(1, 500) g",
    ),
    "enum": (
        "(m letter, n integer, v text, PRIMARY KEY (m, n))",
        "SELECT (ARRAY['z', 'b', 'a'])[1 + g % 3]::letter, g, 'v' FROM generate_series(1, 500) g",
    ),
    "domain": (
        "(k positive PRIMARY KEY, v text)",
        "SELECT g, 'v' FROM generate_series(1, 500) g",
    ),
    "row type": (
        "(k spot PRIMARY KEY, v text)",
        "SELECT ROW(g % 7, 'b' || g)::spot, 'v' FROM generate_series(1, 5000) g",
    ),
    "jsonb": (
        "(k jsonb PRIMARY KEY, v text)",
        "SELECT jsonb_build_object('b', g % 9, 'a', g::text), 'v' FROM generate_series(1, 5000) g",
    ),
}
TYPES = (
    "CREATE TYPE letter AS ENUM ('z', 'b', 'a')",
    "CREATE DOMAIN positive AS bigint CHECK (VALUE > 0)",
    "CREATE TYPE spot AS (a integer, b text)",
)


@pytest.mark.parametrize("columns", KEYS)
def test_keys_of_any_type_are_cut(pair, prepared, copied, digest, columns):
    """Every row comes once, in several ranges, by keys of any type."""
    definition, rows = KEYS[columns]
    move = prepared(
        pair, *TYPES, f"CREATE TABLE keyed {definition}", fill=[f"INSERT INTO keyed {rows}"]
    )
    report = copied(move)
    assert report.tables[0].ranges >= 3
    assert digest(pair.target, "SELECT * FROM keyed") == digest(pair.source, "SELECT * FROM keyed")


def test_a_case_insensitive_order_is_not_mistaken_for_the_text_order(
    pair, prepared, copied, digest
):
    """A type whose operators our search path hides is cut under one order, and applied under it."""
    like_citext = (
        "CREATE TYPE folded",
        (
            "CREATE FUNCTION folded_in(cstring) RETURNS folded LANGUAGE internal IMMUTABLE STRICT"
            " AS 'textin'"
        ),
        (
            "CREATE FUNCTION folded_out(folded) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
            " AS 'textout'"
        ),
        (
            "CREATE TYPE folded (INPUT = folded_in, OUTPUT = folded_out, LIKE = text,"
            " CATEGORY = 'S', COLLATABLE = true)"
        ),
        "CREATE CAST (folded AS text) WITHOUT FUNCTION AS IMPLICIT",
        "CREATE CAST (text AS folded) WITHOUT FUNCTION AS ASSIGNMENT",
        (
            "CREATE FUNCTION folded_compare(folded, folded) RETURNS integer LANGUAGE sql"
            " IMMUTABLE STRICT AS 'SELECT bttextcmp(lower($1::text), lower($2::text))'"
        ),
        *(
            f"CREATE FUNCTION folded_{name}(folded, folded) RETURNS boolean LANGUAGE sql IMMUTABLE"
            f" STRICT AS 'SELECT lower($1::text) {operator} lower($2::text)'"
            for name, operator in OPERATORS
        ),
        *(
            f"CREATE OPERATOR {operator} (LEFTARG = folded, RIGHTARG = folded,"
            f" FUNCTION = folded_{name})"
            for name, operator in OPERATORS
        ),
        (
            "CREATE OPERATOR CLASS folded_ops DEFAULT FOR TYPE folded USING btree AS"
            " OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,"
            " FUNCTION 1 folded_compare(folded, folded)"
        ),
    )
    for database in (pair.source, pair.target):
        with database.connect_as_superuser() as connection:
            for statement in like_citext:
                connection.execute(statement)
    move = prepared(
        pair,
        "CREATE TABLE keyed (k folded PRIMARY KEY)",
        fill=[
            (
                "INSERT INTO keyed SELECT (CASE g % 2 WHEN 0 THEN 'a' ELSE 'B' END || g)::folded"
                " FROM generate_series(1, 6000) g"
            )
        ],
    )
    report = copied(move)
    assert report.tables[0].ranges == 3
    assert digest(pair.target, "SELECT * FROM keyed") == digest(pair.source, "SELECT * FROM keyed")


OPERATORS = (("lt", "<"), ("le", "<="), ("eq", "="), ("ge", ">="), ("gt", ">"))


@pytest.mark.parametrize("kind", ["", "PARTITION BY HASH (id)"])
def test_a_large_table_is_cut_by_a_sample(pair, prepared, copied, digest, kind):
    """A sample of blocks cuts unequal ranges, and still no row is missed."""
    partitions = [
        f"CREATE TABLE keyed_{n} PARTITION OF keyed FOR VALUES WITH (MODULUS 2, REMAINDER {n})"
        for n in range(2 if kind else 0)
    ]
    move = prepared(
        pair,
        f"CREATE TABLE keyed (id integer PRIMARY KEY, v text) {kind}",
        *partitions,
        fill=["INSERT INTO keyed SELECT g * 3, repeat('v', 90) FROM generate_series(1, 30000) g"],
        range_rows=2000,
    )
    plan = plan_copy(move, installed_pairs(move), sampled_bytes_min=1)
    assert 5 < plan.tables[0].ranges < 60
    copied(move)
    assert digest(pair.target, "SELECT * FROM keyed") == digest(pair.source, "SELECT * FROM keyed")


@pytest.mark.parametrize("estimate", [0, -1, 10_000_000])
def test_wrong_statistics_lose_no_row(pair, prepared, copied, digest, estimate):
    """Ranges hold every row when the planner believes in none or in millions."""
    move = prepared(
        pair,
        "CREATE TABLE keyed (id integer PRIMARY KEY, v text)",
        fill=["INSERT INTO keyed SELECT g, 'v' FROM generate_series(1, 1000) g"],
    )
    with pair.source.connect_as_superuser() as source:
        source.execute(
            "UPDATE pg_class SET reltuples = %s WHERE oid = 'keyed'::regclass", (estimate,)
        )
    report = copied(move)
    assert report.tables[0].ranges == 10
    assert digest(pair.target, "SELECT * FROM keyed") == digest(pair.source, "SELECT * FROM keyed")


def test_rows_beyond_the_outermost_bounds_are_copied(pair, prepared, copied, digest):
    """Rows that came after the plan, below and above every bound, belong to the open ends."""
    move = prepared(
        pair,
        "CREATE TABLE keyed (id integer PRIMARY KEY, v text)",
        fill=["INSERT INTO keyed SELECT g, 'v' FROM generate_series(1, 500) g"],
    )
    plan_copy(move, installed_pairs(move))
    with pair.source.connect() as source:
        source.execute("INSERT INTO keyed VALUES (-1, 'low'), (1000000, 'high')")
    assert copied(move).rows == 502
    assert digest(pair.target, "SELECT * FROM keyed") == digest(pair.source, "SELECT * FROM keyed")


def test_a_plan_is_written_once(pair, prepared, one):
    """Planning again keeps the ranges, however the table has grown."""
    move = prepared(
        pair,
        "CREATE TABLE keyed (id integer PRIMARY KEY)",
        fill=["INSERT INTO keyed SELECT g FROM generate_series(1, 300) g"],
    )
    first = plan_copy(move, installed_pairs(move))
    with pair.source.connect() as source:
        source.execute("INSERT INTO keyed SELECT g FROM generate_series(301, 5000) g")
    second = plan_copy(move, installed_pairs(move))
    assert (first.tables[0].ranges, first.tables[0].is_resumed) == (3, False)
    assert (second.tables[0].ranges, second.tables[0].is_resumed) == (3, True)
    assert one(pair.target, "SELECT count(*) FROM changeover.checkpoint") == 3


def test_the_largest_table_comes_first(pair, prepared):
    """Tables are copied in the order of their size."""
    move = prepared(
        pair,
        "CREATE TABLE a_small (id integer PRIMARY KEY)",
        "CREATE TABLE b_large (id integer PRIMARY KEY, v text)",
        fill=["INSERT INTO b_large SELECT g, repeat('v', 99) FROM generate_series(1, 2000) g"],
    )
    plan = plan_copy(move, installed_pairs(move))
    assert [planned.table.name for planned in plan.tables] == ["b_large", "a_small"]


def test_a_plan_of_another_version_is_refused(pair, prepared):
    """A plan that another version of the state wrote is not resumed."""
    move = prepared(pair, "CREATE TABLE keyed (id integer PRIMARY KEY)")
    plan_copy(move, installed_pairs(move))
    with pair.target.connect() as target:
        target.execute("UPDATE changeover.copy SET version = %s", (STATE_VERSION + 1,))
    with pytest.raises(WrongStateVersionError, match=f"version {STATE_VERSION + 1}, this is"):
        plan_copy(move, installed_pairs(move))


def test_a_plan_for_other_columns_is_refused(pair, prepared):
    """A plan is not resumed for a table that has changed since."""
    move = prepared(pair, "CREATE TABLE keyed (id integer PRIMARY KEY)")
    plan_copy(move, installed_pairs(move))
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute("ALTER TABLE keyed ADD COLUMN later text")
    with pytest.raises(DefinitionChangedError, match=r"public\.keyed has another key"):
        plan_copy(move, installed_pairs(move))

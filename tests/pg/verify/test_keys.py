"""Keys of every make, and tables that look different on both sides."""

import pytest

from changeover.model.side import Side

KEYS = [
    ("bigint", "g"),
    ("smallint", "g"),
    ("numeric", "g / 7.0"),
    ("text", "'ключ ' || chr(1040 + g % 32) || g"),
    ("text", "chr(65 + g % 26) || chr(97 + g % 26) || g"),
    ('text COLLATE "C"', "'k' || g"),
    ("varchar(40)", "'\"' || g || '\\,{}'"),
    ("char(12)", "'k' || g"),
    ("uuid", "md5(g::text)::uuid"),
    ("timestamptz", "timestamptz '2024-01-01' + g * interval '1.000001 s'"),
    ("date", "date '2024-01-01' + g"),
    ("bytea", "decode(md5(g::text), 'hex')"),
    ("float8", "g / 7.0"),
    ("interval", "g * interval '1 s'"),
    ("inet", "'10.0.0.0'::inet + g"),
    ("int4range", "int4range(g, g + 1)"),
    ("text[]", "ARRAY['a,b', g::text]"),
]


@pytest.mark.parametrize(("kind", "value"), KEYS, ids=[kind for kind, _ in KEYS])
def test_a_key_of_any_type_finds_its_row(bench, kind, value):
    """Ranges, buckets and rereading work for the key's type, at its ends and in the middle."""
    bench.both(
        f"CREATE TABLE a (k {kind} PRIMARY KEY, n int, x text)",
        f"INSERT INTO a SELECT {value}, g, 'v' FROM generate_series(1, 3000) g",
        "ANALYZE a",
    )
    assert bench.found() == set()
    bench.plant(
        "UPDATE a SET x = 'w' WHERE n = 1234",
        "DELETE FROM a WHERE n = (SELECT n FROM a ORDER BY k LIMIT 1)",
        "DELETE FROM a WHERE n = (SELECT n FROM a ORDER BY k DESC LIMIT 1)",
    )
    (table,) = bench.verify().tables
    assert (table.rows("missing"), table.rows("extra"), table.rows("different")) == (2, 0, 1)
    (different,) = [found for found in table.divergences if found.kind == "different"]
    assert different.columns == ("x",)
    assert different.key_hash == bench.key_hash("a", ["k"], "n = 1234")


def test_a_composite_key_finds_its_row(bench):
    """A key of several columns, Cyrillic among them, is cut, searched and shown as one."""
    bench.both(
        "CREATE TABLE a (город text, n int, at timestamptz, x text, PRIMARY KEY (город, n, at))",
        "INSERT INTO a SELECT 'город ' || g % 7, g, timestamptz '2024-01-01' + g * interval '1 min'"
        " FROM generate_series(1, 3000) g",
        "ANALYZE a",
    )
    assert bench.found() == set()
    bench.plant(
        "UPDATE a SET x = '' WHERE n = 1500",
        "DELETE FROM a WHERE n = 2",
        "INSERT INTO a VALUES ('я', 1, 'infinity', NULL)",
    )
    (table,) = bench.verify().tables
    key = ["город", "n", "at"]
    conditions = {"different": "n = 1500", "missing": "n = 2", "extra": "at = 'infinity'"}
    assert {(str(found.kind), found.key_hash) for found in table.divergences} == {
        (kind, bench.key_hash("a", key, condition)) for kind, condition in conditions.items()
    }


def partitioned_on_target(bench):
    """Make a table that the target alone partitions, with a wider key there."""
    rows = (
        "INSERT INTO a SELECT g, timestamptz '2024-01-01' + g * interval '1 hour', 'v' || g"
        " FROM generate_series(1, 3000) g"
    )
    bench.on(
        Side.SOURCE,
        "CREATE TABLE a (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, x text)",
        rows,
        "ANALYZE a",
    )
    bench.on(
        Side.TARGET,
        "CREATE TABLE a (id bigint, created_at timestamptz, x text, PRIMARY KEY (id, created_at))"
        " PARTITION BY RANGE (created_at)",
        "CREATE TABLE a_1 PARTITION OF a FOR VALUES FROM (MINVALUE) TO ('2024-03-01')",
        "CREATE TABLE a_2 PARTITION OF a FOR VALUES FROM ('2024-03-01') TO (MAXVALUE)",
        rows,
        "ANALYZE a",
    )


def test_a_key_that_differs_between_the_sides_is_the_sources(bench):
    """The source's key tells rows apart, though the target is partitioned under a wider one."""
    partitioned_on_target(bench)
    assert bench.found() == set()
    bench.plant(
        "UPDATE a SET x = NULL WHERE id = 1",
        "UPDATE a SET created_at = '2024-03-05' WHERE id = 2",
        "DELETE FROM a WHERE id = 3",
    )
    assert bench.found() == {
        ("a", "different", ("x",), 1),
        ("a", "different", ("created_at",), 1),
        ("a", "missing", (), 1),
    }


def test_a_second_row_under_the_sources_key_is_extra(bench):
    """The target's wider key lets a row in twice under the source's key; the second is extra."""
    partitioned_on_target(bench)
    bench.plant("INSERT INTO a SELECT id, '2025-01-01', x FROM a WHERE id = 7")
    assert bench.found() == {("a", "extra", (), 1)}


@pytest.mark.parametrize(
    ("source", "target", "value", "corrupted"),
    [
        ("int", "bigint", "7", "8"),
        ("varchar(10)", "text", "'a'", "'b'"),
        ("numeric(10,2)", "numeric", "1.50", "1.51"),
        ("numeric(10,2)", "numeric(12,4)", "1.50", "1.5001"),
        ("text", "uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "NULL"),
        ("json", "jsonb", """'{"b":1,  "a":2}'""", """'{"b":1, "a":3}'"""),
        ("timestamp", "timestamptz", "'2024-01-01 10:00'", "'2024-01-01 10:00+03'"),
        ("date", "timestamp", "'2024-01-01'", "'2024-01-01 00:00:01'"),
        ("char(4)", "text", "'ab'", "'ac'"),
        ("real", "float8", "0.1", "0.1000001"),
    ],
)
def test_columns_of_different_types_compare_by_what_carrying_makes_of_them(
    bench, source, target, value, corrupted
):
    """A value in another type is equal if carrying it would give just that, else different."""
    bench.on(
        Side.SOURCE,
        f"CREATE TABLE a (id int PRIMARY KEY, x {source})",
        f"INSERT INTO a VALUES (1, {value}), (2, NULL)",
    )
    bench.on(
        Side.TARGET,
        f"CREATE TABLE a (id int PRIMARY KEY, x {target})",
        f"INSERT INTO a VALUES (1, {value}), (2, NULL)",
    )
    assert bench.found() == set()
    bench.plant(f"UPDATE a SET x = {corrupted} WHERE id = 1")
    assert bench.found() == {("a", "different", ("x",), 1)}


@pytest.mark.parametrize(
    ("source", "target", "value"),
    [
        ("int", "bigint", "g"),
        ("bigint", "int", "g"),
        ("text", "uuid", "upper(md5(g::text)::uuid::text)"),
        ("varchar(20)", "text", "'k' || g"),
        ("numeric(10,2)", "numeric", "g"),
    ],
)
def test_a_key_of_different_types_is_no_difference(bench, source, target, value):
    """A key may have another type on the target; only what is wrong is reported."""
    for side, kind in ((Side.SOURCE, source), (Side.TARGET, target)):
        bench.on(
            side,
            f"CREATE TABLE a (k {kind} PRIMARY KEY, n int)",
            f"INSERT INTO a SELECT ({value})::{kind}, g FROM generate_series(1, 1000) g",
            "ANALYZE a",
        )
    assert bench.found() == set()
    bench.plant("UPDATE a SET n = -1 WHERE n = 500", "DELETE FROM a WHERE n = 501")
    assert bench.found() == {("a", "different", ("n",), 1), ("a", "missing", (), 1)}


def test_a_key_that_is_equal_but_not_identical_differs_in_its_column(bench):
    """A key 1.0 that became 1.00 is one different row, not one missing and one extra."""
    bench.both("CREATE TABLE a (k numeric PRIMARY KEY)", "INSERT INTO a VALUES (1.0), (2)")
    bench.plant("UPDATE a SET k = 1.00 WHERE k = 1")
    assert bench.found() == {("a", "different", ("k",), 1)}


def test_names_may_hold_anything(bench):
    """Quotes, percent signs, placeholders, braces and Cyrillic in names are names."""
    bench.both(
        'CREATE TABLE "таб""лица %s $1 {0} %(x)s" ("k%""ey" text, "$1" int, "{n}%s" text,'
        ' PRIMARY KEY ("k%""ey", "$1"))',
        'INSERT INTO "таб""лица %s $1 {0} %(x)s" SELECT \'k\' || g, g, g FROM'
        " generate_series(1, 300) g",
    )
    assert bench.found() == set()
    bench.plant('UPDATE "таб""лица %s $1 {0} %(x)s" SET "{n}%s" = 0 WHERE "$1" = 7')
    assert bench.found() == {('таб"лица %s $1 {0} %(x)s', "different", ("{n}%s",), 1)}


def test_dropped_columns_and_another_order_are_no_difference(bench):
    """Columns are compared by name, whatever stands between them or once stood there."""
    bench.on(
        Side.SOURCE,
        "CREATE TABLE a (gone int, id int PRIMARY KEY, x text, y int)",
        "ALTER TABLE a DROP COLUMN gone",
        "INSERT INTO a SELECT g, 'x' || g, g FROM generate_series(1, 500) g",
    )
    bench.on(
        Side.TARGET,
        "CREATE TABLE a (y int, also_gone text, x text, more text DEFAULT 'm', id int PRIMARY KEY)",
        "ALTER TABLE a DROP COLUMN also_gone",
        "INSERT INTO a (id, x, y) SELECT g, 'x' || g, g FROM generate_series(1, 500) g",
    )
    assert bench.found() == set()
    bench.plant("UPDATE a SET y = 0 WHERE id = 3")
    assert bench.found() == {("a", "different", ("y",), 1)}


def test_enum_labels_in_another_order_are_no_difference(bench):
    """An enum key sorts by its label's text, since its own order may differ between the sides."""
    for side, labels in ((Side.SOURCE, "'a', 'b', 'c'"), (Side.TARGET, "'c', 'a', 'b'")):
        bench.on(
            side,
            f"CREATE TYPE e AS ENUM ({labels})",
            "CREATE TABLE a (k e, n int, x text, PRIMARY KEY (k, n))",
            "INSERT INTO a SELECT ('{a,b,c}'::e[])[1 + g % 3], g FROM generate_series(1, 5000) g",
            "ANALYZE a",
        )
    seen = []
    object.__setattr__(bench.move, "observer", seen.append)
    assert bench.found() == set()
    assert [observation.is_equal for observation in seen] == [True] * 5
    bench.plant("UPDATE a SET x = '' WHERE n = 17")
    assert bench.found() == {("a", "different", ("x",), 1)}


def test_the_widest_table_is_compared(bench):
    """A table of 1,600 columns is hashed, and a difference in its last column is named."""
    columns = ", ".join(f"c{number} int" for number in range(1599))
    bench.both(
        f"CREATE TABLE a (id int PRIMARY KEY, {columns})", "INSERT INTO a (id) VALUES (1), (2)"
    )
    assert bench.found() == set()
    bench.plant("UPDATE a SET c1598 = 0 WHERE id = 2")
    assert bench.found() == {("a", "different", ("c1598",), 1)}


def test_a_parent_is_compared_without_its_inheriting_children(bench):
    """Rows of an INHERITS child are the child's, and found there only."""
    bench.both(
        "CREATE TABLE a (id int PRIMARY KEY, x text)",
        "CREATE TABLE b (PRIMARY KEY (id)) INHERITS (a)",
        "INSERT INTO a VALUES (1, 'a')",
        "INSERT INTO b VALUES (1, 'b')",
    )
    assert bench.found() == set()
    bench.plant("UPDATE ONLY b SET x = 'c'")
    assert bench.found() == {("b", "different", ("x",), 1)}

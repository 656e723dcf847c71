"""Planted corruption: verify must find all of it, name it, and find nothing else."""

import pytest

from changeover.model.side import Side

TYPES = (
    "CREATE TYPE mood AS ENUM ('sad', 'happy', 'it''s \"ok\"')",
    "CREATE TYPE spot AS (x int, label text)",
    "CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100)",
)

# Type, the value on both sides, what the target holds instead.
CORPUS = [
    ("int", "1", "2"),
    ("int", "0", "NULL"),
    ("smallint", "-32768", "32767"),
    ("bigint", "9007199254740993", "9007199254740992"),
    ("boolean", "true", "false"),
    ("numeric", "1.0", "1.00"),
    ("numeric", "1e100 + 1", "1e100"),
    ("numeric", "'NaN'", "0"),
    ("numeric", "'Infinity'", "'-Infinity'"),
    ("float8", "0.1", "0.1::float8 + 1.4e-17::float8"),
    ("float8", "0", "'-0'::float8"),
    ("float8", "'NaN'", "'Infinity'"),
    ("real", "0.1", "0.10000001"),
    ("date", "'infinity'", "'-infinity'"),
    ("date", "'0044-03-15 BC'", "'0044-03-15'"),
    ("timestamptz", "'2024-03-31 01:00:00+00'", "'2024-03-31 01:00:00+03'"),
    ("timestamptz", "'2024-03-31 01:00:00.000001+00'", "'2024-03-31 01:00:00+00'"),
    ("timestamptz", "'infinity'", "NULL"),
    ("timestamp", "'2024-02-29 23:59:59'", "'2024-03-01 00:00:00'"),
    ("time", "'24:00'", "'00:00'"),
    ("interval", "'1 month'", "'30 days'"),
    ("interval", "'1 day'", "'24 hours'"),
    ("bytea", r"'\x00ff00'", r"'\x00fe00'"),
    ("bytea", r"'\x'", "NULL"),
    ("text", "''", "NULL"),
    ("text", "'NULL'", "NULL"),
    ("text", "'a'", "U&'\\0430'"),
    ("text", "'a '", "'a'"),
    ("text", "U&'\\0065\\0301'", "U&'\\00e9'"),
    ("text", "repeat('x', 100000)", "repeat('x', 99999) || 'y'"),
    ("text[]", "ARRAY['a,b']", "ARRAY['a', 'b']"),
    ("text[]", "ARRAY['a\"b', 'NULL']", "ARRAY['a\"b', NULL]"),
    ("text[]", "'{}'", "ARRAY['']"),
    ("int[]", "ARRAY[1, NULL]", "ARRAY[1]"),
    ("int[]", "'[0:1]={1,2}'", "'{1,2}'"),
    ("json", """'{"a": 1, "b": 2}'""", """'{"b": 2, "a": 1}'"""),
    ("json", """'{"a": 1}'""", """'{"a":1}'"""),
    ("json", """'{"a": 1, "a": 2}'""", """'{"a": 2}'"""),
    ("jsonb", """'{"a": 1.0}'""", """'{"a": 1.00}'"""),
    ("jsonb", "'null'", "NULL"),
    ("jsonb", """'"1"'""", "'1'"),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000010'"),
    ("inet", "'10.0.0.1'", "'10.0.0.1/31'"),
    ("mood", "'sad'", "'happy'"),
    ("percent", "99.99", "99.98"),
    ("spot", "'(1,)'", "'(1,\"\")'"),
    ("spot", "'(1,\"a,b\")'", "'(1,a)'"),
    ("int4range", "'[1,5)'", "'[1,5]'"),
    ("tstzrange", "'empty'", "NULL"),
    ("tsvector", "to_tsvector('simple', 'a b')", "to_tsvector('simple', 'b a')"),
    ("varbit", "B'0101'", "B'01010'"),
    ("char(5)", "'ab'", "'abc'"),
]


def create_corpus(bench):
    """Make a table with a column per case, and three rows of the same values."""
    columns = ", ".join(f"c{number} {kind}" for number, (kind, _, _) in enumerate(CORPUS))
    values = ", ".join(value for _, value, _ in CORPUS)
    bench.both(
        *TYPES,
        f"CREATE TABLE corpus (id int PRIMARY KEY, {columns})",
        f"INSERT INTO corpus SELECT g, {values} FROM generate_series(1, 3) AS g",
    )


def test_an_untouched_pair_has_no_difference(bench):
    """Equal values of every type are equal on 16 and 18."""
    create_corpus(bench)
    report = bench.verify()
    assert report.is_green
    assert report.tables[0].rows_primary == report.tables[0].rows_secondary == 3
    assert report.tables[0].ranges == 1


def test_every_planted_value_is_found_by_table_column_and_key(bench):
    """Each corrupted value is found alone, with its table, column and the hash of its key."""
    create_corpus(bench)
    for number, (_, value, corrupted) in enumerate(CORPUS):
        bench.plant(f"UPDATE corpus SET c{number} = {corrupted} WHERE id = 2")
        report = bench.verify()
        (found,) = report.tables[0].divergences
        assert (report.tables[0].table.name, found.kind) == ("corpus", "different")
        assert found.columns == (f"c{number}",), CORPUS[number]
        assert found.key_hash == bench.key_hash("corpus", ["id"], "id = 2")
        assert not report.is_equal
        bench.plant(f"UPDATE corpus SET c{number} = {value} WHERE id = 2")
    assert bench.verify().is_equal


ROWS = "INSERT INTO a SELECT g, 'value ' || g FROM generate_series(1, 5000) AS g"
KEYED = ("CREATE TABLE a (id bigint PRIMARY KEY, x text)", ROWS, "ANALYZE a")


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("DELETE FROM a WHERE id = 1", {("a", "missing", (), 1)}),
        ("DELETE FROM a WHERE id = 5000", {("a", "missing", (), 1)}),
        ("DELETE FROM a WHERE id = 101", {("a", "missing", (), 1)}),
        ("UPDATE a SET x = 'X' WHERE id = 1", {("a", "different", ("x",), 1)}),
        ("UPDATE a SET x = 'X' WHERE id = 5000", {("a", "different", ("x",), 1)}),
        ("INSERT INTO a VALUES (0, 'below')", {("a", "extra", (), 1)}),
        ("INSERT INTO a VALUES (5001, 'beyond')", {("a", "extra", (), 1)}),
        ("INSERT INTO a VALUES (9223372036854775807, NULL)", {("a", "extra", (), 1)}),
        (
            "UPDATE a SET id = 777777 WHERE id = 777",
            {("a", "missing", (), 1), ("a", "extra", (), 1)},
        ),
    ],
)
def test_one_row_is_found_wherever_it_stands(bench, planted, expected):
    """One row is found at the first key, the last, a range's border, below and beyond all."""
    bench.both(*KEYED)
    bench.plant(planted)
    report = bench.verify()
    assert report.tables[0].ranges == 50
    assert bench.found() == expected


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("DELETE FROM a", {"missing": 5000, "extra": 0, "different": 0}),
        ("DELETE FROM a WHERE id > 2500", {"missing": 2500, "extra": 0, "different": 0}),
        ("DELETE FROM a WHERE id % 7 = 0", {"missing": 714, "extra": 0, "different": 0}),
        ("UPDATE a SET x = x || ' '", {"missing": 0, "extra": 0, "different": 5000}),
        (
            "INSERT INTO a SELECT 5000 + g FROM generate_series(1, 9000) g",
            {"missing": 0, "extra": 9000, "different": 0},
        ),
    ],
)
def test_many_rows_are_counted_one_by_one(bench, planted, expected):
    """Every row of a large difference is listed, also many beyond the primary's last key."""
    bench.both(*KEYED)
    bench.plant(planted)
    (table,) = bench.verify().tables
    assert {kind: table.rows(kind) for kind in expected} == expected
    assert len({found.key_hash for found in table.divergences}) == sum(expected.values())
    assert table.is_complete


def test_rows_are_fetched_a_few_buckets_at_a_time(bench, monkeypatch):
    """Where more rows differ than are fetched at once, all of them are found all the same."""
    monkeypatch.setattr("changeover.transfer.verify.search.ROWS_FETCHED_MAX", 50)
    bench.both(*KEYED)
    bench.plant("UPDATE a SET x = NULL WHERE id % 3 = 0")
    (table,) = bench.with_settings(range_rows=2000).verify().tables
    assert (table.rows("different"), len(table.divergences)) == (1666, 1666)


def test_an_empty_source_does_not_hide_a_full_target(bench):
    """Rows are found on the target although the source has no key to cut ranges by."""
    bench.both("CREATE TABLE a (id bigint PRIMARY KEY, x text)", "ANALYZE a")
    bench.plant(ROWS)
    (table,) = bench.verify().tables
    assert (table.rows("extra"), table.rows_primary, table.rows_secondary) == (5000, 0, 5000)


def test_more_suspects_than_can_be_listed_are_not_equal(bench, monkeypatch):
    """Where the list is cut, the report says so and is not equal."""
    monkeypatch.setattr("changeover.transfer.verify.search.SUSPECTS_MAX", 10)
    bench.both(*KEYED)
    bench.plant("DELETE FROM a")
    report = bench.with_settings(range_rows=100_000).verify()
    assert (len(report.tables[0].divergences), report.tables[0].is_complete) == (10, False)
    assert not report.is_equal


def test_pairs_that_cancel_under_xor_are_found(bench):
    """Two equal rows on one side against two other equal rows on the other are four differences."""
    bench.both("CREATE TABLE a (x text, y text)")
    bench.on(Side.SOURCE, "INSERT INTO a VALUES ('p', '1'), ('p', '1')")
    bench.plant("INSERT INTO a VALUES ('q', '2'), ('q', '2')")
    assert bench.with_settings(whole=("public.a",)).found() == {
        ("a", "missing", (), 2),
        ("a", "extra", (), 2),
    }


def test_values_swapped_between_rows_are_found(bench):
    """Two rows that exchange their values differ, although all values are there."""
    bench.both(
        "CREATE TABLE a (id int PRIMARY KEY, x text)", "INSERT INTO a VALUES (1,'p'),(2,'q')"
    )
    bench.plant("UPDATE a SET x = CASE x WHEN 'p' THEN 'q' ELSE 'p' END")
    (table,) = bench.verify().tables
    assert (table.rows("different"), {d.columns for d in table.divergences}) == (2, {("x",)})


def test_values_that_touch_are_told_apart(bench):
    """('a', 'bc') differs from ('ab', 'c'), in both columns."""
    bench.both("CREATE TABLE a (id int PRIMARY KEY, x text, y text)")
    bench.on(Side.SOURCE, "INSERT INTO a VALUES (1, 'a', 'bc')")
    bench.plant("INSERT INTO a VALUES (1, 'ab', 'c')")
    assert bench.found() == {("a", "different", ("x", "y"), 1)}


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("INSERT INTO a VALUES ('x', NULL)", {("a", "extra", (), 1)}),
        ("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)", {("a", "missing", (), 1)}),
        ("DELETE FROM a", {("a", "missing", (), 3), ("a", "missing", (), 1)}),
        ("UPDATE a SET x = '' WHERE x IS NULL", {("a", "missing", (), 1), ("a", "extra", (), 1)}),
    ],
)
def test_a_table_without_key_is_compared_as_a_multiset(bench, planted, expected):
    """Without a key duplicates count, NULL is not empty, and counts say how many are too many."""
    bench.both(
        "CREATE TABLE a (x text, y int)",
        "INSERT INTO a VALUES ('x', NULL), ('x', NULL), ('x', NULL), (NULL, 1)",
    )
    bench = bench.with_settings(whole=("public.a",))
    assert bench.found() == set()
    bench.plant(planted)
    assert bench.found() == expected


def test_a_large_table_without_key_is_searched_in_parts(bench):
    """One changed row among thousands without key is found by its hash."""
    bench.both(
        "CREATE TABLE a (x text, y int)",
        "INSERT INTO a SELECT 'v' || (g % 700), g % 10 FROM generate_series(1, 20000) g",
    )
    bench.plant("UPDATE a SET y = -1 WHERE ctid = (SELECT max(ctid) FROM a)")
    assert bench.with_settings(whole=("public.a",)).found() == {
        ("a", "missing", (), 1),
        ("a", "extra", (), 1),
    }

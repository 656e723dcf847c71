"""How a table is cut, without a server."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from changeover.model.name import TableName
from changeover.transfer.range import KeyColumn, TableCopy, bounds, cut, merge_staging, read_rows


def table(**more):
    """Return a table with a key of two columns; keywords change it."""
    given_values = {
        "table_id": 1,
        "name": TableName("public", 'o"dd'),
        "columns": ("id", "b"),
        "key": (KeyColumn(name="id", has_order=True), KeyColumn(name="b", has_order=False)),
        "is_source_partitioned": False,
        "is_target_partitioned": False,
        "is_binary": True,
        "unique": (("id", "b"),),
        "deferrable": (),
        "unproven": (),
        "has_exclusion": False,
    }
    return TableCopy(**{**given_values, **more})


@given(st.lists(st.lists(st.text(), min_size=1, max_size=3), max_size=20))
def test_ranges_are_contiguous_and_open_ended(inner):
    """Each range begins where the one before ends, and nothing is outside the first and last."""
    ranges = cut(inner)
    assert len(ranges) == len(inner) + 1
    assert ranges[0][0] is None
    assert ranges[-1][1] is None
    assert all(before[1] == after[0] for before, after in itertools.pairwise(ranges))


def test_a_range_is_read_with_explicit_columns_and_quoted_bounds():
    """The statement names columns, leaves children out and quotes what a key holds."""
    assert read_rows(table(), ["1", "it's"], None).as_string() == (
        'COPY (SELECT "id", "b" FROM ONLY "public"."o""dd" WHERE'
        " ROW(\"id\", (\"b\"::pg_catalog.text COLLATE \"C\")) >= ROW('1', 'it''s'))"
        " TO STDOUT (FORMAT binary)"
    )


def test_a_whole_table_is_read_without_a_condition():
    """Without bounds there is no WHERE; a partitioned table is read with its partitions."""
    one = table(key=(), is_source_partitioned=True, is_binary=False)
    assert read_rows(one, None, None).as_string() == (
        'COPY (SELECT "id", "b" FROM "public"."o""dd") TO STDOUT (FORMAT text)'
    )


def test_small_tables_are_cut_exactly_and_large_ones_by_a_sample():
    """The size alone decides whether a sample is taken."""
    small = bounds(table(), size_bytes=10, range_rows=100, sampled_bytes_min=11).as_string()
    large = bounds(table(), size_bytes=11, range_rows=50_000, sampled_bytes_min=11).as_string()
    assert "TABLESAMPLE" not in small
    assert "TABLESAMPLE SYSTEM (1.0)" in large
    assert "LEAST(500, " in large


def test_deferrable_keys_are_looked_up():
    """Beside a deferrable key ON CONFLICT can't stand."""
    plain = merge_staging(table()).as_string()
    looked_up = merge_staging(table(deferrable=("late",))).as_string()
    assert plain.endswith("ON CONFLICT DO NOTHING")
    assert "ON CONFLICT" not in looked_up
    assert 't."id" = s."id" AND t."b" = s."b"' in looked_up

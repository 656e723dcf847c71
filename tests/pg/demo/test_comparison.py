"""The demonstration's own comparison, which must not share verify's blindness."""

from salon.demo.comparison import compare

TABLES = (
    'CREATE TABLE public.note (id bigint PRIMARY KEY, "Text" text, at timestamptz, n numeric)',
    (
        "INSERT INTO public.note SELECT g, 'ё' || g, '2026-01-01 00:00+00', g / 3.0"
        " FROM generate_series(1, 9) AS g"
    ),
    "CREATE TABLE public.empty (id bigint PRIMARY KEY)",
)


def differences(pair):
    """Return the differences by table."""
    with pair.source.connect() as source, pair.target.connect() as target:
        return {one.table: one.differences for one in compare(source, target)}


def fill(pair):
    """Make the same tables on both sides, by sessions in different time zones."""
    for database, zone in ((pair.source, "UTC"), (pair.target, "Europe/Moscow")):
        with database.connect() as connection:
            connection.execute("SELECT set_config('timezone', %s, false)", (zone,))
            for statement in TABLES:
                connection.execute(statement)


def test_equal_sides_have_no_difference(pair):
    """Equal tables, an empty one among them, differ in nothing."""
    fill(pair)
    assert differences(pair) == {"note": 0, "empty": 0}


def test_changed_missing_and_extra_rows_are_counted(pair):
    """A changed row counts once, and so do a missing and an extra one."""
    fill(pair)
    with pair.target.connect() as target:
        target.execute("UPDATE note SET n = n + 0.0000001 WHERE id = 1")
        assert differences(pair) == {"note": 1, "empty": 0}
        target.execute("DELETE FROM note WHERE id = 2")
        assert differences(pair) == {"note": 2, "empty": 0}
        target.execute("INSERT INTO empty VALUES (1)")
        assert differences(pair) == {"note": 2, "empty": 1}


def test_a_table_that_the_target_lacks_differs_in_every_row(pair):
    """A missing table is no equal table."""
    fill(pair)
    with pair.target.connect() as target:
        target.execute("DROP TABLE note, empty")
    assert differences(pair) == {"note": 9, "empty": 1}

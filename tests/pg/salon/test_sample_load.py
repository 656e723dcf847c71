import psycopg
import pytest
from psycopg import sql

from salon import sample, schema

CONTENT = "SELECT count(*), sum(hashtextextended(ROW({})::text, 0)::numeric) FROM public.{}"
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname
"""
REFUSED = (
    "UPDATE bookings SET status = 'booked'",
    "UPDATE bookings SET duration = -1",
    "UPDATE bookings SET visit_attendance = 3",
    "UPDATE bookings SET datetime = '2019-12-31'",
    "UPDATE appointments_cache SET status = 'booked'",
    "UPDATE appointments_cache SET attendance = -2",
    "UPDATE reminders SET status = 'read'",
    "UPDATE sync_status SET sync_status = 'done'",
    "UPDATE messages SET direction = 'sideways'",
    "UPDATE messages SET status = 'pending'",
)
CONSTRAINTS = """
SELECT conname, convalidated FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c') AND conparentid = 0
"""


def content(connection, table):
    """Return the number of rows of a table and an order-free digest of all its cells."""
    columns = [name for (name,) in connection.execute(COLUMNS, (f"public.{table}",))]
    statement = sql.SQL(CONTENT).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
    )
    return connection.execute(statement).fetchone()


def test_source_holds_the_sample(source):
    """The source takes every row, and load returns what is there."""
    counts = sample.load(source)
    assert dict(counts) == dict(sample.SIZES)
    assert {table: content(source, table)[0] for table in counts} == dict(counts)


def test_target_takes_every_row_of_the_source(filled_source, filled_target):
    """Both sides hold the same rows, cell by cell, the target after its months of history."""
    for side in (filled_source, filled_target):
        side.execute("SET TimeZone = 'UTC'")
    for table in sample.SIZES:
        ours = content(filled_source, table)
        assert ours[0] == sample.SIZES[table]
        assert ours == content(filled_target, table), table


def test_target_refuses_history_without_its_months(target):
    """Without the partitions of history the load fails, and leaves nothing behind."""
    with pytest.raises(psycopg.errors.CheckViolation):
        sample.load(target)
    assert content(target, "companies") == (0, None)


def test_history_partitions_are_complete(filled_target):
    """Each month of history has the nine indexes, and asking again changes nothing."""
    names = schema.create_history_partitions(filled_target, sample.MESSAGES_FROM)
    assert names == ("messages_2025_09", "messages_2025_10")
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass"
    for name in names:
        assert filled_target.execute(indexes, (name,)).fetchone() == (9,)


@pytest.mark.parametrize("side", ["filled_source", "filled_target"])
def test_sequences_are_past_the_rows(side, request):
    """The next id of every table is the one after the sample's last."""
    connection = request.getfixturevalue(side)
    for table, size in sample.SIZES.items():
        if table not in sample.TABLES_WITHOUT_SEQUENCE:
            following = "SELECT nextval(pg_get_serial_sequence(%s, 'id'))"
            assert connection.execute(following, (f"public.{table}",)).fetchone() == (size + 1,)


def test_every_index_holds_the_largest_row(filled_target):
    """Each index is built anew over the sample, whose largest key is larger than an index row."""
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    for (table,) in filled_target.execute(tables + " AND relkind = 'r'").fetchall():
        filled_target.execute(sql.SQL("REINDEX TABLE {}").format(sql.Identifier(table)))


def test_largest_key_is_too_large_for_an_index(filled_target):
    """The sample holds a key that no index row could hold, so the indexes were tried with it."""
    largest = "SELECT max(pg_column_size(value)) FROM whatsapp_keys"
    assert filled_target.execute(largest).fetchone()[0] > 2704
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        filled_target.execute(
            "CREATE INDEX wrong ON whatsapp_keys (company_id, key_type, key_id) INCLUDE (value)"
        )


def test_other_scale_and_seed(source):
    """A smaller scale with another seed loads too."""
    counts = sample.load(source, scale=0.1, seed=42)
    assert (counts["clients"], counts["messages"], counts["bookings"]) == (130, 200, 38)


def test_sample_fits_what_follows_finish(filled_target):
    """All foreign keys and CHECKs can be added to the sample, and are valid afterwards."""
    schema.finish_target(filled_target)
    found = dict(filled_target.execute(CONSTRAINTS).fetchall())
    assert len(found) == 18
    assert all(found.values())
    month = "SELECT create_messages_partition('2026-05-01')"
    assert filled_target.execute(month).fetchone() == ("messages_2026_05",)


def test_checks_refuse(filled_target):
    """Each CHECK refuses a value that is not in its list, and lets the bare schema have it."""
    for statement in REFUSED:
        with filled_target.transaction(force_rollback=True):
            assert filled_target.execute(statement).rowcount > 0, statement
    schema.finish_target(filled_target)
    for statement in REFUSED:
        with pytest.raises(psycopg.errors.CheckViolation):
            filled_target.execute(statement)


def test_foreign_keys_act_after_finish(filled_target):
    """A parent can be made anew within a transaction; a company's end takes its rows along."""
    schema.finish_target(filled_target)
    with filled_target.transaction():
        filled_target.execute("SET CONSTRAINTS ALL DEFERRED")
        filled_target.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE staff")
        filled_target.execute("DELETE FROM staff")
        filled_target.execute("INSERT INTO staff SELECT * FROM kept")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        filled_target.execute("DELETE FROM staff")
    filled_target.execute("DELETE FROM bookings")
    filled_target.execute("DELETE FROM companies")
    for table in ("clients", "services", "staff", "appointments_cache", "sync_status"):
        assert content(filled_target, table)[0] == 0

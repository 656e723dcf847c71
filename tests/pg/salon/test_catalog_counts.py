from itertools import combinations

import pytest

WHATSAPP = ["whatsapp_auth", "whatsapp_keys"]
TABLES = """
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
INDEXES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text,
  i.indisunique, pg_get_indexdef(i.indexrelid)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace
"""
FUNCTIONS = """
SELECT p.proname, p.proconfig FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace
"""
TRIGGERS = """
SELECT c.relname, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
"""
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
  pg_get_expr(d.adbin, d.adrelid)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
COLUMN_COUNTS = {
    "companies": 34,
    "clients": 39,
    "services": 21,
    "staff": 24,
    "staff_schedules": 10,
    "bookings": 24,
    "appointments_cache": 23,
    "dialog_contexts": 14,
    "reminders": 13,
    "sync_status": 8,
    "messages": 15,
    "whatsapp_auth": 4,
    "whatsapp_keys": 7,
}
INDEX_COUNTS = {
    "companies": 4,
    "clients": 8,
    "services": 5,
    "staff": 6,
    "staff_schedules": 5,
    "bookings": 10,
    "appointments_cache": 6,
    "dialog_contexts": 5,
    "reminders": 5,
    "sync_status": 4,
    "messages": 9,
    "messages_2025_11": 9,
    "messages_2025_12": 9,
    "messages_2026_01": 9,
    "messages_2026_02": 9,
    "messages_2026_03": 9,
    "messages_2026_04": 9,
    "whatsapp_auth": 2,
    "whatsapp_keys": 6,
}
KEYS = """
SELECT c.conrelid::regclass::text, pg_get_constraintdef(c.oid)
FROM pg_constraint AS c
WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u') AND c.conparentid = 0
"""


def index_counts(connection):
    """Return the number of indexes of each table."""
    counts = {}
    for table, *_ in connection.execute(INDEXES):
        counts[table] = counts.get(table, 0) + 1
    return counts


def test_target_tables(target):
    """The target has 19 tables, six months of messages among them."""
    assert {name for (name,) in target.execute(TABLES)} == set(INDEX_COUNTS)
    assert len(INDEX_COUNTS) == 19


def test_target_indexes(target):
    """The target has 129 indexes, as many on each table as the page says."""
    assert index_counts(target) == INDEX_COUNTS
    assert sum(INDEX_COUNTS.values()) == 129


def test_target_functions(target):
    """The target has 8 functions with a fixed search path, and 4 of the WhatsApp tables."""
    found = dict(target.execute(FUNCTIONS).fetchall())
    whatsapp = {name for name in found if "whatsapp" in name}
    assert len(whatsapp) == 4
    assert len(found) - len(whatsapp) == 8
    for name in found.keys() - whatsapp:
        assert "search_path=pg_catalog, public" in found[name], name


def test_target_triggers(target):
    """The target has 9 triggers, named by their tables, and 2 of the WhatsApp tables."""
    found = target.execute(TRIGGERS).fetchall()
    assert all(name == f"trigger_update_{table}_updated_at" for table, name in found)
    tables = {table for table, _ in found}
    assert len(found) == 11
    assert tables == COLUMN_COUNTS.keys() - {"sync_status", "messages"}


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_two_indexes_are_equal(side, request):
    """No index of a table repeats another, be it of a constraint or of a lesser name."""
    by_table = {}
    for table, name, _, definition in request.getfixturevalue(side).execute(INDEXES):
        by_table.setdefault(table, []).append((name, definition.partition(" USING ")[2]))
    assert by_table
    for indexes in by_table.values():
        for (first, one), (second, other) in combinations(indexes, 2):
            assert one != other, (first, second)


def test_no_index_carries_a_column(target):
    """No index has INCLUDE: a session's key is larger than an index row may be."""
    carrying = "SELECT indexrelid::regclass FROM pg_index WHERE indnatts <> indnkeyatts"
    assert target.execute(carrying).fetchall() == []


DOUBLES = (
    ("clients_again", "UNIQUE INDEX", "clients (yclients_id, company_id)"),
    ("companies_again", "INDEX", "companies (company_id)"),
    ("schedules_again", "INDEX", "staff_schedules (staff_id, date)"),
    ("auth_again", "INDEX", "whatsapp_auth (company_id)"),
    ("keys_again", "INDEX", "whatsapp_keys (expires_at) WHERE expires_at IS NOT NULL"),
)


@pytest.mark.parametrize(("name", "kind", "place"), DOUBLES)
def test_the_doubles_of_the_first_deployment_are_seen(target, request, name, kind, place):
    """Each index that once stood beside an equal one makes the pairwise comparison fail."""
    target.execute(f"CREATE {kind} {name} ON {place}")
    with pytest.raises(AssertionError, match=name):
        test_no_two_indexes_are_equal("target", request)


def test_source_counts(source):
    """The source has 13 tables, keys only, and what the WhatsApp tables bring."""
    assert {name for (name,) in source.execute(TABLES)} == set(COLUMN_COUNTS)
    assert all(unique for _, _, unique, _ in source.execute(INDEXES))
    assert len(source.execute(FUNCTIONS).fetchall()) == 4
    assert {table for table, _ in source.execute(TRIGGERS)} == set(WHATSAPP)
    others = "SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
    assert source.execute(others + "AND contype NOT IN ('p', 'u', 'n')").fetchone() == (0,)


def test_columns_are_the_same_on_both_sides(source, target):
    """Name, type, NULL, identity and default of every column are equal on both sides."""
    ours, theirs = set(source.execute(COLUMNS)), set(target.execute(COLUMNS))
    assert ours == theirs
    counts = {table: sum(row[0] == table for row in ours) for table in COLUMN_COUNTS}
    assert counts == COLUMN_COUNTS


def test_keys_differ_on_messages_only(source, target):
    """Keys are equal on both sides, but for the primary key of the partitioned table."""
    ours, theirs = set(source.execute(KEYS)), set(target.execute(KEYS))
    assert ours - theirs == {("messages", "PRIMARY KEY (id)")}
    assert theirs - ours == {("messages", "PRIMARY KEY (id, created_at)")}


@pytest.mark.parametrize("side", ["source", "target"])
def test_every_sequence_is_owned(side, request):
    """Each id but the uuids has a sequence that belongs to its column."""
    owned = {
        table
        for table in COLUMN_COUNTS.keys() - set(WHATSAPP)
        if request.getfixturevalue(side)
        .execute("SELECT pg_get_serial_sequence(%s, 'id')", (f"public.{table}",))
        .fetchone()
        != (None,)
    }
    assert owned == COLUMN_COUNTS.keys() - {*WHATSAPP, "bookings", "dialog_contexts"}


def test_row_level_security(source, target):
    """Both WhatsApp tables have it; the source's policies let everybody in, the target's don't."""
    secured = (
        "SELECT relname FROM pg_class"
        " WHERE relrowsecurity AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    policies = (
        "SELECT tablename, roles::text[], qual FROM pg_policies"
        " WHERE schemaname = 'public' ORDER BY 1"
    )
    for side in (source, target):
        assert [name for (name,) in side.execute(secured)] == WHATSAPP
    assert source.execute(policies).fetchall() == [(name, ["public"], "true") for name in WHATSAPP]
    role = "SELECT count(*) FROM pg_roles WHERE rolname = 'service_role'"
    known = target.execute(role).fetchone()[0]
    found = target.execute(policies).fetchall()
    assert found == [(name, ["service_role"], "true") for name in WHATSAPP] * known

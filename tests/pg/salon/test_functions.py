from datetime import date, timedelta
from itertools import pairwise

import psycopg
import pytest

from salon import sample

UTC_WALL_TIME = "now() AT TIME ZONE 'UTC'"
UPDATED = {
    "companies": ("updated_at", "now()"),
    "clients": ("updated_at", UTC_WALL_TIME),
    "services": ("updated_at", UTC_WALL_TIME),
    "staff": ("updated_at", UTC_WALL_TIME),
    "staff_schedules": ("last_updated", UTC_WALL_TIME),
    "bookings": ("updated_at", UTC_WALL_TIME),
    "appointments_cache": ("updated_at", UTC_WALL_TIME),
    "dialog_contexts": ("updated_at", "now()"),
    "reminders": ("updated_at", UTC_WALL_TIME),
}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kamchatka", "America/Los_Angeles"])
def test_update_updated_at_column(filled_target, zone):
    """Every trigger writes now, as UTC wall time where there is no zone, in any session zone."""
    filled_target.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
    for table, (column, expected) in UPDATED.items():
        with filled_target.transaction():
            updated = filled_target.execute(f"UPDATE {table} SET id = id").rowcount
            right = f"SELECT count(*) FROM {table} WHERE {column} = {expected}"
            assert filled_target.execute(right).fetchone() == (updated,), table
            assert updated == sample.SIZES[table]


def test_update_keeps_every_other_column(filled_target):
    """The variant with an argument changes no other column of the row."""
    rest = "SELECT id, to_jsonb(s) - 'last_updated' FROM staff_schedules AS s ORDER BY id"
    before = filled_target.execute(rest).fetchall()
    filled_target.execute("UPDATE staff_schedules SET staff_id = staff_id")
    assert filled_target.execute(rest).fetchall() == before


def test_update_of_an_unknown_column_is_refused(target):
    """A trigger whose argument names no column fails, instead of doing nothing."""
    target.execute(
        "CREATE TRIGGER wrong BEFORE UPDATE ON sync_status"
        " FOR EACH ROW EXECUTE FUNCTION update_updated_at_column('updated_at')"
    )
    target.execute("INSERT INTO sync_status (table_name, company_id) VALUES ('clients', 1)")
    with pytest.raises(psycopg.errors.UndefinedColumn, match="updated_at"):
        target.execute("UPDATE sync_status SET company_id = 2")


def test_rows_of_the_mirror_stay_as_they_are(pair, filled_target):
    """What the mirror's role writes keeps its updated_at."""
    with psycopg.connect(pair.target.superuser_dsn) as connection:
        exists = "SELECT count(*) FROM pg_roles WHERE rolname = 'changeover_mirror'"
        if connection.execute(exists).fetchone() == (0,):
            connection.execute("CREATE ROLE changeover_mirror")
        connection.execute("GRANT SELECT, UPDATE ON public.services TO changeover_mirror")
        read = "SELECT id, updated_at FROM public.services ORDER BY id"
        before = connection.execute(read).fetchall()
        connection.execute("SET SESSION AUTHORIZATION changeover_mirror")
        updated = connection.execute("UPDATE public.services SET weight = 1")
        assert updated.rowcount == len(before) == 63
        assert connection.execute(read).fetchall() == before
        connection.rollback()


def test_cleanup_expired_dialog_contexts(target):
    """Dialogues older than the age go; younger ones and those without activity stay."""
    target.execute(
        "INSERT INTO dialog_contexts (user_id, last_activity) VALUES"
        " ('old', now() - interval '31 days'), ('young', now() - interval '29 days'),"
        " ('never', NULL)"
    )
    assert target.execute("SELECT * FROM cleanup_expired_dialog_contexts()").fetchall() == [(1,)]
    left = "SELECT user_id FROM dialog_contexts ORDER BY 1"
    assert target.execute(left).fetchall() == [("never",), ("young",)]
    assert target.execute(
        "SELECT deleted_count FROM cleanup_expired_dialog_contexts('1 hour')"
    ).fetchone() == (1,)


def test_cleanup_expired_appointments_cache(target):
    """A visit is as old as the wall clock of its own salon says."""
    target.execute(
        "INSERT INTO companies (company_id, title, timezone) VALUES"
        " (1, 'east', 'Asia/Kamchatka'), (2, 'west', 'Pacific/Honolulu')"
    )
    target.execute(
        "INSERT INTO appointments_cache (yclients_record_id, company_id, appointment_datetime)"
        " SELECT n, n, (now() AT TIME ZONE 'UTC') - interval '1 hour'"
        " FROM generate_series(1, 2) AS n"
    )
    assert target.execute(
        "SELECT * FROM cleanup_expired_appointments_cache('2 hours')"
    ).fetchall() == [(1,)]
    assert target.execute("SELECT company_id FROM appointments_cache").fetchall() == [(2,)]
    assert target.execute("SELECT * FROM cleanup_expired_appointments_cache()").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "function", ["cleanup_expired_dialog_contexts", "cleanup_expired_appointments_cache"]
)
@pytest.mark.parametrize("age", ["-1 day", None])
def test_cleanup_refuses_an_age_below_zero(target, function, age):
    """A negative age would delete what is yet to come."""
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        target.execute(f"SELECT {function}(%s::interval)", (age,))


def test_get_database_stats(filled_target):
    """Each table but the WhatsApp ones has a row, with its estimate and size."""
    # What this session has counted and not reported yet would be added to what ANALYZE finds.
    filled_target.execute("SELECT pg_stat_force_next_flush()")
    filled_target.execute("ANALYZE")
    found = {
        table: (rows, size)
        for table, rows, size in filled_target.execute("SELECT * FROM get_database_stats()")
    }
    expected = {t: n for t, n in sample.SIZES.items() if not t.startswith("whatsapp")}
    assert {table: rows for table, (rows, _) in found.items()} == expected
    assert all(size.endswith(("kB", "MB", "bytes")) for _, size in found.values())


@pytest.mark.parametrize("zone", ["Asia/Kamchatka", "UTC", "America/Los_Angeles"])
def test_create_messages_partition(target, zone):
    """A month has its bounds in UTC whatever the session's zone is, and the nine indexes."""
    target.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
    create = (
        "SELECT create_messages_partition('2025-10-17'), create_messages_partition('2026-05-31')"
    )
    assert target.execute(create).fetchone() == ("messages_2025_10", "messages_2026_05")
    assert target.execute(create).fetchone() == ("messages_2025_10", "messages_2026_05")
    target.execute("SET TimeZone = 'UTC'")
    bounds = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = %s"
    assert target.execute(bounds, ("messages_2025_10",)).fetchone() == (
        "FOR VALUES FROM ('2025-10-01 00:00:00+00') TO ('2025-11-01 00:00:00+00')",
    )
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'messages_2026_05'::regclass"
    assert target.execute(indexes).fetchone() == (9,)
    attached = (
        "SELECT count(*) FROM pg_index JOIN pg_inherits ON inhrelid = indexrelid"
        " WHERE indrelid = 'messages_2026_05'::regclass"
    )
    assert target.execute(attached).fetchone() == (9,)


def test_create_messages_partition_beside_a_writer(pair, target):
    """A month is made while another session's write to messages is not yet committed."""
    with psycopg.connect(pair.target.dsn) as writer:
        writer.execute(
            "INSERT INTO messages (company_id, phone, direction, created_at)"
            " VALUES (1, '70000000001', 'inbound', '2026-01-01+00')"
        )
        target.execute("SET lock_timeout = '1s'")
        created = target.execute("SELECT create_messages_partition('2026-05-01')").fetchone()
        assert created == ("messages_2026_05",)


def test_create_messages_partition_refuses_a_stranger(target):
    """A table of that name that is no partition is not taken for one; NULL is no month."""
    target.execute("CREATE TABLE messages_2026_05 (id bigint)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        target.execute("SELECT create_messages_partition('2026-05-01')")
    with pytest.raises(psycopg.errors.NullValueNotAllowed):
        target.execute("SELECT create_messages_partition(NULL)")


def test_maintain_messages_partitions(target):
    """What is missing ahead is made once, old months are reported, none is dropped."""
    target.execute("SELECT create_messages_partition('2020-01-01')")
    now = target.execute("SELECT (now() AT TIME ZONE 'UTC')::date").fetchone()[0]
    wanted = []
    month = now.replace(day=1)
    for _ in range(4):
        wanted.append(f"messages_{month:%Y_%m}")
        month = (month + timedelta(days=31)).replace(day=1)
    listing = "SELECT partition_name FROM get_messages_stats()"
    before = {name for (name,) in target.execute(listing)}
    maintain = "SELECT action, partition_name FROM maintain_messages_partitions(3)"
    first = target.execute(maintain).fetchall()
    assert [name for action, name in first if action == "created"] == [
        name for name in wanted if name not in before
    ]
    assert ("old", "messages_2020_01") in first
    assert {name for (name,) in target.execute(listing)} == before | set(wanted)
    second = target.execute(maintain).fetchall()
    assert second == [row for row in first if row[0] == "old"]
    assert target.execute("SELECT count(*) FROM maintain_messages_partitions()").fetchone()[0] > 0
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        target.execute("SELECT maintain_messages_partitions(-1)")


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "ISO, MDY"])
def test_get_messages_stats(filled_target, style):
    """Every partition has a row with its true bounds and count, in any date style and zone."""
    filled_target.execute("SET TimeZone = 'Europe/Moscow'")
    filled_target.execute("SELECT set_config('DateStyle', %s, false)", (style,))
    found = filled_target.execute(
        "SELECT partition_name, to_char(partition_start, 'YYYY-MM-DD'),"
        " to_char(partition_end, 'YYYY-MM-DD'), row_count, table_size FROM get_messages_stats()"
    ).fetchall()
    assert len(found) == 8
    assert sum(row[3] for row in found) == 2000
    assert found[0][:3] == ("messages_2025_09", "2025-09-01", "2025-10-01")
    assert all(row[3] > 0 and row[4] for row in found)


def test_get_recent_messages(filled_target):
    """The newest come first, up to the limit; p_since and the company narrow it."""
    phone, company = filled_target.execute(
        "SELECT phone, company_id FROM messages GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1"
    ).fetchone()
    everything = filled_target.execute(
        "SELECT id, direction, message, created_at, processed FROM messages WHERE phone = %s"
        " ORDER BY created_at DESC, id DESC",
        (phone,),
    ).fetchall()
    recent = "SELECT * FROM get_recent_messages(%s, %s)"
    assert filled_target.execute(recent, (phone, company)).fetchall() == everything[:50]
    assert filled_target.execute(recent, (phone, company + 1)).fetchall() == []
    narrowed = filled_target.execute(
        "SELECT * FROM get_recent_messages(%s, %s, 1, %s)", (phone, company, everything[-1][3])
    ).fetchall()
    assert narrowed == everything[:1]


def test_get_recent_messages_skips_partitions(filled_target):
    """With p_since no partition from before is scanned; without it all are."""
    scans = (
        "SELECT relname, seq_scan + idx_scan FROM pg_stat_xact_user_tables"
        " WHERE relname ~ '^messages_' ORDER BY 1"
    )
    recent = "SELECT count(*) FROM get_recent_messages('7000', 1, 50, %s)"
    scanned = {}
    for since in ("2026-03-15+00", "-infinity"):
        with filled_target.transaction():
            before = filled_target.execute(scans).fetchall()
            filled_target.execute(recent, (since,))
            after = filled_target.execute(scans).fetchall()
        scanned[since] = [table for table, count in after if (table, count) not in before]
    assert scanned["2026-03-15+00"] == ["messages_2026_03", "messages_2026_04"]
    assert len(scanned["-infinity"]) == 8


@pytest.mark.parametrize("side", ["filled_source", "filled_target"])
def test_whatsapp_functions(side, request):
    """The four functions of the WhatsApp tables work on both sides."""
    connection = request.getfixturevalue(side)
    expired, total = connection.execute(
        "SELECT count(*) FILTER (WHERE expires_at < now()), count(*) FROM whatsapp_keys"
    ).fetchone()
    stats = connection.execute(
        "SELECT total_companies, total_keys, expired_keys, active_keys, db_size_bytes"
        " FROM get_whatsapp_auth_stats()"
    ).fetchone()
    assert stats[:4] == (1, 728, expired, total - expired)
    assert stats[4] > 100_000
    for table in ("whatsapp_auth", "whatsapp_keys"):
        with connection.transaction():
            connection.execute(f"UPDATE {table} SET company_id = company_id")
            wrong = f"SELECT count(*) FROM {table} WHERE updated_at IS DISTINCT FROM now()"
            assert connection.execute(wrong).fetchone() == (0,)
    cleanup = "SELECT deleted_count FROM cleanup_expired_whatsapp_keys()"
    assert connection.execute(cleanup).fetchone() == (expired,)
    assert connection.execute(cleanup).fetchone() == (0,)
    assert expired > 0


def test_history_reaches_the_first_month(filled_target):
    """History joins the declared months without gap or overlap."""
    found = filled_target.execute(
        "SELECT partition_start, partition_end FROM get_messages_stats()"
    ).fetchall()
    assert found[0][0] == date(2025, 9, 1)
    assert all(one[1] == other[0] for one, other in pairwise(found))

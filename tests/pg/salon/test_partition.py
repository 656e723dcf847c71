"""Months of messages: made ahead and back, in UTC under any session zone; the check that fails."""

import datetime as dt
from itertools import pairwise

import psycopg
import pytest
from psycopg import sql

from salon import partition, sample
from salon.partition import CoverageError

ZONES = ("UTC", "Europe/Moscow", "America/New_York")
NOW = dt.datetime(2026, 2, 10, tzinfo=dt.UTC)


@pytest.fixture(params=ZONES)
def zoned(request, target):
    """The target, its session in a zone east of, at and west of UTC."""
    target.execute("SELECT set_config('TimeZone', %s, false)", (request.param,))
    return target


def drop(connection, *names):
    """Take months away."""
    for name in names:
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))


def spans(connection):
    """Return the bounds of all months, as moments."""
    return partition._spans(connection)


def test_months_ahead_are_made_once(zoned):
    """The job makes what is missing, without gap or overlap, and the second run makes nothing."""
    made = partition.make_months_ahead(zoned)
    now = zoned.execute("SELECT now()").fetchone()[0]
    assert partition.read_coverage(zoned, now).months_left == partition.MONTHS_AHEAD
    assert partition.require_coverage(zoned, now).is_enough
    assert partition.make_months_ahead(zoned).created == ()
    for start, end in spans(zoned):
        assert (start.astimezone(dt.UTC).day, start.astimezone(dt.UTC).time()) == (1, dt.time())
        assert dt.timedelta(days=28) <= end - start <= dt.timedelta(days=31)
    if made.created:
        first = zoned.execute(
            "SELECT to_char(now() AT TIME ZONE 'UTC', '\"messages_\"YYYY_MM')"
        ).fetchone()[0]
        assert made.created[0] >= first


def test_months_join(zoned):
    """History and months ahead lie side by side: each begins where the one before ends."""
    zoned.execute("SELECT create_messages_partition('2026-05-01')")
    zoned.execute("SELECT create_messages_partition('2025-10-31')")
    found = spans(zoned)
    assert len(found) == 8
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_a_message_of_the_first_second_goes_to_its_month(zoned):
    """A message of midnight UTC is of the new month, one of the microsecond before of the old."""
    midnight = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    for moment in (midnight, midnight - dt.timedelta(microseconds=1)):
        zoned.execute(
            "INSERT INTO messages (company_id, phone, direction, created_at)"
            " VALUES (1, '7', 'inbound', %s)",
            [moment],
        )
    found = zoned.execute("SELECT tableoid::regclass::text FROM messages ORDER BY created_at")
    assert found.fetchall() == [("messages_2026_02",), ("messages_2026_03",)]


def test_history_is_made_before_the_copy(filled_source, zoned):
    """Without history messages have no partition; with it all have, and the copy can begin."""
    with pytest.raises(CoverageError, match=r"2025-09 \(\d+\), 2025-10 \(\d+\)"):
        partition.require_coverage(zoned, NOW, filled_source)
    missing = partition.read_coverage(zoned, NOW, filled_source).uncovered
    older = "SELECT count(*) FROM messages WHERE created_at < '2025-11-01+00'"
    assert sum(missing.values()) == filled_source.execute(older).fetchone()[0] > 0
    names = partition.make_history(filled_source, zoned)
    assert names == ("messages_2025_09", "messages_2025_10")
    assert partition.require_coverage(zoned, NOW, filled_source).uncovered == {}
    zoned.execute("SET TimeZone = 'UTC'")
    assert sample.load(zoned)["messages"] == 2000


@pytest.mark.parametrize("zone", ZONES)
def test_the_source_is_read_in_utc(source, target, zone):
    """A message of the last hour of October, UTC, is October's in any zone of the source."""
    source.execute("SELECT set_config('TimeZone', %s, false)", (zone,))
    source.execute(
        "INSERT INTO messages (company_id, phone, direction, created_at)"
        " VALUES (1, '7', 'inbound', '2025-10-31 23:30+00'), (1, '7', 'inbound', '2025-11-01+00')"
    )
    assert partition.read_coverage(target, NOW, source).uncovered == {dt.date(2025, 10, 1): 1}
    assert partition.make_history(source, target) == ("messages_2025_10",)


def test_no_message_needs_no_history(source, target):
    """An empty source makes nothing."""
    assert partition.make_history(source, target) == ()
    assert partition.require_coverage(target, NOW, source).months_left == 2


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-02-28T23:59:59+00:00", 2),
        ("2026-03-01T00:00:00+00:00", 1),
        ("2026-03-01T02:59:00+03:00", 2),
        ("2026-02-28T19:00:00-05:00", 1),
        ("2026-04-30T00:00:00+00:00", 0),
        ("2026-05-01T00:00:00+00:00", -1),
    ],
)
def test_full_months_are_counted_in_utc(target, now, left):
    """The current month is UTC's; below two full months beyond it the check fails."""
    moment = dt.datetime.fromisoformat(now)
    found = partition.read_coverage(target, moment)
    assert (found.months_left, found.is_enough) == (left, left >= 2)
    if left < 2:
        with pytest.raises(CoverageError, match=f"{max(left, 0)} full months"):
            partition.require_coverage(target, moment)


def test_a_gap_ends_the_count(target):
    """A month that is missing in between makes the later ones worth nothing."""
    drop(target, "messages_2026_03")
    assert partition.read_coverage(target, NOW).months_left == 0


def test_a_shifted_month_does_not_count(target):
    """Bounds that followed a session's zone, as in the first deployment, leave a gap."""
    drop(target, "messages_2026_04")
    target.execute(
        "CREATE TABLE messages_2026_04 PARTITION OF messages"
        " FOR VALUES FROM ('2026-04-01 00:00-04') TO ('2026-05-01 00:00-04')"
    )
    assert partition.read_coverage(target, NOW).months_left == 1


@pytest.mark.parametrize("style", ["German", "SQL, DMY"])
def test_any_date_style(zoned, style):
    """The bounds are read right whatever the session prints dates in, and it is left as it was."""
    zoned.execute("SELECT set_config('DateStyle', %s, false)", (style,))
    before = zoned.execute("SELECT current_setting('DateStyle'), current_setting('TimeZone')")
    kept = before.fetchone()
    assert partition.read_coverage(zoned, NOW).months_left == 2
    after = zoned.execute("SELECT current_setting('DateStyle'), current_setting('TimeZone')")
    assert after.fetchone() == kept


def test_old_months_are_named_and_stay(target):
    """The job reports what ended half a year ago, and drops nothing."""
    target.execute("SELECT create_messages_partition('2020-01-01')")
    assert "messages_2020_01" in partition.make_months_ahead(target, 0).old
    assert target.execute("SELECT to_regclass('messages_2020_01')").fetchone() != (None,)


def test_a_now_without_zone_is_refused(target):
    """A wall time has no month in UTC."""
    with pytest.raises(ValueError, match="no time zone"):
        partition.read_coverage(target, NOW.replace(tzinfo=None))


def test_months_ahead_have_limits(target):
    """A number of months below zero is refused by the database."""
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        partition.make_months_ahead(target, -1)

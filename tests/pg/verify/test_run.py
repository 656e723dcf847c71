"""A verification as a whole: what it notes, what stops it, what it must not say."""

import threading

import pytest

from changeover.database.errors import translated
from changeover.model.errors import (
    CannotConnectError,
    HashesDisagreeError,
    HiddenRowsError,
    NotAllowedError,
    TableNotFoundError,
)
from changeover.model.fault import Fault
from changeover.model.name import TableName
from changeover.model.observation import RangeVerified
from changeover.model.side import Side
from changeover.transfer.verify import watch
from changeover.transfer.verify.hashing import CANDIDATES, EXTENDED, MD5, Hashing, agree
from changeover.transfer.verify.search import HALF_DIGESTED, sample_percent
from changeover.transfer.verify.session import open_sessions

TABLES = (
    "CREATE TABLE a (id int PRIMARY KEY, x text)",
    "CREATE TABLE b (id int PRIMARY KEY, secret text)",
    "INSERT INTO a SELECT g, 'a' FROM generate_series(1, 1000) g",
    "INSERT INTO b SELECT g, 'hidden-value' FROM generate_series(1, 1000) g",
    "ANALYZE a, b",
)
SQL_TEXT = type(EXTENDED.first)


def test_a_right_taken_away_midway_is_an_error(bench):
    """A verification whose right to read ends midway fails; it does not end as equal."""
    bench.both(*TABLES)
    taken = threading.Event()

    def take_away(point):
        if point == HALF_DIGESTED and not taken.is_set():
            taken.set()
            owner = bench.target.owner
            bench.plant(f"REVOKE ALL ON b FROM {owner}")

    hooked = bench.with_settings(workers=1).with_hooks(reached=take_away)
    with pytest.raises(NotAllowedError, match=r"target: permission denied for table b"):
        hooked.verify()


def test_a_session_that_ends_midway_is_an_error(bench):
    """A verification whose session is ended fails as such."""
    bench.both(*TABLES)

    def end_sessions(point):
        if point == HALF_DIGESTED:
            with bench.target.connect_as_superuser() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'changeover verify'"
                    " AND datname = current_database()"
                )

    with pytest.raises(CannotConnectError):
        bench.with_hooks(reached=end_sessions).verify()


def test_rows_that_a_policy_hides_are_an_error(bench):
    """Forced row level security is an error, not a table with fewer rows."""
    bench.both(*TABLES)
    bench.plant(
        "ALTER TABLE b ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE b FORCE ROW LEVEL SECURITY",
        "CREATE POLICY few ON b USING (id < 10)",
    )
    with pytest.raises(HiddenRowsError):
        bench.verify()


def test_a_table_that_does_not_move_is_refused(bench):
    """A table by a wrong name is an error, not an empty report."""
    bench.both(*TABLES)
    with pytest.raises(TableNotFoundError, match=r"public\.c"):
        bench.verify(tables=[TableName("public", "c")])


def test_nothing_compared_is_not_equal(bench):
    """A verification of no table at all is not green."""
    report = bench.verify()
    assert (report.tables, report.is_equal, report.is_green) == ((), False, False)


def test_only_named_tables_are_compared(bench):
    """A difference in another table is not looked for."""
    bench.both(*TABLES)
    bench.plant("DELETE FROM b")
    report = bench.verify(tables=[TableName("public", "a")])
    assert [table.table.name for table in report.tables] == ["a"]
    assert report.is_green


def test_the_report_holds_no_key_and_no_value(bench):
    """JSON and repr of a report show table, column and key hash only."""
    bench.both("CREATE TABLE a (k text PRIMARY KEY, secret text)")
    bench.on(Side.SOURCE, "INSERT INTO a VALUES ('private-key-1', 'hidden-value')")
    bench.plant("INSERT INTO a VALUES ('private-key-1', 'other-value')")
    report = bench.verify()
    text = report.to_json() + repr(report)
    assert report.tables[0].divergences[0].key_hash in text
    assert '"secret"' in text
    assert "private" not in text
    assert "value-" not in text
    assert "hidden-value" not in text


def test_the_fault_switch_blinds_the_verification(bench):
    """With the documented fault armed a difference is not seen; it is the kit's own test."""
    bench.both(*TABLES)
    bench.plant("DELETE FROM a WHERE id = 1")
    assert not bench.verify().is_equal
    blind = bench.with_hooks(faults=frozenset({Fault.VERIFY_SEES_NOTHING}))
    assert blind.verify().is_equal


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_finds_the_same(bench, workers):
    """Ranges are compared by one or several workers alike, and each is observed once."""
    bench.both(*TABLES)
    bench.plant("UPDATE a SET x = '' WHERE id % 100 = 0", "DELETE FROM b WHERE id > 990")
    seen = []
    bench = bench.with_settings(workers=workers)
    object.__setattr__(bench.move, "observer", seen.append)
    report = bench.verify()
    counts = {t.table.name: (t.rows("different"), t.rows("missing")) for t in report.tables}
    assert counts == {"a": (10, 0), "b": (0, 10)}
    assert all(isinstance(observation, RangeVerified) for observation in seen)
    assert len(seen) == sum(table.ranges for table in report.tables) == 20
    assert sum(observation.rows for observation in seen) == 2000


def test_it_verifies_again_until_it_is_stopped(bench):
    """Watching yields a report per verification and ends when told."""
    bench.both(*TABLES)
    stop = threading.Event()
    outcomes = []
    for report in watch(bench.move, interval_s=0.0, stop=stop):
        outcomes.append(report.is_equal)
        bench.plant("DELETE FROM a WHERE id = 5")
        if len(outcomes) == 2:
            stop.set()
    assert outcomes == [True, False]


def version_dependent(name):
    """Return a hashing that no two versions of PostgreSQL agree on."""
    expression = SQL_TEXT(
        "pg_catalog.hashtextextended({} || current_setting('server_version_num'), 0)"
    )
    return Hashing(name=name, first=expression, second=expression, third=expression)


def test_both_servers_agree_on_our_hashes(bench):
    """16 and 18 compute the same hashes for literal rows of many types, by either hashing."""
    sessions = open_sessions(bench.move, Side.SOURCE)
    try:
        assert agree(sessions.primary, sessions.secondary) is EXTENDED
        assert agree(sessions.primary, sessions.secondary, [MD5]) is MD5
    finally:
        sessions.close()


def test_a_hashing_that_disagrees_is_replaced_or_refused(bench):
    """A hashing on which the servers disagree gives way to the next; without one nothing runs."""
    bad = version_dependent("bad")
    sessions = open_sessions(bench.move, Side.SOURCE)
    try:
        assert agree(sessions.primary, sessions.secondary, [bad, MD5]) is MD5
        with pytest.raises(HashesDisagreeError, match=r"bad and by worse"):
            agree(sessions.primary, sessions.secondary, [bad, version_dependent("worse")])
    finally:
        sessions.close()


def test_md5_finds_what_the_fast_hashing_finds(bench, monkeypatch):
    """The fallback finds a difference by key and column too."""
    monkeypatch.setattr("changeover.transfer.verify.hashing.agree.__defaults__", ((MD5,),))
    bench.both(*TABLES)
    assert bench.verify().hashing == "md5"
    bench.plant("UPDATE b SET secret = NULL WHERE id = 600")
    assert bench.found() == {("b", "different", ("secret",), 1)}
    assert CANDIDATES == (EXTENDED, MD5)


def test_orphans_are_counted_per_foreign_key(bench):
    """Rows that refer to nothing are counted for each foreign key, whatever its names."""
    bench.both(
        'CREATE TABLE "Eltern, (1)" (x int, "y ""2""" text, PRIMARY KEY (x, "y ""2"""))',
        'CREATE TABLE child (id int PRIMARY KEY, x int, "y" text, up int,'
        ' CONSTRAINT one FOREIGN KEY (x, y) REFERENCES "Eltern, (1)",'
        ' CONSTRAINT full_one FOREIGN KEY (x, y) REFERENCES "Eltern, (1)" MATCH FULL,'
        " CONSTRAINT self FOREIGN KEY (up) REFERENCES child)",
    )
    for side in Side:
        database = bench.source if side is Side.SOURCE else bench.target
        with database.connect_as_superuser() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "INSERT INTO public.child VALUES (1, 1, 'a', NULL), (2, NULL, 'b', 1), (3, 1, NULL,"
                " 99), (4, NULL, NULL, NULL)"
            )
    report = bench.verify()
    assert report.is_equal
    assert {(o.table.name, o.name, o.rows, o.is_resting) for o in report.orphans} == {
        ("child", "one", 1, False),
        ("child", "full_one", 3, False),
        ("child", "self", 1, False),
    }


def test_a_sequence_behind_either_side_is_noted(bench):
    """A sequence of the secondary that would give a used value again is noted, demanded or not."""
    bench.both(
        "CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial)",
        "INSERT INTO a DEFAULT VALUES",
        "CREATE TABLE b (id int GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1) PRIMARY KEY)",
        "INSERT INTO b DEFAULT VALUES",
    )
    report = bench.verify(demands_sequences=True)
    assert report.is_green
    assert {note.sequence.name: note.is_past for note in report.sequences} == {
        "a_id_seq": True,
        "a_n_seq": True,
        "b_id_seq": True,
    }
    bench.both("INSERT INTO a (id, n) OVERRIDING SYSTEM VALUE VALUES (7, 1)")
    bench.both("INSERT INTO b VALUES (-5)")
    assert bench.verify().is_green
    report = bench.verify(demands_sequences=True)
    assert {note.sequence.name: note.is_past for note in report.sequences} == {
        "a_id_seq": False,
        "a_n_seq": True,
        "b_id_seq": False,
    }
    assert (report.is_equal, report.is_green) == (True, False)


def test_a_truncated_table_is_waited_for(bench):
    """A TRUNCATE that commits after the lock is waited for is seen as it left the table."""
    bench.both(*TABLES)
    held = threading.Event()

    def truncate(point):
        if point == HALF_DIGESTED and not held.is_set():
            held.set()
            with translated(Side.TARGET, "truncating"), bench.target.connect() as connection:
                connection.execute("SET lock_timeout = '100ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    connection.execute("TRUNCATE public.a, public.b")

    assert bench.with_hooks(reached=truncate).verify().is_equal
    assert held.is_set()


def test_a_large_table_is_cut_by_a_sample(bench):
    """Bounds from a sample of the blocks lose no row and find what differs, first and last too."""
    bench.both(
        "CREATE TABLE a (id int PRIMARY KEY, v text)",
        "INSERT INTO a SELECT g, repeat('v', 60) FROM generate_series(1, 60000) AS g",
        "ANALYZE a",
    )
    sampled = bench.with_settings(range_rows=2000)
    assert sample_percent(60_000, 2000) < 100
    (table,) = sampled.verify().tables
    assert (table.rows_primary, table.rows_secondary, table.is_equal) == (60_000, 60_000, True)
    assert table.ranges > 1
    bench.plant("UPDATE a SET v = '' WHERE id IN (1, 31000, 60000)")
    assert sampled.found() == {("a", "different", ("v",), 1)}
    (table,) = sampled.verify().tables
    assert table.rows("different") == 3

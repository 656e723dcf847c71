"""The snapshot of the catalog while a store is at work."""

import threading

import psycopg
import pytest

from changeover.catalog.snapshot import Snapshot
from changeover.stores.postgres import PostgresStore
from changeover.stores.snapshot_holder import SnapshotHolder


def test_a_new_table_is_found_at_once(store, message, run):
    """A lookup that misses reads the catalog again before it answers."""
    assert store.send(message("/film")).status == 200
    run("CREATE TABLE fresh (id int, film int REFERENCES film)")
    run("GRANT ALL ON fresh TO anon")
    assert store.send(message("/fresh")).status == 200
    run("CREATE FUNCTION hello() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
    assert store.send(message("/rpc/hello")).body == b"1"
    run("ALTER TABLE fresh ADD more text")
    assert store.send(message("/fresh", method="POST", body={"more": "x"})).status == 201
    run("ALTER TABLE fresh ADD part int REFERENCES part")
    assert store.send(message("/fresh", "select=part(id)")).status == 200


def test_what_is_not_there_stays_refused(store, message, read):
    """Read again, and still not there: the refusal stands, and nothing was made anew."""
    assert store.send(message("/film")).status == 200
    desk = store.desk
    assert read(store.send(message("/nowhere")))["code"] == "PGRST205"
    assert store.desk is desk


@pytest.mark.parametrize("payload", ["", "reload schema"])
def test_a_notification_reloads(payload, store, message, run, wait_until):
    """NOTIFY pgrst, with or without words, reads the catalog again."""
    assert store.send(message("/film")).status == 200
    old = store.desk
    run("CREATE TABLE fresh (id int)")
    run("SELECT pg_notify('pgrst', %s)", [payload])
    wait_until(lambda: store.desk is not old)


def test_a_lost_listener_reads_again(store, message, database, run, wait_until):
    """After its connection was lost messages may be missing: the catalog is read again."""
    assert store.send(message("/film")).status == 200
    old = store.desk
    run("CREATE TABLE fresh (id int)")
    with database.connect_as_superuser() as connection:
        count = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name = 'changeover catalog'",
            [database.name],
        ).fetchone()
    assert count == (1,)
    wait_until(lambda: store.desk is not old)


def test_behind_a_pooler_nothing_is_kept_open(make_store, message, run):
    """No LISTEN, no connection of the reader between two readings; a miss reads all the same."""
    store = make_store(pool={"is_pooled": True})
    assert store.send(message("/film")).status == 200
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'changeover catalog'"
        " AND datname = current_database()"
    )
    assert run(query) == [(0,)]
    run("CREATE TABLE fresh (id int)")
    run("GRANT ALL ON fresh TO anon")
    assert store.send(message("/fresh")).status == 200


def test_a_reload_of_the_configuration_is_told(database, settings_of, message, run):
    """`reload config` calls what the store was given; so does an empty message."""
    told = threading.Semaphore(0)
    store = PostgresStore(settings_of(database), reload_configuration=told.release)
    try:
        assert store.send(message("/film")).status == 200
        for payload in ("reload config", ""):
            run("SELECT pg_notify('pgrst', %s)", [payload])
            assert told.acquire(timeout=20)
    finally:
        store.close()


class Reader:
    """Reads snapshots when it is let, or fails."""

    def __init__(self):
        """Count nothing yet."""
        self.count = 0
        self.is_failing = False
        self.may_read = threading.Event()
        self.may_read.set()
        self.is_reading = threading.Event()

    def __call__(self, _connection):
        """Return a snapshot that differs from the last."""
        self.is_reading.set()
        assert self.may_read.wait(20)
        self.count += 1
        if self.is_failing:
            raise psycopg.OperationalError("planned")
        return Snapshot(version=self.count, schemas=(), relations={}, relationships={}, routines={})


@pytest.fixture
def reader():
    """A reader of snapshots under the test's control."""
    return Reader()


@pytest.fixture
def holder(reader, database):
    """A holder whose snapshots are numbers."""
    held = SnapshotHolder(
        connect=database.connect,
        read=reader,
        make=lambda snapshot, generation: (snapshot.version, generation),
        channel="pgrst",
    )
    yield held
    reader.may_read.set()
    held.close()


def test_what_comes_in_a_burst_is_joined(holder, reader):
    """Whoever asks while one is being read waits for the next, all for the same one."""
    assert holder.refresh().result(20) == (1, 1)
    reader.is_reading.clear()
    reader.may_read.clear()
    first = holder.refresh()
    assert reader.is_reading.wait(20)
    later = [holder.refresh() for _ in range(50)]
    reader.may_read.set()
    assert first.result(20) == (2, 2)
    assert {future.result(20) for future in later} == {(3, 3)}
    assert reader.count == 3


def test_who_leaves_takes_nobody_along(holder, reader):
    """A caller that was cancelled while it waited gets nothing; the others, and the next, do."""
    reader.may_read.clear()
    gone, stays = holder.refresh(), holder.refresh()
    assert reader.is_reading.wait(20)
    assert gone.cancel()
    reader.may_read.set()
    assert stays.result(20) == (1, 1)
    assert holder.refresh().result(20) == (2, 2)


def test_a_failed_reading_keeps_the_old(holder, reader, wait_until):
    """The old snapshot serves; whoever waits gets it, and reading is tried again."""
    assert holder.refresh().result(20) == (1, 1)
    reader.is_failing = True
    assert holder.refresh().result(20) == (1, 1)
    wait_until(lambda: holder.is_failing)
    reader.is_failing = False
    wait_until(lambda: holder.current != (1, 1))
    assert not holder.is_failing


def test_without_a_first_snapshot_nobody_waits(holder, reader, wait_until):
    """While the first can't be read, who asks is told so at once."""
    reader.is_failing = True
    assert holder.refresh().result(20) is None
    wait_until(lambda: holder.is_failing)
    assert holder.refresh().done()


def test_a_closed_holder_answers_at_once(holder):
    """After close nothing is read any more."""
    holder.close()
    assert holder.refresh().result(0) is None

"""A copy that is ended in any way goes on where it was, and commits no row twice."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import pytest

from changeover.control.move import STATE_VERSION, installed_pairs
from changeover.model.errors import (
    CopyFailedError,
    NotInstalledError,
    StaleEpochError,
    TargetNotEmptyError,
    WrongStageError,
    WrongStateVersionError,
)
from changeover.model.observation import CopyProgressed
from changeover.model.side import Side
from changeover.transfer.checkpoint import plan_copy
from changeover.transfer.copy import copy
from changeover.transfer.copy_worker import copy_range

ITEMS = "CREATE TABLE items (id integer PRIMARY KEY, v text)"
FILL = "INSERT INTO items SELECT g, repeat('v', 40) || g FROM generate_series(1, 3000) g"
QUERY = "SELECT * FROM items"
DONE = "SELECT count(*) FROM changeover.checkpoint WHERE state = 'done'"
WAIT_S_MAX = 20.0


def wait_until(condition):
    """Wait until a condition holds, but not for ever."""
    end = time.monotonic() + WAIT_S_MAX
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        threading.Event().wait(0.02)


def is_waiting(database, text):
    """Return whether a session that runs a statement like this waits for a lock."""
    with database.connect_as_superuser() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND query LIKE %s AND datname = current_database()",
            (text,),
        ).fetchone()
    return row[0] > 0


def test_a_killed_worker_is_replaced(pair, prepared, digest):
    """A worker process killed in the middle costs one range at most, and no row comes twice."""
    killed = []

    def kill_once(seen):
        if isinstance(seen, CopyProgressed) and seen.ranges_done == 5 and not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid)
            os.kill(victim.pid, signal.SIGKILL)

    move = prepared(pair, ITEMS, fill=[FILL], observer=kill_once)
    report = copy(move)
    assert killed
    assert report.rows == 3000
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)
    (table,) = report.tables
    assert (table.ranges, table.ranges_copied) == (30, 30)
    assert table.ranges_redone <= move.settings.copy.workers


COPIER = """
import pickle, sys
from changeover.transfer.copy import copy
from changeover.control.move import Move

def main():
    owners, settings = pickle.load(sys.stdin.buffer)
    def say(seen):
        print(type(seen).__name__, flush=True)
    copy(Move(owners=owners, settings=settings, observer=say))

if __name__ == "__main__":
    main()
"""


def test_a_killed_coordinator_is_resumed(  # noqa: PLR0917
    pair, prepared, copied, digest, one, tmp_path
):
    """After kill -9 of the whole command its workers end, and another run copies what is left."""
    import pickle  # noqa: PLC0415

    move = prepared(pair, ITEMS, fill=[FILL], range_rows=50)
    script = tmp_path / "copier.py"
    script.write_text(COPIER)
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        pickle.dump((move.owners, move.settings), process.stdin)
        process.stdin.close()
        progressed = 0
        while progressed < 8:
            progressed += process.stdout.readline() == b"CopyProgressed\n"
        process.kill()
    sessions = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'changeover copy'"
        " AND datname = current_database()"
    )
    for database in (pair.source, pair.target):
        wait_until(lambda database=database: one(database, sessions) == 0)
    done = one(pair.target, DONE)
    assert 8 <= done < 60
    assert one(pair.target, "SELECT count(*) FROM items") == one(
        pair.target, "SELECT sum(rows_copied) FROM changeover.checkpoint"
    )
    (table,) = copied(move).tables
    assert table.ranges_copied == 60 - done
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_a_pool_that_is_given_is_not_replaced(pair, prepared, copied, digest):
    """When the caller's processes die the copy ends by name, and can be resumed."""
    move = prepared(pair, ITEMS, fill=[FILL])
    spawn = multiprocessing.get_context("spawn")
    killed = []

    def kill_once(seen):
        if isinstance(seen, CopyProgressed) and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    with (
        ProcessPoolExecutor(2, mp_context=spawn) as processes,
        pytest.raises(CopyFailedError, match="a worker process of the copy died"),
    ):
        copy(replace(move, observer=kill_once), executor=processes)
    copied(move)
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_two_copies_at_once_commit_no_row_twice(pair, prepared, digest):
    """Whoever comes second at a range finds it done."""
    move = prepared(pair, ITEMS, fill=[FILL])
    plan_copy(move, installed_pairs(move))
    reports = []

    def work():
        with ThreadPoolExecutor(2) as threads:
            reports.append(copy(move, executor=threads))

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert [report.rows for report in reports] == [3000, 3000]
    assert sum(report.tables[0].ranges_copied for report in reports) == 30
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_a_range_is_copied_once(pair, prepared, works, one):
    """The same work handed out twice writes once."""
    work = works(prepared(pair, ITEMS, fill=[FILL]))[3]
    first, second = copy_range(work), copy_range(work)
    assert (first.rows, first.is_skipped) == (100, False)
    assert (second.rows, second.is_skipped) == (100, True)
    assert one(pair.target, "SELECT count(*) FROM items") == 100


class _LosesAnswers(Executor):
    """Runs everything, and for one range in three tells of an outcome that it had before."""

    def submit(self, function, /, *arguments):
        """Run it twice, as an executor that repeats tasks would."""
        from concurrent.futures import Future  # noqa: PLC0415

        function(*arguments)
        future = Future()
        future.set_result(function(*arguments))
        return future


def test_an_executor_that_repeats_tasks_does_no_harm(pair, prepared, digest):
    """A scheduler that runs a task again, as clusters do, copies no row twice."""
    move = prepared(pair, ITEMS, fill=[FILL])
    assert copy(move, executor=_LosesAnswers()).rows == 3000
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


@pytest.mark.parametrize("change", ["epoch = epoch + 1", "primary_side = 'target'"])
def test_a_worker_that_stalled_past_a_swap_is_refused(pair, prepared, works, one, change):
    """A swap between the read and the commit of a range takes its rows back."""
    work = works(prepared(pair, ITEMS, fill=[FILL]))[0]
    outcomes = []
    worker = threading.Thread(target=lambda: outcomes.append(copy_range(work)))
    with pair.source.connect() as source, source.transaction():
        source.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        worker.start()
        wait_until(lambda: is_waiting(pair.source, "LOCK TABLE%"))
        with pair.target.connect() as target:
            target.execute(f"UPDATE changeover.control SET {change}")
    worker.join()
    assert isinstance(outcomes[0].error, StaleEpochError)
    assert "belongs to epoch 1" in str(outcomes[0].error)
    assert one(pair.target, "SELECT count(*) FROM items") == 0
    assert one(pair.target, DONE) == 0


def test_a_swap_waits_for_a_range_that_commits(pair, prepared, works):
    """Between the last look at the epoch and the commit, nobody can change it."""
    move = prepared(pair, ITEMS, fill=[FILL])
    work = works(move)[0]
    from changeover.transfer.copy_worker import require_epoch  # noqa: PLC0415

    with pair.target.connect() as worker, pair.target.connect() as swap:
        with worker.transaction():
            require_epoch(worker, work.epoch)
            swap.execute("SET lock_timeout = '100ms'")
            with pytest.raises(Exception, match="lock timeout"):
                swap.execute("UPDATE changeover.control SET epoch = 2")
        swap.execute("UPDATE changeover.control SET epoch = 2")


def test_no_copy_after_a_cutover(pair, prepared, copied):
    """While the target is the primary nothing is copied."""
    move = prepared(pair, ITEMS, fill=[FILL])
    with pair.target.connect() as target:
        target.execute("UPDATE changeover.control SET primary_side = 'target'")
    with pytest.raises(WrongStageError, match="the target is the primary"):
        copied(move)


def test_no_copy_into_an_open_target(pair, prepared, copied, one):
    """With the target's fence open others could write too: nothing is begun."""
    move = prepared(pair, ITEMS, fill=[FILL])
    with pair.target.connect() as target:
        target.execute("SELECT setval('changeover.fence', 1)")
    with pytest.raises(NotInstalledError, match="fence is open"):
        copied(move)
    assert one(pair.target, "SELECT count(*) FROM items") == 0


def test_no_copy_under_another_state(pair, prepared, copied):
    """The state of another version is refused."""
    move = prepared(pair, ITEMS)
    with pair.target.connect() as target:
        target.execute("UPDATE changeover.control SET version = version + 1")
    with pytest.raises(WrongStateVersionError, match=f"version {STATE_VERSION + 1}"):
        copied(move)


def test_no_copy_without_capture(pair, make_move, copied):
    """Without capture the changes of meanwhile would be lost."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute(ITEMS)
    with pytest.raises(NotInstalledError):
        copied(make_move(pair))


def test_a_target_that_holds_rows_is_refused(pair, prepared, copied, one):
    """Rows that we did not put there stop the copy of every table, before anything is changed."""
    move = prepared(
        pair,
        ITEMS,
        "CREATE TABLE other (id integer PRIMARY KEY)",
        fill=[FILL],
    )
    with move.connect_mirror(Side.TARGET, "test") as target:
        target.execute("INSERT INTO public.other VALUES (1), (2)")
    with pytest.raises(TargetNotEmptyError, match=r"public\.other holds 2 row"):
        copied(move)
    assert one(pair.target, "SELECT count(*) FROM items") == 0
    assert one(pair.target, "SELECT count(*) FROM changeover.copy WHERE state <> 'planned'") == 0


def test_a_copied_table_is_left_alone(pair, prepared, copied):
    """A second run has nothing to do and says the same rows."""
    move = prepared(pair, ITEMS, fill=[FILL])
    copied(move)
    again = copied(move)
    assert (again.rows, again.tables[0].ranges_copied) == (3000, 0)


def test_a_table_counts_as_copied_after_its_callback(pair, prepared, copied, one):
    """The mirror gets a table's keys once its indexes are built; a failed build is repeated."""
    move = prepared(pair, ITEMS, fill=[FILL])
    state = "SELECT state FROM changeover.copy"
    seen = []

    def build(copied_pair):
        seen.append((copied_pair.name.name, one(pair.target, state)))
        if len(seen) == 1:
            raise CopyFailedError("no index could be built")

    with pytest.raises(CopyFailedError, match="no index could be built"):
        copied(move, on_table_copied=build)
    assert one(pair.target, state) == "copying"
    copied(move, on_table_copied=build)
    assert seen == [("items", "copying")] * 2
    assert one(pair.target, state) == "copied"


def test_a_lost_connection_is_tried_again(pair, prepared, works, one):
    """A range whose session is ended by the server goes through at the next try."""
    work = works(prepared(pair, ITEMS, fill=[FILL]))[0]
    outcomes = []
    worker = threading.Thread(target=lambda: outcomes.append(copy_range(work)))
    with pair.source.connect() as source, source.transaction():
        source.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        worker.start()
        wait_until(lambda: is_waiting(pair.source, "LOCK TABLE%"))
        with pair.target.connect_as_superuser() as target:
            target.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'changeover copy' AND datname = current_database()"
            )
    worker.join()
    assert outcomes[0].error is None
    assert (outcomes[0].attempts, outcomes[0].rows) == (2, 100)
    assert one(pair.target, "SELECT count(*) FROM items") == 100


def test_a_range_is_given_up_after_its_tries(pair, prepared, works):
    """A server that stays away fails the range by name, and shows no key."""
    move = prepared(pair, ITEMS, fill=[FILL])
    work = works(move)[1]
    with pair.source.connect() as source, source.transaction():
        source.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        timed = threading.Event()

        def cancel():
            while not timed.is_set():
                with pair.source.connect_as_superuser() as connection:
                    connection.execute(
                        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%%'"
                    )
                timed.wait(0.05)

        canceller = threading.Thread(target=cancel)
        canceller.start()
        outcome = copy_range(work)
        timed.set()
        canceller.join()
    assert isinstance(outcome.error, CopyFailedError)
    assert outcome.attempts == 3
    assert str(outcome.error).startswith(
        "public.items, range 2 could not be copied after 3 tries: source: "
    )
    assert outcome.error.__cause__ is None
    assert outcome.error.__context__ is None


def test_a_row_without_partition_is_named_by_its_table(pair, prepared, copied, one):
    """A missing month fails the range with the advice to create it, and no value is shown."""
    move = prepared(
        pair,
        "CREATE TABLE dated (id integer PRIMARY KEY, at date NOT NULL)",
        target_schema=[
            (
                "CREATE TABLE dated (id integer, at date NOT NULL, PRIMARY KEY (id, at))"
                " PARTITION BY RANGE (at)"
            ),
            (
                "CREATE TABLE dated_1 PARTITION OF dated"
                " FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')"
            ),
        ],
        fill=["INSERT INTO dated VALUES (1, '2024-01-05'), (2, '2031-07-09')"],
    )
    with pytest.raises(CopyFailedError, match="no partition for a row") as caught:
        copied(move)
    assert "public.dated, range 1" in str(caught.value)
    assert "create the missing partitions" in caught.value.hint
    assert "2031" not in str(caught.value) + caught.value.hint
    with pair.target.connect() as target:
        target.execute("CREATE TABLE later PARTITION OF dated DEFAULT")
    assert copied(move).rows == 2
    assert one(pair.target, "SELECT count(*) FROM dated") == 2


def test_an_error_of_the_target_shows_no_value(pair, prepared, copied):
    """A row that the target refuses is reported without what is in it."""
    move = prepared(
        pair,
        "CREATE TABLE checked (id integer PRIMARY KEY, v text)",
        target_schema=["CREATE TABLE checked (id integer PRIMARY KEY, v varchar(3))"],
        fill=["INSERT INTO checked VALUES (1, 'confidential')"],
    )
    with pytest.raises(CopyFailedError) as caught:
        copied(move)
    assert "confidential" not in repr(caught.value) + str(caught.value.__cause__)
    assert "22001" in str(caught.value)


def test_workers_hold_no_secret_in_what_they_show(pair, prepared, works):
    """The work that is handed to other processes shows no password."""
    move = prepared(pair, ITEMS)
    (work,) = works(move)
    for endpoint in (work.source, work.target):
        assert endpoint.dsn.reveal() not in repr(work)
        assert "password=" in endpoint.dsn.reveal()
    assert "password" not in repr(work)

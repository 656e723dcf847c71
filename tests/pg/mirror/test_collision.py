"""Two mirrors at once, as when a swap runs rounds of its own beside the daemon's."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from changeover.model.fault import Hooks

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)


def await_lock(database):
    """Wait until somebody in a database waits for a lock."""
    until = time.monotonic() + 10
    with database.connect_as_superuser() as connection:
        while connection.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < until, "nobody waits"


def test_a_round_that_meets_the_end_of_another_goes_on(pair, ready, mirror_of, rows):
    """Between the two commits of a round another begins: it takes what is left, without an error.

    The first holds the log rows that it removes; the second's snapshot still sees them.
    """
    move = ready(pair, "CREATE TABLE public.note (id bigint PRIMARY KEY, text text)")
    with pair.source.connect() as source:
        source.execute("INSERT INTO note SELECT g, 'n' FROM generate_series(1, 3) AS g")
    second = mirror_of(move)
    second.sessions()
    with ThreadPoolExecutor(1) as threads:
        started = []

        def reached(point):
            if point == "round.between_commits" and not started:
                started.append(threads.submit(second.round))
                await_lock(pair.source)

        assert mirror_of(replace(move, hooks=Hooks(reached=reached))).round().keys == 3
        assert started[0].result(20).keys == 0
    assert rows(pair.target, "SELECT id FROM note ORDER BY id") == [(1,), (2,), (3,)]

"""The smallest routing: who is primary, wait, repeat what was refused, report what is unknown."""

import threading
from dataclasses import replace

import psycopg
import pytest

from changeover import Endpoint, OutcomeUnknownError, Secret, Side, Writer, WritesPausedError
from changeover.control.move import installed_pairs
from changeover.control.swap import WRITERS_KEY, Kind
from changeover.journey.swap import Driver
from changeover.model.fault import Hooks

TABLE = "CREATE TABLE public.note (id bigint PRIMARY KEY, text text)"


@pytest.fixture
def writer(pair):
    """A writer of the pair."""
    one = Writer(
        {
            Side.SOURCE: Endpoint(side=Side.SOURCE, dsn=Secret(pair.source.dsn)),
            Side.TARGET: Endpoint(side=Side.TARGET, dsn=Secret(pair.target.dsn)),
        },
        swap_wait_s_max=5,
    )
    yield one
    one.close()


def insert(number):
    """Return work that inserts one note."""
    return lambda connection: (
        connection.execute("INSERT INTO public.note VALUES (%s, 'n')", (number,)).rowcount
    )


def swap(move, kind):
    """Swap without asking gates."""
    with move.connect_owner(Side.TARGET, "test") as target:
        Driver(move, kind, target).run(installed_pairs(move))


def fenced_for(move, seconds):
    """Start a cutover that stays under the fence for so long; return its thread, once it is."""
    is_fenced, may_go_on = threading.Event(), threading.Event()

    def reached(point):
        if point == "swap.fenced":
            is_fenced.set()
            assert may_go_on.wait(10)

    thread = threading.Thread(
        target=swap, args=(replace(move, hooks=Hooks(reached=reached)), Kind.CUTOVER)
    )
    thread.start()
    assert is_fenced.wait(10)
    threading.Timer(seconds, may_go_on.set).start()
    return thread


def test_a_write_follows_the_authority(pair, ready, writer):
    """Writes go to the source, after a cutover to the target, after a rollback to the source."""
    move = ready(pair, TABLE)
    assert writer.write(insert(1)).side is Side.SOURCE
    swap(move, Kind.CUTOVER)
    written = writer.write(insert(2))
    assert (written.side, written.refusals) == (Side.TARGET, 1)
    assert writer.write(insert(3)).refusals == 0
    swap(move, Kind.ROLLBACK)
    assert writer.write(insert(4)).side is Side.SOURCE


def test_a_write_waits_for_the_swap(pair, ready, writer, rows):
    """A write that begins under the fence waits and is written once, on the new primary."""
    move = ready(pair, TABLE)
    writer.write(insert(1))
    thread = fenced_for(move, 0.3)
    written = writer.write(insert(2))
    thread.join(20)
    assert written.side is Side.TARGET
    assert written.waited_s > 0.1
    assert rows(pair.target, "SELECT id FROM note ORDER BY id") == [(1,), (2,)]
    assert rows(pair.source, "SELECT id FROM note ORDER BY id") == [(1,)]


def test_a_waiting_write_is_woken(pair, ready, writer, monkeypatch):
    """It waits for the swap's lock: asking now and then alone would outlast its wait."""
    monkeypatch.setattr("changeover.routing.writer.POLL_S", 6.0)
    move = ready(pair, TABLE)
    writer.write(insert(1))
    thread = fenced_for(move, 0.3)
    assert writer.write(insert(2)).side is Side.TARGET
    thread.join(20)


def test_a_write_is_not_kept_by_a_strangers_lock(pair, ready, writer):
    """Whoever else holds that lock delays a waiting write by a moment, and the swap not at all."""
    move = ready(pair, TABLE)
    writer.write(insert(1))
    with pair.target.connect() as stranger:
        stranger.execute(
            "SELECT pg_advisory_lock(%(room)s::integer, %(number)s::integer)", WRITERS_KEY
        )
        thread = fenced_for(move, 0.3)
        assert writer.write(insert(2)).side is Side.TARGET
        thread.join(20)


def test_a_write_that_outwaits_the_swap_is_not_written(pair, ready, writer, rows):
    """After the wait the caller is told that the write did not happen."""
    move = ready(pair, TABLE)
    with move.connect_owner(Side.SOURCE, "test") as source:
        source.execute("SELECT changeover.set_fence(1, false)")
    with pytest.raises(WritesPausedError, match="not written"):
        writer.write(insert(1))
    assert rows(pair.source, "SELECT count(*) FROM note") == [(0,)]


def test_a_connection_lost_in_commit_is_unknown(pair, ready, writer):
    """When the answer to COMMIT never comes, the outcome is reported as unknown."""
    ready(
        pair,
        TABLE,
        "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON public.note DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION public.die()",
    )
    with pytest.raises(OutcomeUnknownError):
        writer.write(insert(1))


def test_another_refusal_is_no_pause(pair, ready, writer):
    """An error of the application's own is raised as such, and the session stays usable."""
    ready(pair, TABLE)
    writer.write(insert(1))
    with pytest.raises(Exception, match="duplicate key") as caught:
        writer.write(insert(1))
    assert isinstance(caught.value.__cause__, psycopg.errors.UniqueViolation)
    assert writer.write(insert(2)).side is Side.SOURCE

"""Closing the fence under writers: the older ones do not slip, open ones are waited for."""

import threading

import psycopg
import pytest
from psycopg import errors as pg

from changeover.control.move import installed_pairs
from changeover.control.swap import Kind
from changeover.database.errors import is_fence_refusal
from changeover.journey.gate import gates
from changeover.journey.swap import Driver
from changeover.model.errors import FenceNotClosedError, StaleAttemptError, SwapAbortedError
from changeover.model.fault import Hooks
from changeover.model.settings import SwapSettings
from changeover.model.side import Side
from changeover.transfer import fence

ITEMS = (
    "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)",
    (
        "CREATE TABLE public.parts (id bigint, year integer, PRIMARY KEY (id, year))"
        " PARTITION BY RANGE (year)"
    ),
    "CREATE TABLE public.parts_24 PARTITION OF public.parts FOR VALUES FROM (2024) TO (2025)",
)
QUICK = {"swap": SwapSettings(writer_wait_s=0.4, deadline_s=20.0)}


@pytest.fixture
def move(pair, ready):
    """A move with two empty tables whose source is open."""
    return ready(pair, *ITEMS, **QUICK)


def cut_over(move):
    """Cut over without asking the gates."""
    with move.connect_owner(Side.TARGET, "test") as target:
        return Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))


def close_source(move, attempt=1):
    """Close the source's fence as a swap does."""
    with move.connect_owner(Side.SOURCE, "test") as source:
        return fence.close(move, source, Side.SOURCE, attempt)


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_writer_older_than_the_fence_does_not_slip(pair, move, level):
    """A transaction whose snapshot is older than the fence is refused at its first write."""
    with pair.source.connect() as writer:
        writer.execute(f"BEGIN ISOLATION LEVEL {level}")
        assert writer.execute("SELECT count(*) FROM items").fetchone() == (0,)
        close_source(move)
        with pytest.raises(psycopg.Error) as caught:
            writer.execute("INSERT INTO items VALUES (1, 'late')")
        assert is_fence_refusal(caught.value)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO items VALUES (1)", "INSERT INTO parts_24 VALUES (1, 2024)"]
)
def test_a_writer_in_flight_aborts_the_swap_after_the_wait(pair, move, statement):
    """A transaction that wrote and stays open is named; the source accepts writes again."""
    with pair.source.connect() as writer, pair.source.connect() as other:
        writer.execute("BEGIN")
        writer.execute(statement)
        backend = str(writer.info.backend_pid)
        with pytest.raises(SwapAbortedError) as caught:
            cut_over(move)
        assert isinstance(caught.value.__cause__, FenceNotClosedError)
        assert backend in caught.value.message
        other.execute("INSERT INTO items VALUES (2)")
        writer.execute("COMMIT")
    with pair.target.connect() as target, pytest.raises(pg.AssertFailure):
        target.execute("INSERT INTO items VALUES (3)")
    cut_over(move)
    with pair.target.connect() as target:
        assert target.execute("SELECT count(*) FROM items WHERE id = 2").fetchone() == (1,)


def test_a_writer_in_flight_that_commits_in_time_is_carried(pair, ready, rows):
    """What a transaction wrote before the fence and commits under it stands on the target."""
    fenced = threading.Event()
    move = ready(
        pair,
        *ITEMS,
        swap=SwapSettings(writer_wait_s=10.0),
        hooks=Hooks(reached=lambda point: fenced.set() if point == "fence.set" else None),
    )
    with pair.source.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO items VALUES (1, 'in time')")
        swap = threading.Thread(target=cut_over, args=(move,))
        swap.start()
        assert fenced.wait(20)
        with pytest.raises(pg.AssertFailure), writer.transaction():
            writer.execute("INSERT INTO items VALUES (2, 'too late')")
        writer.execute("COMMIT")
        swap.join(30)
    assert rows(pair.target, "SELECT * FROM items") == [(1, "in time")]


def test_a_writer_that_wrote_before_and_writes_after_is_refused(pair, move):
    """The second statement of a transaction in flight meets the fence; the first rolls back."""
    with pair.source.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO items VALUES (1)")
        with pytest.raises(FenceNotClosedError):
            close_source(move)
        with pytest.raises(pg.AssertFailure):
            writer.execute("INSERT INTO items VALUES (2)")
        writer.execute("ROLLBACK")
        assert close_source(move) < 0.4


def test_a_reader_in_flight_is_not_waited_for(pair, move):
    """Transactions that only read do not hold the fence up."""
    with pair.source.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT * FROM items FOR UPDATE")
        assert close_source(move) < 0.4


def test_a_prepared_transaction_is_refused(pair, move):
    """A prepared transaction turns its gate red and stops the fence before it is set."""
    with pair.source.connect() as writer:
        writer.execute("BEGIN; INSERT INTO items VALUES (1); PREPARE TRANSACTION 'waits'")
    red = {
        gate.name for gate in gates(move, Kind.CUTOVER, installed_pairs(move)) if not gate.is_green
    }
    assert "no_prepared_transactions" in red
    with pytest.raises(FenceNotClosedError, match="1 prepared"):
        close_source(move)
    with pair.source.connect() as writer:
        writer.execute("INSERT INTO items VALUES (2)")
        writer.execute("COMMIT PREPARED 'waits'")
    close_source(move)


def test_a_writer_that_is_prepared_while_the_fence_waits_is_refused(pair, ready):
    """A transaction in flight that turns into a prepared one is not over: it may still commit."""
    move = ready(
        pair,
        *ITEMS,
        swap=SwapSettings(writer_wait_s=10.0),
        hooks=Hooks(reached=lambda point: prepare() if point == "fence.waiting" else None),
    )
    with pair.source.connect() as writer:
        writer.execute("BEGIN; INSERT INTO items VALUES (1)")

        def prepare():
            writer.execute("PREPARE TRANSACTION 'late'")

        with pytest.raises(FenceNotClosedError, match="1 prepared"):
            close_source(move)


def test_an_older_attempt_moves_no_fence(pair, move):
    """Each side remembers the newest attempt; an older one neither closes nor opens it."""
    with move.connect_owner(Side.SOURCE, "test") as source:
        fence.set_fence(source, Side.SOURCE, 7, is_open=True)
        for is_open in (True, False):
            with pytest.raises(StaleAttemptError):
                fence.set_fence(source, Side.SOURCE, 6, is_open=is_open)
        assert fence.is_open(source)


def test_nothing_lays_down_a_side_that_is_about_to_open(pair, move):
    """From the promise on no attempt, the same one included, puts the side to rest."""
    with move.connect_owner(Side.TARGET, "test") as target:
        with target.transaction():
            fence.require_attempt(target, Side.TARGET, 3)
            assert fence.promise(target, Side.TARGET, 3)
        for attempt in (2, 3):
            with pytest.raises(StaleAttemptError), target.transaction():
                fence.require_attempt(target, Side.TARGET, attempt)
        with pytest.raises(StaleAttemptError), target.transaction():
            fence.promise(target, Side.TARGET, 2)
        fence.set_fence(target, Side.TARGET, 3, is_open=True)
        with target.transaction():
            assert not fence.promise(target, Side.TARGET, 3)


def test_a_secret_is_asked_where_no_role_can_be_made(pair_with, ready):
    """Where the owner makes no role, its own sessions pass with the secret and not without."""
    pair = pair_with(createrole=False)
    move = ready(pair, *ITEMS, **QUICK)
    secret = move.mirror_endpoint(Side.TARGET).mirror_secret
    with move.connect_mirror(Side.TARGET, "test") as target:
        for shown in ("", "guess", secret.reveal()[:-1]):
            target.execute("BEGIN")
            target.execute("SELECT set_config('changeover.secret', %s, true)", (shown,))
            with pytest.raises(pg.AssertFailure):
                target.execute("INSERT INTO public.items VALUES (1)")
            target.execute("ROLLBACK")
        with target.transaction(force_rollback=True):
            target.execute("SELECT set_config('changeover.secret', %s, true)", (secret.reveal(),))
            target.execute("INSERT INTO public.items VALUES (1)")
        with pytest.raises(pg.AssertFailure):
            target.execute("INSERT INTO public.items VALUES (1)")

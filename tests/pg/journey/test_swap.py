"""Cutover and rollback on real servers."""

import threading
import time

import psycopg
import pytest

from changeover.control.move import installed_pairs
from changeover.journey.cutover import cutover, rollback
from changeover.journey.daemon import Daemon
from changeover.journey.finish import finish
from changeover.journey.status import status
from changeover.model.side import Side
from changeover.transfer.verify import verify

TABLES = (
    (
        "CREATE TABLE public.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " email text UNIQUE, name text)"
    ),
    (
        "CREATE TABLE public.orders (id serial PRIMARY KEY, customer bigint NOT NULL"
        " REFERENCES public.customers ON DELETE CASCADE, total numeric)"
    ),
    (
        "CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END'"
    ),
    (
        "CREATE TRIGGER touch BEFORE INSERT ON public.customers FOR EACH ROW"
        " EXECUTE FUNCTION public.touch()"
    ),
)


@pytest.fixture
def daemon():
    """A function that runs a daemon of a move in a thread until the test ends."""
    stop = threading.Event()
    threads = []

    def start(move):
        one = Daemon(move)
        thread = threading.Thread(target=one.run, args=(stop.is_set,))
        thread.start()
        threads.append(thread)

    yield start
    stop.set()
    for thread in threads:
        thread.join(30)


def await_gates(move, limit_s=20):
    """Wait until only the verification is missing, then verify."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        red = [gate for gate in status(move).gates if not gate.is_green]
        if {gate.name for gate in red} <= {"verified"}:
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"gates stay red: {red}")
    assert verify(move).is_equal


def test_forth_and_back_loses_nothing(pair, ready, daemon, rows):
    """Rows written before, between and after two swaps stand on both sides."""
    move = ready(pair, *TABLES)
    daemon(move)
    with pair.source.connect() as source:
        source.execute("INSERT INTO customers (email, name) VALUES ('a', 'Анна'), ('b', 'b')")
        source.execute("INSERT INTO orders (customer, total) VALUES (1, 1.50), (2, 2)")
    await_gates(move)
    cutover(move)
    with pytest.raises(psycopg.DatabaseError), pair.source.connect() as source:
        source.execute("DELETE FROM orders")
    with pair.target.connect() as target:
        target.execute("INSERT INTO customers (email, name) VALUES ('c', 'c')")
        target.execute("DELETE FROM customers WHERE email = 'b'")
    assert rows(pair.target, "SELECT count(*) FROM orders") == [(1,)]
    await_gates(move)
    rollback(move)
    with pair.source.connect() as source:
        source.execute("INSERT INTO orders (customer, total) SELECT max(id), 7 FROM customers")
    await_gates(move)
    cutover(move)
    for query in ("SELECT * FROM customers ORDER BY id", "SELECT * FROM orders ORDER BY id"):
        assert rows(pair.target, query) == rows(pair.source, query)
    assert rows(pair.target, "SELECT name FROM customers ORDER BY id") == [("АННА",), ("C",)]
    await_gates(move)
    assert finish(move).triggers_left == 0
    assert len(installed_pairs(move)) == 2
    with move.connect_owner(Side.TARGET, "test") as target:
        target.execute("INSERT INTO public.orders (customer, total) VALUES (1, 1)")

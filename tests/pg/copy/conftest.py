"""Moves that are ready to be copied: tables on both sides, rows on one, capture installed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from changeover.control.move import Move, installed_pairs
from changeover.model.settings import CopySettings
from changeover.transfer import capture
from changeover.transfer.checkpoint import plan_copy
from changeover.transfer.copy import _Run, copy

PINNED = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';"
    " SET extra_float_digits = 1; SET bytea_output = 'hex'"
)


def run(database, *statements):
    """Run statements as the database's owner."""
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def prepared(make_move) -> Callable[..., Move]:
    """A function that makes tables on both sides, fills the source and installs capture."""

    def make(pair, *schema, target_schema=None, fill=(), range_rows=100, **more) -> Move:
        run(pair.source, *schema)
        run(pair.target, *(schema if target_schema is None else target_schema))
        run(pair.source, *fill)
        settings = CopySettings(range_rows=range_rows, throttle_interval_ms=20, attempts_max=3)
        move = make_move(pair, **{"copy": settings, **more})
        capture.install(move)
        return move

    return make


@pytest.fixture
def copied() -> Callable[..., object]:
    """A function that copies a move by two threads and returns the report."""

    def make(move, **more):
        with ThreadPoolExecutor(2) as threads:
            return copy(move, executor=threads, **more)

    return make


@pytest.fixture
def works() -> Callable[..., list]:
    """A function that plans and begins a copy and returns its ranges, to be run by hand."""

    def make(move):
        pairs = installed_pairs(move)
        plan_copy(move, pairs)
        begun = _Run(move=move, pairs=pairs, on_table_copied=lambda _pair: None)
        begun.start()
        return list(begun.queue)

    return make


@pytest.fixture
def digest() -> Callable[..., tuple]:
    """A function that returns count and digest of a query's rows, in an order of their own."""

    def read(database, query):
        with database.connect() as connection:
            connection.execute(PINNED)
            return connection.execute(
                "SELECT count(*), md5(string_agg(r::text, E'\\n' ORDER BY r::text COLLATE \"C\"))"
                f" FROM ({query}) AS r"
            ).fetchone()

    return read


@pytest.fixture
def one() -> Callable[..., object]:
    """A function that returns the only value of a query."""

    def read(database, query, values=None):
        with database.connect() as connection:
            return connection.execute(query, values).fetchone()[0]

    return read

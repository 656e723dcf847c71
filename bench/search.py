"""Where the time of a search by name goes: the whole call, its statement, and what it compares.

A name is found by ILIKE in the middle of a text, which no btree index answers: the server puts the
name of every client into lower case, and the pattern as often. How long that takes is the locale's.
What is compared here is work, so the least of many calls counts: other load only adds to it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

import changeover
import layer
import rig
from changeover.embedded import Database, Server, binaries, create_database
from salon import sample, schema
from salon.layer import DataLayer
from salon.sample import words

ROUNDS = 40
CALLS = 10
PATTERN = f"%{words.FIRST_NAMES[0]}%"
SEARCH = """
SELECT coalesce(json_agg(found), '[]')::text FROM (
  SELECT id, yclients_id, name, phone, email, visit_count, total_spent, loyalty_level,
    last_visit_date
  FROM public.clients WHERE company_id = %s AND name ILIKE %s
  ORDER BY last_visit_date DESC NULLS LAST, visit_count DESC NULLS LAST, id LIMIT {limit}
) AS found
"""
WHOLE = "whole call"
STATEMENT = "statement alone"
NO_FOLDING = "statement with LIKE (no lower case)"
NO_ANSWER = "statement, nobody found (no answer)"
C_LIBRARY = "statement, locale of the C library"
BOUND = "statement, the limit a bound value"
FEW = "statement, 10 rows"
FEW_BOUND = "statement, 10 rows, the limit a bound value"

Act = Callable[[], Any]


def measure() -> list[rig.Row]:
    """Return the least of the call and of its parts, all in turns on the same rows."""
    with _acts() as acts:
        times: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(ROUNDS):
            for name, act in acts.items():
                times[name] += _block(act)
    whole = [min(times[WHOLE])]
    return [
        replace(
            rig.row(f"search by name, {name}", "ms", [min(found)], whole, "whole call"),
            runs=len(found),
        )
        for name, found in times.items()
    ]


def _block(act: Act) -> list[float]:
    """Return the milliseconds of some calls in a row; one before them is not counted."""
    act()
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return times


@contextmanager
def _acts() -> Iterator[dict[str, Act]]:
    with Server.start(binaries(18), settings=rig.FAST_DISK) as server:
        usual = layer.empty_target(server)
        other = create_database(server, "c_library", owner=usual.owner)
        for one in (usual, other):
            _fill(one)
        with (
            changeover.connect(usual.dsn) as repositories,
            psycopg.connect(usual.dsn, autocommit=True) as session,
            psycopg.connect(other.dsn, autocommit=True) as other_session,
        ):
            near = DataLayer.over_repositories(repositories)
            whole, few, bound = (SEARCH.format(limit=one) for one in (100, 10, "%s::bigint"))
            yield {
                WHOLE: lambda: near.search_clients_by_name(words.COMPANY, words.FIRST_NAMES[0]),
                STATEMENT: lambda: _asked(session, whole, PATTERN),
                NO_FOLDING: lambda: _asked(session, whole.replace("ILIKE", "LIKE"), PATTERN),
                NO_ANSWER: lambda: _asked(session, whole, "%nobody%"),
                C_LIBRARY: lambda: _asked(other_session, whole, PATTERN),
                BOUND: lambda: _asked(session, bound, PATTERN, 100),
                FEW: lambda: _asked(session, few, PATTERN),
                FEW_BOUND: lambda: _asked(session, bound, PATTERN, 10),
            }


def _fill(database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        schema.create_target(connection)
        schema.create_history_partitions(connection, sample.MESSAGES_FROM)
        sample.load(connection)
        connection.execute("VACUUM ANALYZE")


def _asked(session: psycopg.Connection[Any], query: str, pattern: str, *limit: int) -> Any:
    return session.execute(query, (words.COMPANY, pattern, *limit), prepare=True).fetchone()

"""10,000 rows at once through a repository, against SQL written by hand and `json.loads`."""

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg

import changeover
import rig
import scene

ROWS = 10_000
ROUNDS = 7
UPSERT = """
INSERT INTO public.item AS i (id, name, price, tags, data)
SELECT r.id, r.name, r.price, r.tags, r.data
FROM json_to_recordset($1::json) AS r (id bigint, name text, price numeric, tags text[], data jsonb)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price,
  tags = excluded.tags, data = excluded.data
RETURNING *
"""
WRITTEN = f"WITH written AS ({UPSERT}) SELECT json_agg(written) FROM written"
READ = "SELECT json_agg(i) FROM (SELECT * FROM public.item ORDER BY id LIMIT $1) AS i"


def measure() -> list[rig.Row]:
    """Return the seconds of an upsert and of a read of 10,000 rows, interleaved."""
    rows = [
        {"id": n, "name": f"name {n}", "price": n / 8, "tags": ["x", "y"], "data": {"k": n}}
        for n in range(1, ROWS + 1)
    ]
    times: dict[str, list[float]] = {}
    with scene.scene() as made:
        with made.database.connect_as_superuser() as connection:
            connection.execute("ALTER TABLE public.item OWNER TO owner; ALTER ROLE owner LOGIN")
        dsn = made.database.dsn_of("owner")
        hand = psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.RawCursor)
        with changeover.connect(dsn) as database:
            items = database.repository("item", dict, batch_rows_max=ROWS)
            ways: dict[str, Callable[[], Any]] = {
                "upsert": lambda: items.bulk_upsert(rows, ["id"]),
                "upsert by hand": lambda: _one(hand, WRITTEN, json.dumps(rows)),
                "read": lambda: items.find_many(limit=ROWS),
                "read by hand": lambda: _one(hand, READ, ROWS),
            }
            for _ in range(ROUNDS + 1):
                for name, call in ways.items():
                    times.setdefault(name, []).append(_seconds(call))
        hand.close()
    warm = {name: found[1:] for name, found in times.items()}
    return [
        rig.row(
            f"bulk {what} of {ROWS:,} rows (goal 1.1)",
            "s",
            warm[what],
            warm[f"{what} by hand"],
            "psycopg",
        )
        for what in ("upsert", "read")
    ]


def _one(connection: psycopg.Connection[Any], query: str, value: Any) -> Any:
    row = connection.execute(query, (value,)).fetchone()
    found = row[0] if row else None
    return json.loads(found) if isinstance(found, str) else found


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    found = call()
    assert len(found) == ROWS, "not all rows came"
    return time.perf_counter() - began

"""What the target's definitions were when its schema was applied: recorded, and held against now.

`check` reads it, so that an index which somebody drops is missed even where the source has none.
"""

import datetime as dt
from dataclasses import dataclass

import msgspec

from changeover.catalog import Catalog
from changeover.catalog.definition import Definition, Drift, definitions, drifted, merged
from changeover.control.move import Connection
from changeover.database import fixed
from changeover.transfer.schema_inventory import ROOM
from changeover.transfer.schema_work import read_resting


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The definitions that were recorded, and when."""

    definitions: tuple[Definition, ...]
    recorded_at: dt.datetime


def read_baseline(target: Connection) -> Baseline | None:
    """Return what was recorded; None if nothing was yet."""
    row = target.execute(
        "SELECT pg_catalog.to_regclass('changeover.schema_baseline') IS NOT NULL"
    ).fetchone()
    if row is None or not row[0]:
        return None
    found = target.execute(fixed(ROOM, "read_schema_baseline")).fetchone()
    if found is None:
        return None
    kept = msgspec.json.decode(found[0], type=tuple[Definition, ...])
    return Baseline(definitions=kept, recorded_at=found[1])


def find_drift(target: Connection, catalog: Catalog) -> tuple[Drift, ...]:
    """Return what is no longer as it was recorded; nothing where nothing was.

    Args:
        target: A session of the target's owner.
        catalog: What the target holds now.
    """
    known = read_baseline(target)
    if known is None:
        return ()
    return drifted(known.definitions, definitions(catalog), read_resting(target))


def record(target: Connection, catalog: Catalog, drift: tuple[Drift, ...] = ()) -> None:
    """Record what the target holds now, in the place of what was recorded before.

    Args:
        target: A session of the target's owner.
        catalog: What the target holds now.
        drift: What was found before a change of ours: it stays as it was recorded, and is found
            again.
    """
    present = definitions(catalog)
    known = read_baseline(target)
    found = present if known is None else merged(known.definitions, present, drift)
    with target.transaction():
        target.execute("CREATE SCHEMA IF NOT EXISTS changeover")
        target.execute(fixed(ROOM, "create_schema_baseline"))
        target.execute(
            fixed(ROOM, "write_schema_baseline"),
            {"definitions": msgspec.json.encode(found).decode()},
        )

"""Invented data for the salon: the same for the same seed, at any scale, streamed.

Owns how many rows there are and how they get into a database. All people, numbers and keys are
invented: phones are of code 000, which is never assigned, addresses end in ``.invalid``, secrets
are random bytes made from the seed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from random import Random
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import sql

from salon.sample import catalogue, dialogue, whatsapp
from salon.sample.catalogue import REFERENCE, Row
from salon.sample.dialogue import MESSAGES_FROM

__all__ = ["KEY_COUNTS", "MESSAGES_FROM", "REFERENCE", "SIZES", "Row", "Sample", "load", "samples"]

SIZES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "companies": 1,
        "clients": 1299,
        "services": 63,
        "staff": 12,
        "staff_schedules": 50,
        "bookings": 38,
        "appointments_cache": 200,
        "dialog_contexts": 50,
        "reminders": 20,
        "sync_status": 4,
        "messages": 2000,
        "whatsapp_auth": 1,
        "whatsapp_keys": 728,
    }
)
"""Rows per table at scale 1, parents first."""

KEY_COUNTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "pre-key": 275,
        "lid-mapping": 250,
        "session": 131,
        "sender-key": 30,
        "sender-key-memory": 25,
        "app-state-sync-key": 12,
        "app-state-sync-version": 5,
    }
)
"""WhatsApp keys per type at scale 1."""

GROWING_TABLES: Final = frozenset({"clients", "appointments_cache", "messages"})
FIXED_KEY_TYPES: Final = frozenset({"app-state-sync-key", "app-state-sync-version"})
TABLES_WITHOUT_SEQUENCE: Final = frozenset(
    {"bookings", "dialog_contexts", "whatsapp_auth", "whatsapp_keys"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rows of one table; ``rows`` can be read once, and every row names the same columns."""

    table: str
    rows: Iterator[Row]


def samples(*, scale: float = 1.0, seed: int = 1) -> tuple[Sample, ...]:
    """Return the sample of every table, parents first, nothing of it made yet.

    Args:
        scale: Factor, above 0, on clients, visits, messages and WhatsApp keys; at least one row
            of each is left. Jsonb values are JSON text.
        seed: Same seed, same rows.

    Returns:
        One sample for each table of SIZES, in its order.

    Raises:
        ValueError: The scale is not above 0.
    """
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    sizes = {
        table: _grown(size, scale) if table in GROWING_TABLES else size
        for table, size in SIZES.items()
    }
    keys = {
        key_type: count if key_type in FIXED_KEY_TYPES else _grown(count, scale)
        for key_type, count in KEY_COUNTS.items()
    }
    return tuple(Sample(table=table, rows=rows) for table, rows in _rows(sizes, keys, seed).items())


def load(connection: psycopg.Connection, *, scale: float = 1.0, seed: int = 1) -> Mapping[str, int]:
    """Load the sample into empty tables by COPY, in one transaction, and set the sequences.

    Rows are streamed: memory does not grow with the scale. On the target the partitions of history
    must stand: ``salon.schema.create_history_partitions(connection, MESSAGES_FROM)``.

    Args:
        connection: The owner's session.
        scale: Factor on what grows; see ``samples``.
        seed: Same seed, same rows.

    Returns:
        Rows loaded per table, in the order of SIZES.
    """
    with connection.transaction():
        counts = {
            sample.table: _copy(connection, sample) for sample in samples(scale=scale, seed=seed)
        }
        for table in counts.keys() - TABLES_WITHOUT_SEQUENCE:
            _advance_sequence(connection, table)
    return counts


def _grown(size: int, scale: float) -> int:
    return max(1, round(size * scale))


def _rows(sizes: Mapping[str, int], keys: dict[str, int], seed: int) -> dict[str, Iterator[Row]]:
    chance = {
        table: Random(f"{seed}:{table}")  # noqa: S311 - repeatable by intent, guards nothing
        for table in SIZES
    }
    clients, staff = sizes["clients"], sizes["staff"]

    def drawn(table: str) -> tuple[Random, int]:
        return chance[table], sizes[table]

    return {
        "companies": catalogue.companies(chance["companies"]),
        "clients": catalogue.clients(*drawn("clients")),
        "services": catalogue.services(*drawn("services")),
        "staff": catalogue.staff(*drawn("staff")),
        "staff_schedules": catalogue.staff_schedules(*drawn("staff_schedules"), staff),
        "bookings": dialogue.bookings(*drawn("bookings"), clients, staff),
        "appointments_cache": dialogue.appointments_cache(
            *drawn("appointments_cache"), clients, staff
        ),
        "dialog_contexts": dialogue.dialog_contexts(*drawn("dialog_contexts"), clients),
        "reminders": dialogue.reminders(*drawn("reminders"), clients),
        "sync_status": dialogue.sync_status(*drawn("sync_status")),
        "messages": dialogue.messages(*drawn("messages"), clients),
        "whatsapp_auth": whatsapp.whatsapp_auth(chance["whatsapp_auth"]),
        "whatsapp_keys": whatsapp.whatsapp_keys(chance["whatsapp_keys"], keys),
    }


def _copy(connection: psycopg.Connection, sample: Sample) -> int:
    first = next(sample.rows)
    columns = tuple(first)
    values = itemgetter(*columns)
    statement = sql.SQL("COPY public.{} ({}) FROM STDIN").format(
        sql.Identifier(sample.table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 1
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write_row(values(first))
        for row in sample.rows:
            copy.write_row(values(row))
            count += 1
    return count


def _advance_sequence(connection: psycopg.Connection, table: str) -> None:
    statement = sql.SQL(
        "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM public.{}))"
    ).format(sql.Identifier(table))
    connection.execute(statement, (f"public.{table}",))

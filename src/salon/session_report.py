"""What operators see of WhatsApp sessions: numbers of keys by type, age and day, never a key.

Owns the queries. Whether a number is an alarm is the session store's to say.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import psycopg

GROWTH_DAYS: Final = 14
"""Days of growth that a report shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """One session in numbers.

    Attributes:
        keys_by_type: Keys of all sessions together, by type.
        expired: Keys of this session that have expired and are still there.
        keys_by_age: Its keys by last change: within 1, 7, 14, 30 days, and before.
        new_keys: Its new keys by UTC day; a day without any is missing.
        oldest_save: When the credentials saved longest ago, of any session, were saved.
    """

    keys_by_type: Mapping[str, int]
    expired: int
    keys_by_age: tuple[int, ...]
    new_keys: Mapping[dt.date, int]
    oldest_save: dt.datetime | None


def statement(name: str) -> bytes:
    """Return the text of one of the salon's SQL files."""
    return resources.files("salon").joinpath("sql", f"{name}.sql").read_bytes()


def read_sessions(connection: psycopg.Connection[Any], company_id: str) -> SessionReport:
    """Read the numbers of a session.

    Args:
        connection: A session that may read both WhatsApp tables.
        company_id: The session's name.
    """

    def rows(name: str, days: int = GROWTH_DAYS) -> list[tuple[Any, ...]]:
        values = {"company_id": company_id, "days": days}
        return connection.execute(statement(name), values).fetchall()

    saved = rows("read_oldest_save")
    return SessionReport(
        keys_by_type=dict(rows("count_keys_by_type")),
        expired=rows("count_expired_keys")[0][0],
        keys_by_age=tuple(rows("count_keys_by_age")[0]),
        new_keys=dict(rows("count_new_keys")),
        oldest_save=saved[0][1] if saved else None,
    )

"""The salon's schemas: SQL files for both sides, and the history partitions of messages.

Owns the definitions of source and target. Knows nothing of the move: capture, fence and mirror
bring their own objects.

In every file statements are separated by one blank line and hold none, so that each can be run,
and named in an error, on its own.
"""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import psycopg

SOURCE_PATH: Final = Path(__file__).with_name("source.sql")
TARGET_PATH: Final = Path(__file__).with_name("target.sql")
AFTER_FINISH_PATH: Final = Path(__file__).with_name("target_after_finish.sql")

FIRST_MONTH: Final = date(2025, 11, 1)
"""The first month that target.sql makes a partition for."""

HISTORY_MONTHS_MAX: Final = 1200
"""Older rows than a hundred years are a mistake in the data, not history."""


def source_statements() -> tuple[bytes, ...]:
    """Return the statements of the source schema, in order.

    Returns:
        SQL statements in UTF-8, each with its comment and its semicolon.
    """
    return _statements(SOURCE_PATH)


def target_statements() -> tuple[bytes, ...]:
    """Return the statements of the target schema without foreign keys and CHECKs, in order.

    Returns:
        SQL statements in UTF-8, each with its comment and its semicolon.
    """
    return _statements(TARGET_PATH)


def after_finish_statements() -> tuple[bytes, ...]:
    """Return the statements that add and validate the target's foreign keys and CHECKs, in order.

    Returns:
        SQL statements in UTF-8; every NOT VALID comes before the first VALIDATE.
    """
    return _statements(AFTER_FINISH_PATH)


def create_source(connection: psycopg.Connection) -> None:
    """Create the source schema in one transaction.

    Args:
        connection: The owner's session; anon, authenticated and service_role must exist.
    """
    _run(connection, source_statements())


def create_target(connection: psycopg.Connection) -> None:
    """Create the target schema in one transaction, without foreign keys and CHECKs.

    Args:
        connection: The owner's session.
    """
    _run(connection, target_statements())


def finish_target(connection: psycopg.Connection) -> None:
    """Add and validate the target's foreign keys and CHECKs in one transaction.

    Args:
        connection: The owner's session, after the move is over.

    Raises:
        psycopg.errors.ForeignKeyViolation: A row has no parent; nothing is added.
        psycopg.errors.CheckViolation: A row breaks a CHECK; nothing is added.
    """
    _run(connection, after_finish_statements())


def history_months(oldest: datetime) -> tuple[date, ...]:
    """Return the months that need a partition beyond those of the target schema.

    Args:
        oldest: The ``created_at`` of the oldest message, with its time zone.

    Returns:
        First days of months in UTC, oldest first; empty when no row is older than the schema's
        first month.

    Raises:
        ValueError: ``oldest`` has no time zone, or is older than HISTORY_MONTHS_MAX.
    """
    if oldest.tzinfo is None:
        raise ValueError("oldest has no time zone; the bounds of partitions are in UTC")
    moment = oldest.astimezone(UTC)
    first = _month_number(FIRST_MONTH)
    start = _month_number(moment.date())
    if first - start > HISTORY_MONTHS_MAX:
        raise ValueError(f"{first - start} months of history, at most {HISTORY_MONTHS_MAX}")
    return tuple(date(number // 12, number % 12 + 1, 1) for number in range(start, first))


def create_history_partitions(connection: psycopg.Connection, oldest: datetime) -> tuple[str, ...]:
    """Create the partitions of history that are absent, each with the nine indexes of messages.

    Args:
        connection: A session of the target's owner.
        oldest: The ``created_at`` of the source's oldest message, with its time zone.

    Returns:
        Names of the partitions of history, oldest first, those that stood already included.
    """
    names: list[str] = []
    with connection.transaction():
        for month in history_months(oldest):
            cursor = connection.execute("SELECT public.create_messages_partition(%s)", (month,))
            names.extend(name for (name,) in cursor)
    return tuple(names)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _statements(path: Path) -> tuple[bytes, ...]:
    parts = re.split(r"\n\n+", path.read_text(encoding="utf-8").strip())
    return tuple(part.encode() for part in parts if not _is_comment(part))


def _is_comment(part: str) -> bool:
    return all(line.startswith("--") for line in part.splitlines())


def _run(connection: psycopg.Connection, statements: tuple[bytes, ...]) -> None:
    with connection.transaction():
        for statement in statements:
            connection.execute(statement)

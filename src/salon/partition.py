"""The months of messages: making them ahead and back, and saying when they run out.

A month is a partition with bounds in UTC, whatever the session's zone is. There is no DEFAULT
partition: a row without a month is refused, loudly, so months are made long before. Nothing is ever
dropped here.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import psycopg

from salon import schema

MONTHS_AHEAD: Final = 5
"""Months that are kept ready beyond the current one."""
MONTHS_LEFT_MIN: Final = 2
"""Full months beyond the current one below which the check fails."""


class CoverageError(Exception):
    """Messages have, or will soon have, no partition to go to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """What a run of the job did.

    Attributes:
        created: Names of the months that it made.
        old: Names of the months that ended half a year ago or earlier; they stay.
    """

    created: tuple[str, ...]
    old: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which messages have a partition.

    Attributes:
        months_left: Full months after the current one, without a gap; -1 if the current one has no
            partition either.
        uncovered: Messages of the source without a partition on the target, by UTC month.
    """

    months_left: int
    uncovered: Mapping[dt.date, int]

    @property
    def is_enough(self) -> bool:
        """Whether every message has a partition, and will have one for a while."""
        return self.months_left >= MONTHS_LEFT_MIN and not self.uncovered


def make_months_ahead(
    target: psycopg.Connection[Any], months_ahead: int = MONTHS_AHEAD
) -> Maintenance:
    """Make the current month and those ahead, where they are missing; a job for every day.

    Args:
        target: A session of the target's owner.
        months_ahead: Months beyond the current one, 0 to 120.
    """
    rows = target.execute(
        _text("maintain_message_months"), {"months_ahead": months_ahead}
    ).fetchall()
    return Maintenance(
        created=tuple(name for action, name in rows if action == "created"),
        old=tuple(name for action, name in rows if action == "old"),
    )


def make_history(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any]
) -> tuple[str, ...]:
    """Make the months back to the source's oldest message; to be run before the copy.

    Args:
        source: A session that may read the source's messages.
        target: A session of the target's owner.

    Returns:
        Names of the months of history, oldest first, those that stood already included.
    """
    row = source.execute(_text("read_oldest_message")).fetchone()
    assert row is not None, "an aggregate without GROUP BY returns one row"
    return () if row[0] is None else schema.create_history_partitions(target, row[0])


def read_coverage(
    target: psycopg.Connection[Any],
    now: dt.datetime,
    source: psycopg.Connection[Any] | None = None,
) -> Coverage:
    """Hold the months of the target against the calendar and the source's messages.

    Args:
        target: A session that may read the target's catalog.
        now: The moment, with its time zone.
        source: A session that may read the source's messages; None if the source is over.

    Raises:
        ValueError: If `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone; months are in UTC")
    spans = _spans(target)
    return Coverage(
        months_left=_months_left(spans, now.astimezone(dt.UTC).date()),
        uncovered=_uncovered(spans, source),
    )


def require_coverage(
    target: psycopg.Connection[Any],
    now: dt.datetime,
    source: psycopg.Connection[Any] | None = None,
) -> Coverage:
    """Do the same as `read_coverage`, and fail where it is not enough.

    Raises:
        CoverageError: If less than two full months are left, or a message has no partition.
    """
    found = read_coverage(target, now, source)
    if found.uncovered:
        months = ", ".join(f"{day:%Y-%m} ({rows})" for day, rows in found.uncovered.items())
        raise CoverageError(f"messages of the source without a partition, by month: {months}")
    if not found.is_enough:
        raise CoverageError(
            f"{max(found.months_left, 0)} full months of partitions are left beyond the current "
            f"one, {MONTHS_LEFT_MIN} are the least: run make_months_ahead"
        )
    return found


def _text(name: str) -> bytes:
    return resources.files("salon").joinpath("sql", f"{name}.sql").read_bytes()


def _spans(target: psycopg.Connection[Any]) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    with target.transaction():
        target.execute(_text("pin_utc"))
        rows = target.execute(_text("read_message_months")).fetchall()
    return tuple((start, end) for _, start, end in rows)


def _is_covered(spans: tuple[tuple[dt.datetime, dt.datetime], ...], month: dt.date) -> bool:
    """Return whether a whole UTC month lies within one partition."""
    first = dt.datetime.combine(month, dt.time(), tzinfo=dt.UTC)
    end = dt.datetime.combine(_next(month), dt.time(), tzinfo=dt.UTC)
    return any(start <= first and end <= stop for start, stop in spans)


def _months_left(spans: tuple[tuple[dt.datetime, dt.datetime], ...], today: dt.date) -> int:
    left, month = -1, today.replace(day=1)
    while _is_covered(spans, month):
        left, month = left + 1, _next(month)
    return left


def _next(month: dt.date) -> dt.date:
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _uncovered(
    spans: tuple[tuple[dt.datetime, dt.datetime], ...], source: psycopg.Connection[Any] | None
) -> Mapping[dt.date, int]:
    if source is None:
        return {}
    rows = source.execute(_text("count_messages_by_month")).fetchall()
    return {month: count for month, count in rows if not _is_covered(spans, month)}

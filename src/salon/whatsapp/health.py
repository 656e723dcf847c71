"""How a session store is: what numbers mean, and when somebody is told."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EXPIRED_WARNING: Final = 100
EXPIRED_CRITICAL: Final = 500
AGES_DAYS: Final = (1, 7, 14, 30)
"""Bounds of the ages of keys, in days since their last change; the last bucket has none."""


class Status(StrEnum):
    """How a session store is."""

    HEALTHY = "healthy"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


_HTTP: Final = {
    Status.HEALTHY: 200,
    Status.WARNING: 200,
    Status.CRITICAL: 503,
    Status.UNKNOWN: 500,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a check found.

    Attributes:
        status: The judgement.
        expired: Keys that have expired and are still there; None if nobody knows.
        ages: Keys by their last change: within 1, 7, 14, 30 days, and before; None likewise.
        undated: Keys without a moment of change; None likewise.
        misspelled: Keys of sessions spelled with `company_`, which `merge_spellings` joins with
            their own; None likewise.
        problem: The class of what kept the check from being made; empty if it was made.
    """

    status: Status
    expired: int | None = None
    ages: tuple[int, ...] | None = None
    undated: int | None = None
    misspelled: int | None = None
    problem: str = ""

    @property
    def http_status(self) -> int:
        """What a health check over HTTP answers."""
        return _HTTP[self.status]


def status_of(expired: int) -> Status:
    """Return what a number of expired keys means."""
    if expired >= EXPIRED_CRITICAL:
        return Status.CRITICAL
    return Status.WARNING if expired >= EXPIRED_WARNING else Status.HEALTHY


@dataclass(slots=True, kw_only=True)
class Rounds:
    """When things were done last, and so what is due. Moments come in as values.

    Attributes:
        cleaned: The last cleanup that was done.
        looked: The last check of health.
        alarmed: The last alarm.
    """

    cleaned: dt.datetime | None = None
    looked: dt.datetime | None = None
    alarmed: dt.datetime | None = None


def is_due(last: dt.datetime | None, every: dt.timedelta, now: dt.datetime) -> bool:
    """Return whether something that is done every so often is to be done now."""
    return last is None or now - last >= every


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What a round came to.

    Attributes:
        health: What the check found; None if none was due.
        is_alarm: Whether somebody is to be told.
        deleted: Keys that the cleanup deleted; None if none was due, or it could not be done.
        error: What kept the cleanup from being done; it stays due.
    """

    health: Health | None = None
    is_alarm: bool = False
    deleted: int | None = None
    error: Exception | None = None

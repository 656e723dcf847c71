"""Moments on their way into columns: offsets are converted before PostgreSQL would drop them.

Book-keeping in columns without time zone is UTC wall time, appointments are the salon's wall time.
"""

import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from changeover import MalformedValueError
from salon.error import InvalidArgumentError

DEFAULT_ZONE: Final = "Etc/GMT-3"
"""The default of companies.timezone: UTC+3, since the sign of such names is inverted."""

ENDLESS: Final = frozenset({"infinity", "-infinity"})


def now_utc() -> dt.datetime:
    """Return the current moment; the clock of a layer that is given none."""
    return dt.datetime.now(dt.UTC)


def require_aware(moment: dt.datetime) -> dt.datetime:
    """Return a clock's moment in UTC.

    Raises:
        InvalidArgumentError: It has no offset, so nobody knows which moment it is.
    """
    if moment.tzinfo is None:
        raise InvalidArgumentError("the clock must return a moment with its offset")
    return moment.astimezone(dt.UTC)


def wall_time(now: dt.datetime, zone: str | None) -> str:
    """Return a moment as the wall time of a salon, without offset.

    Args:
        now: The moment.
        zone: companies.timezone; None is its default.

    Raises:
        MalformedValueError: There is no such time zone.
    """
    try:
        found = ZoneInfo(DEFAULT_ZONE if zone is None else zone)
    except (ValueError, OSError, LookupError):
        raise MalformedValueError(
            "public.companies: timezone is the name of no time zone",
            hint="correct it; nobody can say what is upcoming there",
        ) from None
    return now.astimezone(found).replace(tzinfo=None).isoformat()


def utc_text(value: Any, *, has_zone: bool) -> str | None:
    """Return a moment as text for a column, in UTC, or None if it is none.

    Args:
        value: A datetime, a date (its midnight), or text in ISO 8601; without offset it is UTC.
        has_zone: Whether the column is timestamptz, which gets an offset; a timestamp gets none.
    """
    found = value
    if isinstance(value, str):
        if value in ENDLESS:
            return value
        found = _read(value)
    if isinstance(found, dt.date) and not isinstance(found, dt.datetime):
        found = dt.datetime.combine(found, dt.time())
    if not isinstance(found, dt.datetime):
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=dt.UTC)
    try:
        moment = found.astimezone(dt.UTC)
    except OverflowError:
        return None
    return (moment if has_zone else moment.replace(tzinfo=None)).isoformat()


def _read(value: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None

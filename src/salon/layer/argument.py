"""What the methods take: each check returns the value in the form in which it is asked for."""

import datetime as dt
from typing import Any, Final

from changeover import Filter, eq
from salon.error import InvalidArgumentError
from salon.repository.column import containing

NUMBER_MAX: Final = 2**63 - 1
"""The external numbers' columns are bigint."""

_DIGITS_MAX: Final = 19


def number(name: str, value: Any) -> int:
    """Return an external number: an int, or text of digits, from 1 on.

    Raises:
        InvalidArgumentError: It is something else, such as a bool or None.
    """
    found = value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        found = int(value) if len(value) <= _DIGITS_MAX else 0
    is_number = isinstance(found, int) and not isinstance(found, bool)
    if not is_number or not 1 <= found <= NUMBER_MAX:
        raise InvalidArgumentError(
            f"{name} must be a whole number from 1 on, or text of its digits",
            hint="give the number of the external system",
        )
    return int(found)


def of_company(company_id: Any) -> tuple[Filter, ...]:
    """Return the filter of one company; of None none, so that all are searched."""
    return () if company_id is None else (eq("company_id", number("company_id", company_id)),)


def text(name: str, value: Any) -> str:
    """Return a text that is more than white space, as it is.

    Raises:
        InvalidArgumentError: It is something else, or PostgreSQL has no such text.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentError(f"{name} must be text, and not empty")
    require_storable(name, value)
    return value


def require_storable(name: str, value: str) -> None:
    """Refuse a text that PostgreSQL can't hold.

    Raises:
        InvalidArgumentError: It has a NUL, or half of a surrogate pair.
    """
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise InvalidArgumentError(
            f"{name} has a character that PostgreSQL can't store",
            hint="it has no NUL and no half of a surrogate pair",
        )


def pattern(name: str, value: Any) -> str:
    """Return the ILIKE pattern of a text anywhere.

    Raises:
        InvalidArgumentError: It is no text, or nothing is left to look for.
    """
    found = containing(text(name, value))
    if not found:
        raise InvalidArgumentError(
            f"nothing is left of {name} to look for", hint="a * can't be looked for"
        )
    return found


def flag(name: str, value: Any) -> bool:
    """Return a bool.

    Raises:
        InvalidArgumentError: It is something else; the text "false" would be true.
    """
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def day(name: str, value: Any) -> str:
    """Return a day as YYYY-MM-DD.

    Raises:
        InvalidArgumentError: It is neither a date nor such a text. A moment is none: which day it
            is depends on the time zone.
    """
    found = value
    if isinstance(value, str):
        try:
            found = dt.date.fromisoformat(value)
        except ValueError:
            found = None
    if not isinstance(found, dt.date) or isinstance(found, dt.datetime):
        raise InvalidArgumentError(
            f"{name} must be a date, or text YYYY-MM-DD", hint="a moment is not a day"
        )
    return found.isoformat()


def limit(value: Any, default: int, greatest: int) -> int:
    """Return how many rows are wanted; more than the greatest is the greatest.

    Raises:
        InvalidArgumentError: It is no whole number from 1 on.
    """
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidArgumentError("limit must be a whole number from 1 on, or None")
    return min(value, greatest)


def choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return one of some words.

    Raises:
        InvalidArgumentError: It is another.
    """
    if not isinstance(value, str) or value not in choices:
        raise InvalidArgumentError(f"{name} must be one of {', '.join(choices)}")
    return value

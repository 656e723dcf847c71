"""What a column of a row may hold, and conditions that several tables share."""

import datetime as dt
from typing import Final, TypeAlias, TypeVar

from msgspec import UnsetType

from changeover import Filter, any_of, eq, gte, is_null, lt

T = TypeVar("T")

Column: TypeAlias = T | UnsetType
"""A value that may be missing: it is left to its default, or left alone."""

NullableColumn: TypeAlias = T | UnsetType | None
"""The same where the column allows NULL, which is another thing than missing."""

_WILDCARDS: Final = ("\\", "%", "_")


def between(column: str, start: object, end: object) -> list[Filter]:
    """From start, up to but not including end; None leaves that side open."""
    lower = [] if start is None else [gte(column, start)]
    return lower if end is None else [*lower, lt(column, end)]


def never_since(column: str, moment: dt.datetime) -> Filter:
    """Before a moment, or never."""
    return any_of(lt(column, moment), is_null(column))


def of_company(company_id: int | None) -> list[Filter]:
    """Of one company; None searches all of them, which application code never does."""
    return [] if company_id is None else [eq("company_id", company_id)]


def containing(text: str) -> str:
    r"""Return the ILIKE pattern of a text anywhere, `%`, `_` and `\` being themselves.

    A `*` is left out: the API takes it for a wildcard and knows no escape for it.

    Returns:
        The pattern; empty if nothing is left to look for.
    """
    found = text.replace("*", "")
    for one in _WILDCARDS:
        found = found.replace(one, f"\\{one}")
    found = found.strip()
    return f"%{found}%" if found else ""

"""The `Prefer` header.

Source: shared reference "PostgREST: the language that we speak", section 7; RFC 7240.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar

from changeover.engine import integer
from changeover.engine.message import printable
from changeover.engine.syntax import Count, Preferences, Resolution, Return

_Value = TypeVar("_Value", bound=StrEnum)

_KNOWN: Final = frozenset(
    {
        *(f"resolution={one}" for one in Resolution),
        *(f"return={one}" for one in Return),
        *(f"count={one}" for one in Count),
        *("tx=commit", "tx=rollback"),
        *("missing=default", "missing=null"),
        *("handling=strict", "handling=lenient"),
    }
)

_OPEN: Final = ("timezone=", "max-affected=")
"""Preferences of any value."""


@lru_cache(maxsize=512)
def preferences(headers: tuple[str, ...], *, has_override: bool) -> Preferences:
    """Return what a client prefers; of each kind the first counts.

    Args:
        headers: The values of all `Prefer` headers, in order.
        has_override: Whether a client may choose how the transaction ends.
    """
    tokens = [
        one.strip() for header in map(printable, headers) if header for one in header.split(",")
    ]
    return Preferences(
        resolution=_first_of(tokens, "resolution=", Resolution),
        representation=_first_of(tokens, "return=", Return),
        count=_first_of(tokens, "count=", Count),
        transaction=_first(tokens, "tx=", ("commit", "rollback")) if has_override else None,
        missing=_first(tokens, "missing=", ("default", "null")),
        is_strict=_is_strict(tokens),
        timezone=_any(tokens, "timezone="),
        rows_affected_max=integer.read(_any(tokens, "max-affected=") or ""),
        unknown=tuple(one for one in tokens if one not in _KNOWN and not one.startswith(_OPEN)),
    )


def _first(tokens: list[str], name: str, values: tuple[str, ...]) -> str | None:
    known = {name + value: value for value in values}
    return next((known[one] for one in tokens if one in known), None)


def _first_of(tokens: list[str], name: str, values: type[_Value]) -> _Value | None:
    found = _first(tokens, name, tuple(values))
    return None if found is None else values(found)


def _is_strict(tokens: list[str]) -> bool | None:
    found = _first(tokens, "handling=", ("strict", "lenient"))
    return None if found is None else found == "strict"


def _any(tokens: list[str], name: str) -> str | None:
    """Return what stands behind the first token of a name."""
    return next((one.removeprefix(name) for one in tokens if one.startswith(name)), None)

"""A column's value on its way into a row: only what JSON can say leaves the layer."""

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salon.error import InvalidArgumentError
from salon.layer.argument import require_storable

DEPTH_MAX: Final = 100
"""Nesting of a JSON value at the most."""


def plain(name: str, value: Any, depth: int = 0) -> Any:
    """Return a value in JSON's values; dates, times and UUIDs become PostgreSQL's ISO text.

    Args:
        name: The column, for the error.
        value: Whatever a caller gave.
        depth: How deep inside the column's value it stands.

    Raises:
        InvalidArgumentError: JSON can't say it.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | Mapping):
        return _nested(name, value, depth)
    return _scalar(name, value, depth)


def _nested(name: str, value: Any, depth: int) -> Any:
    if depth == DEPTH_MAX:
        raise InvalidArgumentError(f"{name} is nested more than {DEPTH_MAX} deep")
    if not isinstance(value, Mapping):
        return [plain(name, one, depth + 1) for one in value]
    for key in value:
        if not isinstance(key, str):
            raise InvalidArgumentError(f"{name} has a name that is no text")
        require_storable(name, key)
    return {key: plain(name, one, depth + 1) for key, one in value.items()}


def _scalar(name: str, value: Any, depth: int) -> Any:
    match value:
        case str():
            require_storable(name, value)
            return value
        case float() if math.isfinite(value):
            return value
        case Decimal() if depth == 0 and value.is_finite():
            return format(value, "f")
        case dt.time() if value.tzinfo is not None:
            raise InvalidArgumentError(f"{name} has an offset, which its column would drop")
        case dt.date() | dt.time():
            return value.isoformat()
        case UUID():
            return str(value)
    raise InvalidArgumentError(f"{name} is a {type(value).__name__} that JSON can't say")

"""Values of the house as plain data for JSON, and what may be shown of them."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from changeover.model.name import TableName
from changeover.model.secret import Secret


def plain(value: object) -> Any:
    """Return a value as dicts, lists, texts and numbers.

    Times are ISO 8601, durations seconds, names `schema.table`, secrets `***`.

    Args:
        value: A dataclass, a msgspec structure, a collection or a scalar.

    Raises:
        TypeError: If a value has no plain form: what is not known is not shown.
    """
    if value is None or (isinstance(value, bool | int | float) and not isinstance(value, Enum)):
        return value
    scalar = _scalar(value)
    if scalar is not None:
        return scalar
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return {name: plain(inner) for name, inner in _fields(value)}


def _scalar(value: object) -> str | int | float | None:
    match value:
        case Enum():
            return str(value.value)
        case str():
            return value
        case TableName() | Path() | Secret():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return None


def _fields(value: object) -> list[tuple[str, object]]:
    if isinstance(value, msgspec.Struct):
        return [(field, getattr(value, field)) for field in value.__struct_fields__]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    raise TypeError(f"{type(value).__name__} has no plain form")

"""Values on their way: text in a filter, JSON in a body, by the column's type from the catalog."""

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from changeover.catalog.snapshot import ApiColumn, Relation
from changeover.model.row_errors import MalformedValueError, NotInSchemaError

_PLAIN: Final = frozenset({bool, int, str, type(None)})
"""Types that JSON has as they are: most values, let through at once."""
_JSON_TYPES: Final = frozenset({"json", "jsonb"})
_FLOAT_TYPES: Final = frozenset({"real", "double precision", "numeric"})
_TEXTS: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}
_ZONELESS: Final = frozenset({"timestamp without time zone", "time without time zone"})
_SPECIAL_IN_ARRAY: Final = frozenset('{}",\\ \t\n\r\v\f')


def column_of(relation: Relation, name: str) -> ApiColumn:
    """Return a column of a relation.

    Raises:
        NotInSchemaError: If the relation has none of that name.
    """
    found = relation.column(name)
    if found is None:
        raise NotInSchemaError(
            f"{relation.name} has no column '{name}'",
            hint=f"its columns are {', '.join(one.name for one in relation.columns)}",
        )
    return found


def text_of(column: ApiColumn, value: Any) -> str:
    """Return a value as text that PostgreSQL reads as one of the column's type.

    Raises:
        MalformedValueError: If there is no such text.
    """
    if column.base_type in _JSON_TYPES:
        return _json_text(column, value)
    if isinstance(value, list | tuple):
        return _array_text(column, value)
    return _scalar_text(column, value)


def _scalar_text(column: ApiColumn, value: Any) -> str:
    _refuse_offset(column, value)
    for kinds, text in _SCALARS:
        if isinstance(value, kinds):
            return text(value)
    if isinstance(value, Mapping):
        return _json_text(column, value)
    raise MalformedValueError(
        f"a {type(value).__name__} is no value for {column.name}, which is {column.type}",
        hint="give text, a number, a date, a UUID, bytes or a list of them",
    )


def _refuse_offset(column: ApiColumn, value: Any) -> None:
    """Refuse a time with an offset for a column without one: the server would drop it in silence.

    Raises:
        MalformedValueError: If it is one.
    """
    is_aware = isinstance(value, dt.datetime | dt.time) and value.tzinfo is not None
    if is_aware and column.base_type in _ZONELESS:
        raise MalformedValueError(
            f"{column.name} is {column.type}, which would drop the offset of what was given",
            hint="convert it to the column's wall time first, and give it without a time zone",
        )


def _float_text(value: float) -> str:
    return "NaN" if math.isnan(value) else _TEXTS.get(value, repr(value))


def _span_text(value: dt.timedelta) -> str:
    return f"{value.days} days {value.seconds}.{value.microseconds:06d} seconds"


# In this order: a bool is an int, and a datetime is a date.
_SCALARS: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    ((int, Decimal, UUID), str),
    (float, _float_text),
    ((dt.date, dt.time), lambda value: str(value.isoformat())),
    (dt.timedelta, _span_text),
    (bytes, lambda value: f"\\x{value.hex()}"),
)


def _array_text(column: ApiColumn, values: Sequence[Any]) -> str:
    return "{" + ",".join(_element(column, value) for value in values) + "}"


def _element(column: ApiColumn, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return _array_text(column, value)
    text = _scalar_text(column, value)
    if text and text.upper() != "NULL" and _SPECIAL_IN_ARRAY.isdisjoint(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_text(column: ApiColumn, value: Any) -> str:
    refuse_nan(column, value)
    return _ENCODER.encode(value).decode()


def refuse_nan(column: ApiColumn, value: Any) -> None:
    """Refuse what JSON has no text for, at any depth: it would become null in silence.

    Raises:
        MalformedValueError: If there is some.
    """
    if type(value) in _PLAIN:
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MalformedValueError(
                f"{column.name} is {column.type}, and JSON has no {value}",
                hint="write null or a text instead",
            )
    elif isinstance(value, Mapping):
        for one in value.values():
            refuse_nan(column, one)
    elif isinstance(value, list | tuple):
        for one in value:
            refuse_nan(column, one)


def _other(value: Any) -> Any:
    match value:
        case bytes():
            return f"\\x{value.hex()}"
        case Mapping():
            return dict(value)
    raise MalformedValueError(
        f"a {type(value).__name__} can't be sent", hint="give what JSON can say, or a date or UUID"
    )


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_other, decimal_format="number")


def json_value(column: ApiColumn, value: Any) -> Any:
    """Return a value as it is put into a body's JSON."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float) and not math.isfinite(value) and column.base_type in _FLOAT_TYPES:
        return _scalar_text(column, value)
    if isinstance(value, bytes | dt.timedelta):
        return _scalar_text(column, value)
    if isinstance(value, float | list | tuple | dict):
        refuse_nan(column, value)
    _refuse_offset(column, value)
    return value


def columns_of(row: Any) -> Mapping[str, Any]:
    """Return a row's columns that were given: those that are UNSET are missing, None is NULL.

    Args:
        row: A mapping, a msgspec Struct or a dataclass.
    """
    if isinstance(row, Mapping):
        return row
    given = (
        {name: getattr(row, name) for name in row.__struct_fields__}
        if isinstance(row, msgspec.Struct)
        else {name: getattr(row, name) for name in row.__dataclass_fields__}
    )
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


def body_of(relation: Relation, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as a JSON array; integers and decimals keep all their digits.

    Raises:
        NotInSchemaError: If a row has a column that the relation has not.
        MalformedValueError: If a value can't be sent.
    """
    known = {one.name: one for one in relation.columns}
    encoded = []
    for row in rows:
        members = {}
        for name, value in row.items():
            column = known.get(name) or column_of(relation, name)
            members[name] = json_value(column, value)
        encoded.append(members)
    try:
        return _ENCODER.encode(encoded)
    except (TypeError, OverflowError, msgspec.MsgspecError):
        return json.dumps(encoded, default=_fallback, allow_nan=False).encode()


def _fallback(value: Any) -> Any:
    """Encode what msgspec refuses, such as integers beyond 64 bits beside dates."""
    if isinstance(value, Decimal):
        return str(value)
    return msgspec.to_builtins(value, enc_hook=_other)

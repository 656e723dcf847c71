"""Binary material inside of JSON: bytes in Python, read in two spellings and written in one.

A Buffer is an object with exactly the members `type`, which is "Buffer", and `data`, which is a
list of bytes or base64. Whatever merely looks like one stays as it is.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Final

from changeover import MalformedValueError

_MEMBERS: Final = frozenset({"type", "data"})
_BYTE_MAX: Final = 255
_HINT: Final = "give JSON's values, and bytes for Buffers"


def revive(value: Any) -> Any:
    """Return JSON's values with every Buffer in them, at any depth, as bytes.

    Args:
        value: What JSON was decoded to, from a database, a cache or a file.
    """
    match value:
        case dict():
            found = _bytes_of(value)
            if found is None:
                return {name: revive(one) for name, one in value.items()}
            return found
        case list():
            return [revive(one) for one in value]
    return value


def encode(value: Any) -> Any:
    """Return a value as JSON holds it: every Buffer as an object with base64.

    Args:
        value: JSON's values; Buffers in it are bytes, or objects in either spelling.

    Raises:
        MalformedValueError: JSON has no such value.
    """
    match value:
        case bytes() | bytearray() | memoryview():
            return _object_of(bytes(value))
        case Mapping():
            found = _bytes_of(value)
            if found is None:
                return {_name(name): encode(one) for name, one in value.items()}
            return _object_of(found)
        case list() | tuple():
            return [encode(one) for one in value]
        case float() if not math.isfinite(value):
            raise MalformedValueError("JSON has no infinite number and no NaN", hint=_HINT)
        case None | str() | bool() | int() | float():
            return value
    raise MalformedValueError(f"a {type(value).__name__} can't be stored in a key", hint=_HINT)


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise MalformedValueError(
            f"a member's name is a {type(name).__name__}, not text", hint=_HINT
        )
    return name


def _object_of(data: bytes) -> dict[str, str]:
    return {"type": "Buffer", "data": base64.b64encode(data).decode("ascii")}


def _bytes_of(value: Mapping[Any, Any]) -> bytes | None:
    """Return the bytes of a Buffer; None if it is none."""
    if value.keys() != _MEMBERS or value["type"] != "Buffer":
        return None
    data = value["data"]
    if isinstance(data, str):
        return _decoded(data)
    if isinstance(data, list) and all(map(_is_byte, data)):
        return bytes(data)
    return None


def _is_byte(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _BYTE_MAX


def _decoded(text: str) -> bytes | None:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Only what would be written again the same: other text is somebody's own.
    return found if base64.b64encode(found).decode("ascii") == text else None

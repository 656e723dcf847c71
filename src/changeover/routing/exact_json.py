"""JSON as a text that is equal where two answers mean the same: numbers keep their digits.

Pure. `1.10` and `1.1` are two numbers here, as they are two texts to whoever prints them; a float
would make them one. The order of an object's members says nothing, that of an array does.
"""

import json
from typing import Any, Final, TypeAlias

Members: TypeAlias = list[tuple[str, Any]]


class Number(str):
    """A number as it was written, or one of `NaN`, `Infinity` and `-Infinity`."""

    __slots__ = ()


class Record:
    """An object: its members in their order, repeated names included.

    Attributes:
        members: Names and values as they came.
    """

    __slots__ = ("members",)

    def __init__(self, members: Members) -> None:
        """Take the members."""
        self.members: Final = members

    def as_row(self) -> dict[str, Any]:
        """Return the members by name; of one name the last counts, as for a client."""
        return dict(self.members)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=Record,
    parse_float=Number,
    parse_int=Number,
    parse_constant=Number,
    strict=False,
)


def read(body: bytes) -> Any:
    """Return a body's JSON: `Record`, list, text, `Number`, bool or None.

    Args:
        body: The body, UTF-8.

    Raises:
        ValueError: If it is no JSON.
    """
    try:
        return _DECODER.decode(body.decode())
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def text(value: Any) -> str:
    """Return a value as a text: equal values have equal texts, others have not.

    Args:
        value: As `read` returns it.
    """
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Record):
        members = sorted(value.members, key=lambda one: one[0])
        return "{" + ",".join(f"{quoted(name)}:{text(one)}" for name, one in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    return quoted(value)


def quoted(value: object) -> str:
    """Return a text, a truth value or null in JSON's own writing."""
    return json.dumps(value)

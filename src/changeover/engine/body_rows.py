"""The rows that a JSON body holds, resolved: their columns with types and defaults.

Mutations take rows of a relation from it, calls the arguments of a function. The body's text stays
behind its slot: the server reads it, so digits and text arrive as they were sent.
"""

from dataclasses import dataclass

from changeover.catalog.snapshot import Parameter, Relation
from changeover.engine.syntax import BodyKind, Payload, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyColumn:
    """A key of the body's objects.

    Attributes:
        type: The type that the server reads it as, as the server prints it.
        default: The expression that stands in where an object lacks the key, None for NULL.
    """

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRows:
    """Rows of a body.

    Attributes:
        slot: The body's text.
        is_array: Whether it is an array of objects; else it is one object.
        columns: In the order of their names.
    """

    slot: Slot
    is_array: bool
    columns: tuple[BodyColumn, ...]


def of_relation(
    payload: Payload, names: tuple[str, ...], relation: Relation, *, has_defaults: bool
) -> BodyRows:
    """Return a body as rows of a relation.

    Args:
        payload: A body that is an object or an array of objects.
        names: The columns that are written; they exist.
        relation: Where their types and defaults are looked up.
        has_defaults: Whether a default stands in for a key that an object lacks.
    """
    found = [relation.column(name) for name in names]
    columns = [
        BodyColumn(name=one.name, type=one.type, default=one.default if has_defaults else None)
        for one in found
        if one is not None
    ]
    assert len(columns) == len(names), "columns were looked up before"
    return _rows(payload, tuple(columns))


def of_parameters(payload: Payload, parameters: tuple[Parameter, ...]) -> BodyRows:
    """Return a body as arguments of a function.

    Args:
        payload: A body that is an object or an array of objects.
        parameters: Those that get an argument from it.
    """
    columns = (BodyColumn(name=one.name, type=one.type_without_length) for one in parameters)
    return _rows(payload, tuple(columns))


def _rows(payload: Payload, columns: tuple[BodyColumn, ...]) -> BodyRows:
    assert payload.slot is not None, "a body was sent"
    return BodyRows(slot=payload.slot, is_array=payload.kind is BodyKind.ARRAY, columns=columns)

"""What the grammars read: the language's tree with a client's values still inside of it.

`place.py` turns it into `syntax.py`'s tree, where each value has become a slot. It is kept apart
because a parser that goes back must be able to drop what it has read.
"""

from typing import NamedTuple, TypeAlias


class StepDraft(NamedTuple):
    """One step into JSON; the key of an index is its digits, with a minus where there was one."""

    arrow: str
    key: str
    is_index: bool


class FieldDraft(NamedTuple):
    """A column, or something inside of it."""

    name: str
    path: tuple[StepDraft, ...] = ()


class SelectDraft(NamedTuple):
    """A column in `select`; see `syntax.SelectField`."""

    field: FieldDraft | None
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


class EmbedDraft(NamedTuple):
    """Another resource in `select`; see `syntax.Embed`."""

    name: str
    alias: str | None
    hint: str | None
    join: str | None
    is_spread: bool
    select: tuple["SelectDraft | EmbedDraft", ...]


class OperationDraft(NamedTuple):
    """An operator with its value: the text, for `in` the elements, for `is` the word."""

    operator: str
    value: str | tuple[str, ...]
    is_negated: bool = False
    quantifier: str | None = None
    config: str | None = None


class FilterDraft(NamedTuple):
    """A condition on a field."""

    field: FieldDraft
    operation: OperationDraft


class LogicDraft(NamedTuple):
    """Conditions joined by `and` or `or`."""

    operator: str
    is_negated: bool
    children: tuple["FilterDraft | LogicDraft", ...]


ConditionDraft: TypeAlias = FilterDraft | LogicDraft


class OrderDraft(NamedTuple):
    """One key of an order; see `syntax.OrderTerm`."""

    field: FieldDraft
    relation: str | None
    direction: str | None
    nulls: str | None

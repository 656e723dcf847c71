"""Slots for values: from what the grammars read to the tree that plans are made of.

Two requests that differ in values only get equal trees, because slots are numbered in the order in
which values stand in the request.
"""

from functools import lru_cache

from changeover.engine.draft import (
    ConditionDraft,
    EmbedDraft,
    FieldDraft,
    FilterDraft,
    OperationDraft,
    OrderDraft,
    SelectDraft,
    StepDraft,
)
from changeover.engine.syntax import (
    Condition,
    Embed,
    Field,
    Filter,
    Join,
    Logic,
    Operation,
    OrderTerm,
    SelectField,
    SelectItem,
    Slot,
    Step,
)


class Values:
    """The values of a request while it is parsed.

    Args:
        base: The slot of the first value.
    """

    __slots__ = ("base", "found")

    def __init__(self, base: Slot = 0) -> None:
        self.base = base
        self.found: list[str | bytes] = []

    def add(self, value: str | bytes) -> Slot:
        """Take a value and return its slot."""
        self.found.append(value)
        return self.end - 1

    def take(self, values: tuple[str | bytes, ...]) -> None:
        """Take values whose slots were given out from `end` on."""
        self.found.extend(values)

    @property
    def end(self) -> Slot:
        """The slot of the next value."""
        return self.base + len(self.found)


def select(items: tuple[SelectDraft | EmbedDraft, ...], values: Values) -> tuple[SelectItem, ...]:
    """Return what is selected, its JSON keys in slots."""
    return tuple(_item(one, values) for one in items)


def _item(item: SelectDraft | EmbedDraft, values: Values) -> SelectItem:
    if isinstance(item, EmbedDraft):
        return Embed(
            name=item.name,
            alias=item.alias,
            hint=item.hint,
            join=None if item.join is None else Join(item.join),
            is_spread=item.is_spread,
            select=select(item.select, values),
        )
    return SelectField(
        field=None if item.field is None else field(item.field, values),
        alias=item.alias,
        cast=item.cast,
        aggregate=item.aggregate,
        aggregate_cast=item.aggregate_cast,
    )


def field(draft: FieldDraft, values: Values) -> Field:
    """Return a field, its JSON keys in slots."""
    return Field(draft.name, tuple(_step(one, values) for one in draft.path))


def _step(draft: StepDraft, values: Values) -> Step:
    return Step(draft.arrow, draft.key, values.add(draft.key), draft.is_index)


def order(terms: tuple[OrderDraft, ...], values: Values) -> tuple[OrderTerm, ...]:
    """Return an order, its JSON keys in slots."""
    return tuple(
        OrderTerm(field(one.field, values), one.relation, one.direction, one.nulls) for one in terms
    )


def condition(draft: ConditionDraft, values: Values) -> Condition:
    """Return a condition or a tree of them, its values in slots."""
    if isinstance(draft, FilterDraft):
        return Filter(field(draft.field, values), operation(draft.operation, values))
    children = tuple(condition(one, values) for one in draft.children)
    return Logic(draft.operator, draft.is_negated, children)


def operation(draft: OperationDraft, values: Values) -> Operation:
    """Return an operator, its values in slots: of `in` an array literal, `%` for `*` in `like`."""
    operator, value, is_negated, quantifier, config = draft
    if operator == "is":
        assert isinstance(value, str), "a word follows `is`"
        return _operation(operator, is_negated, None, value, None, None)
    search = None if config is None else values.add(config)
    if isinstance(value, tuple):
        value = _array(value)
    elif operator in ("like", "ilike"):
        value = value.replace("*", "%")
    return _operation(operator, is_negated, quantifier, None, search, values.add(value))


@lru_cache(maxsize=4096)
def _operation(  # noqa: PLR0917 - the six facts of an operation
    operator: str,
    is_negated: bool,  # noqa: FBT001 - as above
    quantifier: str | None,
    word: str | None,
    config: Slot | None,
    slot: Slot | None,
) -> Operation:
    return Operation(operator, is_negated, quantifier, word, config, slot)


def _array(elements: tuple[str, ...]) -> str:
    """Return an array literal, every element quoted and cut at NUL; one empty element is none."""
    if elements == ("",):
        return "{}"
    return f"{{{','.join(map(_quoted, elements))}}}"


def _quoted(element: str) -> str:
    cut = element.partition("\0")[0]
    escaped = cut.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

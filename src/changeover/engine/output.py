"""What a level shows: its select list, and what spreads lift out of their embeds.

An aggregate in a to-one spread would count one row; so it is lifted to the next level that is no
such spread, where there is something to count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from changeover.catalog.snapshot import Relation
from changeover.engine import condition
from changeover.engine.level import Level
from changeover.engine.plan_value import Column, Lifted, Output, ReadNode
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import Field, SelectField

_ALL: Final = Field("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregate that another level applies.

    Attributes:
        function: `sum`, `avg`, `max`, `min` or `count`.
        cast: The type of the result, None for its own.
        alias: The name of the result, None for the column's.
    """

    function: str
    cast: str | None
    alias: str | None


Aggregates = Mapping[str, Aggregate]
"""Aggregates by the name of the column that they are applied to."""


def is_expanding(draft: Level) -> bool:
    """Whether `*` is written out from this level down: columns are grouped or gathered by name."""
    has_aggregate = any(one.aggregate for one in draft.fields)
    return has_aggregate or (draft.is_spread and not draft.is_to_one)


def resolve(draft: Level, known: Relation | None, *, is_expanded: bool) -> tuple[Output, ...]:
    """Return the select list of a level, without embeds.

    Args:
        draft: The level.
        known: Its relation, None where nothing is known of it.
        is_expanded: Whether `*` is written out.
    """
    return tuple(
        output
        for one in draft.fields
        for output in _outputs(one, known, is_expanded=is_expanded, is_spread=draft.is_spread)
    )


def _outputs(
    one: SelectField, known: Relation | None, *, is_expanded: bool, is_spread: bool
) -> Iterator[Output]:
    field = one.field or _ALL
    is_all = field.name == "*" and not field.path
    if is_all and is_expanded and one.aggregate is None:
        columns = () if known is None else known.columns
        yield from (Output(column=Column(name=column.name)) for column in columns)
        return
    column = condition.column(field, known)
    if is_all and is_spread and one.aggregate == "count":
        column = replace(column, is_row=True)
    yield Output(
        column=column,
        alias=_alias(one, field, is_spread=is_spread),
        cast=one.cast,
        aggregate=one.aggregate,
        aggregate_cast=one.aggregate_cast,
    )


def _alias(one: SelectField, field: Field, *, is_spread: bool) -> str | None:
    """Return the name that an output needs, None where PostgreSQL names it the same."""
    if one.alias is not None:
        return one.alias
    if one.aggregate is not None:
        return one.aggregate if is_spread else None
    if not field.path:
        return None
    keys = [step.key for step in field.path if not step.is_index]
    return keys[-1] if keys else field.name


def hoist(
    draft: Level,
    own: tuple[Output, ...],
    grown: Iterable[tuple[ReadNode, Aggregates]],
) -> tuple[tuple[Output, ...], tuple[ReadNode, ...], Aggregates]:
    """Move aggregates out of to-one spreads.

    Args:
        draft: A level.
        own: Its select list.
        grown: Its embeds with the aggregates that they leave to it.

    Returns:
        The select list, the embeds, and what the level leaves to its parent.

    Raises:
        Refusal: PGRST127, an aggregate in a to-many spread.
    """
    if draft.is_spread and draft.is_to_one:
        lifted: dict[str, Aggregate] = {}
        for _, aggregates in grown:
            lifted = {**aggregates, **lifted}
        lifted = {**lifted, **dict(_left(own))}
        plain = tuple(replace(one, aggregate=None, aggregate_cast=None) for one in own)
        return plain, tuple(node for node, _ in grown), lifted
    children = tuple(_applied(node, aggregates) for node, aggregates in grown)
    if draft.is_spread and is_grouped(own, children):
        raise Refusal(
            "PGRST127",
            "Feature not implemented",
            details="Aggregates are not implemented for one-to-many or many-to-many spreads.",
        )
    return own, children, {}


def _left(own: tuple[Output, ...]) -> Iterator[tuple[str, Aggregate]]:
    for one in reversed(own):
        if one.aggregate is not None:
            yield (
                _name(one),
                Aggregate(function=one.aggregate, cast=one.aggregate_cast, alias=one.alias),
            )


def _applied(node: ReadNode, aggregates: Aggregates) -> ReadNode:
    """Return an embed whose lifted columns carry the aggregates that were left to its parent."""
    if not aggregates:
        return node
    lifted = tuple(_carrying(one, aggregates.get(one.name)) for one in node.lifted)
    return replace(node, lifted=lifted)


def _carrying(one: Lifted, aggregate: Aggregate | None) -> Lifted:
    if aggregate is None:
        return one
    return Lifted(
        name=one.name,
        alias=aggregate.alias,
        aggregate=aggregate.function,
        aggregate_cast=aggregate.cast,
    )


def lift(own: tuple[Output, ...], children: tuple[ReadNode, ...]) -> tuple[Lifted, ...]:
    """Return what a spread's parent selects of it.

    Args:
        own: The spread's select list.
        children: Its embeds.
    """
    lifted = [Lifted(name=_name(one)) for one in own]
    for child in children:
        if child.is_spread:
            lifted.extend(Lifted(name=one.alias or one.name) for one in child.lifted)
        elif not child.is_hollow:
            lifted.append(Lifted(name=child.name))
    return tuple(lifted)


def _name(one: Output) -> str:
    return one.column.name if one.alias is None else one.alias


def is_grouped(own: tuple[Output, ...], children: tuple[ReadNode, ...]) -> bool:
    """Whether an aggregate is applied at a level."""
    return any(one.aggregate for one in own) or any(
        one.aggregate for child in children for one in child.lifted
    )


def are_known(own: tuple[Output, ...], known: Relation | None) -> bool:
    """Whether every output is a column that exists: none is a function that may return a set."""
    if known is None:
        return False
    names = {column.name for column in known.columns} | {"*"}
    return all(one.column.name in names for one in own)

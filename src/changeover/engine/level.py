"""A read's tree while it grows: which parameters aim at which level, and what joins it.

Parameters find their embed one after the other, and each moves its embed to the front of its
siblings, as PostgREST does; so a level is a mutable draft until the tree is complete.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from changeover.catalog.snapshot import Relationship
from changeover.engine.plan_value import WHOLE
from changeover.engine.refusal import Refusal
from changeover.engine.syntax import (
    Condition,
    Embed,
    OrderTerm,
    Path,
    SelectField,
    SelectItem,
    Shape,
    Window,
)
from changeover.model.name import TableName

_Aimed = TypeVar("_Aimed")


@dataclass(slots=True, kw_only=True, eq=False)
class Level:
    """One level of a tree that is being resolved.

    Attributes:
        embed: What was written; None for the root.
        relation: What is read; of an embed known once its relationship is found.
        fields: What is selected, without embeds.
        alias: The name under which its columns are reached; None for schema and name.
        aggregate_alias: The name of the lateral join.
        is_legacy: Whether a parameter used the target's name beside an alias.
    """

    relation: TableName
    embed: Embed | None = None
    depth: int = 0
    fields: tuple[SelectField, ...] = ()
    children: list["Level"] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    orders: tuple[OrderTerm, ...] = ()
    window: Window = WHOLE
    relationship: Relationship | None = None
    alias: str | None = None
    aggregate_alias: str = ""
    is_legacy: bool = False

    @property
    def name(self) -> str:
        """The key in the answer: the alias, or the target as written."""
        if self.embed is None:
            return self.relation.name
        return self.embed.name if self.embed.alias is None else self.embed.alias

    @property
    def is_to_one(self) -> bool:
        """Whether its rows come as an object or null."""
        return self.relationship is None or self.relationship.is_to_one

    @property
    def is_spread(self) -> bool:
        """Whether its columns are lifted."""
        return self.embed is not None and self.embed.is_spread

    def child(self, name: str) -> "Level | None":
        """Return the embed with a key, or None."""
        return next((one for one in self.children if one.name == name), None)


def grow(
    shape: Shape, relation: TableName, *, has_legacy_targets: bool, is_mutation: bool
) -> Level:
    """Return the tree of a select with its parameters in their places.

    Args:
        shape: What was parsed.
        relation: What the root reads.
        has_legacy_targets: Whether a target's name is known beside an alias.
        is_mutation: Leave out windows, and what chose the rows already.

    Raises:
        Refusal: PGRST108, a parameter aims at what is not embedded.
    """
    root = _level(shape.select, Level(relation=relation))

    def aim(aimed: Iterable[tuple[Path, _Aimed]], put: Callable[[Level, _Aimed], None]) -> None:
        for path, what in reversed(tuple(aimed)):
            put(_find(root, path, has_legacy_targets=has_legacy_targets), what)

    logic = [(path, tree) for path, tree in shape.logic if path or not is_mutation]
    aim(shape.embed_filters, _put_condition)
    if not is_mutation:
        root.conditions[:0] = shape.filters
    aim(shape.orders, _put_orders)
    if not is_mutation:
        aim(shape.windows, _put_window)
    aim(logic, _put_condition)
    return root


def _level(select: tuple[SelectItem, ...], level: Level) -> Level:
    level.fields = tuple(one for one in select if isinstance(one, SelectField))
    for one in select:
        if isinstance(one, Embed):
            child = Level(
                embed=one,
                relation=TableName(level.relation.schema, one.name),
                depth=level.depth + 1,
            )
            level.children.append(_level(one.select, child))
    return level


def _put_condition(level: Level, condition: Condition) -> None:
    level.conditions.insert(0, condition)


def _put_orders(level: Level, orders: tuple[OrderTerm, ...]) -> None:
    level.orders = orders


def _put_window(level: Level, window: Window) -> None:
    level.window = window


def _find(level: Level, path: Path, *, has_legacy_targets: bool) -> Level:
    """Return the level that a path leads to, each level on the way moved before its siblings."""
    for name in path:
        found = next(
            (one for one in level.children if _is_meant(one, name, is_legacy=has_legacy_targets)),
            None,
        )
        if found is None:
            raise _not_embedded(level, name, has_legacy_targets=has_legacy_targets)
        level.children.remove(found)
        level.children.insert(0, found)
        found.is_legacy = found.is_legacy or found.name != name
        level = found
    return level


def _is_meant(level: Level, name: str, *, is_legacy: bool) -> bool:
    assert level.embed is not None, "only embeds are children"
    return level.name == name or (is_legacy and level.embed.name == name)


def _not_embedded(level: Level, name: str, *, has_legacy_targets: bool) -> Refusal:
    hidden = next((one for one in level.children if _is_meant(one, name, is_legacy=True)), None)
    if hidden is None or has_legacy_targets:
        return not_embedded(name)
    return Refusal(
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        details="Target names are not allowed in filters if they have an alias",
        hint=f"Change '{name}' to '{hidden.name}' in filters, orders or limits.",
    )


def not_embedded(name: str) -> Refusal:
    """Return what is answered to a parameter that aims at what is not embedded."""
    return Refusal(
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        hint=f"Verify that '{name}' is included in the 'select' query parameter.",
    )

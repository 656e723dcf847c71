"""What a request says of its answer's order: which rows may come in any, and what tells them apart.

Pure. It reads the request as the engine does and holds it against the target's snapshot; it must
not know of replies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from changeover.catalog.snapshot import Relation, Snapshot
from changeover.engine import plan as planning
from changeover.engine.call_plan import CallPlan
from changeover.engine.message import Message
from changeover.engine.plan_value import Body, Ordering, ReadNode, ReadPlan
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Count, Request, Window
from changeover.model.name import TableName

Member: TypeAlias = tuple[str, ...]
"""Where a value stands in a row: a member's name, or an embed's and one of its members'."""

_FOLDED: Final = frozenset({"citext", "public.citext", "extensions.citext"})
_INEXACT: Final = frozenset({"interval", "jsonb", "tsvector"})
"""Types whose equal values may be written differently: a tie can't be told from the text."""
_TABLES: Final = ("r", "p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One key of an order, as far as rows show it.

    Attributes:
        column: Its name, for a report.
        member: Where its value stands; None where it is not shown or can't be told from its text.
        is_folded: Whether texts that differ in case only are equal.
    """

    column: str
    member: Member | None
    is_folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of an answer.

    Attributes:
        table: What its rows are of.
        key: Where the key's columns stand in a row; empty if they are not all shown.
        terms: The order; empty for none.
        is_total: Whether the order leaves no ties.
        is_given: Whether rows come in an order of their own that the request does not name: those
            of a function.
        limit: The most rows that were asked for; None for all.
        offset: Rows that are left out before the first.
        children: Embeds that come as a list or an object, by their member.
        gathered: Members that a spread has gathered into arrays of any order.
    """

    table: str
    key: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    is_total: bool = False
    is_given: bool = False
    limit: int | None = None
    offset: int = 0
    children: Mapping[str, "Level"] = field(default_factory=dict)
    gathered: frozenset[str] = frozenset()

    @property
    def is_ordered(self) -> bool:
        """Whether the request names an order."""
        return bool(self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What is compared of an answer, and how.

    Attributes:
        root: The rows.
        body: How the body is built; None for a value that is compared as it is.
        has_exact_count: Whether the total was counted; a planner's guess is not compared.
        has_guessed_count: Whether the total is a planner's guess.
        is_set: Whether there may be any number of rows.
    """

    root: Level
    body: Body | None
    has_exact_count: bool = False
    has_guessed_count: bool = False
    is_set: bool = True


def outline(message: Message, snapshot: Snapshot, settings: ApiSettings) -> Outline | None:
    """Return the outline of a read's answer; None for what has no rows (`/`, OPTIONS).

    Args:
        message: A read.
        snapshot: What the target holds.
        settings: What the API allows.

    Raises:
        Refusal: The request can't be read, or names what is not there.
    """
    request = parse(message, settings)
    plan = planning.resolve(request.shape, snapshot, settings)
    if not isinstance(plan, ReadPlan | CallPlan):
        return None
    root = _Growth(request, snapshot).level(plan.root)
    body: Body | None = plan.answer.format.body
    if isinstance(plan, CallPlan):
        root = replace(root, table=f"{plan.function}()", is_given=plan.is_set)
        if plan.is_scalar and not plan.is_set and body in (Body.ARRAY, Body.OBJECT):
            body = None
    count = request.shape.count
    is_set = plan.is_set if isinstance(plan, CallPlan) else True
    return Outline(
        root=root,
        body=body,
        has_exact_count=count is Count.EXACT,
        has_guessed_count=count in (Count.PLANNED, Count.ESTIMATED),
        is_set=is_set,
    )


def table_of(message: Message) -> str:
    """Return what a request names, without looking whether it exists.

    Args:
        message: Any request.
    """
    return message.path.partition("?")[0].strip("/")[:200]


class _Growth:
    """Turns nodes of a plan into levels."""

    def __init__(self, request: Request, snapshot: Snapshot) -> None:
        self._request = request
        self._relations: Mapping[TableName, Relation] = snapshot.relations

    def level(self, node: ReadNode) -> Level:
        """Return the level of a node."""
        relation = self._relations.get(node.relation)
        shown = dict(_shown(node, relation))
        return Level(
            table=str(node.relation),
            key=_key(relation, shown),
            terms=tuple(self._term(one, node, relation, shown) for one in node.orderings),
            is_total=_is_total(node, relation),
            limit=self._limit(node.window),
            offset=self._number(node.window.offset) or 0,
            children=dict(self._children(node)),
            gathered=frozenset(_gathered(node)),
        )

    def _limit(self, window: Window) -> int | None:
        return self._number(window.limit) if window.rows is None else window.rows

    def _number(self, slot: int | None) -> int | None:
        return None if slot is None else int(self._request.values[slot])

    def _children(self, node: ReadNode) -> Iterator[tuple[str, Level]]:
        for child in node.children:
            if not child.is_spread:
                yield child.name, self.level(child)
            elif not child.is_list:
                yield from self._children(child)

    def _term(
        self, one: Ordering, node: ReadNode, relation: Relation | None, shown: dict[str, str]
    ) -> Term:
        name = one.column.name
        prefix: Member = ()
        if one.embed is not None:
            child = next(two for two in node.children if two.aggregate_alias == one.embed)
            relation = self._relations.get(child.relation)
            shown = dict(_shown(child, relation))
            prefix = () if child.is_spread else (child.name,)
            if child.is_spread:
                shown = _lifted(child, shown)
        column = None if relation is None else relation.column(name)
        base = "" if column is None else column.base_type
        is_told = column is not None and not one.column.path and base not in _INEXACT
        member = (*prefix, shown[name]) if is_told and name in shown else None
        return Term(column=name, member=member, is_folded=base in _FOLDED)


def _shown(node: ReadNode, relation: Relation | None) -> Iterator[tuple[str, str]]:
    """Yield the columns that rows show as they are, and the member that holds each."""
    for one in node.outputs:
        if one.cast or one.aggregate or one.column.path or one.column.is_row:
            continue
        if one.column.name == "*":
            yield from ((two.name, two.name) for two in (relation.columns if relation else ()))
        else:
            yield one.column.name, one.alias or one.column.name


def _lifted(child: ReadNode, shown: Mapping[str, str]) -> dict[str, str]:
    """Return where a spread's columns stand in its parent."""
    if any(one.name == "*" for one in child.lifted):
        return dict(shown)
    places = {one.name: one.alias or one.name for one in child.lifted if not one.aggregate}
    return {name: places[member] for name, member in shown.items() if member in places}


def _key(relation: Relation | None, shown: Mapping[str, str]) -> tuple[str, ...]:
    names = () if relation is None else relation.primary_key
    return tuple(shown[name] for name in names) if all(name in shown for name in names) else ()


def _is_total(node: ReadNode, relation: Relation | None) -> bool:
    """Return whether the order names the whole key of a table, so that no two rows are equal."""
    if relation is None or relation.kind not in _TABLES or not relation.primary_key:
        return False
    own = {one.column.name for one in node.orderings if one.embed is None and not one.column.path}
    return not node.is_grouped and own.issuperset(relation.primary_key)


def _gathered(node: ReadNode) -> Iterator[str]:
    for child in node.children:
        if child.is_spread and child.is_list and not child.orderings:
            yield from (one.alias or one.name for one in child.lifted)

"""Plans of reads: the tree of a select, resolved level by level.

The order of the checks is PostgREST's: parameters find their embed, embeds their relationship,
related orders their embed, and aggregates must be allowed. Columns are not checked: PostgreSQL is
the judge of those, and `t.f` may be a function of t's rows.
"""

from collections.abc import Iterator

from changeover.catalog.snapshot import Snapshot
from changeover.engine import condition, level, negotiation, relationship
from changeover.engine import output as outputs
from changeover.engine import relation as relations
from changeover.engine.answer import answer, is_whole, require_known_preferences
from changeover.engine.level import Level
from changeover.engine.plan_value import (
    Comparison,
    Group,
    Ordering,
    Predicate,
    Presence,
    ReadNode,
    ReadPlan,
    Source,
)
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import OrderTerm, Shape
from changeover.model.name import TableName


def resolve(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> ReadPlan:
    """Return how a read of a relation is answered.

    Args:
        shape: A shape with the action READ.
        snapshot: What the database holds.
        settings: What the API allows.

    Raises:
        Refusal: What the request names does not exist or cannot be done.
    """
    name = relations.find(snapshot, shape.schema, shape.name).name
    root = tree(shape, snapshot, settings, relation=name)
    chosen = negotiation.choose(shape, snapshot, settings, relation=name, is_whole=is_whole(shape))
    require_known_preferences(shape)
    return ReadPlan(root=root, answer=answer(shape, settings, chosen, root=root))


def tree(
    shape: Shape,
    snapshot: Snapshot,
    settings: ApiSettings,
    *,
    relation: TableName,
    source: Source = Source.TABLE,
) -> ReadNode:
    """Return the resolved tree of `select`, with filters, orders and windows in their places.

    Over a MUTATION the root has no filters, and no level has a window: they chose the rows already.

    Args:
        shape: Any shape that selects.
        snapshot: What the database holds.
        settings: What the API allows.
        relation: What the root's columns and relationships are looked up under; of a call the
            returned row type, or the function's own name where there is none.
        source: Where the root's rows come from.

    Raises:
        Refusal: PGRST108, 118, 123, 127, 200 or 201.
    """
    root = level.grow(
        shape,
        relation,
        has_legacy_targets=settings.has_legacy_targets,
        is_mutation=source is Source.MUTATION,
    )
    if source is not Source.TABLE:
        root.alias = relation.name
    _relate(root, snapshot, shape.schema)
    _require_related_orders(root)
    _require_aggregates(root, settings)
    return _Growth(snapshot, settings, source).node(root)


def columns_needed(root: ReadNode, key: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the columns that a source must return for a tree to be read from it.

    Args:
        root: A tree over a MUTATION or CALL.
        key: Columns that are needed for `Location`.

    Returns:
        Names without repeats, sorted; only `*` if all are needed.
    """
    names = {one.column.name for one in root.outputs} | set(key)
    for child in root.children:
        found = child.relationship
        assert found is not None, "every embed has a relationship"
        if found.function is not None:
            return ("*",)
        pairs = found.columns if found.junction is None else found.junction.parent_columns
        names.update(own for own, _ in pairs)
    names.update(one.column.name for one in root.orderings if one.embed is None)
    for predicate in root.predicates:
        names.update(_compared(predicate))
    return ("*",) if "*" in names else tuple(sorted(names))


def _compared(predicate: Predicate) -> Iterator[str]:
    if isinstance(predicate, Comparison):
        yield predicate.column.name
    elif isinstance(predicate, Group):
        for child in predicate.children:
            yield from _compared(child)


def _relate(parent: Level, snapshot: Snapshot, schema: str) -> None:
    """Find the relationship of every embed, and name what is joined by it."""
    for child in parent.children:
        assert child.embed is not None, "only embeds are children"
        origin = TableName(schema, parent.relation.name)
        found = relationship.find(snapshot, origin, child.embed)
        child.relationship = found
        child.relation = found.child
        child.aggregate_alias = f"{found.parent.name}_{child.name}_{child.depth}"
        if found.junction is None:
            child.alias = f"{found.child.name}_{child.depth}"
        _relate(child, snapshot, schema)


def _require_related_orders(node: Level) -> None:
    """Check that related orders name embeds that come as one object.

    Raises:
        Refusal: PGRST108 or 118.
    """
    for term in node.orders:
        if term.relation is None:
            continue
        child = node.child(term.relation)
        if child is None:
            raise level.not_embedded(term.relation)
        if not child.is_to_one:
            own, other = node.relation.name, child.name
            raise Refusal(
                "PGRST118",
                f"A related order on '{other}' is not possible",
                details=f"'{own}' and '{other}' do not form a many-to-one or one-to-one"
                " relationship",
            )
    for child in node.children:
        _require_related_orders(child)


def _require_aggregates(node: Level, settings: ApiSettings) -> None:
    """Check that aggregates are allowed where there are any.

    Raises:
        Refusal: PGRST123.
    """
    if not settings.has_aggregates and any(one.aggregate for one in node.fields):
        raise Refusal("PGRST123", "Use of aggregate functions is not allowed")
    for child in node.children:
        _require_aggregates(child, settings)


class _Growth:
    """Turns levels into nodes."""

    def __init__(self, snapshot: Snapshot, settings: ApiSettings, source: Source) -> None:
        self._snapshot = snapshot
        self._settings = settings
        self._source = source

    def node(self, root: Level) -> ReadNode:
        """Return the tree of a root."""
        node, lifted = self._node(root, None, is_expanded=False)
        assert not lifted, "nothing is above the root"
        return node

    def _node(
        self, draft: Level, parent: Level | None, *, is_expanded: bool
    ) -> tuple[ReadNode, outputs.Aggregates]:
        """Return a level's node and the aggregates that its parent applies for it."""
        known = self._snapshot.relations.get(draft.relation)
        is_expanded = is_expanded or outputs.is_expanding(draft)
        own = outputs.resolve(draft, known, is_expanded=is_expanded)
        grown = [self._node(one, draft, is_expanded=is_expanded) for one in draft.children]
        own, children, lifted = outputs.hoist(draft, own, grown)
        is_root = parent is None
        node = ReadNode(
            relation=draft.relation,
            source=self._source if is_root else Source.TABLE,
            alias=draft.alias,
            aggregate_alias=draft.aggregate_alias,
            name=draft.name,
            parent_alias=None if parent is None else parent.alias,
            relationship=draft.relationship,
            is_inner=draft.embed is not None and draft.embed.join == "inner",
            is_spread=draft.is_spread,
            outputs=own,
            lifted=outputs.lift(own, children) if draft.is_spread else (),
            predicates=self._predicates(draft),
            orderings=tuple(self._ordering(draft, term) for term in draft.orders),
            window=draft.window,
            rows_max=self._rows_max(draft.relation),
            children=children,
            is_grouped=outputs.is_grouped(own, children),
            is_exact=outputs.are_known(own, known),
            legacy_name=draft.embed.name if draft.is_legacy and draft.embed is not None else "",
        )
        return node, lifted

    def _rows_max(self, relation: TableName) -> int | None:
        """Return the cap of a level; what a mutation returns has none."""
        if self._source is Source.MUTATION:
            return None
        return self._settings.rows_max_of.get(relation, self._settings.rows_max)

    def _predicates(self, draft: Level) -> tuple[Predicate, ...]:
        """Return a level's conditions, those on embeds recognised.

        An embed's columns are looked up by the target as it was written: one that was reached by
        its key has no known columns, as in PostgREST.
        """
        written = draft.relation
        if draft.embed is not None:
            written = TableName(draft.relation.schema, draft.embed.name)
        known = self._snapshot.relations.get(written)
        resolved = (condition.predicate(one, known) for one in draft.conditions)
        return tuple(_recognised(one, draft) for one in resolved)

    def _ordering(self, draft: Level, term: OrderTerm) -> Ordering:
        known = None
        embed = None if term.relation is None else draft.child(term.relation)
        if embed is None:
            known = self._snapshot.relations.get(draft.relation)
        return Ordering(
            column=condition.column(term.field, known),
            embed=None if embed is None else embed.aggregate_alias,
            direction=term.direction,
            nulls=term.nulls,
        )


def _recognised(predicate: Predicate, draft: Level) -> Predicate:
    """Return a condition with `rel=is.null` taken for a condition on the embed."""
    if isinstance(predicate, Group):
        return Group(
            operator=predicate.operator,
            is_negated=predicate.is_negated,
            children=tuple(_recognised(one, draft) for one in predicate.children),
        )
    if not isinstance(predicate, Comparison):
        return predicate
    operation = predicate.operation
    is_null = operation.operator == "is" and operation.word == "null"
    if not is_null or predicate.column.path:
        return predicate
    embed = draft.child(predicate.column.name)
    if embed is None:
        return predicate
    return Presence(
        embed=embed.aggregate_alias,
        is_list=not embed.is_to_one,
        is_present=operation.is_negated,
    )

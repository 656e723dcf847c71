"""Plans of mutations: which rows are written, where, and what is said of them.

Source: shared reference "PostgREST: the language that we speak", section 5.
"""

from dataclasses import dataclass

from changeover.catalog.snapshot import Relation, Snapshot
from changeover.engine import body_rows, condition, negotiation, read_plan
from changeover.engine import relation as relations
from changeover.engine.answer import answer, is_whole, require_known_preferences
from changeover.engine.body_rows import BodyRows
from changeover.engine.plan_value import Answer, Predicate, ReadNode, Source
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import (
    Action,
    BodyKind,
    Filter,
    Resolution,
    Return,
    Shape,
)
from changeover.model.name import TableName


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What happens to a row whose key exists.

    Attributes:
        columns: The key.
        is_merged: Whether the row that exists is updated; else it stays as it is.
    """

    columns: tuple[str, ...]
    is_merged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationPlan:
    """A mutation of a relation.

    Attributes:
        target: The relation.
        body: The rows that are written; None for a DELETE, and for an UPDATE of no columns.
        predicates: Which rows are changed; of a PUT which rows of the body are taken.
        conflict: Of an insert or PUT, None where a conflict is an error.
        is_counted: Whether new rows are told from updated ones.
        returning: The columns that the mutation returns; empty where rows are counted only.
        location: The key columns of `Location`; empty where there is none.
        root: What is selected of the rows.
    """

    action: Action
    target: TableName
    body: BodyRows | None
    predicates: tuple[Predicate, ...]
    conflict: Conflict | None
    is_counted: bool
    returning: tuple[str, ...]
    location: tuple[str, ...]
    root: ReadNode
    answer: Answer


def resolve(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> MutationPlan:
    """Return how a mutation is done and answered.

    Args:
        shape: A shape with the action INSERT, UPDATE, PUT or DELETE.
        snapshot: What the database holds.
        settings: What the API allows.

    Raises:
        Refusal: What the request names does not exist or cannot be done.
    """
    relation = relations.find(snapshot, shape.schema, shape.name)
    root = read_plan.tree(shape, snapshot, settings, relation=relation.name, source=Source.MUTATION)
    if shape.action is Action.PUT:
        _require_key(shape, relation)
    body = _body(shape, relation)
    require_known_preferences(shape)
    chosen = negotiation.choose(
        shape,
        snapshot,
        settings,
        relation=relation.name,
        is_whole=is_whole(shape),
    )
    conflict = _conflict(shape, relation)
    return MutationPlan(
        action=shape.action,
        target=relation.name,
        body=body,
        predicates=_predicates(shape, relation),
        conflict=conflict,
        is_counted=shape.action is Action.PUT
        or (shape.action is Action.INSERT and shape.resolution is Resolution.MERGE),
        returning=_returning(shape, root, relation),
        location=_location(shape, relation),
        root=root,
        answer=answer(shape, settings, chosen, root=root, has_conflict_target=conflict is not None),
    )


def _require_key(shape: Shape, relation: Relation) -> None:
    """Check that a PUT names one row by its whole primary key, and nothing else."""
    is_plain = not shape.logic and not shape.embed_filters
    key = {_key_column(one) for one in shape.filters}
    if not is_plain or not relation.primary_key or key != set(relation.primary_key):
        raise Refusal(
            "PGRST105",
            "Filters must include all and only primary key columns with 'eq' operators",
        )


def _key_column(one: Filter) -> str | None:
    """Return the column that a plain `eq` compares, None for anything else."""
    operation = one.operation
    is_plain = operation.operator == "eq" and not operation.is_negated
    if not is_plain or operation.quantifier is not None or one.field.path:
        return None
    return one.field.name


def _body(shape: Shape, relation: Relation) -> BodyRows | None:
    payload = shape.payload
    if shape.action is Action.DELETE or payload.kind is BodyKind.NONE:
        return None
    names = shape.columns if payload.is_unread and shape.columns else payload.keys
    relations.require_columns(relation, names)
    if shape.action is Action.UPDATE and not names:
        return None
    has_defaults = shape.missing == "default" and shape.action is not Action.PUT
    return body_rows.of_relation(payload, names, relation, has_defaults=has_defaults)


def _predicates(shape: Shape, relation: Relation) -> tuple[Predicate, ...]:
    """Return the root's conditions; an insert has none, its filters choose nothing."""
    if shape.action is Action.INSERT:
        return ()
    conditions = (*shape.filters, *(tree for path, tree in shape.logic if not path))
    return tuple(condition.predicate(one, relation) for one in conditions)


def _conflict(shape: Shape, relation: Relation) -> Conflict | None:
    if shape.action is Action.PUT:
        return Conflict(columns=relation.primary_key, is_merged=True)
    if shape.action is not Action.INSERT or shape.resolution is None:
        return None
    columns = relation.primary_key if shape.on_conflict is None else shape.on_conflict
    if not columns:
        return None
    return Conflict(columns=columns, is_merged=shape.resolution is Resolution.MERGE)


def _returning(shape: Shape, root: ReadNode, relation: Relation) -> tuple[str, ...]:
    if shape.representation in (None, Return.MINIMAL):
        return ()
    return read_plan.columns_needed(root, relation.primary_key)


def _location(shape: Shape, relation: Relation) -> tuple[str, ...]:
    is_wanted = shape.action is Action.INSERT and shape.representation is Return.HEADERS_ONLY
    return relation.primary_key if is_wanted else ()

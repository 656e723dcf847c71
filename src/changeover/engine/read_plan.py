"""Plans of reads: the tree of a select, resolved level by level."""

from changeover.catalog.snapshot import Snapshot
from changeover.engine.plan_value import ReadNode, ReadPlan, Source
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Shape
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
    raise NotImplementedError


def tree(
    shape: Shape,
    snapshot: Snapshot,
    settings: ApiSettings,
    *,
    relation: TableName,
    source: Source = Source.TABLE,
) -> ReadNode:
    """Return the resolved tree of `select`, with filters, orders and windows in their places.

    Over a MUTATION the root has neither filters nor windows: they chose the rows already.

    Args:
        shape: Any shape that selects.
        snapshot: What the database holds.
        settings: What the API allows.
        relation: What the root's columns and relationships are looked up under; of a call the
            returned row type, or the function's own name where there is none.
        source: Where the root's rows come from.

    Raises:
        Refusal: PGRST100 family of embeds: 108, 118, 123, 127, 200, 201.
    """
    raise NotImplementedError


def columns_needed(root: ReadNode, key: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the columns that a source must return for a tree to be read from it.

    Args:
        root: A tree over a MUTATION or CALL.
        key: Columns that are needed for `Location`.

    Returns:
        Names without repeats, sorted; only `*` if all are needed.
    """
    raise NotImplementedError

"""OPTIONS: what a resource permits, rights apart."""

from typing import Final

from changeover.catalog.snapshot import Relation, Routine, Snapshot
from changeover.engine import relation as relations
from changeover.engine import routine
from changeover.engine.plan_value import InspectPlan
from changeover.engine.syntax import Shape

_READ: Final = "OPTIONS,GET,HEAD"


def resolve(shape: Shape, snapshot: Snapshot) -> InspectPlan:
    """Return what is allowed.

    Args:
        shape: A shape with the action INSPECT.
        snapshot: What the database holds.

    Raises:
        Refusal: PGRST202 for a function that needs an argument, PGRST205.
    """
    if not shape.name:
        return InspectPlan(allow=_READ)
    if shape.is_function:
        found = routine.find(
            snapshot, shape.schema, shape.name, frozenset(), shape.content_type, False
        )
        return InspectPlan(allow=_allowed_call(found))
    return InspectPlan(allow=_allowed(relations.find(snapshot, shape.schema, shape.name)))


def _allowed_call(found: Routine) -> str:
    return "OPTIONS,POST" if found.volatility == "v" else _READ + ",POST"


def _allowed(relation: Relation) -> str:
    is_put = relation.is_insertable and relation.is_updatable and bool(relation.primary_key)
    verbs = (
        ("POST", relation.is_insertable),
        ("PUT", is_put),
        ("PATCH", relation.is_updatable),
        ("DELETE", relation.is_deletable),
    )
    return ",".join((_READ, *(verb for verb, is_allowed in verbs if is_allowed)))

"""From the shape of a request to a plan: resolved facts only."""

from dataclasses import replace
from typing import TypeAlias

from changeover.catalog.snapshot import Snapshot
from changeover.engine import call_plan, inspect_plan, mutation_plan, read_plan, root_plan
from changeover.engine.call_plan import CallPlan
from changeover.engine.mutation_plan import MutationPlan
from changeover.engine.plan_value import InspectPlan, ReadPlan, RootPlan
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Action, Shape

Plan: TypeAlias = ReadPlan | MutationPlan | CallPlan | InspectPlan | RootPlan


def resolve(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> Plan:
    """Return how a request of this shape is answered.

    Args:
        shape: What was parsed.
        snapshot: What the database holds.
        settings: What the API allows.

    Raises:
        Refusal: What the request names does not exist or cannot be done.
    """
    match shape.action:
        case Action.READ:
            return read_plan.resolve(shape, snapshot, settings)
        case Action.CALL:
            return call_plan.resolve(shape, snapshot, settings)
        case Action.INSPECT:
            return inspect_plan.resolve(shape, snapshot)
        case Action.ROOT:
            return _root(shape, snapshot, settings)
        case _:
            return mutation_plan.resolve(shape, snapshot, settings)


def _root(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> Plan:
    """Return the plan of `/`: a description, or the function that was put in its place."""
    function = settings.root_function
    if function is None or not settings.has_root:
        return root_plan.resolve(shape, snapshot, settings)
    called = replace(
        shape,
        action=Action.CALL,
        is_function=True,
        schema=function.schema or shape.schema,
        name=function.name,
    )
    return call_plan.resolve(called, snapshot, settings)

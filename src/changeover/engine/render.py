"""From a plan to what a store has to run. Cannot fail."""

from dataclasses import replace

from changeover.engine import call_render, mutation_render, read_render
from changeover.engine.call_plan import CallPlan
from changeover.engine.mutation_plan import MutationPlan
from changeover.engine.plan import Plan
from changeover.engine.plan_value import Body, InspectPlan, ReadPlan, RootPlan
from changeover.engine.syntax import Work


def work(plan: Plan) -> Work:
    """Return the statements of a plan.

    Args:
        plan: A plan of `plan.resolve`.
    """
    if isinstance(plan, InspectPlan | RootPlan):
        return Work(is_read_only=True)
    made = _work(plan)
    is_explained = plan.answer.format.body is Body.PLAN
    return replace(made, is_explained=True) if is_explained else made


def _work(plan: ReadPlan | MutationPlan | CallPlan) -> Work:
    if isinstance(plan, ReadPlan):
        return read_render.work(plan)
    if isinstance(plan, MutationPlan):
        return mutation_render.work(plan)
    return call_render.work(plan)

"""Shadow reads from the operator's side: what they found, how many run, counting anew."""

from dataclasses import dataclass
from typing import Final

from changeover.control import rollout, shadow
from changeover.control.event import record
from changeover.control.move import Move
from changeover.control.shadow import ShadowReport
from changeover.journey.cutover import Action
from changeover.journey.target import open_target
from changeover.model.errors import ConfigurationError
from changeover.model.side import Side

PERCENT_MAX: Final = 100
CLEAR_ACTIONS: Final = (
    Action(where=str(Side.TARGET), what="count shadow reads anew; the rows so far are kept"),
    Action(where=str(Side.TARGET), what="record the event shadow clear"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """Another share of compared reads before it is written.

    Attributes:
        was: The share now, in percent.
        percent: The share that is asked for.
        actions: What is done.
    """

    was: float
    percent: float
    actions: tuple[Action, ...]


def report(move: Move) -> ShadowReport:
    """Return what shadow reads found since the stage began.

    Raises:
        NotInstalledError: If nothing is installed.
    """
    with open_target(move, "shadow", "reading what shadow reads found") as target:
        return shadow.read_report(target)


def plan_sample(move: Move, percent: float) -> SamplePlan:
    """Return what another share of compared reads does; it is allowed in every stage.

    Raises:
        ConfigurationError: If it is not a percentage.
    """
    if not 0 <= percent <= PERCENT_MAX:
        raise ConfigurationError(
            "that is not a percentage", hint="write 25%, 25 or 0.5%; from 0 to 100"
        )
    with open_target(move, "shadow", "reading the share of shadow reads") as target:
        was = rollout.read(target).shadow_percent
    texts = (f"compare {percent:g} % of the reads, not {was:g} %", "record the event shadow sample")
    actions = tuple(Action(where=str(Side.TARGET), what=text) for text in texts)
    return SamplePlan(was=was, percent=percent, actions=() if percent == was else actions)


def sample(move: Move, planned: SamplePlan) -> None:
    """Write another share of compared reads."""
    if not planned.actions:
        return
    with (
        open_target(move, "shadow", "writing the share of shadow reads") as target,
        target.transaction(),
    ):
        rollout.set_shadow_percent(target, planned.percent)
        record(target, "shadow sample", {"from": planned.was, "to": planned.percent})


def clear(move: Move) -> ShadowReport:
    """Count shadow reads anew.

    Returns:
        What they had found until now.
    """
    with open_target(move, "shadow", "counting shadow reads anew") as target, target.transaction():
        before = shadow.read_report(target)
        shadow.begin_run(target)
        detail = {
            "compared": before.compared,
            "mismatches": before.different,
            "errors": before.errors,
        }
        record(target, "shadow clear", detail)
    return before

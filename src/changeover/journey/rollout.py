"""Whose reads go to the target: raising asks gates, lowering never does.

A guard rail lowers the percentage by itself; only `rollout set` raises it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from changeover.control import rollout
from changeover.control.event import record
from changeover.control.move import ROOM, Connection, Move, installed_pairs
from changeover.control.rollout import Reads, Step, hash_of
from changeover.control.swap import in_progress, open_swap
from changeover.database import fixed
from changeover.journey.cutover import Action
from changeover.journey.gate import Gate, ask, require_green
from changeover.journey.target import open_target
from changeover.model.errors import ConfigurationError, StaleStateError, WrongStageError
from changeover.model.observation import phase
from changeover.model.side import Side, Stage
from changeover.transfer.mirror import read_control

RAISE_GATES: Final = ("clients", "marker", "books", "mismatches", "schema_errors", "not_killed")
STEPS_SHOWN: Final = 20
PERCENT_MAX: Final = 100
KEY_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutShown:
    """The rollout as people and programs see it.

    Attributes:
        stage: The stage; only `live` heeds the rollout.
        percent: Of the targeting keys that are not listed.
        group: Salts the buckets.
        listed: Hashes of the listed keys.
        shadow_percent: Of a hundred reads, how many run on the other side too.
        killed: Why reads were called back to the source; None if they were not.
        steps: The last steps of this epoch, the newest first.
    """

    stage: str
    percent: int
    group: str
    listed: tuple[str, ...]
    shadow_percent: float
    killed: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPlan:
    """A change of the rollout before it is made.

    Attributes:
        stage: The stage now.
        gates: The names of the gates that it asks; none where nobody new comes in.
        actions: What it does, in order.
        seen: The digest of the state that it was planned for.
        events: What is recorded: names and facts, keys as hashes.
        write: Writes it, in the transaction that it is given.
    """

    stage: Stage
    gates: tuple[str, ...]
    actions: tuple[Action, ...]
    seen: str
    events: tuple[tuple[str, dict[str, Any]], ...]
    write: Callable[[Connection], object]


def show(move: Move) -> RolloutShown:
    """Return the rollout.

    Raises:
        NotInstalledError: If nothing is installed.
    """
    with open_target(move, "rollout", "reading the rollout") as target:
        control, reads = read_control(target), rollout.read(target)
        return RolloutShown(
            stage=str(control.stage),
            percent=reads.percent,
            group=reads.group,
            listed=tuple(hash_of(key) for key in reads.members),
            shadow_percent=reads.shadow_percent,
            killed=reads.killed,
            steps=rollout.read_steps(target, control.epoch, STEPS_SHOWN),
        )


def plan_percent(move: Move, percent: int, group: str = "") -> RolloutPlan:
    """Return what another percentage or group asks and does.

    Args:
        move: The move.
        percent: 0 to 100.
        group: Another salt of the buckets; empty for the one that it is.

    Raises:
        ConfigurationError: If the percentage is not one.
        WrongStageError: If it would let readers in outside of the stage `live`.
    """
    if not 0 <= percent <= PERCENT_MAX:
        raise ConfigurationError(
            f"{percent} is not a percentage", hint="write a whole number from 0 to 100"
        )
    stage, now = _look(move)
    wanted = group or now.group
    is_reshuffled = wanted != now.group
    if percent == now.percent and not is_reshuffled:
        return _plan(stage, now, (), (), _write_nothing, is_raise=False)
    is_raise = percent > now.percent or (is_reshuffled and percent > 0)
    events = [("rollout", {"from": now.percent, "to": percent, "group": wanted})]
    if is_reshuffled:
        events.append(("rollout reshuffled", {"from": now.group, "to": wanted}))
    what = [f"rollout {now.percent} % → {percent} %"]
    if is_reshuffled:
        what.append(f"group '{now.group}' → '{wanted}': every key falls into another bucket")
    return _plan(
        stage,
        now,
        what,
        events,
        lambda target: rollout.set_percent(target, percent, wanted),
        is_raise=is_raise,
    )


def plan_add(move: Move, keys: Sequence[str]) -> RolloutPlan:
    """Return what listing targeting keys asks and does.

    Raises:
        ConfigurationError: If a key is empty or too long.
        WrongStageError: If the stage is not `live`.
    """
    _require_keys(keys)
    stage, now = _look(move)
    new = [key for key in dict.fromkeys(keys) if key not in now.members]
    hashes = [hash_of(key) for key in new]
    return _plan(
        stage,
        now,
        [f"list the key {one}" for one in hashes],
        [("rollout add", {"keys": hashes})] if new else [],
        (lambda target: rollout.add_members(target, new)) if new else _write_nothing,
        is_raise=bool(new),
    )


def plan_remove(move: Move, keys: Sequence[str]) -> RolloutPlan:
    """Return what taking targeting keys off the list does; it asks nothing.

    Raises:
        ConfigurationError: If a key is empty, too long or not listed.
    """
    _require_keys(keys)
    stage, now = _look(move)
    unknown = [hash_of(key) for key in keys if key not in now.members]
    if unknown:
        raise ConfigurationError(
            f"{len(unknown)} key(s) are not on the list: {', '.join(unknown)}",
            hint="compare the hashes that `changeover rollout show` prints",
        )
    hashes = [hash_of(key) for key in dict.fromkeys(keys)]
    return _plan(
        stage,
        now,
        [f"take the key {one} off the list" for one in hashes],
        [("rollout remove", {"keys": hashes})],
        lambda target: rollout.remove_members(target, keys),
        is_raise=False,
    )


def evaluate(move: Move, planned: RolloutPlan, *, wait_s: float = 0.0) -> tuple[Gate, ...]:
    """Evaluate the gates of a change without making it."""
    if not planned.gates:
        return ()
    return ask(move, planned.gates, installed_pairs(move), wait_s=wait_s)


def change(move: Move, planned: RolloutPlan) -> RolloutShown:
    """Make a planned change of the rollout.

    Raises:
        GateRefusedError: If a gate is not green; nothing was changed.
        StaleStateError: If a raise was planned for another state; nothing was changed.
        SwapInProgressError: If a swap is under way and readers would come in.
    """
    with phase(move.observer, "rollout"):
        found = evaluate(move, planned, wait_s=move.settings.routing.client_wait_s_max)
        require_green(found, "raise of the rollout")
        _commit(move, planned)
    return show(move)


def _commit(move: Move, planned: RolloutPlan) -> None:
    with open_target(move, "rollout", "writing the rollout") as target, target.transaction():
        target.execute(fixed(ROOM, "lock_control"))
        swap = open_swap(target)
        if planned.gates and swap is not None:
            raise in_progress(swap)
        if planned.gates and rollout.read(target).seen != planned.seen:
            raise StaleStateError(
                "the stage or the rollout was changed meanwhile, perhaps by a guard rail; "
                "nothing was done",
                hint="run `changeover rollout show`, then decide again",
            )
        planned.write(target)
        rollout.write_limits(target, move.settings)
        for what, detail in planned.events:
            record(target, what, detail)


def _look(move: Move) -> tuple[Stage, Reads]:
    with open_target(move, "rollout", "reading the rollout") as target:
        return Stage(read_control(target).stage), rollout.read(target)


def _write_nothing(_target: Connection) -> None:
    """Leave the rollout as it is: the step that is held goes on."""


def _require_keys(keys: Sequence[str]) -> None:
    for key in keys:
        if not key.strip() or len(key) > KEY_CHARACTERS_MAX or "\0" in key:
            raise ConfigurationError(
                f"a targeting key is empty or longer than {KEY_CHARACTERS_MAX} characters",
                hint="write the keys as the application passes them to changeover.context()",
            )


def _plan(
    stage: Stage,
    now: Reads,
    what: Sequence[str],
    events: Sequence[tuple[str, dict[str, Any]]],
    write: Callable[[Connection], object],
    *,
    is_raise: bool,
) -> RolloutPlan:
    if is_raise and stage is not Stage.LIVE:
        raise WrongStageError(
            f"the rollout belongs to the stage live; the stage is {stage}",
            hint="run `changeover stage next` until it is live"
            if stage in {Stage.OFF, Stage.DUAL_WRITE, Stage.SHADOW}
            else "reads follow the authority now: `changeover status`",
        )
    actions = [Action(where=str(Side.TARGET), what=one) for one in what]
    if events:
        actions.append(Action(where=str(Side.TARGET), what=f"record the event {events[0][0]}"))
    return RolloutPlan(
        stage=stage,
        gates=RAISE_GATES if is_raise else (),
        actions=tuple(actions),
        seen=now.seen,
        events=tuple(events),
        write=write,
    )

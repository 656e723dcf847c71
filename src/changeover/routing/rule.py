"""Which side answers a read: the state that a client obeys, and the rule that reads it.

Pure: no clock, no file, no socket. What a decision needs comes in as a value, so that the same
state and the same key always give the same side.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import mmh3

from changeover.model.side import Side, Stage

BUCKETS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Whose reads go to the target in the stage `live`.

    Attributes:
        percent: 0 to 100; of the targeting keys that are not listed.
        group: Salts the buckets: another group shuffles everybody.
        members: Targeting keys that are always in.
    """

    percent: int = 0
    group: str = "reads"
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a client knows of the move, and obeys.

    Attributes:
        stage: The stage of the whole system.
        primary: The side with the authority for writes.
        epoch: Raised by every swap.
        is_swapping: A swap keeps both sides closed to writers.
        rollout: Whose reads go to the target.
        shadow_percent: Of a hundred reads, how many also run on the other side.
        killed: Why reads were called back to the source by an operator; None if they were not.
        marker_age_ms: Age of the last marker that came back; None if it is not known.
        is_catching_up: A backlog is being cut: nobody reads the secondary.
        marker_age_ms_max: Above this age nobody reads the secondary.
        swap_wait_s_max: How long a write waits for a swap.
        seen: A digest of all that must be obeyed; a client whose digest is another one is stale.
    """

    stage: Stage = Stage.OFF
    primary: Side = Side.SOURCE
    epoch: int = 1
    is_swapping: bool = False
    rollout: Rollout = field(default_factory=Rollout)
    shadow_percent: float = 0.0
    killed: str | None = None
    marker_age_ms: float | None = None
    is_catching_up: bool = True
    marker_age_ms_max: float = 10_000.0
    swap_wait_s_max: float = 10.0
    seen: str = ""


class Reason(StrEnum):
    """Why a read goes where it goes."""

    STAGE = "stage"
    KILLED = "killed"
    BEHIND = "behind"
    NO_KEY = "no_key"
    LISTED = "listed"
    INSIDE = "inside"
    OUTSIDE = "outside"
    DECIDER = "decider"
    OWN_WRITE = "own_write"
    BREAKER = "breaker"
    FELL_BACK = "fell_back"


@dataclass(frozen=True, slots=True)
class Decision:
    """Which side answers a read, and why."""

    side: Side
    reason: Reason


_BY_STAGE: Final = {side: Decision(side, Reason.STAGE) for side in Side}
_KILLED: Final = Decision(Side.SOURCE, Reason.KILLED)
_BEHIND: Final = Decision(Side.SOURCE, Reason.BEHIND)
_NO_KEY: Final = Decision(Side.SOURCE, Reason.NO_KEY)
_LISTED: Final = Decision(Side.TARGET, Reason.LISTED)
_INSIDE: Final = Decision(Side.TARGET, Reason.INSIDE)
_OUTSIDE: Final = Decision(Side.SOURCE, Reason.OUTSIDE)


def bucket(group: str, key: str) -> int:
    """Return the bucket of a key, from 1 to 100; the same in every process and language.

    Args:
        group: The rollout's group.
        key: The targeting key.

    Source: Unleash, "Stickiness": murmurhash3_x86_32 of `group:key`, seed 0, modulo 100, plus 1.
    """
    return mmh3.hash(f"{group}:{key}", 0, False) % BUCKETS + 1


def decide(
    state: State, key: str | None, *, is_killed: bool = False, marker_age_ms: float | None = None
) -> Decision:
    """Return which side answers a read.

    Args:
        state: What is known of the move.
        key: The targeting key; without one a read stays with the source.
        is_killed: Whether the kill switch of this machine is on.
        marker_age_ms: The marker's age now; None if it is not known.
    """
    if state.stage is not Stage.LIVE or state.primary is not Side.SOURCE:
        return _BY_STAGE[state.primary]
    if is_killed or state.killed is not None:
        return _KILLED
    if state.is_catching_up or marker_age_ms is None or marker_age_ms > state.marker_age_ms_max:
        return _BEHIND
    if key is None:
        return _NO_KEY
    rollout = state.rollout
    if key in rollout.members:
        return _LISTED
    return _INSIDE if bucket(rollout.group, key) <= rollout.percent else _OUTSIDE

"""What a process knows of the move, and since when."""

from dataclasses import dataclass
from typing import Final

from changeover.model.routing_observation import StageSeen
from changeover.model.side import Side, Stage
from changeover.routing.rule import State

PLAIN: Final = frozenset({Stage.OFF, Stage.COMPLETE})
"""Stages without a mirror: nobody waits for it, and nobody reads the other side."""


@dataclass(frozen=True, slots=True)
class View:
    """What is known, and since when.

    Attributes:
        state: What must be obeyed.
        asked_s: Monotonic seconds at which it was asked for.
    """

    state: State
    asked_s: float = 0.0

    def marker_age_ms(self, now: float) -> float | None:
        """Return the age of the marker by now; None if it is not known.

        Args:
            now: Monotonic seconds.
        """
        age = self.state.marker_age_ms
        return None if age is None else age + (now - self.asked_s) * 1000

    def seen(self, *, is_from_disk: bool = False) -> StageSeen:
        """Return what an observer is told of it.

        Args:
            is_from_disk: Whether only a file of an earlier run says so.
        """
        state = self.state
        return StageSeen(
            stage=state.stage,
            primary=state.primary,
            epoch=state.epoch,
            rollout_percent=state.rollout.percent,
            shadow_percent=state.shadow_percent,
            is_killed=state.killed is not None,
            is_from_disk=is_from_disk,
        )

    @property
    def is_plain(self) -> bool:
        """Whether there is one database only, as far as is known."""
        return self.state.stage in PLAIN

    @property
    def primary(self) -> Side:
        """The side with the authority for writes."""
        return self.state.primary

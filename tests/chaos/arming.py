"""Points where a process is killed, stopped or held, and the list of those of a swap.

The swap's points are derived from the transition table: a new transition is covered by itself.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from changeover.control.swap import TRANSITIONS, Event, Phase

ROUND_POINTS = (
    "round.locked",
    "round.before_snapshot",
    "round.taken",
    "round.staged",
    "round.merged",
    "round.before_secondary_commit",
    "round.between_commits",
    "round.committed",
)
EXTRA_POINTS = ("swap.requested", "fence.set", "swap.before_decision")
INSIDE_A_TRANSACTION = {Event.DECISION_COMMITTED: "swap.inside_decision"}
"""Events of a larger transaction: their point is the last statement before its COMMIT."""
POLL_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Just before or just after a transition is committed."""

    phase: Phase
    event: Event
    is_after: bool

    @property
    def point(self):
        """The hook that is called there."""
        if self.is_after:
            return f"swap.{TRANSITIONS[self.phase, self.event]}"
        return INSIDE_A_TRANSACTION.get(self.event, f"swap.before_{self.event}")

    @property
    def is_of_abort(self):
        """Whether only a swap that is driven back comes here."""
        return self.event is Event.ABORT_COMMITTED or self.phase is Phase.ABORTING

    @property
    def resting_phase(self):
        """Where a swap of an abort is left by its owner."""
        return self.phase if self.event is Event.ABORT_COMMITTED else Phase.FENCED

    @property
    def is_decided(self):
        """Whether the authority has changed once this moment is over."""
        return self.phase.is_decided or (self.event is Event.DECISION_COMMITTED and self.is_after)

    def __str__(self):
        """Return a stable id."""
        return f"{self.phase}-{self.event}-{'after' if self.is_after else 'before'}"


MOMENTS = tuple(
    Moment(phase=phase, event=event, is_after=is_after)
    for phase, event in TRANSITIONS
    for is_after in (False, True)
)


@dataclass(slots=True, kw_only=True)
class Arm:
    """What a process does to itself at a point: `kill`, `stop`, or `wait` for leave to go on.

    Attributes:
        point: The point.
        action: What is done.
        mark: A file that is written first, so that a test can see it.
        occurrence: The how manieth time.
    """

    point: str
    action: str
    mark: str
    occurrence: int = 1

    def reached(self, point):
        """Act if this is the point."""
        if point != self.point:
            return
        self.occurrence -= 1
        if self.occurrence:
            return
        Path(self.mark).write_text(point, encoding="utf-8")
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            while not Path(f"{self.mark}.go").exists():
                time.sleep(POLL_S)

"""What can be seen of a running move: one union of values, given to one observer.

Log lines, progress and the demo's charts all read these. No cell value and no DSN is in one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from changeover.model.name import TableName
from changeover.model.routing_observation import RoutingObservation
from changeover.model.side import Direction


class PhaseState(StrEnum):
    """How a step of the journey stands."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """A step of the journey began or ended."""

    name: str
    state: PhaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyProgressed:
    """A range of a table was committed on the target."""

    table: TableName
    rows: int
    ranges_done: int
    ranges_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyThrottled:
    """The copy waits, and says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFinished:
    """The mirror committed a round on both sides."""

    direction: Direction
    epoch: int
    batch_id: int
    keys: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerReturned:
    """A marker made its way through capture, log and merge and was read on the secondary."""

    direction: Direction
    lag_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorFailed:
    """A round was given up; it will be tried again."""

    direction: Direction
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeVerified:
    """A key range of a table was compared."""

    table: TableName
    rows: int
    is_equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapMoved:
    """A swap went into another phase."""

    swap_id: int
    kind: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSlow:
    """A repository's statement took longer than it may.

    Attributes:
        method: The method of the message: GET and HEAD read, the others write.
        has_failed: Whether it ended with an error.
    """

    table: TableName
    method: str
    duration_ms: float
    has_failed: bool


Observation = (
    PhaseChanged
    | CopyProgressed
    | CopyThrottled
    | RoundFinished
    | MarkerReturned
    | MirrorFailed
    | RangeVerified
    | SwapMoved
    | StatementSlow
    | RoutingObservation
)

Observer = Callable[[Observation], None]


def ignore(_observation: Observation) -> None:
    """Observe nothing."""


@contextmanager
def phase(observer: Observer, name: str) -> Iterator[None]:
    """Tell when a step of the journey begins, and how it ends.

    Args:
        observer: Who is told.
        name: The step.
    """
    observer(PhaseChanged(name=name, state=PhaseState.STARTED))
    try:
        yield
    except BaseException:
        observer(PhaseChanged(name=name, state=PhaseState.FAILED))
        raise
    observer(PhaseChanged(name=name, state=PhaseState.FINISHED))

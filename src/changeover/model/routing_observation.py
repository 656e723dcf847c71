"""What can be seen of an application's calls while the move runs: a part of `Observation`.

Metrics, traces and alarms read these. Names of tables and columns, codes and times are in them; no
value, no key of a caller, no connection string, no text of an error.
"""

from dataclasses import dataclass
from enum import StrEnum

from changeover.model.side import Side, Stage


class Operation(StrEnum):
    """What a request asks of a table or a function."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    CALL = "call"
    OTHER = "other"


class Outcome(StrEnum):
    """How a request ended for its caller."""

    FINE = "fine"
    REFUSED = "refused"
    """The caller's own mistake: an answer of 400 to 499."""
    FAILED = "failed"
    """The database or the way to it: an answer of 500 and more."""
    NOT_WRITTEN = "not_written"
    """Known not to have happened: a swap outlasted the wait, or the primary can't be reached."""
    UNKNOWN = "unknown"
    """A write whose answer never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFinished:
    """A request was answered.

    Attributes:
        table: The table or function as the path names it; whoever shows it must know it to be one.
        operation: What was asked.
        stage: The stage that it was answered in.
        side: Who answered.
        outcome: How it ended for the caller.
        seconds: From the request to the answer, waits included.
        reason: Why this side, as the rule says it; empty where there was nothing to decide.
    """

    table: str
    operation: Operation
    stage: Stage
    side: Side
    outcome: Outcome
    seconds: float
    reason: str = ""


class Cause(StrEnum):
    """What was wrong with a side that should have answered a read."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    SERVER_ERROR = "server_error"
    SCHEMA = "schema"
    """It lacks a table, a column, a function or a right that the other side has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """A read that the target failed was answered by the source.

    Attributes:
        table: The table or function as the path names it.
        operation: What was asked.
        cause: What was wrong.
        code: The SQLSTATE or PostgREST code, where there was one.
        seconds: How long the target was waited for.
    """

    table: str
    operation: Operation
    cause: Cause
    code: str = ""
    seconds: float = 0.0


class BreakerState(StrEnum):
    """Whether reads go through to a side."""

    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChanged:
    """The breaker of a side opened after failures in a row, or closed."""

    side: Side
    state: BreakerState
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSeen:
    """A client has learned of a state that it now obeys.

    Attributes:
        stage: The stage.
        primary: The side with the authority for writes.
        epoch: Raised by every swap.
        rollout_percent: Of the targeting keys that are not listed.
        shadow_percent: Of a hundred reads, how many also run on the other side.
        is_killed: An operator or the kill switch called the reads back.
        is_from_disk: It is the last known one, read at the start while the target is away.
    """

    stage: Stage
    primary: Side
    epoch: int
    rollout_percent: int = 0
    shadow_percent: float = 0.0
    is_killed: bool = False
    is_from_disk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """The control tables were asked for the state.

    Attributes:
        is_answered: Whether they answered.
        seconds: How long that took.
    """

    is_answered: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteWaited:
    """A write that succeeded was waited for on its way through the mirror.

    Attributes:
        is_mirrored: Whether the mirror answered in time; if not, this process reads at the primary
            until it does.
        seconds: How long the caller waited.
    """

    is_mirrored: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRefused:
    """The fence of a side refused a write, which then waited for the swap.

    Attributes:
        side: Who refused it.
        is_repeated: Whether it was repeated at the new primary; if not, the wait was too long.
        seconds: How long it waited.
    """

    side: Side
    is_repeated: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWriteDiverted:
    """A read stayed at the primary: a write of this process was not yet known as mirrored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeciderFailed:
    """Another provider of flags did not decide; the rule of ours did.

    Attributes:
        error: The kind of its failure, never its text.
    """

    error: str


class Comparison(StrEnum):
    """What came of running a read on both sides."""

    EQUAL = "equal"
    MISMATCH = "mismatch"
    UNSETTLED = "unsettled"
    """The primary itself changed at every try; counted apart, never as equal."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowCompared:
    """A read was run on the other side too, and compared.

    Attributes:
        table: The table or function as the path names it.
        comparison: What came of it.
        classes: The classes of the mismatch, such as `missing` or `value`.
        columns: The columns that differ, where that is known.
    """

    table: str
    comparison: Comparison
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDropped:
    """Reads that were sampled were not compared: the queue was full.

    Attributes:
        count: How many.
    """

    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFailed:
    """A read could not be compared for a reason of our own; it is counted as unsettled.

    Attributes:
        table: The table or function as the path names it.
        error: The kind of error, without its text.
    """

    table: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowValuesKept:
    """From now on this process writes the cells of differences to a file.

    Attributes:
        file: Where to.
    """

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutLowered:
    """A guard rail was breached; the alarm.

    Attributes:
        reason: What was measured and what is allowed, in words, without a value of a row.
        rail: Which one: `errors`, `latency` or `mismatches`.
        is_lowered: Whether the rollout was lowered by this client; another may have been first, or
            the control tables could not be reached and this client alone reads at the source.
    """

    reason: str
    rail: str
    is_lowered: bool = True


RoutingObservation = (
    OperationFinished
    | FellBack
    | BreakerChanged
    | StageSeen
    | Polled
    | WriteWaited
    | WriteRefused
    | OwnWriteDiverted
    | DeciderFailed
    | ShadowCompared
    | ShadowDropped
    | ShadowFailed
    | ShadowValuesKept
    | RolloutLowered
)

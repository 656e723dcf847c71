"""A swap as a persisted table of transitions: cutover and rollback are the same machine.

The decision is one commit in the target's control schema. All before it can be undone, all after
it is repeated until it is done.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psycopg import errors as pg

from changeover.control.move import ROOM, Connection
from changeover.control.place import LOCK_ROOM
from changeover.database import fixed
from changeover.model.errors import (
    StaleEpochError,
    SwapAbortedError,
    SwapInProgressError,
    WrongStageError,
)
from changeover.model.side import Side, Stage


class Kind(StrEnum):
    """Which way a swap goes."""

    CUTOVER = "cutover"
    ROLLBACK = "rollback"

    @property
    def old_primary(self) -> Side:
        """The side that gives the authority away."""
        return Side.SOURCE if self is Kind.CUTOVER else Side.TARGET

    @property
    def new_primary(self) -> Side:
        """The side that takes it."""
        return self.old_primary.other

    @property
    def stage_after(self) -> Stage:
        """The stage that the decision leads to."""
        return Stage.RAMP_DOWN if self is Kind.CUTOVER else Stage.LIVE


class Phase(StrEnum):
    """How far a swap has come."""

    REQUESTED = "requested"
    FENCED = "fenced"
    DRAINED = "drained"
    PREPARED = "prepared"
    DECIDED = "decided"
    OPENED = "opened"
    FINISHED = "finished"
    ABORTING = "aborting"
    ABORTED = "aborted"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self in {Phase.FINISHED, Phase.ABORTED}

    @property
    def is_decided(self) -> bool:
        """Whether it can only go on."""
        return self in {Phase.DECIDED, Phase.OPENED, Phase.FINISHED}

    @property
    def is_under_fence(self) -> bool:
        """Whether no writer is in flight any more and nothing is decided yet."""
        return self in {Phase.FENCED, Phase.DRAINED, Phase.PREPARED}

    @property
    def can_only_go_on(self) -> bool:
        """Whether nobody has to choose any more, so that whoever finds it may end it."""
        return self in {Phase.DECIDED, Phase.OPENED, Phase.ABORTING}


class Event(StrEnum):
    """What happened."""

    WRITERS_OVER = "writers_over"
    LOG_EMPTY = "log_empty"
    SEQUENCES_SET = "sequences_set"
    DECISION_COMMITTED = "decision_committed"
    FENCE_OPENED = "fence_opened"
    OTHER_AT_REST = "other_at_rest"
    ABORT_COMMITTED = "abort_committed"
    FENCE_REOPENED = "fence_reopened"


TRANSITIONS: Final = {
    (Phase.REQUESTED, Event.WRITERS_OVER): Phase.FENCED,
    (Phase.FENCED, Event.LOG_EMPTY): Phase.DRAINED,
    (Phase.DRAINED, Event.SEQUENCES_SET): Phase.PREPARED,
    (Phase.PREPARED, Event.DECISION_COMMITTED): Phase.DECIDED,
    (Phase.DECIDED, Event.FENCE_OPENED): Phase.OPENED,
    (Phase.OPENED, Event.OTHER_AT_REST): Phase.FINISHED,
    (Phase.REQUESTED, Event.ABORT_COMMITTED): Phase.ABORTING,
    (Phase.FENCED, Event.ABORT_COMMITTED): Phase.ABORTING,
    (Phase.DRAINED, Event.ABORT_COMMITTED): Phase.ABORTING,
    (Phase.PREPARED, Event.ABORT_COMMITTED): Phase.ABORTING,
    (Phase.ABORTING, Event.FENCE_REOPENED): Phase.ABORTED,
}
"""Every pair that is not here is refused."""

LEASE_S: Final = 3.0
WRITERS_KEY: Final = {"room": LOCK_ROOM, "number": (1 << 30) + 1}
"""The advisory lock of the target that waiting writers wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A swap as the target holds it.

    Attributes:
        attempt: The number that fences obey; an older one is refused by them.
        epoch: The epoch that the decision leads to.
        owner: Who drives it, for people to read.
        is_late: Its deadline has passed, by the target's clock.
        is_left: Its owner's lease has run out, by the target's clock.
    """

    swap_id: int
    kind: Kind
    attempt: int
    epoch: int
    phase: Phase
    owner: str
    is_late: bool
    is_left: bool
    requested_at: dt.datetime
    decided_at: dt.datetime | None
    finished_at: dt.datetime | None
    error: str | None


def after(phase: Phase, event: Event) -> Phase | None:
    """Return the phase that an event leads to, or None where it is refused."""
    return TRANSITIONS.get((phase, event))


def _swap(row: tuple[object, ...]) -> Swap:
    fields = dict(zip(Swap.__dataclass_fields__, row, strict=True))
    fields["kind"] = Kind(str(fields["kind"]))
    fields["phase"] = Phase(str(fields["phase"]))
    return Swap(**fields)  # type: ignore[arg-type]  # the statement returns the fields in order


def read_swap(target: Connection, swap_id: int) -> Swap:
    """Return a swap by its number."""
    row = target.execute(fixed(ROOM, "read_swap"), {"swap_id": swap_id}).fetchone()
    assert row is not None, "swaps are never deleted"
    return _swap(row)


def open_swap(target: Connection) -> Swap | None:
    """Return the swap that is not over, if any."""
    row = target.execute(fixed(ROOM, "read_open_swap")).fetchone()
    return None if row is None else _swap(row)


def request(target: Connection, kind: Kind, owner: str, deadline_s: float, *, epoch: int) -> Swap:
    """Begin a swap; one at a time.

    Args:
        target: A session of the target's owner, in autocommit.
        kind: Cutover or rollback.
        owner: Who drives it.
        deadline_s: After this an undecided swap is driven back, in seconds.
        epoch: The epoch that its gates looked at.

    Raises:
        SwapInProgressError: If another one is not over.
        WrongStageError: If the authority is not where this kind takes it from.
        StaleEpochError: If other swaps went by since the gates.
    """
    try:
        with target.transaction():
            row = target.execute(fixed(ROOM, "lock_control")).fetchone()
            assert row is not None, "the control row was written with the schema"
            now, attempt, primary, stage, is_finished = row
            require_stage(kind, Side(primary), stage, is_finished=is_finished)
            if now != epoch:
                raise StaleEpochError(
                    f"the gates were asked in epoch {epoch}, now is {now}",
                    hint="run the command again: it asks the gates anew",
                )
            target.execute(fixed(ROOM, "raise_attempt"), {"attempt": attempt + 1})
            made = target.execute(
                fixed(ROOM, "write_swap"),
                {
                    "kind": str(kind),
                    "attempt": attempt + 1,
                    "epoch": now + 1,
                    "phase": str(Phase.REQUESTED),
                    "owner": owner,
                    "deadline_s": deadline_s,
                    "lease_s": LEASE_S,
                },
            ).fetchone()
            assert made is not None, "the statement returns the swap's number"
    except pg.UniqueViolation as error:
        raise in_progress(open_swap(target)) from error
    return read_swap(target, made[0])


def hold_writers(target: Connection) -> None:
    """Let writers that wait for the swap wait for a lock, instead of asking again and again.

    Nothing depends on it: where somebody else has it, or its session dies, they ask.

    Args:
        target: The swap's own session of the target's owner.
    """
    target.execute(fixed(ROOM, "hold_writers"), WRITERS_KEY)


def release_writers(target: Connection) -> None:
    """Wake the writers that wait; a session that doesn't hold them wakes nobody."""
    target.execute("SELECT pg_catalog.pg_advisory_unlock_all()")


def require_stage(kind: Kind, primary: Side, stage: str, *, is_finished: bool) -> None:
    """Make sure that the authority is where a swap takes it from, and that the move goes on.

    Raises:
        WrongStageError: If not.
    """
    if primary is not kind.old_primary or stage == Stage.COMPLETE or is_finished:
        raise WrongStageError(
            f"a {kind} takes the authority from the {kind.old_primary}, but the primary is the "
            f"{primary} (stage {stage}{', finished' if is_finished else ''})",
            hint="run `changeover status`: it names the next step",
        )


def in_progress(swap: Swap | None) -> SwapInProgressError:
    """Return the error that tells a second operator of the first."""
    named = f"{swap.kind} of {swap.owner}, phase {swap.phase}" if swap else "another"
    return SwapInProgressError(
        f"a swap is under way: {named}",
        hint="wait for it; after its deadline the mirror daemon drives it back",
    )


def advance(target: Connection, swap: Swap, event: Event) -> Swap:
    """Write down that something happened; the caller's transaction or one of its own.

    Only the decision waits for the disk. Whatever else a crash of the target loses is repeated, as
    it is when the owner dies before it writes it down.

    Raises:
        SwapAbortedError: If the swap is no longer where we thought.
    """
    following = after(swap.phase, event)
    assert following is not None, f"{event} can't happen in {swap.phase}"
    with target.transaction():
        if event is not Event.DECISION_COMMITTED:
            target.execute("SET LOCAL synchronous_commit = off")
        target.execute(fixed(ROOM, "lock_control"))
        row = target.execute(
            fixed(ROOM, "advance_swap"),
            {
                "swap_id": swap.swap_id,
                "attempt": swap.attempt,
                "was": str(swap.phase),
                "phase": str(following),
                "lease_s": LEASE_S,
                "is_decision": event is Event.DECISION_COMMITTED,
                "is_over": following.is_over,
            },
        ).fetchone()
        if row is None:
            now = read_swap(target, swap.swap_id)
            raise SwapAbortedError(
                f"swap {swap.swap_id} is in phase {now.phase}, not in {swap.phase}: {now.error}",
                hint="somebody else went on with it; run `changeover status`",
            )
    return read_swap(target, swap.swap_id)


def begin_abort(target: Connection, swap_id: int, reason: str) -> Swap:
    """Commit that a swap is given up, unless it is decided; its fence may be lowered afterwards.

    Returns:
        The swap: aborting under a newer attempt, or as decided as it already was.
    """
    with target.transaction():
        row = target.execute(fixed(ROOM, "lock_control")).fetchone()
        assert row is not None, "the control row was written with the schema"
        swap = read_swap(target, swap_id)
        if after(swap.phase, Event.ABORT_COMMITTED) is None:
            return swap
        target.execute(fixed(ROOM, "raise_attempt"), {"attempt": row[1] + 1})
        target.execute(
            fixed(ROOM, "abort_swap"),
            {"swap_id": swap_id, "attempt": row[1] + 1, "error": reason, "lease_s": LEASE_S},
        )
    return read_swap(target, swap_id)

"""Driving a swap: fence, drain, hold, short check, sequences, decision, opening, rest.

One driver for cutover and rollback, for the operator's command and for the watchdog that finds a
swap whose owner is gone. Every step may be repeated; killed anywhere, `resume` ends it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control import rollout
from changeover.control.event import me, record
from changeover.control.move import ROOM, Connection, Move
from changeover.control.swap import (
    Event,
    Kind,
    Phase,
    Swap,
    advance,
    begin_abort,
    hold_writers,
    request,
)
from changeover.database import fixed
from changeover.database.errors import translate, translated
from changeover.database.statement import table
from changeover.journey.completion import finish, resume
from changeover.journey.owner import Owners, end_when_idle
from changeover.model.errors import (
    BooksUnbalancedError,
    ChangeoverError,
    DrainTimedOutError,
    MirrorHeldError,
    StaleAttemptError,
    SwapAbortedError,
)
from changeover.model.fault import Fault
from changeover.model.observation import SwapMoved
from changeover.model.side import Direction, Side
from changeover.transfer import book, doubt, fence, guard, rest, sequence
from changeover.transfer.mirror import Mirror, read_control

__all__ = ["Driver", "Swapped", "finish", "refresh_views", "resume"]

_MINE: Final = "changeover.journey"
CHECK_TRIES_MAX: Final = 50
WARM_UPS_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """What a swap came to.

    Attributes:
        seconds_fenced: From the fence to the opening of the other side, as this process saw it.
        keys_drained: Keys that were carried under the fence.
        sequences: Sequences that were set.
        unvalidated: Foreign keys that orphans leave NOT VALID.
    """

    swap_id: int
    kind: str
    epoch: int
    keys_drained: int
    sequences: int
    unvalidated: tuple[str, ...] = ()


class Driver:
    """Takes one swap from phase to phase."""

    def __init__(self, move: Move, kind: Kind, target: Connection) -> None:
        """Prepare to drive.

        Args:
            move: The move.
            kind: Cutover or rollback.
            target: A session of the target's owner, in autocommit; its advisory locks are ours.
        """
        self._move = move
        self._kind = kind
        self._target = target
        self._owners = Owners(move)
        self._lock_ms = int(move.settings.swap.lock_timeout_ms)
        end_when_idle(move, target)

    def run(self, pairs: tuple[Pair, ...]) -> Swapped:
        """Run a swap from its request to its end.

        Args:
            pairs: The moved tables.

        Raises:
            SwapAbortedError: If it was driven back; the old primary accepts writes again.
            SwapInProgressError: If another one is not over.
        """
        control = read_control(self._target)
        mirror = Mirror(self._move, control.authority, pairs)
        try:
            self._owners.open()
            self._warm_up(mirror)
            self._rehearse(mirror, pairs)
            swap = self._request(control.epoch)
            try:
                hold_writers(self._target)
                self._saw(swap)
                swap, drained, advances = self._to_decision(swap, mirror, pairs)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # whatever it was, the fence must not stay
                swap = self._give_up(swap, error)
                drained, advances = 0, 0
            with self._living_target() as target:
                finish(self._move, swap, target, self._owners)
        finally:
            mirror.close()
            self._owners.close()
        return Swapped(
            swap_id=swap.swap_id,
            kind=str(swap.kind),
            epoch=swap.epoch,
            keys_drained=drained,
            sequences=advances,
            unvalidated=rest.validate(self._move, self._kind.new_primary),
        )

    def _warm_up(self, mirror: Mirror) -> None:
        """Open the mirror's sessions and shorten the log; nothing is requested yet.

        The daemon may be inside a round that holds the lock, or end ours to get at it: who is in
        the way is told to end, so the next try has it.
        """
        with translated(self._kind.old_primary, "running a round before the swap"):
            for tries_left in reversed(range(WARM_UPS_MAX)):
                try:
                    mirror.round()
                except (MirrorHeldError, psycopg.OperationalError):
                    if not tries_left:
                        raise
                else:
                    return

    def _rehearse(self, mirror: Mirror, pairs: tuple[Pair, ...]) -> None:
        """Ask once before the fence what is asked under it: then the servers have it planned.

        A session's first look at the catalogs takes several times as long as its second. What is
        found amiss here ends the swap before it has begun.
        """
        old, new = self._kind.old_primary, self._kind.new_primary
        primary, secondary = self._owners.session(old), self._owners.session(new)
        with translated(old, "looking at it before the swap"):
            fence.writers_in_flight(primary)
            self._check_guards(primary, old, pairs)
        with translated(new, "looking at it before the swap"):
            self._check_guards(secondary, new, pairs)
            book.balance(primary, secondary, mirror.authority.direction)
            self._plan_sequences()

    def _plan_sequences(self) -> tuple[sequence.Advance, ...]:
        sides = (self._owners.session(side) for side in (Side.SOURCE, Side.TARGET))
        return sequence.plan(self._move, self._kind.new_primary, *sides)

    @contextlib.contextmanager
    def _living_target(self) -> Iterator[Connection]:
        """Yield the target's session, or another one where it broke."""
        if not (self._target.closed or self._target.broken):
            yield self._target
            return
        with self._move.connect_owner(Side.TARGET, "swap") as target:
            yield target

    def _request(self, epoch: int) -> Swap:
        deadline_s = self._move.settings.swap.deadline_s
        self._move.hooks.reached("swap.before_request")
        return request(self._target, self._kind, me(), deadline_s, epoch=epoch)

    def _saw(self, swap: Swap) -> None:
        self._move.observer(
            SwapMoved(swap_id=swap.swap_id, kind=str(swap.kind), phase=str(swap.phase))
        )
        self._move.hooks.reached(f"swap.{swap.phase}")

    def _advance(self, swap: Swap, event: Event) -> Swap:
        self._move.hooks.reached(f"swap.before_{event}")
        following = advance(self._target, swap, event)
        self._saw(following)
        return following

    def _to_decision(
        self, swap: Swap, mirror: Mirror, pairs: tuple[Pair, ...]
    ) -> tuple[Swap, int, int]:
        old = self._kind.old_primary
        primary = self._owners.session(old)
        fence.close(self._move, primary, old, swap.attempt)
        swap = self._advance(swap, Event.WRITERS_OVER)
        drained = mirror.drain(self._move.settings.swap.drain_s)
        swap = self._advance(swap, Event.LOG_EMPTY)
        with self._held(primary, pairs):
            self._check(primary, mirror, pairs)
            advances = self._set_sequences(swap)
            refresh_views(self._move, self._owners, self._kind.new_primary)
            swap = self._advance(swap, Event.SEQUENCES_SET)
            swap = self._decide(swap, primary)
        return swap, drained, advances

    @contextlib.contextmanager
    def _held(self, primary: Connection, pairs: tuple[Pair, ...]) -> Iterator[None]:
        """Hold ROW EXCLUSIVE on every moved table: no definition and no trigger can change."""
        relations = sql.SQL(", ").join(table(pair.name) for pair in pairs)
        with translated(self._kind.old_primary, "holding the moved tables"):
            primary.execute("BEGIN")
            primary.execute(sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(relations))
        try:
            yield
        finally:
            if not primary.closed:
                primary.execute("ROLLBACK")

    def _check(self, primary: Connection, mirror: Mirror, pairs: tuple[Pair, ...]) -> None:
        """Look once more under the fence: log empty, guards of both sides, doubts, books."""
        row = primary.execute(fixed(_MINE, "count_left_changes")).fetchone()
        if row is None or row[0]:
            raise DrainTimedOutError(
                f"{row[0] if row else 'unknown'} keys are in the log although writers are fenced",
                hint="look for a writer that is not fenced, and swap again",
            )
        direction = mirror.authority.direction
        self._check_guards(primary, self._kind.old_primary, pairs)
        secondary = self._owners.session(direction.secondary)
        self._check_guards(secondary, self._kind.new_primary, pairs)
        for _ in range(CHECK_TRIES_MAX):
            standing = book.balance(primary, secondary, direction)
            if standing.is_balanced:
                return
            mirror.round()
        raise BooksUnbalancedError(
            f"the books of {len(standing.open_batches)} batch(es) are open and of "
            f"{len(standing.unequal_batches)} unequal",
            hint="run `changeover verify`; then `changeover mirror run` closes open pairs",
        )

    def _check_guards(self, session: Connection, side: Side, pairs: tuple[Pair, ...]) -> None:
        states = guard.anomalies(guard.inspect(session))
        if states:
            guard.refuse(states, side, {pair.table_id: str(pair.name) for pair in pairs})
        doubts = {number for number, _ in doubt.open_doubts(self._target)}
        doubts |= {state.table_id for state in states}
        if doubts:
            raise SwapAbortedError(
                f"{side}: files or triggers of {len(doubts)} table(s) changed since the gates",
                hint="run `changeover verify`, and swap again",
            )

    def _set_sequences(self, swap: Swap) -> int:
        """Set the new primary's sequences, unless it is that already: then they are in use."""
        new = self._kind.new_primary
        other = self._owners.session(new)
        with other.transaction():
            fence.require_attempt(other, new, swap.attempt)
            advances = self._plan_sequences()
            sequence.apply(other, new, advances)
        return len(advances)

    def _decide(self, swap: Swap, primary: Connection) -> Swap:
        """Commit the decision, under the mirror's lock on the secondary and the control row's.

        That the old primary is held is asked last: a session that broke has lost its locks.
        """
        direction = Direction.of_primary(self._kind.old_primary)
        self._move.hooks.reached("swap.before_decision")
        with self._mirror_locked(direction), self._target.transaction():
            self._target.execute(fixed(ROOM, "lock_control"))
            if direction is Direction.FORWARD:
                self._target.execute(
                    "SELECT pg_catalog.set_config('lock_timeout', %s, true)", (str(self._lock_ms),)
                )
                self._lock_mirror(self._target, direction)
                if fence.promise(self._target, Side.TARGET, swap.attempt):
                    rest.wake(self._target, Side.TARGET)
            self._target.execute(
                fixed(ROOM, "decide"),
                {
                    "epoch": swap.epoch,
                    "primary": str(self._kind.new_primary),
                    "stage": str(self._kind.stage_after),
                },
            )
            rollout.begin_stage(self._target)
            record(self._target, str(self._kind), {"epoch": swap.epoch, "swap": swap.swap_id})
            decided = advance(self._target, swap, Event.DECISION_COMMITTED)
            self._move.hooks.reached("swap.inside_decision")
            if Fault.FENCE_STAYS_OPEN not in self._move.hooks.faults:
                fence.require_fenced(primary, self._kind.old_primary, swap.attempt)
        self._saw(decided)
        return decided

    @contextlib.contextmanager
    def _mirror_locked(self, direction: Direction) -> Iterator[None]:
        """Hold the mirror's lock on the source for a rollback; a cutover's is on the target."""
        if direction is Direction.FORWARD:
            yield
            return
        source = self._owners.session(Side.SOURCE)
        with source.transaction():
            self._lock_mirror(source, direction)
            yield

    def _lock_mirror(self, connection: Connection, direction: Direction) -> None:
        connection.execute(
            fixed("changeover.transfer", "lock_mirror"), {"direction": str(direction)}
        )

    def _give_up(self, swap: Swap, error: BaseException) -> Swap:
        """Drive back what is not decided; return the swap where it turns out to be decided.

        Raises:
            SwapAbortedError: If it was driven back, by us or by somebody before us.
            StaleAttemptError: If others went on while we were stopped.
        """
        reason = _describe(error, self._kind.old_primary)
        with self._living_target() as target:
            now = begin_abort(target, swap.swap_id, reason)
            if now.phase.is_decided:
                return now
            is_ours = now.phase is Phase.ABORTING
            finish(self._move, now, target, self._owners)
        if isinstance(error, KeyboardInterrupt | StaleAttemptError):
            raise error
        if not is_ours:
            raise SwapAbortedError(
                f"the {self._kind} had been driven back before: {now.error}",
                hint="run `changeover status`, then swap again",
            ) from error
        raise SwapAbortedError(
            f"the {self._kind} was driven back, the {self._kind.old_primary} accepts writes "
            f"again: {reason}",
            hint=getattr(error, "hint", "") or "run `changeover status`, then swap again",
        ) from error


def _describe(error: BaseException, side: Side) -> str:
    if isinstance(error, ChangeoverError):
        return f"{error.code} {error.message}"
    if isinstance(error, psycopg.Error):
        return translate(error, side, "swapping").message
    return "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__


def refresh_views(move: Move, owners: Owners, side: Side) -> int:
    """Refresh the materialized views of a side that becomes the primary.

    Returns:
        How many.
    """
    connection = owners.session(side)
    rows = connection.execute(
        fixed(_MINE, "read_materialized_views"), {"schemas": list(move.settings.move.schemas)}
    ).fetchall()
    for schema, name in rows:
        with translated(side, f"refreshing {schema}.{name}"):
            connection.execute(
                sql.SQL("REFRESH MATERIALIZED VIEW {}").format(sql.Identifier(schema, name))
            )
    return len(rows)

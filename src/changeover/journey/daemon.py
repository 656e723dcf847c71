"""The mirror daemon: one at a time by its lock, and the watchdog of swaps.

It follows the authority: after a swap it puts the new secondary to rest and mirrors the other way.
"""

import time
from collections.abc import Callable
from typing import Final

import psycopg

from changeover.catalog.pair import Pair
from changeover.control.event import me, record
from changeover.control.move import Connection, Move, installed_pairs
from changeover.control.swap import open_swap
from changeover.database import fixed
from changeover.database.errors import translate
from changeover.journey.client import drop_expired
from changeover.journey.completion import resume
from changeover.journey.rehearsal import rehearse
from changeover.model.errors import ChangeoverError, StaleEpochError
from changeover.model.observation import MirrorFailed
from changeover.model.side import Direction, Side
from changeover.transfer import book, doubt
from changeover.transfer.marker import Marker
from changeover.transfer.mirror import Control, Mirror, read_control

_MINE: Final = "changeover.journey"
PAUSE_AFTER_ERROR_S: Final = 0.5
HOUSEKEEPING_S: Final = 30.0
REHEARSAL_S: Final = 3600.0
REHEARSE_AGAIN_S: Final = 30.0
MARKER_LOST_BEATS: Final = 5


class Daemon:
    """One daemon: `step` by `step`, so that tests and swaps can interleave it."""

    def __init__(self, move: Move) -> None:
        """Prepare a daemon; nothing is opened before the first step."""
        self._move = move
        self._target: Connection | None = None
        self._mirror: Mirror | None = None
        self._pairs: tuple[Pair, ...] = ()
        self._marker: Marker | None = None
        self._is_flowing = False
        self._beaten_at = 0.0
        self._kept_at = time.monotonic()
        self._rehearsed_at: float | None = None

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Run until told to stop, or until the move is finished.

        Args:
            should_stop: Asked between rounds.
        """
        tick_s = self._move.settings.mirror.tick_ms / 1000
        try:
            while not should_stop():
                is_busy = self._guarded_step()
                if is_busy is None:
                    return
                if not is_busy:
                    time.sleep(tick_s)
        finally:
            self.close()

    def _guarded_step(self) -> bool | None:
        """Do one step; errors are reported and the step is tried again after a pause."""
        try:
            return self.step()
        except StaleEpochError:
            self._forget()
        except (ChangeoverError, psycopg.Error) as error:
            self._report(error)
            self._forget()
            time.sleep(PAUSE_AFTER_ERROR_S)
        return False

    def close(self) -> None:
        """Close all sessions."""
        self._forget()
        self._drop_session()

    def step(self) -> bool | None:
        """Look after swaps, then run a round if anything waits.

        Returns:
            True if rows were carried, False if idle, None if the move is finished.
        """
        target = self._session()
        is_settled = self._watch(target)
        control = read_control(target)
        if control.is_finished:
            return None
        if not is_settled:
            return False
        mirror = self._current(control)
        self._beat(mirror)
        is_busy = not mirror.is_idle() and bool(mirror.round().keys)
        self._look_for_marker(mirror, target)
        self._keep_house(mirror, control)
        return is_busy

    def _session(self) -> Connection:
        if self._target is None or self._target.closed or self._target.broken:
            self._target = self._move.connect_owner(Side.TARGET, "daemon")
        return self._target

    def _drop_session(self) -> None:
        if self._target is not None:
            self._target.close()
            self._target = None

    def _watch(self, target: Connection) -> bool:
        """End a swap whose owner is gone: back after its deadline, on once it is decided.

        Returns:
            False while no round may or need be run: a swap is decided and the secondary not at
            rest yet, or its living owner drains the log and would have to wait for us.
        """
        swap = open_swap(target)
        if swap is None:
            return True
        is_ours_to_end = swap.is_left if swap.phase.can_only_go_on else swap.is_late
        if is_ours_to_end:
            record(target, "watchdog", {"swap": swap.swap_id, "phase": str(swap.phase)})
            swap = resume(self._move, swap, target)
        is_drained = swap.phase.is_under_fence and not swap.is_left
        return swap.phase.is_over or not (swap.phase.is_decided or is_drained)

    def _current(self, control: Control) -> Mirror:
        if self._mirror is not None and self._mirror.authority == control.authority:
            return self._mirror
        self._forget()
        self._pairs = installed_pairs(self._move)
        self._mirror = Mirror(self._move, control.authority, self._pairs)
        self._rehearsed_at = None
        return self._mirror

    def _forget(self) -> None:
        self._marker = None
        self._is_flowing = False
        self._beaten_at = 0.0
        if self._mirror is not None:
            self._mirror.close()
            self._mirror = None

    def _beat(self, mirror: Mirror) -> None:
        """Send a marker each heartbeat; one that is under way is waited for, not overtaken."""
        now = time.monotonic()
        heartbeat_s = self._move.settings.mirror.heartbeat_ms / 1000
        if now - self._beaten_at < heartbeat_s:
            return
        is_lost = now - self._beaten_at > heartbeat_s * MARKER_LOST_BEATS
        if self._marker is None or is_lost:
            self._look_at_secondary(mirror)
            self._marker = mirror.send_marker()
            self._beaten_at = now

    def _look_for_marker(self, mirror: Mirror, target: Connection) -> None:
        if self._marker is None:
            return
        lag_ms = mirror.look_for(self._marker)
        if lag_ms is None:
            return
        target.execute(
            fixed(_MINE, "write_heartbeat"),
            {
                "direction": str(mirror.authority.direction),
                "epoch": mirror.authority.epoch,
                "number": self._marker.number,
                "lag_ms": lag_ms,
                "owner": me(),
            },
        )
        self._marker = None
        self._is_flowing = True

    def _keep_house(self, mirror: Mirror, control: Control) -> None:
        """Rehearse the way back once a marker has come back, prune old books, vacuum the log."""
        now = time.monotonic()
        is_forward = control.authority.direction is Direction.FORWARD
        is_due = self._rehearsed_at is None or now - self._rehearsed_at > REHEARSAL_S
        if is_forward and is_due and self._is_flowing:
            self._rehearse(now)
        if now - self._kept_at < HOUSEKEEPING_S:
            return
        self._kept_at = now
        sessions = mirror.sessions()
        book.prune(
            sessions.flusher,
            sessions.secondary,
            control.authority.direction,
            self._move.settings.mirror.books_keep_s,
        )
        self._session().execute(fixed(_MINE, "prune_tokens"))
        drop_expired(self._session())
        for side in Side:
            with self._move.connect_owner(side, "vacuum") as owner:
                owner.execute(fixed(_MINE, "vacuum_log"))

    def _rehearse(self, now: float) -> None:
        """Rehearse the way back; a failure turns a gate red, and the mirror goes on."""
        self._rehearsed_at = now
        try:
            rehearse(self._move, self._pairs)
        except (ChangeoverError, psycopg.Error) as error:
            self._rehearsed_at = now - REHEARSAL_S + REHEARSE_AGAIN_S
            ours = (
                error
                if isinstance(error, ChangeoverError)
                else translate(error, Side.SOURCE, "rehearsing the way back")
            )
            self._move.observer(
                MirrorFailed(direction=Direction.REVERSE, code=ours.code, message=ours.message)
            )

    def _look_at_secondary(self, mirror: Mirror) -> None:
        """Look whether the secondary's guards are as they were; a round looks at the primary's.

        Raises:
            CaptureBrokenError: If a trigger of ours is off there.
            DefinitionChangedError: If a table was altered there.
        """
        side = mirror.authority.direction.secondary
        states = mirror.sessions().look(side)
        if states:
            doubt.resolve(self._move, side, states)

    def _report(self, error: ChangeoverError | psycopg.Error) -> None:
        direction = Direction.FORWARD if self._mirror is None else self._mirror.authority.direction
        ours = (
            error
            if isinstance(error, ChangeoverError)
            else translate(error, direction.secondary, "mirroring")
        )
        self._move.observer(MirrorFailed(direction=direction, code=ours.code, message=ours.message))
        try:
            self._session().execute(
                fixed(_MINE, "write_heartbeat_error"),
                {
                    "direction": str(direction),
                    "owner": me(),
                    "error": f"{ours.code} {ours.message}",
                },
            )
        except (ChangeoverError, psycopg.Error):
            self._drop_session()


def run(move: Move, should_stop: Callable[[], bool]) -> None:
    """Run the mirror daemon until told to stop, or until the move is finished."""
    Daemon(move).run(should_stop)

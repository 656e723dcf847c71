"""The mirror: carries the current state of changed keys from the primary to the secondary.

`Mirror` runs rounds for one direction and epoch; swaps use it to drain. Keeping it running for
years is the daemon's work (`journey.daemon`).
"""

import contextlib
import time
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors as pg

from changeover.catalog.pair import Pair
from changeover.control.move import ROOM, Connection, Move, installed_pairs
from changeover.database import fixed
from changeover.model.errors import DrainTimedOutError, MirrorHeldError, NotInstalledError
from changeover.model.observation import MarkerReturned
from changeover.model.side import Direction, Side
from changeover.transfer import doubt
from changeover.transfer.guard import Unbooked
from changeover.transfer.marker import Marker, has_returned, marker_pair, send
from changeover.transfer.round import Round, RoundResult
from changeover.transfer.round_session import Authority, Sessions, open_sessions

_MINE: Final = "changeover.transfer"
DRAIN_PAUSE_S: Final = 0.002
BOOKINGS_MAX: Final = 5
PATIENCE_MAX: Final = 64
"""How many times `round_timeout_s` a statement of a round may take in the end."""
COLLISIONS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The control row, as far as the mirror needs it.

    Attributes:
        is_finished: Whether `finish` has ended the move.
    """

    epoch: int
    attempt: int
    primary: Side
    stage: str
    is_finished: bool

    @property
    def authority(self) -> Authority:
        """Direction and epoch of the mirror that is wanted now."""
        return Authority(direction=Direction.of_primary(self.primary), epoch=self.epoch)


def read_control(target: Connection) -> Control:
    """Return the state of the move, as the target holds it.

    Raises:
        NotInstalledError: If there is none yet.
    """
    try:
        row = target.execute(fixed(ROOM, "read_control")).fetchone()
    except pg.UndefinedTable:
        raise NotInstalledError(
            "target: capture is not installed", hint="run `changeover capture install`"
        ) from None
    if row is None:
        raise NotInstalledError(
            "target: the installation of capture did not end",
            hint="run `changeover capture install` again",
        )
    return Control(
        epoch=row[0],
        attempt=row[1],
        primary=Side(row[2]),
        stage=row[3],
        is_finished=row[7] is not None,
    )


class Mirror:
    """Rounds in one direction and epoch; sessions are opened at the first."""

    def __init__(self, move: Move, authority: Authority, pairs: tuple[Pair, ...]) -> None:
        """Prepare a mirror.

        Args:
            move: The move.
            authority: Direction and epoch.
            pairs: The moved tables; the marker's own is added.
        """
        self._move = move
        self.authority = authority
        self._pairs = (marker_pair(move), *pairs)
        self._sessions: Sessions | None = None
        self._backlog_rows: int | None = None
        self._is_first_backlog = True
        self._patience = 1

    @classmethod
    def of(cls, move: Move, authority: Authority) -> "Mirror":
        """Prepare a mirror of the tables that capture is installed on."""
        return cls(move, authority, installed_pairs(move))

    def close(self) -> None:
        """Close the sessions."""
        if self._sessions is not None:
            self._sessions.close()
            self._sessions = None

    def sessions(self) -> Sessions:
        """Return the open sessions."""
        if self._sessions is None:
            self._sessions = open_sessions(
                self._move, self.authority, self._pairs, patience=self._patience
            )
        return self._sessions

    def is_idle(self) -> bool:
        """Return whether neither a key nor a token waits: a cheap look before a round."""
        sessions = self.sessions()
        target = (
            sessions.secondary
            if self.authority.direction is Direction.FORWARD
            else sessions.primary
        )
        row = sessions.primary.execute(
            fixed(_MINE, "has_changes"), {"deferred": list(self._deferred(target))}
        ).fetchone()
        token = target.execute(fixed(_MINE, "has_tokens")).fetchone()
        return row is not None and token is not None and not row[0] and not token[0]

    def round(self) -> RoundResult:
        """Run one round; sessions that an error left unusable are opened anew by the next.

        A round takes every key that is there. One transaction may be too large for the time-out of
        a statement, and would be for ever: then the round is tried again with twice the time.

        Raises:
            MirrorHeldError: If another mirror holds the lock; it has been told to end.
            ChangeoverError: As `Round.run` raises.
        """
        try:
            while True:
                try:
                    return self._round_once()
                except pg.QueryCanceled:
                    if self._patience >= PATIENCE_MAX:
                        raise
                    self._patience *= 2
        finally:
            if self._patience > 1:
                self._patience = 1
                self.close()

    def _round_once(self) -> RoundResult:
        sessions = self.sessions()
        target = (
            sessions.secondary
            if self.authority.direction is Direction.FORWARD
            else sessions.primary
        )
        try:
            return self._run_booked(sessions, self._deferred(target))
        except pg.LockNotAvailable as error:
            self._end_predecessors(sessions)
            raise MirrorHeldError(
                "another mirror or a change of a definition holds a lock",
                hint="nothing to do: the next round tries again",
            ) from error
        except psycopg.OperationalError:
            self.close()
            raise

    def _run_booked(self, sessions: Sessions, deferred: frozenset[int]) -> RoundResult:
        """Run a round; tables that are not as they were are booked first, as often as it takes."""
        for _ in range(BOOKINGS_MAX):
            try:
                return self._run(sessions, deferred)
            except Unbooked as error:
                doubt.resolve(self._move, self.authority.direction.primary, error.states)
        raise MirrorHeldError(
            f"tables were emptied or rewritten {BOOKINGS_MAX} times while a round looked at them",
            hint="nothing to do: the next round tries again",
        )

    def _run(self, sessions: Sessions, deferred: frozenset[int]) -> RoundResult:
        """Run a round again when it met the end of another one.

        A round commits on the secondary first, and with that lets the next one in: a mirror that
        waited for the lock may then look at log rows whose removal is about to be committed.
        """
        for _ in range(COLLISIONS_MAX - 1):
            with contextlib.suppress(pg.SerializationFailure):
                return self._run_once(sessions, deferred)
        return self._run_once(sessions, deferred)

    def _run_once(self, sessions: Sessions, deferred: frozenset[int]) -> RoundResult:
        cut = self._cut(sessions)
        try:
            result = Round(sessions, deferred=deferred, cut_rows=cut).run()
        except (pg.UniqueViolation, pg.ExclusionViolation):
            if cut is None:
                raise
            result = Round(sessions, deferred=deferred).run()
        if not result.is_cut and not deferred:
            self._is_first_backlog = False
        return result

    def _cut(self, sessions: Sessions) -> int | None:
        """Return how many rows of a large first backlog to take; None for all, as always after."""
        limit = self._move.settings.mirror.backlog_rows
        if not self._is_first_backlog:
            return None
        row = sessions.primary.execute(
            fixed(_MINE, "has_more_changes"), {"limit": limit}
        ).fetchone()
        return limit if row is not None and row[0] else None

    def _deferred(self, target: Connection) -> frozenset[int]:
        """Return the tables whose keys stay in the log, since their copy is not done."""
        if self.authority.direction is Direction.REVERSE:
            return frozenset()
        rows = target.execute(fixed(_MINE, "read_deferred")).fetchall()
        return frozenset(row[0] for row in rows)

    def _end_predecessors(self, sessions: Sessions) -> None:
        """End mirrors of our role that have been inside a round for longer than a lock may take."""
        seconds = self._move.settings.mirror.lock_timeout_ms / 1000
        for connection in (sessions.secondary, sessions.primary):
            if not connection.closed:
                connection.execute(fixed(_MINE, "end_predecessors"), {"seconds": seconds})

    def drain(self, limit_s: float) -> int:
        """Run rounds until the log holds no application key, as under a fence.

        Args:
            limit_s: Longest time, in seconds.

        Returns:
            The keys that were carried.

        Raises:
            DrainTimedOutError: If the log was not empty in time.
        """
        began = time.monotonic()
        carried = 0
        while True:
            # Under the fence nobody waits for a round that is too large.
            result = self._round_once()
            carried += result.keys
            if not result.is_cut and not (result.keys and self._is_left()):
                return carried
            if time.monotonic() - began > limit_s:
                raise DrainTimedOutError(
                    f"the change log was not empty after {limit_s} s ({carried} keys carried)",
                    hint="let the mirror catch up, or raise drain_s in [swap], and swap again",
                )
            time.sleep(DRAIN_PAUSE_S)

    def _is_left(self) -> bool:
        row = self.sessions().primary.execute(fixed(_MINE, "has_keys_left")).fetchone()
        return row is None or row[0]

    def send_marker(self) -> Marker:
        """Write a marker on the primary."""
        return send(self.sessions().flusher, self.authority.direction.primary)

    def look_for(self, marker: Marker) -> float | None:
        """Return the marker's way in milliseconds once it has come back, else None."""
        if not has_returned(self.sessions().secondary, marker):
            return None
        lag_ms = (time.monotonic() - marker.sent_at) * 1000
        self._move.observer(MarkerReturned(direction=self.authority.direction, lag_ms=lag_ms))
        return lag_ms

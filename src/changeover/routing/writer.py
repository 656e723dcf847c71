"""Bringing writes to the primary, through a swap: wait, repeat what was refused, report the rest.

The smallest routing there is. It needs no notice of a swap: the fence of the old primary refuses,
and a refused write is known not to have happened.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import psycopg

from changeover.control.swap import WRITERS_KEY
from changeover.database import Endpoint, connect_application, fixed
from changeover.database.errors import is_fence_refusal, translate
from changeover.model.errors import (
    CannotConnectError,
    OutcomeUnknownError,
    WritesPausedError,
)
from changeover.model.side import Side

_MINE: Final = "changeover.routing"
POLL_S: Final = 0.02
"""A waiting writer asks so often where no lock tells it of the end of the swap."""
RELEASE_S_MAX: Final = 1.0
"""It asks again after so long even while the lock is held, whoever holds it."""
UNSURE_CLASSES: Final = frozenset({"08", "57", "58", "XX", "F0"})
"""SQLSTATE classes of an error during COMMIT after which nobody knows whether it happened."""

Result = TypeVar("Result")
Work = Callable[[psycopg.Connection[Any]], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Generic[Result]):
    """A write that was acknowledged.

    Attributes:
        result: What the work returned.
        side: The side that committed it.
        waited_s: How long it waited for a swap, in seconds.
        refusals: How often a fence refused it before.
    """

    result: Result
    side: Side
    waited_s: float
    refusals: int


class Writer:
    """Writes of one client thread; a connection per side, opened when it is needed."""

    def __init__(
        self, endpoints: Mapping[Side, Endpoint], *, swap_wait_s_max: float = 10.0
    ) -> None:
        """Prepare a writer.

        Args:
            endpoints: How the application reaches each side.
            swap_wait_s_max: Longest wait for a swap, in seconds.
        """
        self._endpoints = endpoints
        self._swap_wait_s_max = swap_wait_s_max
        self._sessions: dict[Side, psycopg.Connection[Any]] = {}
        self._primary: Side | None = None

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

    def write(self, work: Work[Result]) -> Written[Result]:
        """Run work in a transaction on the primary and commit it.

        A write that the fence refused is repeated exactly once, after the swap.

        Args:
            work: Runs statements on the connection it is given; it must not commit.

        Returns:
            What it returned, and where it was committed.

        Raises:
            WritesPausedError: If the swap outlasted the wait; the write did not happen.
            OutcomeUnknownError: If the connection broke during COMMIT.
            DatabaseError: If a server refused it for another reason; it did not happen.
        """
        side = self._primary or self._ask() or Side.SOURCE
        try:
            result = self._attempt(side, work)
        except _RefusedError:
            began = time.monotonic()
            side = self._await_primary(side)
            waited_s = time.monotonic() - began
            try:
                result = self._attempt(side, work)
            except _RefusedError as error:
                raise WritesPausedError(
                    f"the {side} refused the write again after {waited_s:.1f} s; not written",
                    hint="write it again later",
                ) from error
            self._primary = side
            return Written(result=result, side=side, waited_s=waited_s, refusals=1)
        self._primary = side
        return Written(result=result, side=side, waited_s=0.0, refusals=0)

    def _attempt(self, side: Side, work: Work[Result]) -> Result:
        session = self._session(side)
        try:
            session.execute("BEGIN")
            result = work(session)
        except psycopg.Error as error:
            self._roll_back(side, session)
            if is_fence_refusal(error):
                raise _RefusedError from error
            raise translate(error, side, "writing") from error
        except BaseException:
            self._roll_back(side, session)
            raise
        self._commit(side, session)
        return result

    def _commit(self, side: Side, session: psycopg.Connection[Any]) -> None:
        try:
            session.execute("COMMIT")
        except psycopg.Error as error:
            self._roll_back(side, session)
            if is_fence_refusal(error):
                raise _RefusedError from error
            if error.sqlstate is None or error.sqlstate[:2] in UNSURE_CLASSES:
                raise OutcomeUnknownError(
                    f"the connection to the {side} broke during COMMIT",
                    hint="look whether the write is there before repeating it",
                ) from error
            raise translate(error, side, "committing") from error

    def _roll_back(self, side: Side, session: psycopg.Connection[Any]) -> None:
        """Leave the session clean, or drop it: the server rolls back what it loses."""
        try:
            if not session.closed:
                session.execute("ROLLBACK")
        except psycopg.Error:
            session.close()
        if session.closed:
            self._sessions.pop(side, None)

    def _session(self, side: Side) -> psycopg.Connection[Any]:
        session = self._sessions.get(side)
        if session is None or session.closed:
            session = connect_application(self._endpoints[side])
            self._sessions[side] = session
        return session

    def _await_primary(self, refused: Side) -> Side:
        """Wait until a side is open again: the other one after a swap, the same after an abort.

        Raises:
            WritesPausedError: If that takes longer than `swap_wait_s_max`.
        """
        end = time.monotonic() + self._swap_wait_s_max
        while time.monotonic() < end:
            primary = self._ask()
            if primary is not None:
                return primary
            self._wait(end - time.monotonic())
        raise WritesPausedError(
            f"the {refused} refused the write and the swap took longer than "
            f"{self._swap_wait_s_max} s; not written",
            hint="write it again later; `changeover status` tells where the swap is",
        )

    def _wait(self, limit_s: float) -> None:
        """Wait until the swap's owner lets the writers go; a moment where nobody holds them."""
        limit_ms = max(1, int(1000 * min(limit_s, RELEASE_S_MAX)))
        given = {**WRITERS_KEY, "limit_ms": str(limit_ms)}
        try:
            session = self._session(Side.TARGET)
            row = session.execute(fixed(_MINE, "are_writers_held"), given).fetchone()
            if row is not None and row[0]:
                session.execute(fixed(_MINE, "await_release"), given)
                return
        except (psycopg.Error, CannotConnectError):
            pass
        time.sleep(POLL_S)

    def _ask(self) -> Side | None:
        """Return the primary if it is open to writers; None in a swap, or where it is unknown."""
        try:
            row = self._session(Side.TARGET).execute(fixed(_MINE, "read_primary")).fetchone()
        except (psycopg.Error, CannotConnectError):
            session = self._sessions.pop(Side.TARGET, None)
            if session is not None:
                session.close()
            return None
        if row is None or row[1]:
            return None
        return Side(row[0])


class _RefusedError(Exception):
    """The fence refused; the write did not happen. Never leaves this module."""

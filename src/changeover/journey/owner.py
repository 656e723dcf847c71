"""Sessions of both owners for one swap, opened before the fence: nothing is waited for under it."""

from types import TracebackType
from typing import Self

from changeover.control.move import Connection, Move
from changeover.model.side import Side


def end_when_idle(move: Move, session: Connection) -> None:
    """Let the server end a transaction of ours whose process stopped, so that its locks go.

    A stopped process keeps its connection; nobody could drive its swap back otherwise.
    Source: https://www.postgresql.org/docs/current/runtime-config-client.html
    """
    session.execute(
        "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', %s, false)",
        (str(int(move.settings.swap.deadline_s * 1000)),),
    )


class Owners:
    """A session per side, opened when it is asked for, and opened anew where it broke."""

    def __init__(self, move: Move) -> None:
        """Prepare; nothing is opened yet."""
        self._move = move
        self._sessions: dict[Side, Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open both sessions now."""
        for side in Side:
            self.session(side)

    def session(self, side: Side) -> Connection:
        """Return the session of a side, in autocommit; its waits for locks are bounded."""
        session = self._sessions.get(side)
        if session is None or session.closed or session.broken:
            limit_ms = int(self._move.settings.swap.lock_timeout_ms)
            session = self._move.connect_owner(side, "swap", lock_timeout_ms=limit_ms)
            end_when_idle(self._move, session)
            session.prepare_threshold = 0  # what is asked before the fence is planned under it
            self._sessions[side] = session
        return session

    def close(self) -> None:
        """Close both sessions."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

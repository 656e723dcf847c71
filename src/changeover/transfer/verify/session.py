"""The two sessions of one worker: pinned, read-only, and able to hold one snapshot per side."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel, sql

from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.side import Side

ROOM: Final = "changeover.transfer"
LOCK_TIMEOUT_MS: Final = 30_000


class Session:
    """One side's session of ours.

    Statements carry their values as `$1`, `$2`: a name with a percent sign stays a name.

    Attributes:
        side: The database.
        connection: In autocommit; transactions are begun by `snapshot`.
    """

    def __init__(self, side: Side, connection: Connection) -> None:
        """Speak to `side` through `connection`."""
        self.side = side
        self.connection = connection

    def rows(
        self,
        name: str,
        doing: str,
        values: Sequence[object] = (),
        **parts: sql.Composable,
    ) -> list[tuple[Any, ...]]:
        """Run one of the room's statements.

        Args:
            name: The file's name without its ending.
            doing: What is being done, as the end of "while …".
            values: The values of `$1`, `$2` and so on.
            parts: What stands in the places of the statement.

        Raises:
            DatabaseError: If the server refuses.
        """
        with translated(self.side, doing), psycopg.RawCursor(self.connection) as cursor:
            cursor.execute(fixed(ROOM, name).format(**parts), values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def snapshot(self, relation: sql.Composable | None = None) -> Iterator[None]:
        """Hold one state of the database.

        Args:
            relation: Locked before the state is taken, since a TRUNCATE that commits between the
                snapshot and the read would show an empty table.

        Source: https://www.postgresql.org/docs/current/mvcc-caveats.html
        """
        with translated(self.side, "reading under one snapshot"), self.connection.transaction():
            if relation is not None:
                self.connection.execute(
                    sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(relation)
                )
            self.connection.execute("SELECT")
            yield


class Sessions:
    """A worker's sessions with both sides.

    Attributes:
        primary: The side that has the authority.
        secondary: The side that follows.
    """

    def __init__(self, primary: Session, secondary: Session) -> None:
        """Hold two sessions."""
        self.primary = primary
        self.secondary = secondary

    def close(self) -> None:
        """End both sessions."""
        self.primary.connection.close()
        self.secondary.connection.close()


def open_session(move: Move, side: Side) -> Session:
    """Open a session that reads, each transaction of it under one snapshot."""
    connection = move.connect_owner(side, "verify", lock_timeout_ms=LOCK_TIMEOUT_MS)
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return Session(side, connection)


def open_sessions(move: Move, primary: Side) -> Sessions:
    """Open a worker's sessions with both sides."""
    first = open_session(move, primary)
    try:
        return Sessions(first, open_session(move, primary.other))
    except BaseException:
        first.connection.close()
        raise

"""The transaction around several requests, and savepoints inside of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.abc import PQGen
from psycopg.pq import ExecStatus

from changeover.stores import frame
from changeover.stores.fault import ServerFault
from changeover.stores.session import Command, Session

_LIMIT: Final = b"SELECT pg_catalog.set_config('statement_timeout', $1, true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """How a block of requests begins and ends.

    Attributes:
        opening: The statement that begins it.
        closing: The statement that keeps what was done.
        undoing: The statements that undo it.
    """

    opening: Command
    closing: Command
    undoing: tuple[Command, ...]

    def begin(self, session: Session[Any], timeout_ms: int | None = None) -> PQGen[None]:
        """Begin.

        Args:
            session: Where.
            timeout_ms: The longest statement until the transaction ends; None leaves it.

        Raises:
            Refusal: The server has refused.
            psycopg.Error: The connection broke.
        """
        commands = [self.opening]
        if timeout_ms is not None:
            commands.append(Command(_LIMIT, (str(timeout_ms).encode(),)))
        yield from _exchange(session, commands)

    def end(self, session: Session[Any]) -> PQGen[None]:
        """Keep what was done.

        Raises:
            Refusal: The server has refused, and undone it.
            psycopg.Error: The connection broke; what became of it is unknown.
        """
        try:
            yield from _exchange(session, [self.closing])
        finally:
            if self is OUTER and session.is_in_transaction:
                yield from self.undo(session)

    def undo(self, session: Session[Any]) -> PQGen[None]:
        """Undo what was done; a session that can't is closed.

        Raises:
            Refusal: The server has refused.
            psycopg.Error: The connection broke.
        """
        if not session.is_in_transaction:
            session.close()
            return
        try:
            yield from _exchange(session, self.undoing)
        except BaseException:
            session.close()
            raise


def _exchange(session: Session[Any], commands: Sequence[Command]) -> PQGen[None]:
    results = yield from session.exchange(commands, session.generation)
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise ServerFault.of_result(result).refusal(is_anonymous=False)


OUTER: Final = Block(opening=frame.BEGIN_OUTER, closing=frame.COMMIT, undoing=(frame.ROLLBACK,))
INNER: Final = Block(
    opening=Command(b"SAVEPOINT changeover_block"),
    closing=Command(b"RELEASE SAVEPOINT changeover_block"),
    undoing=(
        Command(b"ROLLBACK TO SAVEPOINT changeover_block"),
        Command(b"RELEASE SAVEPOINT changeover_block"),
    ),
)

"""A session of the target's owner for what clients poll: the right side, and installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from changeover.control import rollout
from changeover.control.move import Connection, Move, require_installed
from changeover.control.place import require_side
from changeover.database.errors import translated
from changeover.model.side import Side


@contextmanager
def open_target(move: Move, purpose: str, doing: str, **limits: int) -> Iterator[Connection]:
    """Open a session on the target of a move, in autocommit.

    Args:
        move: The move.
        purpose: One word, shown in `pg_stat_activity`.
        doing: What is being done, as the end of "while …".
        **limits: `statement_timeout_ms`, `lock_timeout_ms`.

    Raises:
        WrongServerError: If the database is the source of a move.
        NotInstalledError: If capture, or what clients poll, is not installed.
    """
    with move.connect_owner(Side.TARGET, purpose, **limits) as target:
        require_side(target, Side.TARGET)
        with translated(Side.TARGET, doing):
            require_installed(target, Side.TARGET)
            rollout.require_installed(target)
            yield target

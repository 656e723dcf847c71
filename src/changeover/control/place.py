"""Whether two sessions lead to the two databases of one move, each as the side that it is.

It looks and changes nothing; a lock that it takes is gone when it returns.
"""

import hashlib
import secrets
from typing import Any, Final

import psycopg

from changeover.catalog.reading import read_system
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import WrongServerError, WrongStateVersionError
from changeover.model.side import Side

ROOM: Final = "changeover.control"
STATE_VERSION: Final = 1
LOCK_ROOM: Final = 0x00C0_FFEE
"""The first half of our advisory locks' keys."""
NUMBER_BITS: Final = 30

Connection = psycopg.Connection[Any]


def identity_of(connection: Connection) -> str:
    """Return what tells this database from every other one, as a digest."""
    row = connection.execute(fixed(ROOM, "read_database_oid")).fetchone()
    assert row is not None, "the current database has an oid"
    text = f"{read_system(connection) or 'unknown'}/{row[0]}/{connection.info.dbname}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_same(first: Connection, second: Connection, side: Side) -> bool:
    """Return whether two sessions are in one database, by whatever name it was reached.

    A lock taken in one is looked for in the other: a server that was restored from the other's
    files has its identifier too.

    Args:
        first: A session, in autocommit.
        second: Another one.
        side: What the second was given as, for messages.
    """
    key = {"room": LOCK_ROOM, "number": secrets.randbits(NUMBER_BITS)}
    with first.transaction():
        first.execute(fixed(ROOM, "take_lock"), key)
        with translated(side, "looking whether the two databases are one"):
            row = second.execute(fixed(ROOM, "holds_lock"), key).fetchone()
    assert row is not None, "EXISTS returns one row"
    return bool(row[0])


def require_side(connection: Connection, side: Side) -> None:
    """Make sure that a database is not known as the other side of a move.

    Raises:
        WrongServerError: If it is.
        WrongStateVersionError: If another version of Changeover has installed it.
    """
    row = None
    if _has(connection, "changeover.side"):
        row = connection.execute(fixed(ROOM, "read_side")).fetchone()
    if row is None:
        return
    if row[0] != side:
        raise WrongServerError(
            f"{connection.info.dbname}, given as the {side}, is the {row[0]} of a move",
            hint="source and target are swapped, it seems: `changeover config show`",
        )
    if row[1] != STATE_VERSION:
        raise WrongStateVersionError(
            f"{side}: the schema changeover has version {row[1]}, we write {STATE_VERSION}",
            hint="finish that move with the version that began it",
        )


def require_move(source: Connection, target: Connection) -> None:
    """Make sure that what is installed, if anything, is a move between these two databases.

    Raises:
        WrongServerError: If a side is the other one of a move, or of a move with another database.
        WrongStateVersionError: If another version of Changeover has installed it.
    """
    with translated(Side.SOURCE, "looking for a move"):
        require_side(source, Side.SOURCE)
        is_taken = _has(source, "changeover.mirror") and _has_row(source)
        source_identity = identity_of(source)
    with translated(Side.TARGET, "looking for a move"):
        require_side(target, Side.TARGET)
        has_control = _has(target, "changeover.control")
        row = target.execute(fixed(ROOM, "read_control")).fetchone() if has_control else None
        target_identity = identity_of(target)
    hint = "correct the DSN (`changeover config show`), or end the old move: `capture remove`"
    if is_taken and not has_control:
        raise WrongServerError(
            f"the source, {source.info.dbname}, is in a move with another target than "
            f"{target.info.dbname}",
            hint=hint,
        )
    if row is not None and row[4] != source_identity:
        raise WrongServerError(
            f"the target, {target.info.dbname}, is in a move with another source than "
            f"{source.info.dbname}",
            hint=hint,
        )
    if row is not None and row[5] != target_identity:
        raise WrongServerError(
            f"the target, {target.info.dbname}, holds the state of a move into another database",
            hint="it was restored or renamed, it seems: use the one that the move began with",
        )


def _has(connection: Connection, relation: str) -> bool:
    row = connection.execute(
        "SELECT pg_catalog.to_regclass(%s) IS NOT NULL", (relation,)
    ).fetchone()
    return row is not None and bool(row[0])


def _has_row(source: Connection) -> bool:
    return source.execute("SELECT 1 FROM changeover.mirror").fetchone() is not None

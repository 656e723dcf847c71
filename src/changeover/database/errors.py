"""The one place where a driver's error becomes one of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors as pg

from changeover.model.errors import (
    CannotConnectError,
    DatabaseError,
    HiddenRowsError,
    NotAllowedError,
    TimedOutError,
)
from changeover.model.side import Side

FENCE_SQLSTATE: Final = "P0004"
FENCE_MESSAGE: Final = "changeover: writes are paused on this database"
ROW_SECURITY_TEXT: Final = "would be affected by row-level security policy"


def is_fence_refusal(error: BaseException) -> bool:
    """Return whether a server refused a write because its side is not open.

    Such a write is known not to have happened.
    """
    return (
        isinstance(error, psycopg.Error)
        and error.sqlstate == FENCE_SQLSTATE
        and (error.diag.message_primary or "").startswith(FENCE_MESSAGE)
    )


def _fact(error: psycopg.Error) -> str:
    """Return what the server said, without detail and context: those hold values of cells."""
    if error.sqlstate is None:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if error.sqlstate.startswith("22"):
        return f"a value was refused (SQLSTATE {error.sqlstate})"
    return f"{error.diag.message_primary} (SQLSTATE {error.sqlstate})"


def translate(error: psycopg.Error, side: Side, doing: str) -> DatabaseError:
    """Return our error for a driver's.

    Args:
        error: What psycopg raised.
        side: The database that it came from.
        doing: What was being done, as the end of "while …".

    Returns:
        An error whose text holds no cell value and no password.
    """
    text = f"{side}: {_fact(error)}, while {doing}"
    if isinstance(error, pg.LockNotAvailable | pg.QueryCanceled):
        return TimedOutError(text, hint="look for long transactions on that side and run it again")
    if isinstance(error, pg.InsufficientPrivilege):
        if ROW_SECURITY_TEXT in (error.diag.message_primary or ""):
            return HiddenRowsError(text, hint="give the role BYPASSRLS, or use the tables' owner")
        return NotAllowedError(text, hint="run `changeover check`: it names the right and the fix")
    if error.sqlstate is None or error.sqlstate[:2] in {"08", "28", "3D"}:
        return CannotConnectError(text, hint=f"check the DSN, the network and the {side}'s role")
    if error.sqlstate in {"57P01", "57P02", "57P03", "53300"}:
        return CannotConnectError(text, hint=f"wait until the {side} accepts connections")
    return DatabaseError(text, hint="")


@contextmanager
def translated(side: Side, doing: str) -> Iterator[None]:
    """Raise ours instead of the driver's errors."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, side, doing) from error

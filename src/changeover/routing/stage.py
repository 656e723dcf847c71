"""Where the move stands, as an application asks it: its stage, and which side is the primary.

Owns one short look at the control state on the target, as the application's own role. Knows
neither how a stage is reached nor what a caller does with it.
"""

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from changeover.control.place import STATE_VERSION
from changeover.database import Endpoint, connect_application, fixed
from changeover.database.errors import translated
from changeover.model.errors import NotAllowedError, WrongServerError, WrongStateVersionError
from changeover.model.secret import Secret
from changeover.model.side import Side, Stage

_MINE: Final = "changeover.routing"
WAIT_MS_MAX: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the move stands.

    Attributes:
        stage: The stage that the control tables hold.
        primary: The side with the authority for writes.
        is_swapping: A swap keeps both sides closed to writers at this moment.
    """

    stage: Stage
    primary: Side
    is_swapping: bool


def read_stage(dsn: str | Secret, *, wait_ms_max: int = WAIT_MS_MAX) -> Standing | None:
    """Ask the target where the move stands.

    Args:
        dsn: The target's connection string, of the application's own role. It needs USAGE of the
            schema `changeover` and SELECT of its tables `control` and `swap`.
        wait_ms_max: Longest statement, in milliseconds.

    Returns:
        The stage and the primary; None where no move has been installed yet.

    Raises:
        CannotConnectError: If the target can't be reached: the stage is unknown then, not `off`.
        NotAllowedError: If the role may not read the control tables.
        TimedOutError: If the answer took too long.
        WrongServerError: If this is the source of a move; the target holds its state.
        WrongStateVersionError: If another version of Changeover holds the state.
    """
    secret = dsn if isinstance(dsn, Secret) else Secret(dsn)
    session = connect_application(Endpoint(side=Side.TARGET, dsn=secret))
    try:
        with translated(Side.TARGET, "reading the stage"), session.transaction():
            session.execute(
                fixed(_MINE, "limit_reading"), {"statement_timeout_ms": str(wait_ms_max)}
            )
            return _read(session)
    except NotAllowedError as error:
        raise NotAllowedError(
            error.message,
            hint="as the owner: GRANT USAGE ON SCHEMA changeover TO the application's role; "
            "GRANT SELECT ON changeover.control, changeover.swap TO the same",
        ) from error
    finally:
        session.close()


def _read(session: psycopg.Connection[Any]) -> Standing | None:
    found = session.execute(fixed(_MINE, "has_control")).fetchone()
    assert found is not None, "a SELECT without FROM returns one row"
    has_control, has_side = found
    if not has_control:
        if has_side:
            raise WrongServerError(
                f"{session.info.dbname} is the source of a move, which holds no stage",
                hint="read the stage from the target",
            )
        return None
    row = session.execute(fixed(_MINE, "read_stage")).fetchone()
    if row is None:
        return None
    if row[0] != STATE_VERSION:
        raise WrongStateVersionError(
            f"the schema changeover of the target has version {row[0]}, we read {STATE_VERSION}",
            hint="use the version of Changeover that began the move",
        )
    return Standing(stage=Stage(row[1]), primary=Side(row[2]), is_swapping=row[3])
